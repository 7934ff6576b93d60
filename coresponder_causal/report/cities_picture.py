"""Several cities side by side without a map: a panel an outcome, the same city on the same line of every panel."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.data.comparability import bridged, not_comparable, not_known, same
from coresponder_causal.decide.federated import Federated, Question
from coresponder_causal.report import words
from coresponder_causal.report.colours import accent, expected, grey, ink, pale
from coresponder_causal.report.drawing_axes import percent_axis
from coresponder_causal.report.specs import Picture, of_nobody

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

most_panels, most_in_grid, across = 9, 24, 3
fills = {same: "#0072B2", bridged: "#9CC9E3", not_comparable: "#E8B48E", not_known: "#F0F0F0"}
signs = {same: "=", bridged: "≈", not_comparable: "×", not_known: "?"}


def title_of(question: Question) -> str:
    """Name an outcome, and how its effect was estimated."""
    return f"{words.capital(question.outcome.replace('_', ' '))}: {words.method(question.method).lower()}"


def cities_picture(found: Federated) -> Picture:
    """Draw every city's effect on every outcome, their mean, and where another city would lie.

    Parameters
    ----------
    found : Federated

    Returns
    -------
    Picture
        ``data``: ``cities`` (panel, city, estimate, low, high, used) and ``means`` (panel, percent, estimate, low,
        high, predicted_low, predicted_high), on the scale of each outcome.
    """
    shown = [one for one in found.questions if one.found is not None][:most_panels]
    rows = [one.cities.assign(panel=title_of(one)) for one in shown]
    kept = ["panel", "city", "estimate", "low", "high", "used"]
    means = [
        {"panel": title_of(one), "percent": one.scale == "log_ratio", "estimate": one.found.estimate}
        | {name: getattr(one.found, name) for name in ("low", "high", "predicted_low", "predicted_high")}
        for one in shown
        if one.found is not None
    ]
    cities = pd.concat(rows, ignore_index=True)
    order = cities.loc[cities["panel"] == means[0]["panel"]].sort_values("estimate", kind="stable")["city"]
    names = list(dict.fromkeys([*order, *cities["city"]]))
    return Picture(
        title="The cities side by side",
        caption="A panel an outcome; a city has the same line in all of them, in the order of the first. Points and "
        "bars: each city's effect with its interval; hollow: not put together with the others. Diamond and thick bar: "
        "their mean with its interval. Thin bar below it: where the effect in another city would lie.",
        alt=f"{len(shown)} panels of {len(names)} cities in the order of the first panel: {', '.join(names[:12])}.",
        kind="multiples",
        data={"cities": cities[kept], "means": pd.DataFrame(means)},
        labels=Facts({"names": tuple(names)}),
        support=pd.DataFrame({"events": cities["support"].astype(float)}),
    )


def multiples_height(picture: Picture) -> float:
    """Return the height of the picture in inches."""
    names, panels = picture.data["cities"]["city"].nunique(), len(picture.data["means"])
    each = 0.9 + _line(names) * (names + 3)
    return 0.3 + each * float(np.ceil(panels / across))


def _line(many: int) -> float:
    return 0.22 if many <= 40 else 0.09


def draw_multiples(canvas: Figure, picture: Picture) -> None:
    """Draw a panel for each outcome.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        Of kind "multiples".
    """
    means = picture.data["means"].to_dict("records")
    names = [str(name) for name in picture.labels["names"]]  # type: ignore[attr-defined]
    columns = min(across, len(means))
    grid = canvas.subplots(int(np.ceil(len(means) / columns)), columns, squeeze=False, sharey=True).ravel()
    for axes in grid[len(means) :]:
        axes.set_visible(False)
    for axes, mean in zip(grid, means, strict=False):
        rows = picture.data["cities"]
        _panel(axes, rows[rows["panel"] == mean["panel"]], mean, names)
    small = _line(len(names)) < 0.2
    for axes in grid[::columns]:
        axes.set_yticks([*(-np.arange(len(names))), -len(names) - 0.6], [*names, "All together"])
        axes.tick_params(axis="y", labelsize=5 if small else 8.5)


def _panel(axes: Axes, rows: pd.DataFrame, mean: Mapping[Hashable, Any], names: list[str]) -> None:
    place = rows["city"].map({name: -float(number) for number, name in enumerate(names)}).to_numpy()
    used = rows["used"].to_numpy(bool)
    axes.axvline(0, color=ink, lw=0.8, zorder=1)
    for mask, colour, fill in ((used, grey, grey), (~used, pale, "white")):
        axes.hlines(place[mask], rows["low"][mask], rows["high"][mask], color=colour, lw=1.2, zorder=2)
        axes.plot(rows["estimate"][mask], place[mask], "o", ms=4.2, mfc=fill, mec=colour, mew=1, zorder=3)
    at = -len(names) - 0.6
    axes.hlines(at, mean["low"], mean["high"], color=accent, lw=3.2, zorder=3)
    axes.plot(mean["estimate"], at, "D", ms=7, mfc=accent, mec="white", mew=0.8, zorder=4)
    axes.hlines(at - 0.8, mean["predicted_low"], mean["predicted_high"], color=expected, lw=1.4, zorder=3)
    ends = [*rows[["low", "high"]].to_numpy(float).ravel(), mean["low"], mean["high"]]
    ends += [mean["predicted_low"], mean["predicted_high"], 0.0]
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    if mean["percent"]:
        percent_axis(axes, low, high)
    axes.set_title(str(mean["panel"]).replace(": ", "\n", 1), fontsize=8.5, loc="left")
    axes.set_ylim(at - 1.5, 0.7)
    axes.tick_params(axis="x", labelsize=8)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")


def comparable_picture(found: Federated) -> Picture | None:
    """Draw for each outcome which cities count the same thing; None where there are too many cities to see it.

    Parameters
    ----------
    found : Federated

    Returns
    -------
    Picture or None
        ``data["pairs"]``: ``metric, city, other, verdict``.
    """
    pairs = found.verdicts[["metric", "city", "other", "verdict"]]
    if pairs.empty or pairs["city"].nunique() > most_in_grid or pairs["metric"].nunique() > most_panels:
        return None
    many = pairs.drop_duplicates(["metric", "verdict"]).groupby("metric")["verdict"].agg(", ".join)
    return Picture(
        title="Which cities count the same thing",
        caption=f"{signs[same]} same definition; {signs[bridged]} bridged; {signs[not_comparable]} not comparable; "
        f"{signs[not_known]} a definition is not registered.",
        alt="One grid of cities by cities for each outcome. "
        + "; ".join(f"{metric}: {said}" for metric, said in many.items()),
        kind="comparable",
        data={"pairs": pairs},
        support=of_nobody,
    )


def comparable_height(picture: Picture) -> float:
    """Return the height of the picture in inches."""
    pairs = picture.data["pairs"]
    rows = int(np.ceil(pairs["metric"].nunique() / 2))
    return 0.5 + rows * (1.0 + 0.24 * pairs["city"].nunique())


def draw_comparable(canvas: Figure, picture: Picture) -> None:
    """Draw a grid for each outcome.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        Of kind "comparable".
    """
    pairs = picture.data["pairs"]
    metrics = list(dict.fromkeys(pairs["metric"]))
    columns = min(2, len(metrics))
    grid = canvas.subplots(int(np.ceil(len(metrics) / columns)), columns, squeeze=False).ravel()
    for axes in grid[len(metrics) :]:
        axes.set_visible(False)
    for axes, metric in zip(grid, metrics, strict=False):
        own = pairs[pairs["metric"] == metric]
        names = sorted(set(own["city"]))
        for row in own.to_dict("records"):
            x, y = names.index(row["other"]), -names.index(row["city"])
            axes.fill_between([x - 0.46, x + 0.46], y - 0.44, y + 0.44, color=fills[row["verdict"]], lw=0)
            dark = row["verdict"] == same
            axes.text(x, y, signs[row["verdict"]], ha="center", va="center", color="white" if dark else ink, fontsize=9)
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
        axes.set_yticks([-float(number) for number in range(len(names))], names, fontsize=8)
        axes.set_xlim(-0.6, len(names) - 0.4)
        axes.set_ylim(-len(names) + 0.4, 0.6)
        axes.set_title(words.capital(str(metric).replace("_", " ")), fontsize=9, loc="left")
        axes.tick_params(length=0)
        axes.grid(visible=False)
        for side in axes.spines.values():
            side.set_visible(False)
