"""Two samples by hand, drawn by the designer, and where some stay lost."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import estimate
from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import numbers_of
from coresponder_causal.design import CallDesign, PartlyKnownDesign, double_sampling
from coresponder_causal.validity.partly_known_worlds import engaged, lost


def arm(treated, known, found, lost_for_good, left):
    y = [*[1.0] * known[0], *[0.0] * known[1], *[1.0] * found[0], *[0.0] * found[1], *[np.nan] * (lost_for_good + left)]
    drawn = [False] * sum(known) + [True] * (sum(found) + lost_for_good) + [False] * left
    return pd.DataFrame({"attended": treated, "engaged": y, "drawn": drawn})


def design(*arms, **stated):
    frame = pd.concat(arms, ignore_index=True)
    plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=[])
    return PartlyKnownDesign.from_calls(plain, outcome="engaged", drawn="drawn", **stated)


def test_the_drawn_stand_for_all_that_were_lost():
    """With: (30 + 40 · 12/20)/100, without: (20 + 20 · 3/10)/100; Hansen and Hurwitz's variance beside."""
    d = design(arm(1, (30, 30), (12, 8), 0, 20), arm(0, (20, 60), (3, 7), 0, 10))
    result = estimate.call_double_sample(d)
    assert result.kind == "point"
    assert result.estimate[0] == pytest.approx(0.54 - 0.26, abs=1e-12)
    p, w, own = np.array([0.54, 0.26]), np.array([0.4, 0.2]), np.array([0.6 * 0.4, 0.3 * 0.7])
    by_hand = (p * (1 - p) / 100 + w**2 * own * (1 / np.array([20, 10]) - 1 / np.array([40, 20]))).sum()
    assert result.vcov[0, 0] == pytest.approx(by_hand * 200 / 198, rel=1e-10)


def test_those_who_stay_lost_cost_a_bound():
    """Of 20 drawn with the team 4 stay lost: 12/20 to 16/20 of the 40."""
    d = design(arm(1, (30, 30), (12, 4), 4, 20), arm(0, (20, 60), (3, 7), 0, 10))
    result = estimate.call_double_sample(d)
    assert (result.set_low[0], result.set_high[0]) == pytest.approx((0.54 - 0.26, 0.62 - 0.26))
    assert any("4 of 30 drawn calls stay unknown" in text for text in result.notes)


def test_what_the_designer_drew_is_estimated_without_bias_and_as_precisely_as_it_said():
    """Lost by what is hidden, so that weights and known outcomes mislead; 100 draws, Monte-Carlo errors beside."""
    rng = np.random.default_rng(4)
    estimates, expected, naive = [], [], []
    for seed in range(100):
        frame = engaged(rng, 600, 0.5, 0.1).drop(columns="person")
        gone = lost(rng, frame, 0.4, by="hidden")
        truth, frame["engaged"] = frame["engaged"], frame["engaged"].mask(gone)
        plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
        first = PartlyKnownDesign.from_calls(plain, outcome="engaged")
        sample = double_sampling(first, number=90, stratum="night", seed=seed)
        again = frame.join(sample.frame.set_index("row")).fillna({"drawn": False})
        again["engaged"] = frame["engaged"].where(~again["drawn"].astype(bool), truth)
        again = again.assign(drawn=again["drawn"].astype(bool))
        plain = CallDesign.from_frame(again, outcome=None, treatment="attended", covariates=["night"])
        second = PartlyKnownDesign.from_calls(plain, outcome="engaged", drawn="drawn", chance="chance")
        with quietly():
            result = numbers_of("call_double_sample", second, {})
        whole = truth[frame["attended"]].mean() - truth[~frame["attended"]].mean()
        known = frame.groupby("attended")["engaged"].mean()
        estimates.append(result.estimate[0] - whole)
        expected.append(sample.std_error)
        naive.append(known[True] - known[False] - whole)
    error = np.std(estimates) / np.sqrt(100)
    assert abs(np.mean(estimates)) < 3 * error
    assert np.mean(naive) > 6 * error
    assert np.std(estimates) < np.mean(expected)


def test_draws_that_say_too_little_are_refused():
    with_it, without = arm(1, (30, 30), (12, 8), 0, 20), arm(0, (20, 60), (0, 0), 0, 20)
    with pytest.raises(EstimationError, match="none was drawn in a cell"):
        estimate.call_double_sample(design(with_it, without))
    few = arm(0, (20, 60), (1, 2), 0, 17)
    with pytest.warns(IdentificationWarning, match="3 calls drawn stand for the 20 lost ones"):
        estimate.call_double_sample(design(with_it, few))
    unsaid = [part.assign(chance=np.where(part["drawn"], 0.5, np.nan)) for part in (with_it, few)]
    with pytest.raises(EstimationError, match="37 calls without an outcome at first have no chance"):
        estimate.call_double_sample(design(*unsaid, chance="chance"))
