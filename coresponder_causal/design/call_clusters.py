"""Within what calls are not independent: the person's calls, those of a week, or both, which cross."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import note

Clusters = Literal["person", "week", "person and week"]


def persons_of(calls: pd.DataFrame, person: str | None) -> pd.Index:
    """Tell apart who stands behind the calls; a call without a code is a person of its own.

    Parameters
    ----------
    calls : DataFrame, n rows
    person : str or None
        Column; None: every call is its own.

    Examples
    --------
    >>> persons_of(pd.DataFrame({"person": ["p", None, "p"]}), "person").tolist()
    [0, 4, 0]
    """
    if person is None:
        return pd.RangeIndex(len(calls))
    codes = pd.factorize(calls[person])[0]
    return pd.Index(np.where(codes < 0, len(codes) + np.arange(len(codes)), codes))


def persons_behind(calls: pd.DataFrame, person: str | None) -> pd.Index:
    """Tell apart who stands behind the calls, as `persons_of`, and say how many have no code."""
    if person is not None and (unknown := int(calls[person].isna().sum())):
        note(f"{unknown} of {len(calls)} calls have no code in '{person}': each counts as a person of its own")
    return persons_of(calls, person)


def weeks_of(calls: pd.DataFrame) -> pd.Index:
    """Week in which each call came.

    Raises
    ------
    DesignError
        Calls without ``received_at``, or with a time that is missing.
    """
    if "received_at" not in calls or calls["received_at"].isna().any():
        raise DesignError("weeks were asked for and not every call has 'received_at'", mend="take clusters='person'")
    return pd.Index(pd.to_datetime(calls["received_at"]).dt.strftime("%G-W%V"))


def call_clusters(calls: pd.DataFrame, persons: pd.Index, clusters: Clusters) -> tuple[pd.Index, ...]:
    """Labels of the clusters of each kind that was asked for.

    Parameters
    ----------
    calls : DataFrame, n rows
    persons : Index, length n
        As of `persons_behind`.
    clusters : {"person", "week", "person and week"}

    Examples
    --------
    >>> calls = pd.DataFrame({"received_at": ["2021-01-04", "2021-01-05", "2021-01-12"]})
    >>> [found.tolist() for found in call_clusters(calls, pd.RangeIndex(3), "person and week")]
    [[0, 1, 2], ['2021-W01', '2021-W01', '2021-W02']]
    """
    return (
        *((persons,) if clusters != "week" else ()),
        *((weeks_of(calls),) if clusters != "person" else ()),
    )
