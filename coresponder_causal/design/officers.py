"""Officers in time: what they do on calls without the team, before and after they first worked beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting
from coresponder_causal.data.periods import TimeAxis
from coresponder_causal.design import columns
from coresponder_causal.design.columns import counted
from coresponder_causal.design.eligibility import Eligible
from coresponder_causal.design.officer_baseline import baseline_of, said_apart
from coresponder_causal.design.officer_intended import intended_of
from coresponder_causal.design.officer_power import Detectable, detectable_of
from coresponder_causal.design.officer_rules import (
    check_officers,
    first_exposed,
    of_officers,
    say_officers,
    with_calls,
    with_peers,
)
from coresponder_causal.design.officer_tables import Counted, Period, officer_months
from coresponder_causal.design.officer_words import everyone, unknown, volunteer_words

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class OfficerDesign:
    """Officers in time, some of whom worked beside the team: made by `from_frame` or `from_tables`, never by hand.

    Parameters
    ----------
    source : DataFrame
        The officer-months used, sorted by officer and time; with a squad also ``exposed_peers``, the share of the other
        officers of the squad in that month who had worked beside the team.
    axis : TimeAxis
        Time of those rows.
    first : Series
        Position of the first exposure by officer, NaN where never exposed.
    volunteered : Series or None
        By officer: True, False or missing.
    outcome, exposure, squad, assigned : str or None
        Columns of ``source``. ``exposure`` is the denominator, calls handled without the team; ``assigned`` the dose
        that the roster intended.
    officer, time, dose : str
        Columns of ``source``; ``dose`` is cumulative.
    covariates : tuple of str
        Columns of what officers were before, for comparisons.
    per : float
        Calls of the rate that is compared.
    intended : bool
        Whether the dose is that of the roster in place of the delivered one.
    planned : bool
        Whether ``assigned`` holds what was planned; else only what took place of it.
    notes : tuple of str
        What was said when the design was formed.
    """

    source: pd.DataFrame
    axis: TimeAxis
    first: pd.Series
    volunteered: pd.Series | None
    outcome: str | None
    officer: str
    time: str
    dose: str
    exposure: str | None = None
    squad: str | None = None
    assigned: str | None = None
    covariates: tuple[str, ...] = ()
    per: float = 1000.0
    intended: bool = False
    planned: bool = True
    notes: tuple[str, ...] = ()

    @classmethod
    def from_frame(
        cls,
        frame: object,
        *,
        outcome: str | None,
        dose: str,
        officer: str = "officer",
        time: str = "month",
        exposure: str | None = None,
        squad: str | None = None,
        volunteered: str | None = None,
        assigned: str | None = None,
        covariates: Sequence[str] = (),
        per: float = 1000.0,
    ) -> Self:
        """Form the design, checking everything at once.

        Parameters
        ----------
        frame : pandas, polars or pyarrow frame
            One row per officer and period, about calls **without** the team.
        outcome : str or None
            Events among the officer's calls; None leaves it to `with_outcome`.
        dose : str
            Column of the dose up to the end of the period: calls answered beside the team, cumulative. The first
            period with a dose is the first exposure.
        officer, time : str
            Columns of the officer's code and of time.
        exposure : str, optional
            Column of the denominator, calls handled; rows with none are left out and counted. Without it the outcome is
            compared as it is.
        squad : str, optional
            Column of the squad, from which the share of exposed squad mates is computed, the officer left out.
        volunteered : str, optional
            Column that says whether the officer came forward, constant within an officer.
        assigned : str, optional
            Column of the cumulative dose that the roster intended, whoever rode in the end; see `as_intended`.
        covariates : sequence of str
            Columns with what officers were before, such as hours of training; they are compared, not adjusted for.
        per : float
            Calls of the rate that is compared.

        Raises
        ------
        DesignError
            Listing every broken rule with its mend.

        Examples
        --------
        >>> rows = [(o, t, t % 2 + o % 2, max(0, 3 * (t - 3)) * (o < 8)) for o in range(16) for t in range(8)]
        >>> frame = pd.DataFrame(rows, columns=["officer", "month", "force", "calls_together"]).assign(calls=20)
        >>> d = OfficerDesign.from_frame(frame, outcome="force", dose="calls_together", exposure="calls")
        >>> len(d.exposed), len(d.never_exposed)
        (8, 8)
        """
        problems = Problems("officers")
        wanted = [outcome, officer, time, dose, exposure, squad, volunteered, assigned, *covariates]
        table = columns.rectangular(frame, wanted, problems)
        with collecting() as notes:
            table = with_calls(table, exposure, problems)
            axis = columns.time_axis(table, time, problems)
            check_officers(table, axis, officer, (dose, assigned), volunteered, covariates, per, problems)
            columns.check_outcome(table, outcome, problems)
            problems.raise_if_any(DesignError)
            order = np.lexsort((axis.positions, table[officer].astype(str).to_numpy()))
            axis, table = replace(axis, positions=axis.positions[order]), table.iloc[order].reset_index(drop=True)
            made = cls(
                source=table if squad is None else with_peers(table, axis, officer, squad, dose),
                axis=axis,
                first=first_exposed(table, axis, officer, dose),
                volunteered=None if volunteered is None else of_officers(table, officer, volunteered),
                outcome=outcome,
                officer=officer,
                time=time,
                dose=dose,
                exposure=exposure,
                squad=squad,
                assigned=assigned,
                covariates=tuple(covariates),
                per=per if exposure is not None else 1.0,
            )
            say_officers(made.source, made.axis, made.first, made.volunteered, officer, squad)
        return replace(made, notes=tuple(notes))

    @classmethod
    def from_tables(
        cls,
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
        per: float = 1000.0,
        roster: object | None = None,
    ) -> Self:
        """Form the design from the tables of the data dictionary.

        Parameters
        ----------
        calls, units, rides, officers : frame
            Calls, the units sent to them, shifts shared with the team, and officers.
        outcome : str or None
            A boolean or numeric field of the calls, e.g. ``"force"``.
        period : {"month", "quarter"}
        counted_by : {"primary", "share"}
            Whose call it is: the primary officer's (the first on scene where nobody is named), or each officer's on
            scene in equal shares.
        eligible : mapping of field to values, optional
            Calls that count, by fields known before dispatch; by default those whose first code is crisis-eligible.
        covariates : sequence of str
            Fields of the officers, such as ``crisis_training_hours``.
        per : float
            Calls of the rate.
        roster : frame, optional
            Shared shifts as planned, ``officer, shift_start``; without it those that took place stand for the intent.

        Raises
        ------
        DataError, DesignError
            Listing every broken rule with its mend.

        See Also
        --------
        coresponder_causal.design.officer_tables.officer_months : What is counted, and how.
        """
        with collecting() as said:
            frame = officer_months(
                calls,
                units,
                rides,
                officers,
                outcome=outcome,
                period=period,
                counted_by=counted_by,
                eligible=eligible,
                covariates=covariates,
                roster=roster,
            )
            made = cls.from_frame(
                frame,
                outcome=outcome,
                dose="calls_together",
                time=period,
                exposure="calls",
                squad="squad" if frame["squad"].notna().any() else None,
                volunteered="volunteered" if frame["volunteered"].notna().any() else None,
                assigned="rostered",
                covariates=covariates,
                per=per,
            )
        return replace(made, notes=tuple(dict.fromkeys((*said, *made.notes))), planned=roster is not None)

    def __repr__(self) -> str:
        return f"OfficerDesign: {self.describe()}"

    def with_outcome(self, outcome: str) -> Self:
        """Return the same design for another column of its frame."""
        columns.require_outcome(self.source, outcome, "officers")
        return replace(self, outcome=outcome)

    def as_intended(self) -> OfficerDesign:
        """Return the design with the dose that the roster intended in place of the one that came about.

        Who rides in the end, officers and sergeants choose; whom the roster draws, they do not. Effects of the intended
        dose are those of being rostered (ITT). Officers who volunteered are left out: they ride whatever is drawn.

        Raises
        ------
        DesignError
            Without a column of intended doses, or where the roster sent nobody.
        """
        return intended_of(self)

    @property
    def exposed(self) -> list[str]:
        """Officers exposed within the data and after their first period, sorted."""
        return sorted(self.first.index[self.first > self.seen_from], key=str)

    @property
    def always_exposed(self) -> list[str]:
        """Officers exposed in the first period in which they are seen: they have no before."""
        return sorted(self.first.index[self.first <= self.seen_from], key=str)

    @property
    def never_exposed(self) -> list[str]:
        """Officers without any exposure, sorted."""
        return sorted(self.first.index[self.first.isna()], key=str)

    @property
    def seen_from(self) -> pd.Series:
        """First position in which each officer is seen."""
        return self._by_officer("min")

    @property
    def seen_until(self) -> pd.Series:
        """Last position in which each officer is seen."""
        return self._by_officer("max")

    @property
    def group(self) -> pd.Series:
        """Group of each exposed officer: volunteers, assigned or not_known; exposed without `volunteered`."""
        if self.volunteered is None:
            return pd.Series(everyone, self.first.index)
        return self.volunteered.map(volunteer_words).fillna(unknown)

    @property
    def since(self) -> Array:
        """Periods since the officer's first exposure by row, negative before it, NaN where never exposed."""
        return np.asarray(self.axis.positions - self.source[self.officer].map(self.first).to_numpy(float))

    def rate(self) -> Array:
        """Outcome by row: events per ``per`` calls, or as it is without a denominator."""
        return self.source[str(self.outcome)].to_numpy(float) / self.calls() * self.per

    def calls(self) -> Array:
        """Give the calls behind each row; 1 without a denominator."""
        if self.exposure is None:
            return np.ones(len(self.source))
        return self.source[self.exposure].to_numpy(float)

    def lagged(self, dose: str, lag: int) -> Array:
        """Give a cumulative dose some periods before each row: the last one seen by then, 0 before the officer is seen.

        Parameters
        ----------
        dose : str
            Column of the frame.
        lag : int
            Periods.
        """
        own = pd.DataFrame({"officer": self.source[self.officer], "at": self.axis.positions})
        wanted = own.assign(at=own["at"] - lag, place=np.arange(len(own))).sort_values("at", kind="stable")
        seen = own.assign(dose=self.source[dose].astype(float)).sort_values("at", kind="stable")
        found = pd.merge_asof(wanted, seen, on="at", by="officer").sort_values("place")
        return np.asarray(found["dose"].fillna(0.0), float)

    def baseline(self) -> pd.DataFrame:
        """Volunteers, assigned and never exposed officers before anybody was exposed; see `officer_baseline`."""
        return baseline_of(self)

    def detectable(self) -> Detectable:
        """Smallest effect that this design finds four times in five, from what came before; see `officer_power`."""
        return detectable_of(self)

    @property
    def period_name(self) -> str:
        """Plural word for the period."""
        return self.axis.plural

    @property
    def unit(self) -> str:
        """Unit of the rate that is compared, in words."""
        name = str(self.outcome).replace("_", " ")
        return f"{name} per {self.per:,.0f} {self.exposure}" if self.exposure else name

    @property
    def treatment(self) -> str:
        """The treatment in words."""
        return "being rostered to work beside the team" if self.intended else "having worked beside the team"

    @property
    def estimand(self) -> str:
        """What a method may estimate with this design."""
        contrast = "ITT" if self.intended else "ATT"
        return f"{contrast} of {self.treatment} on {self.outcome or 'the outcome'} in calls without the team"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the rows and of the statement of the design."""
        stated = (self.outcome, self.officer, self.time, self.dose, self.exposure, self.squad, self.assigned)
        return fingerprint(
            "OfficerDesign", stated, self.covariates, self.per, self.first, self.volunteered, self.source
        )

    def describe(self) -> str:
        """Return the design in words: first what it could find, then volunteers and assigned apart."""
        parts = [
            *(["outcome not yet named"] if self.outcome is None else [self.unit, self.detectable().words()]),
            f"{counted(len(self.exposed), 'officer')} exposed, {len(self.never_exposed)} never",
            *said_apart(self),
            f"{len(np.unique(self.axis.positions))} {self.period_name}, {counted(len(self.source), 'row')}",
        ]
        return "; ".join([*parts, *self.notes])

    def _by_officer(self, what: Literal["min", "max"]) -> pd.Series:
        by_officer = pd.Series(self.axis.positions, self.source.index).groupby(self.source[self.officer].to_numpy())
        return by_officer.agg(what).reindex(self.first.index)
