"""Answers of a wave become its scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.data.frames import to_pandas

if TYPE_CHECKING:
    from coresponder_causal.data.instrument import Score


def scored(answers: object, *, instrument: str | Sequence[Score]) -> pd.DataFrame:
    """Score the answers of a wave.

    A score is the mean of the answers of its items, those that count the other way round turned first, or their sum
    where the key says so. Where fewer items were answered than the key needs, the score is missing; no answer is
    filled in.

    Parameters
    ----------
    answers : DataFrame or Table
        One row per form, one column per item; other columns are carried along.
    instrument : str or sequence of Score
        Name of the instrument or published scale whose key is used, or the key itself, of a licensed copy. Items of a
        published scale are columns ``aq_27_1, aq_27_2, …``.

    Returns
    -------
    DataFrame
        The columns that are no items, then one column per score.

    Raises
    ------
    DataError
        No such instrument, one without a key, items that are missing, or answers beyond the ends of the scale.

    Examples
    --------
    >>> from coresponder_causal.data.instrument import instruments
    >>> items = [item for score in instruments()["staff_wave"].scores for item in score.items]
    >>> answers = pd.DataFrame({item: [5, 2] for item in items})
    >>> scored(answers, instrument="staff_wave")["trust_in_police_score"].tolist()
    [4.0, 2.5]
    >>> scored(pd.DataFrame({f"aq_27_{i}": [9] for i in range(1, 28)}), instrument="aq_27")[["aq_27_fear"]]
       aq_27_fear
    0        27.0
    """
    frame, scores = keyed(answers, instrument)
    items = [item for score in scores for item in score.items]
    rest: pd.DataFrame = frame[[name for name in frame.columns if name not in items]]
    return rest.assign(**{score.field: _score(frame, score) for score in scores})


def scoring_key(name: str) -> tuple[Score, ...]:
    """Scoring key of an instrument or of a published scale.

    Parameters
    ----------
    name : str

    Returns
    -------
    tuple of Score

    Raises
    ------
    DataError
        No such name, or one whose key comes with the licensed copy.

    Examples
    --------
    >>> [score.field for score in scoring_key("staff_wave")][:2]
    ['role_clarity_score', 'safety_score']
    """
    from coresponder_causal.data.instrument import instruments, published_scales

    known = {key: entry.scores for key, entry in instruments().items()}
    known |= {scale.id: scale.key() for scale in published_scales()}
    if not known.get(name):
        there = ", ".join(key for key, scores in known.items() if scores)
        mend = f"take one of {there}"
        mend += "; or give the key of the licensed copy, as Scores" if name in known else ""
        raise DataError(f"no instrument {name!r} has a scoring key", mend=mend)
    return known[name]


def keyed(answers: object, instrument: str | Sequence[Score]) -> tuple[pd.DataFrame, tuple[Score, ...]]:
    """Answers with their scoring key: items that are missing or beyond the ends of their scale are refused."""
    frame = to_pandas(answers)
    scores = scoring_key(instrument) if isinstance(instrument, str) else tuple(instrument)
    problems = Problems(f"answers of {instrument!r}" if isinstance(instrument, str) else "answers")
    for score in scores:
        for item in score.items:
            if item not in frame.columns:
                problems.add(f"item {item!r} is missing", mend="add its column, empty where nobody answered")
                continue
            values = pd.to_numeric(frame[item], errors="coerce")
            wrong = frame[item].notna() & ~values.between(score.low, score.high)
            if wrong.any():
                rows = [row for row, bad in enumerate(wrong) if bad]
                mend = f"give answers from {score.low:g} to {score.high:g}, or leave them empty"
                problems.add(f"{item!r}: {len(rows)} answers beyond the scale", mend=mend, rows=rows)
    problems.raise_if_any(DataError)
    return frame, scores


def turned(frame: pd.DataFrame, score: Score) -> pd.DataFrame:
    """Answers of a score's items as floats, those that count the other way round turned."""
    values: pd.DataFrame = frame[list(score.items)].apply(pd.to_numeric).astype("float64")
    for item in score.reversed:
        values[item] = score.low + score.high - values[item]
    return values


def _score(frame: pd.DataFrame, score: Score) -> pd.Series:
    """Mean or sum of the answered items, missing where too few were answered."""
    values = turned(frame, score)
    enough = values.notna().sum(axis=1) >= score.needed
    times = len(score.items) if score.how == "sum" else 1
    mean: pd.Series = values.mean(axis=1).where(enough)
    return mean.mul(times)
