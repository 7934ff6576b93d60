"""The ladder of outcomes: numbers by hand, what is not known, what may leave."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.core.errors import DesignError
from coresponder_causal.design import CallDesign, weight_propensity
from coresponder_causal.estimate import call_difference
from coresponder_causal.privacy import hidden_mark

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
LINKED = [1] * 30 + [0] * 50 + [None] * 20 + [1] * 20 + [0] * 100 + [None] * 80
ARREST = [1] * 15 + [0] * 85 + [1] * 40 + [0] * 160


def calls(**columns: object) -> CallDesign:
    frame = pd.DataFrame({"attended": [1] * 100 + [0] * 200, "linked_30d": LINKED, "arrest": ARREST} | columns)
    frame["night"] = np.arange(300) % 2
    return CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])


def test_counts_shares_differences_and_ends_are_those_worked_by_hand():
    table, picture = report.outcome_ladder(calls(), outcomes=["linked_30d", "arrest"])
    scene, month = table.frame.to_dict("records")
    assert (scene["when"], month["when"]) == ("On scene", "30 days")
    assert [month[f"{name}_{arm}"] for arm in ("with", "without") for name in ("known", "unknown")] == [80, 20, 120, 80]
    assert month["difference"] == pytest.approx(30 / 80 - 20 / 120, abs=1e-12)
    assert month["least"] == pytest.approx(30 / 100 - 100 / 200, abs=1e-12)
    assert month["most"] == pytest.approx(50 / 100 - 20 / 200, abs=1e-12)
    assert month["set_low"] < month["least"] < month["difference"] < month["most"] < month["set_high"]
    assert [scene[name] for name in ("difference", "least", "most")] == pytest.approx([0.15 - 0.2] * 3, abs=1e-12)
    assert (scene["set_low"], scene["set_high"]) == pytest.approx((scene["conf_low"], scene["conf_high"]), abs=1e-3)
    assert picture.data["rungs"]["yes_with"].tolist() == [15, 30]


def test_the_calls_known_are_adjusted_for_the_difference_and_all_calls_for_its_ends():
    rng = np.random.default_rng(5)
    night = np.arange(300) % 2
    unknown = rng.random(300) < 0.2 + 0.2 * night
    linked = pd.Series(rng.random(300) < 0.3 + 0.2 * night).astype("boolean").mask(unknown)
    d = calls(linked_30d=linked)
    row = report.outcome_ladder(d, adjust=weight_propensity)[0].frame.iloc[0]
    known = pd.DataFrame(d.source[~unknown])
    known["linked_30d"] = known["linked_30d"].astype(bool)
    plain = CallDesign.from_frame(known, outcome="linked_30d", treatment="attended", covariates=["night"])
    found = call_difference(weight_propensity(plain)).tidy().iloc[0]
    assert row[["difference", "conf_low", "conf_high"]].tolist() == pytest.approx(
        found[["estimate", "conf_low", "conf_high"]].tolist(), abs=1e-12
    )
    weights, y = weight_propensity(d).call_weights(), linked.astype("Float64").to_numpy(float, na_value=np.nan)
    ends = [
        np.average(np.where(unknown, fill, y)[arm], weights=weights[arm])
        for fill, arm in ((0.0, d.treated), (1.0, ~d.treated))
    ]
    assert row["least"] == pytest.approx(ends[0] - ends[1], abs=1e-12)


def test_by_default_the_outcomes_of_the_dictionary_stand_in_order_of_time():
    yes = np.tile([1.0, 0.0, np.nan], 100)
    d = calls(repeat_90d=yes, followed_up_72h=yes, booked_365d=yes, custody_days_90d=7.0)
    frame = report.outcome_ladder(d)[0].frame
    assert frame["when"].tolist() == ["72 hours", "30 days", "90 days", "365 days"]
    assert frame["source"].iloc[0] == "team log"


def test_an_outcome_known_of_one_arm_only_keeps_its_counts_and_says_why():
    row = report.outcome_ladder(calls(linked_30d=[1, 0] * 50 + [None] * 200))[0].frame.iloc[0]
    assert row[["difference", "least", "most"]].isna().all()
    assert (row["known_with"], row["known_without"]) == (100, 0)
    assert row["remarks"].startswith("no difference: 'linked_30d' is known in one arm at most; no ends: ")


def test_everything_that_is_wrong_is_said_at_once():
    d = calls(linked_30d=3).with_outcome("arrest")
    with pytest.raises(DesignError, match=r"(?s)have an outcome.*'linked_30d' is more than yes and no"):
        report.outcome_ladder(d, outcomes=["linked_30d"])
    with pytest.raises(DesignError, match="no outcome is named"):
        report.outcome_ladder(calls(), outcomes=[])


def test_rows_on_few_calls_do_not_leave_nor_does_what_is_said_of_them():
    few = [1] * 4 + [0] * 96 + [1] * 60 + [0] * 140
    d = calls(followed_up_72h=few, repeat_90d=ARREST, booked_365d=ARREST)
    table, picture = (report.released(spec, audience="public") for spec in report.outcome_ladder(d))
    hidden = table.frame[table.frame["share_with"] == hidden_mark]
    assert hidden["when"].tolist() == ["72 hours"]
    assert (hidden["remarks"] == hidden_mark).all()
    assert "72 hours" not in picture.data["rungs"]["when"].tolist()
    assert len(picture.data["rungs"]) == 3
    assert "72 hours" not in picture.alt


def test_it_draws(tmp_path):
    for spec, name in zip(
        report.outcome_ladder(calls(), outcomes=["arrest", "linked_30d"]), ("t.html", "p.svg"), strict=True
    ):
        assert report.write(spec, tmp_path / name).stat().st_size > 1000
