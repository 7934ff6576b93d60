"""Effects of the features of drawn cases: a dot and an interval for each level, against the first of its feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.report import words
from coresponder_causal.report.colours import accent, grey, ink
from coresponder_causal.report.sentences import finding
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def features_picture(result: Result) -> Picture:
    """Draw the average effect of each level of each feature.

    Parameters
    ----------
    result : Result
        Of `vignette_effects`.

    Returns
    -------
    Picture
        ``data["features"]``: ``feature, level, estimate, low, high``; the first level of a feature has no interval.
    """
    tidy = result.tidy()
    named = tidy["term"].str.partition(": ")
    rows = pd.DataFrame(
        {
            "feature": named[0],
            "level": named[2],
            "estimate": tidy["estimate"],
            "low": tidy["conf_low"],
            "high": tidy["conf_high"],
        }
    )
    assert result.support is not None  # the method counts them
    persons = result.support["persons"].astype(float)
    parts, behind = [], []
    for against in result.extra["against"]:  # type: ignore[attr-defined]
        feature, _, level = str(against).partition(": ")
        own = rows["feature"] == feature
        first = pd.DataFrame({"feature": [feature], "level": [level], "estimate": [0.0], "low": np.nan, "high": np.nan})
        parts += [first, rows[own]]
        behind += [persons[own].head(1), persons[own]]
    outcome = words.capital(result.estimand.outcome.replace("_", " "))
    return Picture(
        title=f"{outcome}: what the features of a case change",
        caption="Points: mean change of the answer against the feature's first level (hollow), over persons and over "
        "the other features as they were drawn. Bars: 95 % interval of each. What people say of a case is not what "
        "they do.",
        alt=f"One row per level of {len(parts) // 2} features. {finding(result).text}",
        kind="features",
        data={"features": pd.concat(parts, ignore_index=True)},
        labels=Facts({"x": f"Change of {outcome.lower()}"}),
        support=pd.DataFrame({"persons": pd.concat(behind, ignore_index=True)}),
    )


def features_height(picture: Picture) -> float:
    """Return the height of the picture in inches.

    Parameters
    ----------
    picture : Picture
    """
    rows = picture.data["features"]
    return 1.1 + 0.26 * len(rows) + 0.26 * rows["feature"].nunique()


def draw_features(axes: Axes, picture: Picture) -> None:
    """Draw the levels of each feature below its name.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "features".
    """
    rows, place, ticks = picture.data["features"], 0.0, []
    axes.axvline(0, color=ink, lw=0.8, zorder=1)
    for feature, own in rows.groupby("feature", sort=False):
        place -= 1
        axes.annotate(
            words.capital(str(feature).replace("_", " ")), (0, place), (-6, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", va="center", fontsize=9, fontweight="bold", color=ink,
        )  # fmt: skip
        for row in own.to_dict("records"):
            place -= 1
            first = not np.isfinite(row["low"])
            if not first:
                axes.hlines(place, row["low"], row["high"], color=accent, lw=1.6, zorder=2)
            axes.plot(
                row["estimate"], place, "o", ms=5.5, mfc="white" if first else accent, mec=grey if first else accent,
                mew=1.2, zorder=3,
            )  # fmt: skip
            ticks.append((place, str(row["level"])))
    axes.set_yticks([at for at, _ in ticks], [name for _, name in ticks], fontsize=8.5)
    axes.set_ylim(place - 0.7, -0.4)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(str(picture.labels["x"]))
