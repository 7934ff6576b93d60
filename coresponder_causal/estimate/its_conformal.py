"""The first months after the start against the gap's earlier course, by cyclic shifts of its errors.

Estimand: the mean change of the treated city's log rate less the comparison cities' mean, per full dose, over the first
periods after the start (six by default), and the change in each of these periods. It is the effect of the programme
only if cities without one do not drift apart (τ = 0).

Needs: comparison cities that had no programme of their own (register of programmes); errors of the gap that are
stationary over the time used (check: placebo_dates); seasons and shocks in common (check: leave_one_out); outcomes the
programme cannot touch that did not move (check: control_outcomes); at least nineteen periods before the start.

Estimator: g_t = log r_0t − Σ_j w_j log r_jt; under a stated effect θ, g_t − θ D_t = b0 + two harmonics + u_t is fitted
to all periods up to the end of the window, by least squares; synthetic weights are fitted again under every θ. The
estimate is the θ at which the mean of û over the window is zero.

Inference: S = |Σ û_t| / √n over the n periods of the window ("mean"; "absolute": Σ |û_t| / √n, which also rejects when
the effect varies) is ranked among its values under all T cyclic shifts of û, which leave the errors' persistence as it
is; p = share of shifts at which it is at least as large, and the interval holds the θ with p > .05. A p-value cannot go
below 1/T, T the number of periods used. Each single period is tested with the periods before the start alone. The
standard error is the spread of the same estimate over all other windows, for orientation. A companion, debiased_low and
debiased_high, is a t interval over three held-out blocks before the start.

Breaks: wherever cities drift apart: then did_prediction_interval is the answer. For long windows few windows of that
length are independent and did_gap sees more. Shifts of single periods, as if errors were exchangeable, are not offered:
they reject far too often under persistence.

Reference: Chernozhukov, Wüthrich & Zhu 2021, doi:10.1080/01621459.2021.1920957. Checked against enumeration of all
shifts and simulated truth.

Say: In {city}, the gap of {outcome} to the comparison cities changed by {estimate} in the first periods ({interval}).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import inference, regressors
from coresponder_causal.core.conformal import Conformal, Statistic, conformal, debiased
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.gap import say_what_a_gap_answers
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.one_treated import OneTreated, one_treated
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
Weights = Literal["equal", "synthetic"]
fewest_shifts, shortest = 20, 8


@estimator(
    design=PanelDesign,
    contrasts=("ATT where cities do not drift apart",),
    reference="Chernozhukov, Wüthrich & Zhu 2021",
    checked_against="enumeration of all shifts and simulated truth",
)
def its_conformal(
    d: PanelDesign,
    *,
    window: int = 6,
    weights: Weights = "equal",
    statistic: Statistic = "mean",
    harmonics: Literal[0, 1, 2, 3] = 2,
) -> Result:
    """Conformal inference for the first periods after the start of one treated city.

    Parameters
    ----------
    d : PanelDesign
        With exactly one treated unit.
    window : int
        Periods from the start on that are used; later ones are left out.
    weights : {"equal", "synthetic"}
        Of the comparison cities; synthetic ones lie on the simplex.
    statistic : {"mean", "absolute"}
        What is ranked: the size of the mean error of the window, or the mean of the errors' sizes.
    harmonics : {0, 1, 2, 3}
        Pairs of seasonal terms.

    Returns
    -------
    Result
        Terms ``mean_first_<window>_<periods>`` and ``effect_at_<h>_<periods>`` for every period of the window.
        ``path``: the city's counts beside those without the effect, and between which limits these lie period by
        period. ``extra``: ``p_floor`` and ``debiased_estimate, debiased_low, debiased_high``.

    Raises
    ------
    DesignError
        Unless exactly one unit is treated, or when periods common to all cities do not span the start.
    EstimationError
        A city without events in more than 5 % of its periods; fewer than eight periods before the start; no dose within
        the window; no constant effect that ``"absolute"`` does not reject; each says its mend.

    References
    ----------
    Chernozhukov, Wüthrich & Zhu (2021), Journal of the American Statistical Association 116:1849.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2017-01", periods=48, freq="M")
    >>> frame = pd.DataFrame([(c, m, rng.poisson(180)) for c in "ABCDEF" for m in months],
    ...                      columns=["city", "month", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    >>> its_conformal(d, window=2).terms["term"].tolist()
    ['mean_first_2_months', 'effect_at_0_months', 'effect_at_1_months']
    """
    seen = one_treated(d, method="its_conformal")
    before, inside = _periods(d, seen, window)
    used = np.append(before, inside)
    X = np.column_stack([np.ones(len(seen.dose)), regressors.harmonics(seen.positions, d.season, harmonics)])
    regressors.require_full_rank(X[used], ["constant", *(f"season {number}" for number in range(1, X.shape[1]))])
    treated, others = seen.rates[:, 0], seen.rates[:, 1:]
    y, donors = (treated - others.mean(axis=1), None) if weights == "equal" else (treated, others)

    def last_of(rows: NDArray[np.int64], last: int) -> Conformal:
        chosen = None if donors is None else donors[rows]
        return conformal(y[rows], X[rows], seen.dose[rows], last=last, donors=chosen, statistic=statistic)

    whole = last_of(used, len(inside))
    single = {int(row): last_of(np.append(before, row), 1) for row in inside if seen.dose[row] > 0}
    if len(single) < len(inside):
        note(f"{len(inside) - len(single)} {d.period_name} of the window without a dose have no effect of their own")
    held_out = debiased(
        y[used], X[used], seen.dose[used], last=len(inside), donors=None if donors is None else donors[used]
    )
    facts = _facts(d, seen, used, held_out) | {"weights": weights, "statistic": statistic, "harmonics": harmonics}
    terms = [f"mean_first_{len(inside)}_{d.period_name}"]
    say_what_a_gap_answers("its_conformal", terms[0])
    terms += [f"effect_at_{round(seen.positions[row] - d.start_position)}_{d.period_name}" for row in single]
    found = [whole, *single.values()]
    events = [seen.events[inside].sum(), *(seen.events[row] for row in single)]
    return Result(
        method="its_conformal",
        estimand=replace(seen.estimand, horizon=f"first {len(inside)} {d.period_name} from {d.start}"),
        terms=pd.DataFrame({"term": terms}),
        estimate=np.array([one.estimate for one in found]),
        vcov=np.where(np.eye(len(found)) == 1, [one.std_error**2 for one in found], np.nan),
        df=np.full(len(found), np.inf),
        crossings=_padded([one.crossings for one in found]),
        scale="log_ratio",
        support=pd.DataFrame({"term": terms, "persons": np.nan, "events": events, "units": len(seen.cities)}),
        path=_path(d, seen, used, whole, single),
        n_obs=len(used) * len(seen.cities),
        n_units=len(seen.cities),
        extra=Facts(facts),
    )


def _periods(d: PanelDesign, seen: OneTreated, window: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows before the start, and those of the window."""
    before, after = np.flatnonzero(~seen.after), np.flatnonzero(seen.after)
    if window < 1:
        raise EstimationError(f"window={window} holds no period", mend="give a number of periods, such as 6")
    inside = after[:window]
    if len(inside) < window:
        note(f"the window holds {len(inside)} {d.period_name}, all there are after the start")
    if len(before) < shortest:
        raise EstimationError(
            f"{len(before)} {d.period_name} before the start, of which {shortest} are needed",
            mend="bring a longer time before the start",
        )
    if not (seen.dose[inside] > 0).any():
        raise EstimationError("the dose is 0 all over the window", mend="give a longer window")
    floor = f"its p-values cannot go below 1/{len(before) + len(inside)}"
    if len(before) + 1 < fewest_shifts:
        doubt(f"{len(before)} {d.period_name} before the start: {floor}, and those of single periods never reach 5 %")
    else:
        note(f"cyclic shifts: {floor}, those of single periods not below 1/{len(before) + 1}")
    return before, inside


def _padded(crossings: list[Array]) -> Array:
    """Crossings of terms with different numbers of shifts as one array, NaN where there are fewer."""
    rows = max(len(one) for one in crossings)
    return np.array([np.pad(one, ((0, rows - len(one)), (0, 0)), constant_values=np.nan) for one in crossings])


def _facts(
    d: PanelDesign, seen: OneTreated, used: NDArray[np.int64], held_out: tuple[float, float, float]
) -> dict[str, object]:
    estimate, std_error, df = held_out
    low, high = inference.interval(estimate, std_error, df)
    return {
        "city": seen.cities[0],
        "start": d.start,
        "m": len(seen.cities) - 1,
        "periods": len(seen.dose),
        "mean_events": float(seen.events.mean()),
        "outcome_unit": f"{d.outcome} a {d.period_name[:-1]}",
        "interval": "effects that cyclic shifts of the errors do not reject",
        "p_floor": 1 / len(used),
        "debiased_estimate": estimate,
        "debiased_low": float(low),
        "debiased_high": float(high),
    }


def _path(
    d: PanelDesign, seen: OneTreated, used: NDArray[np.int64], whole: Conformal, single: dict[int, Conformal]
) -> pd.DataFrame:
    """Give counts beside those without the effect; each period of the window with limits of its own."""
    effect, low, high = (np.full(len(seen.dose), np.nan) for _ in range(3))
    effect[used] = whole.errors
    for row, one in single.items():
        effect[row], limits = one.estimate * seen.dose[row], inference.randomization_interval(one.crossings)
        low[row], high[row] = seen.dose[row] * np.where(np.isfinite(limits), limits, np.nan)
    observed = np.maximum(seen.events[used], 0.5)
    return pd.DataFrame(
        {
            "time": d.axis.labels(seen.counts.index.to_numpy()[used]),
            "observed": seen.events[used],
            "counterfactual": observed * np.exp(-effect[used]),
            "low": observed * np.exp(-high[used]),
            "high": observed * np.exp(-low[used]),
            "events": seen.events[used],
            "dose": seen.dose[used],
        }
    )
