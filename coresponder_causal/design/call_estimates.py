"""What estimators of calls share: whom a contrast speaks of, when the calls came, what stands behind a term."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.estimand import Estimand
from coresponder_causal.design.calls import CallDesign

averaged_over = {
    "ATT": "the treated calls",
    "ATE": "all calls",
    "ATC": "the untreated calls",
    "ATO": "the calls that might as well have gone the other way (overlap weights)",
    "ATM": "the calls that have their like in the other arm",
}


def horizon(calls: pd.DataFrame) -> str:
    """When the calls were received, where the frame has that column.

    Examples
    --------
    >>> horizon(pd.DataFrame({"received_at": ["2021-01-04 12:00", "2021-02-01 09:00"]}))
    'calls received 2021-01-04 to 2021-02-01'
    """
    if "received_at" not in calls:
        return "the calls of the frame"
    received = pd.to_datetime(calls["received_at"])
    return f"calls received {received.min():%Y-%m-%d} to {received.max():%Y-%m-%d}"


def estimand(c: CallDesign, contrast: str, population: str, *, ratio: bool) -> Estimand:
    """Say what is estimated of calls: a difference or a ratio of means, treated against untreated."""
    return Estimand(
        contrast=contrast,
        outcome=str(c.outcome),
        treatment=f"{c.treatment}, yes against no",
        population=population,
        horizon=horizon(c.source),
        scale="ratio of means" if ratio else "difference of means",
    )


def support(c: CallDesign, terms: dict[str, NDArray[np.bool_]]) -> pd.DataFrame:
    """Count the persons, events and calls behind each term.

    Parameters
    ----------
    c : CallDesign
    terms : dict
        By term, whether each call stands behind it, shape (n,).
    """
    y, persons = c.outcome_values(), c.persons
    rows = [
        {
            "term": term,
            "persons": persons[used].nunique() if c.person else np.nan,
            "events": y[used].sum(),
            "units": int(used.sum()),
        }
        for term, used in terms.items()
    ]
    return pd.DataFrame(rows)


def facts(c: CallDesign) -> dict[str, object]:
    """Tell what a result of calls tells of its design."""
    return {
        "treatment": c.treatment,
        "yes_or_no": bool(np.isin(c.outcome_values(), [0.0, 1.0]).all()),
        "outcome_unit": f"{str(c.outcome).replace('_', ' ')} per call",
        "calls": len(c.source),
        "share_treated": float(c.treated.mean()),
    }
