"""The shipped logic model as a page; ``python -m coresponder_causal.plan.logic_page`` writes docs/logic_model.md.

The page and its picture are made from ``data_dictionary/logic_model.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from coresponder_causal import report
from coresponder_causal.core.files import write_whole
from coresponder_causal.data import metric_catalogue
from coresponder_causal.plan.logic_model import LogicModel
from coresponder_causal.plan.logic_parts import Node, headings

picture_name = "logic_model.svg"
docs = Path(__file__).parents[2] / "docs"


def logic_page(model: LogicModel) -> str:
    """Write a model as one Markdown page.

    Parameters
    ----------
    model : LogicModel

    Returns
    -------
    str

    Examples
    --------
    >>> logic_page(LogicModel.shipped()).splitlines()[0]
    '# Logic model'
    """
    lines = [
        "# Logic model",
        "",
        "Generated from `data_dictionary/logic_model.yaml` by `python -m coresponder_causal.plan.logic_page`; "
        "change that file, not this page. A copy to edit: `coresponder-causal logic init FILE`; what it leaves open: "
        "`coresponder-causal logic check FILE`; its picture: `coresponder-causal logic draw FILE`.",
        "",
        f"**{model.title}.** {model.purpose}",
        "",
        f"![{model.picture().alt}]({picture_name})",
        "",
    ]
    texts = {node.id: node.text for node in model.nodes}
    for stage, heading in headings.items():
        own = [node for node in model.nodes if node.stage == stage]
        if own:
            lines += [f"## {heading}", "", "| | Leads to | Measured by | Written down in |", "|---|---|---|---|"]
            lines += [*(_row(node, texts) for node in own), ""]
    lines += ["## Assumptions", "", "| | Carries |", "|---|---|"]
    lines += [
        f"| {one.text} | {'; '.join(f'{texts[start]} → {texts[end]}' for start, end in one.pairs)} |"
        for one in model.assumptions
    ]
    lines += ["", "## External factors", "", "| | Touches |", "|---|---|"]
    lines += [f"| {one.text} | {'; '.join(texts[name] for name in one.touches)} |" for one in model.external]
    return "\n".join(lines) + "\n"


def _row(node: Node, texts: Mapping[str, str]) -> str:
    """Write one node as a row of the table of its stage."""
    leads = "; ".join(texts[end] for end in node.leads_to)
    catalogue = metric_catalogue()
    metrics = "; ".join(f"[{name}](metrics.md#{name.lower()}) {catalogue[name].name}" for name in node.metrics)
    return f"| {node.text} | {leads} | {metrics} | {', '.join(f'`{name}`' for name in node.fields)} |"


def main() -> None:
    """Write the page and its picture into the docs of a checkout."""
    model = LogicModel.shipped()
    write_whole(docs / "logic_model.md", logic_page(model).encode())
    report.write(model.picture(), docs / picture_name)


if __name__ == "__main__":
    main()
