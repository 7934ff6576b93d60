"""Whether the data can be trusted: in a sentence, and as a section with every finding."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.facts import Facts
from coresponder_causal.report.specs import Block, Fold, Section, Sentence, of_nobody
from coresponder_causal.report.tables import plain

unread_column = "column is not in the dictionary"


def quality_section(quality: pd.DataFrame | None) -> Section | None:
    """Show every finding in the data, columns that the dictionary does not know behind a fold."""
    if quality is None:
        return None
    counts = quality_counts(quality)
    labels = {"rows": "first rows", "mend": "what to do"}
    unread = quality["rule"].eq(unread_column)
    blocks: list[Block] = [counts]
    if (~unread).any():
        worst = quality[~unread].sort_values("severity", kind="stable")
        behind = worst[["count"]].reset_index(drop=True)
        blocks.append(plain(worst, title="Findings in the data", labels=labels, support=behind))
    if unread.any():
        others = plain(
            quality[unread], title="Columns that the data dictionary does not know", labels=labels, support=of_nobody
        )
        blocks.append(Fold(label=others.title, table=others))
    return Section(title="Can the data be trusted?", blocks=tuple(blocks))


def quality_counts(quality: pd.DataFrame) -> Sentence:
    """Say how many rules of the dictionary the data break, and how many doubts they raise.

    Parameters
    ----------
    quality : DataFrame
        As of `page`.

    Returns
    -------
    Sentence
        ``numbers``: ``errors, doubts, unread``.
    """
    absent = [name for name in ("rule", "severity", "count") if name not in quality]
    if absent:
        raise DataError(f"quality= lacks {', '.join(absent)}", mend="give the findings table of data validation")
    errors = int(quality["severity"].eq("error").sum())
    unread = int(quality["rule"].eq(unread_column).sum())
    doubts = len(quality) - errors - unread
    said = [
        f"break {_number_of(errors, 'rule')} that must be mended before any analysis" if errors else "",
        f"raise {_number_of(doubts, 'doubt')} about their quality" if doubts else "",
        f"hold {_number_of(unread, 'column')} that the data dictionary does not know" if unread else "",
    ]
    parts = [part for part in said if part] or ["break no rule of the data dictionary"]
    text = f"The data {', '.join(parts[:-1])}{' and ' if len(parts) > 1 else ''}{parts[-1]}."
    numbers = Facts({"errors": errors, "doubts": doubts, "unread": unread})
    return Sentence(text=text, numbers=numbers, support=of_nobody)


def _number_of(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
