"""Calls that somebody made: what officers or the team start by themselves is their own work, and never demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.notes import note
from coresponder_causal.data.panel_counts import true_rows

if TYPE_CHECKING:
    from ibis.expr.types import Table

origin = "origin"
self_initiated_codes = ("officer_initiated", "outreach", "follow_up")


def self_initiated(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether police or team started each call or contact themselves, shape (n,).

    Parameters
    ----------
    rows : DataFrame
        Calls or contacts. Without a column ``origin``, and where it is missing, somebody is taken to have called.

    Examples
    --------
    >>> self_initiated(pd.DataFrame({"origin": ["911", "outreach", None, "officer_initiated"]})).tolist()
    [False, True, False, True]
    """
    if origin not in rows:
        return np.zeros(len(rows), bool)
    return rows[origin].isin(self_initiated_codes).fillna(False).to_numpy(bool)


def asked_for(calls: pd.DataFrame) -> pd.DataFrame:
    """Leave out what police or team started themselves, and say how many calls that is.

    Of an officer's own stop, or a visit of the team, nobody knows how often it would have happened without the
    programme: more of it is more work, not more need.

    Examples
    --------
    >>> len(asked_for(pd.DataFrame({"origin": ["911", "officer_initiated"]})))
    1
    """
    own = self_initiated(calls)
    if not own.any():
        return calls
    note(f"{int(own.sum())} of {len(calls)} calls were started by officers or the team themselves and are no demand")
    return calls[~own]


def asked_for_in_engine(calls: Table) -> Table:
    """Leave out of a table of an engine what police or team started themselves, and say how many calls that is.

    Parameters
    ----------
    calls : ibis Table
        With ``origin``.

    Returns
    -------
    ibis Table
        As `asked_for` returns it.
    """
    own = calls[origin].isin(self_initiated_codes).fill_null(False)
    found = calls.aggregate(own=true_rows(own), all=calls.count()).to_pandas()
    if many := int(found["own"].iloc[0]):
        note(
            f"{many} of {found['all'].iloc[0]} calls were started by officers or the team themselves and are no demand"
        )
    return calls.filter(~own)
