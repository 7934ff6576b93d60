"""One treated city against comparison cities, with a prediction interval that knows how far cities drift apart.

Estimand: the mean change of the treated city's log rate per full dose from the start on, over what it would have been
without the programme (ATT in one city). It is the effect of everything that changed at that time in this city only.

Needs: comparison cities that had no programme of their own (register of programmes); seasons and shocks that the cities
share up to the spread measured between them (check: pre_period, placebo_dates, leave_one_out, placebo_cities,
break_date, covid_interval); no single period that decides (check: leverage); outcomes the programme cannot touch that
did not move (check: control_outcomes); about ten events a period or more.

Estimator: r_jt = log(max(y_jt, .5) / e_jt) in the periods that all cities have; z_jt = r_jt less the mean of r_·t over
the comparison cities; per city z = const + θ_j D_t + two harmonics with AR(1) plus white-noise errors by restricted
maximum likelihood; τ² by restricted maximum likelihood from the comparison cities' θ_j with variances v_j m/(m − 1);
d = θ_0, V = v_0 + τ²(1 + 1/m).

Inference: d ± t(df) √V with df = max(m − 1, 2V² / [(1 + 1/m)² 2/tr(PP) + 2 v_0²/df_0]). τ* and κ* say at which spread
between cities the finding dies. A companion, integrated_low and integrated_high, integrates τ over a half-normal(0.2).
Inference "permutation" ranks |d|/√V among those of the comparison cities, each treated in turn with the treated city
left out: its p-value cannot go below 1/(m + 1).

Breaks: when the treated city is structurally more volatile than the comparison cities: no method survives that; read
κ*. With fewer than five comparison cities the power is small. For fewer than ten events a period the log rate is biased
downwards: take longer periods. With several treated cities take a group-time estimator.

Reference: Higgins, Thompson & Spiegelhalter 2009, doi:10.1111/j.1467-985X.2008.00552.x; Viechtbauer 2005,
doi:10.3102/10769986030003261. Checked by hand and against simulated truth: no outside program computes it.

Say: In {city}, {outcome} changed by {mean_post} against what the comparison cities' experience predicts ({interval}).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.prediction import (
    city_table,
    doubt_bound,
    facts,
    gap_matrix,
    gap_path,
    placebo_statistics,
    predict,
    ranked,
)
from coresponder_causal.core.registry import estimator, series_behind
from coresponder_causal.core.regressors import log_rate
from coresponder_causal.core.result import Result
from coresponder_causal.core.series_regression import SeriesRegression
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
few_events, few_cities, most_zeros = 10, 5, 0.05


@estimator(
    design=PanelDesign,
    contrasts=("ATT",),
    reference="Higgins, Thompson & Spiegelhalter 2009",
    checked_against="worked by hand and simulated truth",
)
def did_prediction_interval(
    d: PanelDesign,
    *,
    harmonics: Literal[0, 1, 2, 3] = 2,
    inference: Literal["auto", "prediction", "permutation"] = "auto",
) -> Result:
    """Difference-in-differences for one treated city by a meta-analytic prediction interval.

    Parameters
    ----------
    d : PanelDesign
        With exactly one treated unit.
    harmonics : {0, 1, 2, 3}
        Pairs of seasonal terms in each city's fit.
    inference : {"auto", "prediction", "permutation"}
        The prediction interval, which ``"auto"`` takes; or ranks among the comparison cities.

    Returns
    -------
    Result
        One term ``mean_post``; ``cities`` holds every city's own change; ``extra`` holds tau, tau_star and kappa_star.

    Raises
    ------
    DesignError
        Unless exactly one unit is treated, or when periods common to all cities do not span the start.
    EstimationError
        With fewer than two comparison cities (three for permutation), or a city without events in more than 5 % of its
        periods.

    References
    ----------
    Higgins, Thompson & Spiegelhalter (2009), doi:10.1111/j.1467-985X.2008.00552.x, section 4.1.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2017-01", periods=60, freq="M")
    >>> frame = pd.DataFrame([(c, m, rng.poisson(180)) for c in "ABCDEF" for m in months],
    ...                      columns=["city", "month", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    >>> did_prediction_interval(d).terms["term"].tolist()
    ['mean_post']
    """
    treated = _only_treated(d)
    cities = [treated, *d.comparison_units]
    counts = d.wide(str(d.outcome))[cities]
    positions = counts.index.to_numpy()
    dose = d.dose_of(treated, positions)
    after = _after(d, positions)
    rates = _rates(d, counts)
    times = positions.astype(float)
    fit = predict(rates, dose, times, season=d.season, pairs=harmonics)
    doubt_bound(fit, rates, after)
    placebo, kind = None, Facts()
    if inference == "permutation":
        placebo = placebo_statistics(rates, dose, times, season=d.season, pairs=harmonics)[None, :]
        kind = ranked(placebo[0])
    events = counts[treated].to_numpy()
    return Result(
        method="did_prediction_interval",
        estimand=_estimand(d, treated, int(after.sum())),
        terms=pd.DataFrame({"term": ["mean_post"]}),
        estimate=np.array([fit.effect]),
        vcov=np.array([[fit.variance]]),
        df=np.array([fit.df]),
        placebo=placebo,
        scale="log_ratio",
        support=pd.DataFrame(
            {"term": ["mean_post"], "persons": np.nan, "events": events[after].sum(), "units": len(cities)}
        ),
        path=gap_path(fit, rates, after, d.axis.labels(positions), events),
        cities=city_table(fit, cities, counts.to_numpy().sum(axis=0)),
        n_obs=counts.size,
        n_units=len(cities),
        extra=Facts(
            {"city": treated, "start": d.start, "mean_events": float(events.mean()), "harmonics": harmonics}
            | facts(fit)
            | {"outcome_unit": f"{d.outcome} a {d.period_name[:-1]}"}
            | dict(kind)
        ),
    )


@series_behind("did_prediction_interval")
def _series(result: Result, d: PanelDesign) -> SeriesRegression:
    treated = _only_treated(d)
    counts = d.wide(str(d.outcome))[[treated, *d.comparison_units]]
    positions = counts.index.to_numpy()
    rates = _rates(d, counts)
    pairs = int(result.extra.number("harmonics"))
    matrix = gap_matrix(d.dose_of(treated, positions), positions.astype(float), season=d.season, pairs=pairs)
    return SeriesRegression(
        outcome=rates[:, 0] - rates[:, 1:].mean(axis=1),
        matrix=matrix,
        time=positions.astype(float),
        periods=d.axis.labels(positions),
        start=d.start_position,
        effect=(1,),
        headline=np.eye(matrix.shape[1])[1],
    )


def _only_treated(d: PanelDesign) -> str:
    if len(d.treated_units) != 1:
        raise DesignError(
            f"did_prediction_interval is for one treated city; this design has {len(d.treated_units)}",
            mend="name one treated city and leave the others out",
        )
    if len(d.comparison_units) < few_cities:
        doubt(f"{len(d.comparison_units)} comparison cities: the spread between cities is hardly known")
    return d.treated_units[0]


def _after(d: PanelDesign, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the periods from the start on, among those that all cities have."""
    after = positions >= d.start_position
    lost = len(np.unique(d.axis.positions)) - len(positions)
    if lost:
        doubt(f"{lost} {d.period_name} are not there for every city and were left out of all")
    if after.all() or not after.any():
        raise DesignError(
            f"{len(positions)} {d.period_name} are there for every city, and they lie on one side of the start",
            mend="leave out the cities with short series",
        )
    return np.asarray(after)


def _nonnegative(counts: pd.DataFrame, d: PanelDesign) -> pd.DataFrame:
    """Say what makes log rates of these counts doubtful."""
    negative = int((counts < 0).to_numpy().sum())
    if negative:
        raise DesignError(f"'{d.outcome}' has {negative} negative values", mend="choose a count")
    often = (counts == 0).mean()[lambda share: share > most_zeros]
    if len(often):
        raise EstimationError(
            f"'{d.outcome}' is zero in more than {most_zeros:.0%} of the periods in {', '.join(map(str, often.index))}",
            mend="use longer periods, or leave those cities out",
        )
    zeros = int((counts == 0).to_numpy().sum())
    if zeros:
        note(f"{zeros} of {counts.size} city-periods without events: half an event was put in their place")
    low = counts.mean()[lambda mean: mean < few_events]
    if len(low):
        doubt(f"fewer than {few_events} events a period in {', '.join(map(str, low.index))}: log rates are biased down")
    return counts


def _rates(d: PanelDesign, counts: pd.DataFrame) -> Array:
    return log_rate(_nonnegative(counts, d).to_numpy(), _exposure(d, counts))


def _exposure(d: PanelDesign, counts: pd.DataFrame) -> Array:
    if d.exposure is None:
        return np.ones(counts.shape)
    return d.wide(d.exposure).loc[counts.index, counts.columns].to_numpy()


def _estimand(d: PanelDesign, treated: str, periods: int) -> Estimand:
    return Estimand(
        contrast="ATT",
        outcome=str(d.outcome),
        treatment=d.treatment,
        population=treated,
        horizon=f"{periods} {d.period_name} from {d.start}",
        scale="ratio of rates",
    )
