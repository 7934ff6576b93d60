"""Drawn counts have the stated moments, effects act on the treated city alone, and streams repeat."""

from dataclasses import replace

import numpy as np
import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.simulate.process import Process, ar1

PERIODS = 40
AFTER = np.arange(PERIODS) >= 20


def process(**changes):
    plain = Process(
        log_mean=np.full((3, PERIODS), np.log(400.0)),
        rho=np.array([0.0, 0.5, 0.8]),
        ar_sd=np.full(3, 0.2),
        nugget_sd=np.array([0.0, 0.1, 0.0]),
        tau=np.zeros(3),
        step=AFTER.astype(float),
        dose=AFTER.astype(float),
    )
    return replace(plain, **changes)


def test_log_counts_have_the_stated_variance_and_correlation():
    log_counts = np.log(process().draw(3000, seed=1))
    # 120,000 values a city, correlated at most .8: the variance's standard error is below 2 %; 1/400 is Poisson's part
    assert log_counts.var(axis=(0, 2)) == pytest.approx([0.0425, 0.0525, 0.0425], rel=0.06)
    for city, rho in ((0, 0.0), (1, 0.5 * 0.04 / 0.0525), (2, 0.8 * 0.04 / 0.0425)):
        pairs = log_counts[:, city]
        assert np.corrcoef(pairs[:, :-1].ravel(), pairs[:, 1:].ravel())[0, 1] == pytest.approx(rho, abs=0.02)


def test_steps_differ_between_cities_by_tau_from_the_start_on():
    calm = process(ar_sd=np.zeros(3), nugget_sd=np.zeros(3), tau=np.array([0.3, 0.1, 0.0]))
    log_counts = np.log(calm.draw(4000, seed=2))
    change = log_counts[:, :, AFTER].mean(axis=2) - log_counts[:, :, ~AFTER].mean(axis=2)
    # Poisson leaves 2/(20 × 400) of variance in a difference of means; a standard deviation has an error of 1.1 %
    assert change.std(axis=0) == pytest.approx(np.sqrt(np.array([0.09, 0.01, 0.0]) + 2 / 8000), rel=0.05)


def test_the_effect_is_in_the_treated_city_at_full_dose_alone():
    with_effect, without = (process(effect=effect).draw(200, seed=3).sum(axis=0) for effect in (-0.5, 0.0))
    ratio = np.log(with_effect / without)
    # shocks are the same in both: each of the sums of 20 periods holds 970,000 to 1,600,000 Poisson events
    assert np.log(with_effect[0, AFTER].sum() / without[0, AFTER].sum()) == pytest.approx(-0.5, abs=0.006)
    assert np.abs(ratio[1:]).max() < 0.03
    assert np.abs(ratio[0, ~AFTER]).max() < 0.03


def test_draws_repeat_and_parts_differ():
    np.testing.assert_array_equal(process().draw(5, seed=4), process().draw(5, seed=4))
    assert not np.array_equal(process().draw(5, seed=4), process().draw(5, seed=4, part=1))


def test_ar1_is_stationary_from_the_first_period():
    paths = ar1(np.random.default_rng(5).standard_normal((20_000, 12)), 0.9, 2.0)
    assert paths.std(axis=0) == pytest.approx(np.full(12, 2.0), rel=0.02)


def test_what_is_wrong_is_listed_at_once():
    with pytest.raises(DesignError) as caught:
        process(rho=np.array([0.5, 1.0, 0.2]), tau=np.zeros(2), dose=np.zeros(3))
    for part in ("rho has values out of range", "tau has shape (2,)", "dose has shape (3,)"):
        assert part in str(caught.value)
