"""Officer-months from the tables of the data dictionary: calls without the team, and the work beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.data import frames
from coresponder_causal.data.metrics_eligible import eligible_reported
from coresponder_causal.design import columns
from coresponder_causal.design.columns import counted
from coresponder_causal.design.eligibility import Eligible, eligible_rows, refuse_late_eligibility, with_time_zero
from coresponder_causal.design.officer_rides import doses_together

Counted = Literal["primary", "share"]
Period = Literal["month", "quarter"]
of_the_team, police = ("co_responder", "clinician_only"), ("patrol", "supervisor", "other")
team_officer = "co_responder_officer"
needed = {
    "calls": ("call_id", "received_at", "attended"),
    "units": ("call_id", "unit_type", "officer", "arrived_at"),
    "rides": ("officer", "shift_start", "shift_end", "assignment"),
    "officers": ("officer", "city"),
    "roster": ("officer", "shift_start"),
}


def officer_months(
    calls: object,
    units: object,
    rides: object,
    officers: object,
    *,
    outcome: str | None,
    period: Period = "month",
    counted_by: Counted = "primary",
    eligible: Eligible | None = None,
    covariates: Sequence[str] = (),
    roster: object | None = None,
) -> pd.DataFrame:
    """Count, by officer and period, calls without the team, events among them, and what was done beside the team.

    Parameters
    ----------
    calls, units, rides, officers : pandas, polars or pyarrow frame
        Tables of the data dictionary. An outcome of another table, such as ``linked_30d``, is joined to the calls
        beforehand.
    outcome : str or None
        Boolean or numeric field of the calls.
    period : {"month", "quarter"}
    counted_by : {"primary", "share"}
        A call with several officers counts for the one named as primary, else the first on scene; or for each officer
        on scene in equal shares.
    eligible : mapping of field to values, optional
        Calls that count, by fields known before dispatch; by default those whose first code is crisis-eligible.
    covariates : sequence of str
        Fields of the officers.
    roster : pandas, polars or pyarrow frame, optional
        Shared shifts as they were planned: ``officer, shift_start``, one row for each, whether or not it took place;
        with ``assignment`` those by the roster count. Without it, the shifts by the roster that took place count.

    Returns
    -------
    DataFrame
        ``officer, month`` (or ``quarter``) ``, squad, volunteered``, the covariates; ``calls`` without the team and the
        outcome among them; cumulative ``calls_together`` (the larger of the calls that units answered beside the team
        and those of the rides' log, at least one for a ride), ``hours_together`` and ``rostered`` (shared shifts by the
        roster). One row for each period from the first to the last in which the officer is seen.

    Raises
    ------
    DesignError
        Listing every broken rule with its mend.

    Notes
    -----
    The team was on a call where ``attended`` says so or one of its units arrived. The table of rides has shared shifts
    that took place: what the roster planned and nobody rode is not in it, so that without ``roster`` the dose
    ``rostered`` is less than the intent.

    Examples
    --------
    >>> calls = pd.DataFrame({"call_id": [1, 2, 3], "attended": [False, True, False], "force": [True, False, False]})
    >>> calls["received_at"] = pd.to_datetime(["2021-01-05", "2021-02-03", "2021-03-01"])
    >>> calls["initial_type"] = "mental_health_crisis"
    >>> units = pd.DataFrame({"call_id": [1, 2, 3], "unit_type": "patrol", "officer": "a"})
    >>> units["arrived_at"] = calls["received_at"]
    >>> rides = pd.DataFrame(columns=["officer", "shift_start", "shift_end", "assignment"])
    >>> officers = pd.DataFrame({"officer": ["a"], "city": "Davis"})
    >>> frame = officer_months(calls, units, rides, officers, outcome="force")
    >>> frame[["calls", "force", "calls_together"]].values.tolist()
    [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 1.0]]
    """
    given = {"calls": calls, "units": units, "rides": rides, "officers": officers}
    given |= {} if roster is None else {"roster": roster}
    tables = {name: frames.to_pandas(frame).reset_index(drop=True) for name, frame in given.items()}
    _check(tables, outcome, period, counted_by, eligible, covariates)
    people = _people(tables["officers"], tables["rides"])
    freq = "M" if period == "month" else "Q"
    all_calls = with_time_zero(_of_cities(tables["calls"], people))
    all_calls = all_calls.assign(period=pd.PeriodIndex(pd.to_datetime(all_calls["received_at"]), freq=freq))
    there = _on_scene(tables["units"], all_calls, people)
    team = _with_team(tables["units"], all_calls)
    alone = _without_team(all_calls, team, outcome, eligible)
    handled = _handled(alone, there, people, outcome, counted_by)
    doses = doses_together(there, team, all_calls, tables["rides"], tables.get("roster"), people.index, freq)
    seen = there.merge(all_calls[["call_id", "period"]], on="call_id")[["officer", "period"]]
    return _joined(handled, doses, seen, people, period, outcome, covariates)


def _check(
    tables: dict[str, pd.DataFrame],
    outcome: str | None,
    period: Period,
    counted_by: Counted,
    eligible: Eligible | None,
    covariates: Sequence[str],
) -> None:
    problems = Problems("tables of officers")
    refuse_choice("period", period, Period, problems)
    refuse_choice("counted_by", counted_by, Counted, problems)
    first_code = () if eligible is not None else ("initial_type",)
    wanted = needed | {
        "calls": (*needed["calls"], *first_code, *([] if outcome is None else [outcome])),
        "officers": (*needed["officers"], *covariates),
    }
    for name, fields in ((name, fields) for name, fields in wanted.items() if name in tables):
        lacking = [field for field in fields if field not in tables[name]]
        if lacking:
            problems.add(f"table '{name}' lacks {', '.join(lacking)}", mend="bring them, as the dictionary names them")
    if eligible is not None:
        refuse_late_eligibility(eligible, tables["calls"].columns.astype(str).tolist(), problems)
    problems.raise_if_any(DesignError)
    if outcome is not None:
        known = tables["calls"].dropna(subset=[outcome]).infer_objects()
        columns.numbers(known, outcome, problems, sign="nonnegative")
    for name, key in (("calls", "call_id"), ("officers", "officer")):
        if twice := int(tables[name][key].duplicated().sum()):
            problems.add(f"{counted(twice, 'row')} of '{name}' with a {key} of another row", mend="keep one of each")
    problems.raise_if_any(DesignError)


def _people(officers: pd.DataFrame, rides: pd.DataFrame) -> pd.DataFrame:
    """Officers of the cities with a team, without those who are the team, by their code."""
    people = officers.set_index("officer").reindex(columns=list(dict.fromkeys([*officers, "squad", "volunteered"])))
    people = people.drop(columns="officer", errors="ignore")
    cities = people["city"].reindex(rides["officer"].dropna().unique()).dropna().unique()
    elsewhere = ~people["city"].isin(cities) if len(cities) else pd.Series(False, people.index)
    if elsewhere.any():
        note(f"{counted(int(elsewhere.sum()), 'officer')} of cities without shared shifts are left out")
    own = people["role"].eq(team_officer).fillna(False) if "role" in people else pd.Series(False, people.index)
    if own.any():
        note(f"{counted(int((own & ~elsewhere).sum()), 'officer')} of the team itself left out")
    return people[~elsewhere & ~own.astype(bool)]


def _of_cities(calls: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Keep the calls of the officers' cities, where calls say theirs."""
    elsewhere = ~calls["city"].isin(people["city"]) if "city" in calls else pd.Series(False, calls.index)
    if elsewhere.any():
        note(f"{int(elsewhere.sum())} of {len(calls)} calls of other cities are left out")
    return calls[~elsewhere].reset_index(drop=True)


def _on_scene(units: pd.DataFrame, calls: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Officers on scene of each call in order of arrival; those who never arrived do not count."""
    of_police = units[units["unit_type"].isin(police) & units["officer"].notna()]
    came = of_police[of_police["arrived_at"].notna()]
    if len(came) < len(of_police):
        note(f"{len(of_police) - len(came)} of {len(of_police)} police units have no time of arrival and do not count")
    came = came[came["officer"].isin(people.index) & came["call_id"].isin(calls["call_id"])]
    return came.sort_values("arrived_at", kind="stable").drop_duplicates(["call_id", "officer"])[["call_id", "officer"]]


def _with_team(units: pd.DataFrame, calls: pd.DataFrame) -> pd.Series:
    """Whether the team was on scene, by call."""
    arrived = units.loc[units["unit_type"].isin(of_the_team) & units["arrived_at"].notna(), "call_id"]
    said = calls["attended"].astype("boolean")
    if said.isna().any():
        note(f"{int(said.isna().sum())} calls do not say whether the team attended: its units decide")
    return pd.Series((said.fillna(False) | calls["call_id"].isin(arrived)).to_numpy(bool), calls["call_id"])


def _without_team(calls: pd.DataFrame, team: pd.Series, outcome: str | None, eligible: Eligible | None) -> pd.DataFrame:
    """Eligible calls that the team did not attend and whose outcome is known; all that is left out is counted."""
    if eligible is None:
        fits = eligible_reported(calls).fillna(False).to_numpy(bool)
        note(f"{int(fits.sum())} of {len(calls)} calls are crisis-eligible by their first code")
    else:
        fits = eligible_rows(calls, eligible)
    attended = team.to_numpy()
    note(f"{int((fits & attended).sum())} eligible calls with the team are left out: they show the team")
    known = np.ones(len(calls), bool) if outcome is None else calls[outcome].notna().to_numpy()
    if blank := int((fits & ~attended & ~known).sum()):
        note(f"{blank} calls do not say '{outcome}' and are left out")
    kept: pd.DataFrame = calls[fits & ~attended & known]
    return kept


def _handled(
    alone: pd.DataFrame, there: pd.DataFrame, people: pd.DataFrame, outcome: str | None, counted_by: Counted
) -> pd.DataFrame:
    """Count calls without the team, and events among them, by officer and period."""
    on_scene = there[there["call_id"].isin(alone["call_id"])]
    many = on_scene.groupby("call_id").size()
    whose = "the primary officer's" if counted_by == "primary" else "each officer's in equal shares"
    note(f"{int((many > 1).sum())} of {len(alone)} calls without the team had several officers: they are {whose}")
    if counted_by == "primary":
        by_call = on_scene.groupby("call_id")["officer"].first().reindex(alone["call_id"])
        named = alone["primary_officer"] if "primary_officer" in alone else pd.Series(None, alone.index, dtype=object)
        named = named.where(named.isin(people.index))
        rows = alone.assign(officer=named.fillna(pd.Series(by_call.to_numpy(), alone.index)), share=1.0)
    else:
        rows = alone.merge(on_scene.assign(share=1 / on_scene["call_id"].map(many)), on="call_id", how="left")
    nobody = rows["officer"].isna()
    if nobody.any():
        note(f"{int(nobody.sum())} calls without the team name no officer of the design and are left out")
    rows = rows[~nobody]
    counts = {"calls": rows["share"]}
    counts |= {} if outcome is None else {outcome: rows["share"] * rows[outcome].astype(float)}
    return pd.DataFrame(counts).groupby([rows["officer"], rows["period"]]).sum()


def _joined(
    handled: pd.DataFrame,
    together: pd.DataFrame,
    seen: pd.DataFrame,
    people: pd.DataFrame,
    period: Period,
    outcome: str | None,
    covariates: Sequence[str],
) -> pd.DataFrame:
    """Every period from the first to the last in which an officer is seen, doses cumulative."""
    of_any = pd.concat([seen, together.index.to_frame(index=False), handled.index.to_frame(index=False)])
    if unseen := int((~people.index.isin(of_any["officer"])).sum()):
        note(f"{counted(unseen, 'officer')} never seen on a call or a shared shift are left out")
    spans = of_any.groupby("officer")["period"].agg(["min", "max"])
    grid = pd.MultiIndex.from_tuples(
        [(officer, at) for officer, first, last in spans.itertuples() for at in pd.period_range(first, last)],
        names=["officer", "period"],
    )
    counts = handled.reindex(grid, fill_value=0.0)
    doses = together.reindex(grid, fill_value=0.0).groupby(level="officer").cumsum()
    frame = counts.join(doses).reset_index().rename(columns={"period": period})
    about = people[list(dict.fromkeys(["squad", "volunteered", *covariates]))]
    return frame.join(about, on="officer")
