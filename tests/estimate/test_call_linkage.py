"""Errors of linkage inverted by hand, where they differ by arm, and what the reviewed sample costs."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import estimate
from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.registry import numbers_of
from coresponder_causal.design import CallDesign, PartlyKnownDesign


def arm(treated, true_linked, true_missed, false_linked, rightly_not, more_linked, more_not):
    linked = [1.0] * true_linked + [0.0] * true_missed + [1.0] * false_linked + [0.0] * rightly_not
    truly = [1.0] * (true_linked + true_missed) + [0.0] * (false_linked + rightly_not)
    others = [1.0] * more_linked + [0.0] * more_not
    return pd.DataFrame({"attended": treated, "linked": linked + others, "truly": truly + [np.nan] * len(others)})


# Missed .2 and .1, false .05 and .1 in the reviewed hundreds; linked are 230 of 500 and 190 of 500.
WITH, WITHOUT = arm(1, 48, 12, 2, 38, 180, 220), arm(0, 36, 4, 6, 54, 148, 252)


def design(*arms, **stated):
    frame = pd.concat(arms or (WITH, WITHOUT), ignore_index=True)
    plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=[])
    return PartlyKnownDesign.from_calls(plain, outcome="linked", reviewed="truly", **stated)


def test_errors_of_each_arm_are_inverted_by_hand():
    result = estimate.call_linkage(design())
    with_it, without = (0.46 - 0.05) / (1 - 0.05 - 0.2), (0.38 - 0.1) / (1 - 0.1 - 0.1)
    assert result.estimate[0] == pytest.approx(with_it - without, abs=1e-12)
    assert [result.extra[key] for key in ("missed_treated", "false_treated")] == pytest.approx([0.2, 0.05])
    assert [result.extra[key] for key in ("missed_untreated", "false_untreated")] == pytest.approx([0.1, 0.1])
    assert result.extra["difference_as_linked"] == pytest.approx(0.08)


def test_errors_of_all_and_how_far_the_arms_may_lie_apart():
    """Missed 16 of 100, false 8 of 100; by .03 either way."""
    pooled = estimate.call_linkage(design(), rates="all")
    assert pooled.estimate[0] == pytest.approx(0.08 / (1 - 0.16 - 0.08), abs=1e-12)

    def share(linked, missed, false):
        return (linked - false) / (1 - missed - false)

    result = estimate.call_linkage(design(), rates="all", apart=0.03)
    low = share(0.46, 0.13, 0.11) - share(0.38, 0.19, 0.05)
    high = share(0.46, 0.19, 0.05) - share(0.38, 0.13, 0.11)
    assert (result.set_low[0], result.set_high[0]) == pytest.approx((low, high), abs=1e-12)


def test_the_noise_of_the_review_is_counted():
    """A review four times as large with the same errors: the variance falls, and never below that of known errors."""
    large = [pd.concat([part.dropna()] * 4 + [part[part["truly"].isna()].iloc[: 100 * 1]]) for part in (WITH, WITHOUT)]
    small, reviewed = (estimate.call_linkage(design(*arms)) for arms in ((WITH, WITHOUT), large))
    assert small.vcov[0, 0] > 1.2 * reviewed.vcov[0, 0]
    known = sum(p * (1 - p) / 500 / left**2 for p, left in ((0.46, 0.75), (0.38, 0.8)))
    assert small.vcov[0, 0] > 1.3 * known


def test_a_review_by_chance_that_is_stated_counts_by_its_chance():
    """The linked were reviewed twice as likely: unweighted, the missed share would come out too small."""
    frame = pd.concat([WITH, WITHOUT], ignore_index=True)
    reviewed, linked = frame["truly"].notna(), frame["linked"] == 1
    doubled = pd.concat([frame, frame[reviewed & linked]], ignore_index=True)
    doubled["chance"] = np.where(doubled["linked"] == 1, 0.4, 0.2)
    result = estimate.call_linkage(design(doubled, chance="chance"))
    assert result.extra["missed_treated"] == pytest.approx(0.2)
    assert result.extra["false_untreated"] == pytest.approx(0.1)


def test_rates_of_all_that_lie_apart_hold_the_truth_where_one_arm_is_linked_better():
    """Missed .1 with and .2 without the treatment, each .05 from what both have: the truth lies in its set.

    400 draws, Monte-Carlo error .011; taken for the same in both arms the rates mislead.
    """
    rng, held, same = np.random.default_rng(9), [], []
    for _ in range(400):
        treated = rng.random(600) < 0.5
        truly = rng.random(600) < np.where(treated, 0.5, 0.4)
        linked = np.where(truly, rng.random(600) >= np.where(treated, 0.1, 0.2), rng.random(600) < 0.05)
        reviewed = np.where(rng.random(600) < 0.5, truly, np.nan)
        frame = pd.DataFrame({"attended": treated, "linked": linked.astype(float), "truly": reviewed})
        for apart, into in ((0.05, held), (0.0, same)):
            row = numbers_of("call_linkage", design(frame), {"rates": "all", "apart": apart}).tidy().iloc[0]
            into.append(row["conf_low"] <= 0.1 <= row["conf_high"])
    assert np.mean(held) >= 0.93
    assert np.mean(same) < np.mean(held) - 0.05


def test_linkages_and_reviews_that_tell_nothing_are_refused_or_said():
    with pytest.raises(EstimationError, match="no better than chance"):
        estimate.call_linkage(design(arm(1, 20, 30, 30, 20, 100, 100), WITHOUT))
    with pytest.raises(EstimationError, match="found no call whose outcome is no"):
        estimate.call_linkage(design(arm(1, 40, 10, 0, 0, 100, 100), WITHOUT))
    with pytest.raises(EstimationError, match=r"apart=0\.1 does not go"):
        estimate.call_linkage(design(), apart=0.1)
    with pytest.warns(IdentificationWarning, match="4 reviewed calls are truly no"):
        estimate.call_linkage(design(arm(1, 40, 10, 1, 3, 100, 100), WITHOUT))
    with pytest.warns(IdentificationWarning, match="a corrected share of"):
        estimate.call_linkage(design(arm(1, 30, 30, 1, 39, 300, 100), WITHOUT))
    holes = pd.concat([WITH, WITHOUT], ignore_index=True)
    holes.loc[450, "linked"] = np.nan
    with pytest.raises(EstimationError, match="is not yes or no for every call"):
        estimate.call_linkage(design(holes))
