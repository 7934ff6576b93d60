"""Minimum wages and teenage employment (R did's example, after Callaway & Sant'Anna 2021)."""

from __future__ import annotations

import numpy as np

from coresponder_causal.core.notes import quietly
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import aggregate, did_group_time
from coresponder_causal.reproduce.packages import PackagedTable

file = PackagedTable(
    "moderndid",
    "moderndid/core/datasets/mpdta_long.pkl.gz",
    "3d39793685a00cef5a7ee6e5f11ddaee02099f7107a99fa8e1c335416cf49023",
)


def minimum_wage() -> dict[str, float]:
    """Effects by cohort and year, never-treated counties as controls, and their four averages."""
    table = file.read()
    table["cohort"] = table["first.treat"].where(table["first.treat"] > 0)
    design = PanelDesign.from_frame(table, outcome="lemp", unit="countyreal", time="year", cohort="cohort")
    with quietly():
        cells = did_group_time(design, method="reg")
        averages = {by: aggregate(cells, by=by) for by in ("overall", "event_time", "cohort", "time")}
    keys = cells.terms[["cohort", "time"]].astype(int).itertuples(index=False, name=None)
    errors = np.sqrt(np.diag(cells.vcov))
    found: dict[str, float] = {}
    for (cohort, time), estimate, error in zip(keys, cells.estimate, errors, strict=True):
        found |= {f"ATT({cohort}, {time})": float(estimate), f"ATT({cohort}, {time}) se": float(error)}
    for by, mean in averages.items():
        for term, estimate, error in zip(mean.terms["term"], mean.estimate, mean.bse, strict=True):
            name = by if term in ("overall", by) else f"{by}: {term}"
            found |= {name: float(estimate), f"{name} se": float(error)}
    return found
