"""A city's tables until its last whole month, and its metrics as series with the changes of recording on record."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import note
from coresponder_causal.data import dictionary
from coresponder_causal.data.registers import breaks_for
from coresponder_causal.data.when import event_field
from coresponder_causal.design.monitored import Monitored
from coresponder_causal.plan.describe import City
from coresponder_causal.plan.monitor_terms import Terms
from coresponder_causal.plan.monitored_metrics import Chosen


def last_whole_month(found: City, until: str | None) -> str:
    """Last month of which every day may have been seen: the one asked for, or as the calls tell, which is said.

    Raises
    ------
    DataError
        No table of calls, or a month asked for in which there is none yet.
    """
    if "calls" not in found.tables:
        raise DataError("there is no table of calls", mend="bring one: months are those of calls")
    moments = pd.to_datetime(found.tables["calls"]["received_at"]).dropna().dt.tz_localize(None)
    latest = moments.max()
    month = latest.to_period("M")
    if until is not None:
        asked = pd.Period(until, "M")
        if asked > month:
            raise DataError(f"the last call is of {latest.date()}, before {until}", mend="correct --until")
        return str(asked)
    if latest.date() < month.end_time.date():
        note(f"{month} is left out: its last call is of {latest.date()}; --until {month} takes it as whole")
        return str(month - 1)
    return str(month)


def tables_until(tables: Mapping[str, pd.DataFrame], last: str) -> dict[str, pd.DataFrame]:
    """Rows until the end of a month, of tables whose rows have a time."""
    end, made = pd.Period(last, "M").end_time, {}
    for name, table in tables.items():
        event = event_field(dictionary.table(name))
        if event is None or event not in table or not pd.api.types.is_datetime64_any_dtype(table[event].dtype):
            made[name] = table
        else:
            made[name] = table[~table[event].dt.tz_localize(None).gt(end)].reset_index(drop=True)
    return made


def documented_breaks(found: City, one: Chosen) -> dict[str, str]:
    """Documented changes of recording of the fields of a metric, by date."""
    if "breaks" not in found.tables:
        return {}
    fields = sorted({name.rpartition(".")[2] for name in one.fields})
    known = breaks_for(found.tables["breaks"], str(found.name), fields)
    return {str(pd.Timestamp(row["date"]).date()): str(row["what"]) for row in known.to_dict("records")}


def series_of(found: City, terms: Terms, one: Chosen, breaks: Mapping[str, str], *, ahead: int = 0) -> Monitored:
    """Take a metric's months apart, those before monitoring and those since.

    Parameters
    ----------
    found : City
    terms : Terms
    one : Chosen
    breaks : mapping of date to words
        Of `documented_breaks`.
    ahead : int
        Months after the last one for which regressors are made.

    Raises
    ------
    DesignError
        As of `design.monitored.Monitored.from_rows`.
    """
    return Monitored.from_rows(
        one.rows,
        label=one.label,
        since=str(terms.since),
        start=found.start,
        breaks=breaks,
        without=terms.without,
        share=one.share,
        ahead=ahead,
    )
