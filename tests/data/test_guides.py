"""The guides say the same words to all three readers, cover what is recorded, and refuse what cannot be printed."""

import re
from itertools import product

import pytest
import yaml

from coresponder_causal.core.errors import DataError, DesignError
from coresponder_causal.data.dictionary import table
from coresponder_causal.data.folder import folder
from coresponder_causal.data.guide_facts import city_facts_file, longest, read_city_facts
from coresponder_causal.data.guide_vignettes import guide_vignettes
from coresponder_causal.data.guides import city_facts, guide, needed_facts
from coresponder_causal.data.instrument import instruments
from coresponder_causal.data.metrics_catalogue import metric_catalogue, names_in

READERS, LANGUAGES = ("public", "dispatcher", "officer"), ("en", "es")
FACTS = {
    "city": "River City",
    "programme": "Care Team",
    "hours": "every day",
    "non_emergency": "(999) 555-2300",
    "records": "City Hall",
    "call_sign": "Care 1",
}


def lines(audience, language):
    return [line for part in guide(audience, language, local=FACTS).parts for line in part.lines]


@pytest.mark.parametrize("language", LANGUAGES)
def test_questions_numbers_and_meanings_are_the_same_words_for_all(language):
    shared = yaml.safe_load((folder() / "guides" / "shared.yaml").read_text(encoding="utf-8"))["lists"]
    for name in ("questions", "contacts", "meanings"):
        said = [{(one.head, one.text) for one in lines(reader, language)} for reader in READERS]
        assert len(set.intersection(*said)) >= len(shared[name])
    for entry in shared["questions"]:
        assert all(entry[language] in [one.text for one in lines(reader, language)] for reader in READERS)
    words = [[one for one in lines(reader, language) if one.avoid] for reader in ("dispatcher", "officer")]
    assert words[0] == words[1] != []


def test_the_questions_are_those_that_completeness_counts():
    counted = set(names_in(metric_catalogue()["M04"].parts[0].counts))
    assert {line.field for line in lines("dispatcher", "en") if line.field} == counted


def test_officers_are_told_of_every_line_of_the_card():
    card = {question.name for question in instruments()["on_scene_card"].form.questions} - {"recorded_at"}
    assert {name for line in lines("officer", "en") for name in line.records} == card


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_are_those_on_the_screen(language):
    written = yaml.safe_load((folder() / "guides" / "dispatcher.yaml").read_text(encoding="utf-8"))
    codes = [line["label"] for part in written["parts"] for line in part["lines"] if "label" in line]
    known = {str(code): words for code, words in table("calls").field("initial_type").choices}
    assert len(codes) >= 7
    assert {known[code] for code in codes} <= {line.head for line in lines("dispatcher", language)}


@pytest.mark.parametrize(("audience", "language"), list(product(READERS, LANGUAGES)))
def test_examples_are_marked_and_spanish_asks_for_review(audience, language):
    made = guide(audience, language, local=FACTS)
    assert [part.title for part in made.parts if part.form == "example"] == [made.page["fictional"]]
    assert ("needs native review" in made.page["review"]) == (language == "es")
    assert "$" not in " ".join([made.title, made.lead, *(line.head + line.text for line in lines(audience, language))])


def test_every_blank_is_named_at_once(tmp_path):
    (tmp_path / "facts.toml").write_text(city_facts_file(), encoding="utf-8")
    with pytest.raises(DataError) as refused:
        read_city_facts("dispatcher", "es", tmp_path / "facts.toml")
    assert all(f"{name} is blank" in str(refused.value) for name in needed_facts("dispatcher", "es"))
    with pytest.raises(DesignError, match=r"programme is blank[\s\S]*records is blank"):
        guide("public", "en", local={"hours": "every day", "non_emergency": "311"})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("records", "(916) 555-0141", "a number of fiction"),
        ("non_emergency", "call us", "no number to call"),
        ("hours", "x" * (longest + 1), "61 signs"),
        ("hours", "day\nnight", "several lines"),
        ("hours", 8, "no text"),
        ("hour", "x", "none of the facts"),
    ],
)
def test_what_cannot_be_printed_is_refused(name, value, said):
    with pytest.raises(DataError, match=said):
        read_city_facts("public", "en", given={**FACTS, name: value})


def test_a_filled_file_speaks_the_language_asked_for(tmp_path):
    text = city_facts_file()
    for fact in city_facts().values():
        text = text.replace(f'{fact.name} = ""', f'{fact.name} = "{FACTS[fact.name]}"')
    text = re.sub(r'^es = ""', 'es = "Equipo"', re.sub(r'^en = ""', 'en = "Team"', text, flags=re.M), flags=re.M)
    (tmp_path / "facts.toml").write_text(text, encoding="utf-8")
    assert read_city_facts("public", "es", tmp_path / "facts.toml")["programme"] == "Equipo"
    assert read_city_facts("public", "en", tmp_path / "facts.toml", given={"hours": "at night"})["hours"] == "at night"
    (tmp_path / "facts.toml").write_text("city =", encoding="utf-8")
    with pytest.raises(DataError, match=r"facts\.toml is not a TOML file"):
        read_city_facts("public", "en", tmp_path / "facts.toml")


def test_an_unknown_guide_is_refused():
    with pytest.raises(DesignError, match=r"audience='chief'[\s\S]*language='fr'"):
        needed_facts("chief", "fr")


def test_vignettes_are_drawn_by_the_seed_and_half_have_the_guide():
    drawn = guide_vignettes(call_takers=5, cases=6, seed=3, language="es")
    assert drawn.equals(guide_vignettes(call_takers=5, cases=6, seed=3, language="es"))
    assert drawn.groupby("call_taker")["guide"].value_counts().unstack().eq(3).all(axis=None)
    assert drawn["text"].str.startswith(("Guarde", "Tenga")).all()
    with pytest.raises(DesignError, match=r"2 call-takers[\s\S]*5 cases"):
        guide_vignettes(call_takers=2, cases=5, seed=1)
