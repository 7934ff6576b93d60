"""Tipping points against fits at the deltas they name, and the picture of the surface."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check, estimate, report
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CallDesign, PartlyKnownDesign, weight_propensity
from coresponder_causal.validity.partly_known_worlds import engaged, lost


def design(effect=0.2, n=1200, odds=0.6):
    rng = np.random.default_rng(8)
    frame = engaged(rng, n, 0.4, effect)
    frame["engaged"] = frame["engaged"].mask(lost(rng, frame, odds, by="recorded"))
    plain = CallDesign.from_frame(
        frame, outcome=None, treatment="attended", covariates=["severity", "night"], person="person"
    )
    return PartlyKnownDesign.from_calls(weight_propensity(plain), outcome="engaged")


D = design()
RESULT = estimate.call_observed(D)
FOUND = check.tipping_point(RESULT, D)


def test_intervals_and_estimates_tip_where_it_says():
    """The surface is exact: refits at the tips agree to rounding."""
    assert FOUND.verdict == "reported"
    signs = {"with the treatment alone": (-1, 0), "without it alone": (0, 1), "both, in opposite ways": (-1, 1)}
    tipped = 0
    for row in FOUND.table.to_dict("records"):
        for column, number in (("interval_tips", "conf_low"), ("estimate_tips", "estimate")):
            if np.isnan(row[column]):
                assert row["reach"] < 1
                continue
            one, other = (row[column] * sign for sign in signs[row["moved"]])
            again = estimate.call_observed(D, delta_treated=float(one), delta_untreated=float(other)).tidy()
            assert again[number].iloc[0] == pytest.approx(0.0, abs=1e-8)
            tipped += 1
    assert tipped >= 3


def test_the_surface_holds_every_possible_mean_of_unknown_outcomes():
    course = FOUND.course
    ends = course[["delta_treated", "delta_untreated"]].agg(["min", "max"])
    np.testing.assert_allclose(ends.loc["max"] - ends.loc["min"], 1.0, rtol=1e-9)
    place = course.iloc[777]
    again = estimate.call_observed(
        D, delta_treated=float(place["delta_treated"]), delta_untreated=float(place["delta_untreated"])
    ).tidy()
    for name in ("estimate", "conf_low", "conf_high"):
        assert place[name] == pytest.approx(again[name].iloc[0], abs=1e-8)
    low, high = course["estimate"].min(), course["estimate"].max()
    bounds = estimate.call_bounds(D)
    assert (low, high) == pytest.approx((bounds.set_low[0], bounds.set_high[0]), abs=0.01)


def test_without_a_finding_there_is_nothing_to_lose():
    d = design(effect=0.0)
    found = check.tipping_point(estimate.call_observed(d), d)
    assert (found.table["interval_tips"] == 0).all()
    assert "there is no finding to be lost" in found.sentence


def test_it_does_not_apply_to_other_methods_or_where_all_is_known():
    assert check.tipping_point(estimate.call_bounds(D), D).verdict == "not applicable"
    full = D.source.assign(engaged=D.source["engaged"].fillna(0))
    with quietly():
        plain = CallDesign.from_frame(full, outcome=None, treatment="attended", covariates=["night"])
        known = PartlyKnownDesign.from_calls(plain, outcome="engaged")
        assert check.tipping_point(estimate.call_observed(known), known).verdict == "not applicable"


def test_the_battery_and_the_picture(tmp_path):
    checks = check.battery(RESULT, D)
    assert [one.check for one in checks] == ["balance", "overlap", "tipping_point"]
    picture = report.figure(checks[2])
    assert picture.kind == "tipping"
    pd.testing.assert_frame_equal(picture.data["grid"], FOUND.course)
    report.write(picture, tmp_path / "tipping.svg")
    assert "as expected" in (tmp_path / "tipping.svg").read_text(encoding="utf-8")
