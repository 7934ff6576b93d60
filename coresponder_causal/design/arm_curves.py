"""What estimators of the time after a call share: its arms, bands of their curves, the facts of the comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.event_curves import EventCurve
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.inference import interval
from coresponder_causal.core.result import Result
from coresponder_causal.data.follow_up import repeat
from coresponder_causal.design.history import HistoryDesign
from coresponder_causal.design.weighted_influence import covariance, degrees_of_freedom, std_errors, weighted_influence

Array = NDArray[np.float64]
points = 18  # of a curve, besides its start


class Arm(NamedTuple):
    """Compared calls of one arm: their rows in the design, and their weights."""

    rows: NDArray[np.int64]
    weights: Array


class Quantities(NamedTuple):
    """Quantities of one arm, shape (k,), and how they move with the weight of each of its calls, shape (calls, k)."""

    value: Array
    per_weight: Array


def arms(d: HistoryDesign, days: float) -> tuple[Arm, Arm]:
    """Give the untreated and the treated calls that are compared; refused where none is followed so long.

    Raises
    ------
    DesignError
        Ask for fewer days, at least one.
    """
    if days < 1:
        raise DesignError(f"days={days} is no time after the call", mend="ask for one day or more")
    weights, treated = d.calls.call_weights(), d.calls.treated
    made = []
    for arm, name in ((~treated, "without"), (treated, "with")):
        rows = np.flatnonzero(arm & (weights > 0))
        longest = float(d.followed[rows].max(initial=0.0))
        if longest < days:
            raise DesignError(
                f"no call {name} {d.calls.treatment} is followed for {days} days (at most {longest:.0f})",
                mend="ask for fewer days, or form longer histories by data.follow_up",
            )
        made.append(Arm(rows, weights[rows]))
    return made[0], made[1]


def per_day_at_liberty(d: HistoryDesign, arm: Arm, until: Array, many: Array) -> Quantities:
    """Events over days at liberty up to a day of each call's own.

    Parameters
    ----------
    d : HistoryDesign
    arm : Arm
    until, many : ndarray, shape (n,)
        That day, and the number of events up to it, of every call of the design.

    Raises
    ------
    EstimationError
        If nobody was at liberty for any time.
    """
    free, hit = d.at_liberty(until)[arm.rows], many[arm.rows]
    total = float(arm.weights @ free)
    if not total > 0:
        raise EstimationError("no call of an arm has a day at liberty", mend="bring calls that are followed longer")
    rate = float(arm.weights @ hit) / total
    return Quantities(np.array([rate]), ((hit - rate * free) / total)[:, None])


def joined(parts: Sequence[Quantities]) -> Quantities:
    """Put quantities of one arm beside each other."""
    return Quantities(np.concatenate([part.value for part in parts]), np.hstack([part.per_weight for part in parts]))


def read(curve: EventCurve, h: Array) -> Quantities:
    """Read quantities off a curve."""
    return Quantities(curve.mean(h), curve.per_weight(h))


def paths(
    d: HistoryDesign,
    curves: Mapping[bool, tuple[Arm, Mapping[str, EventCurve]]],
    until: Array,
    days: float,
    *,
    most: float = np.inf,
) -> pd.DataFrame:
    """Give the curves of both arms at evenly spaced days with pointwise 95 % intervals.

    Parameters
    ----------
    d : HistoryDesign
    curves : mapping of bool to (Arm, mapping of str to EventCurve)
        Of the untreated and of the treated calls, by kind.
    until : ndarray, shape (n,)
        Day up to which each call of the design is at risk.
    days : float
        Last day shown.
    most : float
        What no curve can exceed; none is below 0.

    Returns
    -------
    DataFrame
        ``time, observed, low, high, at_risk, events, treated, kind``.
    """
    times, parts = np.linspace(0.0, days, points + 1), []
    for treated, (arm, by_kind) in curves.items():
        own = joined([read(curve, curve.until(times)) for curve in by_kind.values()])
        per_weight = np.zeros((len(until), own.value.size))
        per_weight[arm.rows] = own.per_weight
        influence = weighted_influence(d.calls, per_weight)
        df = np.full(own.value.size, degrees_of_freedom(influence))
        low, high = interval(own.value, std_errors(influence), df)
        frame = {
            "time": np.tile(times, len(by_kind)),
            "observed": own.value,
            "low": np.clip(low, 0, most),
            "high": np.clip(high, 0, most),
            "at_risk": np.tile((until[arm.rows][:, None] >= times).sum(axis=0), len(by_kind)),
            "events": np.concatenate([(c.u[c.place][:, None] <= times).sum(axis=0) for c in by_kind.values()]),
            "treated": treated,
            "kind": np.repeat(list(by_kind), len(times)),
        }
        parts.append(pd.DataFrame(frame))
    return pd.concat(parts, ignore_index=True)


def compared(
    method: str,
    d: HistoryDesign,
    found: Mapping[bool, tuple[Arm, Quantities]],
    hits: Mapping[str, Array],
    *,
    days: float,
    path: pd.DataFrame,
    scale: str,
    about: Mapping[str, object],
) -> Result:
    """Difference of both arms as a result.

    Parameters
    ----------
    method : str
    d : HistoryDesign
    found : mapping of bool to (Arm, Quantities)
        Of the untreated and of the treated calls.
    hits : mapping of str to ndarray, shape (n,)
        By term, the number of events behind it after each call.
    days : float
        Of the headline.
    path : DataFrame
    scale : str
        Of the estimand.
    about : mapping
        Further facts.
    """
    c, names = d.calls, list(hits)
    signed = np.zeros((len(d.followed), len(names)))
    for treated, (arm, own) in found.items():
        signed[arm.rows] = (1.0 if treated else -1.0) * own.per_weight
    influence = weighted_influence(c, signed)
    df = degrees_of_freedom(influence)
    arms_said = {
        f"{name}_{'treated' if treated else 'untreated'}": float(value)
        for treated, (_, own) in found.items()
        for name, value in zip(names, own.value, strict=True)
    }
    return Result(
        method=method,
        estimand=Estimand(
            contrast=c.contrast,
            outcome=told(d, days),
            treatment=f"{c.treatment}, yes against no",
            population=d.population,
            horizon=f"{days:g} days after each call; {d.horizon}",
            scale=scale,
        ),
        terms=pd.DataFrame({"term": names}),
        estimate=found[True][1].value - found[False][1].value,
        vcov=covariance(influence),
        df=np.full(len(names), df),
        scale="difference",
        influence=influence,
        support=_support(d, hits),
        path=path,
        n_obs=influence.n,
        n_units=c.persons[c.call_weights() > 0].nunique(),
        extra=Facts(_facts(d, days, df) | arms_said | dict(about)),
    )


def told(d: HistoryDesign, days: float) -> str:
    """Name what is counted after the call, and in how many days."""
    return f"{'repeat calls' if d.outcome == repeat else f'{d.outcome} events'} within {days:g} days"


def _support(d: HistoryDesign, hits: Mapping[str, Array]) -> pd.DataFrame:
    """Count persons, events and calls behind each term, of calls that are compared."""
    used = d.calls.call_weights() > 0
    persons = d.calls.persons[used].nunique() if d.calls.person else np.nan
    rows = [
        {"term": term, "persons": persons, "events": float(hit[used].sum()), "units": int(used.sum())}
        for term, hit in hits.items()
    ]
    return pd.DataFrame(rows)


def _facts(d: HistoryDesign, days: float, df: float) -> dict[str, object]:
    """Tell what a result tells of its calls and their follow-up."""
    c = d.calls
    return {
        "treatment": c.treatment,
        "followed_days": float(days),
        "event": str(d.outcome),
        "yes_or_no": True,
        "outcome_unit": "per call",
        "unit_per_day_at_liberty": "per day at liberty",
        "adjustment": "none" if c.adjustment is None else c.adjustment.method,
        "scheme": None if c.adjustment is None else c.adjustment.options.get("scheme"),
        "calls": len(c.source),
        "share_treated": float(c.treated.mean()),
        "cluster": "person" if c.person else "none",
        "interval": f"t({df:.0f}), clusters: {'person' if c.person else 'none'}",
    }
