"""Rows that came twice, and rows of one key that contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

exact = "same content as an earlier row"
older = "an older version of a row with the same key"
conflict = "the same key with different content"


class Settled(NamedTuple):
    """What becomes of each row: its rule, empty where it stays, and the row that it repeats, −1 where none."""

    rule: pd.Series
    of: pd.Series


def settle(frame: pd.DataFrame, key: Sequence[str], latest: pd.Series) -> Settled:
    """Tell repeated rows from contradictory ones.

    Parameters
    ----------
    frame : DataFrame, shape (n_rows, n_fields)
        Rows that are readable, typed.
    key : sequence of str
        Fields that name a row.
    latest : Series, shape (n_rows,)
        When a row was last changed; missing where nothing says so.

    Returns
    -------
    Settled
        Rows of one key and different content: the latest stays where every one of them says when it was changed and
        one alone is the latest; else all of them are in conflict.

    Examples
    --------
    >>> frame = pd.DataFrame({"call_id": ["1", "1", "2", "2"], "city": ["Davis", "Davis", "Davis", "Chico"]})
    >>> settle(frame, ["call_id"], pd.Series([pd.NaT] * 4)).rule.tolist()
    ['', 'same content as an earlier row', 'the same key with different content', 'the same key with different content']
    """
    rule, of = pd.Series("", index=frame.index, dtype="str"), pd.Series(-1, index=frame.index)
    content = pd.util.hash_pandas_object(_plain(frame), index=False)
    first = content.map(pd.Series(content.index, index=content.to_numpy()).groupby(level=0).first())
    again = first != frame.index
    rule, of = rule.mask(again, exact), of.mask(again, first)
    once = frame[~again]
    known = [name for name in key if name in once.columns]
    if not known or once.empty:
        return Settled(rule, of)
    group = once.groupby(known, dropna=False, sort=False).ngroup()
    many = group[group.duplicated(keep=False)]
    if many.empty:
        return Settled(rule, of)
    changed = latest.loc[many.index]
    newest = changed.groupby(many).transform("max")
    said = changed.notna().groupby(many).transform("all")
    is_newest = said & (changed == newest)
    alone = is_newest.groupby(many).transform("sum").eq(1)
    winner = pd.Series(np.where(is_newest, many.index, -1), index=many.index).groupby(many).transform("max")
    superseded = alone & ~is_newest
    rule.loc[many.index] = np.where(superseded, older, np.where(alone, "", conflict))
    of.loc[many.index] = np.where(superseded, winner, -1)
    return Settled(rule, of)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Make every column one that can be hashed alike, periods as text."""
    plain = frame.copy()
    for name in plain.columns:
        if isinstance(plain[name].dtype, pd.PeriodDtype):
            plain[name] = plain[name].astype("str")
    return plain
