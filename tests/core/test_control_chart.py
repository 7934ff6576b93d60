"""Control charts of counts: forecast errors, limits, and how long they stay silent."""

import numpy as np
import pytest

from coresponder_causal.core.control_chart import (
    PreModel,
    charts,
    fit_variances,
    forecast_errors,
    forecasts,
    points,
)
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.null_histories import null_histories
from coresponder_causal.core.regressors import harmonics
from coresponder_causal.core.run_length import first_alarms, limits_for


def a_model(n: int = 48, ahead: int = 24, mean: float = 30.0) -> PreModel:
    months = np.arange(n + ahead, dtype=float)
    matrix = np.column_stack([np.ones(n + ahead), (months - n) / 12, harmonics(months, 12, 1)])
    return PreModel(matrix=matrix, mean=np.full(n + ahead, mean), positions=months, n=n)


def test_forecast_errors_are_recursive_residuals() -> None:
    """With white errors they are Brown, Durbin and Evans's, reckoned here month by month by least squares."""
    model = a_model()
    residuals = np.random.default_rng(1).normal(size=(1, 72))
    fitted = fit_variances(model, residuals[:, :48])
    white = int(np.argmin(points[:, 1] + points[:, 0]))
    fitted.chosen[:] = white
    found = forecast_errors(model, residuals, fitted)[0]
    rows = np.sqrt(model.mean)[:, None] * model.matrix
    by_hand = []
    for t in range(48, 72):
        X, y = rows[:t], residuals[0, :t]
        beta = np.linalg.lstsq(X, y, rcond=None)[0]
        spread = 1 + rows[t] @ np.linalg.inv(X.T @ X) @ rows[t]
        by_hand.append((residuals[0, t] - rows[t] @ beta) / np.sqrt(spread))
    scale = max(1.0, float(np.sqrt(fitted.sigma2[white, 0])))
    assert points[white, 1] < 0.06  # share of the variance that lasts, hardly any
    np.testing.assert_allclose(found * scale, by_hand, rtol=0.03, atol=0.03)  # its share of white noise is .95, not 1


def test_a_step_that_is_learned_gives_no_error_in_its_first_month() -> None:
    model = a_model()
    step = (np.arange(72) >= 60).astype(float)
    told = PreModel(matrix=np.column_stack([model.matrix, step]), mean=model.mean, positions=model.positions, n=48)
    counts = np.random.default_rng(2).poisson(30.0, 72).astype(float)
    counts[60:] += 30
    assert forecasts(model, counts).errors[12] > 2
    learned = forecasts(told, counts).errors
    assert abs(learned[12]) < 0.05
    assert np.abs(learned[13:]).max() < 3.5


@pytest.mark.parametrize(("spread", "floor"), [(1.0, 1.0), (3.0, 1.0), (0.6, 0.6)])
def test_null_histories_spread_as_the_months_seen(spread: float, floor: float) -> None:
    model = PreModel(matrix=np.ones((150, 1)), mean=np.full(150, 40.0), positions=np.arange(150.0), n=120, floor=floor)
    residuals = np.sqrt(spread) * np.random.default_rng(3).normal(size=120)
    drawn = null_histories(model, residuals, draws=400, rng=np.random.default_rng(4))
    assert drawn.min() >= 0
    assert np.array_equal(drawn, np.round(drawn))
    assert drawn.mean() == pytest.approx(40, rel=0.03)
    assert (drawn.var(axis=1).mean() / 40) == pytest.approx(max(residuals.var(), floor), rel=0.15)


def test_errors_without_a_change_have_mean_zero_and_variance_about_one() -> None:
    model = a_model()
    residuals = model.residuals(np.random.default_rng(5).poisson(30.0, 48).astype(float))
    drawn = model.residuals(null_histories(model, residuals, draws=400, rng=np.random.default_rng(6)))
    errors = forecast_errors(model, drawn, fit_variances(model, drawn[:, :48]))
    assert abs(errors.mean()) < 0.03
    assert 0.9 < errors.var() < 1.1
    assert abs(np.corrcoef(errors[:, 5], errors[:, 6])[0, 1]) < 0.2


def test_charts_by_hand() -> None:
    weighted, summed = charts(np.array([[1.0, 2.0, -4.0]]))
    raw = [0.2, 0.2 * 2 + 0.8 * 0.2, 0.2 * -4 + 0.8 * 0.56]
    spread = [np.sqrt(0.2 / 1.8 * (1 - 0.8 ** (2 * t))) for t in (1, 2, 3)]
    np.testing.assert_allclose(weighted[0], np.array(raw) / spread)
    np.testing.assert_allclose(summed[0], [0.5, 2.0, -3.5])


def test_limits_hold_the_run_length_for_charts_read_together() -> None:
    """Independent white charts: one alarm of three charts in 60 months needs one in 180 of each."""
    rng = np.random.default_rng(7)
    alone = limits_for([rng.normal(size=(1000, 180))], run_length=60).values
    three = limits_for([rng.normal(size=(1000, 180)) for _ in range(3)], run_length=60)
    fresh = first_alarms([rng.normal(size=(1000, 180)) for _ in range(3)], three.values)
    assert three.values.min() > alone[0] + 0.2
    assert fresh.mean() > 60 - 2 * 1.7


def test_too_short_a_horizon_is_refused() -> None:
    with pytest.raises(EstimationError, match="histories of 70 months cannot show a run length of 60"):
        limits_for([np.zeros((100, 70))], run_length=60)
