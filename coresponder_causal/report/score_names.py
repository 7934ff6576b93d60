"""Names of scores and items in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from coresponder_causal.data import dictionary
from coresponder_causal.report import words


def score_name(name: object) -> str:
    """Name a score or an item in plain words.

    Examples
    --------
    >>> score_name("stigma_score"), score_name("case_1a")
    ('Stigma', 'Case 1a')
    """
    for waves in ("officer_waves", "staff_waves"):
        fields = dictionary.table(waves)
        if name in fields.names:
            return fields.field(str(name)).label
    return words.capital(str(name).replace("_", " "))


def scores_in_words(text: str, names: Iterable[str]) -> str:
    """Say the scores that a remark is about by their names; a doubt stays one.

    Parameters
    ----------
    text : str
        Remark, or doubt.
    names : iterable of str
        Scores and items that it may be about, at least one.

    Examples
    --------
    >>> scores_in_words("burnout_score, 2: 12 forms; 'burnout_score' is not known", ["burnout_score"])
    'Exhaustion, wave 2: 12 forms; Exhaustion is not known'
    """
    said = re.sub(
        rf"'?\b({'|'.join(map(re.escape, names))})\b'?(, (?=\d))?",
        lambda found: score_name(found[1]) + (", wave " if found[2] else ""),
        text,
    )
    return type(text)(said)
