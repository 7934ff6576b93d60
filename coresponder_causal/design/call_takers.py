"""Call takers whose leniency is an instrument: whose calls are kept, and how readily each brings the team."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.leniency import leniency
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.design.call_timing import calendar_effects
from coresponder_causal.design.calls import CallDesign

Booleans = NDArray[np.bool_]
taker, least_calls, few_takers = "call_taker", 30, 10


def kept_takers(table: pd.DataFrame, rows: Booleans) -> Booleans:
    """Keep those of the rows whose call taker is known and took at least 30 of them; the others are said.

    Raises
    ------
    DesignError
        If fewer than two call takers are left: bring more calls, or codes of call takers.
    """
    codes = table[taker].where(rows)
    many = codes.map(codes.value_counts())
    unknown, rare = rows & codes.isna().to_numpy(), rows & (many < least_calls).to_numpy()
    if unknown.any():
        note(f"{int(unknown.sum())} calls without a code of their call taker are left out")
    if rare.any():
        some = table.loc[rare, taker].nunique()
        note(f"{int(rare.sum())} calls of {some} call takers with fewer than {least_calls} each are left out")
    kept = np.asarray(rows & ~unknown & ~rare, bool)
    left = table.loc[kept, taker].nunique()
    if left < 2:
        raise DesignError(
            f"{left} call takers took {least_calls} calls on duty or more, two are needed",
            mend="bring more calls, or the codes of call takers",
        )
    if left < few_takers:
        doubt(f"{left} call takers: of fewer than {few_takers} their leniency says little")
    return kept


def with_leniency(timing: pd.DataFrame, calls: CallDesign) -> pd.DataFrame:
    """Put each call's taker, as a number, and the taker's leniency by other calls beside its time."""
    takers = pd.factorize(calls.source[taker], sort=True)[0]
    months = calendar_effects(timing, "month")
    found = leniency(calls.treated.astype(float), takers, strata=timing["hour_of_week"], regressors=months)
    note(
        f"{takers.max() + 1} call takers; within {timing['hour_of_week'].nunique()} hours of the week, and months, it "
        "is taken to be chance who takes a call"
    )
    return timing.assign(instrument=found, call_taker=takers)
