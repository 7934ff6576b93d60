"""Outreach among the persons of a study: visits that follow crises, and calls that they prevent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outreach:
    """Calls and contacts of a study with outreach, and what it did.

    Parameters
    ----------
    calls : DataFrame
        The calls that were made.
    contacts : DataFrame
        Table "contacts": the first visit to each person visited.
    prevented : DataFrame
        The calls that would have been made without the visits.
    """

    calls: pd.DataFrame
    contacts: pd.DataFrame
    prevented: pd.DataFrame

    def averted(self, days: float) -> float:
        """Count calls prevented in so many days after the visit, per person visited and 30 days."""
        visit = self.prevented["person"].map(self.contacts.set_index("person")["contact_at"])
        soon = self.prevented["received_at"] - visit < pd.Timedelta(days=days)
        return float(soon.sum() / len(self.contacts) * 30 / days)


def outreach(
    calls: pd.DataFrame, *, prevents: float = 0.4, visited: float = 0.15, begin: str = "2020-07-15", seed: int = 1
) -> Outreach:
    """Visit persons some days after calls of theirs, and take calls away that the visit prevents.

    Parameters
    ----------
    calls : DataFrame
        ``person`` and ``received_at`` of calls without outreach.
    prevents : float
        Probability that a visit prevents a later call of the person.
    visited : float
        Probability that a call leads to a visit, one to ten days later: who calls more is visited sooner, and after a
        crisis.
    begin : ISO date
        From when on calls lead to visits.
    seed : int

    Examples
    --------
    >>> calls = pd.DataFrame({"person": ["a", "a", "b"], "city": "Davis"})
    >>> calls["received_at"] = pd.to_datetime(["2020-08-01", "2020-09-01", "2020-09-01"])
    >>> study = outreach(calls, prevents=1.0, visited=1.0)
    >>> study.contacts["person"].tolist(), len(study.calls), len(study.prevented)
    (['a', 'b'], 2, 1)
    """
    rng = np.random.default_rng(seed)
    after, when, lost = rng.random(len(calls)), rng.uniform(1, 10, len(calls)), rng.random(len(calls))
    leads = (after < visited) & (calls["received_at"] >= pd.Timestamp(begin)).to_numpy() & calls["person"].notna()
    visit = (calls["received_at"] + pd.to_timedelta(when, unit="D"))[leads].dt.floor("min")
    first = visit.groupby(calls["person"][leads]).min()
    gone = (calls["received_at"] > calls["person"].map(first)).to_numpy() & (lost < prevents)
    contacts = pd.DataFrame(
        {
            "contact_id": [f"V{place}" for place in range(len(first))],
            "city": calls["city"].iloc[0],
            "person": first.index,
            "contact_at": first.to_numpy(),
            "origin": "outreach",
        }
    )
    return Outreach(calls=calls[~gone], contacts=contacts, prevented=calls[gone])
