"""The page that sets designs for calls beside each other follows the table."""

from pathlib import Path

from coresponder_causal.core.domain import measured_table
from coresponder_causal.validity.__main__ import call_designs_page, rows

PAGE = Path(__file__).parents[2] / "docs" / "call_designs.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == call_designs_page(), "run: python -m coresponder_causal.validity"


def test_every_design_has_a_line_with_its_measured_bias():
    table, lines = measured_table(), call_designs_page().splitlines()
    shown = [line for line in lines if line.startswith("| ") and "---" not in line][1:]
    assert len(shown) == len(rows)
    naive = table[table["method"] == "attended_or_not"].iloc[0]
    assert f"| {naive['bias']:+.3f} |" in shown[0]
    assert f"{naive['coverage']:.3f} ±" in shown[0]
