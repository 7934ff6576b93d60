"""Differences in change of several scores: of those who answered, and whatever the others would have said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.report.colours import accent, expected, grey, ink
from coresponder_causal.report.score_names import score_name
from coresponder_causal.report.specs import Picture
from coresponder_causal.report.workforce_found import ScoreFound

if TYPE_CHECKING:
    from matplotlib.axes import Axes

kinds = ("answered both times", "would answer either way", "whatever was not said")
"""Rows of a score: a point with its interval; Lee's set; the worst case."""


def bounds_rows(scores: tuple[ScoreFound, ...]) -> pd.DataFrame:
    """List the differences in change, from the first to the last wave, in standard deviations of first scores.

    Parameters
    ----------
    scores : tuple of ScoreFound

    Returns
    -------
    DataFrame
        ``score, kind, estimate, set_low, set_high, low, high, persons``: of a point without the set, and the other way
        round; ``low, high`` are 95 % intervals.
    """
    rows = []
    for one in scores:
        for kind, result in zip(kinds, (one.answered, one.lee, one.worst), strict=True):
            if result is None:
                continue
            row = result.tidy().iloc[0]
            ends = {name: float(row[name]) / one.spread if name in row else np.nan for name in ("set_low", "set_high")}
            rows.append(
                {"score": score_name(result.estimand.outcome), "kind": kind}
                | {"estimate": np.nan if result.kind == "set" else float(row["estimate"]) / one.spread}
                | ends
                | {"low": float(row["conf_low"]) / one.spread, "high": float(row["conf_high"]) / one.spread}
                | {"persons": result.n_units}
            )
    return pd.DataFrame(rows)


def bounds_picture(scores: tuple[ScoreFound, ...]) -> Picture:
    """Draw a point and two sets for each score.

    Parameters
    ----------
    scores : tuple of ScoreFound
        With bounds.

    Returns
    -------
    Picture
        ``data["bounds"]``: as of `bounds_rows`.
    """
    rows = bounds_rows(scores)
    exposure = scores[0].design.exposure.replace("_", " ")
    worst = rows[rows["kind"] == kinds[-1]]
    open_ended = int(((worst["set_low"] < 0) & (worst["set_high"] > 0)).sum())
    return Picture(
        title="Change from the first to the last wave, with and without those who stayed away",
        caption="Points: persons who answered both times, with 95 % interval. Thick bars: all that the difference can "
        "be among those who would answer either way, and whatever was not said; thin lines: 95 % interval of the "
        f"value in it. Right of the line: more with {exposure} than without.",
        alt=f"One point and its bounds for each of {len(scores)} scores. Of {len(worst)} worst cases {open_ended} have "
        "both signs.",
        kind="bounds",
        data={"bounds": rows},
        labels=Facts({"x": "Standard deviations of first scores"}),
        support=rows[["persons"]].astype(float),
    )


def bounds_height(picture: Picture) -> float:
    """Return the height of the picture in inches.

    Parameters
    ----------
    picture : Picture
    """
    rows = picture.data["bounds"]
    return 1.1 + 0.24 * len(rows) + 0.29 * rows["score"].nunique()


def draw_bounds(axes: Axes, picture: Picture) -> None:
    """Draw the rows of each score below each other, the score's name above its rows.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "bounds".
    """
    rows, place, ticks = picture.data["bounds"], 0.0, []
    axes.axvline(0, color=ink, lw=0.8, zorder=1)
    for score, own in rows.groupby("score", sort=False):
        place -= 1.2
        axes.annotate(
            str(score), (0, place), (-6, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            ha="right", va="center", fontsize=9, fontweight="bold", color=ink,
        )  # fmt: skip
        for row in own.to_dict("records"):
            place -= 1
            color = {kinds[0]: accent, kinds[1]: expected}.get(str(row["kind"]), grey)
            axes.hlines(place, row["low"], row["high"], color=color, lw=1.3, zorder=2)
            if np.isfinite(row["estimate"]):
                axes.plot(row["estimate"], place, "o", ms=5.5, color=color, mec="white", mew=0.6, zorder=4)
            else:
                axes.hlines(place, row["set_low"], row["set_high"], color=color, lw=5.5, alpha=0.75, zorder=3)
            ticks.append((place, str(row["kind"])))
    axes.set_yticks([at for at, _ in ticks], [name for _, name in ticks], fontsize=8.5)
    axes.set_ylim(place - 0.7, -0.2)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(str(picture.labels["x"]))
