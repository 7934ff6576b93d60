"""Write the page of methods: ``python -m coresponder_causal.estimate``, at the root of a checkout."""

from __future__ import annotations

import sys
from pathlib import Path

from coresponder_causal.core.registry import METHODS

page = Path("docs", "methods.md")
introduction = (
    "Every estimator takes a design and returns a `Result`. Each section below is the card of one of them: what it "
    "estimates, what it needs and which check speaks to that, how it computes, when it breaks and what to take then. "
    "The domain is read from `core/measured.csv`: an interval held in a simulated cell where its coverage is not below "
    ".93 by two Monte-Carlo errors and the 5 % test does not reject above .05 by three; a result whose data lie "
    "outside all that was measured is called “not licensed”. The cards are the docstrings of the estimators' files; "
    "this page is written from them by `python -m coresponder_causal.estimate`."
)


def methods_page() -> str:
    """Return the page of methods: one section for each estimator that the room exports.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> methods_page().splitlines()[0]
    '# Methods'
    """
    exported = sys.modules["coresponder_causal.estimate"].__all__
    cards = [METHODS[name].to_markdown() for name in sorted(exported) if name in METHODS]
    return "\n\n".join(["# Methods", introduction, *cards]) + "\n"


if __name__ == "__main__":
    page.parent.mkdir(exist_ok=True)
    page.write_text(methods_page(), encoding="utf-8")
