"""Drawing of the ladder of outcomes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from coresponder_causal.report.colours import accent, grey, ink, pale
from coresponder_causal.report.outcome_rungs import of_ends
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def ladder_height(picture: Picture) -> float:
    """Return the height of the picture in inches.

    Parameters
    ----------
    picture : Picture
    """
    return 1.1 + 0.62 * len(picture.data["rungs"])


def draw_ladder(canvas: Figure, picture: Picture) -> None:
    """Draw shares of both arms on the left, differences and all they can be on the right.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        Of kind "ladder".
    """
    shares, differences = canvas.subplots(1, 2, sharey=True, width_ratios=(1.0, 1.0))
    rows = picture.data["rungs"]
    height = -np.arange(len(rows), dtype=float)
    _shares(shares, picture, height)
    _differences(differences, picture, height)
    shares.set_yticks(height, [_label(row) for row in rows.to_dict("records")], fontsize=8.5)
    for axes in (shares, differences):
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
        axes.grid(axis="x", visible=True)
        axes.set_ylim(height.min() - 0.6, 0.6)


def _label(row: Mapping[Hashable, object]) -> str:
    """Name an outcome and of how many calls it is known."""
    known = ", ".join(f"{row[f'known_{arm}']} of {row[f'calls_{arm}']} {arm}" for arm in ("with", "without"))
    return f"{row['label']}\nknown of {known}"


def _shares(axes: Axes, picture: Picture, height: np.ndarray) -> None:
    rows = picture.data["rungs"]
    first, second = (100 * rows[f"share_{arm}"].to_numpy(float) for arm in ("with", "without"))
    axes.hlines(height, np.fmin(first, second), np.fmax(first, second), color=pale, lw=1.4, zorder=2)
    for values, color, arm in ((first, accent, "with"), (second, grey, "without")):
        axes.plot(values, height, "o", ms=7, mfc=color, mec="white", mew=0.6, zorder=3, label=str(picture.labels[arm]))
    axes.set_xlim(0, max(1.0, 1.1 * float(np.nanmax([first, second], initial=0.0))))
    axes.set_xlabel(str(picture.labels["x"]))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize=8, handletextpad=0.2)


def _differences(axes: Axes, picture: Picture, height: np.ndarray) -> None:
    rows = 100 * picture.data["rungs"].select_dtypes("number")
    some_unknown = rows["unknown_with"] + rows["unknown_without"] > 0
    rows = rows.assign(**rows[list(of_ends)].where(some_unknown))  # else it is the difference itself
    axes.axvline(0, color=ink, lw=0.8, zorder=1)
    axes.hlines(height - 0.16, rows["set_low"], rows["set_high"], color=pale, lw=1.0, zorder=2)
    axes.hlines(height - 0.16, rows["least"], rows["most"], color=pale, lw=6.5, zorder=2, alpha=0.6)
    axes.hlines(height + 0.06, rows["conf_low"], rows["conf_high"], color=accent, lw=2.4, zorder=3)
    axes.plot(rows["difference"], height + 0.06, "o", ms=6.5, mfc=accent, mec="white", mew=0.6, zorder=4)
    axes.set_xlabel(str(picture.labels["difference"]))
