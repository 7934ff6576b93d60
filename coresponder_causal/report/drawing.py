"""Picture specs drawn with matplotlib's objects, without its global state of figures."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.report.answers_picture import answers_height, draw_answers
from coresponder_causal.report.bounds_picture import bounds_height, draw_bounds
from coresponder_causal.report.cities_picture import (
    comparable_height,
    draw_comparable,
    draw_multiples,
    multiples_height,
)
from coresponder_causal.report.colours import accent, expected, grey, ink, pale
from coresponder_causal.report.donor_picture import draw_donors
from coresponder_causal.report.drawing_axes import calendar_axis, percent_axis, start_line
from coresponder_causal.report.drawing_benefit import draw_benefit
from coresponder_causal.report.drawing_bias import draw_bias, draw_contour
from coresponder_causal.report.drawing_boundary import draw_boundary
from coresponder_causal.report.drawing_calendar import calendar_height, draw_calendar
from coresponder_causal.report.drawing_checks import draw_breaks, draw_placebos, draw_residuals, draw_support
from coresponder_causal.report.drawing_control import draw_control
from coresponder_causal.report.drawing_cost import draw_acceptability, draw_tornado, tornado_height
from coresponder_causal.report.drawing_deployment import draw_deployment
from coresponder_causal.report.drawing_first_calls import draw_first_calls, first_calls_height
from coresponder_causal.report.drawing_funnel import draw_funnel, funnel_height
from coresponder_causal.report.drawing_graph import draw_graph
from coresponder_causal.report.drawing_groups import draw_groups
from coresponder_causal.report.drawing_hours import draw_hours
from coresponder_causal.report.drawing_hundred import draw_hundred, hundred_height
from coresponder_causal.report.drawing_improvements import draw_improvements, improvements_height
from coresponder_causal.report.drawing_incidence import draw_incidence
from coresponder_causal.report.drawing_instrument import draw_shares
from coresponder_causal.report.drawing_joint import draw_joint, joint_height
from coresponder_causal.report.drawing_ladder import draw_ladder, ladder_height
from coresponder_causal.report.drawing_logic import draw_logic
from coresponder_causal.report.drawing_metrics import draw_metrics, size_of
from coresponder_causal.report.drawing_power import draw_power
from coresponder_causal.report.drawing_quality import draw_quality, height_of
from coresponder_causal.report.drawing_saturation import draw_saturation
from coresponder_causal.report.drawing_specifications import draw_specifications, specifications_height
from coresponder_causal.report.drawing_treated import (
    draw_contacts,
    draw_drift,
    draw_treated,
    drift_height,
    treated_height,
)
from coresponder_causal.report.features_picture import draw_features, features_height
from coresponder_causal.report.growth_picture import draw_growth, growth_height
from coresponder_causal.report.specs import Picture
from coresponder_causal.report.tipping_picture import draw_tipping
from coresponder_causal.report.wave_picture import draw_waves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
style = Path(__file__).with_name("style.mplstyle")
by_rows: dict[str, tuple[Callable[[Picture], float], Callable[[Axes, Picture], None]]] = {
    "answers": (answers_height, draw_answers),
    "bounds": (bounds_height, draw_bounds),
    "features": (features_height, draw_features),
}
"""Pictures whose height follows from their rows, with what tells it and what draws them."""
of_panels: dict[str, tuple[Callable[[Picture], float], Callable[[Figure, Picture], None]]] = {
    "multiples": (multiples_height, draw_multiples),
    "comparable": (comparable_height, draw_comparable),
    "growth": (growth_height, draw_growth),
}
"""The same of pictures with a panel each for several outcomes or questions."""
described = ("trend", "flow", "surface", "rates")
no_dates = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def drawn(picture: Picture, form: Literal["svg", "png", "pdf"], *, framed: bool = True) -> bytes:
    """Draw a picture.

    Parameters
    ----------
    picture : Picture
    form : {"svg", "png", "pdf"}
    framed : bool
        Whether title and caption are part of the picture. A page writes them itself and takes a smaller picture, whose
        letters can still be read on a phone.

    Returns
    -------
    bytes
        The file. The same picture gives the same bytes.
    """
    import matplotlib.style
    from matplotlib.figure import Figure

    with matplotlib.style.context(["default", style]):
        rows = sum(len(picture.data[name]) for name in ("cities", "balance") if name in picture.data)
        wide, tall = (6.5, 4.5) if framed else (5.4, 3.3)
        tall = calendar_height(int(picture.labels.number("weeks"))) if picture.kind == "calendar" else tall
        canvas = Figure(figsize=(wide, height_of(picture) or tall + 0.2 * max(0, rows - 11)))
        if picture.kind == "power":
            draw_power(canvas, picture)
        elif picture.kind in ("heat", "rate"):
            draw_quality(canvas, picture)
        elif picture.kind == "hours":
            canvas.set_size_inches(wide, tall + 1.6)
            draw_hours(canvas, picture)
        elif picture.kind == "deployment":
            canvas.set_size_inches(wide, tall + 1.6)
            draw_deployment(canvas, picture)
        elif picture.kind == "control":
            canvas.set_size_inches(1.15 * wide, tall + 0.6)
            draw_control(canvas, picture)
        elif picture.kind == "incidence":
            canvas.set_size_inches(wide, tall + 0.7)
            draw_incidence(canvas, picture)
        elif picture.kind == "logic":
            draw_logic(canvas, picture, framed=framed)
        elif picture.kind == "benefit":
            draw_benefit(canvas, picture)
        elif picture.kind == "graph":
            draw_graph(canvas, picture, framed=framed)
        elif picture.kind == "residuals":
            draw_residuals(canvas, picture)
        elif picture.kind == "specifications":
            canvas.set_size_inches(wide, specifications_height(picture))
            draw_specifications(canvas, picture)
        elif picture.kind == "ladder":
            canvas.set_size_inches(1.5 * wide, ladder_height(picture) + 1.0 * framed)
            draw_ladder(canvas, picture)
        elif picture.kind == "hundred":
            canvas.set_size_inches(wide, hundred_height(picture) + 1.0 * framed)
            draw_hundred(canvas.add_subplot(), picture)
        elif picture.kind == "funnel":
            canvas.set_size_inches(wide, funnel_height(picture) + 1.0 * framed)
            draw_funnel(canvas.add_subplot(), picture)
        elif picture.kind == "tornado":
            canvas.set_size_inches(wide, tornado_height(picture) + 1.0 * framed)
            draw_tornado(canvas.add_subplot(), picture)
        elif picture.kind == "improvements":
            canvas.set_size_inches(1.2 * wide, improvements_height(picture) + 1.0 * framed)
            draw_improvements(canvas, picture)
        elif picture.kind == "treated":
            canvas.set_size_inches(1.25 * wide, treated_height(picture) + 1.0 * framed)
            draw_treated(canvas.add_subplot(), picture)
        elif picture.kind == "contacts":
            draw_contacts(canvas, picture)
        elif picture.kind == "drift":
            canvas.set_size_inches(1.25 * wide, drift_height(picture) + 1.0 * framed)
            draw_drift(canvas, picture)
        elif picture.kind == "joint":
            canvas.set_size_inches(1.5 * wide, joint_height(picture) + 1.0 * framed)
            draw_joint(canvas, picture)
        elif picture.kind in of_panels:
            high, draw_panels = of_panels[picture.kind]
            canvas.set_size_inches(1.4 * wide, high(picture) + 1.0 * framed)
            draw_panels(canvas, picture)
        elif picture.kind in by_rows:
            height, draw_rows = by_rows[picture.kind]
            canvas.set_size_inches(1.15 * wide, height(picture) + 1.0 * framed)
            draw_rows(canvas.add_subplot(), picture)
        elif picture.kind in ("agreement", "told"):
            canvas.set_size_inches(1.1 * wide, first_calls_height(picture) + 1.0 * framed)
            draw_first_calls(canvas.add_subplot(), picture)
        elif picture.kind in described:
            canvas.set_size_inches(*size_of(picture, framed=framed))
            draw_metrics(canvas, picture)
        else:
            draw = {
                "forest": _forest, "love": _love, "events": _events, "course": _events, "calendar": draw_calendar,
                "shares": draw_shares, "boundary": draw_boundary, "breaks": draw_breaks,
                "support": draw_support, "placebos": draw_placebos, "acceptability": draw_acceptability,
                "bias": draw_bias, "contour": draw_contour, "tipping": draw_tipping, "groups": draw_groups,
                "waves": draw_waves, "saturation": draw_saturation, "donors": draw_donors,
            }.get(picture.kind, _path)  # fmt: skip
            draw(canvas.add_subplot(), picture)
        if framed and picture.kind not in ("logic", "graph"):  # which frame themselves
            _frame(canvas, picture)
        target = io.BytesIO()
        canvas.savefig(target, format=form, metadata=no_dates[form])
    return target.getvalue()


def _frame(canvas: Figure, picture: Picture) -> None:
    """Title above and caption below, wrapped to the width of the figure."""
    canvas.suptitle(textwrap.fill(picture.title, 62), x=0.015, ha="left", fontsize=12, fontweight="bold")
    caption = textwrap.fill(picture.caption, 104)
    canvas.supxlabel(caption, x=0.015, ha="left", fontsize=8, color=grey)


def _path(axes: Axes, picture: Picture) -> None:
    data, labels = picture.data["path"], picture.labels
    spaced = _with_gaps(data)
    before, after = spaced[~spaced["after"]], spaced[spaced["after"]]
    axes.plot(data["position"], data["observed"], "o", ms=3.6, mfc=pale, mec="none", zorder=2)
    axes.plot(before["position"], before["counterfactual"], color=grey, lw=1.3, zorder=3)
    if "fitted" in data:
        axes.plot(after["position"], after["fitted"], color=grey, lw=1.3, zorder=3)
    if labels.get("whole") is not None:
        axes.axvspan(labels.number("start"), labels.number("whole"), color="#EFEFEF", lw=0, zorder=0)
    axes.fill_between(after["position"], after["low"], after["high"], color=expected, alpha=0.2, lw=0, zorder=1)
    axes.plot(after["position"], after["counterfactual"], color=expected, ls=(0, (4, 1.6)), zorder=3)
    axes.set_ylabel(str(labels["y"]))
    if picture.kind == "gap":
        axes.axhline(picture.labels.number("even"), color=ink, lw=0.8, zorder=1)
    else:
        axes.set_ylim(0, labels.number("top") if "top" in labels else None)
    first, last = float(data["position"].iloc[0]), float(data["position"].iloc[-1])
    axes.set_xlim(first - 0.015 * (last - first), last + 0.015 * (last - first))
    if labels["calendar"]:
        calendar_axis(axes, first, last)
    if labels["start"] is not None:
        start_line(axes, labels.number("start"), str(labels["start_label"]))
    _end_labels(axes, data)


def _with_gaps(data: pd.DataFrame) -> pd.DataFrame:
    """Break the lines where periods were left out: an empty row before each jump of the positions."""
    jump = data["position"].diff() > 1.5 * data["position"].diff().median()
    values = data.columns.difference(["after"])
    empty = data[jump].assign(**{name: np.nan for name in values if name != "time"})
    return pd.concat([empty, data]).sort_index(kind="stable")


def _end_labels(axes: Axes, data: pd.DataFrame) -> None:
    """Name the line and the dots beside their ends, kept apart by the height of a label."""
    heights = _ends(data)
    low, high = axes.get_ylim()
    edge, apart = 0.04 * (high - low), max(abs(heights[1] - heights[0]), 0.15 * (high - low))
    middle = np.clip(heights.mean(), low + edge + apart / 2, high - edge - apart / 2)
    sides = np.array([0.5, -0.5]) * (1 if heights[0] > heights[1] else -1)
    heights = np.clip(middle + sides * apart, low + edge, high - edge)
    for height, label, color in zip(heights, ("observed", "expected\nwithout it"), (grey, expected), strict=True):
        axes.annotate(
            label, (1, height), (5, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            va="center", fontsize=9, color=color,
        )  # fmt: skip


def _ends(data: pd.DataFrame) -> Array:
    """Give where what was observed ends, and what was expected: dots without a line by their last few distances."""
    after = data[data["after"]] if data["after"].any() else data
    expected_end = after["counterfactual"].iloc[-1]
    if "fitted" in after:
        return np.array([after["fitted"].iloc[-1], expected_end])
    tail = after.tail(max(3, len(after) // 6))
    return np.array([expected_end + (tail["observed"] - tail["counterfactual"]).mean(), expected_end])


def _forest(axes: Axes, picture: Picture) -> None:
    rows = picture.data["cities"]
    height = -np.arange(len(rows), dtype=float)
    height[rows["role"].ne("treated").to_numpy()] -= 0.5
    treated = rows["role"].eq("treated").to_numpy()
    axes.axvline(0, color=ink, lw=0.8, zorder=1)
    low, high = (rows[end].where(np.isfinite(rows[end])).fillna(edge) for end, edge in _edges(rows))
    for mask, color, width, size in ((~treated, pale, 1.2, 4.2), (treated, accent, 2.6, 7.0)):
        axes.hlines(height[mask], low[mask], high[mask], color=color, lw=width, zorder=2)
        axes.plot(rows["effect"][mask], height[mask], "o", ms=size, mfc=color, mec="white", mew=0.6, zorder=3)
    axes.set_yticks(height, ["\n".join(_short(line) for line in str(city).split("\n")) for city in rows["city"]])
    for label, is_treated in zip(axes.get_yticklabels(), treated, strict=True):
        label.set(color=accent if is_treated else "#444444", fontweight="bold" if is_treated else "normal")
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    axes.set_ylim(height.min() - 0.7, 0.8)
    axes.set_xlabel(str(picture.labels["x"]))
    ends = rows[["low", "high"]].where(np.isfinite(rows[["low", "high"]]))
    if "range" in picture.data:
        _range(axes, picture.data["range"], str(picture.labels["range"]))
        ends = pd.concat([ends, picture.data["range"]])
    if picture.labels["percent"]:
        least, most = min(ends["low"].min(), rows["effect"].min(), 0), max(ends["high"].max(), rows["effect"].max(), 0)
        percent_axis(axes, float(least), float(most))


def _edges(rows: pd.DataFrame) -> tuple[tuple[str, float], tuple[str, float]]:
    """Give where a bar without an end runs to: beyond everything that has one."""
    ends = rows[["effect", "low", "high"]].where(np.isfinite(rows[["effect", "low", "high"]]))
    span = float(ends.max().max() - ends.min().min()) or 1.0
    return ("low", float(ends.min().min()) - span), ("high", float(ends.max().max()) + span)


def _love(axes: Axes, picture: Picture) -> None:
    rows = picture.data["balance"]
    height = -np.arange(len(rows), dtype=float)
    small = picture.labels.number("small")
    axes.hlines(height, rows["after"], rows["before"], color=pale, lw=1, zorder=1)
    axes.plot(rows["before"], height, "o", ms=5.5, mfc="white", mec=grey, mew=1.2, zorder=2)
    axes.plot(rows["after"], height, "o", ms=5.5, mfc=accent, mec="white", mew=0.6, zorder=3)
    axes.axvline(small, color=ink, lw=1, ls=(0, (3, 2)), zorder=1)
    axes.set_yticks(height, [_short(str(name)) for name in rows["covariate"]])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    most = max(1.12 * float(rows[["before", "after"]].max().max()), 1.5 * small)
    axes.set_xlim(-0.02 * most, most)
    axes.set_ylim(height.min() - 0.7, 0.9)
    axes.set_xlabel(str(picture.labels["x"]))
    first = rows.iloc[0]
    sides: tuple[tuple[str, str, Literal["left", "right"], str], ...] = (
        ("before", "as they came", "right", grey),
        ("after", "adjusted", "left", accent),
    )
    for name, label, side, color in sides:
        axes.annotate(
            label, (first[name], 0), (0, 6), textcoords="offset points", ha=side, va="bottom", fontsize=9, color=color
        )


def _events(axes: Axes, picture: Picture) -> None:
    rows = picture.data["events"]
    after, base = (rows["event_time"] >= 0).to_numpy(), rows["low"].isna().to_numpy()
    axes.axhline(0, color=ink, lw=0.8, zorder=1)
    for mask, color in ((~after & ~base, grey), (after & ~base, accent)):
        axes.vlines(rows["position"][mask], rows["low"][mask], rows["high"][mask], color=color, lw=1.6, zorder=2)
        axes.plot(rows["position"][mask], rows["estimate"][mask], "o", ms=5, mfc=color, mec="white", mew=0.6, zorder=3)
    axes.plot(rows["position"][base], rows["estimate"][base], "o", ms=5, mfc="white", mec=grey, mew=1.2, zorder=3)
    axes.set_xlabel(str(picture.labels["x"]))
    axes.set_ylabel(str(picture.labels["y"]))
    if picture.labels["step"]:
        first, step = float(rows["position"].min()), picture.labels.number("step")
        axes.set_xticks(np.arange(np.ceil(min(first, 0.0) / step), rows["position"].max() / step) * step)
    start_line(axes, -0.5, "start")


def _short(name: str) -> str:
    return textwrap.shorten(name, 38, placeholder="…")


def _range(axes: Axes, limits: pd.DataFrame, label: str) -> None:
    """Shade where the city would be expected without the programme, and say so above the frame."""
    axes.axvspan(limits["low"].iloc[0], limits["high"].iloc[0], color="#EFEFEF", lw=0, zorder=0)
    axes.annotate(
        label, (0, 1), (0, 4), xycoords=("data", "axes fraction"), textcoords="offset points",
        ha="center", va="bottom", fontsize=8.5, color=grey,
    )  # fmt: skip
