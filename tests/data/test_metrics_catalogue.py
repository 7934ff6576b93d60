"""The catalogue of metrics: complete, in the dictionary's own names, and safe to evaluate."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.data import dictionary, metric_catalogue
from coresponder_causal.data.metrics_catalogue import names_in
from coresponder_causal.data.metrics_document import catalogue_page
from coresponder_causal.data.metrics_needs import lacking, needs

CATALOGUE = metric_catalogue()
PARTS = [(metric, part) for metric in CATALOGUE.values() for part in metric.parts]
# The seventeen that every programme should report; "resolved in community" (M20) is deliberately none of them.
CORE = [f"M{number:02}" for number in (1, 2, 6, 7, 10, 12, 15, 17, 19, 24, 28, 35, 38, 40, 43, 44, 48)]


def test_ids_run_from_1_to_50_and_seventeen_are_core() -> None:
    assert list(CATALOGUE) == [f"M{number:02}" for number in range(1, 51)]
    assert [name for name, metric in CATALOGUE.items() if metric.core] == CORE


def test_stages_directions_and_core_are_those_of_the_design(data_dir: Path) -> None:
    design = data_dir.parent / "design" / "metric_catalogue.csv"
    if not design.is_file():
        pytest.skip("needs the catalogue of the design beside the data")
    with design.open(encoding="utf-8") as file:
        rows = {row["id"]: row for row in csv.DictReader(file, delimiter="|")}
    assert rows.keys() == CATALOGUE.keys()
    for name, row in rows.items():
        metric = CATALOGUE[name]
        assert (metric.stage, metric.core) == (row["stage"], row["core"] == "Y"), name
        assert row["direction"].replace("to parity", "parity").split(" ")[0] == metric.direction, name


@pytest.mark.parametrize(
    ("metric", "part"), PARTS, ids=lambda item: getattr(item, "id", None) or getattr(item, "part", "")
)
def test_every_part_names_fields_that_the_dictionary_has(metric, part) -> None:
    for choice in needs(part):
        for field in choice:
            table, _, name = field.partition(".")
            assert name in dictionary.table(table).names, f"{metric.id}: {field}"


def test_parts_of_a_metric_differ_in_name() -> None:
    for metric in CATALOGUE.values():
        names = [part.part for part in metric.parts]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "calls.arrest",
        "arrest and hold",
        "[x for x in arrest]",
        "arrest if hold else force",
        "lambda: 1",
    ],
)
def test_an_expression_is_no_program(text: str) -> None:
    with pytest.raises(DataError, match=r"holds a \w+"):
        names_in(text)


def test_an_expression_that_cannot_be_read_says_so() -> None:
    with pytest.raises(DataError, match="is no expression"):
        names_in("arrest &")


def test_what_is_lacking_is_the_shorter_alternative() -> None:
    """In-shift reach needs the roster's four required fields and its place, or one yes-or-no of the call."""
    (reach,) = CATALOGUE["M07"].parts
    calls = ["received_at", "initial_type", "final_type", "attended", "city"]
    assert lacking(reach, {"calls": calls}) == ("calls.team_on_duty",)
    assert lacking(reach, {"calls": calls, "schedule": ["city", "shift_start", "shift_end"]}) == ()


def test_a_table_that_is_missing_brings_its_required_fields() -> None:
    (called_back,) = CATALOGUE["M50"].parts
    required = dictionary.table("contacts").required
    wanted = {f"contacts.{name}" for name in (*required, "contact_at", "police_called_back")}
    assert set(lacking(called_back, {"calls": ["call_id"]})) == wanted


def test_the_page_of_metrics_is_the_generated_one() -> None:
    page = Path(__file__).parents[2] / "docs" / "metrics.md"
    assert page.read_text(encoding="utf-8") == catalogue_page(), "run the command at its top"
