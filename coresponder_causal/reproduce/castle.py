"""Castle-doctrine laws and homicide (Cheng & Hoekstra 2013, Table 5, weighted least squares)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.notes import quietly
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import did_two_way
from coresponder_causal.reproduce.packages import PackagedTable

file = PackagedTable(
    "causaldata",
    "causaldata/castle/castle.dta",
    "d7c14baa64a7015a5d2d969cc55563922ffd9dccb784084be473230ba0f6a006",
)

effective = {
    1: "2006-06-01",
    2: "2006-09-13",
    3: "2006-04-24",
    10: "2005-10-01",
    11: "2006-07-01",
    15: "2006-07-01",
    17: "2006-05-25",
    18: "2006-07-12",
    19: "2006-08-15",
    23: "2006-10-01",
    25: "2006-07-01",
    26: "2007-08-28",
    27: "2009-04-27",
    35: "2007-08-01",
    36: "2008-09-09",
    37: "2006-11-01",
    41: "2006-06-09",
    42: "2006-07-01",
    43: "2007-05-22",
    44: "2007-09-01",
    49: "2008-02-28",
}
"""First day of the law, by the data's number of the state."""

economy = ["l_police", "unemployrt", "poverty", "l_income", "l_prisoner", "l_lagprisoner"]
people = ["blackm_15_24", "whitem_15_24", "blackm_25_44", "whitem_25_44"]
spending = ["l_exp_subsidy", "l_exp_pubwelfare"]


def castle() -> dict[str, float]:
    """Share of the year under the law and the log of homicides per 100,000, six columns."""
    table = _with_shares(file.read())
    region = [str(name) for name in table if str(name).startswith("r20")]
    trends = [str(name) for name in table if str(name).startswith("trend_")]
    controls = economy + people + spending
    asked = {
        "1": [],
        "2": region,
        "3": region + controls,
        "4": [*region, *controls, "lead"],
        "5": [*region, *controls, "l_larceny", "l_motor"],
        "6": region + controls + trends,
    }
    found: dict[str, float] = {}
    for column, covariates in asked.items():
        kept = _apart(table, covariates)
        design = PanelDesign.from_frame(
            table, outcome="l_homicide", unit="sid", time="year", path="cdl", weights="popwt", covariates=kept
        )
        with quietly():
            fit = did_two_way(design, cluster_convention="fixest", inference="cluster")
        found |= {column: float(fit.estimate[0]), f"{column} se": float(fit.bse.iloc[0])}
    return found


def _with_shares(table: pd.DataFrame) -> pd.DataFrame:
    """Days left in the year after the first one under the law, of 365; half a year for 1 July."""
    table = table.astype({"sid": int, "year": int})
    first = pd.to_datetime(table["sid"].map(effective))
    days = (first + pd.offsets.YearEnd(0) - first).dt.days - 1
    part = np.where(first.dt.strftime("%m-%d") == "07-01", 0.5, days / 365)
    full = (table["year"] > first.dt.year).astype(float)
    share = np.where(table["year"] == first.dt.year, part, full)
    lead = (first.dt.year - table["year"]).isin([1, 2]).astype(float)
    return pd.concat([table, pd.DataFrame({"cdl": share, "lead": lead})], axis=1)


def _apart(table: pd.DataFrame, names: list[str]) -> list[str]:
    """Leave out what state and year effects, or the columns before, absorb."""
    dummies = [pd.get_dummies(table[label], dtype=float).to_numpy() for label in ("sid", "year")]
    kept, basis = [], np.linalg.qr(np.column_stack([dummies[0], dummies[1][:, 1:]]))[0]
    for name in names:
        column = table[name].to_numpy(float)
        left = column - basis @ (basis.T @ column)
        if np.linalg.norm(left) > 1e-8 * np.linalg.norm(column):
            kept.append(name)
            basis = np.column_stack([basis, left / np.linalg.norm(left)])
    return kept
