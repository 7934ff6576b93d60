"""First calls against all calls, and calls against shifts, where the truth is made here."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check, report
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CallDesign, match_nearest, weight_propensity
from coresponder_causal.design.adjusted_again import adjusted_again
from coresponder_causal.design.call_sequence import shift_of
from coresponder_causal.estimate import call_aipw, call_difference
from coresponder_causal.report.write import rendered
from coresponder_causal.simulate import WorldConfig, world


def repeated(seed, carried=0.0, persons=400):
    """Three calls a person, each attended by chance; an attended earlier call adds ``carried`` to each later effect."""
    rng = np.random.default_rng(seed)
    attended = rng.random((persons, 3)) < 0.5
    own = rng.normal(size=(persons, 1))
    before = np.cumsum(attended, axis=1) - attended
    minutes = 40 + own + rng.normal(size=(persons, 3)) + attended * (-1 + carried * (before > 0))
    day = rng.integers(0, 40, (persons, 1)) + np.array([200, 260, 320])
    begin = pd.Timestamp("2021-01-01 12:00")
    return pd.DataFrame(
        {
            "call_id": [f"c{place}" for place in range(3 * persons)],
            "person": np.repeat([f"p{place}" for place in range(persons)], 3),
            "received_at": begin + pd.to_timedelta(day.ravel(), unit="D"),
            "attended": attended.ravel(),
            "minutes": minutes.ravel(),
            "priority": rng.integers(1, 4, 3 * persons),
            "team_on_duty": True,
            "origin": "911",
        }
    )


def formed(table, **changed):
    stated = {"outcome": "minutes", "treatment": "attended", "covariates": ["priority"], "person": "person"}
    with quietly():
        return CallDesign.from_tables(table, **(stated | changed))


def by_hand(seed=1):
    """The estimates of call_difference as they come, on first and on all calls."""
    d = formed(repeated(seed))
    with quietly():
        return d, call_difference(d), check.first_or_all(call_difference(d), d)


def test_rows_are_the_designs_of_each_wash_out():
    table = repeated(1)
    _, result, found = by_hand()
    with quietly():
        for days, kept in ((0, "all"), (30, "first"), (90, "first")):
            own = formed(table, which=kept, **({"washout_days": days} if days else {}))
            row = found.table.set_index("washout_days").loc[days]
            assert row["estimate"] == call_difference(own).estimate[0]
            assert row["calls"] == len(own.source)
    assert found.table.set_index("washout_days").loc[180, "estimate"] == result.estimate[0]
    assert found.table["unseen"].tolist()[-1] > 0


def test_standard_error_of_the_difference_by_hand():
    """Sum over persons of (ψ_first/n_first − ψ_all/n_all)², each with its own small-sample factor."""
    d, _, found = by_hand()
    with quietly():
        both = [d, d.with_washout(0)]
    sums = []
    for one in both:
        y, t = one.outcome_values(), one.treated
        own = np.where(t, (y - y[t].mean()) / t.sum(), -(y - y[~t].mean()) / (~t).sum())
        n, groups = len(y), one.persons.nunique()
        own = own * np.sqrt(groups / (groups - 1) * (n - 1) / (n - 2))
        sums.append(pd.Series(own).groupby(one.source["person"]).sum())
    total = ((sums[0] - sums[1]) ** 2).sum()
    row = found.table.set_index("washout_days").loc[180]
    assert row["less_all_std_error"] == pytest.approx(np.sqrt(total), rel=1e-12)


def test_earlier_treatment_that_carries_over_is_seen_and_chance_is_not():
    """100 draws: size 5 % up to Monte-Carlo error (three standard errors), power above .9."""
    shares = []
    for carried in (0.0, 1.0):
        rejected = 0
        for seed in range(100):
            d = formed(repeated(seed, carried))
            with quietly():
                found = check.first_or_all(call_difference(d), d, washouts=())
            rejected += found.table.set_index("washout_days").loc[180, "p_value"] < 0.05
        shares.append(rejected / 100)
    assert shares[0] <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)
    assert shares[1] > 0.9


def test_verdicts_name_what_they_cannot_tell():
    d = formed(repeated(3, carried=1.5))
    with quietly():
        found = check.first_or_all(call_difference(d), d)
    assert found.verdict == "contradicts"
    assert "what earlier treatment brought, or who calls again" in found.sentence
    nobody = formed(repeated(3), person=None, which="all")
    plain = CallDesign.from_frame(repeated(3), outcome="minutes", treatment="attended", covariates=["priority"])
    with quietly():
        assert "codes of persons" in check.first_or_all(call_difference(nobody), nobody).sentence
        assert "from_tables" in check.first_or_all(call_difference(plain), plain).sentence
    with pytest.raises(DesignError, match="no calls but those"):
        plain.with_washout(30)


@pytest.mark.parametrize("adjust", [match_nearest, weight_propensity, None], ids=["matched", "weighted", "models"])
def test_adjustments_are_made_anew(adjust):
    d = formed(repeated(4))
    with quietly():
        given = d if adjust is None else adjust(d)
        result = call_aipw(given) if adjust is None else call_difference(given)
        found = check.first_or_all(result, given, washouts=())
        every = d.with_washout(0)
        again = call_aipw(every) if adjust is None else call_difference(adjust(every))
    assert found.table["estimate"].tolist() == [again.estimate[0], result.estimate[0]]


def test_options_of_adjustments_are_kept():
    d = formed(repeated(5))
    with quietly():
        for made in (
            weight_propensity(d, scheme="att", trim=0.01, truncate=0.99),
            weight_propensity(d, scheme="ate", stabilise=True),
            match_nearest(d, ratio=2, replace=True, caliper=0.5, calipers={"priority": 1.0}),
        ):
            once = adjusted_again(d, made)
            assert once.adjustment.options == made.adjustment.options
            np.testing.assert_array_equal(once.adjustment.weights, made.adjustment.weights)


def team(seed, spilled=0.0, shifts=500):
    """Shifts of four calls an hour apart, one in five not held.

    A free team attends half of the calls by chance and is then busy for the next one; attended calls end 3 earlier,
    and every call of a held shift ends ``spilled`` later.
    """
    rng = np.random.default_rng(seed)
    begin = pd.Timestamp("2021-01-04 12:00") + pd.to_timedelta(np.arange(shifts), unit="D")
    held = rng.random(shifts) < 0.8
    rows = []
    for start, there in zip(begin, held, strict=True):
        taken = False
        for hour in range(4):
            came = there and not taken and rng.random() < 0.5
            minutes = 40 + rng.normal() - 3 * came + spilled * there
            rows.append((start + pd.Timedelta(hours=hour, minutes=5), came, bool(taken), minutes))
            taken = came
    table = pd.DataFrame(rows, columns=["received_at", "attended", "team_busy", "minutes"])
    table = table.assign(
        call_id=[f"c{place}" for place in range(len(table))], city="Davis", origin="911",
        person=[f"p{place}" for place in range(len(table))], patrol_load=rng.random(len(table)),
        dispatched_at=table["received_at"] + pd.Timedelta("5min"),
        cleared_at=table["received_at"] + pd.Timedelta("65min"),
    )  # fmt: skip
    roster = pd.DataFrame({"city": "Davis", "shift_start": begin, "shift_end": begin + pd.Timedelta("10h")})
    return table, roster.assign(planned_hours=10.0, delivered_hours=np.where(held, 10.0, 0.0))


def checked(seed, spilled=0.0):
    table, roster = team(seed, spilled)
    d = formed(table, schedule=roster, covariates=["patrol_load"])
    with quietly():
        weighted = weight_propensity(d, scheme="att")
        return check.displacement(call_difference(weighted), weighted), table


def test_calls_add_up_to_shifts_where_nothing_else_happens():
    found, table = checked(1)
    assert found.verdict == "no contradiction found"
    busy, shift = found.table.to_dict("records")
    assert shift["attendance"] == pytest.approx(1 / 3, abs=0.05)  # half of two thirds that are free
    assert shift["calls"] == len(table)
    assert busy["attendance"] == pytest.approx(0.5, abs=0.05)
    assert shift["estimate"] == pytest.approx(-1.0, abs=4 * shift["std_error"])
    assert busy["estimate"] == pytest.approx(-1.5, abs=4 * busy["std_error"])
    assert "The shift is the clean unit" in found.sentence


def test_facts_of_the_busy_team_by_hand():
    found, table = checked(2)
    hours = found.course.set_index("hour")
    assert hours["busy"].sum() == table["team_busy"].sum()
    assert hours.loc[12, "busy"] == 0
    assert (hours["minutes_taken"] == 60).all()
    assert hours["calls"].nunique() == 1


def test_what_a_shift_does_to_calls_it_does_not_attend_is_seen():
    found, _ = checked(1, spilled=0.5)
    assert found.verdict == "contradicts"
    shift = found.table.set_index("comparison").loc["shift held, against not held"]
    assert shift["less_calls_low"] < 0.5 < shift["less_calls_high"]


def test_size_of_displacement():
    """60 draws without any: at most three Monte-Carlo standard errors above 5 %."""
    rejected = sum(checked(seed)[0].verdict == "contradicts" for seed in range(60)) / 60
    assert rejected <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)


def test_hidden_selection_is_seen_by_shifts_and_the_placebo_finds_calls_of_a_busy_team():
    w = world(seed=3, config=WorldConfig(monthly_calls=300, n_comparison=1, selection=2.5))
    known = ["initial_type", "priority", "patrol_load", "prior_contacts"]
    with quietly():
        d = CallDesign.from_tables(
            w.treated_calls, w.tables["schedule"], outcome="arrest", treatment="attended", covariates=known,
            person="person",
        )  # fmt: skip
        weighted = weight_propensity(d, scheme="att")
        found = {one.check: one for one in check.battery(call_difference(weighted), weighted)}
    assert {"first_or_all", "displacement"} <= found.keys()
    assert found["displacement"].verdict == "contradicts"
    assert found["placebo_exposure"].verdict != "not applicable"


def test_shifts_of_calls():
    begin = pd.to_datetime(["2020-07-15 12:00", "2020-07-16 12:00"])
    shifts = pd.DataFrame({"shift_start": begin, "shift_end": begin + pd.Timedelta("10h")})
    times = pd.Series(pd.to_datetime(["2020-07-15 12:00", "2020-07-15 22:00", "2020-07-17 00:00"]))
    assert shift_of(times, shifts).tolist() == [0, -1, -1]
    assert shift_of(times, shifts.iloc[:0]).tolist() == [-1, -1, -1]


def test_pictures():
    _, _, first = by_hand()
    curve = report.figure(first)
    assert curve.data["cities"]["city"].tolist()[:2] == ["all calls", "first in 30 days"]
    sums = report.figure(checked(1)[0])
    assert sums.data["cities"]["role"].tolist() == ["treated", "comparison"] * 2
    for picture in (curve, sums):
        assert rendered(picture, ".png").startswith(b"\x89PNG")
