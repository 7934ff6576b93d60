"""The logic model: its file, every rule it must keep, and that each check finds the one thing it is for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError
from coresponder_causal.data import dictionary, metric_catalogue
from coresponder_causal.plan import Assumption, External, LogicModel, Node
from coresponder_causal.plan.logic_page import logic_page, main, picture_name

DOCS = Path(__file__).parents[2] / "docs"
SHIPPED = LogicModel.shipped()


def small() -> LogicModel:
    """A model of one node a stage, in a line."""
    nodes = (
        Node(id="staff", stage="inputs", text="Staff", leads_to=("go",)),
        Node(id="go", stage="activities", text="Go", leads_to=("reached",)),
        Node(id="reached", stage="outputs", text="Reached", leads_to=("calm",), metrics=("M06",)),
        Node(id="calm", stage="short", text="Calm", leads_to=("again",), metrics=("M12",)),
        Node(id="again", stage="medium", text="Fewer calls", leads_to=("live",), metrics=("M28",)),
        Node(id="live", stage="impact", text="Safer lives"),
    )
    assumption = Assumption(id="near", text="Near enough.", links=("go -> reached",))
    return LogicModel(title="Small", purpose="", nodes=nodes, assumptions=(assumption,))


def rules(model: LogicModel) -> list[tuple[str, str]]:
    return list(model.check()[["rule", "node"]].itertuples(index=False, name=None))


def test_the_shipped_model_leaves_nothing_open_and_speaks_to_the_request():
    assert rules(SHIPPED) == []
    used = {metric for node in SHIPPED.nodes for metric in node.metrics}
    asked = {"M06", "M12", "M24", "M28", "M38", "M40", "M43", "M44", "M46", "M02", "M35", "M48"}
    assert asked <= used
    counts = {"M01"}  # says how many calls there are, not whether anything came of them
    core = {metric.id for metric in metric_catalogue().values() if metric.core}
    assert core - used == counts
    assert {node.stage for node in SHIPPED.nodes} == {
        "inputs", "activities", "outputs", "short", "medium", "long", "impact"
    }  # fmt: skip


def test_a_model_without_gaps_has_no_finding():
    assert rules(small()) == []


@pytest.mark.parametrize(
    ("stage", "change", "expected"),
    [
        ("short", {"metrics": ()}, [("outcome without a metric", "calm")]),
        ("outputs", {"metrics": ()}, [("output without a metric", "reached")]),
        ("inputs", {"leads_to": ("reached",)}, [("orphan activity", "go")]),
        (
            "activities",
            {"leads_to": ()},
            [
                ("orphan activity", "go"),
                ("outcome without an activity", "calm"),
                ("outcome without an activity", "again"),
                ("outcome without an activity", "live"),
            ],
        ),
        ("outputs", {"leads_to": ("live",)}, [
            ("output without an outcome", "reached"),
            ("outcome without an activity", "calm"),
            ("outcome without an activity", "again"),
        ]),
    ],
)  # fmt: skip
def test_each_gap_is_found_and_nothing_else(stage, change, expected):
    nodes = tuple(replace(node, **change) if node.stage == stage else node for node in small().nodes)
    model = replace(small(), nodes=nodes, assumptions=())
    assert rules(model) == expected
    assert model.check()["mend"].str.len().gt(0).all()


def test_an_assumption_about_nothing_is_found():
    model = replace(small(), assumptions=(Assumption(id="luck", text="Luck holds."),))
    assert rules(model) == [("assumption without a link", "luck")]


def test_a_metric_that_a_city_cannot_feed_is_found_with_the_fields_it_wants():
    there = {name: table.names for name, table in dictionary.tables().items()}
    there["calls"] = tuple(name for name in there["calls"] if name != "force")
    found = small().check(there)
    assert found[["rule", "node"]].to_numpy().tolist() == [["metric without a source", "calm"]]
    assert "M12 (Use of force) of 'Calm' has no source: calls.force." in found["says"].iloc[0]
    police_only = SHIPPED.check({"calls": there["calls"]})["says"].str[:3]
    assert {"M12", "M24", "M38"} <= set(police_only)
    assert not {"M15", "M17", "M10"} & set(police_only)


def test_a_model_lists_every_rule_it_breaks_with_its_mend():
    nodes = (
        Node(id="a", stage="input", text="A", leads_to=("b", "nowhere")),
        Node(id="b", stage="outputs", text="B", leads_to=("c", "c"), metrics=("M99",), fields=("cals", "calls.frce")),
        Node(id="c", stage="activities", text=" ", leads_to=("c",)),
        Node(id="c", stage="impact", text="C"),
    )
    with pytest.raises(DataError) as caught:
        LogicModel(
            title="Broken",
            purpose="",
            nodes=nodes,
            assumptions=(Assumption(id="two words", text="T", links=("a -> c",)),),
            external=(External(id="e", text="E", touches=("z",)),),
        )
    message = str(caught.value)
    for said in (
        "the id 'c' is borne by 2 parts: give each its own",
        "the id 'two words' is not one word",
        "'c' has no text",
        "node 'a' has the stage 'input': stages are inputs, activities",
        "node 'a' leads to 'nowhere', which is no node",
        "node 'b' names the metric 'M99', which is not in the catalogue: take an id of metrics.yaml, M01 to M50",
        "node 'b' names the table 'cals'",
        "node 'b' names the field 'calls.frce'",
        "node 'b' leads to 'c' 2 times",
        "assumption 'two words' carries 'a -> c', which is no link",
        "external factor 'e' touches 'z', which is no node",
    ):
        assert said in message


@pytest.mark.parametrize(("start", "end"), [("medium", "short"), ("short", "short")])
def test_a_link_to_the_same_or_an_earlier_stage_is_refused(start, end):
    nodes = (
        Node(id="one", stage=start, text="One", leads_to=("two",), metrics=("M12",)),
        Node(id="two", stage=end, text="Two", metrics=("M12",)),
    )
    with pytest.raises(DataError, match=rf"'one' \({start}\) leads to 'two' \({end}\), which is not a later stage"):
        LogicModel(title="Back", purpose="", nodes=nodes)


def test_an_empty_model_is_refused():
    with pytest.raises(DataError, match="there is no node"):
        LogicModel(title="Empty", purpose="", nodes=())


def test_a_file_comes_back_as_it_was_written(tmp_path):
    written = SHIPPED.write(tmp_path / "model.yaml")
    assert LogicModel.read(written) == SHIPPED
    assert written.read_text(encoding="utf-8").splitlines()[0] == LogicModel.template().splitlines()[0]
    assert LogicModel.read(small().write(tmp_path / "small.yaml")) == small()


def test_a_file_lists_every_mistake_in_it_at_once(tmp_path):
    stated = {
        "title": 7,
        "aim": "x",
        "nodes": [
            {"id": "a", "stage": "inputs", "text": "A", "leads": ["b"], "leads_to": "b"},
            {"id": False, "stage": "outputs", "text": "B", "metrics": ["M99"]},
        ],
        "assumptions": ["near"],
    }
    file = tmp_path / "model.yaml"
    file.write_text(yaml.safe_dump(stated))
    with pytest.raises(DataError) as caught:
        LogicModel.read(file)
    message = str(caught.value)
    for said in (
        "logic model model.yaml breaks",
        "unknown key 'aim'",
        "the model: title is 7",
        "the model: purpose is missing",
        "nodes, entry 1 (a): unknown key 'leads'",
        "nodes, entry 1 (a): leads_to is 'b'",
        "nodes, entry 2 (False): id is False",
        "assumptions is no list of entries",
        "the metric 'M99'",
    ):
        assert said in message


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"nodes: [", "is not a YAML file"), (b"\xff\xfe\xff", "is not a YAML file"), (b"- a\n", "has no keys")],
)
def test_what_is_no_model_is_refused(tmp_path, content, said):
    file = tmp_path / "model.yaml"
    file.write_bytes(content)
    with pytest.raises(DataError, match=said):
        LogicModel.read(file)
    with pytest.raises(DataError, match="there is no logic model"):
        LogicModel.read(tmp_path / "absent.yaml")


def test_the_page_in_the_docs_is_this_one(tmp_path, monkeypatch):
    page = (DOCS / "logic_model.md").read_text(encoding="utf-8")
    assert page == logic_page(SHIPPED), "run python -m coresponder_causal.plan.logic_page"
    assert all(node.text in page for node in SHIPPED.nodes)
    monkeypatch.setattr("coresponder_causal.plan.logic_page.docs", tmp_path)
    main()
    assert {path.name for path in tmp_path.iterdir()} == {"logic_model.md", picture_name}
    assert (DOCS / picture_name).read_bytes().startswith(b"<?xml")


def invoke(*arguments: object):
    return CliRunner().invoke(app, ["logic", *map(str, arguments)])


def test_the_commands_write_check_and_draw(tmp_path):
    file = tmp_path / "model.yaml"
    assert invoke("init", file).exit_code == 0
    assert LogicModel.read(file) == SHIPPED
    assert invoke("init", file).exit_code == 2
    done = invoke("check", file)
    assert (done.exit_code, f"{len(SHIPPED.nodes)} nodes" in done.output) == (0, True)
    file.write_text(file.read_text(encoding="utf-8").replace("metrics: [M24]", "metrics: []"), encoding="utf-8")
    done = invoke("check", file)
    assert done.exit_code == 1
    assert "outcome without a metric: The outcome 'People are in care within a month'" in " ".join(done.output.split())
    drawn = tmp_path / "model.pdf"
    assert invoke("draw", file, "--out", drawn).exit_code == 0
    assert drawn.read_bytes().startswith(b"%PDF")
    assert invoke("draw", file, "--out", drawn).exit_code == 2


def test_the_commands_hold_the_shipped_model_against_a_folder_of_tables(tmp_path):
    (tmp_path / "calls.csv").write_text(
        "call_id,city,received_at,initial_type,final_type\n1,Davis,2024-07-01 12:00,other,other\n"
    )
    done = invoke("check", "--tables", tmp_path)
    assert done.exit_code == 1
    assert "metric without a source: M12 (Use of force)" in " ".join(done.output.split())
