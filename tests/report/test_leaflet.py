"""Guides on paper and on a phone: easy to read, free of stigmatising words, one printed page."""

import re
import shutil
import subprocess
from itertools import product

import pytest

from coresponder_causal import report
from coresponder_causal.data.guide_facts import longest, longest_number
from coresponder_causal.data.guides import city_facts, guide
from coresponder_causal.qualitative.reading_level import reading_level
from coresponder_causal.qualitative.word_lists import lexicon

browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
GUIDES = list(product(("public", "dispatcher", "officer"), ("en", "es")))
LONG = {
    name: ("9" * longest_number if fact.number else "Every word " * 9)[:longest].strip()
    for name, fact in city_facts().items()
}


def example(audience, language):
    facts = {n: fact.example[language] if fact.by_language else fact.example for n, fact in city_facts().items()}
    return guide(audience, language, local=facts)


@pytest.mark.parametrize(("audience", "language"), GUIDES)
def test_reading_level_is_low_and_printed(audience, language, tmp_path):
    made = example(audience, language)
    level = reading_level(made.read(), language=language)
    assert level.value <= 8 if language == "en" else level.value >= 65
    text = report.write(report.leaflet(made), tmp_path / "guide.html", audience="public").read_text(encoding="utf-8")
    shown = f"school grade {level.value:.1f} by Flesch" if language == "en" else f"{level.value:.0f} puntos"
    assert shown in text
    assert f'<html lang="{language}">' in text
    assert not re.search(r"https?://|<script|<img|url\(", text)


@pytest.mark.parametrize("audience", ["public", "dispatcher", "officer"])
def test_words_to_avoid_are_listed_ones_and_stand_nowhere_else(audience):
    made, stigma = example(audience, "en"), lexicon("stigma")
    lines = [line for part in made.parts for line in part.lines]
    assert {line.avoid for line in lines} - {""} <= set(stigma.terms)
    said = [made.title, made.lead, *(f"{one.head} {'' if one.avoid else one.text}" for one in lines)]
    assert stigma.hits(said).sum() == 0
    assert all(stigma.hits([one.text])[0] for one in lines if one.avoid)


def test_a_leaflet_holds_no_data_and_has_one_form():
    spec = report.leaflet(example("public", "en"))
    assert report.released(spec, audience="public") is spec
    with pytest.raises(Exception, match="has no form"):
        report.write(spec, "guide.csv")


@pytest.mark.skipif(browser is None, reason="needs a browser that prints, such as chromium")
@pytest.mark.parametrize(("audience", "language"), GUIDES)
def test_it_is_one_printed_page_with_the_longest_facts(audience, language, tmp_path):
    made = guide(audience, language, local=LONG)
    file = report.write(report.leaflet(made), tmp_path / "guide.html", audience="public")
    printed = tmp_path / "guide.pdf"
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--print-to-pdf={printed}", file.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) == 1
