"""Word lists of the dictionary, and how often texts use their terms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DataError
from coresponder_causal.data.folder import folder, written
from coresponder_causal.data.metrics_catalogue import stigmatising_terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """A list of terms, found as whole words whatever their case, with or without a plural s.

    Parameters
    ----------
    name, label : str
    terms : tuple of str
        Words, or phrases of several.

    Raises
    ------
    DataError
        If no term is given.

    Examples
    --------
    >>> Lexicon(name="own", label="Own words", terms=("wino",)).hits(["Two winos. WINO!", "A window."]).tolist()
    [2.0, 0.0]
    """

    name: str
    label: str
    terms: tuple[str, ...]

    def __post_init__(self) -> None:
        if not any(term.strip() for term in self.terms):
            raise DataError(f"lexicon {self.name!r} has no terms", mend="give words or phrases")

    def hits(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Count terms in each text; where one lies in another the longer counts."""
        longest = sorted((term.strip() for term in self.terms if term.strip()), key=len, reverse=True)
        listed = "|".join(r"\s+".join(map(re.escape, term.split())) for term in longest)
        pattern = re.compile(rf"(?<!\w)(?:{listed})s?(?!\w)", re.IGNORECASE)
        return np.array([sum(1 for _ in pattern.finditer(text)) for text in texts], float)


@cache
def lexicon(name: str) -> Lexicon:
    """Return a word list of the dictionary: where a project's own list starts.

    Parameters
    ----------
    name : str
        ``"stigma"`` (with the terms of metric M45) or ``"strengths"``.

    Returns
    -------
    Lexicon

    Raises
    ------
    DataError
        No such list: take one of those named.

    Examples
    --------
    >>> lexicon("strengths").hits(["She asked for help and made a plan."]).tolist()
    [2.0]
    """
    known = sorted({path.stem for path in (folder() / "lexicons").glob("*.yaml")} - {"function_words"})
    if name not in known:
        raise DataError(f"the dictionary has no lexicon {name!r}", mend=f"take one of {', '.join(known)}")
    spec = written(folder() / "lexicons" / f"{name}.yaml")
    shared = stigmatising_terms() if "metric" in spec else ()
    return Lexicon(name=name, label=spec["label"], terms=tuple(dict.fromkeys((*spec["terms"], *shared))))
