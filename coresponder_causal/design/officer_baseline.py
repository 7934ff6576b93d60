"""Who volunteered, who was assigned, who never rode: how they differed before anybody was exposed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.notes import note
from coresponder_causal.design.columns import counted
from coresponder_causal.design.officer_words import assigned, everyone, never, unknown, volunteers

if TYPE_CHECKING:
    from coresponder_causal.design.officers import OfficerDesign

Array = NDArray[np.float64]
least_periods = 3


def baseline_of(d: OfficerDesign) -> pd.DataFrame:
    """Compare the groups before the exposure.

    Parameters
    ----------
    d : OfficerDesign

    Returns
    -------
    DataFrame
        One row per group and what is compared: ``group, officers, what, mean, sd, difference``. What: the outcome's
        rate, its change a period, calls a period, and the covariates, over officers. ``difference`` is that from the
        officers never exposed, in pooled standard deviations. The periods are those before anybody was exposed; where
        there are fewer than three, each officer's own before, which is noted.
    """
    before = _before(d)
    rows = d.source[before]
    officer, calls = rows[d.officer].to_numpy(), d.calls()[before]
    at = pd.Series(calls).groupby(officer)
    parts = {"calls a period": at.mean()} if d.exposure is not None else {}
    if d.outcome is not None:
        events = pd.Series(rows[d.outcome].to_numpy(float)).groupby(officer).sum()
        parts[f"{d.outcome} before"] = events / at.sum() * d.per
        parts[f"{d.outcome}, change a period before"] = _slopes(
            officer, d.axis.positions[before], d.rate()[before], calls
        )
    parts |= {name: d.source.groupby(d.officer)[name].first().astype(float) for name in d.covariates}
    return _compared(pd.DataFrame(parts), d.group.where(d.first.notna(), never))


def said_apart(d: OfficerDesign) -> list[str]:
    """Say how volunteers and assigned stood before, each against the officers never exposed."""
    table = baseline_of(d)
    said = []
    for group, rows in table.groupby("group", sort=False):
        known = rows[rows["difference"].notna()]
        apart = ", ".join(
            f"{what} {size:+.2f} SD" for what, size in zip(known["what"], known["difference"], strict=True)
        )
        many = counted(int(rows["officers"].iloc[0]), "officer")
        said += [f"{str(group).replace('_', ' ')} ({many}) before, against never exposed: {apart}"] if apart else []
    return said


def _before(d: OfficerDesign) -> NDArray[np.bool_]:
    start = np.nanmin(d.first.to_numpy(float))
    common = d.axis.positions < start
    if len(np.unique(d.axis.positions[common])) >= least_periods:
        return np.asarray(common)
    note(f"fewer than {least_periods} {d.period_name} before the first exposure: each officer has an own before")
    return ~(d.since >= 0)


def _slopes(officer: NDArray[np.object_], position: NDArray[np.int64], rate: Array, calls: Array) -> pd.Series:
    """Weighted least-squares slope of each officer's rate; missing with fewer than three periods."""
    rows = pd.DataFrame({"officer": officer, "t": position.astype(float), "y": rate, "w": calls})
    weight = rows["w"].groupby(rows["officer"]).transform("sum")
    for name in ("t", "y"):
        rows[name] -= (rows["w"] * rows[name]).groupby(rows["officer"]).transform("sum") / weight
    products = pd.DataFrame({"ty": rows["w"] * rows["t"] * rows["y"], "tt": rows["w"] * rows["t"] ** 2})
    sums, many = products.groupby(rows["officer"]).sum(), rows.groupby("officer").size()
    return (sums["ty"] / sums["tt"]).where(many >= least_periods)


def _compared(values: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    group = group.reindex(values.index)
    found = []
    for name in (volunteers, assigned, unknown, everyone, never):
        own = values[group == name]
        for what in values if len(own) else []:
            mine, theirs = own[what].dropna(), values[group == never][what].dropna()
            pooled = np.sqrt((mine.var() + theirs.var()) / 2)
            apart = (mine.mean() - theirs.mean()) / pooled if name != never and pooled > 0 else np.nan
            found.append((name, len(own), what, mine.mean(), mine.std(), apart))
    return pd.DataFrame(found, columns=["group", "officers", "what", "mean", "sd", "difference"])
