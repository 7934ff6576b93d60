"""The graph of a comparison of calls on a page: a fold with the picture, the columns adjusted for, and what is open."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.design import Arrow, CallDesign, CausalGraph, GraphNode, weight_propensity
from coresponder_causal.estimate import call_difference
from coresponder_causal.report.specs import Fold


@pytest.fixture(scope="module")
def calls():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"hour": rng.integers(0, 24, 3000), "priority": rng.integers(1, 4, 3000)})
    frame["patrol_load"], frame["arrest"] = rng.random(3000), rng.random(3000) < 0.3
    frame["attended"] = rng.random(3000) < 0.3 + 0.1 * (frame["hour"] > 12)
    return CallDesign.from_frame(frame, outcome="arrest", treatment="attended", covariates=["hour", "priority"])


def test_the_section_says_what_is_open_and_lists_what_was_and_was_not_adjusted_for(calls):
    said, fold = report.graph_section(calls).blocks
    assert "The shortest of them: team attends ←" in said.text
    table = fold.table.frame.set_index("column")["adjusted"]
    assert table.loc[["hour", "priority"]].tolist() == ["yes", "yes"]
    assert table["patrol_load"] == "no"
    assert "how bad it is" in fold.table.frame.loc[fold.table.frame["column"] == "none at hand", "node"].tolist()
    nodes = fold.picture.data["nodes"].set_index("id")
    assert nodes.index[nodes["adjusted"]].tolist() == ["clock", "label"]


def test_nothing_is_open_by_a_graph_whose_paths_are_closed(calls):
    graph = CausalGraph(
        name="small",
        title="Small",
        times=(("before", "Before"), ("after", "After")),
        nodes=tuple(
            GraphNode(id=name, words=name, time=time, fields=(name,))
            for name, time in (("hour", "before"), ("attended", "before"), ("arrest", "after"))
        ),
        arrows=(
            Arrow(start="hour", end="attended"),
            Arrow(start="hour", end="arrest"),
            Arrow(start="attended", end="arrest"),
        ),
    )
    own = CallDesign.from_frame(
        calls.source, outcome="arrest", treatment="attended", covariates=["hour", "priority"], graph=graph
    )
    said, fold = report.graph_section(own).blocks
    assert said.text == "By the causal graph no path stays open behind the treatment."
    assert fold.table.frame.set_index("column").loc["priority", "node"] == "not in the graph"


def test_an_outcome_that_the_graph_does_not_know_has_no_section(calls):
    strange = CallDesign.from_frame(
        calls.source.assign(moon=1.0 * calls.source["hour"]), outcome="moon", treatment="attended", covariates=["hour"]
    )
    assert report.graph_section(strange) is None


def test_the_fold_is_on_the_page_whoever_reads_it(calls, tmp_path):
    weighted = weight_propensity(calls)
    page = report.page([call_difference(weighted)], graph=report.graph_section(weighted))
    for audience in ("internal", "public"):
        written = report.write(page, tmp_path / audience, audience=audience)
        text = written.read_text(encoding="utf-8")
        assert text.index("What moves what, and what was adjusted for?") < text.index("<summary>The causal graph")
        inside = text[text.index("<summary>The causal graph") :]
        assert inside.index("<svg") < inside.index("What was adjusted for") < inside.index("</details>")
    parts = list(page.parts())
    fold = next(
        block for section in page.sections for block in section.blocks if isinstance(block, Fold) and block.picture
    )
    assert parts.index(fold.picture) < parts.index(fold.table)
    assert "Causal graph of" in report.write(page, tmp_path / "page.md").read_text(encoding="utf-8")
