"""The page that sets methods for one city in time beside each other follows the table."""

from pathlib import Path

import pytest

from coresponder_causal.core.domain import measured_table
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.validity.cell import Cell
from coresponder_causal.validity.measured_rows import measured_row
from coresponder_causal.validity.series_comparison import compared, smooth_cells
from coresponder_causal.validity.series_page import series_page

PAGE = Path(__file__).parents[2] / "docs" / "series.md"
HARD = smooth_cells[5]  # 72 months, ρ = .8


def lines_of(heading: str) -> dict[str, list[str]]:
    """Entries of one section by method."""
    section = series_page().split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {name.strip("`"): entries for name, *entries in rows}


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == series_page(), "run: python -m coresponder_causal.validity"


def test_entries_are_the_rows_of_the_table_and_what_fails_is_shown_failing():
    table = measured_table()
    ols = table[(table["options"] == '{"errors": "ols"}') & (table["seed"] == HARD.seed)].set_index("term")
    shown = lines_of("Error models: change of level")
    assert shown["Method"][5] == "n 72, ρ 0.8"
    row = ols.loc["level_change"]
    entry = f"**{row['coverage']:.3f}** ± {row['coverage_error']:.3f} ({row['half_width']:.2f})"
    assert shown["its_segmented, errors ols"][5] == entry
    # independently measured with 2 × 600 to 1,200 draws of nearly normal errors at n = 72, ρ = .8: .522; here of 400
    assert row["coverage"] == pytest.approx(0.522, abs=3 * 0.025)
    assert "**" not in shown["its_segmented"][3]


def test_every_model_has_an_entry_in_every_cell():
    for heading in (
        "Error models: change of level",
        "Models of counts: change of level",
        "Against other cities: headline",
    ):
        rows = lines_of(heading)
        assert len({len(entries) for entries in rows.values()}) == 1
        assert len(rows) > 4
    named = {f"{m.method}{''.join(f', {k} {v}' for k, v in m.options)}" for m, _ in compared()}
    assert named <= {*lines_of("Error models: change of level"), *lines_of("Models of counts: change of level")}


def test_the_first_of_several_terms_is_taken_and_none_is_refused():
    found = measured_row("its_segmented", HARD, "effect", "level_change", "mean_post")
    assert found["term"] == "level_change"
    with pytest.raises(EstimationError, match=r"its_rare \{\} was not measured at series"):
        measured_row("its_rare", Cell(setting="series", periods=7), "mean_post")
