"""What monitoring was measured to do: the page shows the shipped tables, and they hold what is stated."""

from pathlib import Path

import pandas as pd
import pytest

from coresponder_causal.decide import look_runs, monitor_runs

text = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("part", "study"), [("measured", monitor_runs), ("looks", look_runs)])
def test_the_page_shows_the_shipped_table(part: str, study) -> None:
    shown = text.split(f"<!-- {part}: begin -->\n")[1].split(f"\n<!-- {part}: end -->")[0]
    assert shown == study.page(pd.read_csv(study.table))


def test_run_lengths_and_the_error_of_the_looks_hold_as_stated() -> None:
    runs = pd.read_csv(monitor_runs.table)
    silent = runs[runs["ratio"].eq(1)]
    assert (silent["baselines"] * silent["courses"]).ge(1000).all()
    assert (silent["mean"] + 2 * silent["error"]).ge(monitor_runs.run_length).all()
    looks = pd.read_csv(look_runs.table)
    assert (looks["decided"] - 2 * looks["error"]).le(look_runs.planned).all()


def test_a_part_of_a_page_is_replaced_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n", encoding="utf-8")
    monitor_runs.put_into(page, "x", "new")
    assert page.read_text(encoding="utf-8") == "a\n<!-- x: begin -->\nnew\n<!-- x: end -->\nb\n"
