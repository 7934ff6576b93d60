"""How seconds grow with size, a panel a question, on logarithmic axes."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from coresponder_causal.report.colours import accent, expected, grey, ink
from coresponder_causal.report.specs import Picture, of_nobody

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

across = 3
Dashes: TypeAlias = str | tuple[float, tuple[float, ...]]
own: dict[str, tuple[str, Dashes]] = {
    "ours, whole call": (accent, "-"),
    "ours, kernel": (accent, (0, (3, 1.5))),
    "physical limit": (grey, ":"),
}
others = (expected, "#009E73", "#CC79A7", "#E69F00", ink, "#56B4E9")
rounds: tuple[Dashes, ...] = ("-", (0, (6, 1.5, 1, 1.5)))  # of those beyond the colours


def growth_picture(table: pd.DataFrame) -> Picture:
    """Draw seconds against size, a line a program.

    Parameters
    ----------
    table : DataFrame
        ``panel, counted, line, size, cpu_seconds``; lines of ours are "ours, whole call" and "ours, kernel", the least
        that any program needs is "physical limit".

    Returns
    -------
    Picture
        ``data``: ``lines``, the table.
    """
    names = dict.fromkeys(table["line"])
    return Picture(
        title="How seconds grow",
        caption="Seconds of one processor against size, both on logarithmic axes. A line a program, only where its "
        "answer agrees with ours. Dotted: reading, sorting and multiplying the numbers once.",
        alt=f"{table['panel'].nunique()} panels of {', '.join(names)}.",
        kind="growth",
        data={"lines": table},
        support=of_nobody,
    )


def growth_height(picture: Picture) -> float:
    """Return the height of the picture in inches."""
    return 0.3 + 2.2 * _rows(picture)


def draw_growth(canvas: Figure, picture: Picture) -> None:
    """Draw the panels and one legend.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        Of kind "growth".
    """
    lines = picture.data["lines"]
    named = [name for name in dict.fromkeys(lines["line"]) if name not in own]
    looks: dict[str, tuple[str, Dashes]] = own | {
        name: (others[place % len(others)], rounds[place // len(others)]) for place, name in enumerate(named)
    }
    panels = list(lines.groupby("panel", sort=False))
    rows = _rows(picture)
    for place, (title, part) in enumerate(panels):
        _panel(canvas.add_subplot(rows, across, place + 1), str(title), part, looks)
    last = canvas.add_subplot(rows, across, len(panels) + 1)
    last.set_axis_off()
    drawn = [name for name in looks if name in set(lines["line"])]
    handles = [last.plot([], [], color=looks[name][0], ls=looks[name][1])[0] for name in drawn]
    last.legend(handles, drawn, loc="center left", fontsize=8.5, frameon=False)


def _rows(picture: Picture) -> int:
    """Rows of panels, with room for the legend."""
    return picture.data["lines"]["panel"].nunique() // across + 1


def _panel(axes: Axes, title: str, part: pd.DataFrame, looks: dict[str, tuple[str, Dashes]]) -> None:
    for name, points in part.groupby("line", sort=False):
        colour, dashes = looks[str(name)]
        axes.plot(points["size"], points["cpu_seconds"], color=colour, ls=dashes, lw=1.5, marker="o", ms=3)
    axes.set_xscale("log")
    axes.set_yscale("log")
    sizes = sorted(set(part["size"]))
    axes.set_xticks(sizes, [_short(size) for size in sizes])
    low, high = np.log10([part["cpu_seconds"].min(), part["cpu_seconds"].max()])
    decades = range(int(np.floor(low)), int(np.ceil(high)) + 1, 2 if high - low > 3 else 1)
    axes.set_yticks([10.0**decade for decade in decades], [_time(decade) for decade in decades])
    axes.minorticks_off()
    axes.tick_params(labelsize=8)
    axes.set_xlabel(str(part["counted"].iloc[0]), fontsize=8.5)
    axes.set_title(textwrap.fill(title, 32), fontsize=9, loc="left", color=ink)


def _time(decade: int) -> str:
    """Write a power of ten of seconds in the unit one would say.

    Examples
    --------
    >>> [_time(decade) for decade in (-5, -3, -1, 0, 2)]
    ['10 µs', '1 ms', '100 ms', '1 s', '100 s']
    """
    unit, shift = ("s", 0) if decade >= 0 else ("ms", 3) if decade >= -3 else ("µs", 6) if decade >= -6 else ("ns", 9)
    return f"{10 ** (decade + shift):,} {unit}"


def _short(size: int) -> str:
    """Write thousands and millions by a letter.

    Examples
    --------
    >>> _short(80), _short(2_500), _short(1_000_000)
    ('80', '2.5k', '1M')
    """
    return f"{size / 1e6:g}M" if size >= 1_000_000 else f"{size / 1e3:g}k" if size >= 1_000 else f"{size}"
