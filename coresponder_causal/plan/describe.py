"""Describe a city: its metrics and the course of its calls, from a folder, a study, or the simulated city."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from coresponder_causal import report
from coresponder_causal.core.errors import DataError
from coresponder_causal.data import metrics, pathway, pathway_flows
from coresponder_causal.plan.embedded import embedded_study
from coresponder_causal.plan.frozen import require_frozen
from coresponder_causal.plan.plan_file import plan_name
from coresponder_causal.plan.readiness_designs import programme_city
from coresponder_causal.plan.readiness_folder import read_folder
from coresponder_causal.plan.reading import read_tables
from coresponder_causal.plan.study import Study, read_study
from coresponder_causal.privacy import Ledger, Policy, inside
from coresponder_causal.report.metric_counts import course_counts, metric_counts, passage_counts
from coresponder_causal.report.metrics_page import months_in, people_behind
from coresponder_causal.report.specs import Spec
from coresponder_causal.report.tables import plain

described_too = "outcomes"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class City:
    """Tables of one city, and what is known of its programme.

    Parameters
    ----------
    name : str or None
    tables : mapping of str to DataFrame
    start : str or None
    sensitive, simulated : bool
    policy : Policy
        For whom its study is.
    ledger : Ledger or None
        Where its releases are recorded.
    """

    name: str | None
    tables: Mapping[str, pd.DataFrame]
    start: str | None = None
    sensitive: bool = True
    simulated: bool = False
    policy: Policy = inside
    ledger: Ledger | None = None


def city_of(source: Path | None, *, city: str | None = None, start: str | None = None) -> City:
    """Read the tables to describe.

    Parameters
    ----------
    source : Path, optional
        A folder of tables, or a study file; the simulated city without it.
    city, start : str, optional
        By default as the study states them; of a folder, the only city, or the only one with shifts or a programme.

    Returns
    -------
    City
        With the rows of that city alone in every table that names cities.

    Raises
    ------
    DataError
        If the tables hold several cities and none is named, or not the one that is.
    """
    if source is None:
        study, tables, simulated = embedded_study()
        tables = {**tables, described_too: simulated.tables[described_too]}
        made = City(name=study.city, tables=tables, start=study.start, sensitive=False, simulated=True)
        return _one(made, city, start)
    if source.is_dir():
        if (source / plan_name).is_file():
            require_frozen(read_study(source / "STUDY.toml"))
        return _one(City(name=None, tables=read_folder(source).tables), city, start)
    study = read_study(source)
    return city_in(study, read_tables(study)[0], city=city, start=start)


def city_in(
    study: Study, tables: Mapping[str, pd.DataFrame], *, city: str | None = None, start: str | None = None
) -> City:
    """Return the city of a study whose tables were read.

    Parameters
    ----------
    study : Study
    tables : mapping of DataFrame
        Validated.
    city, start : str, optional
        By default as the study states them.

    Returns
    -------
    City
        As of `city_of`.
    """
    begins = study.start or (None if study.start_between is None else study.start_between[0])
    stated = City(
        name=study.city,
        tables=tables,
        start=begins,
        sensitive=study.sensitive,
        simulated=study.simulated,
        policy=study.policy,
        ledger=study.ledger,
    )
    return _one(stated, city, start)


def _one(found: City, city: str | None, start: str | None) -> City:
    """Keep the rows of one city."""
    named = {str(value) for t in found.tables.values() if "city" in t for value in t["city"].dropna().unique()}
    name = programme_city(sorted(named), found.tables, city or found.name) if named else city or found.name
    if name is None and named:
        some = ", ".join(sorted(named)[:8])
        raise DataError(f"the tables hold {len(named)} cities", mend=f"name one with --city: {some}")
    own = {key: table[table["city"] == name] if "city" in table else table for key, table in found.tables.items()}
    if "calls" in own and "call_id" in own["calls"]:
        ids = own["calls"]["call_id"]
        joined = [key for key, table in own.items() if "call_id" in table and "city" not in table]
        own |= {key: own[key][own[key]["call_id"].isin(ids)] for key in joined}
    kept = {key: table.reset_index(drop=True) for key, table in own.items() if len(table)}
    return replace(found, name=name, tables=kept, start=start or found.start)


def write_metrics(found: City, out: Path, *, policy: Policy | None = None, ledger: Ledger | None = None) -> list[Path]:
    """Write the metrics of a city: the page, and the numbers beside it.

    Parameters
    ----------
    found : City
    out : Path
        Folder.
    policy : Policy, optional
        For whom; by default as the study says, else for those inside.
    ledger : Ledger, optional
        Where releases are recorded.

    Returns
    -------
    list of Path
        The page first.
    """
    policy = policy or found.policy
    monthly = metrics(found.tables, period="month")
    return report.write_all(
        metric_specs(found, monthly, out, policy), policy=policy, ledger=ledger or found.ledger, into=out
    )


def metric_specs(found: City, monthly: pd.DataFrame, out: Path, policy: Policy) -> dict[Path, Spec]:
    """Make the page of metrics and the numbers beside it.

    Parameters
    ----------
    found : City
    monthly : DataFrame
        Its metrics by month.
    out : Path
        Folder.
    policy : Policy
        For whom.

    Returns
    -------
    dict of Path to Spec
        The page first.
    """
    values = metrics(found.tables, period="all", start=found.start)
    course, flows = _course(found)
    page = report.metrics_page(
        values,
        monthly,
        title=f"Metrics{f' of {found.name}' if found.name else ''}",
        pathway=course,
        flows=flows,
        start=found.start,
        simulated=found.simulated,
        sensitive=found.sensitive,
    )
    specs: dict[Path, Spec] = {out: page}
    for name, frame in {"metrics": values, "metrics_by_month": monthly}.items():
        if len(frame):
            counts = metric_counts(frame, months=months_in(monthly), start=found.start)
            said = ("divided_by", "interval")
            shown = frame.drop(columns="small") if policy.guarded else frame  # it tells small cells from others hidden
            specs[out / f"{name}.csv"] = plain(
                shown, title=name, said=said, support=people_behind(frame), counts=counts
            )
    if len(course):
        specs[out / "pathway.csv"] = plain(
            course, title="pathway", counts=course_counts(course, months=months_in(monthly))
        )
    return specs


def write_pathway(found: City, out: Path, *, policy: Policy | None = None, ledger: Ledger | None = None) -> list[Path]:
    """Write the course of a city's calls: the table, the flows and the picture.

    Parameters
    ----------
    found : City
    out : Path
        Folder.
    policy, ledger
        As of `write_metrics`.

    Returns
    -------
    list of Path
    """
    course, flows = pathway(found.tables), pathway_flows(found.tables)
    received = pd.to_datetime(found.tables["calls"]["received_at"]).dropna()
    months = sorted(received.dt.to_period("M").astype(str).unique())
    specs: dict[Path, Spec] = {
        out / "pathway.svg": report.flow_picture(flows, months=months),
        out / "pathway.csv": plain(
            course, title="Calls by stage and state", counts=course_counts(course, months=months)
        ),
        out / "pathway_flows.csv": plain(
            flows, title="Calls from state to state", counts=passage_counts(flows, months=months)
        ),
    }
    return report.write_all(specs, policy=policy or found.policy, ledger=ledger or found.ledger, into=out)


def _course(found: City) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the course of calls; empty without calls."""
    if "calls" not in found.tables:
        return pd.DataFrame(), pd.DataFrame()
    return pathway(found.tables), pathway_flows(found.tables)
