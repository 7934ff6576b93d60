"""Segmented regression of counts: against simulated truth and its own definitions. R is in tests/reference."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.core.count_regression import fit_counts
from coresponder_causal.core.error_models import fit_errors
from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.design import SeriesDesign
from coresponder_causal.design.segmented import segmented
from coresponder_causal.estimate import its_counts, its_segmented

N, FIRST = 72, 42
MONTHS = pd.period_range("2013-01", periods=N, freq="M")
SINCE = np.arange(N) - float(FIRST)
DOSE = (SINCE >= 0).astype(float)
AFTER = SINCE >= 0
SEASON = 0.15 * np.sin(2 * np.pi * np.arange(N) / 12)


def rate(*, mean=30.0, level=-0.3, slope=0.0):
    return mean * np.exp(0.003 * SINCE + level * DOSE + slope * np.maximum(SINCE, 0) + SEASON)


def frame(seed=1, **options):
    calls = np.random.default_rng(seed).poisson(rate(**options))
    return pd.DataFrame({"month": MONTHS, "calls": calls, "population": 50_000 + 400 * np.arange(N)})


def design(table=None, **options):
    given = {"outcome": "calls", "time": "month", "start": MONTHS[FIRST]} | options
    return SeriesDesign.from_frame(frame() if table is None else table, **given)


def value(result, term):
    return float(result.params[term])


def test_a_step_and_a_bend_are_recovered_under_a_growing_exposure():
    table = frame()
    shocks = np.exp(np.random.default_rng(2).normal(0, 1e-4, N))
    table["calls"] = rate(slope=-0.01) * table["population"] / 50_000 * shocks
    for family in ("poisson", "negative-binomial"):
        fit = its_counts(design(table, exposure="population"), family=family)
        # Shocks of one in ten thousand: standard errors near 1e-4; six of them.
        assert value(fit, "level_change") == pytest.approx(-0.3, abs=6e-4)
        assert value(fit, "slope_change") == pytest.approx(-0.01, abs=6e-5)
        assert value(fit, "mean_post") == pytest.approx((-0.3 - 0.01 * SINCE)[AFTER].mean(), abs=6e-4)


def test_it_agrees_with_the_log_route_where_counts_are_large():
    table = frame(mean=40_000.0)
    ours, logs = its_counts(design(table), errors="quasi"), its_segmented(design(table), errors="ols")
    # Both see the same relative errors of .005; they weight periods by their means or alike.
    np.testing.assert_allclose(ours.estimate[:3], logs.estimate[:3], atol=0.002)
    assert value(ours, "averted") == pytest.approx(value(logs, "averted"), rel=0.02)


def test_zeros_stand_as_they_are():
    table = frame(mean=1.5, level=-0.5)
    zeros = int((table["calls"] == 0).sum())
    assert zeros > 10
    fit = its_counts(design(table), slope_change=False)
    assert f"{zeros} of 72 months are without events, and stand as zeros" in fit.notes
    assert any("events a period: counting noise hides" in text and "longer periods" in text for text in fit.notes)
    # The step is one for all periods: averted events are the counted ones times what the ratio takes from one.
    counted = table["calls"][AFTER].sum()
    events = fit.tidy().set_index("term").loc["averted", "estimate"]
    assert events == pytest.approx(counted * np.expm1(-value(fit, "level_change")), rel=1e-9)


def test_weeks_with_few_events_are_advised_to_be_months():
    weeks = pd.period_range("2015-01-05", periods=208, freq="W-SUN")
    table = pd.DataFrame({"week": weeks, "calls": np.random.default_rng(5).poisson(4.0, 208)})
    fit = its_counts(design(table, time="week", start=weeks[110]))
    assert any(
        text.startswith(f"{table['calls'].mean():.1f} events a period") and "period='month'" in text
        for text in fit.notes
    )


@pytest.mark.parametrize(("side", "said"), [(AFTER, "30 months after"), (~AFTER, "42 months before")])
def test_a_side_without_events_is_left_to_the_exact_comparison(side, said):
    table = frame()
    table.loc[side, "calls"] = 0
    with pytest.raises(EstimationError, match=f"'calls' has no event in the {said} the start") as caught:
        its_counts(design(table))
    assert "its_rare" in caught.value.mend


def test_few_events_on_one_side_are_a_doubt():
    table = frame()
    table.loc[AFTER, "calls"] = np.where(np.arange(30) % 6 == 0, 1, 0)
    with pytest.warns(IdentificationWarning, match="5 from it on: its_rare compares so few exactly"):
        its_counts(design(table), slope_change=False)


def test_a_break_without_events_is_named():
    table = frame()
    table.loc[:9, "calls"] = 0
    with pytest.raises(EstimationError, match=r"did not settle, with no event in 10 of 72 periods"):
        its_counts(design(table, breaks=[MONTHS[10]]))


def test_error_models_differ_in_the_variance_alone():
    made = design()
    X = segmented(made, slope_change=True)
    regression = fit_counts(made.outcome_values(), X.matrix, exposure=np.ones(N))
    fits = {name: its_counts(made, errors=name) for name in ("quasi", "ar-inflated", "newey-west")}
    for fit in fits.values():
        assert value(fit, "level_change") == pytest.approx(regression.beta[2], rel=1e-9)
        assert set(fit.df) == {N - X.matrix.shape[1]}
        for name, other in fits.items():
            stated = fit.extra[f"std_error_{name.replace('-', '_')}"]
            assert stated == pytest.approx(float(other.bse["mean_post"]), rel=1e-9)
    u = regression.residuals
    rho = max(0.0, u[1:] @ u[:-1] / (u @ u))
    assert fits["ar-inflated"].extra["rho"] == pytest.approx(rho, abs=1e-9)
    np.testing.assert_allclose(fits["ar-inflated"].vcov, fits["quasi"].vcov * (1 + rho) / (1 - rho), rtol=1e-9)


def test_persistent_shocks_inflate_the_variance():
    shocks = np.random.default_rng(8).normal(0, 0.1, N)
    for i in range(1, N):
        shocks[i] += 0.8 * shocks[i - 1]
    table = frame().assign(calls=np.random.default_rng(9).poisson(rate(mean=300.0) * np.exp(shocks)))
    spread = {name: float(its_counts(design(table), errors=name).bse["mean_post"]) for name in ("quasi", "ar-inflated")}
    assert spread["ar-inflated"] > 1.5 * spread["quasi"]
    default = its_counts(design(table))
    assert default.extra["std_error_quasi"] == pytest.approx(spread["quasi"], rel=1e-12)
    assert default.bse["mean_post"] > spread["quasi"]


def test_the_default_is_one_generalised_step_from_the_fit():
    made = design()
    X = segmented(made, slope_change=False)
    regression = fit_counts(made.outcome_values(), X.matrix, exposure=np.ones(N))
    step = fit_errors(regression.response, regression.rows, positions=made.positions, errors="reml-nugget")
    fit = its_counts(made, slope_change=False)
    assert value(fit, "level_change") == step.beta[2]
    assert fit.vcov[1, 1] == pytest.approx(step.vcov[2, 2], rel=1e-12)
    assert fit.df[1] == pytest.approx(step.record.df(np.eye(len(step.beta))[2], step.vcov), rel=1e-12)


def test_gaps_are_spanned_by_the_default_alone():
    gone = frame().drop(index=[20, 21])
    fit = its_counts(design(gone))
    assert not any(key.startswith("std_error") for key in fit.extra)
    for errors in ("quasi", "ar-inflated", "newey-west"):
        with pytest.raises(EstimationError, match="needs a series without gaps"):
            its_counts(design(gone), errors=errors)


def test_breaks_controls_and_month_levels_enter():
    table = frame(mean=400.0)
    busy = np.random.default_rng(6).normal(0, 0.2, N)
    table["calls"] = np.random.default_rng(7).poisson(
        rate(mean=400.0) * np.exp(0.5 * busy + 0.4 * (np.arange(N) >= 20))
    )
    table["busy"] = busy
    fit = its_counts(design(table, breaks=[MONTHS[20]], controls=["busy"]), slope_change=False, harmonics="dummies")
    low, high = fit.conf_int().loc["level_change"]
    assert low < -0.3 < high
    assert fit.extra["dispersion"] < 2 < its_counts(design(table), slope_change=False).extra["dispersion"]


def test_draws_of_averted_events_follow_the_seed():
    first, again, other = (its_counts(design(), seed=seed).extra["averted_low"] for seed in (1, 1, 2))
    assert first == again != other


def test_it_can_be_drawn_and_said():
    fit = its_counts(design())
    picture = report.figure(fit)
    assert {"observed", "counterfactual", "low", "high", "fitted"} <= set(picture.data["path"])
    assert report.drawing.drawn(picture, "svg")
    assert "calls" in report.sentence(fit).text.lower()
