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
    "01": "plan.readiness",
    "02": "data.metrics",
    "03": "data.quality",
    "04": "plan.operating_characteristics",
    "05": "estimate.call_coverage",
    "06": "estimate.its_segmented",
    "07": "estimate.did_prediction_interval",
    "08": "estimate.did_group_time",
    "09": "estimate.call_difference",
    "10": "estimate.call_repeat",
    "11": "estimate.call_difference",
    "12": "estimate.officer_imputation",
    "13": "qualitative.joint_display",
    "14": "decide.concordance",
    "15": "estimate.call_strata",
    "16": "decide.best_schedule",
    "17": "decide.evidence",
    "18": "core.serial.ols:beta",
}
NOTEBOOKS = {notebook.name[:2]: notebook for notebook in sources(FOLDER)}


def test_every_notebook_names_its_key_function():
    assert set(NOTEBOOKS) <= set(KEY)


@pytest.mark.full
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", sorted(NOTEBOOKS))
def test_a_wrong_answer_breaks_a_check(number, way):
    notebook, call = NOTEBOOKS[number], f"\nmutate({KEY[number]!r}, {way!r})\n"
    # In a space of its own, so that no name of the notebook can replace one of the mutation.
    before = f"exec({SOURCE + call!r}, {{'__name__': 'mutation'}})"
    [ran] = run([notebook], fast=True, before=before)
    found = re.match(r"cell (\d+): AssertionError", ran.failed)
    assert found, f"no check of {notebook.name} fails when {KEY[number]} is wrong ({way}): {ran.failed or 'it passed'}"
    assert int(found[1]) in [cell.number for cell in notebook.code("check")]
