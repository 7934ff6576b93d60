"""The report room on results that look like those of the estimators."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.provenance import Provenance
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult

CITIES = ("Davis", "Woodland", "Folsom", "Rancho Cordova", "Citrus Heights", "Rocklin", "Chico", "Redding", "Roseville")
MONTHS = pd.period_range("2017-01", "2022-12", freq="M")
DOSE = np.clip((np.arange(72) - 42) + 17 / 31, 0, 1) * (np.arange(72) >= 42)


def estimand(city="West Sacramento"):
    return Estimand(
        contrast="ATT",
        outcome="calls",
        treatment="the programme as run from 2020-07-15, with everything else that changed then",
        population=city,
        horizon="30 months from 2020-07-15",
        scale="ratio of rates",
    )


def provenance(design, options="{}"):
    return Provenance(design=design, data="91b0" * 16, options=options, version="0.1.0", seed=None)


def series_result(effect=-0.2, *, scale="log_ratio", notes=("domain: not yet measured",)):
    rng = np.random.default_rng(3)
    t = np.arange(72)
    base = 62 + 0.12 * t + 6 * np.sin(2 * np.pi * t / 12)
    observed = rng.poisson(base * np.exp(effect * DOSE)).astype(float)
    width = 1.5 + 0.11 * np.maximum(t - 42, 0) ** 1.1
    path = pd.DataFrame(
        {
            "time": MONTHS,
            "observed": observed,
            "counterfactual": base,
            "low": base - 2 * width,
            "high": base + 2 * width,
            "events": observed,
            "dose": DOSE,
        }
    )
    terms = ["mean_post", "level_change", "slope_change", "effect_at_6_months", "averted"]
    log = scale == "log_ratio"
    estimate = np.array([effect, effect - 0.01, 0.001, effect, 0.22]) * (1 if log else 60)
    se = np.array([0.07, 0.09, 0.004, 0.08, 0.09]) * (1 if log else 60)
    return Result(
        method="its_segmented",
        estimand=estimand(),
        terms=pd.DataFrame({"term": terms}),
        estimate=estimate,
        vcov=np.diag(se**2),
        df=np.array([11.3, 17.0, 4.2, 15.0, 10.1]),
        scale=scale,
        event_base=np.array([np.nan] * 4 + [1720.0]) if log else None,
        support=pd.DataFrame({"term": terms, "persons": np.nan, "events": observed[42:].sum(), "units": 1}),
        path=path,
        n_obs=72,
        n_units=1,
        extra=Facts(
            {
                "city": "West Sacramento",
                "start": "2020-07-15",
                "rho": 0.41,
                "phi": 0.8,
                "interval": "t, Satterthwaite df",
                "mean_events": 61.0,
                "outcome_unit": "calls a month",
            }
        ),
        notes=notes,
        provenance=provenance("SeriesDesign", '{"errors": "reml-nugget", "harmonics": 2, "link": "log"}'),
    )


def comparison_result(
    effect=-0.25, *, city="West Sacramento", method="did_prediction_interval", terms=("mean_post",), others=CITIES
):
    rng = np.random.default_rng(5)
    k = len(terms)
    ratio = np.exp(rng.normal(0, 0.13, 72) + effect * DOSE)
    expected = np.exp(0.03 * np.sin(2 * np.pi * np.arange(72) / 12))
    band = np.where(DOSE > 0, 0.21, 0.05)
    path = pd.DataFrame(
        {
            "time": MONTHS,
            "observed": ratio,
            "counterfactual": expected,
            "low": expected * np.exp(-band),
            "high": expected * np.exp(band),
            "events": rng.poisson(60, 72),
            "dose": DOSE,
        }
    )
    cities = pd.DataFrame(
        {
            "city": [city, *others],
            "role": ["treated"] + ["comparison"] * len(others),
            "effect": [effect, *rng.normal(0, 0.1, len(others))],
            "std_error": rng.uniform(0.05, 0.1, 1 + len(others)),
            "df": rng.uniform(8, 30, 1 + len(others)),
            "events": rng.integers(3000, 9000, 1 + len(others)),
        }
    )
    return Result(
        method=method,
        estimand=estimand(city),
        terms=pd.DataFrame({"term": list(terms)}),
        estimate=np.array([effect, effect + 0.06])[:k],
        vcov=np.diag(np.array([0.1, 0.05])[:k] ** 2),
        df=np.array([9.0, 14.0])[:k],
        scale="log_ratio",
        support=pd.DataFrame({"term": list(terms), "persons": np.nan, "events": 1720.0, "units": len(cities)}),
        path=path,
        cities=cities,
        n_obs=720,
        n_units=len(cities),
        extra=Facts(
            {
                "city": city,
                "start": "2020-07-15",
                "tau": 0.07,
                "tau_star": 0.09,
                "kappa_star": 1.4,
                "m": len(others),
                "interval": "prediction interval",
                "mean_events": 60.0,
                "outcome_unit": "calls a month",
            }
        ),
        notes=("domain: not yet measured", "2 of 720 city-periods without events: half an event was put in their place"),
        provenance=provenance("PanelDesign", '{"harmonics": 2}'),
    )


def coverage_result():
    return comparison_result(
        -0.1, method="call_coverage", terms=("triple_difference", "covered_within_city"), others=CITIES[:6]
    )


def checks():
    placebo = pd.DataFrame({"start": ["2018-06", "2019-01"], "estimate": [0.02, -0.05], "p_value": [0.7, 0.0004]})
    return (
        CheckResult(
            check="placebo_dates",
            assumption="The series would have gone on as before.",
            verdict="contradicts",
            power=0.62,
            table=placebo,
            sentence="Of 2 made-up starts before the real one, 1 shows a change at the 5 % level.",
        ),
        CheckResult(
            check="placebo_cities",
            assumption="The treated city is no more volatile than the others.",
            verdict="no contradiction found",
            power=None,
            table=pd.DataFrame({"city": ["Davis"], "estimate": [0.1]}),
            sentence="The treated city ranks 1 of 10; the p-value cannot fall below 0.10.",
        ),
        CheckResult(
            check="control_outcomes",
            assumption="Outcomes that the programme cannot touch did not move.",
            verdict="not applicable",
            power=None,
            table=pd.DataFrame(),
            sentence="No outcome was named that the programme cannot touch.",
        ),
    )


def quality():
    return pd.DataFrame(
        {
            "rule": ["times in order", "values of the list", "unique call"],
            "field": ["arrived_at", "initial_type", "call_id"],
            "severity": ["error", "warning", "error"],
            "count": [907, 12, 2],
            "rows": [(3, 9, 14), (55,), (1, 2)],
            "mend": ["set the wrong time to missing", "add the code to the list", "keep the last row of each call"],
        }
    )


def full_page(city="West Sacramento", **options):
    results = [comparison_result(city=city), series_result(), coverage_result()]
    return report.page(
        results,
        checks=checks(),
        simulated=True,
        quality=quality(),
        truth={"did_prediction_interval.mean_post": -0.22, "its_segmented.mean_post": -0.22},
        design_lines=("West Sacramento against 9 comparison cities, 42 months before and 30 from 15 July 2020 on",),
        **options,
    )


@pytest.fixture
def out(tmp_path):
    return tmp_path
