"""Regressors of one series, by name: against columns written by hand."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.notes import collecting
from coresponder_causal.design import SeriesDesign
from coresponder_causal.design.segmented import segmented

N, FIRST = 60, 36
MONTHS = pd.period_range("2018-01", periods=N, freq="M")


def made(**options):
    frame = pd.DataFrame({"month": MONTHS, "calls": np.arange(N), "slope_change": np.sin(np.arange(N))})
    return SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2021-01", **options)


def column(found, name):
    return found.matrix[:, found.names.index(name)]


def test_the_programme_is_its_own_columns_whatever_a_control_is_called():
    found = segmented(made(controls=["slope_change"]), slope_change=False, season=0)
    assert found.names == ("constant", "trend", "level_change", "slope_change")
    assert found.programme == {"level_change": 2}
    np.testing.assert_array_equal(found.matrix - found.without, found.matrix * [0, 0, 1, 0])
    assert list(found.named) == ["level_change"]


def test_trend_and_slope_are_counted_from_the_start():
    found = segmented(made(), slope_change=True, season=0)
    since = np.arange(N) - float(FIRST)
    np.testing.assert_array_equal(found.matrix, np.column_stack([np.ones(N), since, since >= 0, np.maximum(since, 0)]))
    assert "trend" not in segmented(made(), slope_change=True, trend=False).names


def test_a_level_for_every_month_spans_six_pairs_of_harmonics():
    levels, pairs = (segmented(made(), slope_change=False, season=season).matrix for season in ("dummies", 6))
    assert levels.shape == pairs.shape == (N, 3 + 11)
    assert np.linalg.matrix_rank(np.hstack([levels, pairs])) == 14


def test_weeks_have_no_whole_year_of_levels():
    weeks = pd.DataFrame({"week": pd.period_range("2018-01-01", periods=120, freq="W-SUN"), "calls": range(120)})
    d = SeriesDesign.from_frame(weeks, outcome="calls", time="week", start="2019-07-01")
    with pytest.raises(EstimationError, match=r"a year of 52\.1786 weeks") as caught:
        segmented(d, slope_change=False, season="dummies")
    assert "pairs" in caught.value.mend


def test_what_else_happened_has_a_column_where_it_varies():
    with pytest.warns(IdentificationWarning, match="pandemic"):
        d = made(covid="pulse", breaks=["2019-03"], holidays=["2019-12-25"])
    found = segmented(d, slope_change=False, season=0)
    assert found.names[3:] == ("break 2019-03", "holidays", "March to June 2020")
    np.testing.assert_array_equal(column(found, "break 2019-03"), np.arange(N) >= 14)
    np.testing.assert_array_equal(np.flatnonzero(column(found, "March to June 2020")), np.arange(26, 30))
    assert column(found, "holidays").sum() == pytest.approx(1 / 31)
    early = d.before_start(start=int(d.positions[10]))
    kept = segmented(early.with_outcome("calls"), slope_change=False, season=0)
    assert kept.names[3:] == ("break 2019-03", "holidays", "March to June 2020")


def test_the_pandemic_is_not_passed_over_in_silence():
    with collecting() as notes:
        segmented(made(), slope_change=False)
    assert notes == [
        "March to June 2020 lie in this series like other months: it cannot tell the pandemic from the programme"
    ]


@pytest.mark.parametrize(
    ("exclude", "said"),
    [
        (["2020-03", "2020-04"], ["2020-05, 2020-06 of March to June 2020 lie in this series like other months"]),
        ([("2020-03", "2020-06")], []),
    ],
)
def test_only_what_is_left_of_the_pandemic_is_said(exclude, said):
    with collecting() as notes:
        segmented(made(exclude=exclude), slope_change=False)
    assert [note.split(":")[0] for note in notes] == said
