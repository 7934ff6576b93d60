"""How seconds grow with size, a panel a question, on logarithmic axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coresponder_causal.report.colours import accent, expected, grey, ink
from coresponder_causal.report.specs import Picture, of_nobody

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

across = 3
own = {"ours, whole call": (accent, "-"), "ours, kernel": (accent, (0, (3, 1.5))), "physical limit": (grey, ":")}
others = (expected, "#009E73", "#CC79A7", "#E69F00", ink, "#56B4E9")


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
    return 0.5 + 2.3 * float(np.ceil(picture.data["lines"]["panel"].nunique() / across))


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
    looks = own | {name: (others[place % len(others)], "-") for place, name in enumerate(named)}
    panels = list(lines.groupby("panel", sort=False))
    rows = int(np.ceil(len(panels) / across))
    for place, (title, part) in enumerate(panels):
        axes = canvas.add_subplot(rows, across, place + 1)
        _panel(axes, str(title), part, looks)
        if place % across == 0:
            axes.set_ylabel("CPU seconds", fontsize=8.5)
    drawn = [name for name in looks if name in set(lines["line"])]
    handles = [canvas.axes[0].plot([], [], color=looks[name][0], ls=looks[name][1])[0] for name in drawn]
    canvas.legend(handles, drawn, loc="outside lower left", ncols=min(4, len(drawn)), fontsize=8, frameon=False)


def _panel(axes: Axes, title: str, part: pd.DataFrame, looks: dict[str, tuple[str, object]]) -> None:
    for name, points in part.groupby("line", sort=False):
        colour, dashes = looks[str(name)]
        axes.plot(points["size"], points["cpu_seconds"], color=colour, ls=dashes, lw=1.5, marker="o", ms=3)
    axes.set_xscale("log")
    axes.set_yscale("log")
    sizes = sorted(set(part["size"]))
    axes.set_xticks(sizes, [_short(size) for size in sizes])
    axes.minorticks_off()
    axes.tick_params(labelsize=8)
    axes.set_xlabel(str(part["counted"].iloc[0]), fontsize=8.5)
    axes.set_title(title, fontsize=9, loc="left", color=ink)


def _short(size: int) -> str:
    """Write thousands and millions by a letter.

    Examples
    --------
    >>> _short(80), _short(2_500), _short(1_000_000)
    ('80', '2.5k', '1M')
    """
    return f"{size / 1e6:g}M" if size >= 1_000_000 else f"{size / 1e3:g}k" if size >= 1_000 else f"{size}"
