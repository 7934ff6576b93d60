"""Fields that metrics use and no table holds, as expressions for an engine: what `metrics_fields` derives in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from coresponder_causal.data.metrics_eligible import eligibility_in_engine
from coresponder_causal.data.metrics_fields import few_rides, record_fields
from coresponder_causal.data.repeat_contact import usual_horizons, with_known_until, with_next_call

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Table

Tables: TypeAlias = "Mapping[str, Table]"
Make: TypeAlias = "Callable[[Table, Tables], Table]"


def _eligible(name: str) -> Make:
    """Make one of the three answers whether a call is about a crisis."""
    return lambda rows, _: rows.mutate(**{name: eligibility_in_engine(rows)[name]})


def _in_shift(rows: Table, tables: Tables) -> Table:
    """Put beside each call whether the team was on duty: as the call says, else by the shifts of its city."""
    if "team_on_duty" in rows.columns:
        return rows.mutate(in_shift=rows["team_on_duty"])
    shifts = tables["schedule"]
    edges = [
        shifts.select(city=shifts["city"], received_at=shifts[stamp], step=step)
        for stamp, step in (("shift_start", 1), ("shift_end", -1))
    ]
    open_shifts = with_running_sum(rows, edges[0].union(edges[1]), "city")
    return open_shifts.mutate(in_shift=open_shifts["running"] > 0).drop("running")


def _earlier_rides(rows: Table, tables: Tables) -> Table:
    """Put beside each call how often its officer rode with the team before: none, 1 to 4, 5 or more."""
    import ibis

    rides = tables["rides"]
    ends = rides.select(primary_officer=rides["officer"], received_at=rides["shift_end"], step=1)
    ridden = with_running_sum(rows, ends, "primary_officer")
    often = ibis.cases((ridden["running"] == 0, "none"), (ridden["running"] < few_rides, "1 to 4"), else_="5 or more")
    known = ridden["primary_officer"].notnull().ifelse(often, ibis.null("string"))
    return ridden.mutate(earlier_rides=known).drop("running")


def with_running_sum(rows: Table, events: Table, by: str) -> Table:
    """Put beside each call the sum of the steps of events up to its moment, events of that moment included.

    Parameters
    ----------
    rows : ibis Table
        ``call_id``, ``received_at`` and the column ``by``.
    events : ibis Table
        ``by``, ``received_at`` and ``step``, a whole number.
    by : str
        Whose events count: the same value of this column.

    Returns
    -------
    ibis Table
        With ``running``, 0 before the first event.

    Notes
    -----
    One window over calls and events together, in the order of time: no call is paired with every event.
    """
    import ibis

    events = events.filter(events[by].notnull() & events["received_at"].notnull())
    empty = {name: ibis.null(kind) for name, kind in rows.schema().items() if name not in (by, "received_at")}
    before = events.select(
        **{name: empty[name] if name in empty else events[name].cast(rows[name].type()) for name in rows.columns},
        step=events["step"].cast("int64"),
    )
    both = rows.mutate(step=ibis.literal(0, "int64")).union(before.select(*rows.columns, "step"))
    alone = both[by].isnull().ifelse(both["call_id"], ibis.null("string"))
    window = ibis.window(
        group_by=[both[by], alone],
        order_by=[both["received_at"], both["call_id"].notnull()],
        rows=(None, 0),
    )
    summed = both.mutate(running=both["step"].sum().over(window))
    return summed.filter(summed["call_id"].notnull()).drop("step")


def _again(days: int) -> Make:
    """Make whether another crisis-eligible call of the same person in the same city follows within so many days."""

    def made(rows: Table, _: Tables) -> Table:
        import ibis

        who = rows["person" if "person" in rows.columns else "address"]
        counted = eligibility_in_engine(rows)["eligible"].fill_null(False) & who.notnull()
        called = with_next_call(rows.mutate(caller=counted.ifelse(who, ibis.null("string"))), "caller")
        within = (called["next_at"] <= called["received_at"] + ibis.interval(days=days)).fill_null(False)
        again = called["caller"].notnull().ifelse(within, ibis.null("boolean"))
        return called.mutate(**{f"again_{days}d": again}).drop("caller", "next_at")

    return made


def _followed(days: int) -> Make:
    """Make whether the horizon of a call ends by the last call of its city."""

    def made(rows: Table, _: Tables) -> Table:
        import ibis

        known = with_known_until(rows, None)
        ends = known["received_at"] + ibis.interval(days=days)
        return known.mutate(**{f"followed_{days}d": ends <= known["known_until"]}).drop("known_until")

    return made


def _within_24h(rows: Table, begun: str) -> BooleanValue:
    """Express whether the record was completed within a day; a record without a stamp was not."""
    import ibis

    soon = rows["recorded_at"].notnull() & (rows["recorded_at"] <= rows[begun] + ibis.interval(days=1))
    return rows[begun].notnull().ifelse(soon, ibis.null("boolean"))


def _complete(rows: Table, _: Tables) -> Table:
    """Put beside each contact whether its record came within a day with every needed field filled."""
    found = _within_24h(rows, "contact_at")
    for name in record_fields:
        found = found & rows[name].notnull()
    return rows.mutate(complete_within_24h=found)


def _was_due(rows: Table, _: Tables) -> Table:
    """Put beside each contact whether a follow-up was due: as said, or because it has a date."""
    due = rows["follow_up_due"]
    return rows.mutate(follow_up_was_due=due if due.type().is_boolean() else due.notnull())


made_in_engine: Mapping[tuple[str, str], Make] = MappingProxyType(
    {("calls", name): _eligible(name) for name in ("eligible", "eligible_reported", "eligible_found")}
    | {
        ("calls", "in_shift"): _in_shift,
        ("calls", "co_responder_requested"): lambda rows, _: rows.mutate(
            co_responder_requested=rows["co_responder_requested_at"].notnull()
        ),
        ("calls", "earlier_rides"): _earlier_rides,
        ("calls", "recorded_within_24h"): lambda rows, _: rows.mutate(
            recorded_within_24h=_within_24h(rows, "received_at")
        ),
        ("contacts", "complete_within_24h"): _complete,
        ("contacts", "follow_up_was_due"): _was_due,
    }
    | {("calls", f"again_{days}d"): _again(days) for days in usual_horizons}
    | {("calls", f"followed_{days}d"): _followed(days) for days in usual_horizons}
)
