"""Names of scores and items in plain words."""

from __future__ import annotations

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
