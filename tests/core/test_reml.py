from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.linalg import cho_solve, cholesky, null_space
from scipy.optimize import minimize

from coresponder_causal.core import reml_search
from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.notes import Doubt, collecting
from coresponder_causal.core.reml import SerialDesign, serial_design
from coresponder_causal.core.reml_fit import RemlFit
from coresponder_causal.core.reml_search import PHI_MIN, RHO_MAX

BOX = [(0.0, RHO_MAX), (PHI_MIN, 1.0)]


def segmented(time: np.ndarray, pairs: int = 2) -> np.ndarray:
    """Level and slope change after 58 % of the series, with seasonal pairs."""
    start = np.quantile(time, 0.58)
    after = (time >= start).astype(float)
    waves = [wave(2 * np.pi * h * time / 12) for h in range(1, pairs + 1) for wave in (np.sin, np.cos)]
    return np.column_stack([np.ones(len(time)), (time - start) / 12, after, after * (time - start) / 12, *waves])


def correlation(time: np.ndarray, rho: float, phi: float) -> np.ndarray:
    lag = np.abs(np.subtract.outer(time, time)).astype(int)
    return (phi * float(rho) ** np.arange(lag.max() + 1))[lag] + (1 - phi) * np.eye(len(time))


def simulate(rng: np.random.Generator, time: np.ndarray, rho: float, phi: float) -> np.ndarray:
    return np.linalg.cholesky(correlation(time, rho, phi)) @ rng.normal(size=len(time))


def dense_loglik(y: np.ndarray, X: np.ndarray, time: np.ndarray, rho: float, phi: float) -> float:
    """REML log-likelihood with an n × n Cholesky factor."""
    n, k = X.shape
    root = cholesky(correlation(time, rho, phi), lower=True, check_finite=False)
    solved = cho_solve((root, True), np.column_stack([X, y]), check_finite=False)
    gram = X.T @ solved[:, :k]
    beta = np.linalg.solve(gram, X.T @ solved[:, k])
    sigma2 = (y - X @ beta) @ (solved[:, k] - solved[:, :k] @ beta) / (n - k)
    logdets = 2 * np.log(np.diag(root)).sum() + np.linalg.slogdet(gram)[1] - np.linalg.slogdet(X.T @ X)[1]
    return float(-0.5 * ((n - k) * (np.log(2 * np.pi * sigma2) + 1) + logdets))


def contrast_surface(X: np.ndarray, time: np.ndarray, rhos: np.ndarray, phis: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """REML log-likelihood of N'y ~ N(0, s²N'KN) for every point and series, by eigenvalues of N'R(ρ)N."""
    null = null_space(X.T)
    spare = null.shape[1]
    out = np.empty((len(rhos), len(phis), Y.shape[1]))
    for i, rho in enumerate(rhos):
        values, vectors = np.linalg.eigh(null.T @ correlation(time, rho, 1.0) @ null)
        squares = (vectors.T @ null.T @ Y) ** 2
        spread = phis[:, None] * values + 1 - phis[:, None]
        sigma2 = (1 / spread) @ squares / spare
        out[i] = -0.5 * (spare * (np.log(2 * np.pi * sigma2) + 1) + np.log(spread).sum(axis=1)[:, None])
    return out


def dense_optimum(y: np.ndarray, X: np.ndarray, time: np.ndarray, surface: np.ndarray, grid: np.ndarray) -> float:
    """Best of a fine grid and of bounded quasi-Newton searches from its best points that lie apart."""
    starts: list[np.ndarray] = []
    near = np.flatnonzero(surface > surface.max() - 0.5)  # the grid is fine: a lower point leads to a lower peak
    for place in grid[near[np.argsort(-surface[near])]]:
        if len(starts) < 3 and all(np.abs(place - other).max() > 0.2 for other in starts):
            starts.append(place)
    found = [-minimize(lambda p: -dense_loglik(y, X, time, *p), s, bounds=BOX, method="L-BFGS-B").fun for s in starts]
    return max(*found, float(surface.max()))


def gapped() -> np.ndarray:
    """Six years of months without a quarter of 2020 and two lone months."""
    return np.delete(np.arange(75.0), [10, 38, 50, 51, 52])


SETTINGS = [
    ("24 months", np.arange(24.0), 1),
    ("36 months", np.arange(36.0), 1),
    ("72 months", np.arange(72.0), 2),
    ("gaps", gapped(), 2),
    ("104 weeks", np.arange(104.0), 2),
    ("156 weeks", np.arange(156.0), 2),
]


@pytest.mark.parametrize(("label", "time", "pairs"), SETTINGS, ids=[s[0] for s in SETTINGS])
def test_likelihood_is_never_worse_than_a_dense_optimum(label, time, pairs):
    """300 series in all; the search over the box must come within 0.01 of an independent one."""
    rng = np.random.default_rng(len(time))
    X = segmented(time, pairs)
    truths = [(rho, phi) for rho in (0.0, 0.3, 0.6, 0.8, 0.95) for phi in (0.1, 0.3, 0.5, 0.8, 1.0)] * 2
    Y = np.column_stack([simulate(rng, time, rho, phi) for rho, phi in truths])
    rhos = np.unique(np.concatenate([np.linspace(0, 0.9, 31), np.linspace(0.9, RHO_MAX, 18)]))
    phis = np.unique(np.concatenate([np.linspace(PHI_MIN, 0.2, 10), np.linspace(0.2, 1, 25)]))
    surface = contrast_surface(X, time, rhos, phis, Y).reshape(-1, Y.shape[1])
    grid = np.array([(rho, phi) for rho in rhos for phi in phis])
    design = SerialDesign(X, time=time)
    lacking = []
    for y, values in zip(Y.T, surface.T, strict=True):
        fit = design.fit(y)
        # the likelihood reported is that of the point reported
        assert fit.loglik == pytest.approx(dense_loglik(y, X, time, fit.rho, fit.phi), abs=1e-7)
        lacking.append(dense_optimum(y, X, time, values, grid) - fit.loglik)
    assert len(lacking) == 50
    assert max(lacking) < 0.01


@pytest.mark.parametrize(("rho", "phi"), [(0.0, 1.0), (0.0, 0.4), (0.3, 1.0), (0.7, 0.5), (RHO_MAX, PHI_MIN)])
def test_likelihood_agrees_with_a_dense_one(rho, phi):
    time = gapped()
    X = segmented(time)
    y = simulate(np.random.default_rng(3), time, 0.6, 0.7) + 40
    ours = SerialDesign(X, time=time).reml_loglik(y, rho, phi)
    assert ours == pytest.approx([dense_loglik(y, X, time, rho, phi)], abs=1e-8)


def fitted(seed: int = 8, n: int = 72, rho: float = 0.7, phi: float = 0.6) -> tuple[SerialDesign, np.ndarray, RemlFit]:
    time = np.arange(float(n))
    y = simulate(np.random.default_rng(seed), time, rho, phi) + 3
    design = SerialDesign(segmented(time))
    return design, y, design.fit(y)


def dense_moments(X: np.ndarray, time: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """V and Var(β̂) at θ = (log s², ρ, φ)."""
    V = np.exp(theta[0]) * correlation(time, theta[1], theta[2])
    return V, np.linalg.inv(X.T @ np.linalg.solve(V, X))


def test_estimates_are_generalised_least_squares_at_the_optimum():
    design, y, fit = fitted()
    V, vcov = dense_moments(design.X, design.time, np.array([np.log(fit.sigma2), fit.rho, fit.phi]))
    np.testing.assert_allclose(fit.vcov, vcov, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(fit.beta, vcov @ design.X.T @ np.linalg.solve(V, y), rtol=1e-8)
    np.testing.assert_allclose(fit.residuals, y - design.X @ fit.beta, atol=1e-12)
    assert fit.residuals @ np.linalg.solve(V, fit.residuals) == pytest.approx(fit.n - fit.k, rel=1e-8)


@pytest.mark.parametrize("time", [np.arange(72.0), gapped()], ids=["months", "gaps"])
def test_degrees_of_freedom_agree_with_numerical_derivatives(time):
    y = simulate(np.random.default_rng(8), time, 0.7, 0.6) + 3
    design = SerialDesign(segmented(time), time=time)
    fit = design.fit(y)
    assert fit.at_bound == ()
    theta = np.array([np.log(fit.sigma2), fit.rho, fit.phi])
    V, vcov = dense_moments(design.X, design.time, theta)
    P = np.linalg.inv(V) - np.linalg.solve(V, design.X) @ vcov @ np.linalg.solve(V, design.X).T
    width, slopes, gradient = 1e-5, [], []
    for shift in width * np.eye(3):
        upper, lower = (dense_moments(design.X, design.time, theta + sign * shift) for sign in (1, -1))
        slopes.append((upper[0] - lower[0]) / (2 * width))
        gradient.append((upper[1] - lower[1]) / (2 * width))
    information = np.array([[0.5 * np.trace(P @ a @ P @ b) for b in slopes] for a in slopes])
    # central differences of width 1e-5 are good to about 1e-9 of V; the entries lose a few digits more
    np.testing.assert_allclose(fit.record.information, information, rtol=1e-6)
    np.testing.assert_allclose(fit.record.gradient, gradient, rtol=1e-5, atol=1e-8)
    c = np.eye(fit.k)[2]
    slope = np.array([c @ G @ c for G in gradient])
    df = 2 * (c @ vcov @ c) ** 2 / (slope @ np.linalg.solve(information, slope))
    assert fit.record.df(c, fit.vcov) == pytest.approx(df, rel=1e-6)
    assert 1 < df < fit.n - fit.k == fit.record.ceiling


def alternating(n: int = 60) -> np.ndarray:
    return np.where(np.arange(n) % 2, 1.0, -1.0) + 0.1 * np.sin(np.arange(n))


def wandering(n: int = 60) -> np.ndarray:
    return np.cumsum(np.sin(1.7 * np.arange(n) ** 1.5))


def test_bounds_are_named_and_their_parameters_dropped():
    design = SerialDesign(np.ones((60, 1)))
    white = design.fit(alternating())
    assert white.at_bound == ("rho zero",)
    assert (white.rho, white.phi, len(white.record.information)) == (0.0, 1.0, 2)  # log s², ρ
    wandered = design.fit(np.arange(60.0) ** 2)
    assert wandered.at_bound == ("rho upper", "nugget zero")
    assert (wandered.rho, wandered.phi, len(wandered.record.information)) == (RHO_MAX, 1.0, 1)  # log s²
    assert wandered.record.df(np.ones(1), wandered.vcov) == pytest.approx(59)


def test_a_series_without_nugget_says_so():
    time = np.arange(72.0)
    y = simulate(np.random.default_rng(0), time, 0.6, 1.0)
    design = SerialDesign(np.ones((72, 1)))
    surface = design.reml_loglik(y, 0.6, np.array([0.9, 1.0]))
    fit = design.fit(y)
    assert surface[1] > surface[0]
    assert fit.at_bound == ("nugget zero",)
    assert fit.phi == 1.0
    plain = SerialDesign(np.ones((72, 1)), nugget=False).fit(y)
    assert plain.at_bound == ()
    assert plain.rho == pytest.approx(fit.rho, abs=1e-4)
    assert plain.loglik == pytest.approx(fit.loglik, abs=1e-8)


def test_plain_ar1_never_fits_a_nugget():
    _, y, full = fitted()
    plain = SerialDesign(segmented(np.arange(72.0)), nugget=False).fit(y)
    assert full.phi < 1
    assert plain.phi == 1.0
    assert len(plain.record.information) == 2
    assert plain.loglik <= full.loglik


def test_units_and_origins_carry_through():
    design, y, fit = fitted()
    turn = np.eye(design.k)
    turn[0, 1], turn[2, 2] = 7.0, 0.01
    other = SerialDesign(design.X @ turn, time=design.time + 240).fit(1e6 + 50 * y)
    # the same optimum reached with other rounding; the search stops at gains of 1e-8 in the likelihood
    assert (other.rho, other.phi) == pytest.approx((fit.rho, fit.phi), abs=1e-4)
    assert other.sigma2 == pytest.approx(2500 * fit.sigma2, rel=1e-4)
    assert other.loglik == pytest.approx(fit.loglik - (72 - 8) * np.log(50), abs=1e-6)
    back = turn @ other.beta / 50
    assert back[2] == pytest.approx(fit.beta[2], rel=1e-4)


def test_a_gap_is_not_a_neighbour():
    time = gapped()
    y = simulate(np.random.default_rng(12), np.arange(75.0), 0.8, 0.9)[time.astype(int)]
    with_gaps = SerialDesign(np.ones((len(time), 1)), time=time).fit(y)
    closed_up = SerialDesign(np.ones((len(time), 1))).fit(y)
    assert with_gaps.loglik == pytest.approx(
        dense_loglik(y, np.ones((len(time), 1)), time, with_gaps.rho, with_gaps.phi), abs=1e-8
    )
    assert abs(with_gaps.loglik - closed_up.loglik) > 1e-3


def test_fits_repeat_and_leave_their_input_alone():
    X, y = segmented(np.arange(72.0)), wandering(72)
    before = X.copy(), y.copy()
    design = SerialDesign(X)
    first, second = design.fit(y), design.fit(y)
    third = SerialDesign(X).fit(y)
    for other in (second, third):
        assert (first.rho, first.phi, first.loglik) == (other.rho, other.phi, other.loglik)
        np.testing.assert_array_equal(first.beta, other.beta)
        np.testing.assert_array_equal(first.vcov, other.vcov)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])
    X[0] = 99.0
    np.testing.assert_array_equal(design.X, before[0])


def test_satterthwaite_df_of_white_noise_stay_below_the_ceiling():
    design = SerialDesign(np.column_stack([np.ones(60), np.arange(60) >= 35]).astype(float))
    fit = design.fit(alternating())
    df = fit.record.df(np.array([0.0, 1.0]), fit.vcov)
    assert 1 <= df < 58


def test_one_error_names_every_broken_rule_of_a_design():
    X = np.ones((4, 3))
    X[3, 0] = np.nan
    with pytest.raises(EstimationError) as caught:
        SerialDesign(X, time=np.array([0.0, 2.0, 2.0, 2.5]))
    message = str(caught.value)
    assert "breaks 4 rules" in message
    assert "4 rows for 3 columns, 5 are needed" in message
    assert "1 rows of the regressors are not finite (rows 3)" in message
    assert "1 times are not integer positions (rows 3)" in message
    assert "1 times do not increase (rows 2)" in message


def test_refusals():
    time = np.arange(24.0)
    X = segmented(time, 1)
    with pytest.raises(EstimationError, match="'column 6' is absorbed"):
        SerialDesign(np.column_stack([X, X[:, 0] - X[:, 2]]))
    with pytest.raises(EstimationError, match="time has shape"):
        SerialDesign(X, time=np.arange(23.0))
    design = SerialDesign(X)
    with pytest.raises(EstimationError, match="reproduce the 24 values of the outcome exactly"):
        design.fit(np.full(24, 7.0))
    with pytest.raises(EstimationError, match="reproduce"):
        design.fit(X @ np.arange(6.0))
    with pytest.raises(EstimationError, match=r"2 values of the outcome are not finite \(rows 1, 5\)"):
        design.fit(np.where(np.isin(time, [1, 5]), np.nan, time))
    with pytest.raises(EstimationError, match=r"outcome has shape \(3,\)"):
        design.fit(np.ones(3))
    with pytest.raises(EstimationError, match="2 points outside 0 ≤ ρ < 1, 0 < φ ≤ 1"):
        design.reml_loglik(np.sin(time), np.array([0.5, 1.0, -0.1]), 0.5)


def test_a_peak_that_is_not_reached_is_said(monkeypatch):
    """Long series are integrated over a grid, which is a doubt; short ones are refused."""
    monkeypatch.setattr(reml_search, "most_steps", 0)
    y = simulate(np.random.default_rng(8), np.arange(72.0), 0.7, 0.6)
    design = SerialDesign(segmented(np.arange(72.0)))
    with collecting() as said, pytest.warns(IdentificationWarning):
        fit = design.fit(y)
    assert [type(each) for each in said] == [Doubt]
    assert "integrated over a grid" in said[0]
    np.testing.assert_array_equal(fit.beta, design.grid_many(y[:, None])[0].beta)
    assert fit.record.df(np.eye(8)[2], fit.vcov) == 72 - 8
    with pytest.raises(EstimationError, match="no peak that 40 steps reach"):
        SerialDesign(segmented(np.arange(71.0))).fit(y[:71])


def test_a_grid_is_integrated_as_by_hand():
    """A mixture of t distributions at each (ρ, φ), every covariance inverted in full."""
    time = gapped()
    X, n = segmented(time, 1), len(time)
    y = simulate(np.random.default_rng(5), time, 0.6, 0.5) + 2
    rhos = np.array([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.94, 0.97])
    phis = np.array([0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 1.0])
    lengths = [np.diff([x[0], *(x[1:] + x[:-1]) / 2, x[-1]]) for x in (rhos, phis)]
    weights, means, spreads, places = [], [], [], []
    for (i, rho), (j, phi) in product(enumerate(rhos), enumerate(phis)):
        K = correlation(time, rho, phi)
        A = np.linalg.inv(X.T @ np.linalg.solve(K, X))
        beta = A @ X.T @ np.linalg.solve(K, y)
        spread = (y - X @ beta) @ np.linalg.solve(K, y - X @ beta) / (n - X.shape[1])
        weights.append(np.log(lengths[0][i] * lengths[1][j]) + dense_loglik(y, X, time, rho, phi))
        means.append(beta)
        spreads.append(spread * (n - X.shape[1]) / (n - X.shape[1] - 2) * A)
        places.append((rho, phi if rho else 1.0))
    share = np.exp(np.array(weights) - max(weights))
    share /= share.sum()
    beta = share @ np.array(means)
    away = np.array(means) - beta
    fit = SerialDesign(X, time=time).grid_many(np.column_stack([-y, y]))[1]
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-9)
    np.testing.assert_allclose(fit.vcov, np.tensordot(share, spreads, 1) + (away.T * share) @ away, rtol=1e-8)
    assert (fit.rho, fit.phi) == pytest.approx(tuple(share @ np.array(places)), rel=1e-9)


def test_a_grid_needs_a_spare_row():
    with pytest.raises(EstimationError, match="8 rows for 6 columns"):
        SerialDesign(segmented(np.arange(8.0), 1)).grid_many(np.sin(np.arange(8.0))[:, None])


def correlated(n, rho, seed):
    rng = np.random.default_rng(seed)
    e = rng.normal(size=n)
    for t in range(1, n):
        e[t] = rho * e[t - 1] + np.sqrt(1 - rho**2) * e[t]
    return e


def test_several_outcomes_are_fitted_as_each_alone():
    """Each climbs by itself; only the sums of a batch may be added in another order: rounding, far below 1e-8."""
    X = np.column_stack([np.ones(60), np.arange(60) >= 35])
    design = SerialDesign(X)
    outcomes = [correlated(60, rho, seed) for seed, rho in enumerate((0.0, 0.3, 0.6, 0.9, 0.97))]
    for together, y in zip(design.fit_many(np.column_stack(outcomes)), outcomes, strict=True):
        alone = design.fit(y)
        np.testing.assert_allclose(together.beta, alone.beta, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(together.vcov, alone.vcov, rtol=1e-7)
        assert (together.rho, together.phi) == pytest.approx((alone.rho, alone.phi), abs=1e-7)


def test_limits_of_rho_are_where_the_profile_likelihood_falls_by_half_a_squared_quantile():
    """Against a dense profile over φ; the grid's steps of .05 in ρ and its thirteen φ allow .02."""
    design, y = SerialDesign(np.ones((120, 1))), correlated(120, 0.6, seed=4)
    rho, phi = np.linspace(0.01, 0.98, 98), np.linspace(0.02, 1.0, 99)
    profile = np.array([design.reml_loglik(y, np.full(len(phi), r), phi).max() for r in rho])
    inside = rho[profile >= profile.max() - 0.8416212**2 / 2]
    lower, upper = design.rho_limits(y)
    assert lower == pytest.approx(inside.min(), abs=0.02)
    assert upper == pytest.approx(inside.max(), abs=0.02)
    assert lower < design.fit(y).rho < upper


def test_limits_of_rho_widen_with_their_confidence_and_reach_the_ends():
    design, white = SerialDesign(np.ones((40, 1))), correlated(40, 0.0, seed=2)
    assert design.rho_limits(white)[0] == 0
    narrow, wide = (design.rho_limits(correlated(40, 0.6, seed=1), share=share) for share in (0.6, 0.95))
    assert wide[0] <= narrow[0] < narrow[1] <= wide[1] <= 0.985


def test_upper_limits_of_rho_hold_four_times_in_five():
    """200 series of 150 periods, no nugget in the model: a Monte-Carlo error of .028; small-sample bias allows .07."""
    design = SerialDesign(np.ones((150, 1)), nugget=False)
    above = np.mean([design.rho_limits(correlated(150, 0.5, seed))[1] >= 0.5 for seed in range(200)])
    assert abs(above - 0.8) < 0.07


def test_regressors_met_again_are_the_same_design():
    X, time = np.column_stack([np.ones(30), np.arange(30) >= 15]).astype(float), np.arange(30.0)
    first = serial_design(X, time=time)
    assert serial_design(X.copy(), time=time.copy()) is first
    assert serial_design(X, time=time, nugget=False) is not first
    assert serial_design(X, time=time + np.arange(30)) is not first
    np.testing.assert_array_equal(first.X, X)
