"""What the instrument's estimate and its Anderson–Rubin set keep under changes of unit, on drawn calls."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coresponder_causal.design import CallInstrumentDesign
from coresponder_causal.estimate import call_iv
from coresponder_causal.validity.call_worlds import call_table, shifts, start


def estimated(instrument, seed, *, factor=1.0, shift=0.0, calls=1500, share=0.08):
    frame = call_table(np.random.default_rng(seed), calls=calls, share=share)
    frame["score"] = shift + factor * frame["arrest"]
    d = CallInstrumentDesign.from_tables(
        frame,
        shifts(),
        outcome="score",
        start=start.date(),
        instrument=instrument,
        covariates=["severity", "patrol_load"],
    )
    return call_iv(d)


@settings(max_examples=5, deadline=None)
@given(
    seed=st.integers(0, 50), factor=st.floats(0.1, 50), shift=st.floats(-100, 100), sign=st.sampled_from([-1.0, 1.0])
)
def test_estimate_and_set_follow_the_unit_of_the_outcome(seed, factor, shift, sign):
    one, other = (estimated("team_free", seed), estimated("team_free", seed, factor=sign * factor, shift=shift))
    np.testing.assert_allclose(other.estimate, sign * factor * one.estimate, rtol=1e-7, atol=1e-9 * factor)
    np.testing.assert_allclose(np.diag(other.vcov), factor**2 * np.diag(one.vcov), rtol=1e-7)
    assert other.extra["ar_shape"] == one.extra["ar_shape"]
    ends = sorted(sign * factor * one.extra.number(end) for end in ("ar_low", "ar_high"))
    np.testing.assert_allclose(sorted(other.extra.number(end) for end in ("ar_low", "ar_high")), ends, rtol=1e-4)
    assert other.extra.number("effective_f") == pytest.approx(one.extra.number("effective_f"), rel=1e-8)


@pytest.mark.parametrize("instrument", ["coverage_post", "team_free"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_set_holds_the_estimate_and_is_an_interval_where_the_instrument_is_strong(instrument, seed):
    result = estimated(instrument, seed, calls=3000)
    assert result.extra.number("effective_f") > 100
    assert result.extra["ar_shape"] == "interval"
    assert result.extra.number("ar_low") < result.estimate[0] < result.extra.number("ar_high")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_set_holds_no_effect_exactly_where_the_reduced_form_is_not_rejected(seed):
    result = estimated("team_free", seed)
    inside = result.extra.number("ar_low") <= 0 <= result.extra.number("ar_high")
    assert result.extra["ar_shape"] == "interval"
    assert inside == (result.pvalues["itt"] >= 0.05)
