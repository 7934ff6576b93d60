"""The call tier: the clock, the team, selection, potential outcomes and persons."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.simulate import WorldConfig, world

SMALL = WorldConfig(n_comparison=1)
DAY = pd.Timedelta(days=1)
PRESETS = ("west_sac_like", "null")


@pytest.fixture(scope="module")
def study():
    return world(seed=21, config=SMALL)


@pytest.fixture(scope="module")
def calls(study):
    return study.tables["calls"]


@pytest.fixture(scope="module")
def treated(calls):
    return calls[calls.city == "West Sacramento"]


def played(**changes):
    """Calls of the treated city, with what no table shows."""
    return world(seed=1, config=WorldConfig(n_comparison=1, **changes)).truth.play("bundle").play


def test_times_are_in_order(calls):
    stamps = ["received_at", "dispatched_at", "arrived_at", "engaged_at", "cleared_at"]
    for earlier, later in pairwise(stamps):
        assert (calls[earlier] <= calls[later]).all(), later
    assert (calls.received_at.dt.hour == calls.hour).all()
    on_scene = (calls.cleared_at - calls.arrived_at).dt.total_seconds() / 60
    assert (calls.minutes_on_scene <= on_scene + 0.051).all()  # minutes are kept to one decimal
    assert calls.minutes_on_scene.min() >= 0


def test_only_the_treated_city_has_a_team(calls):
    elsewhere = calls[calls.city != "West Sacramento"]
    assert len(elsewhere) > 1000
    assert not elsewhere[["team_on_duty", "team_busy", "attended"]].to_numpy().any()


def test_team_is_on_duty_within_delivered_shifts(study, treated):
    schedule = study.tables["schedule"]
    delivered = schedule[schedule.delivered_hours > 0]
    shifts = pd.IntervalIndex.from_arrays(delivered.shift_start, delivered.shift_end, closed="left")
    assert ((shifts.get_indexer(treated.received_at) >= 0) == treated.team_on_duty).all()
    assert (treated.team_on_duty | ~treated.team_busy).all()


def test_team_attends_one_call_at_a_time_when_free(treated):
    attended = treated[treated.attended]
    assert len(attended) > 500
    assert (attended.team_on_duty & ~attended.team_busy).all()
    assert (attended.received_at.to_numpy()[1:] >= attended.cleared_at.to_numpy()[:-1]).all()
    duty = treated[treated.team_on_duty]
    until = duty.cleared_at.where(duty.attended).cummax().shift().ffill()
    assert duty.team_busy[duty.received_at < until].all()


def test_schedule_grows_to_seventy_hours(study):
    schedule = study.tables["schedule"]
    weekly = schedule.set_index("shift_start").planned_hours.resample("W").sum()
    assert weekly["2019-01-14":"2019-06-30"].eq(10).all()
    assert weekly["2021-01-18":"2022-12-18"].eq(70).all()
    assert schedule.shift_start.min() >= pd.Timestamp("2018-01-01")
    full = schedule[schedule.shift_start >= "2021-01-01"]
    assert full.shift_start.dt.hour.eq(12).all()
    assert full.shift_end.dt.hour.eq(22).all()


def test_absences_have_their_rate_and_their_reason(study):
    schedule = study.tables["schedule"]
    absent = schedule.delivered_hours == 0
    assert absent.mean() == pytest.approx(0.07, abs=4 * np.sqrt(0.07 * 0.93 / len(schedule)))
    assert (schedule.absence_reason.notna() == absent).all()
    assert (schedule.delivered_hours[~absent] == schedule.planned_hours[~absent]).all()


@pytest.mark.parametrize(("absence", "share"), [(0.0, 0.0), (1.0, 1.0)])
def test_absence_can_be_never_or_always(absence, share):
    study = world(seed=2, config=WorldConfig(n_comparison=1, absence=absence))
    assert (study.tables["schedule"].delivered_hours == 0).mean() == share
    assert study.tables["calls"].attended.any() == (absence == 0)
    assert np.isnan(study.truth.att) == (absence == 1)


def test_att_is_the_change_that_the_team_made():
    """Worlds that differ only in what attendance does: their arrests differ by the effect on the attended calls."""
    acting = world(seed=6, config=WorldConfig(n_comparison=1))
    idle = world(seed=6, config=WorldConfig(n_comparison=1, attendance=0.0))
    with_team, without = acting.tables["calls"], idle.tables["calls"]
    changed = with_team.arrest.sum() - without.arrest.sum()
    assert changed == pytest.approx(acting.truth.att * with_team.attended.sum(), abs=1e-6)
    assert idle.truth.att == 0
    assert -0.08 < acting.truth.att < -0.01
    unattended = ~with_team.attended
    outcomes = ["arrest", "hold", "ed_transport", "force", "report_filed"]
    assert (with_team.loc[unattended, outcomes] == without.loc[unattended, outcomes]).all(axis=None)
    fewer = with_team.loc[~unattended, outcomes].sum() < without.loc[~unattended, outcomes].sum()
    assert fewer[["arrest", "hold", "ed_transport", "report_filed"]].all()
    assert with_team.force.sum() <= without.force.sum()


def test_selection_sends_the_team_to_severer_calls():
    for selection, low, high in ((0.0, -0.08, 0.08), (0.8, 0.3, 1.0)):
        made = played(selection=selection, monthly_calls=400)
        severity, sent = made.calls.severity, made.sent
        free = sent.on_duty & ~sent.busy
        gap = severity[free & sent.attended].mean() - severity[free & ~sent.attended].mean()
        assert low < gap < high  # more than 2,600 calls in free hours: the standard error is at most .04


def test_outcomes_have_the_rates_of_the_field():
    ended = played(monthly_calls=1000).endings.without
    ranges = {"arrest": (0.03, 0.10), "hold": (0.03, 0.20), "ed_transport": (0.10, 0.18), "force": (0.005, 0.02)}
    for name, (low, high) in ranges.items():
        assert low < ended[name].mean() < high, name
    assert (ended["report_filed"] | ~ended["arrest"]).all()


def test_attendance_never_causes_an_arrest_or_force():
    ended = played().endings
    for name in ("arrest", "hold", "ed_transport", "force", "report_filed"):
        assert (ended.with_team[name] <= ended.without[name]).all(), name


def test_repeats_are_the_next_calls_of_the_person(study, calls):
    outcomes = study.tables["outcomes"]
    following = calls.sort_values(["person", "received_at"]).groupby("person").received_at.shift(-1)
    repeat = (following - calls.received_at <= 90 * DAY).reindex(calls.index)
    known = calls.received_at < pd.Timestamp("2023-01-01") - 90 * DAY
    assert outcomes.call_id.tolist() == calls.call_id[known].tolist()
    assert (outcomes.repeat_90d.to_numpy() == repeat[known].to_numpy()).all()
    assert 0.15 < outcomes.repeat_90d.mean() < 0.45


def test_prior_contacts_are_the_calls_of_the_year_before(treated):
    later = treated[treated.received_at >= "2018-01-02"]
    for _, call in later.sample(200, random_state=1).iterrows():
        gap = call.received_at - treated.received_at[treated.person == call.person]
        assert call.prior_contacts == ((gap > pd.Timedelta(0)) & (gap <= 365 * DAY)).sum()
    first_year = treated[treated.received_at < "2018-01-01"].prior_contacts.mean()
    assert first_year == pytest.approx(later.prior_contacts.mean(), rel=0.25)  # the history before the study is drawn


def test_follow_up_is_likelier_with_the_team(study, treated):
    joined = treated.merge(study.tables["outcomes"], on="call_id", validate="one_to_one")
    by_team = joined.groupby("attended")[["followed_up_72h", "linked_30d"]].mean()
    assert (by_team.loc[True] > by_team.loc[False] + 0.03).all()


def test_control_series_do_not_feel_the_programme():
    with_effect, without = (world(preset, seed=9, config=SMALL).tables["control_series"] for preset in PRESETS)
    pd.testing.assert_frame_equal(with_effect, without)
    assert len(with_effect) == 2 * 72 * 2 * 168
    treated = with_effect[with_effect.city == "West Sacramento"].groupby("series")["count"].sum() / 72
    assert 20 < treated["burglary"] < 40
    assert 45 < treated["traffic_collision"] < 80
