"""What estimators of partly known outcomes share: from ends and their derivatives to a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.partial_means import Ends, Moved, share_of
from coresponder_causal.core.result import Result
from coresponder_causal.design.call_estimates import averaged_over, estimand
from coresponder_causal.design.partly_known import PartlyKnownDesign

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
few_clusters = 20
mostly_known, partly_known, between_cells = "four in five known", "half known", 0.65


class Arm(NamedTuple):
    """One arm of a design: its weights, 0 elsewhere, and the share of it whose outcome is known."""

    weights: Array
    known: Moved


class _Spread(NamedTuple):
    """Influence on the middles of sets, their covariance, the standard errors of ends (k, 2), and clusters."""

    middle: Influence
    vcov: Array
    of_ends: Array
    clusters: int


def arms(d: PartlyKnownDesign) -> tuple[Arm, Arm]:
    """Treated and untreated calls."""
    weights, seen = d.calls.call_weights(), d.seen()
    parts = [np.where(arm, weights, 0.0) for arm in (d.calls.treated, ~d.calls.treated)]
    for part, word in zip(parts, ("with", "without"), strict=True):
        if not (part[seen] > 0).any():
            raise EstimationError(
                f"'{d.outcome}' is known of no call {word} {d.calls.treatment} that the comparison uses",
                mend="choose another outcome, or another comparison",
            )
    first, second = (Arm(part, share_of(seen, part)) for part in parts)
    return first, second


def known_facts(treated: Arm, untreated: Arm) -> dict[str, object]:
    """Shares known in both arms, and in words to which simulated cell the smaller one is nearest."""
    shares = treated.known.value, untreated.known.value
    return {
        "adjustment": mostly_known if min(shares) >= between_cells else partly_known,
        "known_treated": shares[0],
        "known_untreated": shares[1],
    }


def require_one_sample(d: PartlyKnownDesign, asked: str) -> None:
    """Refuse a design whose outcomes come from two samples, or stand beside a review by hand."""
    for column, better in ((d.reviewed, "call_linkage"), (d.drawn, "call_double_sample")):
        if column is not None:
            raise EstimationError(
                f"{asked} takes outcomes of one sample, and '{column}' says that there is a second",
                mend=f"use {better}, or form the design without that column",
            )


def point(value: Moved) -> Ends:
    """Give a number that is known as ends that meet."""
    return Ends(value, value)


def partial_result(
    d: PartlyKnownDesign,
    method: str,
    terms: Mapping[str, Ends],
    facts: Mapping[str, object],
    *,
    bounded: bool,
    among: str = "",
    beside: Array | None = None,
) -> Result:
    """Make the result: a point, or a set with a standard error of each end.

    Parameters
    ----------
    d : PartlyKnownDesign
    method : str
    terms : mapping of str to Ends
        Derivatives are in the weights of the calls, shape (n,).
    facts : mapping
        Facts beside those that all these results have.
    bounded : bool
        Whether it is a set; otherwise the ends of every term meet.
    among : str
        Of which of the calls it speaks, where not of all.
    beside : ndarray, shape (n,), optional
        Influence over n of calls on every end by another way than their weights.

    Raises
    ------
    EstimationError
        Fewer than two persons, or an outcome that does not vary within the arms.
    """
    used = d.calls.call_weights() > 0
    ends = np.array([[end.value for end in term] for term in terms.values()])
    spread = _spread(d, list(terms.values()), beside, used)
    if not (spread.of_ends[0] > 0).any():
        raise EstimationError("the outcome does not vary within the arms", mend="choose an outcome that varies")
    if still := [term for term, pair in zip(terms, spread.of_ends, strict=True) if not (pair > 0).all()]:
        doubt(f"an end does not vary, so that its error is not known: {', '.join(still)}")
    adjustment = d.calls.adjustment
    if adjustment is not None and (adjustment.pairs is not None or adjustment.sets is not None):
        note("matched sets are not counted as clusters: where their calls are alike, the interval is too wide")
    by = "person" if d.calls.person else "none"
    df = float(spread.clusters - 1 if d.calls.person else used.sum() - 2)
    about = {"cluster": by, "clusters": spread.clusters, "interval": _interval(df, by, bounded)}
    return Result(
        method=method,
        estimand=_estimand(d, among),
        terms=pd.DataFrame({"term": list(terms)}),
        estimate=ends.mean(axis=1),
        vcov=spread.vcov,
        df=np.full(len(terms), df),
        scale="difference",
        kind="set" if bounded else "point",
        set_low=ends[:, 0] if bounded else None,
        set_high=ends[:, 1] if bounded else None,
        set_spread=spread.of_ends if bounded else None,
        influence=spread.middle,
        support=_support(d, list(terms), used),
        n_obs=int(used.sum()),
        n_units=spread.clusters,
        extra=Facts(_facts(d) | dict(facts) | about),
    )


def _spread(d: PartlyKnownDesign, terms: Sequence[Ends], beside: Array | None, used: Flags) -> _Spread:
    """Add the influence on middles and ends up within persons, with G/(G − 1) · (n − 1)/(n − 2)."""
    low, high = (np.column_stack([term[side].slope for term in terms]) for side in (0, 1))
    moved = d.influence_of(np.hstack([low, high]))[used]
    if beside is not None:
        moved = moved + beside[used, None]
    k, n = len(terms), len(moved)
    persons = d.calls.persons[used] if d.calls.person else None
    many = n if persons is None else persons.nunique()
    if many < 2 or n < 3:
        raise EstimationError(f"{many} persons in {n} calls", mend="bring more calls")
    if many < few_clusters:
        doubt(f"{many} {'calls' if persons is None else 'persons'}: the standard error is hardly known")
    size = n * float(np.sqrt(many / (many - 1) * (n - 1) / (n - 2)))
    both = Influence(left=moved, right=size * np.eye(2 * k), unit=d.calls.calls[used], cluster=persons)
    middle = both.transform(np.hstack([np.eye(k), np.eye(k)]) / 2)
    sums, squares = _sums(middle), (_sums(both) ** 2).sum(axis=0)
    return _Spread(middle, sums.T @ sums / n**2, np.sqrt(squares.reshape(2, k).T) / n, many)


def _sums(influence: Influence) -> Array:
    return influence.rows() if influence.cluster is None else influence.by_cluster().to_numpy()


def _interval(df: float, by: str, bounded: bool) -> str:
    kind = "of the value in its set, Imbens and Manski, " if bounded else ""
    return f"{kind}t({df:.0f}), clusters: {by}"


def _facts(d: PartlyKnownDesign) -> dict[str, object]:
    adjustment = d.calls.adjustment
    return {
        "treatment": d.calls.treatment,
        "yes_or_no": d.yes_or_no,
        "outcome_unit": f"{str(d.outcome).replace('_', ' ')} per call",
        "compared_by": "none" if adjustment is None else adjustment.method,
        "calls": len(d.source),
        "share_treated": float(d.calls.treated.mean()),
    }


def _support(d: PartlyKnownDesign, terms: list[str], used: Flags) -> pd.DataFrame:
    persons = d.calls.persons[used].nunique() if d.calls.person else np.nan
    events = float(np.nansum(d.values()[used]))
    return pd.DataFrame({"term": terms, "persons": persons, "events": events, "units": int(used.sum())})


def _estimand(d: PartlyKnownDesign, among: str) -> Estimand:
    population = averaged_over.get(d.calls.contrast, f"{len(d.source)} calls as they came")
    named = replace(d.calls, outcome=d.outcome)
    return estimand(named, d.calls.contrast, f"{population} {among}".rstrip(), ratio=False)
