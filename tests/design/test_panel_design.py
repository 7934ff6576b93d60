"""Cities in time: one treated city with a start, or cohorts; what is refused, noted and fingerprinted."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from coresponder_causal.core.errors import DesignError, IdentificationWarning
from coresponder_causal.design import PanelDesign

CITIES = ("Davis", "Woodland", "Folsom", "Rocklin")
MONTHS = pd.period_range("2019-01", periods=36, freq="M")
STATED = {"outcome": "calls", "unit": "city", "time": "month"}
ONE = STATED | {"treated": "Davis", "start": "2020-07-15"}


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        [
            (city, str(month), rng.poisson(150), rng.poisson(20), 60_000 + 1_000 * i, rng.normal(), i % 2)
            for i, city in enumerate(CITIES)
            for month in MONTHS
        ],
        columns=["city", "month", "calls", "arrest", "population", "heat", "county"],
    )


def cohorts(frame: pd.DataFrame, starts: dict[str, object]) -> PanelDesign:
    return PanelDesign.from_frame(frame.assign(first=frame["city"].map(starts)), cohort="first", **STATED)


def one(frame, **changed):
    return PanelDesign.from_frame(frame, **(ONE | changed))


def first_months(design: PanelDesign) -> dict[str, str]:
    return {city: str(design.axis.label(int(at))) for city, at in design.cohort.dropna().items()}


def test_one_treated_city_has_the_dose_and_others_none(frame):
    design = one(frame)
    july = MONTHS.get_loc(pd.Period("2020-07", "M"))
    own = design.dose[design.rows("Davis")]
    assert own[july] == pytest.approx(17 / 31, abs=1e-15)
    assert set(own[:july]) == {0.0}
    assert set(own[july + 1 :]) == {1.0}
    assert design.dose[~design.rows("Davis")].max() == 0
    assert design.treated_units == ["Davis"]
    assert design.comparison_units == ["Folsom", "Rocklin", "Woodland"]
    assert design.notes == ()


@pytest.mark.parametrize(
    "start",
    [pd.Period("2020-07", "M"), "2020-07", "2020-07-01", dt.date(2020, 7, 1), pd.Timestamp("2020-07-01")],
    ids=["period", "iso month", "iso date", "date", "timestamp"],
)
def test_cohorts_are_read_however_they_are_written(frame, start):
    design = cohorts(frame, {"Davis": start, "Woodland": start})
    assert first_months(design) == {"Davis": "2020-07", "Woodland": "2020-07"}
    assert design.comparison_units == ["Folsom", "Rocklin"]
    assert set(design.dose[design.rows("Davis")]) == {0.0, 1.0}


def test_integer_cohorts_may_have_become_floats(frame):
    numbered = frame.assign(month=np.tile(np.arange(36), len(CITIES)))
    design = cohorts(numbered, {"Davis": 20, "Woodland": 25.0, "Folsom": np.nan})
    assert design.cohort.dropna().to_dict() == {"Davis": 20.0, "Woodland": 25.0}
    assert design.dose[design.rows("Woodland")].sum() == 11


def test_cohorts_may_differ_and_missing_means_never(frame):
    design = cohorts(frame, {"Davis": "2020-02", "Woodland": "2021-01-11"})
    assert first_months(design) == {"Davis": "2020-02", "Woodland": "2021-01"}
    assert design.cohort[["Folsom", "Rocklin"]].isna().all()
    january = design.dose[design.rows("Woodland")][24]
    assert january == pytest.approx(21 / 31, abs=1e-15)


def test_a_cohort_beyond_the_data_is_never_treated_and_said(frame):
    design = cohorts(frame, {"Davis": "2020-02", "Woodland": "2025-01"})
    assert design.treated_units == ["Davis"]
    assert design.notes == ("1 unit with a start after the data end: counted as never treated",)
    assert design.dose[design.rows("Woodland")].max() == 0


def test_cohorts_that_all_lie_beyond_the_data_are_refused(frame):
    with pytest.raises(DesignError, match="no unit is"):
        cohorts(frame, {"Davis": "2025-01"})


def test_every_unit_may_be_treated_in_its_own_time(frame):
    design = cohorts(frame, dict(zip(CITIES, ["2020-02", "2020-03", "2020-04", "2020-05"], strict=True)))
    assert design.comparison_units == []
    assert "4 treated" in design.describe()
    assert "0 never treated" in design.describe()


def test_a_cohort_that_changes_within_a_unit_is_refused(frame):
    starts = frame["city"].map({"Davis": "2020-02"})
    starts[5] = None
    with pytest.raises(DesignError, match=r"changes within 1 unit \(Davis\): the treatment switches off or moves"):
        PanelDesign.from_frame(frame.assign(first=starts), cohort="first", **STATED)


def test_missing_unit_periods_are_said(frame):
    design = one(frame.drop(index=[3, 40, 41]))
    assert design.notes == ("3 of 144 unit-periods are missing",)
    assert "3 of 144 unit-periods are missing" in design.describe()
    whole = one(frame[frame["month"] != "2019-05"])
    assert whole.notes == ("1 periods are missing for every unit",)


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas], ids=["polars", "pyarrow"])
def test_frames_of_other_libraries_make_the_same_design(frame, convert):
    assert one(convert(frame)).fingerprint == one(frame).fingerprint


def test_the_order_of_rows_does_not_matter(frame):
    shuffled = frame.sample(frac=1, random_state=1)
    design = one(shuffled)
    assert design.fingerprint == one(frame).fingerprint
    pd.testing.assert_frame_equal(design.wide("calls"), one(frame).wide("calls"))


def test_the_callers_frame_stays_as_it_was(frame):
    before = frame.copy(deep=True)
    design = one(frame, exposure="population", covariates=["heat"], cluster="county")
    design.source.loc[0, "calls"] = -1
    design.cohort["Davis"] = 0
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    "changed",
    [
        {"outcome": "arrest"},
        {"treated": "Folsom"},
        {"treated": ["Davis", "Folsom"]},
        {"start": "2020-07-16"},
        {"start": None, "start_between": ("2020-07", "2020-10")},
        {"exposure": "population"},
        {"covariates": ["heat"]},
        {"weights": "population"},
        {"cluster": "county"},
        {"season": None},
        {"phase_in": 1},
    ],
    ids=lambda changed: ",".join(f"{key}={value}" for key, value in changed.items()),
)
def test_the_fingerprint_changes_with_the_statement(frame, changed):
    assert one(frame, **changed).fingerprint != one(frame).fingerprint


def test_the_fingerprint_changes_with_the_data_and_only_then(frame):
    other = frame.copy()
    other.loc[9, "calls"] += 1
    assert one(frame.copy()).fingerprint == one(frame).fingerprint != one(other).fingerprint


def test_an_outcome_may_come_later(frame):
    blank = one(frame, outcome=None)
    assert "outcome not yet named" in blank.describe()
    assert blank.with_outcome("calls").fingerprint == one(frame).fingerprint
    with pytest.raises(DesignError, match="column 'hold' is missing"):
        blank.with_outcome("hold")


def test_a_drift_before_the_start_rises_in_the_treated_city_alone(frame):
    before = one(frame).before_start()
    own = before.dose[before.rows("Davis")]
    np.testing.assert_allclose(own, np.arange(18) / 17, rtol=1e-14)
    assert before.dose[~before.rows("Davis")].max() == 0
    assert before.start == "made-up start 2019-02"


def test_a_made_up_start_is_a_step(frame):
    design = one(frame)
    tenth = int(np.unique(design.axis.positions)[9])
    before = design.before_start(start=tenth)
    np.testing.assert_array_equal(before.dose[before.rows("Davis")], np.arange(18) >= 9)
    assert before.start_position == tenth
    assert len(design.source) == len(frame)


def test_a_city_can_be_left_out(frame):
    smaller = one(frame).without("Folsom")
    assert smaller.comparison_units == ["Rocklin", "Woodland"]
    assert len(smaller.source) == 3 * 36
    np.testing.assert_array_equal(smaller.dose_of("Davis", smaller.axis.positions[:36]), one(frame).dose[:36])


def test_another_city_can_stand_in_the_treated_ones_place(frame):
    design = one(frame)
    placebo = design.pretending("Folsom")
    assert placebo.treated_units == ["Folsom"]
    assert placebo.comparison_units == ["Rocklin", "Woodland"]
    np.testing.assert_array_equal(placebo.dose[placebo.rows("Folsom")], design.dose[design.rows("Davis")])
    assert placebo.start_position == design.start_position


@pytest.mark.parametrize("several", [list, tuple, set, np.array, pd.Index, pd.Series], ids=lambda made: made.__name__)
def test_several_treated_cities_may_come_in_any_collection(frame, several):
    names = several(["Davis", "Folsom"])
    assert one(frame, treated=names).treated_units == ["Davis", "Folsom"]


def test_labels_of_several_types_can_be_described(frame):
    design = one(frame.assign(city=[7 if city == "Rocklin" else city for city in frame["city"]]))
    assert set(design.comparison_units) == {"Woodland", "Folsom", 7}
    assert "3 never treated" in design.describe()


def test_a_dose_is_scaled_within_the_treated(frame):
    hours = np.where(frame["city"].eq("Davis") & (frame["month"] >= "2020-07"), 35.0, 0.0)
    hours[20] = 70.0
    design = one(frame.assign(hours=hours), start="2020-07", dose="hours")
    assert set(design.dose) == {0.0, 0.5, 1.0}
    assert "full dose 70" in design.start


def test_a_dose_that_falls_back_to_nothing_is_said(frame):
    hours = np.where(frame["city"].eq("Davis") & frame["month"].between("2020-07", "2021-06"), 35.0, 0.0)
    with pytest.warns(IdentificationWarning, match="the treatment switches off"):
        design = one(frame.assign(hours=hours), start="2020-07", dose="hours")
    assert design.notes == ("the treatment switches off: the dose 'hours' is 0 in 6 periods after",)


def test_a_dose_in_an_untreated_city_is_refused(frame):
    hours = np.where(frame["month"] >= "2020-07", 35.0, 0.0)
    with pytest.raises(DesignError, match="'hours' is above 0 in untreated units"):
        one(frame.assign(hours=hours), start="2020-07", dose="hours")


def test_wide_keeps_the_periods_that_all_units_have(frame):
    design = one(frame.drop(index=[3]))
    assert design.wide("calls").shape == (35, 4)
    assert pd.Period("2019-04", "M") not in design.axis.labels(design.wide("calls").index)


def test_every_broken_rule_is_said_at_once(frame):
    broken = pd.concat([frame, frame.head(2)], ignore_index=True)
    broken.loc[0, "population"] = -5
    with pytest.raises(DesignError, match="breaks 4 rules") as caught:
        one(broken, exposure="population", treated="Chico", start="2031-01")
    for said in (
        "2 rows with a unit and period of another row (rows 144, 145)",
        "'population' is zero or negative in 1 row (rows 0)",
        "treated Chico is not among the units (Davis, Folsom, Rocklin, Woodland)",
        "no period lies after the start 2031-01",
    ):
        assert said in caught.value.what


def test_the_design_says_what_it_is(frame):
    said = one(frame, exposure="population").describe()
    assert said == ("calls per population; 1 treated (Davis), 3 never treated; start 2020-07-15; 36 months, 144 rows")
    assert one(frame).estimand == "ATT on calls in Davis from 2020-07-15 on, against 3 others"


def test_several_cities_can_be_left_out_or_treated_in_the_treated_citys_place(frame):
    design = one(frame)
    assert design.without("Folsom", "Rocklin").comparison_units == ["Woodland"]
    assert design.without().fingerprint == design.fingerprint
    pretended = design.pretending("Folsom", "Rocklin")
    assert (pretended.treated_units, pretended.comparison_units) == (["Folsom", "Rocklin"], ["Woodland"])
    for city in ("Folsom", "Rocklin"):
        assert pretended.dose[pretended.rows(city)].tolist() == design.dose[design.rows("Davis")].tolist()
    with pytest.raises(DesignError, match="'Davis' is not an untreated unit"):
        design.without("Folsom", "Davis")


def test_a_city_can_be_kept_until_a_position(frame):
    design = one(frame)
    end = pd.Period("2021-03", "M").ordinal
    shorter = design.until({"Folsom": end})
    assert shorter.positions[shorter.rows("Folsom")].max() == end - 1
    assert len(shorter.source) == len(design.source) - 10
    with pytest.raises(DesignError, match="'Davis' is not an untreated unit"):
        design.until({"Davis": end})


def test_another_start_is_the_design_formed_with_it(frame):
    made = one(frame, start=None, start_between=("2020-07-15", "2021-01-01")).starting("2020-09-10")
    formed = one(frame, start="2020-09-10")
    assert made.dose.tolist() == formed.dose.tolist()
    assert (made.start, made.start_position) == (formed.start, formed.start_position)
