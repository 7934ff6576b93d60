"""Calls whose chance of the team was moved by something other than the call: the plan, a free team, a call taker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.design import columns
from coresponder_causal.design.call_takers import kept_takers, taker, with_leniency
from coresponder_causal.design.call_timing import (
    calendar_effects,
    first_moment,
    hours_a_week,
    hours_in_week,
    received,
    received_times,
    shifts_of,
    timing_of,
)
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.graph import CausalGraph

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Instrument = Literal["coverage_post", "team_free", "call_taker"]
on_duty, busy = "team_on_duty", "team_busy"
instruments = {
    "coverage_post": "received in a planned shift, against the same hour of the week without one",
    "team_free": "received while the team was free, against on duty and taken",
    "call_taker": "how readily its call taker brought the team to other calls, against others of that hour of the week",
}
needed = {"coverage_post": (), "team_free": (on_duty, busy), "call_taker": (on_duty, taker)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CallInstrumentDesign:
    """Calls with an instrument for the team's presence: made by `from_tables`, never by hand.

    Parameters
    ----------
    calls : CallDesign
        The calls with treatment, outcome and what was known before dispatch.
    instrument : {"coverage_post", "team_free", "call_taker"}
        What moved the chance of the team.
    timing : DataFrame
        One row per call, in the order of ``calls``: ``instrument`` (0 or 1; of call takers their leniency), ``covered``
        (an hour of the week planned from the start on), ``after``, ``hour_of_week``, ``hour``, ``weekday``, ``month``,
        ``week`` (counted from the start), ``day``, and ``call_taker`` as a number where that is the instrument.
    start : str
        The start in words.
    city : str
        The city.
    covered_hours : int
        Hours of the week planned from the start on.
    planned, delivered : float
        Hours a week from the start on; NaN where the schedule does not say what was delivered.
    notes : tuple of str
        What was said when the design was formed.
    """

    calls: CallDesign
    instrument: Instrument
    timing: pd.DataFrame
    start: str
    city: str
    covered_hours: int
    planned: float
    delivered: float
    notes: tuple[str, ...] = ()

    @classmethod
    def from_tables(
        cls,
        calls: object,
        schedule: object,
        *,
        outcome: str | None,
        start: str | dt.date | pd.Period,
        instrument: Instrument = "coverage_post",
        treatment: str = "attended",
        covariates: Sequence[str] = (),
        person: str | None = None,
        city: str | None = None,
        graph: CausalGraph | None = None,
    ) -> Self:
        """Form the design from calls and the team's schedule, checking everything at once.

        Parameters
        ----------
        calls : pandas, polars or pyarrow frame
            One row per call, with ``received_at`` in local clock time. Eligible are calls that could have had the team,
            as known when they were received: choose them by their initial type, never by how they ended.
        schedule : frame
            Table of planned and delivered shifts.
        outcome : str or None
            Column of numbers or booleans; None leaves it to `with_outcome`.
        start : date, Period or ISO string
            When the programme began.
        instrument : {"coverage_post", "team_free", "call_taker"}
            ``"coverage_post"``: the call was received inside a planned shift. As hours of the week and months are taken
            out, this is covered hours × after the start; shifts planned before it count as what they are.
            ``"team_free"``: of the calls received on duty from the start on, those received while the team was free
            (columns ``team_on_duty``, ``team_busy``).
            ``"call_taker"``: of the calls received on duty from the start on (columns ``team_on_duty``,
            ``call_taker``), how readily its call taker brought the team to other calls of the same cell, a cell being
            an hour of the week and months taken out beside it; see `core.leniency`. Within a cell it must be chance
            who takes a call. Takers of fewer than 30 calls are left out.
        treatment : str
            Column of True and False, or 1 and 0.
        covariates : sequence of str
            Columns known before dispatch, as in `CallDesign.from_frame`; ``patrol_load`` belongs to them with
            ``"team_free"``, as the team is taken when patrol is busy.
        person : str, optional
            Column of person codes.
        city : str, optional
            City with the team; by default the only one of the schedule.
        graph : CausalGraph, optional
            As in `CallDesign.from_frame`.

        Raises
        ------
        DesignError
            Listing every broken rule with its mend.

        Notes
        -----
        Time zero is when a call was received. The plan is the instrument: shifts that were planned and not delivered
        stay in, and lower the first stage.

        Examples
        --------
        >>> hours = pd.date_range("2020-06-01 06:30", periods=120, freq="12h")
        >>> frame = pd.DataFrame({"received_at": hours, "attended": False, "arrest": [0, 1, 1] * 40})
        >>> late = (hours >= "2020-07-01") & (hours.hour == 18)
        >>> frame.loc[late, "attended"] = [True, False] * 15
        >>> days = pd.date_range("2020-07-01", periods=30)
        >>> shifts = pd.DataFrame({"city": "Davis", "shift_start": days + pd.Timedelta("12h"), "planned_hours": 10})
        >>> shifts["shift_end"] = shifts["shift_start"] + pd.Timedelta("10h")
        >>> d = CallInstrumentDesign.from_tables(frame, shifts, outcome="arrest", start="2020-07-01")
        >>> d.describe().split(";")[0]
        'arrest of 120 calls, 15 with attended, 30 received in a planned shift'
        """
        _refuse_unknown(instrument)
        problems = Problems("calls")
        table = columns.rectangular(calls, [received, *needed[instrument]], problems)
        begin = columns.attempt(lambda: first_moment(start), problems)
        where = columns.attempt(lambda: shifts_of(schedule, city), problems)
        times = received_times(table, problems)
        problems.raise_if_any(DesignError)
        assert begin is not None  # raised above otherwise
        assert where is not None
        shifts, named = where
        with collecting() as said:
            kept = _of_city(table, named) & _considered(table, times, begin, instrument)
            plain = CallDesign.from_frame(
                table[kept].assign(**{received: times[kept]}),
                outcome=outcome,
                treatment=treatment,
                covariates=covariates,
                person=person,
                on_duty="all",
                graph=graph,
            )
            timing, covered = timing_of(plain.source, shifts, begin, moved=_free(plain.source, instrument))
            if instrument == "call_taker":
                timing = with_leniency(timing, plain)
            _refuse_unmoved(timing, plain, instrument)
            planned, delivered = hours_a_week(shifts, begin, plain.source[received].max())
            _say(plain, timing, instrument, covered, planned, delivered)
        return cls(
            calls=plain,
            instrument=instrument,
            timing=timing,
            start=f"{begin:%Y-%m-%d}",
            city=named,
            covered_hours=int(covered.sum()),
            planned=planned,
            delivered=delivered,
            notes=tuple(dict.fromkeys((*plain.notes, *said))),
        )

    def __repr__(self) -> str:
        return f"CallInstrumentDesign: {self.describe()}"

    def with_outcome(self, outcome: str) -> Self:
        """Return the same design for another column of its frame."""
        return replace(self, calls=self.calls.with_outcome(outcome))

    def z(self) -> Array:
        """Instrument per call, shape (n,)."""
        return self.timing["instrument"].to_numpy(float)

    def strata(self) -> NDArray[np.int64]:
        """Hours whose effects are taken out, shape (n,): of the week, or of the day for ``"team_free"``."""
        name = "hour" if self.instrument == "team_free" else "hour_of_week"
        return self.timing[name].to_numpy(np.int64)

    def calendar(self) -> pd.DataFrame:
        """Months (and weekdays, for ``"team_free"``) by indicators."""
        names = ["month", "weekday"] if self.instrument == "team_free" else ["month"]
        return pd.concat([calendar_effects(self.timing, name) for name in names], axis=1)

    def regressors(self) -> pd.DataFrame:
        """Effects of the calendar, then the covariates as numbers."""
        return pd.concat([self.calendar(), self.calls.covariate_frame(reference_levels=False)], axis=1)

    def before_start(self) -> Self:
        """Return the calls before the start, those of the later half in covered hours as if received in a shift.

        Raises
        ------
        DesignError
            If the design holds no calls from before the start, as with every instrument but ``"coverage_post"``.
        """
        if self.instrument != "coverage_post":
            raise DesignError("calls on duty are all from after the start", mend="use the instrument coverage_post")
        when = self.timing
        halfway = int(when.loc[~when["after"], "week"].min()) // 2
        pretended = when["covered"] & (when["week"] >= halfway)
        return self._keep(
            ~when["after"].to_numpy(), when.assign(instrument=pretended.astype(float), after=when["week"] >= halfway)
        )

    def encouraged(self) -> Booleans:
        """Whether the instrument favours the team, shape (n,): of call takers, the more lenient half of the calls."""
        z = self.z()
        return np.asarray(z > (np.median(z) if self.instrument == "call_taker" else 0.5), bool)

    @property
    def outcome(self) -> str | None:
        """Name of the outcome."""
        return self.calls.outcome

    @property
    def treatment(self) -> str:
        """Name of the treatment."""
        return self.calls.treatment

    @property
    def covariates(self) -> tuple[str, ...]:
        """What was known before dispatch."""
        return self.calls.covariates

    @property
    def source(self) -> pd.DataFrame:
        """The calls, in the order of their ids."""
        return self.calls.source

    @property
    def outside(self) -> int:
        """Treated calls for which the instrument says that no team was there to be sent; none of a call taker's."""
        return 0 if self.instrument == "call_taker" else int((self.calls.treated & (self.z() == 0)).sum())

    @property
    def one_sided(self) -> bool:
        """Whether no call had the treatment without the instrument, so that the ratio is the ATT."""
        return self.instrument != "call_taker" and self.outside == 0

    @property
    def contrast(self) -> str:
        """Contrast in the field's words."""
        return "ATT" if self.one_sided else "LATE"

    @property
    def estimand(self) -> str:
        """What a method may estimate with this design."""
        return f"{self.contrast} of {self.treatment} on {self.outcome or 'the outcome'}, instrument {self.instrument}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the calls, the instrument and the statement of the design."""
        stated = (self.instrument, self.start, self.city)
        return fingerprint("CallInstrumentDesign", stated, self.calls.fingerprint, self.timing)

    def describe(self) -> str:
        """Return the design in words."""
        moved = {
            "coverage_post": f"{self.z().sum():.0f} received in a planned shift",
            "team_free": f"{self.z().sum():.0f} received while the team was free",
            "call_taker": f"taken by {self.timing[taker].nunique() if taker in self.timing else 0} call takers",
        }[self.instrument]
        many = f"{len(self.timing)} calls, {int(self.calls.treated.sum())} with {self.treatment}, {moved}"
        parts = [f"{self.outcome or 'outcome not yet named'} of {many}", f"{self.city}, start {self.start}"]
        parts += [f"known before dispatch: {', '.join(self.covariates)}"] if self.covariates else []
        return "; ".join([*parts, *self.notes])

    def _keep(self, rows: Booleans, timing: pd.DataFrame) -> Self:
        kept = replace(self.calls, source=self.calls.source[rows].reset_index(drop=True))
        return replace(self, calls=kept, timing=timing[rows].reset_index(drop=True))


def _refuse_unknown(instrument: str) -> None:
    problems = Problems("calls")
    if instrument not in instruments:
        problems.add(f"instrument={instrument!r} is not known", mend=f"choose {' or '.join(instruments)}")
    problems.raise_if_any(DesignError)


def _of_city(table: pd.DataFrame, city: str) -> Booleans:
    """Rows of the city; all where calls name no city."""
    if "city" not in table:
        return np.ones(len(table), bool)
    mine = (table["city"] == city).to_numpy(bool)
    if not mine.any():
        raise DesignError(f"no call is from '{city}'", mend="spell the city alike in calls and schedule")
    if not mine.all():
        note(f"{int((~mine).sum())} calls of other cities are left out: this design looks at {city} alone")
    return mine


def _considered(table: pd.DataFrame, times: pd.Series, begin: pd.Timestamp, instrument: Instrument) -> Booleans:
    """Rows that the instrument can speak of."""
    after = (times >= begin).to_numpy(bool)
    if not after.any() or after.all():
        side = "after" if not after.any() else "before"
        raise DesignError(
            f"no call was received {side} the start {begin:%Y-%m-%d}",
            mend="correct the start, or bring calls from both sides of it",
        )
    if instrument == "coverage_post":
        return np.ones(len(table), bool)
    problems = Problems("calls")
    for name in (name for name in needed[instrument] if name != taker):
        if table[name].isna().any() or not table[name].isin([0, 1]).all():
            problems.add(f"'{name}' is not yes or no everywhere", mend="recode it: True or False for every call")
    problems.raise_if_any(DesignError)
    duty = table[on_duty].to_numpy(bool)
    if instrument == "team_free" and (away := int((table[busy].to_numpy(bool) & ~duty).sum())):
        doubt(f"{away} calls have the team taken while it was off duty")
    note(
        f"{int((after & duty).sum())} of {len(table)} calls were received on duty from the start on: these are compared"
    )
    return kept_takers(table, after & duty) if instrument == "call_taker" else np.asarray(after & duty, bool)


def _free(calls: pd.DataFrame, instrument: Instrument) -> Booleans | None:
    """Whether the team was free; None where that is not the instrument."""
    return ~calls[busy].to_numpy(bool) if instrument == "team_free" else None


def _refuse_unmoved(timing: pd.DataFrame, calls: CallDesign, instrument: Instrument) -> None:
    """Refuse an instrument that never varies, a plan without both kinds of hours, and one that moves nobody."""
    if instrument == "call_taker":
        return
    problems = Problems("calls")
    moved = timing["instrument"] == 1
    if moved.all() or not moved.any():
        problems.add(
            f"every call has the instrument '{instrument}' = {int(moved.all())}", mend="check schedule and start"
        )
    elif not (calls.treated & moved.to_numpy()).any():
        problems.add(f"no call with the instrument had '{calls.treatment}'", mend="check the schedule's clock and city")
    if instrument == "coverage_post" and timing["covered"].nunique() == 1:
        problems.add(
            "the hours of the calls are all covered, or all uncovered, from the start on",
            mend="check the schedule: covered and uncovered hours are both needed",
        )
    problems.raise_if_any(DesignError)


def _say(
    calls: CallDesign, timing: pd.DataFrame, instrument: Instrument, covered: Booleans, planned: float, delivered: float
) -> None:
    """Say how the plan was kept, and treated calls where nobody could have come."""
    given = f" and {delivered:.1f} delivered" if np.isfinite(delivered) else ""
    note(
        f"{int(covered.sum())} of {hours_in_week} hours of the week count as covered; {planned:.1f} hours a week "
        f"planned{given} from the start on"
    )
    if instrument == "call_taker":
        return
    early = int((timing["instrument"].eq(1) & ~timing["after"]).sum())
    if early:
        note(f"{early} calls before the start were received in shifts planned then: they have the instrument too")
    outside = int((calls.treated & timing["instrument"].eq(0).to_numpy()).sum())
    if outside:
        where = "outside planned shifts" if instrument == "coverage_post" else "while the team was taken"
        doubt(
            f"{outside} of {int(calls.treated.sum())} calls with '{calls.treatment}' were received {where}: the ratio "
            f"then speaks of the calls whose '{calls.treatment}' hung on the instrument, not of all that had it"
        )
