"""Whether groups as they are perceived are treated alike: three quantities kept apart, and what each cannot say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypedDict, TypeVar

import pandas as pd

from coresponder_causal.core.errors import CausalError, EstimationError
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.result import Result
from coresponder_causal.decide.disparity import disparity_rates, reach_rates
from coresponder_causal.decide.disparity_closing import disparity_closing
from coresponder_causal.decide.fair_outcomes import Fairness, FairOutcome
from coresponder_causal.decide.group_sensitivity import contact_gap, unknown_group, usual_shares
from coresponder_causal.decide.label_drift import label_drift
from coresponder_causal.decide.where_bias import where_bias
from coresponder_causal.design.call_clusters import Clusters
from coresponder_causal.design.calls import CallDesign

T = TypeVar("T")


class Groups(TypedDict):
    """Who is compared, and within what calls are not independent."""

    group: str
    reference: str
    clusters: Clusters


def fairness(
    calls: pd.DataFrame,
    *,
    group: str,
    reference: str,
    outcomes: Sequence[str],
    worse: Sequence[str],
    design: CallDesign | None = None,
    allowable: Sequence[str] = (),
    treatment: str = "attended",
    shares: Sequence[float] = usual_shares,
    taker: str | None = "call_taker",
    person: str | None = "person",
    clusters: Clusters = "person",
    seed: int = 1,
) -> Fairness:
    """Ask of each outcome how groups differ, how they do where calls are alike, and at which stage they come to differ.

    Parameters
    ----------
    calls : DataFrame
        One row per call.
    group, reference : str
        Column of the group as perceived, and the group that others are held against.
    outcomes : sequence of str
        What follows a contact, yes or no. Of each the gap and its bounds over who is met are told, or neither.
    worse : sequence of str
        Labels that a call about somebody in need should not have.
    design : CallDesign, optional
        Of calls that could have gone either way, with whatever drew the treatment; without it no gap is conditional.
    allowable : sequence of str
        Columns known before dispatch in which groups may differ without that being counted.
    treatment : str
        Column: whether the team came.
    shares : sequence of float
        As of `contact_gap`.
    taker, person : str or None
        Columns; None: not known.
    clusters : {"person", "week", "person and week"}
    seed : int

    Returns
    -------
    Fairness
        What cannot be told is in ``refused``, with its mend.

    Raises
    ------
    EstimationError
        Where neither reach nor any outcome can be told.

    Notes
    -----
    Three quantities that answer three questions. As it is: what happened to whom. Alike: what is left where groups are
    alike in what somebody declared allowable, which is a choice of values. By stage: whether calls that are alike up to
    a stage are treated unlike there. Not for deciding about a single officer, call taker or call.

    Examples
    --------
    >>> from coresponder_causal.simulate.biased_calls import biased_calls
    >>> made = biased_calls(calls=6000, officer_bias=0.1)
    >>> found = fairness(made, group="group", reference="reference", outcomes=["arrest"], worse=["disturbance"])
    >>> found.enters_with(), found.table()["quantity"].tolist()
    (('officers',), ['as it is', 'as it is', 'officers'])
    """
    asked = _Asked(
        calls, group, reference, tuple(worse), design, tuple(allowable), treatment, tuple(shares), taker, person,
        clusters, seed, [],
    )  # fmt: skip
    with collecting() as said:
        reach = asked.told("reach", lambda: reach_rates(asked.plain(None), **asked.groups))
        found = tuple(_of_outcome(asked, outcome) for outcome in outcomes)
        drift = asked.told("labels", lambda: label_drift(calls, person=person, **asked.groups))
    results = [one for part in found for one in (part.rates, part.closing) if one is not None]
    if not results and reach is None:
        raise EstimationError(f"nothing can be told of {group}: {asked.refused[0]}", mend="mend that first")
    first = reach if reach is not None else results[0]
    own = [text for part in found if part.stages is not None for text in part.stages.notes]
    own += [text for one in results for text in one.notes]
    return Fairness(
        group=group,
        reference=reference,
        others=tuple(name for name in first.extra["groups"] if name != reference),  # type: ignore[attr-defined]
        allowable=tuple(allowable),
        outcomes=found,
        treatment=treatment,
        reach=reach,
        drift=drift,
        refused=tuple(dict.fromkeys(asked.refused)),
        notes=tuple(dict.fromkeys([*said, *own])),
    )


class _Asked(NamedTuple):
    """What was asked, and what was refused so far."""

    calls: pd.DataFrame
    group: str
    reference: str
    worse: tuple[str, ...]
    design: CallDesign | None
    allowable: tuple[str, ...]
    treatment: str
    shares: tuple[float, ...]
    taker: str | None
    person: str | None
    clusters: Clusters
    seed: int
    refused: list[str]

    @property
    def groups(self) -> Groups:
        return {"group": self.group, "reference": self.reference, "clusters": self.clusters}

    def told(self, what: str, make: Callable[[], T]) -> T | None:
        """Return what can be told; else None, and why."""
        try:
            return make()
        except CausalError as error:
            self.refused.append(f"{what}: {error.what}; to mend it: {error.mend}")
            return None

    def plain(self, outcome: str | None) -> CallDesign:
        """Form the design of calls on which both the treatment and an outcome are known; the others are said."""
        read = [name for name in (self.treatment, outcome) if name in self.calls]
        known = self.calls[read].notna().all(axis=1)
        if lost := int((~known).sum()):
            note(f"{lost} of {len(known)} calls without a value of {outcome or self.treatment} are left out of its gap")
        return CallDesign.from_frame(
            self.calls[known], outcome=outcome, treatment=self.treatment, covariates=[], person=self.person
        )


def _of_outcome(asked: _Asked, outcome: str) -> FairOutcome:
    """Ask everything of one outcome; a gap that follows a contact is told with its bounds, or not at all."""
    calls, who, groups = asked.calls, asked.person, asked.groups
    bounds = asked.told(
        f"bounds of {outcome}",
        lambda: contact_gap(calls, outcome=outcome, shares=asked.shares, person=who, **groups),
    )
    stages = asked.told(
        f"stages of {outcome}",
        lambda: where_bias(calls, worse=asked.worse, outcome=outcome, taker=asked.taker, sent=(asked.treatment,),
                           person=who, **groups),
    )  # fmt: skip
    if bounds is None:
        return FairOutcome(outcome=outcome, stages=stages)
    missing = calls[asked.group].isna().any()
    return FairOutcome(
        outcome=outcome,
        rates=asked.told(f"gap of {outcome}", lambda: disparity_rates(asked.plain(outcome), **groups)),
        closing=asked.told(f"gap of {outcome} with calls alike", lambda: _closing(asked, outcome)),
        bounds=bounds,
        unknown=asked.told(
            f"calls of unknown group, {outcome}", lambda: unknown_group(calls, outcome=outcome, person=who, **groups)
        )
        if missing
        else None,
        stages=stages,
    )


def _closing(asked: _Asked, outcome: str) -> Result:
    if asked.design is None:
        raise EstimationError("no design compares calls one by one", mend="let the study run one, such as 'calls'")
    return disparity_closing(
        asked.design.with_outcome(outcome), allowable=asked.allowable, seed=asked.seed, **asked.groups
    )
