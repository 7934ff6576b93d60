"""The causal graph of a study: read with the rest, held against its covariates, frozen and carried along."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check
from coresponder_causal.core.errors import DataError, DesignError
from coresponder_causal.data.folder import folder as dictionary_folder
from coresponder_causal.design import CausalGraph, weight_propensity
from coresponder_causal.estimate import call_difference
from coresponder_causal.plan import read_study
from coresponder_causal.plan.bundle import _copy_inputs
from coresponder_causal.plan.designs_of_calls import plain_calls
from coresponder_causal.plan.frozen import differences, study_content
from coresponder_causal.plan.manifest import inputs
from coresponder_causal.plan.template import study_text

STUDY = """
[study]
title = "A log"
[tables]
calls = "calls.csv"
[designs]
run = []
"""
CHANGES = """
[graph]
nodes = [{ id = "weather", words = "weather", time = "received", fields = ["degrees"] },
         { id = "mood", words = "mood of the crew", time = "scene", fields = ["mood"] }]
add = [{ from = "weather", to = "severity", why = "Heat makes it worse." },
       { from = "attended", to = "mood", why = "The team cheers the crew up." }]
remove = [["call_taker", "attended"]]
"""


@pytest.fixture
def written(tmp_path):
    """A function that writes a study with a section [graph] and returns its file."""
    (tmp_path / "calls.csv").write_text("not looked into", encoding="utf-8")

    def write(section):
        file = tmp_path / "STUDY.toml"
        file.write_text(STUDY + section, encoding="utf-8")
        return file

    return write


def calls(many=400):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"degrees": rng.normal(20, 5, many), "hour": rng.integers(0, 24, many)})
    frame["mood"], frame["arrest"] = rng.normal(size=many), rng.random(many) < 0.2
    return frame.assign(attended=rng.random(many) < 0.3 + 0.2 * (frame["hour"] > 12))


def test_changes_of_a_shipped_graph_are_made(written):
    graph = read_study(written(CHANGES)).graph
    assert graph.nodes_of("degrees")[0].id == "weather"
    pairs = {arrow.pair for arrow in graph.arrows}
    assert ("weather", "severity") in pairs
    assert ("call_taker", "attended") not in pairs
    assert read_study(written("")).graph is None
    assert read_study(written('[graph]\nname = "officer"\n')).graph == CausalGraph.named("officer")


def test_every_broken_rule_of_the_graph_is_listed_with_the_rest(written):
    broken = """
[oddity]
x = 1
[graph]
colour = "red"
nodes = [{ id = "weather", words = "weather", time = "tomorrow" }]
add = [{ from = "weather", to = "nobody", why = "?" }]
remove = [["hour", "moon"]]
"""
    with pytest.raises(DataError) as caught:
        read_study(written(broken))
    said = caught.value.what
    for rule in ("[oddity]", "'colour' in [graph]", "time 'tomorrow'", "'nobody', which is no node", "hour → moon"):
        assert rule in said, rule
    assert "breaks 5 rules" in said


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ('[graph]\nname = "moon"\n', "no causal graph 'moon'"),
        ('[graph]\nfile = "none.yaml"\n', "there is no file none.yaml"),
        ('[graph]\nremove = ["call_taker"]\n', "write a list of pairs"),
        ('[graph]\nadd = [{ from = "clock", to = "load" }]\n', "add, entry 1: why is None"),
        ('[graph]\nname = "call"\nfile = "calls.csv"\n', "give one of the two"),
        ("[graph]\nname = 3\n", "name in [graph] is 3"),
        ("graph = 3\n", "unknown"),
    ],
)
def test_what_a_graph_cannot_be_is_said(written, section, says):
    with pytest.raises(DataError) as caught:
        read_study(written(section))
    assert says in caught.value.what


def test_an_effect_of_the_treatment_by_the_studys_graph_is_no_covariate_and_what_it_knows_is_no_stranger(written):
    study = read_study(written(CHANGES))
    data = SimpleNamespace(calls=calls(), schedule=pd.DataFrame())
    with pytest.raises(DesignError, match="team attends → mood of the crew"):
        plain_calls(study, data, "arrest", {"covariates": ["hour", "mood"]})
    design = plain_calls(study, data, "arrest", {"covariates": ["hour", "degrees"]})
    assert design.graph == study.graph
    assert not [said for said in design.notes if "degrees" in said]
    without = plain_calls(replace(study, graph=None), data, "arrest", {"covariates": ["hour", "degrees"]})
    assert [said for said in without.notes if "degrees" in said]


def test_refuters_test_what_the_graph_of_a_design_implies_by_themselves(written):
    study = read_study(written(CHANGES))
    frame = calls(600)
    data = SimpleNamespace(calls=frame, schedule=pd.DataFrame())
    design = weight_propensity(plain_calls(study, data, "arrest", {"covariates": ["hour"]}))
    found = check.refute(call_difference(design), design, which=["graph_independences"])[0]
    assert {"hour", "degrees"} in [{a, b} for a, b in found.table[["first", "second"]].itertuples(index=False)]
    plain = replace(design, graph=None)
    assert check.refute(call_difference(plain), plain, which=["graph_independences"])[0].verdict == "not applicable"
    moved = frame.assign(degrees=frame["hour"] + 0.1 * frame["degrees"])
    bent = replace(design, source=design.source.assign(degrees=moved["degrees"].to_numpy()))
    assert check.refute(call_difference(bent), bent, which=["graph_independences"])[0].verdict == "contradicts"


def test_a_graph_is_frozen_with_its_study(written):
    bare, changed = (study_content(read_study(written(section))) for section in ("", CHANGES))
    assert "graph" not in bare
    other = study_content(read_study(written(CHANGES.replace("Heat", "Cold"))))
    (change,) = differences(changed, other)
    assert str(change).endswith(".why: Heat makes it worse. → Cold makes it worse.")
    assert not differences(changed, study_content(read_study(written(CHANGES))))


def test_a_graph_of_its_own_is_an_input_and_comes_along(written, tmp_path):
    text = (dictionary_folder() / "graphs" / "call.yaml").read_text(encoding="utf-8")
    (tmp_path / "graphs").mkdir()
    (tmp_path / "graphs" / "ours.yaml").write_text(text.replace("name: call", "name: ours"), encoding="utf-8")
    file = written('[graph]\nfile = "graphs/ours.yaml"\n')
    study = read_study(file)
    assert study.graph.name == "ours"
    assert ("causal graph", "ours.yaml") in [(one.role, one.path.name) for one in inputs(study, file)]
    assert str(tmp_path) not in str(study_content(study))
    packed = tmp_path / "bundle"
    _copy_inputs(file, packed)
    assert (packed / "graph" / "ours.yaml").is_file()
    again = read_study(packed / "STUDY.toml")
    assert (again.graph, study_content(again)) == (study.graph, study_content(study))


def test_the_commented_example_of_the_template_is_a_section_that_reads(written):
    start = study_text.index("# [graph]")
    lines = study_text[start : study_text.index("# [bias]", start)].splitlines()
    section = "\n".join(line.removeprefix("# ") for line in lines if "file =" not in line)
    assert "weather" in [node.id for node in read_study(written(section)).graph.nodes]
