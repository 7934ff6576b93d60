"""How answers of which only the order counts were spread, wave by wave: those who met the team and the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.design import WaveDesign
from coresponder_causal.privacy.counts import Counts
from coresponder_causal.report.score_names import score_name
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

most_levels = 7
shades = ("#0072B2", "#5B9FCB", "#B4D2E7", "#E8E8E8", "#F3CDB0", "#E39A62", "#D55E00")
"""From the lowest answer to the highest, through pale grey."""


def answer_shares(design: WaveDesign) -> pd.DataFrame:
    """Count answers by wave, of persons exposed on any wave and of others.

    Parameters
    ----------
    design : WaveDesign
        Of more than seven different answers those between two whole numbers count together.

    Returns
    -------
    DataFrame
        ``wave, treated, level, persons, all, share, start``: ``start`` is the share of lower answers.
    """
    y = design.values()
    known = np.isfinite(y)
    level = y if len(np.unique(y[known])) <= most_levels else np.floor(y)
    rows = pd.DataFrame({"wave": design.source[design.wave], "treated": design.ever_exposed(), "level": level})[known]
    every = pd.MultiIndex.from_product(
        [sorted(rows["wave"].unique()), [True, False], sorted(rows["level"].unique())],
        names=["wave", "treated", "level"],
    )
    found = rows.value_counts(["wave", "treated", "level"]).reindex(every, fill_value=0).rename("persons").reset_index()
    of_all = found.groupby(["wave", "treated"])["persons"]
    found["all"] = of_all.transform("sum")
    found = found[found["all"] > 0].reset_index(drop=True)
    lower = found.groupby(["wave", "treated"])["persons"].cumsum() - found["persons"]
    return found.assign(share=found["persons"] / found["all"], start=lower / found["all"])


def answers_picture(design: WaveDesign) -> Picture:
    """Draw a bar for each wave and group, cut by the answers.

    Parameters
    ----------
    design : WaveDesign

    Returns
    -------
    Picture
        ``data["shares"]``: as of `answer_shares`.
    """
    rows = answer_shares(design)
    outcome = score_name(design.outcome)
    exposure = design.exposure.replace("_", " ")
    whole = bool(np.all(np.mod(design.values()[np.isfinite(design.values())], 1) == 0))
    group = np.where(rows["treated"], f"with {exposure}", "others")
    counts = Counts(
        family=f"answers on {design.outcome}",
        frame=rows.assign(wave=rows["wave"].astype(str), group=group, level=rows["level"].astype(str)),
        dimensions=("wave", "group", "level"),
        count="persons",
        part="shares",
    )
    return Picture(
        title=f"{outcome}: answers by wave",
        caption="Each bar: all who answered, from the lowest answer on the left to the highest; the number in a part "
        f"is the answer{'' if whole else ', from that number on'}. Those with {exposure} on any wave above the others.",
        alt=f"Bars of answers on {outcome.lower()} for {rows['wave'].nunique()} waves and two groups.",
        kind="answers",
        data={"shares": rows},
        labels=Facts({"x": "Share of those who answered", "with": f"with {exposure}", "without": "others"}),
        support=rows[["persons"]].astype(float),
        counts=(counts,),
    )


def answers_height(picture: Picture) -> float:
    """Return the height of the picture in inches.

    Parameters
    ----------
    picture : Picture
    """
    return 1.0 + 0.62 * picture.data["shares"]["wave"].nunique()


def draw_answers(axes: Axes, picture: Picture) -> None:
    """Draw the bars, with the answer written in every part that is wide enough.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "answers".
    """
    rows, labels = picture.data["shares"], picture.labels
    levels = sorted(rows["level"].unique())
    middle = (len(shades) - len(levels)) // 2 if len(levels) < len(shades) else 0
    color = {level: shades[min(middle + place, len(shades) - 1)] for place, level in enumerate(levels)}
    place, ticks = 0.0, []
    for wave, of_wave in rows.groupby("wave"):
        for treated, own in of_wave.groupby("treated", sort=False):
            ticks.append((place, f"wave {wave:g}, {labels['with' if treated else 'without']}"))
            for row in own.to_dict("records"):
                axes.barh(place, row["share"], left=row["start"], color=color[row["level"]], ec="white", lw=0.8)
                if row["share"] >= 0.05:
                    dark = color[row["level"]] in (shades[0], shades[-1])
                    axes.text(
                        row["start"] + row["share"] / 2, place, f"{row['level']:g}", ha="center", va="center",
                        fontsize=8.5, color="white" if dark else "#333333",
                    )  # fmt: skip
            place -= 1
        place -= 0.45
    axes.set_yticks([at for at, _ in ticks], [name for _, name in ticks], fontsize=8.5)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    axes.grid(visible=False)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(str(labels["x"]))
