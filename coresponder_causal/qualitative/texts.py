"""Texts as words: what counts as a word, and how often each comes in each text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.data.folder import folder, written

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


class Counted(NamedTuple):
    """How often each word comes in each text, shape (texts, words); the words; and how long each text is in words."""

    counts: NDArray[np.float64]
    words: tuple[str, ...]
    lengths: NDArray[np.float64]


def words_of(text: str) -> list[str]:
    """Words of a text in small letters; numbers are none, and words joined by a hyphen or an apostrophe are one.

    Examples
    --------
    >>> words_of("He wasn’t well-known to us: 3 calls.")
    ['he', "wasn't", 'well-known', 'to', 'us', 'calls']
    """
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


def counted(texts: Sequence[Sequence[str]], *, least_texts: int = 1, without: frozenset[str] = frozenset()) -> Counted:
    """Count words.

    Parameters
    ----------
    texts : sequence of sequence of str
        Words of each text, see `words_of`.
    least_texts : int
        In how many texts a word must be to be counted; lengths are of all words.
    without : frozenset of str
        Words not counted.

    Returns
    -------
    Counted
        Words in alphabetical order.

    Examples
    --------
    >>> found = counted([["he", "was", "calm"], ["was", "calm", "calm"]], without=function_words())
    >>> found.words, found.counts.tolist(), found.lengths.tolist()
    (('calm',), [[1.0], [2.0]], [3.0, 3.0])
    """
    own = [Counter(words) for words in texts]
    spread = Counter(word for count in own for word in count)
    words = tuple(sorted(word for word, many in spread.items() if many >= least_texts and word not in without))
    place = {word: j for j, word in enumerate(words)}
    found = np.zeros((len(own), len(words)))
    for i, count in enumerate(own):
        for word, many in count.items():
            if word in place:
                found[i, place[word]] = many
    return Counted(found, words, np.array([len(words) for words in texts], float))


def function_words() -> frozenset[str]:
    """English words that carry grammar and no topic, from ``data_dictionary/lexicons/function_words.yaml``."""
    return frozenset(written(folder() / "lexicons" / "function_words.yaml")["terms"])
