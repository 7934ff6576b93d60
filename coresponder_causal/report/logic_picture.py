"""The picture of a logic model: which boxes, which links, which words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.report.specs import Picture, of_nobody


def logic_picture(
    boxes: pd.DataFrame, links: pd.DataFrame, notes: pd.DataFrame, *, stages: Sequence[str], title: str, purpose: str
) -> Picture:
    """Show a logic model on one landscape page.

    Parameters
    ----------
    boxes : DataFrame
        ``id, stage, text, metrics, external, unmeasured``: the heading that a box stands under, its words, the metrics
        that measure it, the marks of the external factors that touch it, and whether a metric is wanting.
    links : DataFrame
        ``start, end, marks``: ids of two boxes, and the marks of the assumptions that carry the link.
    notes : DataFrame
        ``kind`` ("assumption" or "external"), ``mark, text``.
    stages : sequence of str
        Headings from left to right.
    title, purpose : str

    Returns
    -------
    Picture
        ``data``: ``boxes``, ``links``, ``notes`` as given, and ``stages``, the headings that have boxes.
    """
    shown = [stage for stage in stages if (boxes["stage"] == stage).any()]
    columns = [f"{stage}: {'; '.join(boxes.loc[boxes['stage'] == stage, 'text'])}." for stage in shown]
    carried = notes.loc[notes["kind"] == "assumption", "text"]
    assumed = f" Assumptions: {' '.join(carried)}" if len(carried) else ""
    said = [
        "Read from left to right: an arrow leads from what is done to what should follow.",
        "A dashed arrow works only if the assumption holds whose mark it bears." if len(carried) else "",
        "M: metrics that measure it." if boxes["metrics"].any() else "",
        "E: external factors that move it." if boxes["external"].any() else "",
        "A dotted box is an output or outcome that nothing measures." if boxes["unmeasured"].any() else "",
    ]
    return Picture(
        title=title,
        caption=" ".join(sentence for sentence in said if sentence),
        alt=f"Logic model in {len(shown)} columns with {len(links)} arrows. {' '.join(columns)}{assumed}",
        kind="logic",
        data={"boxes": boxes, "links": links, "notes": notes, "stages": pd.DataFrame({"heading": shown})},
        labels=Facts({"purpose": purpose}),
        support=of_nobody,
    )
