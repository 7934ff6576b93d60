"""Drawing of many specifications: sorted estimates above, the matrix of their choices below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coresponder_causal.report import words
from coresponder_causal.report.colours import accent, grey, ink, pale
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_specifications(canvas: Figure, picture: Picture) -> None:
    """Draw the estimates and, on the same places, which choices each of them made.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        Of kind "specifications".
    """
    rows = picture.data["choices"]
    upper, lower = canvas.subplots(2, 1, sharex=True, height_ratios=(1.0, 0.07 * (float(rows["row"].max()) + 1.5)))
    _estimates(upper, picture)
    _choices(lower, picture)


def specifications_height(picture: Picture) -> float:
    """Height in inches, with room for every choice."""
    return 3.0 + 0.21 * (float(picture.data["choices"]["row"].max()) + 1.5)


def _estimates(axes: Axes, picture: Picture) -> None:
    data, others = picture.data["estimates"], picture.data["others"]["median"]
    axes.axhspan(float(others.min()), float(others.max()), color="#EFEFEF", lw=0, zorder=0)
    axes.axhline(0, color=ink, lw=0.8, zorder=1)
    given = data["given"].to_numpy(bool)
    for mask, color, width, size in ((~given, pale, 0.9, 3.2), (given, accent, 2.0, 6.0)):
        axes.vlines(data["place"][mask], data["low"][mask], data["high"][mask], color=color, lw=width, zorder=2)
        axes.plot(data["place"][mask], data["change"][mask], "o", ms=size, mfc=color, mec="white", mew=0.4, zorder=3)
    own = data[given].iloc[0]
    axes.annotate(
        f"the finding {words.percent(float(own['change']))}", (own["place"], 1), (0, 3),
        xycoords=("data", "axes fraction"), textcoords="offset points", ha="center", va="bottom", fontsize=9,
        color=accent, fontweight="bold",
    )  # fmt: skip
    axes.annotate(
        "other cities'\nmedians", (1, float(others.max())), (4, 0), xycoords=("axes fraction", "data"),
        textcoords="offset points", va="top", fontsize=8, color=grey,
    )  # fmt: skip
    axes.set_xlim(-0.8, len(data) - 0.2)
    axes.set_ylabel(str(picture.labels["y"]))
    axes.tick_params(axis="x", length=0, labelbottom=False)


def _choices(axes: Axes, picture: Picture) -> None:
    rows, used = picture.data["choices"], picture.data["used"]
    given = picture.data["estimates"].query("given")["place"].to_numpy(float)
    own = np.isin(used["place"], given)
    for mask, color, sign, size in ((~own, grey, "|", 4.8), (own, accent, "o", 5.0)):
        axes.plot(used["place"][mask], -used["row"][mask], sign, ms=size, color=color, mew=1.2)
    axes.set_yticks(-rows["row"], rows["choice"])
    for row, median in zip(rows["row"], rows["median"], strict=True):
        axes.annotate(
            words.percent(float(median)), (1, -float(row)), (4, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", fontsize=8, color=grey,
        )  # fmt: skip
    axes.annotate(
        "median", (1, 1), (4, 0), xycoords="axes fraction", textcoords="offset points", va="bottom", fontsize=8,
        color=grey,
    )  # fmt: skip
    axes.set_ylim(-float(rows["row"].max()) - 0.7, 0.7)
    axes.tick_params(axis="both", length=0, labelbottom=False)
    axes.tick_params(axis="y", labelsize=8)
    axes.grid(visible=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
