"""A notebook's checks find a wrong answer: its key function is made wrong in five ways, and each time a check breaks.

One notebook alone: ``pytest -m full tests/notebooks/test_mutations.py -k 06``.
"""

import re
from pathlib import Path

import pytest

from coresponder_causal.notebooks import run, sources

FOLDER = Path(__file__).parents[2] / "notebooks"
SOURCE = Path(__file__).with_name("mutation.py").read_text(encoding="utf-8")
WAYS = ("sign", "double", "shrink", "shift", "lose")
# The function whose answer a notebook is about.
KEY = {
    "00": "estimate.did_prediction_interval",
    "18": "core.serial.ols",
}
NOTEBOOKS = {notebook.name[:2]: notebook for notebook in sources(FOLDER)}


def test_every_notebook_names_its_key_function():
    assert set(KEY) == set(NOTEBOOKS)


@pytest.mark.full
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", sorted(KEY))
def test_a_wrong_answer_breaks_a_check(number, way):
    notebook = NOTEBOOKS[number]
    [ran] = run([notebook], fast=True, before=f"{SOURCE}\nmutate({KEY[number]!r}, {way!r})")
    found = re.match(r"cell (\d+): AssertionError", ran.failed)
    assert found, f"no check of {notebook.name} fails when {KEY[number]} is wrong ({way}): {ran.failed or 'it passed'}"
    assert int(found[1]) in [cell.number for cell in notebook.code("check")]
