"""The shipped causal graphs as a page; ``python -m coresponder_causal.plan.graph_page`` writes docs/graphs.md.

The page and its pictures are made from the files in ``data_dictionary/graphs``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from coresponder_causal.core.files import write_whole
from coresponder_causal.design import CausalGraph
from coresponder_causal.design.graph import names
from coresponder_causal.plan.graph_words import effects_in_words, picture_of
from coresponder_causal.report.drawing import drawn

page_name = "graphs.md"
docs = Path(__file__).parents[2] / "docs"


def graph_page() -> str:
    """Write the shipped graphs as one Markdown page.

    Returns
    -------
    str
    """
    lines = [
        "# Causal graphs",
        "",
        "Generated from `data_dictionary/graphs` by `python -m coresponder_causal.plan.graph_page`; change those "
        "files, not this page. In words and as a picture: `coresponder-causal graph NAME --out FILE`. A study edits "
        "its graph in the section `[graph]` of STUDY.toml; a covariate that the treatment moves by it is refused with "
        "the way.",
        "",
        "An arrow is a claim, and so is every arrow that is not there. Pictures show the first effect of each graph, "
        "with the smallest set that closes every back door in double frames; where there is none, with all that is "
        "measured, and the path that stays open in orange.",
        "",
    ]
    for name in names():
        lines += _section(CausalGraph.named(name))
    return "\n".join(lines)


def file_of(name: str) -> str:
    """Name of the file with the picture of a graph."""
    return f"graph_{name}.svg"


def _section(graph: CausalGraph) -> Iterator[str]:
    picture = picture_of(graph)
    yield from (f"## {graph.title}", "", f"`{graph.name}`. {graph.about}", "")
    if graph.warning:
        yield from (f"**{graph.warning}**", "")
    yield from (f"![{picture.alt}]({file_of(graph.name)})", "", picture.caption, "", "### What follows from it", "")
    yield from (f"- {one}" for one in effects_in_words(graph) if one != graph.warning)
    times = dict(graph.times)
    yield from ("", "### Nodes", "", "| | When | Measured by | Moved by |", "|---|---|---|---|")
    for node in graph.nodes:
        moved = "; ".join(graph.words(arrow.start) for arrow in graph.arrows if arrow.end == node.id)
        measured = ", ".join(f"`{name}`" for name in node.fields) or "nothing"
        yield f"| {node.words} (`{node.id}`) | {times[node.time]} | {measured} | {moved} |"
    if graph.left_out:
        yield from ("", "### Arrows that could be expected and are not there", "")
        yield from (f"- {graph.words(arrow.start)} → {graph.words(arrow.end)}: {arrow.why}" for arrow in graph.left_out)
    yield ""


def main() -> None:
    """Write the page and its pictures into the docs of a checkout."""
    write_whole(docs / page_name, graph_page().encode())
    for name in names():
        write_whole(docs / file_of(name), drawn(picture_of(CausalGraph.named(name)), "svg", framed=False))


if __name__ == "__main__":
    main()
