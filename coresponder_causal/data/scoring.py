"""Answers of a wave become its scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.data.frames import to_pandas

if TYPE_CHECKING:
    from coresponder_causal.data.instrument import Score


def scored(answers: object, *, instrument: str) -> pd.DataFrame:
    """Score the answers of a wave.

    A score is the mean of the answers of its items, those that count the other way round turned first. Where fewer
    items were answered than the key needs, the score is missing; no answer is filled in.

    Parameters
    ----------
    answers : DataFrame or Table
        One row per form, one column per item; other columns are carried along.
    instrument : str
        Name of the instrument whose key is used.

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
    """
    from coresponder_causal.data.instrument import instruments

    known = {name: entry for name, entry in instruments().items() if entry.scores}
    if instrument not in known:
        raise DataError(f"no instrument {instrument!r} has a scoring key", mend=f"take one of {', '.join(known)}")
    frame = to_pandas(answers)
    scores = known[instrument].scores
    _refuse(frame, scores, instrument)
    items = [item for score in scores for item in score.items]
    rest = frame[[name for name in frame.columns if name not in items]]
    return rest.assign(**{score.field: _mean(frame, score) for score in scores})


def _refuse(frame: pd.DataFrame, scores: tuple[Score, ...], instrument: str) -> None:
    """Refuse answers that are missing as columns or beyond the ends of their scale."""
    problems = Problems(f"answers of {instrument!r}")
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


def _mean(frame: pd.DataFrame, score: Score) -> pd.Series:
    """Mean of the answered items, missing where too few were answered."""
    values = frame[list(score.items)].apply(pd.to_numeric).astype("float64")
    for item in score.reversed:
        values[item] = score.low + score.high - values[item]
    enough = values.notna().sum(axis=1) >= score.needed
    mean: pd.Series = values.mean(axis=1).where(enough)
    return mean
