"""Comparison cities of a study chosen before outcomes are counted, and the checks that this choice makes possible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from coresponder_causal import check
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.design import DonorPool, PanelDesign, SeriesDesign, donor_pool
from coresponder_causal.plan.designs import Estimated
from coresponder_causal.plan.designs_of_counts import every_city

if TYPE_CHECKING:
    from coresponder_causal.plan.assemble import Counts
    from coresponder_causal.plan.study import Study

of_hours = ("planned_hours", "delivered_hours")
of_the_pool = ("neighbours", "distance", "within", "definitions", "traits", "fields", "population")
with_starts = ("cities", "series")


def study_pool(study: Study, tables: Mapping[str, pd.DataFrame], monthly: pd.DataFrame) -> DonorPool:
    """Choose the comparison cities of a study by its section [donors]; outcomes of ``monthly`` are not read.

    Parameters
    ----------
    study : Study
        With ``donors``.
    tables : mapping of DataFrame
        Validated; ``cities``, and the registers where there are any.
    monthly : DataFrame
        City × month, for its cities and the window.
    """
    stated = {key: value for key, value in dict(study.donors or {}).items() if key in of_the_pool}
    numeric = [name for name in (stated.get("distance"), *stated.get("traits", ())) if name is not None]
    named = ["city", "population", "region", stated.get("definitions"), *numeric]
    cities = tables["cities"]
    cities = cities[[name for name in dict.fromkeys(named) if name in cities]]
    cities = cities[cities["city"].isin(monthly["city"])]
    first, last = monthly["month"].min().start_time, monthly["month"].max().end_time
    return donor_pool(
        cities.assign(**{name: pd.to_numeric(cities[name], errors="coerce") for name in numeric if name in cities}),
        tables.get("programmes"),
        treated=str(study.city),
        start=study.start or (study.start_between or ("",))[0],
        window=(first, last),
        breaks=tables.get("breaks"),
        **({"fields": (study.primary,)} | stated),
    )


def further_checks(
    study: Study, data: Counts, name: str, outcome: str, options: Mapping[str, Any], one: Estimated
) -> tuple[CheckResult, ...]:
    """Make the checks for which the study says what is needed: other starts, hours, neighbours, other choices.

    Parameters
    ----------
    study : Study
    data : Counts
    name, outcome, options
        Of the design, as the study states them.
    one : Estimated
    """
    made = []
    hours = study.dose if study.dose in of_hours else None
    if name in with_starts and isinstance(one.design, SeriesDesign | PanelDesign) and (study.start_between or hours):
        made.append(check.start_range(one.result, one.design, between=study.start_between, hours=hours))
    if data.pool is None or name != "cities" or not isinstance(one.design, PanelDesign):
        return check.standing_on(one.result, one.design, made)
    if data.pool.neighbours:
        whole = every_city(study, data.whole, outcome, options)
        made.append(check.spillover(one.result, whole, pool=data.pool))
    if (study.donors or {}).get("specifications", False):
        made.append(check.specification_curve(one.result, one.design, donors=_by_region(data.pool, one.design)))
    return check.standing_on(one.result, one.design, made)


def _by_region(pool: DonorPool, design: PanelDesign) -> dict[str, list[str]]:
    """Comparison cities inside and outside the treated city's region, where either are three or more but not all."""
    table = pool.table[pool.table["city"].isin(design.comparison_units)]
    sets = {f"{where} region": [*table.loc[table["region"] == where, "city"]] for where in ("same", "other")}
    return {name: cities for name, cities in sets.items() if 3 <= len(cities) < len(table)}
