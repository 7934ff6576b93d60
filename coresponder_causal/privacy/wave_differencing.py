"""What earlier returns of survey waves told, person by person, so that a new one gives nobody away by subtraction.

A mean of a group is the sum of its persons' answers, of which the employer may know each name. A return is written down
as the answers that it sums: which person, at which wave, with which value, under keyed digests. Two returns whose
groups differ by a few persons, three whose waves cancel but for one, and a return whose answers were corrected since
are then all the same question: how few persons stand behind some combination of them?
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.fewest_behind import fewest_behind
from coresponder_causal.privacy.county_return import Key

Member = frozenset[str]


def member_marks(changes: pd.DataFrame, *, key: Key, score: str, between: tuple[int, int]) -> pd.Series:
    """Mark the answers that each person adds to a mean change.

    Parameters
    ----------
    changes : DataFrame
        ``before, after``, the index being the codes of persons.
    key : Key
    score : str
    between : tuple of int
        The waves.

    Returns
    -------
    Series of frozenset of str
        Two marks for each person: person, wave and value as keyed digests, with the sign.
    """
    made = []
    for person, before, after in zip(changes.index, changes["before"], changes["after"], strict=True):
        who = key.digest(f"asked {person}")
        said = [(sign, wave, f"{value:.12g}") for sign, wave, value in zip("-+", between, (before, after), strict=True)]
        made.append(
            frozenset(
                f"{sign} {who} {wave} {key.digest(f'{score} {who} {wave} {value}')}" for sign, wave, value in said
            )
        )
    return pd.Series(made, index=changes.index, dtype=object)


def fewest_told(groups: Sequence[Member], *, threshold: int) -> int:
    """Fewest persons of whom some combination of mean changes tells, or the threshold.

    Parameters
    ----------
    groups : sequence of frozenset of str
        Marks of each mean, shown before or now.
    threshold : int

    Returns
    -------
    int

    Examples
    --------
    >>> from coresponder_causal.privacy.county_return import Key
    >>> changes = pd.DataFrame({"before": 3.0, "after": 2.5}, index=[f"c{number}" for number in range(30)])
    >>> marks = member_marks(changes, key=Key(bytes(32), "a", "b"), score="stigma_score", between=(0, 1))
    >>> everybody, most = frozenset().union(*marks), frozenset().union(*marks[:28])
    >>> fewest_told([everybody], threshold=11), fewest_told([everybody, most], threshold=11)
    (11, 2)
    """
    if not groups:
        return threshold
    weights = _weights(groups)
    persons = np.array([person for person, *_ in weights])
    _, person, inverse = np.unique(persons, return_index=True, return_inverse=True)
    answers = _answers(weights)
    table = np.zeros((len(groups), len(person), answers.max() + 1))
    table[:, inverse, answers] = np.array(list(weights.values()), float).T
    classes, sizes = np.unique(table.transpose(1, 0, 2).reshape(len(person), -1), axis=0, return_counts=True)
    sums = classes.reshape(len(classes), len(groups), -1).transpose(1, 0, 2)
    return fewest_behind(sums, sizes.astype(np.int64), threshold=threshold)


def _weights(groups: Sequence[Member]) -> Mapping[tuple[str, int, str], NDArray[np.int64]]:
    """Weight of each answer (person, wave, value) in each of the means."""
    found: dict[tuple[str, int, str], NDArray[np.int64]] = {}
    for number, group in enumerate(groups):
        for mark in group:
            sign, person, wave, value = mark.split(" ")
            row = found.setdefault((person, int(wave), value), np.zeros(len(groups), np.int64))
            row[number] += 1 if sign == "+" else -1
    return dict(sorted(found.items()))


def _answers(keys: Iterable[tuple[str, int, str]]) -> NDArray[np.int64]:
    """Give numbers to the answers of a person: by wave, and a corrected value as another answer of the wave."""
    rows = pd.DataFrame(list(keys), columns=["person", "wave", "value"])
    version = rows.groupby(["person", "wave"]).cumcount()
    return pd.MultiIndex.from_arrays([rows["wave"], version]).factorize(sort=True)[0].astype(np.int64)
