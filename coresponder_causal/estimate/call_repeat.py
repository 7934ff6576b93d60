"""Time to the person's next call, with custody, hospital, moving away and death as competing events.

Estimand: the effect of the treatment on the share of calls that are followed by another one within some days before
anything else takes the person out of reach, on the mean days without a repeat, and on repeats per day at liberty; for
the calls that the design's weights speak of.

Needs: everything that drew the treatment and moves what follows among the covariates, balanced (check: balance); calls
of both kinds for every kind of call (check: overlap); follow-up that ends for reasons of the calendar alone; stays in
custody and hospital known for both arms alike.

Estimator: in arm a, with weights w, Y(u) = Σ w_i 1{X_i ≥ u} and X the first event of any kind (Aalen & Johansen),
F_k(t) = Σ_{u ≤ t} S(u−) ΔN_k(u)/Y(u), S(u) = Π_{v ≤ u} (1 − ΔN(v)/Y(v)). cif = F_repeat(t); rmst = t − ∫_0^t F_repeat,
the days without a repeat; per_day_at_liberty = Σ w 1{repeat}/Σ w · days out of custody and hospital until the first
repeat, in which those who were released count again. Terms are differences, treated less untreated. A further term for
each competing kind is its own F_k(t). kaplan_meier is one less the Kaplan–Meier curve with every competing event taken
for the end of follow-up: the trap, shown for comparison.

Inference: ψ_i = n w_i ∂θ/∂w_i, which is exact: the martingale residual of the repeats less (F(t) − F(u))/(1 − ΔΛ(u))
times that of all events; for estimated weights the influence of their coefficients comes on top. ψ is summed within
persons; V = Σ_g ψ_g²/n² times G/(G − 1) · (n − 1)/(n − 2), and t(G − 1). The fact pseudo_difference is the same
contrast by pseudo-observations, θ + n ∂θ/∂w_i of all calls together with equal weights, whose weighted means are
compared.

Breaks: an arm that jails or admits more has fewer repeats: read cif beside the terms of the competing kinds, and
per_day_at_liberty for the rate of those who could call. Even that rate compares the persons who were not kept, who are
others in each arm. kaplan_meier supposes that those in custody would have called like those at liberty: where the arms
keep unlike shares of unlike persons it finds a benefit, or harm, of nobody. Calls of a person nobody knew are no
repeats.

Reference: Aalen & Johansen 1978, Scandinavian Journal of Statistics 5, 141–150; Andersen, Klein & Rosthøj 2003,
doi:10.1093/biomet/90.1.15 (pseudo-observations); Overgaard, Parner & Pedersen 2017, doi:10.1214/16-AOS1516; Royston &
Parmar 2013, doi:10.1186/1471-2288-13-152 (restricted mean). Without weights checked against statsmodels 0.15
(CumIncidenceRight, SurvfuncRight); with weights no outside value: worked by hand + simulated truth.

Say: Among {population}, {outcome} differed by {estimate} between calls with and without the treatment ({interval}).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.event_curves import EventCurve, event_curve
from coresponder_causal.core.notes import note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.arm_curves import (
    Arm,
    Quantities,
    arms,
    compared,
    joined,
    paths,
    per_day_at_liberty,
    read,
)
from coresponder_causal.design.history import Firsts, HistoryDesign
from coresponder_causal.design.weighted_influence import say_what_is_compared

trap = "kaplan_meier"


@estimator(
    design=HistoryDesign,
    contrasts=("ATT", "ATE", "ATC", "ATO", "ATM", "unadjusted difference"),
    reference="Aalen & Johansen 1978; Andersen, Klein & Rosthøj 2003",
    checked_against="statsmodels 0.15 (without weights); worked by hand + simulated truth (with weights)",
)
def call_repeat(d: HistoryDesign, *, days: int = 90) -> Result:
    """Difference of the cumulative incidence of a repeat call, of days without one, and of repeats per day at liberty.

    Parameters
    ----------
    d : HistoryDesign
        Calls, matched or weighted, with their histories.
    days : int
        Days after the call.

    Returns
    -------
    Result
        Terms ``cif_90`` (shares), ``rmst_90`` (days), ``per_day_at_liberty`` (repeats a day), one for each competing
        kind (``custody_90``), ``kaplan_meier_90``, with the number of days in their names. ``path``: the curves of
        both arms, ``time, treated, kind, observed, low, high, at_risk, events``. ``extra`` holds the values of both
        arms and the contrast by pseudo-observations.

    Raises
    ------
    DesignError
        If no call of an arm is followed that long: ask for fewer days.
    EstimationError
        If no call was followed by a repeat, or fewer than two persons are left.

    References
    ----------
    Aalen & Johansen (1978), Scandinavian Journal of Statistics 5, 141–150; Andersen, Klein & Rosthøj (2003),
    doi:10.1093/biomet/90.1.15.

    Examples
    --------
    >>> from coresponder_causal.design import CallDesign, weight_propensity
    >>> rng, n = np.random.default_rng(1), 400
    >>> frame = pd.DataFrame({"call_id": np.arange(n), "night": np.arange(n) % 2})
    >>> frame["attended"] = rng.random(n) < 0.3 + 0.3 * frame["night"]
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    >>> days = {"repeat": rng.exponential(100 + 100 * frame["attended"]), "end": np.full(n, 120.0)}
    >>> rows = [frame[["call_id"]].assign(kind=kind, day=day, until=np.nan) for kind, day in days.items()]
    >>> d = HistoryDesign.from_history(weight_propensity(c), pd.concat(rows).query("day <= 120"))
    >>> call_repeat(d).params.round(3).to_dict()
    {'cif_90': -0.275, 'rmst_90': 18.585, 'per_day_at_liberty': -0.006, 'kaplan_meier_90': -0.275}
    """
    say_what_is_compared(d.calls)
    first, both = d.firsts(days), arms(d, days)
    if not any((first.kind[arm.rows] == d.outcome).any() for arm in both):
        raise EstimationError(f"no call was followed by '{d.outcome}' in {days} days", mend="ask for more days")
    kinds = _kinds(d, first, both)
    found = {
        treated: (arm, _quantities(d, first, arm, kinds, days))
        for treated, arm in zip((False, True), both, strict=True)
    }
    of_outcome = (f"cif_{days}", f"rmst_{days}", "per_day_at_liberty")
    hits = dict.fromkeys(of_outcome, first.kind == d.outcome) | {f"{kind}_{days}": first.kind == kind for kind in kinds}
    return compared(
        "call_repeat",
        d,
        found,
        hits | {f"{trap}_{days}": first.kind == d.outcome},
        days=days,
        path=_path(d, first, both, kinds, days),
        scale="difference of cumulative incidences",
        about={
            f"unit_rmst_{days}": "days per call",
            "pseudo_difference": _by_pseudo_observations(d, first, both, days),
        },
    )


def _kinds(d: HistoryDesign, first: Firsts, both: tuple[Arm, Arm]) -> list[str]:
    """Competing kinds that came first after some compared call; of the others it is said that they did not."""
    seen = set(np.concatenate([first.kind[arm.rows] for arm in both]).tolist())
    if absent := [kind for kind in d.competing if kind not in seen]:
        note(f"came first after none of the compared calls: {', '.join(absent)}")
    return [kind for kind in d.competing if kind in seen]


def _incidence(first: Firsts, arm: Arm, kind: str, *, alone: bool = False) -> EventCurve:
    """Incidence of one kind against all others, or alone with the others as the end of follow-up."""
    own, day = first.kind[arm.rows], first.day[arm.rows]
    hit = own == kind
    return event_curve(
        unit=np.flatnonzero(hit), day=day[hit], followed=day, leaves=hit if alone else own != "", weights=arm.weights
    )


def _quantities(d: HistoryDesign, first: Firsts, arm: Arm, kinds: list[str], days: int) -> Quantities:
    outcome, horizon = str(d.outcome), np.array([float(days)])
    curve = _incidence(first, arm, outcome)
    lost = read(curve, curve.area(days))
    others = [_incidence(first, arm, kind) for kind in kinds] + [_incidence(first, arm, outcome, alone=True)]
    return joined(
        [
            read(curve, curve.until(horizon)),
            Quantities(days - lost.value, -lost.per_weight),
            _rate(d, arm, days),
            *(read(other, other.until(horizon)) for other in others),
        ]
    )


def _rate(d: HistoryDesign, arm: Arm, days: int) -> Quantities:
    """First repeats, also those after a stay, over days at liberty until then."""
    until, _ = d.gone(days)
    row, day = d.events(until)
    stop, repeated = until.copy(), np.zeros(len(until))
    np.minimum.at(stop, row, day)
    repeated[row] = 1.0
    return per_day_at_liberty(d, arm, stop, repeated)


def _by_pseudo_observations(d: HistoryDesign, first: Firsts, both: tuple[Arm, Arm], days: int) -> float:
    """Weighted difference of the pseudo-observations of all calls taken together."""
    rows = np.concatenate([arm.rows for arm in both])
    curve = _incidence(first, Arm(rows, np.ones(len(rows))), str(d.outcome))
    h = curve.until(np.array([float(days)]))
    pseudo = curve.mean(h)[0] + len(rows) * curve.per_weight(h)[:, 0]
    less, more = np.split(pseudo, [len(both[0].rows)])
    return float(np.average(more, weights=both[1].weights) - np.average(less, weights=both[0].weights))


def _path(d: HistoryDesign, first: Firsts, both: tuple[Arm, Arm], kinds: list[str], days: int) -> pd.DataFrame:
    """Curves of all kinds, and the trap, in both arms."""
    outcome, curves = str(d.outcome), {}
    for treated, arm in zip((False, True), both, strict=True):
        by_kind = {kind: _incidence(first, arm, kind) for kind in (outcome, *kinds)}
        curves[treated] = arm, by_kind | {trap: _incidence(first, arm, outcome, alone=True)}
    return paths(d, curves, first.day, days, most=1.0)
