"""Leniency from the other calls alone: by leaving each call out, one after the other."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.leniency import leniency
from coresponder_causal.core.two_stage import swept


def drawn(n=300, takers=8, seed=3):
    rng = np.random.default_rng(seed)
    taker, strata = rng.integers(0, takers, n), rng.integers(0, 6, n)
    d = (rng.random(n) < 0.2 + 0.05 * taker).astype(float)
    return d, taker, strata, pd.DataFrame({"month": rng.integers(0, 2, n).astype(float)})


def test_it_is_the_prediction_of_a_regression_without_the_call():
    d, taker, strata, month = drawn()
    left, _ = swept(np.column_stack([d, np.eye(8)[taker]]), strata=strata, regressors=month)
    own, indicators = left[:, 0], left[:, 1:]
    found = leniency(d, taker, strata=strata, regressors=month)
    for call in (0, 7, 123, 299):
        others = np.arange(len(d)) != call
        slope = np.linalg.lstsq(indicators[others], own[others], rcond=None)[0]
        assert found[call] == pytest.approx(indicators[call] @ slope, abs=1e-10)


def test_codes_and_their_order_do_not_matter():
    d, taker, strata, month = drawn()
    found = leniency(d, taker, strata=strata, regressors=month)
    named = np.array([f"taker {7 - code}" for code in taker])
    np.testing.assert_allclose(leniency(d, named, strata=strata, regressors=month), found, atol=1e-12)


def test_takers_who_differ_are_told_apart_and_chance_alone_correlates_with_nothing():
    d, taker, strata, month = drawn(n=4000)
    found = pd.Series(leniency(d, taker, strata=strata, regressors=month)).groupby(taker).mean()
    np.testing.assert_allclose(found - found.mean(), 0.05 * (np.arange(8) - 3.5), atol=0.05)  # se √(.24/500) = .022
    # With takers who do not differ, own treatments enter nowhere: the instrument is as often against as for them.
    slopes = []
    for seed in range(60):
        noise, by, cell, months = drawn(seed=seed)
        noise = np.random.default_rng(seed + 100).random(len(noise))
        slopes.append(np.corrcoef(leniency(noise, by, strata=cell, regressors=months), noise)[0, 1])
    assert abs(np.mean(slopes)) < 3 * np.std(slopes) / np.sqrt(60) + 0.01


def test_a_call_that_alone_tells_its_taker_from_others_says_nothing():
    d = np.array([1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
    strata = [0, 0, 1, 1, 1, 1]
    found = leniency(d, list("abaaaa"), strata=strata, regressors=pd.DataFrame(index=range(6)))
    assert np.isfinite(found).all()


def test_takers_who_never_share_a_cell_are_refused():
    d = np.array([1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
    with pytest.raises(EstimationError, match="no two call takers"):
        leniency(d, list("aaabbb"), strata=[0, 0, 0, 1, 1, 1], regressors=pd.DataFrame(index=range(6)))
