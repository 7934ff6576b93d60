"""Officers in time: what is refused, what is said, and who they were before. Numbers worked by hand."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, IdentificationWarning
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import OfficerDesign
from coresponder_causal.simulate import officer_panel


def frame_of(**options):
    return officer_panel(seed=2, officers=32, months=24, squads=4, **options).frame


def formed(frame=None, **options):
    given = {"outcome": "force", "dose": "calls_together", "exposure": "calls", "volunteered": "volunteered"} | options
    with quietly():
        return OfficerDesign.from_frame(frame_of() if frame is None else frame, **given)


def small(doses, squads=("a", "a", "a"), **columns):
    """Three officers over four months with the doses given."""
    rows = [(o, t, dose) for o, own in zip("xyz", doses, strict=True) for t, dose in enumerate(own)]
    frame = pd.DataFrame(rows, columns=["officer", "month", "beside"]).assign(force=lambda f: f["month"] % 3, calls=10)
    return frame.assign(squad=frame["officer"].map(dict(zip("xyz", squads, strict=True))), **columns)


def of_small(frame, **options):
    with quietly():
        return OfficerDesign.from_frame(frame, outcome="force", dose="beside", exposure="calls", **options)


STEPS = ([0, 0, 2, 5], [0, 1, 1, 1], [0, 0, 0, 0])


def test_the_first_month_with_a_dose_is_the_first_exposure():
    d = of_small(small(STEPS))
    assert d.first.fillna(-1).to_dict() == {"x": 2, "y": 1, "z": -1}
    assert (d.exposed, d.never_exposed, d.always_exposed) == (["x", "y"], ["z"], [])
    assert d.since.tolist()[:8] == [-2, -1, 0, 1, -1, 0, 1, 2]


def test_squad_mates_leave_the_officer_out():
    d = of_small(small(STEPS), squad="squad")
    shares = d.source.pivot(index="month", columns="officer", values="exposed_peers")
    assert shares["z"].tolist() == [0.0, 0.5, 1.0, 1.0]
    assert shares["y"].tolist() == [0.0, 0.0, 0.5, 0.5]
    alone = of_small(small(STEPS, squads=("a", "a", "b")), squad="squad").source
    assert alone.loc[alone["officer"] == "z", "exposed_peers"].tolist() == [0.0] * 4


def test_the_dose_some_months_ago_is_the_last_one_seen():
    frame = small(STEPS)
    frame = frame[~((frame["officer"] == "x") & (frame["month"] == 2))]
    d = of_small(frame)
    assert d.lagged("beside", 1).tolist()[:3] == [0.0, 0.0, 0.0]
    assert d.lagged("beside", 0).tolist()[:3] == [0.0, 0.0, 5.0]
    assert d.lagged("beside", 2).tolist()[3:7] == [0.0, 0.0, 0.0, 1.0]


def test_every_broken_rule_is_listed_at_once():
    frame = small(([0, 3, 2, 5], *STEPS[1:]), volunteered=[True, False] * 6)
    frame = pd.concat([frame, frame.tail(1)], ignore_index=True)
    frame.loc[0, "officer"] = None
    with pytest.raises(DesignError) as caught:
        of_small(frame, volunteered="volunteered", per=0)
    text = str(caught.value)
    for said in (
        "'officer' is missing in 1 row",
        "1 row with an officer and period of another row",
        "the dose 'beside' goes down in 1 row",
        "'volunteered' changes within 3 officers",
        "per=0",
    ):
        assert said in text
    assert text.count("\n") >= 6


@pytest.mark.parametrize("doses", [([0] * 4,) * 3, ([1] * 4,) * 3])
def test_nobody_exposed_and_everybody_always_are_refused(doses):
    with pytest.raises(DesignError, match=r"no officer has a dose|every officer is exposed"):
        of_small(small(doses))


def test_what_is_left_out_and_who_left_is_said():
    frame = frame_of()
    frame.loc[frame["month"] == 3, "calls"] = 0
    gone = (frame["officer"] == 0) & (frame["month"] > 20)
    d = formed(frame[~gone], squad="squad")
    said = " ".join(d.notes)
    assert "32 of 765 officer-periods without calls are left out" in said
    assert "officers not seen in the last period:" in said
    assert "1 of" in said
    assert len(d.source) == 765 - 32


def test_few_officers_on_one_side_are_a_doubt():
    with pytest.warns(IdentificationWarning, match="fewer than 8"):
        OfficerDesign.from_frame(small(STEPS), outcome="force", dose="beside", exposure="calls")


def test_the_roster_takes_the_place_of_the_rides_and_leaves_volunteers_out():
    d = formed(frame_of(compliance=0.5), assigned="rostered", squad="squad").as_intended()
    came = set(frame_of(compliance=0.5).query("volunteered")["officer"])
    assert not came & set(d.source["officer"])
    assert d.intended
    assert d.dose == "rostered"
    drawn = d.source[d.source["rostered"] > 0].groupby("officer")["month"].min()
    assert d.first.dropna().astype(int).to_dict() == drawn.to_dict()
    assert "volunteers left out" in " ".join(d.notes)
    with pytest.raises(DesignError, match="no roster"):
        formed().as_intended()


def test_volunteers_and_assigned_are_shown_apart_before_any_estimate():
    """Volunteers lie 80 events per 1,000 calls below, more than the deviation of 30 between officers."""
    d = formed(frame_of(level=-80.0), covariates=["training_hours"])
    table = d.baseline().set_index(["group", "what"])
    assert set(table.index.get_level_values("group")) == {"volunteers", "assigned", "never_exposed"}
    assert table.loc[("volunteers", "force before"), "difference"] < -1.2
    assert abs(table.loc[("assigned", "force before"), "difference"]) < 1
    assert table.loc[("volunteers", "training_hours"), "difference"] > 1
    before = d.source[(d.axis.positions < np.nanmin(d.first)) & d.source["volunteered"]].groupby("officer")
    rate = 1000 * before["force"].sum() / before["calls"].sum()
    assert table.loc[("volunteers", "force before"), "mean"] == pytest.approx(rate.mean())
    said = d.describe()
    assert said.index("smallest effect") < said.index("volunteers (") < said.index("assigned (")


def test_the_slope_before_is_that_of_weighted_least_squares():
    d = formed()
    own = (d.axis.positions < np.nanmin(d.first)) & (d.source["officer"] == 5)
    t, y, w = d.axis.positions[own], d.rate()[own], d.calls()[own]
    slope = np.polyfit(t, y, 1, w=np.sqrt(w))[0]
    groups = d.group.where(d.first.notna(), "never_exposed")
    mates = groups.index[groups == groups[5]]
    table = d.baseline().set_index(["group", "what"])
    others = formed(frame_of()[frame_of()["officer"] != 5]).baseline().set_index(["group", "what"])
    key = (groups[5], "force, change a period before")
    total = table.loc[key, "mean"] * len(mates)
    assert total - others.loc[key, "mean"] * (len(mates) - 1) == pytest.approx(slope, abs=1e-9)


def test_what_can_be_found_comes_from_unexposed_rows_alone():
    frame = frame_of()
    later = frame.assign(force=frame["force"] + 5 * (frame["calls_together"] > 0))
    assert formed(later).detectable() == formed(frame).detectable()


def test_the_expected_standard_error_is_the_spread_of_estimates():
    """Over 60 draws with shocks that last; a Monte-Carlo error of 9 %, three of them."""
    from coresponder_causal.core.registry import numbers_of
    from coresponder_causal.estimate import officer_imputation

    found, expected = [], []
    for part in range(60):
        frame = officer_panel(
            seed=8, officers=32, months=24, squads=4, effect=0.0, rho=0.5, shock_sd=40.0, part=part
        ).frame
        with quietly():
            d = formed(frame)
            found.append(numbers_of(officer_imputation.__name__, d, {}).estimate[0])
        expected.append(d.detectable().std_error)
    assert np.mean(expected) == pytest.approx(np.std(found, ddof=1), rel=0.28)


def tables():
    """Officer a rides on 3 March; b answers two calls, one beside a; c is of the team, d of another city."""
    stamp = pd.to_datetime(
        ["2021-01-05", "2021-02-05", "2021-03-03", "2021-03-04", "2021-04-05", "2021-04-06", "2021-04-07"]
    )
    calls = pd.DataFrame({"call_id": range(1, 8), "received_at": stamp, "initial_type": "mental_health_crisis"})
    calls["city"] = "Davis"
    calls["attended"] = [False, False, True, False, False, False, None]
    calls["force"] = [True, False, True, False, True, None, False]
    calls["primary_officer"] = [None, None, None, None, "b", None, None]
    sent = [(1, "a"), (2, "b"), (3, "a"), (4, "a"), (5, "a"), (5, "b"), (6, "a"), (7, "b")]
    units = pd.DataFrame(sent, columns=["call_id", "officer"]).assign(unit_type="patrol")
    units["arrived_at"] = units["call_id"].map(calls.set_index("call_id")["received_at"])
    team = pd.DataFrame({"call_id": [7], "officer": ["c"], "unit_type": "co_responder", "arrived_at": stamp[6]})
    rides = pd.DataFrame(
        {"officer": ["a", "b"], "staff": "S", "shift_start": pd.to_datetime(["2021-03-03 08:00", "2021-04-07 08:00"])}
    )
    rides["shift_end"] = rides["shift_start"] + pd.Timedelta("10h")
    rides["calls_together"], rides["assignment"] = [4, np.nan], ["roster", "volunteer"]
    officers = pd.DataFrame(
        {"officer": list("abcd"), "city": ["Davis"] * 3 + ["Woodland"], "squad": "s", "volunteered": False}
    )
    officers["role"] = ["patrol", "patrol", "co_responder_officer", "patrol"]
    return calls, pd.concat([units, team], ignore_index=True), rides, officers


def test_officer_months_are_counted_as_stated():
    from coresponder_causal.core.notes import collecting
    from coresponder_causal.design.officer_tables import officer_months

    with collecting() as notes:
        frame = officer_months(*tables(), outcome="force").set_index(["officer", "month"])
    a = frame.loc["a"]
    assert a["calls"].tolist() == [1, 0, 1, 0]  # the attended one, that of b and that without an answer are not there
    assert a["force"].tolist() == [1, 0, 0, 0]
    assert a["calls_together"].tolist() == [0, 0, 4, 4]  # the log says more than the one call of the units
    assert a["hours_together"].tolist() == [0, 0, 10, 10]
    assert a["rostered"].tolist() == [0, 0, 1, 1]
    b = frame.loc["b"]
    assert b["calls"].tolist() == [1, 0, 1]
    assert b["calls_together"].tolist() == [0, 0, 1]  # call 7: the team's unit came
    assert b["rostered"].tolist() == [0, 0, 0]
    said = " ".join(notes)
    for part in (
        "1 officer of cities without shared shifts",
        "1 officer of the team itself",
        "1 calls do not say whether the team attended",
        "2 eligible calls with the team are left out",
        "1 calls do not say 'force'",
        "1 of 4 calls without the team had several officers: they are the primary officer's",
        "1 of 2 shared shifts do not say how many calls",
    ):
        assert part in said


def test_a_call_of_several_officers_can_be_shared():
    from coresponder_causal.design.officer_tables import officer_months

    frame = officer_months(*tables(), outcome="force", counted_by="share").set_index(["officer", "month"])
    assert frame.loc["a", "calls"].tolist() == [1, 0, 1, 0.5]
    assert frame.loc["b", "force"].tolist() == [0, 0, 0.5]


def test_tables_without_their_columns_are_refused_all_at_once():
    calls, units, rides, officers = tables()
    with pytest.raises(DesignError) as caught:
        OfficerDesign.from_tables(
            calls.drop(columns="attended"), units.drop(columns="officer"), rides, officers, outcome="no_such"
        )
    assert "table 'calls' lacks attended, no_such" in str(caught.value)
    assert "table 'units' lacks officer" in str(caught.value)
    late = calls.assign(final_type="trespass"), units, rides, officers
    with pytest.raises(DesignError, match="after dispatch"):
        OfficerDesign.from_tables(*late, outcome="force", eligible={"final_type": ["trespass"]})


def test_from_tables_forms_the_design_with_what_there_is():
    with quietly():
        d = OfficerDesign.from_tables(*tables(), outcome="force")
    assert (d.squad, d.volunteered is not None, d.assigned, d.exposure) == ("squad", True, "rostered", "calls")
    assert d.exposed == ["a", "b"]
    assert any("eligible calls with the team" in text for text in d.notes)


def test_a_roster_as_planned_counts_shifts_that_nobody_rode():
    """The roster planned b for two shifts and an ad hoc one; b rode none of them, and a rode the one planned."""
    starts = ["2021-03-03 08:00", "2021-02-05 08:00", "2021-02-06 08:00", "2021-02-07 08:00"]
    roster = pd.DataFrame({"officer": ["a", "b", "b", "b"], "shift_start": pd.to_datetime(starts)})
    roster["assignment"] = ["roster", "roster", "roster", "ad_hoc"]
    with quietly():
        planned, realised = (
            OfficerDesign.from_tables(*tables(), outcome="force", roster=one) for one in (roster, None)
        )
    doses = [d.source.groupby("officer")["rostered"].max().to_dict() for d in (planned, realised)]
    assert doses == [{"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 0.0}]
    assert planned.source["calls_together"].equals(realised.source["calls_together"])
    with quietly():
        assert not any("took place are known" in text for text in planned.as_intended().notes)
    with pytest.warns(IdentificationWarning, match="only shifts that took place are known"):
        realised.as_intended()
    with pytest.raises(DesignError, match="table 'roster' lacks shift_start"):
        OfficerDesign.from_tables(*tables(), outcome="force", roster=roster[["officer"]])
