"""The form of one person who answers drawn cases."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coresponder_causal.core.errors import DesignError
from coresponder_causal.report.printed import Paper, PaperLine


def pair_form(drawn: pd.DataFrame, *, person: str, question: str, answers: Sequence[str]) -> Paper:
    """Make the form of one person: the cases in the order drawn, the same question after each.

    Parameters
    ----------
    drawn : DataFrame
        As of `design.minimal_pairs`. The form shows no group and no name of a case.
    person : str
    question : str
        Asked after each case: what somebody would write, or send.
    answers : sequence of str
        To choose from.

    Raises
    ------
    DesignError
        A person for whom nothing was drawn.

    Examples
    --------
    >>> from coresponder_causal.design import minimal_pairs
    >>> cases = {"shop": "A {cue} talks loudly outside a shop.", "bus": "A {cue} will not leave the bus."}
    >>> drawn = minimal_pairs(cases, {"housed": "man", "unhoused": "man with a tent"}, persons=["a", "b"])
    >>> form = pair_form(drawn, person="a", question="What do you write?", answers=["welfare check", "disturbance"])
    >>> [line.text for line in form.lines][1::2]
    ['What do you write?', 'What do you write?']
    """
    own = drawn[drawn["person"] == person].sort_values("position")
    if own.empty:
        raise DesignError(f"nothing was drawn for '{person}'", mend="name a person of the draw")
    lines = []
    for position, text in zip(own["position"], own["text"], strict=True):
        lines.append(PaperLine(text=f"{position}. {text}", heading=True))
        lines.append(PaperLine(text=question, answers=tuple(answers)))
    return Paper(
        title="Calls",
        subtitle=f"For {person}",
        intro="The calls are made up. Answer each as it comes, as you would at work. There is no right answer.",
        lines=tuple(lines),
    )
