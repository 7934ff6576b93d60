"""The picture of a choice of hours: what each hour of the week is worth, today's hours and those proposed outlined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coresponder_causal.report.colours import accent, grey, ink
from coresponder_causal.report.drawing_hours import finish, key, panel, shades
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

unknown = "#D9D9D9"


def draw_deployment(canvas: Figure, picture: Picture) -> None:
    """Draw the week twice, in the same shades: today on the left, the proposal on the right.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        ``data``: ``hours`` (day, value, today, proposed) in order of the week; value is NaN where not identified.
    """
    rows = picture.data["hours"]
    value, today, proposed = (rows[name].to_numpy(float).reshape(7, 24).T for name in ("value", "today", "proposed"))
    names = list(dict.fromkeys(rows["day"]))
    most = max(0.01, float(np.nanmax(np.nan_to_num(value))))
    left, right = canvas.add_subplot(1, 2, 1), canvas.add_subplot(1, 2, 2)
    for axes, on, label in ((left, today >= 0.5, "today"), (right, proposed >= 0.5, "proposed")):
        shown = panel(axes, value, shades(("#F4F9FC", accent)), (0.0, most), names)
        blank = np.isnan(value)
        if blank.any():
            nothing = np.where(blank, 0.0, np.nan)
            axes.pcolormesh(np.arange(8), np.arange(25), nothing, cmap=shades((unknown, unknown)), edgecolors="face")
            whole = np.flatnonzero(blank.all(axis=1))
            place = whole[len(whole) // 4] + 0.5 if len(whole) else float(np.argwhere(blank)[0, 0]) + 0.5
            axes.text(
                3.5, place, "not identified", ha="center", va="center", fontsize=8.5, color=ink,
                style="italic",
            )  # fmt: skip
        finish(axes, on, str(picture.labels[label]))
        for hour, day in np.argwhere(proposed > 1) if axes is right else ():
            axes.text(day + 0.5, hour + 0.5, "2", ha="center", va="center_baseline", fontsize=7.5, color=ink)
    if np.isfinite(value).any():
        key(left, shown, [0.0, most], ["none or less", f"{most:.2g} averted a year"])
    right.tick_params(axis="y", labelleft=False)
    said = "outlined: a team on duty" + ("; 2: two teams" if (proposed > 1).any() else "")
    right.text(0.0, -0.06, said, transform=right.transAxes, fontsize=8, color=grey, va="top")
