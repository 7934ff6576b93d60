"""Weights for being known, and deltas of what is not, by hand and on chosen losses."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import estimate
from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.design import CallDesign, PartlyKnownDesign

# By night half are known, by day four fifths, in either arm.
CELLS = {(1, 0): (12, 4, 4), (1, 1): (3, 7, 10), (0, 0): (8, 8, 4), (0, 1): (2, 8, 10)}
FRAME = pd.concat(
    [
        pd.DataFrame({"attended": arm, "night": night, "engaged": [1.0] * yes + [0.0] * no + [np.nan] * lost})
        for (arm, night), (yes, no, lost) in CELLS.items()
    ],
    ignore_index=True,
)


def design(frame=FRAME, covariates=("night",)):
    plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=list(covariates))
    return PartlyKnownDesign.from_calls(plain, outcome="engaged")


def test_levels_stand_for_their_lost_calls_by_hand():
    """With: (.75 + .3)/2, without: (.5 + .2)/2; as known they are 15/26 and 10/26."""
    result = estimate.call_observed(design())
    assert result.extra["mean_treated"] == pytest.approx(0.525, abs=1e-8)
    assert result.extra["mean_untreated"] == pytest.approx(0.35, abs=1e-8)
    assert result.estimate[0] == pytest.approx(0.175, abs=1e-8)
    assert result.extra["largest_weight"] == pytest.approx(2.0, abs=1e-7)
    assert result.extra["known_treated"] == pytest.approx(26 / 40)


def test_deltas_move_the_unknown_share_by_hand():
    """14 of 40 are unknown in either arm."""
    base = estimate.call_observed(design()).estimate[0]
    moved = estimate.call_observed(design(), delta_treated=-0.2, delta_untreated=0.1)
    assert moved.estimate[0] == pytest.approx(base - 14 / 40 * 0.3, abs=1e-10)


def test_with_everything_known_it_is_the_difference_of_means():
    full = FRAME.dropna().reset_index(drop=True)
    result = estimate.call_observed(design(full))
    difference = full.groupby("attended")["engaged"].mean()
    assert result.estimate[0] == pytest.approx(difference[1] - difference[0], abs=1e-12)
    plain = CallDesign.from_frame(full, outcome="engaged", treatment="attended", covariates=["night"])
    with pytest.warns(IdentificationWarning):
        usual = estimate.call_difference(plain)
    assert result.vcov[0, 0] == pytest.approx(usual.vcov[0, 0], rel=1e-10)


def test_calls_that_are_hardly_ever_found_are_said():
    rows = {(1, 0): (30, 10, 0), (1, 1): (1, 1, 60), (0, 0): (20, 20, 5), (0, 1): (10, 10, 5)}
    parts = [
        pd.DataFrame({"attended": arm, "night": night, "engaged": [1.0] * yes + [0.0] * no + [np.nan] * lost})
        for (arm, night), (yes, no, lost) in rows.items()
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame.loc[0, "engaged"] = np.nan
    with pytest.warns(IdentificationWarning, match="one call stands for 31 of its arm"):
        estimate.call_observed(design(frame))
    frame.loc[0, "engaged"] = 1.0
    with pytest.raises(EstimationError, match="the chance of a known outcome among calls with attended"):
        estimate.call_observed(design(frame))
