"""The hours of a study's team: its calls and schedule as a design, and the choice as files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from coresponder_causal import report
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.folders import folder_beside
from coresponder_causal.decide import Deployment
from coresponder_causal.design import CoverageDesign
from coresponder_causal.design.agenda import Event, agenda
from coresponder_causal.plan.study import Study
from coresponder_causal.privacy import Ledger, Policy
from coresponder_causal.report.specs import Spec
from coresponder_causal.report.tables import plain
from coresponder_causal.report.write import refuse_mixed

weeks_shown = 13


def hours_of_team(study: Study, tables: Mapping[str, pd.DataFrame], *, outcome: str | None = None) -> CoverageDesign:
    """Form the design of a study's calls by the hours of its team.

    Parameters
    ----------
    study : Study
    tables : mapping of DataFrame
        Validated, with calls and schedule.
    outcome : str, optional
        By default the study's primary one.

    Raises
    ------
    DesignError
        Without calls or shifts, or where the outcome is that there is a call.
    """
    missing = [name for name in ("calls", "schedule") if name not in tables]
    if missing:
        raise DesignError(f"the study has no table {' and '.join(missing)}", mend="add it: hours are chosen by both")
    if (outcome or study.primary) == "calls":
        raise DesignError(
            "every call counts as one call: [outcomes] primary = 'calls' in STUDY.toml is nothing a call can have",
            mend="name a yes-or-no field of calls there, or for this command alone: --outcome arrest",
        )
    options = next(iter(study.options.get("triple", ())), {})
    return CoverageDesign.from_tables(
        tables["calls"],
        tables["schedule"],
        outcome=outcome or study.primary,
        treated=study.city,
        start=study.start,
        start_between=study.start_between,
        exposure="calls",
        eligible=options.get("eligible"),
    )


def write_deployment(
    found: Deployment, out: Path, *, policy: Policy, ledger: Ledger | None = None, time_zone: str
) -> list[Path]:
    """Write a choice of hours: the page, ``shifts.csv``, ``hours.csv`` and calendars of shifts and of exploration.

    Parameters
    ----------
    found : Deployment
    out : Path
        Folder.
    policy, ledger
        As of `report.write_all`.
    time_zone : str
        IANA name of the zone of the clock times.

    Returns
    -------
    list of Path
    """
    hours = found.frame()
    specs: dict[str, Spec] = {
        "index.html": report.deployment_page(found),
        "hours.csv": plain(hours, title="Hours of the week", support=hours[["calls"]]),
    }
    if found.proposed is not None:
        specs["shifts.csv"] = report.shifts_table(found)
    if found.exploration is not None:
        specs["exploration.csv"] = plain(
            found.exploration.frame, title="Hours to learn about", support=report.of_nobody
        )
    agendas = {}
    if found.proposed is not None:
        agendas["shifts.ics"] = _agenda(found, time_zone)
    if found.exploration is not None:
        agendas["exploration.ics"] = found.exploration.to_ics()
    refuse_mixed(out, policy)
    with folder_beside(out) as made:
        report.write_all({made / name: spec for name, spec in specs.items()}, policy=policy, ledger=ledger)
        for name, agenda in agendas.items():
            write_whole(made / name, agenda.encode())
    return [out / name for name in (*specs, *agendas)]


def _agenda(found: Deployment, time_zone: str) -> str:
    """Write the shifts of a quarter as a calendar file."""
    assert found.proposed is not None  # asked by who calls
    rows = found.proposed.shifts[["crew", "start", "hours"]].to_numpy(int).tolist()
    weeks = np.arange(weeks_shown)
    first = dt.datetime.combine(found.first_monday, dt.time())
    events = [
        Event(
            uid=f"{found.city}-{first:%Y%m%d}-{week}-{number}@coresponder-causal".replace(" ", "-"),
            start=first + dt.timedelta(days=7 * int(week), hours=start),
            end=first + dt.timedelta(days=7 * int(week), hours=start + length),
            summary=f"Co-responder team, {found.city}: crew {crew}",
            description="Proposed from past weeks; hours of which the data say nothing are as before.",
        )
        for week in weeks
        for number, (crew, start, length) in enumerate(rows)
    ]
    return agenda(events, name=f"Proposed shifts, {found.city}", time_zone=time_zone, stamp=first)
