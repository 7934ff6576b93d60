"""Stays keep persons from calling, and the records err at their stated rates."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.simulate import WorldConfig, world
from coresponder_causal.simulate.candidates import DAY
from coresponder_causal.simulate.persons import draw_persons, earlier_calls

RATES = {"missing": 0.4, "false_links": 0.1, "missed_links": 0.2}
CONFIG = WorldConfig(n_comparison=1, monthly_calls=1500, **RATES)


@pytest.fixture(scope="module")
def study():
    return world(seed=12, config=CONFIG)


@pytest.fixture(scope="module")
def played(study):
    return study.truth.play("bundle").play


def rate(share, n):
    """Four standard errors around a probability, for n independent draws."""
    return pytest.approx(share, abs=4 * (share * (1 - share) / n) ** 0.5)


def test_nobody_calls_during_a_stay(study):
    joined = study.treated_calls.merge(study.treated_outcomes, on="call_id").sort_values(["person", "received_at"])
    away = joined.hospital_days_90d + joined.custody_days_90d
    free_at = joined.cleared_at + pd.to_timedelta(away, unit="D")
    following = joined.groupby("person").received_at.shift(-1)
    stayed = (away > 0) & following.notna()
    assert stayed.sum() > 1000
    assert (following[stayed] >= free_at[stayed] - pd.Timedelta(seconds=1)).all()  # days are cut to whole seconds
    assert (away <= 90 + 1e-9).all()
    assert (joined.custody_days_90d > 0).equals(joined.arrest & (joined.hospital_days_90d < 90))
    assert (joined.hospital_days_90d > 0).equals(joined.hold | joined.ed_transport)


def test_only_stays_change_who_calls(played):
    by_caller = pd.DataFrame({"caller": played.calls.caller, "person": played.calls.person})
    stand_in = by_caller.person != by_caller.caller  # the first city's persons are numbered from 0
    assert 0.001 < stand_in.mean() < 0.03
    assert by_caller.person[stand_in].is_unique
    assert not by_caller.person[stand_in].isin(by_caller.person[~stand_in]).any()
    released = played.sent.cleared + (played.endings.hospital_days + played.endings.custody_days) * DAY
    calls = pd.DataFrame({"caller": by_caller.caller, "at": played.calls.received, "until": released})
    own = calls[~stand_in].sort_values("at")
    for row in np.flatnonzero(stand_in)[:100]:
        caller, at, _ = calls.iloc[row]
        earlier = own[(own.caller == caller) & (own["at"] < at)]
        assert earlier.until.max() > at


def test_persons_call_in_proportion_to_a_gamma_frailty():
    persons = draw_persons(np.array([200_000.0]), np.array([0]), 3)[0]
    relative = persons.expected / persons.expected.mean()
    # gamma of shape 1/2: squared coefficient of variation 2; 60,000 persons, whose standard error of it is about .05
    assert relative.var() == pytest.approx(2, abs=0.2)
    assert persons.expected.sum() == pytest.approx(200_000, rel=1e-12)


def test_the_history_before_the_study_is_poisson():
    n = 50_000
    midyear = np.full(n, np.datetime64("2017-07-02", "s").astype(int))
    uniform = (np.arange(n) + 0.5) / n
    drawn = earlier_calls(np.arange(n), midyear, np.full(n, 18.0), uniform)
    mean = 18.0 * (365 - 182) / 2191
    # an even grid of uniform numbers leaves rounding alone
    assert drawn.mean() == pytest.approx(mean, abs=1e-3)
    assert drawn.var() == pytest.approx(mean, abs=1e-2)


def test_links_are_shown_at_their_rates(played):
    true, shown = played.care.observed["linked_30d"], played.records.observed["linked_30d"]
    assert (~shown)[true].mean() == rate(0.2, true.sum())
    assert shown[~true].mean() == rate(0.1, (~true).sum())


def test_links_are_less_often_known_where_there_is_none(played, study):
    true, attended, unknown = played.care.observed["linked_30d"], played.sent.attended, played.records.unknown
    for linked in (False, True):
        for came in (False, True):
            cell = (true == linked) & (attended == came)
            assert unknown[cell].mean() == rate(0.4 * 0.5 ** (linked + came), cell.sum())
    table = study.treated_outcomes
    np.testing.assert_array_equal(table.linked_30d.isna(), unknown[played.care.complete])
    known = table.linked_30d.dropna().astype(bool)
    assert known.mean() > played.records.observed["linked_30d"].mean() + 0.01  # those without a link are missing


def test_the_machine_errs_at_its_rates_and_not_alike_in_the_arms(played, study):
    flagged, crisis, attended = played.records.observed["crisis_flagged"], played.records.crisis, played.sent.attended
    for came, found, false in ((False, CONFIG.flag_found, CONFIG.flag_false), (True, 0.92, 0.12)):
        arm = attended == came
        assert flagged[arm & crisis].mean() == rate(found, (arm & crisis).sum())
        assert flagged[arm & ~crisis].mean() == rate(false, (arm & ~crisis).sum())
    assert 0.2 < crisis.mean() < 0.6
    np.testing.assert_array_equal(study.treated_calls.crisis_flagged, flagged)


def test_no_record_errs_where_no_error_is_asked_for():
    exact = {"missing": 0.0, "false_links": 0.0, "missed_links": 0.0}
    machine = {"flag_found": 1.0, "flag_found_by_team": 1.0, "flag_false": 0.0, "flag_false_by_team": 0.0}
    study = world(seed=1, config=WorldConfig(n_comparison=1, **exact, **machine))
    made = study.truth.play("bundle").play
    assert (made.records.observed["linked_30d"] == made.care.observed["linked_30d"]).all()
    assert (made.records.observed["crisis_flagged"] == made.records.crisis).all()
    assert study.treated_outcomes.linked_30d.notna().all()


def test_reports_are_filed_on_incidents_alone(played):
    for potential in (played.endings.without, played.endings.with_team):
        assert (potential["incident"] | ~potential["report_filed"]).all()
        assert (potential["report_filed"] | ~(potential["arrest"] | potential["force"])).all()
    assert (played.endings.without["incident"] == played.endings.with_team["incident"]).all()
