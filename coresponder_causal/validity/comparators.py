"""What the literature often does instead, as small plain functions, for the study to measure beside our methods.

None of these is a method of the package. Where a published failure is an option of one of our estimators (ordinary
least squares, Newey–West, clustering with one treated city) the study runs that option.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import inference
from coresponder_causal.core.regressors import harmonics, log_rate
from coresponder_causal.core.reml import serial_design
from coresponder_causal.design import PanelDesign, SeriesDesign
from coresponder_causal.validity.cell import Cell
from coresponder_causal.validity.comparators_of_calls import (
    anderson_rubin,
    attended_or_not,
    bootstrap_matched,
    class_block_clusters,
    doubly_robust_attended_or_not,
    exposed_or_not,
    kaplan_meier,
    naive_matched,
    officers_cr1,
    officers_cr2,
    triple_week_clusters,
    week_clusters,
    weighted_attended_or_not,
)
from coresponder_causal.validity.comparison import Comparison, Inverted

Array = NDArray[np.float64]
half_year = 6


def negative_binomial(d: SeriesDesign) -> Comparison:
    """Level change of a negative-binomial regression, which allows for overdispersion and not for persistence."""
    import statsmodels.api as sm

    counts, X = d.outcome_values(), _segments(d, sloped=True)
    mean = sm.GLM(counts, X, family=sm.families.Poisson()).fit().fittedvalues
    extra = ((counts - mean) ** 2 - mean) / mean
    dispersion = max(float(mean @ extra / (mean @ mean)), 1e-6)
    fit = sm.GLM(counts, X, family=sm.families.NegativeBinomial(alpha=dispersion)).fit()
    return Comparison(float(fit.params[2]), float(fit.bse[2]), np.inf)


def quasi_poisson(d: SeriesDesign) -> Comparison:
    """Level change of a Poisson regression with a dispersion: overdispersion is allowed for, persistence is not."""
    import statsmodels.api as sm

    fit = sm.GLM(d.outcome_values(), _segments(d, sloped=True), family=sm.families.Poisson()).fit(scale="X2")
    return Comparison(float(fit.params[2]), float(fit.bse[2]), float(fit.df_resid))


def pandemic_pulse(d: SeriesDesign) -> Comparison:
    """Level change of our own regression, the pandemic held to be a pulse from March to June 2020."""
    y = log_rate(d.outcome_values(), d.exposure_values())
    pulse = np.array([str(month) in ("2020-03", "2020-04", "2020-05", "2020-06") for month in d.periods], float)
    X = np.column_stack([_segments(d, sloped=False), pulse])
    fit = serial_design(X, time=d.positions).fit(y)
    level = np.eye(X.shape[1])[2]
    return Comparison(float(fit.beta[2]), float(np.sqrt(fit.vcov[2, 2])), fit.record.df(level, fit.vcov))


def event_study_clustered(d: PanelDesign) -> Comparison:
    """First half-year after the start against the last one before it, clustered by city (CR1).

    In the saturated regression the one treated city has no residual, so that the variance holds the comparison cities'
    spread alone: (m + 1)/m · Σ (c_j − c̄)² / m².
    """
    rates, first = _rates(d), d.start_position + 1
    change = rates.loc[first : first + half_year - 1].mean() - rates.loc[first - 1 - half_year : first - 2].mean()
    treated, others = _apart(change.to_numpy(), rates.columns, d)
    m = len(others)
    variance = (m + 1) / m * float(((others - others.mean()) ** 2).sum()) / m**2
    return Comparison(treated - float(others.mean()), float(np.sqrt(variance)), float(m))


def log_plus_one(d: PanelDesign) -> Comparison:
    """Difference-in-differences of the means of log(y + 1), with the comparison cities' spread: t(m − 1)."""
    counts = d.wide(str(d.outcome)).transform("log1p")
    after = counts.index.to_numpy() > d.start_position
    change = counts[after].mean() - counts[~after].mean()
    treated, others = _apart(change.to_numpy(), counts.columns, d)
    spread = float(others.std(ddof=1)) * np.sqrt(1 + 1 / len(others))
    return Comparison(treated - float(others.mean()), spread, float(len(others) - 1))


def placebo_rank(d: PanelDesign) -> Comparison:
    """Rank of the treated city's change among all cities' changes, as an interval: unbounded where 5 % is out of reach.

    With fewer than 19 comparison cities the smallest p-value, 1/(m + 1), is above 5 %.
    """
    rates = _rates(d)
    after = rates.index.to_numpy() > d.start_position
    change = rates[after].mean() - rates[~after].mean()
    treated, others = _apart(change.to_numpy(), rates.columns, d)
    effect = treated - float(others.mean())
    if 1 / (len(others) + 1) > 0.05:
        return Comparison(effect, np.inf, np.inf)
    widest = float(np.abs(others - others.mean()).max())
    return Comparison(effect, widest / float(inference.critical(np.inf)), np.inf)


def _segments(d: SeriesDesign, *, sloped: bool) -> Array:
    """Constant, trend, level change, change of slope where it may change, two harmonics."""
    since = d.positions - d.start_position
    columns = [np.ones(len(since)), since, d.dose, *([np.maximum(since, 0.0)] if sloped else [])]
    return np.column_stack([*columns, *harmonics(d.positions, d.season, 2).T])


def _rates(d: PanelDesign) -> pd.DataFrame:
    counts, exposure = d.wide(str(d.outcome)), d.wide(str(d.exposure))
    return pd.DataFrame(log_rate(counts.to_numpy(), exposure.to_numpy()), counts.index, counts.columns)


def _apart(change: Array, cities: object, d: PanelDesign) -> tuple[float, Array]:
    mine = np.asarray(cities) == d.treated_units[0]
    return float(change[mine][0]), change[~mine]


comparators: dict[str, Callable[..., Comparison | Inverted]] = {
    function.__name__: function
    for function in (
        negative_binomial, quasi_poisson, pandemic_pulse, event_study_clustered, log_plus_one, placebo_rank,
        naive_matched, bootstrap_matched, attended_or_not, weighted_attended_or_not, doubly_robust_attended_or_not,
        week_clusters, class_block_clusters, triple_week_clusters, anderson_rubin, kaplan_meier,
        exposed_or_not, officers_cr1, officers_cr2,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A published failure: who fails, with which options, where.

    Parameters
    ----------
    method : str
        Name of an estimator or of a comparator.
    options : tuple of (name, value)
        Options of the estimator.
    cell : Cell
        Where.
    """

    method: str
    cell: Cell
    options: tuple[tuple[str, object], ...] = ()


def failures() -> list[Failure]:
    """Give the failures of the literature that the study shows beside our methods, and one remedy beside its failure.

    Returns
    -------
    list of Failure

    Examples
    --------
    >>> [failure.cell.world for failure in failures() if failure.method == "log_plus_one"]
    ['small city']
    """
    return [*_of_series(), *_of_cities(), *_of_like_calls(), *_of_plans(), *_of_people(), *_of_call_takers()]


def _failing(method: str, *cells: Cell, **options: object) -> list[Failure]:
    """One failure a cell."""
    return [Failure(method=method, options=tuple(options.items()), cell=cell) for cell in cells]


def _of_series() -> list[Failure]:
    smooth = Cell(setting="series", periods=72, events=400.0, rho=0.8, nugget=0.0)
    few, rough = replace(smooth, events=60.0), replace(smooth, events=25.0, nugget=0.3)
    local = [replace(rough, rho=rho) for rho in (0.0, 0.5, 0.8)]
    return [
        *_failing("its_segmented", smooth, errors="ols"),
        *_failing("its_segmented", replace(smooth, periods=36, rho=0.5), smooth, errors="newey-west"),
        *_failing("its_segmented", smooth, errors="prais-winsten"),
        *_failing("its_counts", few, errors="ar-inflated"),
        *_failing("its_counts", few, errors="newey-west"),
        *_failing("its_arima", replace(rough, rho=0.5), order=[1, 0, 1]),
        *_failing("its_structural", *local, component="local"),
        *_failing("negative_binomial", few),
        *_failing("quasi_poisson", few),
        *_failing("pandemic_pulse", replace(few, world="pandemic", rho=0.5, effect=-0.2)),
    ]


def _of_cities() -> list[Failure]:
    city = Cell(setting="city", comparison=10, periods=72, events=400.0, rho=0.4, tau=0.0, treated_noise=1.0)
    sizes, moved = [replace(city, comparison=m) for m in (5, 10, 15)], replace(city, effect=-0.25)
    return [
        *_failing("did_two_way", *sizes, inference="cluster", log=True),
        *_failing("did_two_way", *sizes, inference="wild", log=True),
        *_failing("did_two_way", *sizes, inference="wild", log=True, wild="WCU"),
        *_failing("did_two_way", moved, inference="wild", log=True),
        *_failing("event_study_clustered", city),
        *_failing("placebo_rank", *(replace(cell, effect=-0.25) for cell in sizes)),
        *_failing("log_plus_one", replace(city, world="small city", events=2.0)),
        *_failing("did_prediction_interval", replace(city, world="contaminated", effect=-0.4)),
        *_failing("did_prediction_interval", replace(city, world="funnel")),
    ]


def _of_like_calls() -> list[Failure]:
    calls = Cell(setting="calls", calls=360, share=0.83, adjustment="match_nearest replace")
    matched = (calls, replace(calls, calls=600, share=0.5), replace(calls, calls=450, share=0.67))
    off_duty = replace(calls, world="off duty", share=0.4, adjustment="weight_propensity overlap")
    return [
        *_failing("naive_matched", *matched),
        *_failing("bootstrap_matched", *matched),
        *_failing("call_difference", *matched, variance="abadie-imbens"),
        *_failing("call_difference", off_duty),
    ]


def _of_plans() -> list[Failure]:
    town = Cell(setting="instrument", calls=13_000, share=0.08, rho=0.0, adjustment="coverage_post", effect=-0.108)
    persistent = replace(town, rho=0.8, effect=0.0)
    free = Cell(setting="instrument", calls=3_800, share=0.36, adjustment="team_free", world="load left out")
    hours = Cell(setting="hour_calls", comparison=10, calls=4_000, rho=0.0, adjustment="no covariates")
    edge = Cell(setting="boundary", calls=13_000, share=0.08, rho=0.0, effect=-0.108)
    held = replace(edge, calls=26_000, world="holding")
    return [
        *_failing("attended_or_not", town),
        *_failing("weighted_attended_or_not", town),
        *_failing("doubly_robust_attended_or_not", town),
        *_failing("class_block_clusters", persistent),
        *_failing("week_clusters", persistent),
        *_failing("triple_week_clusters", *(replace(hours, tau=tau) for tau in (0.06, 0.12))),
        *_failing("call_iv", replace(town, world="hour profile moved", effect=0.0), free),
        *_failing("call_boundary", held),
        *_failing("call_boundary", replace(edge, effect=0.0), edge, held, contrast="discontinuity"),
    ]


def _of_people() -> list[Failure]:
    officers = Cell(setting="officers", treated=3, comparison=9, periods=24, rho=0.5)
    jailed = Cell(setting="history", calls=1_500, share=0.4, adjustment="weight_propensity overlap")
    return [
        *_failing("exposed_or_not", replace(officers, treated=30, comparison=12, periods=36)),
        *_failing("officers_cr1", officers),
        *_failing("officers_cr2", officers),
        *_failing("kaplan_meier", replace(jailed, world="one arm jails more")),
    ]


def _of_call_takers() -> list[Failure]:
    answered = Cell(setting="instrument", calls=3_800, share=0.36, adjustment="call_taker")
    weak = [replace(answered, world="takers alike", effect=effect) for effect in (0.0, -0.108)]
    return [
        *_failing("call_iv", replace(answered, world="takers chosen"), *weak),
        *_failing("anderson_rubin", *weak),
    ]
