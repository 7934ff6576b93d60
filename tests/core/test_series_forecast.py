"""The forecast by unobserved components: against dense conditional normals, and how often its interval holds."""

import numpy as np
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import critical
from coresponder_causal.core.series_forecast import at_point, forecast, grid

N, M = 40, 28
POSITIONS = np.delete(np.arange(43.0), [5, 6, 30])
X = np.column_stack([np.ones(N), np.sin(POSITIONS), POSITIONS / 40])
Y = X[:M] @ [2.0, 0.5, 1.0] + np.random.default_rng(3).standard_normal(M)


def covariance(component, rho, phi):
    since = POSITIONS - POSITIONS[0]
    apart = np.abs(np.subtract.outer(since, since))
    kernel = np.minimum.outer(since, since) if component == "local" else rho**apart
    return phi * kernel + (1 - phi) * np.eye(N)


def conditional(V, known, wanted):
    """Mean and covariance over s² of some rows given others, β with a very wide normal prior."""
    whole = V + 1e7 * X @ X.T
    weights = np.linalg.solve(whole[np.ix_(known, known)], whole[np.ix_(known, wanted)]).T
    return weights @ Y[known], whole[np.ix_(wanted, wanted)] - weights @ whole[np.ix_(known, wanted)]


@pytest.mark.parametrize(("component", "rho"), [("ar1", 0.7), ("local", np.nan)])
def test_every_period_is_told_by_the_others_over_gaps(component, rho):
    told = at_point(Y, X, POSITIONS, rho=rho, phi=0.3, component=component)
    V, past = covariance(component, rho, 0.3), np.arange(M)
    mean, spread = conditional(V, past, np.arange(M, N))
    np.testing.assert_allclose(told.mean[M:], mean, rtol=1e-5)
    np.testing.assert_allclose(told.scale, told.sigma2 * spread, rtol=1e-4, atol=1e-6)
    for row in (0, 7, M - 1):
        mean, spread = conditional(V, np.delete(past, row), np.array([row]))
        assert told.mean[row] == pytest.approx(mean[0], rel=1e-5)
        assert told.spread[row] == pytest.approx(told.sigma2 * spread[0, 0], rel=1e-5)


def test_the_grid_averages_over_the_restricted_likelihood():
    """Total mean and total covariance over the points, by hand."""
    told = forecast(Y, X, POSITIONS, component="ar1")
    centre, unit = Y.mean(), Y.std()
    points = [at_point((Y - centre) / unit, X, POSITIONS, rho=r, phi=f, component="ar1") for r, f in grid("ar1")]
    weights = np.exp([point.loglik for point in points])
    weights /= weights.sum()
    mean = sum(w * point.mean for w, point in zip(weights, points, strict=True))
    np.testing.assert_allclose(told.mean, centre + unit * mean, rtol=1e-10)
    df = M - 3
    total = sum(
        w * (point.scale * df / (df - 2) + np.outer(point.mean[M:] - mean[M:], point.mean[M:] - mean[M:]))
        for w, point in zip(weights, points, strict=True)
    )
    np.testing.assert_allclose(told.scale * df / (df - 2), unit**2 * total, rtol=1e-10)
    assert told.df == df


def test_a_walk_is_recognised_and_a_still_level_too():
    rng = np.random.default_rng(4)
    ones, t = np.ones((130, 1)), np.arange(130.0)
    walking = forecast(rng.standard_normal(120).cumsum(), ones, t, component="local")
    still = forecast(rng.standard_normal(120), ones, t, component="local")
    assert walking.phi > 0.6
    assert still.phi < 0.05
    assert np.isnan(walking.rho)
    assert forecast(rng.standard_normal(120).cumsum(), ones, t, component="ar1").rho > 0.8


def test_intervals_hold_periods_and_their_mean():
    """AR(1) with noise, 42 before and 30 after: what the interval promises, with all that is not known in it."""
    held, single, replications, t = 0, 0, 60, np.arange(72.0)
    for seed in range(replications):
        rng = np.random.default_rng(seed)
        level = np.zeros(72)
        level[0] = rng.standard_normal()
        for i in range(1, 72):
            level[i] = 0.6 * level[i - 1] + 0.8 * rng.standard_normal()
        y = level + rng.standard_normal(72)
        told = forecast(y[:42], np.ones((72, 1)), t, component="ar1")
        wide = critical(told.df)
        held += abs(y[42:].mean() - told.mean[42:].mean()) < wide * np.sqrt(told.scale.mean())
        single += np.mean(np.abs(y[42:] - told.mean[42:]) < wide * np.sqrt(np.diag(told.scale)))
    # nominal 95; three Monte-Carlo errors of 2.8 points
    assert held / replications > 0.95 - 0.084
    assert single / replications > 0.92


def test_units_and_origin_do_not_matter():
    plain, other = (forecast(values, X, POSITIONS, component="ar1") for values in (Y, 1e5 + 1e3 * Y))
    np.testing.assert_allclose(other.mean, 1e5 + 1e3 * plain.mean, rtol=1e-9)
    np.testing.assert_allclose(other.scale, 1e6 * plain.scale, rtol=1e-6)


def test_too_few_periods_are_refused():
    with pytest.raises(EstimationError, match="5 periods before the start for 3 regressors, 6 are needed"):
        forecast(Y[:5], X, POSITIONS, component="local")
