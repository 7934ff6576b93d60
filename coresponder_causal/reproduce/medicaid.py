"""Medicaid expansion and insurance: an event study and intervals without parallel courses (Rambachan & Roth)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.honest import EventStudy, bounds
from coresponder_causal.core.honest_flci import fixed_length
from coresponder_causal.core.two_way import two_way_clustered, two_way_fit
from coresponder_causal.reproduce.packages import PackagedTable

file = PackagedTable(
    "moderndid",
    "moderndid/core/datasets/ehec_data.pkl.gz",
    "db8d63fef126641d4029f22980ded84344ae7427a5019512f8c56251c277e7cc",
)


def medicaid() -> dict[str, float]:
    """Limits of the effect of 2014, the first year, under two restrictions; the normal law, as printed."""
    study = _event_study(file.read())
    found: dict[str, float] = {}
    for size in (0.5, 1.0, 1.5, 2.0):
        low, high = bounds(study, "magnitudes", size)
        found |= {f"magnitudes {size:g} low": low, f"magnitudes {size:g} high": high}
    for size in (0.0, 0.01, 0.02, 0.03, 0.04, 0.05):
        low, high = fixed_length(study, size, df=np.inf)
        found |= {f"smoothness {size:g} low": low, f"smoothness {size:g} high": high}
    return found


def _event_study(table: pd.DataFrame) -> EventStudy:
    """Shares insured on state and year effects and the years of the states that expanded in 2014, before 2016."""
    table = table[(table["year"] < 2016) & (table["yexp2"] != 2015)].reset_index(drop=True)
    rows = pd.DataFrame(
        {
            "unit": table["stfips"],
            "effect": table["year"],
            "cluster": table["stfips"],
            "weight": 1.0,
            "outcome": table["dins"],
        }
    )
    expanded = table["yexp2"] == 2014
    years = [year for year in sorted(table["year"].unique()) if year != 2013]
    fit = two_way_fit(rows, pd.DataFrame({str(year): (expanded & (table["year"] == year)) * 1.0 for year in years}))
    vcov, _ = two_way_clustered(fit, rows, kind="CR1", convention="fixest")
    before = sum(year < 2013 for year in years)
    weights = np.eye(len(years) - before)[0]
    return EventStudy(before=fit.estimate[:before], after=fit.estimate[before:], vcov=vcov, weights=weights)
