"""Officers ride by lot or by choice, learn from calls with the team, and the tables and truths say so."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.data.validate import findings, validate
from coresponder_causal.simulate import WorldConfig, world
from coresponder_causal.simulate.force import PATROL, POSTS, SQUAD_SIZE, START_MONTH, draw_force
from coresponder_causal.simulate.habits import SATURATION
from coresponder_causal.simulate.rosters import draw_riders, month_of
from coresponder_causal.simulate.spells import planned_shifts

START = "2020-07-15"
LARGE = WorldConfig(n_comparison=1, monthly_calls=2000)


@pytest.fixture(scope="module")
def study():
    return world("riding_along", seed=3, config=LARGE)


@pytest.fixture(scope="module")
def own_calls(study):
    """Calls without the team, with the officer whose car came first."""
    cars = study.tables["units"].query("unit_type == 'patrol'").drop_duplicates("call_id")
    made = study.treated_calls.merge(cars[["call_id", "officer"]], on="call_id", validate="one_to_one")
    return made[~made.attended].merge(study.tables["officers"], on="officer", validate="many_to_one")


@pytest.mark.parametrize("name", ["officers", "staff", "rides", "units"])
def test_tables_are_valid(study, name):
    table = study.tables[name]
    assert findings(table, table=name).empty
    assert len(validate(table, table=name)) == len(table)


def test_seventy_four_posts_are_held_at_any_time():
    force = draw_force(WorldConfig(), 5)
    for month in (0, 30, 71):
        held = (force.first_month <= month) & (month < force.end_month)
        assert held.sum() == POSTS == 74
        assert len(set(force.post[held])) == POSTS
        assert (np.sort(force.holder(np.arange(POSTS), np.int64(month))) == np.flatnonzero(held)).all()
    assert (force.hire_band[force.first_month >= 36] == 4).all()  # hired in 2020 or later


def test_an_officer_answers_calls_only_while_in_the_post(study):
    units, force = study.tables["units"], draw_force(study.config, study.seed)
    officer = units.officer.str[1:].astype(int).to_numpy() - 3001
    month = (units.dispatched_at - pd.Timedelta(hours=6)).dt.to_period("M")  # dispatch lags at month's ends
    position = (month - pd.Period("2017-01")).map(lambda gap: gap.n).to_numpy()
    assert (position >= force.first_month[officer] - 1).all()
    assert (position < force.end_month[officer] + 1).all()


def test_every_call_has_a_car_and_attended_ones_have_the_team(study):
    units, calls = study.tables["units"], study.treated_calls.set_index("call_id")
    first = units[units.unit_type == "patrol"].drop_duplicates("call_id").set_index("call_id")
    assert first.index.sort_values().equals(calls.index.sort_values())
    with_team = units.call_id[units.unit_type == "co_responder"]
    assert set(with_team) == set(calls.index[calls.attended])
    spent = (first.cleared_at - first.arrived_at).dt.total_seconds() / 60
    assert (spent - calls.minutes_on_scene).abs().max() < 0.051  # rounded to a tenth of a minute
    of_two = units[units.duplicated("call_id", keep=False) & (units.unit_type == "patrol")]
    assert of_two.groupby("call_id").officer.nunique().isin([1, 2]).all()
    assert not of_two.duplicated(["call_id", "officer"]).any()


def test_the_dose_in_the_tables_is_that_of_the_rides(study):
    rides, units, calls = (study.tables[name] for name in ("rides", "units", "calls"))
    together = units[(units.unit_type == "patrol") & units.call_id.isin(calls.call_id[calls.attended])]
    pd.testing.assert_series_equal(
        together.groupby("officer").size(),
        rides[rides.calls_together > 0].merge(study.tables["officers"][["officer", "role"]], on="officer")
        .pipe(lambda made: made[made.officer.isin(together.officer)]).groupby("officer").calls_together.sum(),
        check_names=False, check_dtype=False,
    )  # fmt: skip
    assert rides.duplicated("shift_start", keep=False).all()
    delivered = study.tables["schedule"].query("delivered_hours > 0")
    assert set(rides.shift_start) == set(delivered.shift_start)


def test_patrol_rides_in_the_changed_programme_alone(study):
    rides = study.tables["rides"].merge(study.tables["officers"], on="officer")
    assert (rides.shift_start[rides.role == "patrol"] >= START).all()
    assert rides.volunteered[rides.assignment == "volunteer"].all()


def test_the_roster_takes_officers_by_lot():
    """Skill does not tell when the roster takes an officer in, whatever it tells about volunteers."""
    gaps, chosen = [], []
    for seed in range(60):
        force = draw_force(WorldConfig(officer_selection=2.0), seed)
        posts = slice(0, PATROL)
        early = force.roster_from[posts] < START_MONTH + 12
        squad = np.arange(PATROL) // SQUAD_SIZE
        share = np.bincount(squad, early) / SQUAD_SIZE
        gaps.append(((early - share[squad]) * force.skill[posts]).mean())
        came = force.volunteered[posts]
        chosen.append(force.skill[posts][came].mean() - force.skill[posts][~came].mean())
    assert abs(np.mean(gaps)) < 4 * np.std(gaps) / 60**0.5
    assert np.mean(chosen) > 1.0


def test_no_selection_makes_volunteers_like_the_others():
    found = []
    for seed in range(60):
        force = draw_force(WorldConfig(officer_selection=0.0), seed)
        found.append(force.skill[force.volunteered].mean() - force.skill[~force.volunteered].mean())
    assert abs(np.mean(found)) < 4 * np.std(found) / 60**0.5


def test_volunteers_take_the_share_of_shifts_that_is_asked_for():
    config = WorldConfig(ride_volunteers=1.0)
    force, shifts = draw_force(config, 1), planned_shifts()
    late = month_of(shifts.start) >= START_MONTH + 12
    assert draw_riders(force, shifts, config, 1).assignment[late].mean() > 0.95
    by_roster = WorldConfig(ride_volunteers=0.0)
    assert not draw_riders(force, shifts, by_roster, 1).assignment.any()


def test_without_effects_officers_leave_every_call_as_it_was():
    plain = WorldConfig(n_comparison=1, monthly_calls=100)
    turned = WorldConfig(
        n_comparison=1, monthly_calls=100, officer_selection=3.0, ride_volunteers=1.0, squad_spillover=0.5
    )
    first, second = (world(seed=4, config=config) for config in (plain, turned))
    pd.testing.assert_frame_equal(first.treated_calls, second.treated_calls)
    pd.testing.assert_frame_equal(first.treated_outcomes, second.treated_outcomes)
    assert not first.tables["rides"].equals(second.tables["rides"])
    assert (first.truth.full.officers.effect == 0).all()


def test_officers_change_no_call_before_the_start_by_what_they_learn():
    taught, untaught = (
        world("riding_along", seed=4, config=WorldConfig(n_comparison=1, squad_spillover=spill)) for spill in (0.0, 0.5)
    )
    first, second = taught.treated_calls, untaught.treated_calls
    before = first.received_at < START
    pd.testing.assert_frame_equal(first[before], second[before])
    assert not first.equals(second)


def test_volunteers_differ_before_they_ride(study, own_calls):
    truth = study.truth.full.volunteers.set_index("outcome")
    before = own_calls[own_calls.received_at < START]
    for outcome in ("arrest", "hold"):
        rates = before.groupby("volunteered")[outcome].mean()
        assert rates[True] - rates[False] == pytest.approx(truth.difference[outcome], abs=1e-12)
        assert truth.difference[outcome] < -0.02
    force = draw_force(study.config, study.seed)
    assert truth.log_odds["arrest"] < -0.8 * 0.5 * (force.skill[force.volunteered].mean())


def test_a_regression_with_the_known_confounder_recovers_what_was_learnt(study, own_calls):
    """Within officers the taught differ from the untaught by the effect; across officers selection is added."""
    calls = study.truth.play("bundle").play
    dose = study.truth.full.full.habits.dose[~calls.sent.attended]
    own_calls = own_calls.assign(taught=-np.expm1(-dose / SATURATION), arrest=own_calls.arrest.astype(float))
    own_calls["era"] = (own_calls.received_at >= START).astype(str) + own_calls.initial_type
    mean_taught = own_calls.taught[own_calls.received_at >= START].mean()

    def estimate(*effects):
        """Slope on what was taught after taking out effects in turns, times its mean, with its standard error."""
        y, x = own_calls.arrest, own_calls.taught
        for _ in range(50):
            for group in effects:
                y, x = (of - of.groupby(own_calls[group]).transform("mean") for of in (y, x))
        slope = (x * y).sum() / (x * x).sum()
        return mean_taught * slope, mean_taught * ((x * (y - slope * x)) ** 2).sum() ** 0.5 / (x * x).sum()

    effect = study.truth.full.officers.query("outcome == 'arrest' and group == 'all'").effect.item()
    within, error = estimate("officer", "era")
    assert error < 0.005
    assert effect < -3 * error
    assert within == pytest.approx(effect, abs=4 * error)
    assert estimate("era")[0] < effect - 8 * error


def test_what_is_learnt_fades_and_is_passed_on():
    def dose(**changes):
        return world("riding_along", seed=2, config=WorldConfig(n_comparison=1, **changes)).truth.full.officers.dose[0]

    alone = dose()
    assert dose(officer_fade=0.2) < 0.7 * alone
    assert dose(squad_spillover=0.5) > 1.2 * alone


def test_the_same_day_is_shared_by_the_same_officers_in_a_shorter_programme():
    config = WorldConfig(ride_volunteers=0.5)
    force = draw_force(config, 1)
    long, short = planned_shifts(30), planned_shifts(12)
    of_long, of_short = (draw_riders(force, shifts, config, 1) for shifts in (long, short))
    while_running = short.start < np.datetime64("2021-07-01", "s").astype(int)
    same = np.isin(long.start, short.start[while_running])
    assert (of_long.rider[same] == of_short.rider[while_running]).all()
    assert set(force.role[of_short.rider[~while_running]]) == {2}  # afterwards the team's own officers alone


def test_what_no_table_shows_is_in_the_truth(study):
    traits, rides = study.truth.full.traits, study.tables["rides"]
    first = rides.groupby(["officer", "assignment"]).shift_start.min().dt.to_period("M").unstack()
    joined = traits.set_index("officer").join(first).join(study.tables["officers"].set_index("officer").role)
    patrol = joined[joined.role == "patrol"]
    for assignment, begins in (("volunteer", "volunteers_from"), ("roster", "roster_from")):
        rode = patrol[patrol[assignment].notna()]
        assert len(rode) > 10
        assert (rode[assignment] >= rode[begins]).all()
    assert (first.index[first.volunteer.notna()]).isin(traits.officer[traits.volunteers_from.notna()]).all()
    persons = study.truth.full.persons.set_index("person")
    calls = study.treated_calls.person.value_counts().reindex(persons.index, fill_value=0)
    assert persons.expected_calls.corr(calls) > 0.9


def test_nobody_of_patrol_learns_where_the_small_dose_goes_on(study):
    full = study.truth.full.full
    shifts, calls = planned_shifts(0), study.truth.play("none").play
    held = full.officers.ways(calls.calls, shifts)(calls.calls, calls.sent.attended)
    by_patrol = full.officers.crew(calls.calls, shifts).officer(calls.sent.attended) < PATROL
    assert by_patrol.mean() > 0.5
    assert (held.dose[by_patrol] == 0).all()
