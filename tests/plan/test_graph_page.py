"""The page of the causal graphs, and the command that says and draws one."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from coresponder_causal.cli import app
from coresponder_causal.core.errors import DesignError
from coresponder_causal.design import CausalGraph
from coresponder_causal.design.graph import names
from coresponder_causal.plan import effects_in_words, graph_asked, picture_of
from coresponder_causal.plan.graph_page import file_of, graph_page, main, page_name

DOCS = Path(__file__).parents[2] / "docs"


def asked(*words):
    return CliRunner().invoke(app, ["graph", *map(str, words)])


def test_the_page_in_the_docs_is_this_one_and_its_pictures_are_small(tmp_path, monkeypatch):
    monkeypatch.setattr("coresponder_causal.plan.graph_page.docs", tmp_path)
    main()
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(made) == {page_name, *map(file_of, names())}
    for name, content in made.items():
        there = (DOCS / name).read_bytes()
        assert there == content, f"{name}: run python -m coresponder_causal.plan.graph_page"
        assert len(content) < 150_000


def test_the_page_says_every_effect_node_and_missing_arrow():
    page = graph_page()
    for graph in map(CausalGraph.named, names()):
        assert all(f"(`{node.id}`)" in page and node.words in page for node in graph.nodes)
        assert all(arrow.why in page for arrow in graph.left_out)
        assert page.count(f"The effect of “{graph.words(graph.effects[0][0])}” on") >= 1
        assert page.count(graph.warning) >= 1


def test_the_picture_of_an_effect_shows_what_closes_its_back_doors():
    drawn = picture_of(CausalGraph.named("call"), "team_on_duty", "arrest").data["nodes"].set_index("id")
    assert drawn.index[drawn["adjusted"]].tolist() == ["clock"]
    assert drawn.loc["on_duty", "role"] == "treatment"
    hidden = picture_of(CausalGraph.named("call"))
    assert "Orange: a back door that stays open" in hidden.caption
    assert "“how bad it is”" not in hidden.caption.split(":")[-2]


def test_words_of_one_treatment_are_those_of_its_outcomes():
    graph = CausalGraph.named("call")
    said = effects_in_words(graph)
    assert sum("Instruments" in one for one in said) == 1
    assert sum(one.startswith("The effect of") for one in said) == len(graph.effects)
    assert said[5].startswith("All effects of “team attends”: Instruments")
    both = effects_in_words(graph, "on_duty")
    assert all("“team on duty”" in one for one in both)


def test_the_command_says_it_in_words_and_writes_a_picture(tmp_path):
    target = tmp_path / "city.svg"
    done = asked("city", "--out", target)
    assert done.exit_code == 0, done.output
    assert "The effect of “the decision of the council”" in done.output
    assert CausalGraph.named("city").warning in done.output
    assert target.read_bytes().startswith(b"<?xml")
    refused = asked("city", "--out", target)
    assert refused.exit_code != 0
    assert asked("city", "--out", target, "--force").exit_code == 0


def test_the_command_reads_the_graph_of_a_study_and_of_a_file(tmp_path):
    (tmp_path / "calls.csv").write_text("call_id\n1\n", encoding="utf-8")
    study = tmp_path / "STUDY.toml"
    parts = '[study]\ntitle = "A log"\n[tables]\ncalls = "calls.csv"\n[designs]\nrun = []\n[graph]\nremove = '
    study.write_text(parts + '[["severity", "attended"], ["severity", "asked_for"]]\n', encoding="utf-8")
    words = ["--treatment", "attended", "--outcome", "arrest"]
    changed, shipped = asked("--study", study, *words), asked(*words)
    assert "follows from adjusting" in changed.output
    assert "does not follow from adjusting" in shipped.output
    text = (DOCS.parent / "data_dictionary" / "graphs" / "officer.yaml").read_text(encoding="utf-8")
    own = tmp_path / "ours.yaml"
    own.write_text(text.replace("name: officer", "name: ours"), encoding="utf-8")
    assert graph_asked(str(own)).name == "ours"


def test_what_cannot_be_asked_is_refused_with_its_mend():
    with pytest.raises(DesignError, match="name one of the two"):
        graph_asked("call", "STUDY.toml")
    done = asked("moon")
    assert done.exit_code != 0
    assert "call, caller, city, officer, sequence" in done.output
    assert "no node" in asked("call", "--treatment", "moon").output
