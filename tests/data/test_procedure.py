"""The collection procedure is up to date, and leaves no field of a call without somebody who records it."""

from pathlib import Path

import pytest

from coresponder_causal.data import dictionary, procedure
from coresponder_causal.data.instrument import instruments

PAGE = Path(__file__).parents[2] / "docs" / "collection_procedure.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == procedure.procedure(), "run python -m coresponder_causal.data"


def test_the_command_writes_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(procedure, "page", tmp_path / "docs" / "page.md")
    procedure.main()
    assert (tmp_path / "docs" / "page.md").read_text(encoding="utf-8") == procedure.procedure()


@pytest.mark.parametrize("name", ["calls", "contacts", "schedule", "rides"])
def test_whatever_people_record_is_in_one_step(name):
    steps = [(step.name, field) for step in procedure.steps() for field in step.fields]
    for field in dictionary.table(name).fields:
        if field.burden in {"one tap", "form"}:
            found = [step for step, filled in steps if filled == (name, field.name)]
            assert len(found) == 1, f"{name}.{field.name} is recorded in {found or 'no step'}"


def test_seconds_are_summed_from_burdens_or_stated_by_the_instrument():
    found = {step.name: step for step in procedure.steps()}
    # Fourteen keys at 2 seconds; five fields of a report at 10.
    assert found["First call"].seconds == 28
    assert found["Report"].seconds == 50
    assert found["On scene"].seconds == instruments()["on_scene_card"].seconds


def test_the_sample_for_double_coding_says_how_exact_it_is():
    # 150 calls at 80 %: 1.96 √(.8 · .2 / 150) = .064.
    assert "known within about 6 points, 19 times in 20" in procedure.procedure()


def test_the_page_answers_what_is_asked_of_a_procedure():
    text = procedure.procedure()
    for title in (
        "Who spends how long",
        "Step by step",
        "Within how many hours",
        "Double coding",
        "Monthly audit",
        "Feedback",
        "Health data",
        "Training for dispatchers and call-takers",
        "For the public: what to say in the first call",
    ):
        assert f"\n## {title}\n" in text
    assert text.count("*If it is missing.*") == len(procedure.steps())
    assert "The police never hold health data" in text
