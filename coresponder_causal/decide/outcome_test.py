"""Whether calls of a group are acted on at less: how often acting proved right, and the threshold behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import wilson
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.threshold import threshold_test
from coresponder_causal.design.compared_calls import ComparedCalls, compared_calls

few_acted = 11


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OutcomeTest:
    """Hit rates and thresholds by group.

    Parameters
    ----------
    table : DataFrame
        One row per group, the reference first: ``group, calls, acted, known, right, persons, acted_share, right_share,
        right_low, right_high, threshold, difference, diff_low, diff_high, p_value``; ``known``: acted on, and known
        whether that was right; ``difference`` is of log odds of thresholds to the reference: below 0, the group is
        acted on at less.
    sentence : str
        What both say, and whether they agree.
    notes : tuple of str
        What was left out, and how many calls clusters are worth.
    """

    table: pd.DataFrame
    sentence: str
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"OutcomeTest: {self.sentence}"


def outcome_test(
    calls: pd.DataFrame, *, group: str, reference: str, acted: str, right: str, place: str,
    person: str | None = "person", level: float = 0.95,
) -> OutcomeTest:  # fmt: skip
    """Compare groups in how often acting on a call proved right, and in the suspicion at which it was acted on.

    Parameters
    ----------
    calls : DataFrame
        One row per call.
    group, reference : str
        Column of the group as perceived, and the group that others are held against.
    acted, right : str
        Columns, yes or no: whether it was acted on (police sent, say), and whether there was what was feared; the
        second counts where it was acted on only, and may be unknown there.
    place : str
        Column of places, beats or call types over which base rates differ.
    person : str, optional
        Column of persons: calls of one count as fewer, by the larger design effect of what was acted on and was right.
    level : float

    Returns
    -------
    OutcomeTest

    Raises
    ------
    DesignError
        Listing every broken rule: columns, groups, flags that are not yes or no.
    EstimationError
        Fewer than two places in which every group was acted on 11 times.

    Notes
    -----
    A lower hit rate of a group is no proof: with one threshold for all, hit rates differ where groups differ in how
    many calls lie far above it (infra-marginality). The threshold test models that, with normal signals; where the two
    disagree, believe neither alone. Where places are few, as in the example, signals that part more explain as much as
    a lower threshold: intervals are wide. Not where it is known only of some kinds of calls acted on whether that was
    right: they must stand for the others.

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
    >>> found = outcome_test(frame, group="group", reference="b", acted="acted", right="right", place="beat",
    ...                      person=None)
    >>> round(float(found.table["difference"].iloc[1]), 1), bool(found.table["diff_high"].iloc[1] > 0)
    (-1.1, True)
    """
    with collecting() as said:
        read = compared_calls(
            calls, subject="outcome_test", group=group, reference=reference, wanted=[place], yes_no=[acted, right],
            person=person, level=level,
        ).known(place).known(acted)  # fmt: skip
        names = [reference, *read.groups.others]
        told = _told(read, acted, right, place)
        counts = _counts(told, names, place)
        worth = _design_effect(told[told["place"].isin(counts.index)])
        if worth > 1:
            note(f"calls of one person are alike: {worth:.2f} calls are worth one")
        n, s, v, h = (counts[part][names].to_numpy().T / worth for part in ("calls", "acted", "known", "right"))
        fit = threshold_test(n, s, h, known=v, level=level)
    low, high = wilson(h.sum(axis=1), v.sum(axis=1), level)
    used = told[told["place"].isin(counts.index)].groupby("group")
    table = pd.DataFrame(
        {
            "group": names,
            **{part: used[part].sum()[names].astype(int).to_numpy() for part in ("calls", "acted", "known", "right")},
            "persons": used["person"].nunique()[names].to_numpy(),
            "acted_share": s.sum(axis=1) / n.sum(axis=1),
            "right_share": h.sum(axis=1) / v.sum(axis=1),
            "right_low": low,
            "right_high": high,
            "threshold": fit.threshold,
            "difference": fit.difference,
            "diff_low": fit.low,
            "diff_high": fit.high,
            "p_value": fit.p_value,
        }
    )
    return OutcomeTest(table=table, sentence=_sentence(table), notes=tuple(said))


def _told(read: ComparedCalls, acted: str, right: str, place: str) -> pd.DataFrame:
    """Give one row per call of a compared group: where, whether it was acted on, known to be right, and right."""
    did, hit = read.yes(acted), read.yes(right)
    known = np.where(np.isfinite(hit), did, 0.0)
    if unknown := int((did - known).sum()):
        note(f"of {unknown} of {int(did.sum())} calls acted on it is not known whether that was right")
    told = pd.DataFrame(
        {
            "group": read.groups.of,
            "place": read.table[place],
            "person": read.persons,
            "calls": 1.0,
            "acted": did,
            "known": known,
            "right": known * np.nan_to_num(hit),
        }
    )
    return told[read.groups.known]


def _counts(told: pd.DataFrame, names: list[str], place: str) -> pd.DataFrame:
    """Count by place and group, in the places where every group was acted on often enough."""
    sums = told.groupby(["place", "group"])[["calls", "acted", "known", "right"]].sum()
    counts = pd.DataFrame(sums.unstack(fill_value=0))
    enough = pd.Series((counts["known"][names].to_numpy() >= few_acted).all(axis=1), index=counts.index)
    if few := int((~enough).sum()):
        note(f"{few} places of {place} in which a group was acted on fewer than {few_acted} times are left out")
    if enough.sum() < 2:
        raise EstimationError(
            f"{int(enough.sum())} places of {place} in which every group was acted on {few_acted} times",
            mend="merge places",
        )
    return pd.DataFrame(counts[enough])


def _design_effect(told: pd.DataFrame) -> float:
    """Tell how many calls are worth one: the variance of shares within cells by persons, over that by calls."""
    found = [1.0]
    for part, among in (("acted", "calls"), ("right", "known")):
        cells = told.groupby(["place", "group"])
        share = cells[part].transform("sum") / cells[among].transform("sum")
        left = np.where(told[among] > 0, told[part] - share * told[among], 0.0)
        alone = float(left @ left)
        sums = np.bincount(pd.factorize(told["person"])[0], left).astype(float)
        found.append(float(sums @ sums) / alone if alone > 0 else 1.0)
    return max(found)


def _sentence(table: pd.DataFrame) -> str:
    first, parts = table.iloc[0], []
    for row in table.iloc[1:].to_dict("records"):
        hits, bar = row["right_share"] - first["right_share"], row["difference"]
        agree = "both point the same way" if hits * bar > 0 else "they point different ways, so believe neither alone"
        parts.append(
            f"acting on calls about persons perceived as {row['group']} proved right in "
            f"{100 * row['right_share']:.1f} %, "
            f"{first['group']} {100 * first['right_share']:.1f} %; thresholds {row['threshold']:.2f} and "
            f"{first['threshold']:.2f}: {agree}"
        )
    return "; ".join(parts)
