"""Which metrics are monitored: counts by month, enough of them, over what they are divided by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.data import metric_catalogue
from coresponder_causal.data.metrics_needs import needs
from coresponder_causal.design.monitored import fewest_events

usual = ("M01 per 1000 residents", "M12", "M15", "M17", "M19", "M22")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chosen:
    """A metric to chart.

    Parameters
    ----------
    label : str
        In words.
    rows : DataFrame
        Its rows by month, as `data.metrics` gives them.
    share : bool
        Whether its events are some of what they are divided by.
    fields : frozenset of str
        Fields that it reads, as ``table.field``.
    """

    label: str
    rows: pd.DataFrame
    share: bool
    fields: frozenset[str]

    @property
    def months(self) -> dict[str, list[float]]:
        """Events and what they are divided by, by month."""
        pairs = zip(self.rows["numerator"].astype(float), self.rows["denominator"].astype(float), strict=True)
        return {str(month): [*pair] for month, pair in zip(self.rows["period"], pairs, strict=True)}


def chosen_metrics(
    monthly: pd.DataFrame, asked: Sequence[str], *, since: str, without: Sequence[str] = ()
) -> dict[str, Chosen]:
    """Take the metrics to chart out of all metrics by month.

    Parameters
    ----------
    monthly : DataFrame
        Of `data.metrics`, by month.
    asked : sequence of str
        Names such as "M15", with the part where a metric has several; empty for the usual ones that can be charted.
    since : str
        First month that is monitored.
    without : sequence of str
        Months left out.

    Returns
    -------
    dict of str to Chosen

    Raises
    ------
    DataError
        Listing every name that is no metric that counts by month in these tables; or none of the usual ones is.
    """
    there = _countable(monthly)
    problems = Problems("the choice of metrics")
    for name in asked:
        if name not in there:
            near = [other for other in there if other.split(" ")[0] == name.split(" ")[0]]
            instead = ", ".join(near or there) or "none of these tables"
            problems.add(f"{name!r} does not count by month here", mend=f"take {instead}")
    problems.raise_if_any(DataError)
    if asked:
        return {name: there[name] for name in asked}
    found = {}
    for name in usual:
        if name in there:
            rows = there[name].rows
            before = rows[(rows["period"] < since) & ~rows["period"].isin(list(without))]["numerator"].astype(float)
            if before.mean() >= fewest_events:
                found[name] = there[name]
            else:
                note(f"{there[name].label} is not charted: {before.mean():.1f} events a month before {since}")
    if not found:
        raise DataError(
            f"none of {', '.join(usual)} has {fewest_events:g} events a month before {since}",
            mend="name metrics with --metric, or begin later with --since",
        )
    return found


def _countable(monthly: pd.DataFrame) -> dict[str, Chosen]:
    """Every number by month that is a whole count over something, not cut into groups."""
    catalogue, found = metric_catalogue(), {}
    counted = monthly[monthly["lacks"].eq("") & monthly["denominator"].gt(0)]
    for (metric, part, statistic), rows in counted.groupby(["metric", "part", "statistic"], sort=False):
        numbers = rows["numerator"].to_numpy(float)
        grouped = "group" in rows and rows["group"].notna().any()
        whole = np.isfinite(numbers).all() and (numbers == np.round(numbers)).all() and (numbers >= 0).all()
        if grouped or not whole or not (statistic == "proportion" or str(statistic).startswith("rate")):
            continue
        entry = catalogue[str(metric)]
        own = next(one for one in entry.parts if one.part == part)
        found[f"{metric} {part}".strip()] = Chosen(
            label=entry.name + (f", {part}" if part else ""),
            rows=rows.sort_values("period", ignore_index=True),
            share=statistic == "proportion",
            fields=frozenset(field for field in needs(own)[0]),
        )
    return found
