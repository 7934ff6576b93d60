"""All later calls of the person, counted over time: mean cumulative function of each arm.

Estimand: the effect of the treatment on the mean number of later calls within some days, those who died or moved away
having none from then on, and on later calls per day at liberty; for the calls that the design's weights speak of.

Needs: everything that drew the treatment and moves what follows among the covariates, balanced (check: balance); calls
of both kinds for every kind of call (check: overlap); follow-up that ends for reasons of the calendar alone.

Estimator: in arm a, with weights w, Y(u) = Σ w_i 1{X_i ≥ u} and X the end of follow-up, by death or moving away or the
calendar, μ(t) = Σ_{u ≤ t} S(u−) Σ w_i ΔN_i(u)/Y(u), S(u) = Π_{v ≤ u} (1 − ΔN^D(v)/Y(v)), N^D counting those who left
for good (Ghosh & Lin; without them Lin, Wei, Yang & Ying). per_day_at_liberty = Σ w N / Σ w · days out of custody and
hospital while followed. Terms are differences, treated less untreated.

Inference: ψ_i = n w_i ∂θ/∂w_i, exact: ∫ S(u−)/Y(u) dM_i(u) − ∫ (μ(t) − μ(u))/{(1 − ΔΛ(u)) Y(u)} dM_i^D(u); for
estimated weights the influence of their coefficients comes on top. No law of the counts is supposed: events of a call
may depend on each other. ψ is summed within persons; V = Σ_g ψ_g²/n² times G/(G − 1) · (n − 1)/(n − 2), and t(G − 1).

Breaks: a stay in custody or hospital does not end follow-up: the mean counts what happened, and an arm that keeps
people has fewer calls of them. Read per_day_at_liberty beside it. A few persons with very many calls decide the mean:
the support says how many stand behind it. A person's index calls have overlapping follow-up, so one later call may
count after several of them; take first calls with a wash-out, or persons as clusters.

Reference: Lin, Wei, Yang & Ying 2000, doi:10.1111/1467-9868.00259; Ghosh & Lin 2000,
doi:10.1111/j.0006-341X.2000.00554.x. No outside value: worked by hand + simulated truth; without repeated events it is
the incidence of call_repeat, which was checked against statsmodels 0.15.

Say: Among {population}, {outcome} differed by {estimate} between calls with and without the treatment ({interval}).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.event_curves import EventCurve, event_curve
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.arm_curves import Arm, arms, compared, joined, paths, per_day_at_liberty, read
from coresponder_causal.design.history import HistoryDesign
from coresponder_causal.design.weighted_influence import say_what_is_compared

Array = NDArray[np.float64]


@estimator(
    design=HistoryDesign,
    contrasts=("ATT", "ATE", "ATC", "ATO", "ATM", "unadjusted difference"),
    reference="Lin, Wei, Yang & Ying 2000; Ghosh & Lin 2000",
    checked_against="worked by hand + simulated truth",
)
def call_recurrent(d: HistoryDesign, *, days: tuple[int, ...] = (90, 180)) -> Result:
    """Difference of the mean number of later calls within some days, and of later calls per day at liberty.

    Parameters
    ----------
    d : HistoryDesign
        Calls, matched or weighted, with their histories.
    days : tuple of int
        Days after the call; the first is the headline, the rate is taken over the last.

    Returns
    -------
    Result
        Terms ``mean_90, mean_180`` (later calls), ``per_day_at_liberty`` (later calls a day), with the numbers of days
        in their names. ``path``: the curves of both arms, ``time, treated, kind, observed, low, high, at_risk,
        events``. ``extra`` holds the values of both arms.

    Raises
    ------
    DesignError
        If no days are asked for, or no call of an arm is followed that long: ask for fewer days.
    EstimationError
        If no call was followed by another, or fewer than two persons are left.

    References
    ----------
    Lin, Wei, Yang & Ying (2000), doi:10.1111/1467-9868.00259; Ghosh & Lin (2000), doi:10.1111/j.0006-341X.2000.00554.x.

    Examples
    --------
    >>> import pandas as pd
    >>> from coresponder_causal.design import CallDesign, weight_propensity
    >>> rng, n = np.random.default_rng(1), 400
    >>> frame = pd.DataFrame({"call_id": np.arange(n), "night": np.arange(n) % 2})
    >>> frame["attended"] = rng.random(n) < 0.3 + 0.3 * frame["night"]
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    >>> again = np.repeat(np.arange(n), rng.poisson(np.where(frame["attended"], 1.0, 2.0)))
    >>> parts = [(again, "repeat", rng.uniform(0, 180, len(again))), (np.arange(n), "end", np.full(n, 180.0))]
    >>> rows = [pd.DataFrame({"call_id": i, "kind": kind, "day": day, "until": np.nan}) for i, kind, day in parts]
    >>> d = HistoryDesign.from_history(weight_propensity(c), pd.concat(rows))
    >>> call_recurrent(d).params.round(3).to_dict()
    {'mean_90': -0.576, 'mean_180': -1.26, 'per_day_at_liberty': -0.007}
    """
    if not days:
        raise DesignError("no days were asked for", mend="name some: days=(90, 180)")
    say_what_is_compared(d.calls)
    horizon = max(days)
    both, (until, gone) = arms(d, horizon), d.gone(horizon)
    curves = [_curve(d, arm, until, gone) for arm in both]
    if not any(curve.unit.size for curve in curves):
        raise EstimationError(f"no call was followed by '{d.outcome}' in {horizon} days", mend="ask for more days")
    times, many = np.array(days, float), _events_of(d, until)
    found = {
        treated: (arm, joined([read(curve, curve.until(times)), per_day_at_liberty(d, arm, until, many)]))
        for treated, arm, curve in zip((False, True), both, curves, strict=True)
    }
    hits = {f"mean_{day}": _events_of(d, np.minimum(until, day)) for day in days} | {"per_day_at_liberty": many}
    shown = {
        treated: (arm, {str(d.outcome): curve}) for treated, arm, curve in zip((False, True), both, curves, strict=True)
    }
    return compared(
        "call_recurrent",
        d,
        found,
        hits,
        days=days[0],
        path=paths(d, shown, until, horizon),
        scale="difference of mean numbers",
        about={"yes_or_no": False, "followed_days": float(horizon)},
    )


def _curve(d: HistoryDesign, arm: Arm, until: Array, gone: NDArray[np.bool_]) -> EventCurve:
    """Mean cumulative function of one arm."""
    place = np.full(len(until), -1)
    place[arm.rows] = np.arange(len(arm.rows))
    row, day = d.events(until)
    mine = place[row] >= 0
    return event_curve(
        unit=place[row[mine]], day=day[mine], followed=until[arm.rows], leaves=gone[arm.rows], weights=arm.weights
    )


def _events_of(d: HistoryDesign, until: Array) -> Array:
    """Count the events after each call up to a day of its own, shape (n,)."""
    return np.bincount(d.events(until)[0], minlength=len(until)).astype(float)
