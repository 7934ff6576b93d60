"""Cyclic shifts by enumeration: every p-value refitted and rolled by hand."""

import numpy as np
import pytest
from scipy.optimize import nnls

from coresponder_causal.core.conformal import conformal, cyclic_statistics, debiased
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import randomization_interval, randomization_p_value

T = 44


def series(seed, *, last, persistence=0.3):
    rng = np.random.default_rng(seed)
    t = np.arange(T)
    X = np.column_stack([np.ones(T), np.sin(2 * np.pi * t / 12), np.cos(2 * np.pi * t / 12)])
    dose = (t >= T - last).astype(float)
    dose[T - last] = 17 / 31
    y = rng.normal(size=T) + persistence * np.cumsum(rng.normal(size=T)) - dose + X[:, 1]
    return y, X, dose, 0.5 * y[:, None] + rng.normal(size=(T, 5))


def by_cone(X, y):
    """Weights on the simplex by nonnegative least squares, see tests of core.simplex."""
    Z = X - y[:, None]
    u = nnls(np.vstack([Z / np.abs(Z).max(), np.ones(Z.shape[1])]), np.append(np.zeros(len(Z)), 1.0))[0]
    return u / u.sum()


def p_by_hand(y, X, dose, theta, *, last, statistic, donors=None):
    project = X @ np.linalg.pinv(X)
    u = (y - theta * dose) - project @ (y - theta * dose)
    if donors is not None:
        clean = donors - project @ donors
        u = u - clean @ by_cone(clean, u)
    windows = np.array([np.roll(u, -shift)[-last:] for shift in range(T)])
    S = np.abs(windows.sum(axis=1)) if statistic == "mean" else np.abs(windows).sum(axis=1)
    return (S[0] - 1e-12 <= S).mean()


@pytest.mark.parametrize("statistic", ["mean", "absolute"])
@pytest.mark.parametrize(("seed", "last"), [(0, 1), (1, 3), (2, 6), (3, 12)])
def test_p_values_are_shares_of_shifts(seed, last, statistic):
    y, X, dose, _ = series(seed, last=last)
    found = conformal(y, X, dose, last=last, statistic=statistic)
    values = [0.0, -1.0, found.estimate, *np.linspace(-6, 4, 81) * found.std_error]
    ours = [randomization_p_value(found.crossings, value) for value in values]
    np.testing.assert_array_equal(
        ours, [p_by_hand(y, X, dose, value, last=last, statistic=statistic) for value in values]
    )


@pytest.mark.parametrize(("seed", "last"), [(0, 1), (4, 5)])
def test_the_interval_ends_where_the_p_value_falls_to_five_per_cent(seed, last):
    y, X, dose, _ = series(seed, last=last)
    low, high = randomization_interval(conformal(y, X, dose, last=last).crossings)
    for end, outward in ((low, -1e-6), (high, 1e-6)):
        assert p_by_hand(y, X, dose, end - outward, last=last, statistic="mean") > 0.05
        assert p_by_hand(y, X, dose, end + outward, last=last, statistic="mean") <= 0.05


def test_the_estimate_is_where_the_mean_error_of_the_last_periods_is_zero():
    y, X, dose, _ = series(5, last=4)
    found = conformal(y, X, dose, last=4)
    assert found.errors[-4:].sum() == pytest.approx(0, abs=1e-10)
    left = y - found.estimate * dose
    np.testing.assert_allclose(found.errors, left - X @ np.linalg.lstsq(X, left, rcond=None)[0], atol=1e-10)
    assert randomization_p_value(found.crossings, found.estimate) == 1
    b = dose - X @ np.linalg.lstsq(X, dose, rcond=None)[0]
    others = [np.roll(found.errors, -shift)[-4:].sum() / b[-4:].sum() for shift in range(1, T)]
    assert found.std_error == pytest.approx(np.sqrt(np.mean(np.square(others))), rel=1e-10)


@pytest.mark.parametrize("statistic", ["mean", "absolute"])
@pytest.mark.parametrize("seed", range(3))
def test_fitted_weights_are_fitted_again_under_every_effect(seed, statistic):
    """The grid may misplace a crossing by part of its step: one shift at most, and never at zero."""
    y, X, dose, donors = series(seed, last=4)
    found = conformal(y, X, dose, last=4, donors=donors, statistic=statistic)
    values = np.array([0.0, *np.linspace(-4, 4, 17) * found.std_error + found.estimate])
    by_hand = np.array([p_by_hand(y, X, dose, v, last=4, statistic=statistic, donors=donors) for v in values])
    ours = np.array([randomization_p_value(found.crossings, value) for value in values])
    assert ours[0] == by_hand[0]
    assert np.abs(ours - by_hand).max() < 1.01 / T
    assert np.mean(ours != by_hand) < 0.2


def test_statistics_begin_with_the_last_periods():
    u = np.array([[1.0, -2.0, 4.0, -8.0]])
    np.testing.assert_allclose(cyclic_statistics(u, 2, "mean") * np.sqrt(2), [[4, 7, 1, 2]])
    np.testing.assert_allclose(cyclic_statistics(u, 2, "absolute") * np.sqrt(2), [[12, 9, 3, 6]])


def test_an_effect_that_varies_leaves_no_constant_one():
    y, X, dose = np.sin(2.3 * np.arange(T)), np.ones((T, 1)), (np.arange(T) >= T - 4).astype(float)
    y[-4:] += [-8, 8, -8, 8]
    with pytest.raises(EstimationError, match="no constant change is compatible") as caught:
        conformal(y, X, dose, last=4, statistic="absolute")
    assert "statistic='mean'" in caught.value.mend
    assert abs(conformal(y, X, dose, last=4).estimate) < 1


def test_shifts_keep_their_level_under_persistence_and_shuffles_do_not():
    """AR(1) of .5, 6 of 48, 5 % tests: shifts within three Monte-Carlo errors; single errors shuffled far above."""
    rng, n, by_shifts, by_shuffles = np.random.default_rng(1), 48, [], []
    dose = (np.arange(n) >= n - 6).astype(float)
    for _ in range(400):
        shocks, y = rng.normal(size=n + 50), np.zeros(n + 50)
        for t in range(1, n + 50):
            y[t] = 0.5 * y[t - 1] + shocks[t]
        y = y[50:] - y[50:].mean()
        by_shifts.append(randomization_p_value(conformal(y, np.ones((n, 1)), dose, last=6).crossings) <= 0.05)
        shuffled = np.abs(rng.permuted(np.tile(y, (199, 1)), axis=1)[:, -6:].sum(axis=1))
        by_shuffles.append((1 + np.sum(shuffled >= abs(y[-6:].sum()))) / 200 <= 0.05)
    assert np.mean(by_shifts) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    assert np.mean(by_shuffles) > 0.12


def test_the_debiased_estimate_by_hand():
    y, X, dose, donors = series(7, last=5)
    before = T - 5
    expected = {"plain": [], "weighted": []}
    for fold in range(3):
        held = np.arange(before - 5 * (fold + 1), before - 5 * fold)
        kept = np.setdiff1d(np.arange(before), held)

        def ahead(values, kept=kept):
            return values - X @ np.linalg.lstsq(X[kept], values[kept], rcond=None)[0]

        gap, clean = ahead(y), ahead(donors)
        expected["plain"].append((gap[before:].mean() - gap[held].mean()) / dose[before:].mean())
        gap = gap - clean @ by_cone(clean[kept], gap[kept])
        expected["weighted"].append((gap[before:].mean() - gap[held].mean()) / dose[before:].mean())
    for kind, given in (("plain", None), ("weighted", donors)):
        estimate, std_error, df = debiased(y, X, dose, last=5, donors=given)
        assert estimate == pytest.approx(np.mean(expected[kind]), abs=1e-9)
        # r = min(39 // 3, 5) = 5 = last: √(1 + 3 · 5/5) = 2
        assert std_error == pytest.approx(2 * np.std(expected[kind], ddof=1) / np.sqrt(3), abs=1e-9)
        assert df == 2
