"""The picture of a logic model: which boxes, which links, which words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.report.specs import Picture


def logic_picture(
    boxes: pd.DataFrame, links: pd.DataFrame, notes: pd.DataFrame, *, stages: Sequence[str], title: str, purpose: str
) -> Picture:
    """Show a logic model on one landscape page.

    Parameters
    ----------
    boxes : DataFrame
        ``id, stage, text, metrics, external``: the heading that a box stands under, its words, the metrics that
        measure it and the marks of the external factors that touch it.
    links : DataFrame
        ``start, end, marks``: ids of two boxes, and the letters of the assumptions that carry the link.
    notes : DataFrame
        ``kind`` ("assumption" or "external"), ``mark, text``.
    stages : sequence of str
        Headings from left to right.
    title, purpose : str

    Returns
    -------
    Picture
        ``data``: ``boxes``, ``links``, ``notes`` as given.
    """
    shown = [stage for stage in stages if (boxes["stage"] == stage).any()]
    columns = [f"{stage}: {'; '.join(boxes.loc[boxes['stage'] == stage, 'text'])}." for stage in shown]
    carried = notes.loc[notes["kind"] == "assumption", "text"]
    assumed = f" Assumptions: {' '.join(carried)}" if len(carried) else ""
    outside = " [n]: an external factor moves it." if (notes["kind"] == "external").any() else ""
    return Picture(
        title=title,
        caption=(
            "Read from left to right: an arrow leads from what is done to what should follow. A dashed arrow works "
            "only if the assumption holds whose letter it bears. M: the metric that measures it; a dotted box is an "
            f"output or outcome that nothing measures.{outside}"
        ),
        alt=f"Logic model in {len(shown)} columns with {len(links)} arrows. {' '.join(columns)}{assumed}",
        kind="logic",
        data={"boxes": boxes, "links": links, "notes": notes},
        labels=Facts({"purpose": purpose, "stages": tuple(shown)}),
    )
