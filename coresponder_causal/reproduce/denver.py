"""Arrests in Denver and six counties around it: fourteen published coefficients and their errors."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.notes import quietly
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import did_two_way
from coresponder_causal.reproduce.packages import FolderTable
from coresponder_causal.reproduce.regression import pair

file = FolderTable(
    "CORESPONDER_DATA",
    "duke_star_arrests/aggregated_nonviolent_arrest.csv",
    "ab816da606428bfd18ee993118fe7ee3323b2297021578b61cf516be0e513143",
)
terms = {"mean_post": "Denver's step", "common_change": "common step"}


def denver() -> dict[str, float]:
    """Arrests per 100,000, effects of counties and of months of the year, errors as linearmodels has them."""
    table = file.read()
    found: dict[str, float] = {}
    for outcome in map(str, table.filter(like="arrest_rate_gt_")):
        fit = _fit(table, outcome)
        for term, name in terms.items():
            found |= pair(fit, term, f"{outcome.removeprefix('arrest_rate_gt_')}: {name}")
    return found


def _fit(table: pd.DataFrame, outcome: str) -> pd.DataFrame:
    design = PanelDesign.from_frame(
        table, outcome=outcome, unit="fips_state_county_code", time="date", treated=8031, start="2020-06-01"
    )
    with quietly():
        fit = did_two_way(design, time_effects="month_of_year", cluster_convention="linearmodels", inference="cluster")
    return pd.DataFrame({"estimate": fit.params, "std_error": fit.bse})
