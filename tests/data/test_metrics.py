"""Every kind of metric on a handful of rows whose answer is worked out by hand beside the test."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.inference import critical, exact_poisson, wilson
from coresponder_causal.data import metrics

ELIGIBLE = {"initial_type": "mental_health_crisis", "final_type": "mental_health_crisis"}


def calls(*days: str, **fields) -> pd.DataFrame:
    """Eligible calls on given days with given fields; a field's list is as long as the days."""
    base = {"call_id": [f"c{i}" for i in range(len(days))], "city": "Davis", "received_at": pd.to_datetime(list(days))}
    return pd.DataFrame({**base, **ELIGIBLE, **fields})


def one(tables, metric: str, part: str = "", **options) -> pd.Series:
    """The only row of one part."""
    found = metrics(tables, only=[metric], period="all", **options)
    (position,) = np.flatnonzero(found["part"].eq(part))
    return found.iloc[position]


def test_a_proportion_leaves_unknown_answers_out_and_counts_them() -> None:
    """Of 6 calls 2 are arrests, 3 are not, 1 is not known: 2 of 5, one missing."""
    row = one({"calls": calls(*["2020-01-01"] * 6, arrest=[True, True, False, False, False, None])}, "M15")
    assert (row.numerator, row.denominator, row.value, row.missing, row.unplaced) == (2, 5, 0.4, 1, 0)
    assert row.divided_by == "of 5 crisis-eligible calls"
    assert (row.conf_low, row.conf_high) == tuple(float(bound) for bound in wilson(2, 5))
    assert row.interval == "Wilson"
    assert row.small


def test_persons_who_repeat_widen_the_interval() -> None:
    """Two persons with four calls each, all arrests or none.

    Clustered variance: residuals ±2, so (4 + 4) / 64 · 2/1 = .25; binomial .25 / 8 = .03125; deff 8, one effective
    trial.
    """
    frame = calls(*["2020-01-01"] * 8, arrest=[True] * 4 + [False] * 4, person=["a"] * 4 + ["b"] * 4)
    row = one({"calls": frame}, "M15")
    assert row.design_effect == pytest.approx(8, abs=1e-12)
    assert (row.n_persons, row.interval) == (2, "person-clustered Wilson")
    assert (row.conf_low, row.conf_high) == pytest.approx(tuple(float(b) for b in wilson(0.5, 1)), abs=1e-12)


def test_where_nobody_repeats_the_interval_is_plain() -> None:
    row = one({"calls": calls(*["2020-01-01"] * 3, arrest=[True, False, False], person=["a", "b", "c"])}, "M15")
    assert row.interval == "Wilson"
    assert np.isnan(row.design_effect)


def test_a_call_whose_code_is_not_known_is_unplaced() -> None:
    frame = calls("2020-01-01", "2020-01-02", "2020-01-03", arrest=[True, False, True])
    frame["initial_type"] = ["mental_health_crisis", None, None]
    frame["final_type"] = ["other", "other", "suicide_threat"]
    row = one({"calls": frame}, "M15")
    assert (row.numerator, row.denominator, row.unplaced) == (2, 2, 1)


def test_reported_and_found_are_kept_apart_and_a_flag_decides_where_the_code_does_not() -> None:
    """Codes: crisis/crisis, crisis/other without flag, trespass/trespass flagged, trespass/trespass not flagged."""
    frame = calls(*["2020-01-01"] * 4)
    frame["initial_type"] = ["mental_health_crisis", "mental_health_crisis", "trespass", "trespass"]
    frame["final_type"] = ["mental_health_crisis", "other", "trespass", "trespass"]
    frame["crisis_on_scene"] = [True, False, True, False]
    shares = metrics({"calls": frame}, only=["M01"], period="all").set_index("part")["numerator"]
    assert shares["reported at intake"] == 2
    assert shares["found on scene"] == 2
    assert shares["reported or found"] == 3


def test_the_intake_code_against_the_tap() -> None:
    """Flagged: 3, of which 2 coded at intake. Coded at intake: 3, of which 2 flagged. One flag is missing."""
    frame = calls(*["2020-01-01"] * 5, crisis_on_scene=[True, True, True, False, None])
    frame["initial_type"] = ["mental_health_crisis", "suicide_threat", "trespass", "welfare_check", "welfare_check"]
    found = metrics({"calls": frame}, only=["M02"], period="all").set_index("part")
    assert found.loc["sensitivity", ["numerator", "denominator", "unplaced"]].tolist() == [2, 3, 1]
    assert found.loc["positive predictive value", ["numerator", "denominator", "missing"]].tolist() == [2, 3, 1]


def test_a_rate_is_per_thousand_with_the_exact_poisson_interval() -> None:
    row = one({"calls": calls(*["2020-01-01"] * 40, force=[True] * 2 + [False] * 38)}, "M12")
    low, high = exact_poisson(2)
    assert (row.value, row.conf_low, row.conf_high) == pytest.approx((50, 25 * float(low), 25 * float(high)), rel=1e-12)


def test_a_rate_per_resident_is_a_years() -> None:
    """31 days of January and 7 calls among 1,000 residents: 7 / (31 / 365.25) per thousand and year."""
    tables = {
        "calls": calls(*[f"2021-01-{day:02}" for day in range(1, 8)]),
        "cities": pd.DataFrame({"city": ["Davis"], "population": [1000], "time_zone": ["America/Los_Angeles"]}),
    }
    found = metrics(tables, only=["M01"], period="month").set_index("part").loc["per 1000 residents"]
    assert found["value"] == pytest.approx(7 * 365.25 / 31, rel=1e-12)


def test_a_mean_is_clustered_by_person() -> None:
    """Days 0, 0, 4, 4 of two persons: mean 2, residual sums ∓4, error √(32 · 2/1)/4 = 2, t with 1 df."""
    tables = {
        "calls": calls(*["2020-01-01"] * 4, person=["a", "a", "b", "b"]),
        "outcomes": pd.DataFrame({"call_id": ["c0", "c1", "c2", "c3"], "custody_days_90d": [0.0, 0, 4, 4]}),
    }
    row = one(tables, "M31")
    half = float(critical(1.0)) * 2
    assert (row.value, row.conf_low, row.conf_high) == pytest.approx((2, 2 - half, 2 + half), rel=1e-12)
    assert row.interval == "person-clustered t"


def test_a_median_has_the_bounds_of_order_statistics() -> None:
    """Of 20 ordered values the 6th and the 15th hold the median with 95 % (Conover 1999, table)."""
    frame = calls(*["2020-01-01"] * 20, minutes_on_scene=np.arange(1.0, 21))
    found = metrics({"calls": frame}, only=["M10"], period="all")
    found = found[found["part"].eq("time on scene")].set_index("statistic")
    assert found.loc["median", ["value", "conf_low", "conf_high"]].tolist() == [10.5, 6, 15]
    assert found.loc["p90", "conf_low"] == 15
    assert np.isnan(found.loc["p90", "conf_high"])


def test_officer_minutes_add_up_all_police_units_and_no_other() -> None:
    """Two patrol units of 30 and 10 minutes and a team of 60; the second call's unit never cleared."""
    stamps = pd.to_datetime(["2020-01-01 10:00"] * 4)
    units = pd.DataFrame({
        "call_id": ["c0", "c0", "c0", "c1"], "unit": ["1", "2", "3", "1"],
        "unit_type": ["patrol", "supervisor", "co_responder", "patrol"], "arrived_at": stamps,
        "cleared_at": [*(stamps[:3] + pd.to_timedelta([30, 10, 60], unit="m")), pd.NaT],
    })  # fmt: skip
    found = metrics({"calls": calls("2020-01-01", "2020-01-01"), "units": units}, only=["M10"], period="all")
    row = found[found["part"].eq("all police units") & found["statistic"].eq("median")].iloc[0]
    assert (row.value, row.denominator, row.missing) == (40, 1, 1)


def test_people_are_counted_once_by_their_first_call_and_an_unknown_link_stays_unknown() -> None:
    """Person a: first call linked, given last. b: first not known, then not. c: not. One call without a person.

    The second link of c, in a later call, does not count: a longer period would give more chances.
    """
    tables = {
        "calls": calls(
            "2020-01-05", "2020-01-01", "2020-01-02", "2020-01-03", "2020-01-01", "2020-01-09", "2020-01-01",
            person=["a", "a", "b", "b", "c", "c", None],
        ),
        "outcomes": pd.DataFrame(
            {"call_id": [f"c{i}" for i in range(7)], "linked_30d": [False, True, None, False, False, True, True]}
        ),
    }  # fmt: skip
    row = one(tables, "M24", "within 30 days")
    assert (row.numerator, row.denominator, row.missing, row.unplaced) == (1, 2, 1, 1)
    assert row.interval == "Wilson"


def test_a_repeat_is_counted_only_where_the_data_reach_far_enough() -> None:
    """Person a calls on 1 and 20 January, b on 1 January and 15 February; the data end on 1 March.

    Followed for 30 days: the calls of January (three); with another call in 30 days: a's first. The calls of 15
    February and 1 March are not followed.
    """
    frame = calls(
        "2021-01-01", "2021-01-20", "2021-01-01", "2021-02-15", "2021-03-01", person=["a", "a", "b", "b", "z"]
    )
    row = one({"calls": frame}, "M28", "within 30 days")
    assert (row.numerator, row.denominator) == (1, 3)
    assert row.divided_by == "of 3 crisis-eligible calls followed for 30 days"
    assert one({"calls": frame}, "M28", "within 365 days").denominator == 0


def test_calls_are_followed_to_the_last_call_of_their_own_city() -> None:
    """Davis ends on 20 January, Woodland in June: no call of Davis is followed for 30 days, one of Woodland is."""
    frame = calls("2021-01-01", "2021-01-20", "2021-01-01", "2021-06-01", person=["a", "a", "b", "c"])
    frame["city"] = ["Davis", "Davis", "Woodland", "Woodland"]
    row = one({"calls": frame}, "M28", "within 30 days")
    assert (row.numerator, row.denominator) == (0, 1)


def test_the_same_code_in_two_cities_is_two_persons() -> None:
    """Person p calls once in Davis and a day later once in Woodland: no repeat, two persons, each with a first call."""
    frame = calls("2021-01-01", "2021-01-02", "2021-06-01", "2021-06-01", person=["p", "p", "x", "y"])
    frame["city"] = ["Davis", "Woodland"] * 2
    tables = {
        "calls": frame,
        "outcomes": pd.DataFrame({"call_id": frame["call_id"], "linked_30d": [False, True, False, False]}),
    }
    row = one(tables, "M28", "within 30 days")
    assert (row.numerator, row.denominator, row.n_persons) == (0, 2, 2)
    row = one(tables, "M24", "within 30 days")
    assert (row.numerator, row.denominator) == (1, 4)
    assert one(tables, "M29").denominator == 4


def test_of_two_calls_of_the_same_moment_the_lower_key_is_the_first() -> None:
    tables = {
        "calls": calls("2021-01-01", "2021-01-01", person="p", call_id=["b", "a"]),
        "outcomes": pd.DataFrame({"call_id": ["b", "a"], "linked_30d": [False, True]}),
    }
    row = one(tables, "M24", "within 30 days")
    assert (row.numerator, row.denominator) == (1, 1)


def test_a_repeat_can_be_told_from_addresses() -> None:
    frame = calls("2021-01-01", "2021-01-05", "2021-06-01", address=["x", "x", "y"])
    assert one({"calls": frame}, "M28", "within 30 days").numerator == 1


def test_concentration_is_the_share_of_the_busiest_twentieth() -> None:
    """Twenty persons, one with 5 calls and nineteen with one: the busiest has 5 of 24."""
    people = ["top"] * 5 + [f"p{i}" for i in range(19)]
    row = one({"calls": calls(*["2020-01-01"] * 24, person=people)}, "M29")
    assert (row.numerator, row.denominator) == (5, 24)
    assert row.value == pytest.approx(5 / 24)
    assert row.conf_low <= row.value <= row.conf_high


def test_kappa_is_agreement_beyond_chance_in_the_sample_read_by_hand() -> None:
    """Code yes/read yes 20, yes/no 5, no/yes 10, no/no 15: kappa .4 (Cohen 1960). What a machine read is left out."""
    types = ["mental_health_crisis"] * 25 + ["trespass"] * 25
    read = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    frame = calls(*["2020-01-01"] * 51).assign(initial_type=[*types, "trespass"])
    coded = pd.DataFrame({
        "call_id": frame["call_id"], "author": "x",
        "crisis_coded": [*read, True], "coded_by": ["hand"] * 50 + ["machine"],
    })  # fmt: skip
    row = one({"calls": frame, "narratives": coded}, "M42")
    assert (row.value, row.denominator, row.numerator) == (pytest.approx(0.4), 50, 35)


def test_an_outcome_is_standardised_to_the_mix_of_calls() -> None:
    """Type s: 4 calls, 2 arrests; type w: 4 calls, 1 arrest. Group A has 3 s and 1 w with 2 arrests.

    Expected of A: 3 · ½ + 1 · ¼ = 1.75; of B: 1 · ½ + 3 · ¼ = 1.25 with 1 arrest.
    """
    frame = calls(*["2020-01-01"] * 8, perceived_race=["white"] * 4 + ["black"] * 4)
    frame["initial_type"] = ["suicide_threat"] * 3 + ["welfare_check", "suicide_threat"] + ["welfare_check"] * 3
    frame["arrest"] = [True, True, False, False, False, True, False, False]
    found = metrics({"calls": frame}, only=["M44"], period="all")
    found = found[found["part"].eq("arrest by perceived race")].set_index("group")
    assert found.loc["white", ["numerator", "denominator"]].tolist() == [2, 1.75]
    assert found.loc["black", ["numerator", "denominator", "value"]].tolist() == [1, 1.25, 0.8]


def test_reach_is_shown_by_group_with_the_unknown_as_one() -> None:
    frame = calls(*["2020-01-01"] * 4, attended=[True, False, True, False], team_on_duty=True)
    frame["unhoused"] = [True, True, False, None]
    found = metrics({"calls": frame}, only=["M43"], period="all")
    shown = found[found["part"].eq("by housing")].set_index("group")["value"]
    assert shown.to_dict() == {"yes": 0.5, "no": 1.0, "not known": 0.0}


def test_covered_hours_come_from_the_shifts_of_the_call_s_own_city() -> None:
    """A shift from 12 to 22 o'clock in Davis; calls at 11:59, 12:00, 21:59, 22:00, and at 13:00 in Woodland."""
    clock = ["11:59", "12:00", "21:59", "22:00", "13:00"]
    frame = calls(*[f"2020-01-01 {time}" for time in clock], attended=True)
    frame["city"] = ["Davis"] * 4 + ["Woodland"]
    shift = pd.DataFrame({"city": ["Davis"], "shift_start": ["2020-01-01 12:00"], "shift_end": ["2020-01-01 22:00"]})
    row = one({"calls": frame, "schedule": shift}, "M07")
    assert row.denominator == 2
    by_shift = metrics({"calls": frame, "schedule": shift}, only=["M06"], period="all", by=["shift"])
    assert by_shift[by_shift["part"].eq("all hours")].set_index("shift")["denominator"].to_dict() == {
        "covered": 2, "other hours": 3,
    }  # fmt: skip


def test_rides_before_the_call_make_the_dose() -> None:
    """Officer x rode once before the first call and never again; y never rode; one officer is not known."""
    frame = calls("2020-02-01", "2020-01-01", "2020-02-01", "2020-02-01", attended=False, arrest=True)
    frame["primary_officer"] = ["x", "x", "y", None]
    rides = pd.DataFrame({
        "officer": ["x"], "staff": ["s"], "city": ["Davis"], "shift_start": ["2020-01-10 08:00"],
        "shift_end": ["2020-01-10 18:00"], "assignment": ["roster"],
    })  # fmt: skip
    found = metrics({"calls": frame, "rides": rides}, only=["M40"], period="all")
    shown = found[found["part"].eq("arrest by earlier rides")].set_index("group")["denominator"]
    assert shown.to_dict() == {"1 to 4": 1, "none": 2, "not known": 1}


def test_the_change_of_officers_is_within_officers() -> None:
    """a: 3, 2, 1 → −1, −2. b: 5, 4 → −1. c answered once. Mean −4/3, clustered over two officers."""
    waves = pd.DataFrame({
        "officer": ["a", "a", "a", "b", "b", "c"], "wave": [1, 2, 3, 1, 2, 1],
        "date": ["2020-01-01", "2020-06-01", "2021-01-01", "2020-01-01", "2020-06-01", "2020-06-01"],
        "stigma_score": [3.0, 2, 1, 5, 4, 1],
    })  # fmt: skip
    row = one({"officer_waves": waves}, "M38", "change within officers")
    assert (row.value, row.denominator, row.n_persons) == (pytest.approx(-4 / 3), 3, 2)


def test_hours_returned_are_the_difference_of_means_times_the_covered_calls() -> None:
    """Covered: 20 and 40 minutes; other hours: 50 and 70. (60 − 30) · 2 / 60 = 1 hour."""
    frame = calls(*["2020-01-01"] * 4, minutes_on_scene=[20.0, 40, 50, 70], team_on_duty=[True, True, False, False])
    row = one({"calls": frame}, "M46")
    assert (row.value, row.denominator) == (1, 2)
    half = float(critical(np.inf)) * np.hypot(10, 10) * 2 / 60
    assert row.conf_high - row.value == pytest.approx(half, rel=1e-12)


def test_contacts_surveys_and_narratives() -> None:
    contacts = pd.DataFrame({
        "contact_id": ["1", "2", "3"], "city": "Davis", "contact_at": "2020-01-01 10:00", "origin": "911",
        "transported_to": ["sobering", "ed", None], "referral_made": [True, True, False],
        "referral_accepted": [True, None, None],
        "clinician_present": True, "joint_arrival": [True, False, True], "follow_up_reached_72h": True,
    })  # fmt: skip
    surveys = pd.DataFrame({
        "response": ["1", "2"], "date": "2020-01-05", "respondent": ["person_served", "person_served"],
        "respected": [5, 4], "heard": [4, 4], "safe": [3, 4], "choice": [2, 4], "would_call_again": [1, None],
    })  # fmt: skip
    narratives = pd.DataFrame({
        "call_id": ["1", "2", "3"], "author": "x", "written_at": "2020-01-01 12:00",
        "text": ["known frequent flyer", "The bumper was hit", None],
    })  # fmt: skip
    tables = {"contacts": contacts, "surveys": surveys, "narratives": narratives}
    alternative, handoff, fidelity = (one(tables, name) for name in ("M21", "M23", "M49"))
    assert (alternative.numerator, alternative.denominator, alternative.missing) == (1, 2, 1)
    assert (handoff.numerator, handoff.denominator, handoff.missing) == (1, 1, 1)
    assert (fidelity.value, fidelity.missing) == (1.0, 2)
    experience, words = one(tables, "M35"), one(tables, "M45")
    assert (experience.value, experience.missing) == (3, 1)
    assert (words.numerator, words.denominator, words.missing) == (1, 2, 1)


def test_what_cannot_be_computed_is_listed_with_what_it_lacks() -> None:
    found = metrics({"calls": calls("2020-01-01", arrest=[True])}, period="all")
    assert set(found["metric"]) == {f"M{number:02}" for number in range(1, 51)}
    row = found[found["metric"].eq("M16") & found["part"].eq("citation")].iloc[0]
    assert row["lacks"] == "calls.citation"
    assert np.isnan(row["value"])
    assert found[found["metric"].eq("M15")]["lacks"].tolist() == [""]


def test_a_start_cuts_every_period_in_two() -> None:
    frame = calls("2020-07-01", "2020-07-14", "2020-07-15", "2020-08-01", arrest=[True, False, True, True])
    found = metrics({"calls": frame}, only=["M15"], start="2020-07-15")
    assert found[["period", "phase", "denominator"]].values.tolist() == [
        ["2020-07", "before", 2], ["2020-07", "from the start", 1], ["2020-08", "from the start", 1],
    ]  # fmt: skip


def test_small_cells_are_flagged_in_either_direction() -> None:
    """12 calls: 12 − 1 arrests leave 1 without; 0 of 30 shows no count from 1 to 10."""
    assert one({"calls": calls(*["2020-01-01"] * 12, arrest=[False] + [True] * 11)}, "M15").small
    assert not one({"calls": calls(*["2020-01-01"] * 30, arrest=[False] * 30)}, "M15").small


def test_wrong_questions_are_refused_together() -> None:
    with pytest.raises(DataError, match=r"period is 'day'.*\n.*no metrics M99"):
        metrics({"calls": calls("2020-01-01")}, period="day", only=["M99"])
    with pytest.raises(DataError, match="start is 'soon'"):
        metrics({"calls": calls("2020-01-01")}, start="soon")


def test_a_column_that_breaks_the_dictionary_is_refused_with_its_rows() -> None:
    frame = calls("2020-01-01", "2020-01-02").assign(arrest=["yes", "perhaps"])
    with pytest.raises(DataError, match=r"'arrest': not a yes or no in 1 row \(rows 1\)"):
        metrics({"calls": frame}, only=["M15"])


def test_codes_that_wait_for_a_flag_count_as_no_where_none_is_recorded() -> None:
    """Of four calls two are eligible by code, two only if flagged: without a flag 2 of 4, with one flagged 3 of 4."""
    frame = calls(*["2020-01-01"] * 4)
    frame["final_type"] = frame["initial_type"] = ["mental_health_crisis"] * 2 + ["disturbance"] * 2
    plain = one({"calls": frame}, "M01", "found on scene")
    assert (plain.numerator, plain.denominator, plain.unplaced) == (2, 4, 0)
    flagged = one({"calls": frame.assign(crisis_on_scene=[True, True, True, False])}, "M01", "found on scene")
    assert (flagged.numerator, flagged.denominator) == (3, 4)
