"""Pictures of power: the numbers they carry, and that they draw."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.report.drawing import drawn
from coresponder_causal.validity import Calibration, Power
from coresponder_causal.validity.drift import Drift

DRIFT = Drift(used=0.05, estimate=0.05, high=0.09)


def of_power(**changes) -> Power:
    curve = pd.DataFrame(
        {
            "effect": [-10.0, -30.0, -50.0],
            "power": [0.1, 0.6, 0.95],
            "power_error": [0.02, 0.03, 0.04],
            "exaggeration": [3.0, 1.2, 1.0],
            "wrong_sign": [0.1, 0.0, 0.0],
        }
    )
    plain = {
        "method": "did_prediction_interval",
        "curve": curve,
        "mde": -40.0,
        "mde_low": -38.0,
        "mde_high": -43.0,
        "periods": pd.DataFrame({"periods": [12, 60], "power": [0.3, 0.4], "power_error": [0.03, 0.03]}),
        "at": -20.0,
        "periods_needed": np.nan,
        "period_name": "months",
        "drift": DRIFT,
        "name": "calls in Davis against 9 others, 42 months before and 30 months from the start on",
    }
    return Power(**(plain | changes))


def calibration(methods=("did_prediction_interval", "did_two_way")) -> Calibration:
    rows = [
        {"method": name, "effect": effect, "rejected": share, "rejected_error": 0.02, "covered": 0.9}
        for name in methods
        for effect, share in ((0.0, 0.05), (-30.0, 0.8))
    ]
    table = pd.DataFrame(rows).assign(covered_error=0.01, replications=100, failures=0)
    return Calibration(table=table, cities=pd.DataFrame(), drift=DRIFT, name=of_power().name)


def test_the_picture_of_power_holds_the_curve_and_its_limits():
    picture = report.power_picture(of_power())
    curve = picture.data["curve"]
    assert curve["power"].tolist() == [0.1, 0.6, 0.95]
    # 95 % limits of the Monte-Carlo error, 1.96 errors to either side, kept between 0 and 1
    assert curve["low"].round(4).tolist() == [0.0608, 0.5412, 0.8716]
    assert curve["high"].round(4).tolist() == [0.1392, 0.6588, 1.0]
    assert picture.data["periods"]["periods"].tolist() == [12, 60]
    assert picture.labels["mde_label"] == "−40 %"
    assert picture.labels["effect_title"] == "30 months from the start on"
    assert "in only" not in picture.alt
    assert "Monte-Carlo limits 38 % and 43 %" in picture.alt


def test_without_a_detectable_effect_none_is_marked():
    picture = report.power_picture(of_power(mde=np.nan))
    assert picture.labels["mde_label"] == ""
    assert "finds even a fall of 50 % in only 95 %" in picture.alt


def test_the_picture_of_a_calibration_names_each_method_in_words():
    picture = report.calibration_picture(calibration())
    assert picture.data["curve"]["label"].unique().tolist() == [
        "Comparison cities, prediction interval",
        "Two-way regression",
    ]
    assert picture.labels.number("line") == 0.05


@pytest.mark.parametrize(
    "picture",
    [
        report.power_picture(of_power()),
        report.power_picture(of_power(mde=np.nan, periods=pd.DataFrame())),
        report.calibration_picture(calibration()),
        report.calibration_picture(calibration(("its_segmented",))),
    ],
    ids=["two panels", "one panel", "two methods", "one method"],
)
@pytest.mark.parametrize("framed", [True, False])
def test_it_draws_and_draws_the_same_again(picture, framed):
    first = drawn(picture, "svg", framed=framed)
    assert len(first) > 5_000
    assert drawn(picture, "svg", framed=framed) == first


def test_what_a_design_can_find_may_leave_where_enough_events_stand_behind_it():
    made = report.power_picture(of_power(support=pd.DataFrame({"events": [400.0]})))
    assert len(report.released(made, audience="public").data["curve"]) == 3
    for refused in (pd.DataFrame({"events": [7.0]}), None):
        with pytest.raises(DisclosureError):
            report.released(report.power_picture(of_power(support=refused)), audience="public")
