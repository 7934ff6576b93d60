"""The engine of the study: what a row says, and that it never depends on order, workers or company."""

import json

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import estimate
from coresponder_causal.core.domain import table_path
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.registry import METHODS
from coresponder_causal.core.version import VERSION
from coresponder_causal.validity import coverage
from coresponder_causal.validity.cell import Cell
from coresponder_causal.validity.cells import cells
from coresponder_causal.validity.comparators import Comparison, Inverted, comparators, failures
from coresponder_causal.validity.coverage import Entry, beside, columns, measure, read_table, run_study, study
from coresponder_causal.validity.few_treated import few_treated_cases
from coresponder_causal.validity.series_comparison import compared

SERIES = [Entry(method="its_segmented", options="{}", cell=cell) for cell in cells("series", full=False)[:3]]


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    # Numbers go through a text file, which writes them in full: nothing may differ but the type of an empty column.
    pd.testing.assert_frame_equal(one, other, check_dtype=False, check_exact=True)


def test_rows_do_not_depend_on_order_workers_or_company(tmp_path):
    forward = run_study(SERIES, tmp_path / "forward.csv", replications=4)
    backward = run_study(SERIES[::-1], tmp_path / "backward.csv", replications=4, jobs=2)
    same(read_table(tmp_path / "forward.csv"), read_table(tmp_path / "backward.csv"))
    alone = measure(SERIES[1], replications=4)
    in_company = forward[forward["periods"] == SERIES[1].cell.periods]
    numbers = ["coverage", "bias", "sd", "mean_std_error", "half_width", "seed"]
    in_company = in_company.set_index("term").loc[alone["term"], numbers]
    np.testing.assert_array_equal(alone[numbers].to_numpy(float), in_company.to_numpy(float))
    same(forward, backward)


def test_a_study_resumes(tmp_path, monkeypatch):
    out, seen, measured = tmp_path / "measured.csv", [], coverage.measure
    run_study(SERIES[:1], out, replications=3)

    def noted(entry, *, replications):
        seen.append(entry)
        return measured(entry, replications=replications)

    monkeypatch.setattr(coverage, "measure", noted)
    run_study(SERIES, out, replications=3)
    assert seen == SERIES[1:]
    run_study(SERIES, out, replications=2)
    assert seen == SERIES[1:]
    table = run_study(SERIES[:1], out, replications=4)
    assert seen == [*SERIES[1:], SERIES[0]]
    assert len(table) == 6  # two terms each, the old rows replaced
    assert sorted(table["replications"]) == [3, 3, 3, 3, 4, 4]


def test_whole_coordinates_stay_whole_beside_settings_that_lack_them(tmp_path):
    out = tmp_path / "measured.csv"
    calls = Entry(method="call_difference", options="{}", cell=cells("calls", full=False)[0])
    run_study([SERIES[0], calls], out, replications=2)
    run_study([SERIES[1]], out, replications=2)
    written = pd.read_csv(out, dtype=str, keep_default_na=False)
    assert written["calls"].tolist().count(str(calls.cell.calls)) == 1
    assert set(written["periods"]) == {"", *(str(entry.cell.periods) for entry in SERIES[:2])}
    before = out.read_bytes()
    run_study([SERIES[0]], out, replications=2)
    assert out.read_bytes() == before


def test_rows_of_another_version_are_measured_again(tmp_path):
    out = tmp_path / "measured.csv"
    run_study(SERIES[:1], out, replications=3)
    read_table(out).assign(version="0.0.0").to_csv(out, index=False)
    assert set(run_study(SERIES[:1], out, replications=3)["version"]) == {VERSION}


def test_an_interrupted_study_keeps_what_is_finished(tmp_path, monkeypatch):
    out, measured = tmp_path / "measured.csv", coverage.measure

    def second_fails(entry, *, replications):
        if entry == SERIES[1]:
            raise KeyboardInterrupt
        return measured(entry, replications=replications)

    monkeypatch.setattr(coverage, "measure", second_fails)
    with pytest.raises(KeyboardInterrupt):
        run_study(SERIES, out, replications=3)
    assert read_table(out)["periods"].unique().tolist() == [SERIES[0].cell.periods]
    assert [path.name for path in tmp_path.iterdir()] == ["measured.csv"]  # nothing half-written beside it


def test_progress_counts_what_was_there(tmp_path):
    out, told = tmp_path / "measured.csv", []
    run_study(SERIES[:1], out, replications=3)
    run_study(SERIES, out, replications=3, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_the_schema_is_one_for_all_settings():
    for setting, method in {"calls": "call_difference", "adopters": "did_group_time"}.items():
        rows = measure(Entry(method=method, options="{}", cell=cells(setting, full=False)[1]), replications=3)
        assert list(rows) == columns
        assert rows["setting"].eq(setting).all()


def test_rates_are_what_they_say(monkeypatch):
    """Estimates 0.1, −0.1, 3, … with standard error 1: worked by hand."""
    estimates = iter([0.1, -0.1, 3.0, 0.0])
    monkeypatch.setitem(comparators, "by hand", lambda design: Comparison(next(estimates), 1.0, np.inf))
    (row,) = measure(Entry(method="by hand", options="{}", cell=SERIES[0].cell), replications=4).to_dict("records")
    assert (row["coverage"], row["rejection"], row["failures"]) == (0.75, 0.25, 0)
    assert row["bias"] == pytest.approx(0.75)
    assert row["sd"] == pytest.approx(np.std([0.1, -0.1, 3.0, 0.0], ddof=1))
    assert (row["mean_std_error"], row["half_width"]) == (1.0, pytest.approx(1.959964, abs=1e-6))
    assert row["coverage_error"] == pytest.approx(np.sqrt(0.7 * 0.3 / 4))  # (3 + ½)/(4 + 1) = .7
    assert row["rejection_error"] == pytest.approx(np.sqrt(0.3 * 0.7 / 4))


def test_a_set_of_two_rays_holds_what_is_outside(monkeypatch):
    """Sets −1 to 1, up to −1 and from 2 on, from 1 to 2, everything: zero is in the first and the last."""
    ends = iter([(-1.0, 1.0), (2.0, -1.0), (1.0, 2.0), (-np.inf, np.inf)])
    monkeypatch.setitem(comparators, "by hand", lambda design: Inverted(0.5, 1.0, *next(ends), 0.2))
    (row,) = measure(Entry(method="by hand", options="{}", cell=SERIES[0].cell), replications=4).to_dict("records")
    assert (row["coverage"], row["rejection"], row["half_width"]) == (0.5, 0.0, np.inf)


def test_failures_are_counted_and_left_out_of_the_rates(monkeypatch):
    def refuses_every_second(design, calls=iter(range(10))):  # noqa: B008
        if next(calls) % 2:
            raise EstimationError("this time not", mend="never mind")
        return Comparison(0.0, 1.0, np.inf)

    monkeypatch.setitem(comparators, "moody", refuses_every_second)
    (row,) = measure(Entry(method="moody", options="{}", cell=SERIES[0].cell), replications=5).to_dict("records")
    assert (row["replications"], row["failures"], row["coverage"]) == (5, 2, 1.0)


def test_a_method_that_always_fails_has_a_row():
    cell = Cell(setting="adopters", treated=1, comparison=5, periods=12, rho=0.0, growth=0.0)
    (row,) = measure(Entry(method="did_two_way", options="{}", cell=cell), replications=3).to_dict("records")
    assert (row["failures"], row["replications"]) == (3, 3)
    assert np.isnan(row["coverage"])


def test_designs_that_cannot_be_formed_are_failures():
    """With one treated call in a hundred some samples of 30 have none."""
    cell = Cell(setting="calls", calls=30, share=0.01, adjustment="match_nearest")
    (row,) = measure(Entry(method="call_difference", options="{}", cell=cell), replications=5).to_dict("records")
    assert row["failures"] > 0


def test_an_error_that_is_not_ours_is_not_hidden(monkeypatch):
    def broken(design):
        raise ZeroDivisionError

    monkeypatch.setitem(comparators, "broken", broken)
    with pytest.raises(ZeroDivisionError):
        measure(Entry(method="broken", options="{}", cell=SERIES[0].cell), replications=1)


def test_every_method_and_every_failure_is_in_the_study():
    fast, full = study(), study(full=True)
    assert {entry.method for entry in fast} >= set(comparators)
    assert {entry.method for entry in full} == {entry.method for entry in fast}
    assert set(fast) <= set(full)
    shipped = [METHODS[name].setting for name in estimate.__all__ if name in METHODS]
    of_methods = sum(len(cells(setting, full=False)) for setting in shipped)
    others = sum(many for options in beside.values() for _, many in options)
    side_by_side = {(m.method, json.dumps(dict(m.options)), cell) for m, cell in compared()}
    assert side_by_side <= {(entry.method, entry.options, entry.cell) for entry in fast}
    several = len(list(few_treated_cases()))
    assert of_methods + others + several + len(failures()) < len(fast) == len(set(fast))
    most = of_methods + others + several + len(failures()) + len(side_by_side)
    assert len(fast) < most  # some stand among the failures too
    assert all(json.loads(entry.options) is not None for entry in full)


def test_an_option_with_an_interval_of_its_own_is_studied_beside_the_default():
    found = {entry.options for entry in study(["did_gap"])}
    assert found == {"{}", '{"weights": "synthetic"}'}


def test_a_stranger_is_named_with_the_choices():
    with pytest.raises(EstimationError, match="no method its_segmentd") as caught:
        study(["its_segmentd"])
    assert "its_segmented" in caught.value.mend


def test_the_shipped_table_is_as_the_command_writes_it():
    """Whoever adds a method changes no row of another."""
    table = read_table(table_path)
    ordered = table.sort_values([*coverage.identity, "term"], na_position="first", kind="stable")
    assert ordered.to_csv(index=False) == table_path.read_text(encoding="utf-8")
