"""Two-stage least squares against linearmodels 7.1 (IV2SLS), with all effects as columns; drawn data.

Both solve the same normal equations, here after sweeping the effects out: 1e-10.
"""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CallInstrumentDesign
from coresponder_causal.estimate import call_iv
from coresponder_causal.validity.call_worlds import call_table, shifts, start

linearmodels = pytest.importorskip("linearmodels")


def drawn(instrument):
    takers = "chance" if instrument == "call_taker" else None
    calls = call_table(np.random.default_rng(4), calls=13_000 if takers else 3000, takers=takers)
    return CallInstrumentDesign.from_tables(
        calls,
        shifts(),
        outcome="arrest",
        start=start.date(),
        instrument=instrument,
        covariates=["severity", "initial_type", "patrol_load"],
    )


def effects(d):
    """Strata, months and covariates as columns."""
    strata = pd.get_dummies(pd.Series(d.strata()), prefix="hour", dtype=float)
    return pd.concat([strata, d.regressors()], axis=1)


def theirs(d, cluster):
    from linearmodels.iv import IV2SLS

    model = IV2SLS(
        pd.Series(d.calls.outcome_values(), name="y"),
        effects(d),
        pd.Series(d.calls.treated.astype(float), name="d"),
        pd.Series(d.z(), name="z"),
    )
    return model.fit(cov_type="clustered", clusters=cluster.to_numpy(), debiased=False)


@pytest.mark.parametrize("instrument", ["coverage_post", "team_free", "call_taker"])
@pytest.mark.parametrize("way", ["week", "day"])
def test_estimate_and_clustered_error_are_those_of_linearmodels(instrument, way):
    d = drawn(instrument)
    with quietly():
        result, fit = call_iv(d, inference=way), theirs(d, d.timing[way])
    np.testing.assert_allclose(result.estimate[0], fit.params["d"], rtol=1e-10, atol=1e-12)
    n, k, many = len(d.source), effects(d).shape[1] + 1, d.timing[way].nunique()
    factor = many / (many - 1) * (n - 1) / (n - k)
    np.testing.assert_allclose(result.bse.iloc[0] / np.sqrt(factor), fit.std_errors["d"], rtol=1e-10)


def test_the_reduced_form_is_least_squares():
    from linearmodels.iv import IV2SLS

    d = drawn("coverage_post")
    exogenous = effects(d).assign(z=d.z())
    for outcome, ours in (
        (d.calls.outcome_values(), call_iv(d, inference="week").params["itt"]),
        (d.calls.treated.astype(float), call_iv(d, inference="week").extra["first_stage"]),
    ):
        fit = IV2SLS(pd.Series(outcome, name="y"), exogenous, None, None).fit(cov_type="unadjusted")
        np.testing.assert_allclose(ours, fit.params["z"], rtol=1e-9, atol=1e-12)


def test_the_robust_first_stage_f_is_the_effective_f_of_one_instrument():
    """Montiel Olea & Pflueger: with one instrument the effective F is the robust F, π̂²/V̂(π̂)."""
    d = drawn("team_free")
    result = call_iv(d)
    fit = theirs(d, d.timing["week"])
    n, k, many = len(d.source), effects(d).shape[1] + 1, d.timing["week"].nunique()
    factor = many / (many - 1) * (n - 1) / (n - k)
    robust = float(fit.first_stage.diagnostics["f.stat"].iloc[0])
    np.testing.assert_allclose(result.extra["effective_f"] * factor, robust, rtol=1e-9)


def test_complier_means_are_two_stage_least_squares_of_the_treated_covariate():
    """Abadie 2002: the mean of x over compliers is the coefficient of d in the regression of x·d, instrument z."""
    from linearmodels.iv import IV2SLS

    d = drawn("coverage_post")
    result = call_iv(d, inference="week")
    x = d.source["severity"].to_numpy(float)
    treated = d.calls.treated.astype(float)
    fit = IV2SLS(
        pd.Series(x * treated, name="xd"), effects(d), pd.Series(treated, name="d"), pd.Series(d.z(), name="z")
    ).fit()
    np.testing.assert_allclose(result.extra["compliers: severity"], fit.params["d"], rtol=1e-9)
    assert result.extra["all: severity"] == pytest.approx(x.mean())


def test_leniency_given_as_a_column_with_call_takers_as_clusters():
    """Their clustered error is CR1; ours is CR2, of the same scores after the leverage of each cluster."""
    from coresponder_causal.core.two_stage import two_stage

    d = drawn("call_taker")
    fit = theirs(d, d.timing["call_taker"])
    result = call_iv(d)
    np.testing.assert_allclose(result.estimate[0], fit.params["d"], rtol=1e-10)
    own = two_stage(
        d.calls.outcome_values(), d.calls.treated.astype(float), d.z(), strata=d.strata(), regressors=d.regressors()
    )
    vcov, many = own.clustered(d.timing["call_taker"])
    weights, n, k = np.array([1, -own.late]), len(d.source), own.spent + 1
    factor = many / (many - 1) * (n - 1) / (n - k)
    np.testing.assert_allclose(
        np.sqrt(weights @ vcov @ weights / factor) / own.first_stage, fit.std_errors["d"], rtol=1e-10
    )
    assert result.bse.iloc[0] > fit.std_errors["d"]
