"""Rare events before and after: against scipy's binomial test, by hand, and simulated truth."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coresponder_causal import report
from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.result import Result
from coresponder_causal.design import SeriesDesign
from coresponder_causal.estimate import its_rare

MONTHS = pd.period_range("2015-01", periods=60, freq="M")
FIRST = 36


def design(counts, **options):
    frame = pd.DataFrame({"month": MONTHS, "force": counts, "shifts": np.where(np.arange(60) < FIRST, 20.0, 30.0)})
    return SeriesDesign.from_frame(
        frame, **({"outcome": "force", "time": "month", "start": MONTHS[FIRST], "city": "Davis"} | options)
    )


def spread_evenly(before, after):
    """Counts of 0 and 1 at even distances: no dispersion, and neighbours that differ."""
    counts = np.zeros(60)
    counts[np.linspace(0, FIRST - 1, before).astype(int)] = 1
    counts[np.linspace(FIRST, 59, after).astype(int)] = 1
    return counts


@pytest.mark.parametrize(("before", "after"), [(18, 5), (9, 12), (12, 1)])
def test_it_is_the_binomial_test(before, after):
    fit = its_rare(design(spread_evenly(before, after), exposure="shifts"))
    odds = (24 * 30) / (36 * 20)
    assert fit.extra["dispersion"] == 1
    other = stats.binomtest(after, before + after, odds / (1 + odds)).proportion_ci(method="exact")
    ratio = np.array([other.low / (1 - other.low), other.high / (1 - other.high)]) / odds
    shown = fit.tidy(scale="ratio").iloc[0]
    np.testing.assert_allclose(shown[["conf_low", "conf_high"]].astype(float), ratio, rtol=1e-10)
    assert shown["estimate"] == pytest.approx(after / before / odds)
    share = odds / (1 + odds)
    tails = stats.binom.cdf(after, before + after, share), stats.binom.sf(after - 1, before + after, share)
    assert shown["p_value"] == pytest.approx(min(1, 2 * min(tails)), rel=1e-10)
    assert fit.extra["expected_after"] == pytest.approx(before * odds)


def test_the_interval_and_the_test_agree_at_every_level():
    fit = its_rare(design(spread_evenly(18, 5)))
    p = float(fit.pvalues["mean_post"])
    high = float(fit.conf_int(level=1 - p)["conf_high"].iloc[0])
    assert high == pytest.approx(0, abs=1e-9)
    assert fit.conf_int(level=1 - p - 0.01)["conf_high"].iloc[0] < 0 < fit.conf_int(level=1 - p + 0.01).iloc[0, 1]


def test_without_an_event_afterwards_three_are_not_ruled_out():
    fit = its_rare(design(spread_evenly(18, 0), exposure="shifts"))
    # Poisson: exp(−λ) = .05 at λ = 2.996, "three over n".
    assert fit.extra["rate_after_upper"] == pytest.approx(-np.log(0.05) / (24 * 30), rel=1e-9)
    shown = fit.tidy(scale="ratio").iloc[0]
    assert shown["conf_low"] == 0
    # Given 18 events with odds 1, none after the start: (1 − q)^18 = .025.
    share = 1 - 0.025 ** (1 / 18)
    assert shown["conf_high"] == pytest.approx(share / (1 - share), rel=1e-9)
    assert shown["estimate"] == pytest.approx(0.5 / 18.5)
    assert any("adds half an event to both sides" in text for text in fit.notes)


def test_without_an_event_before_there_is_no_upper_bound():
    fit = its_rare(design(spread_evenly(0, 8)))
    assert fit.tidy()["conf_high"].iloc[0] == np.inf
    assert np.isfinite(fit.tidy()["conf_low"].iloc[0])
    assert (fit.path["counterfactual"] == 0).all()


def test_clusters_of_events_count_for_less():
    lone, runs = spread_evenly(12, 6), np.zeros(60)
    runs[[3, 4, 5, 40]] = 4, 4, 4, 6
    few, clustered = its_rare(design(lone)), its_rare(design(runs))
    before, after = np.where(np.arange(60) < FIRST, 12 / 36, 0), np.where(np.arange(60) < FIRST, 0, 6 / 24)
    u = (runs - before - after) / np.sqrt(before + after)
    rho = u[1:] @ u[:-1] / (u @ u)
    spread = u @ u / 58 * (1 + rho) / (1 - rho)
    assert clustered.extra["dispersion"] == pytest.approx(spread, rel=1e-9)
    assert clustered.extra["rho"] == pytest.approx(rho, rel=1e-9)
    np.testing.assert_allclose(clustered.split, [[6 / spread, 12 / spread, 24 / 36]], rtol=1e-9)
    assert few.estimate[0] == pytest.approx(clustered.estimate[0])
    width = [np.ptp(fit.conf_int().to_numpy()) for fit in (few, clustered)]
    assert width[1] > 1.5 * width[0]


def test_the_interval_holds_the_truth_at_least_as_often_as_it_says():
    rng, held = np.random.default_rng(3), 0
    template = design(spread_evenly(5, 5))
    for _ in range(300):
        counts = rng.poisson(np.where(np.arange(60) < FIRST, 0.4, 0.2))
        low, high = its_rare(design(counts) if counts.any() else template).conf_int().iloc[0]
        held += low <= np.log(0.5) <= high
    assert held / 300 >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 300)


def test_what_it_cannot_adjust_for_is_a_doubt():
    with pytest.warns(IdentificationWarning, match="recording breaks, controls cannot be adjusted for"):
        fit = its_rare(design(spread_evenly(18, 5), breaks=[MONTHS[10]], controls=["shifts"], start="2018-01-15"))
    assert "1 months from the start on had less than the full dose, and count as wholly after it" in fit.notes


def test_short_sides_and_many_events_are_noted():
    short = its_rare(design(spread_evenly(18, 5), start=MONTHS[50]))
    assert "less than a year on one side of the start: a season would count as a change" in short.notes
    many = its_rare(design(np.random.default_rng(1).poisson(4.0, 60)))
    assert any(text.startswith(("not licensed: 3", "not licensed: 4")) for text in many.notes)
    assert any("its_counts can adjust for trend and season" in text for text in many.notes)


def test_counts_that_are_not_rare_are_a_doubt():
    with pytest.warns(IdentificationWarning, match=r"9\.\d events a period are not rare: .*; take its_counts"):
        often = its_rare(design(np.random.default_rng(1).poisson(9.0, 60)))
    assert any(text.startswith("not licensed: 9") for text in often.notes)


def test_what_is_not_taken_out_is_said_and_the_sentence_is_that_of_the_card():
    fit = its_rare(design(spread_evenly(18, 5)))
    assert any(text.startswith("trend and season are not taken out") for text in fit.notes)
    assert not any("March to June 2020" in text for text in fit.notes)  # the series ends in 2019
    assert " changed from the years before to the time after the start: the best" in report.sentence(fit).text
    months = pd.period_range("2017-01", periods=60, freq="M")
    frame = pd.DataFrame({"month": months, "force": spread_evenly(18, 5)})
    through = its_rare(SeriesDesign.from_frame(frame, outcome="force", time="month", start="2020-09"))
    assert any(text.startswith("March to June 2020 lie in this series") for text in through.notes)


def test_no_event_at_all_and_negative_counts_are_refused():
    made = design(spread_evenly(3, 3))
    nothing = replace(made, source=made.source.assign(force=0))
    with pytest.raises(EstimationError, match="'force' never happened in 60 months"):
        its_rare(nothing)
    with pytest.raises(EstimationError, match="negative"):
        its_rare(design(spread_evenly(3, 3) - 0.5))


def test_exact_tests_do_not_combine_and_travel():
    fit = its_rare(design(spread_evenly(18, 5)))
    with pytest.raises(EstimationError, match="exact tests do not combine"):
        fit.combine(np.ones((1, 1)), fit.terms)
    for again in (Result.from_json(fit.to_json()), pickle.loads(pickle.dumps(fit))):
        pd.testing.assert_frame_equal(again.tidy(), fit.tidy())
        assert not again.split.flags.writeable


def test_it_can_be_drawn_and_said():
    fit = its_rare(design(spread_evenly(18, 0)))
    assert report.drawing.drawn(report.figure(fit), "svg")
    assert "−100 %" in report.sentence(fit).text
