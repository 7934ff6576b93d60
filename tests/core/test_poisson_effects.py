"""Poisson with unit and period effects: against a generalised linear model with every dummy, and what drops out."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.poisson_effects import CountRows, poisson_effects

UNITS, PERIODS = 7, 12


def drawn(seed=0, mean=6.0, covariates=1):
    rng = np.random.default_rng(seed)
    unit, time = np.repeat(np.arange(UNITS), PERIODS), np.tile(np.arange(PERIODS), UNITS)
    x, exposure = rng.normal(size=(len(unit), covariates)), rng.uniform(1, 4, len(unit))
    line = 0.2 * unit - 0.1 * time + x.sum(axis=1) * 0.3
    return CountRows(rng.poisson(mean * exposure * np.exp(line)).astype(float), exposure, unit, time, x)


def by_dummies(rows):
    dummies = [np.eye(n)[codes] for n, codes in ((UNITS, rows.unit), (PERIODS, rows.time))]
    X = np.hstack([rows.covariates, dummies[0], dummies[1][:, 1:]])
    model = sm.GLM(rows.counts, X, family=sm.families.Poisson(), offset=np.log(rows.exposure))
    return X, model.fit(tol=1e-14, maxiter=200)


@pytest.mark.parametrize("seed", range(3))
def test_the_optimum_is_that_of_the_model_with_every_dummy(seed):
    """Both iterate to the one maximum of a concave likelihood; 1e-8 is what statsmodels leaves."""
    rows = drawn(seed)
    fit, (_, full) = poisson_effects(rows, names=["x"]), by_dummies(rows)
    np.testing.assert_allclose(fit.slopes, full.params[:1], atol=1e-8)
    np.testing.assert_allclose(fit.unit_effects, full.params[1 : 1 + UNITS], atol=1e-8)
    np.testing.assert_allclose(fit.time_effects[1:], full.params[1 + UNITS :], atol=1e-8)
    np.testing.assert_allclose(fit.expected(rows), full.fittedvalues, rtol=1e-8)


def test_fitted_events_add_up_to_counted_ones_in_every_unit_and_period():
    rows = drawn(covariates=0)
    fit = poisson_effects(rows, names=[])
    for codes in (rows.unit, rows.time):
        np.testing.assert_allclose(np.bincount(codes, fit.mean), np.bincount(codes, rows.counts), rtol=1e-10)


def test_the_pull_is_that_of_the_inverse_information():
    rows = drawn()
    fit, (X, full) = poisson_effects(rows, names=["x"]), by_dummies(rows)
    weights = np.random.default_rng(5).normal(size=(len(rows.counts), 2))
    information = X.T @ (full.fittedvalues[:, None] * X)
    np.testing.assert_allclose(
        fit.pull(rows, weights), X @ np.linalg.solve(information, X.T @ weights), rtol=1e-6, atol=1e-9
    )


def test_units_and_periods_without_events_drop_out_and_nothing_else_moves():
    rows = drawn(covariates=0)
    silent = rows._replace(counts=np.where((rows.unit == 2) | (rows.time == 0), 0.0, rows.counts))
    fit = poisson_effects(silent, names=[])
    there = (rows.unit != 2) & (rows.time != 0)
    np.testing.assert_array_equal(fit.kept, there)
    assert np.isnan([fit.unit_effects[2], fit.time_effects[0]]).all()
    assert np.isnan(fit.expected(rows)[~there]).all()
    alone = poisson_effects(rows.take(there), names=[])
    np.testing.assert_allclose(fit.mean, alone.mean, rtol=1e-10)


def test_what_has_no_solution_is_named():
    rows = drawn()
    with pytest.raises(EstimationError, match="'size' is absorbed"):
        poisson_effects(rows._replace(covariates=rows.unit[:, None] ** 2.0), names=["size"])
    apart = (rows.unit < 3) == (rows.time < 5)
    with pytest.raises(EstimationError, match="2 parts that share neither unit nor period"):
        poisson_effects(rows.take(apart), names=["x"])
    with pytest.raises(EstimationError, match="no unit has events"):
        poisson_effects(rows._replace(counts=np.zeros(len(rows.counts))), names=["x"])
    zero = np.where(np.arange(len(rows.counts)) % 9 == 0, 0.0, rows.counts)
    with pytest.raises(EstimationError, match="does not settle: a covariate foretells"):
        poisson_effects(rows._replace(counts=zero, covariates=1.0 * (zero == 0)[:, None]), names=["none"])
