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

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import doubt
from coresponder_causal.core.prediction import (
    city_table,
    doubt_bound,
    facts,
    gap_path,
    placebo_statistics,
    predict,
    ranked,
)
from coresponder_causal.core.registry import estimator, series_behind
from coresponder_causal.core.result import Result
from coresponder_causal.core.series_regression import SeriesRegression
from coresponder_causal.design.one_treated import gap_regression, one_treated
from coresponder_causal.design.panel import PanelDesign

few_cities = 5


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
    seen = one_treated(d, method="did_prediction_interval")
    if len(seen.cities) <= few_cities:
        doubt(f"{len(seen.cities) - 1} comparison cities: the spread between cities is hardly known")
    rates, dose, times = seen.rates, seen.dose, seen.positions
    fit = predict(rates, dose, times, season=d.season, pairs=harmonics)
    doubt_bound(fit, rates, seen.after)
    placebo, kind = None, Facts()
    if inference == "permutation":
        placebo = placebo_statistics(rates, dose, times, season=d.season, pairs=harmonics)[None, :]
        kind = ranked(placebo[0])
    return Result(
        method="did_prediction_interval",
        estimand=seen.estimand,
        terms=pd.DataFrame({"term": ["mean_post"]}),
        estimate=np.array([fit.effect]),
        vcov=np.array([[fit.variance]]),
        df=np.array([fit.df]),
        placebo=placebo,
        scale="log_ratio",
        support=pd.DataFrame(
            {
                "term": ["mean_post"],
                "persons": np.nan,
                "events": seen.events[seen.after].sum(),
                "units": len(seen.cities),
            }
        ),
        path=gap_path(fit, rates, seen.after, d.axis.labels(seen.counts.index.to_numpy()), seen.events),
        cities=city_table(fit, seen.cities, seen.counts.to_numpy().sum(axis=0)),
        n_obs=seen.counts.size,
        n_units=len(seen.cities),
        extra=Facts(
            {"city": seen.cities[0], "start": d.start, "mean_events": float(seen.events.mean()), "harmonics": harmonics}
            | facts(fit)
            | {"outcome_unit": f"{d.outcome} a {d.period_name[:-1]}"}
            | dict(kind)
        ),
    )


@series_behind("did_prediction_interval")
def _series(result: Result, d: PanelDesign) -> SeriesRegression:
    return gap_regression(d, method=result.method, pairs=int(result.extra.number("harmonics")))
