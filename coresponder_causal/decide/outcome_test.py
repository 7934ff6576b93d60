"""Whether calls of a group are acted on at less: how often acting proved right, and the threshold behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import wilson
from coresponder_causal.core.threshold import threshold_test
from coresponder_causal.design.compared_groups import compared_groups

few_acted = 11


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OutcomeTest:
    """Hit rates and thresholds by group.

    Parameters
    ----------
    table : DataFrame
        One row per group, the reference first: ``group, calls, acted, right, acted_share, right_share, right_low,
        right_high, threshold, difference, diff_low, diff_high, p_value``; ``difference`` is of log odds of thresholds
        to the reference: below 0, the group is acted on at less.
    sentence : str
        What both say, and whether they agree.
    """

    table: pd.DataFrame
    sentence: str

    def __repr__(self) -> str:
        return f"OutcomeTest: {self.sentence}"


def outcome_test(
    calls: pd.DataFrame, *, group: str, reference: str, acted: str, right: str, place: str, level: float = 0.95
) -> OutcomeTest:
    """Compare groups in how often acting on a call proved right, and in the suspicion at which it was acted on.

    Parameters
    ----------
    calls : DataFrame
        One row per call.
    group, reference : str
        Column of the group as perceived, and the group that others are held against.
    acted, right : str
        Columns, yes or no: whether it was acted on (police sent, say), and whether there was what was feared; the
        second counts where it was acted on only.
    place : str
        Column of places, beats or call types over which base rates differ.
    level : float

    Returns
    -------
    OutcomeTest

    Raises
    ------
    EstimationError
        Fewer than two places in which every group was acted on 11 times.

    Notes
    -----
    A lower hit rate of a group is no proof: with one threshold for all, hit rates differ where groups differ in how
    many calls lie far above it (infra-marginality). The threshold test models that, with normal signals; where the two
    disagree, believe neither alone. Where places are few, as in the example, signals that part more explain as much as
    a lower threshold: intervals are wide. Calls of one person count as calls of several.

    References
    ----------
    Simoiu, Corbett-Davies & Goel (2017), doi:10.1214/17-AOAS1058.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"group": rng.choice(["a", "b"], 20_000), "beat": rng.choice(["x", "y", "z"], 20_000)})
    >>> guilty = rng.random(20_000) < frame["beat"].map({"x": 0.2, "y": 0.3, "z": 0.4})
    >>> signal = rng.normal(size=20_000) + 1.5 * guilty
    >>> frame = frame.assign(acted=signal > np.where(frame["group"] == "a", 0.8, 1.4), right=guilty)
    >>> found = outcome_test(frame, group="group", reference="b", acted="acted", right="right", place="beat")
    >>> round(float(found.table["difference"].iloc[1]), 1), bool(found.table["diff_high"].iloc[1] > 0)
    (-1.1, True)
    """
    groups = compared_groups(calls, group=group, reference=reference)
    names = [reference, *groups.others]
    did, hit = calls[acted].to_numpy(float), calls[right].fillna(0).to_numpy(float) * calls[acted].to_numpy(float)
    told = pd.DataFrame(
        {"group": groups.of, "place": calls[place].to_numpy(), "calls": 1.0, "acted": did, "right": hit}
    )
    counts = told.dropna().groupby(["place", "group"])[["calls", "acted", "right"]].sum().unstack(fill_value=0)
    enough = (counts["acted"][names].to_numpy() >= few_acted).all(axis=1)
    counts = counts.loc[np.asarray(enough, bool)]
    if len(counts) < 2:
        raise EstimationError(
            f"{len(counts)} places of {place} in which every group was acted on {few_acted} times", mend="merge places"
        )
    n, s, h = (counts[part][names].to_numpy().T for part in ("calls", "acted", "right"))
    fit = threshold_test(n, s, h, level=level)
    low, high = wilson(h.sum(axis=1), s.sum(axis=1), level)
    table = pd.DataFrame(
        {
            "group": names,
            "calls": n.sum(axis=1).astype(int),
            "acted": s.sum(axis=1).astype(int),
            "right": h.sum(axis=1).astype(int),
            "acted_share": s.sum(axis=1) / n.sum(axis=1),
            "right_share": h.sum(axis=1) / s.sum(axis=1),
            "right_low": low,
            "right_high": high,
            "threshold": fit.threshold,
            "difference": fit.difference,
            "diff_low": fit.low,
            "diff_high": fit.high,
            "p_value": fit.p_value,
        }
    )
    return OutcomeTest(table=table, sentence=_sentence(table))


def _sentence(table: pd.DataFrame) -> str:
    first, parts = table.iloc[0], []
    for row in table.iloc[1:].to_dict("records"):
        hits, bar = row["right_share"] - first["right_share"], row["difference"]
        agree = "both point the same way" if hits * bar > 0 else "they point different ways, so believe neither alone"
        parts.append(
            f"acting on calls about persons perceived as {row['group']} proved right in {row['right_share']:.1%}, "
            f"{first['group']} {first['right_share']:.1%}; thresholds {row['threshold']:.2f} and "
            f"{first['threshold']:.2f}: {agree}"
        )
    return "; ".join(parts)
