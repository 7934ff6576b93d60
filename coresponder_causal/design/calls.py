"""Calls: some got the treatment, some did not, and what was known about each before anybody was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.propensity import Propensity, propensity
from coresponder_causal.data.demand import asked_for
from coresponder_causal.design import call_rules, columns
from coresponder_causal.design.adjustment import Adjustment
from coresponder_causal.design.call_clusters import persons_of
from coresponder_causal.design.call_rules import call_id
from coresponder_causal.design.call_sequence import CallSequence
from coresponder_causal.design.covariates import as_numbers, doubt_adjusted, groups_of, refuse_late, refuse_unusable
from coresponder_causal.design.eligibility import Eligible
from coresponder_causal.design.graph import CausalGraph
from coresponder_causal.design.open_calls import Which, open_calls

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CallDesign:
    """Treated and untreated calls with what was known before dispatch: made by `from_frame`, never by hand.

    Parameters
    ----------
    source : DataFrame
        The calls, in the order of their ids.
    treatment, outcome, covariates, exact, person, stratum, weights : str, tuple of str or None
        Columns of ``source``, as in `from_frame`.
    adjustment : Adjustment, optional
        Put there by ``match_*`` and ``weight_*``.
    sequence : CallSequence, optional
        Of `from_tables`: every eligible call in its order, those included that are not compared.
    notes : tuple of str
        What was said when the design was formed.
    graph : CausalGraph, optional
        What moves what; None for that of a call.
    """

    source: pd.DataFrame
    treatment: str
    outcome: str | None
    covariates: tuple[str, ...]
    exact: tuple[str, ...] = ()
    person: str | None = None
    stratum: str | None = None
    weights: str | None = None
    adjustment: Adjustment | None = None
    sequence: CallSequence | None = None
    notes: tuple[str, ...] = ()
    graph: CausalGraph | None = None

    @classmethod
    def from_frame(
        cls,
        calls: object,
        *,
        outcome: str | None,
        treatment: str,
        covariates: Sequence[str],
        exact: Sequence[str] = (),
        person: str | None = None,
        stratum: str | None = None,
        weights: str | None = None,
        on_duty: Literal["only", "all"] = "only",
        graph: CausalGraph | None = None,
    ) -> Self:
        """Form the design of calls that could have gone either way, checking everything at once.

        `from_tables` chooses them by the schedule, by eligibility and by who called before.

        Parameters
        ----------
        calls : pandas, polars or pyarrow frame
            One row per call, each of which could have had the treatment. A column ``call_id`` names the calls. What
            police or team started themselves, where a column ``origin`` says so, is left out and said.
        outcome : str or None
            Column of numbers or booleans; None leaves it to `with_outcome`.
        treatment : str
            Column of True and False, or 1 and 0.
        covariates : sequence of str
            Columns known before dispatch: numbers, booleans, or text (one indicator per level; a missing text is a
            level of its own, and said).
        exact : sequence of str
            Columns in which a matched call must equal its treated call.
        person : str, optional
            Column of person codes, within which calls are not independent.
        stratum : str, optional
            Column of blocks of calls, e.g. months: matching stays within them, and each has an indicator in the
            propensity.
        weights : str, optional
            Column of sampling weights.
        on_duty : {"only", "all"}
            Whether calls of which a column ``team_on_duty`` says no are left out. Kept, as an instrument of hours needs
            them, they are refused wherever a probability of treatment is asked for.
        graph : CausalGraph, optional
            What moves what; by default ``CausalGraph.named("call")``. A covariate that the treatment moves is refused
            with the way it does so; one that opens a path and closes none, as colliders do, is said as a doubt.

        Raises
        ------
        DesignError
            Listing every broken rule with its mend.

        Notes
        -----
        Levels of a covariate whose calls all went one way are said, as an `IdentificationWarning`, where chance would
        have sent ten or more the other way.

        Examples
        --------
        >>> frame = pd.DataFrame({"attended": [1, 0, 1, 0], "hour": [1, 1, 2, 3], "arrest": [0, 1, 0, 0]})
        >>> CallDesign.from_frame(frame, outcome="arrest", treatment="attended", covariates=["hour"]).describe()
        'arrest of 4 calls, 2 with attended; known before dispatch: hour'
        """
        problems = Problems("calls")
        adjusted = list(dict.fromkeys((*covariates, *exact, *([stratum] if stratum else []))))
        known = call_rules.refuse_untold(calls, treatment, problems)
        table = columns.rectangular(calls, [*known, outcome, person, weights, *adjusted], problems)
        call_rules.refuse_roles(treatment, outcome, adjusted, problems)
        call_rules.refuse_repeats(table, problems)
        with collecting() as notes:
            table = asked_for(table)
            if on_duty == "only":
                table = call_rules.on_duty_rows(table, treatment)
            table = table.reset_index(drop=True)
            call_rules.refuse_uncontrasted(table, treatment, problems)
            others = [name for name in adjusted if name not in (treatment, outcome)]
            refuse_late(others, problems, treatment=treatment, graph=graph)
            for name in adjusted:
                refuse_unusable(table, name, problems, grouping=name not in covariates)
            if outcome is not None:
                call_rules.refuse_constant_outcome(table, outcome, problems)
            if weights is not None:
                columns.numbers(table, weights, problems, sign="positive")
            problems.raise_if_any(DesignError)
            if on_duty == "only":
                doubt_adjusted(table, adjusted, treatment, outcome, graph)
            if person is not None and table[person].isna().any():
                note(f"{int(table[person].isna().sum())} calls have no {person} and count as persons of their own")
        return cls(
            source=call_rules.in_order(table),
            treatment=treatment,
            outcome=outcome,
            covariates=tuple(covariates),
            exact=tuple(exact),
            person=person,
            stratum=stratum,
            weights=weights,
            notes=tuple(notes),
            graph=graph,
        )

    @classmethod
    def from_tables(
        cls,
        calls: object,
        schedule: object | None = None,
        *,
        outcome: str | None,
        treatment: str,
        covariates: Sequence[str],
        eligible: Eligible | None = None,
        which: Which = "first",
        washout_days: int = 180,
        city: str | None = None,
        exact: Sequence[str] = (),
        person: str | None = None,
        stratum: str | None = None,
        weights: str | None = None,
        graph: CausalGraph | None = None,
    ) -> Self:
        """Form the design of calls that could have gone either way when they were received.

        Parameters
        ----------
        calls : frame
            Table of calls, with ``received_at``: time zero, in local clock time.
        schedule : frame, optional
            Table of the team's shifts. Without it the column ``team_on_duty`` says when the team was on duty.
        outcome, treatment, covariates, exact, person, stratum, weights, graph
            As in `from_frame`. The covariate ``prior_calls`` is made where it is no column: calls of the person in the
            table in the ``washout_days`` before, eligible or not, without the call itself.
        eligible : mapping of field to values, optional
            Calls that are compared, by fields known before dispatch, e.g. ``{"initial_type": ["welfare_check"]}``.
        which : {"first", "all"}
            Calls before which the person has no eligible call in ``washout_days``, attended or not, on duty or not; or
            all, in which what an earlier call brought is part of the comparison. Either way persons are clusters.
        washout_days : int
            Days without an eligible call.
        city : str, optional
            City with the team; by default the only one of the schedule.

        Raises
        ------
        DesignError
            Listing every broken rule with its mend.

        Notes
        -----
        Left out, each with a count: what officers or the team started themselves (``origin``), which is no demand and
        nobody's earlier call either; calls without a time of receipt, of other cities, not eligible, received outside a
        shift that took place, received while the team was taken (``team_busy``), and calls that are not the first.
        Shifts that were planned and not delivered are not on duty: whoever wants the effect of the plan takes
        `CoverageDesign`.

        References
        ----------
        Hernán & Robins (2016), doi:10.1093/aje/kwv254 (eligibility, assignment and time zero at one moment).

        Examples
        --------
        >>> calls = pd.DataFrame({"person": ["a", "a", "b", "c"], "attended": [1, 0, 0, 0], "priority": [1, 2, 1, 2]})
        >>> calls["received_at"] = pd.to_datetime(["2020-07-01", "2020-08-01", "2020-08-02", "2020-08-03"])
        >>> calls = calls.assign(team_on_duty=[True, True, True, False])
        >>> stated = {"outcome": None, "treatment": "attended", "covariates": [], "person": "person"}
        >>> CallDesign.from_tables(calls, **stated).source["person"].tolist()
        ['a', 'b']
        """
        with collecting() as said:
            sequence = open_calls(
                calls,
                schedule,
                treatment=treatment,
                covariates=covariates,
                person=person,
                eligible=eligible,
                which=which,
                washout_days=washout_days,
                city=city,
            )
        design = cls.from_frame(
            sequence.calls[sequence.compared(sequence.asked)],
            outcome=outcome,
            treatment=treatment,
            covariates=covariates,
            exact=exact,
            person=person,
            stratum=stratum,
            weights=weights,
            graph=graph,
        )
        return replace(design, sequence=sequence, notes=(*said, *design.notes))

    def with_washout(self, days: int) -> Self:
        """Return the design as it was before any adjustment, of the first calls of another wash-out.

        Parameters
        ----------
        days : int
            Days before a call without an eligible one of the same person; 0: all calls. A covariate ``prior_calls``
            stays as it was made; covariates that are the same in all of these calls, and calls whose outcome is not
            known, are left out.

        Raises
        ------
        DesignError
            If the design was not made by `from_tables`, or these calls cannot be compared.
        """
        if self.sequence is None:
            raise DesignError("this design holds no calls but those it compares", mend="form it by from_tables")
        calls = self.sequence.known(days, self.outcome)
        plain = type(self).from_frame(
            calls,
            outcome=self.outcome,
            treatment=self.treatment,
            covariates=[each for each in self.covariates if calls[each].nunique(dropna=False) > 1],
            exact=self.exact,
            person=self.person,
            stratum=self.stratum,
            weights=self.weights,
        )
        kept = self.sequence.washout_days
        return replace(plain, sequence=replace(self.sequence, first_only=days > 0, washout_days=days or kept))

    def with_outcome(self, outcome: str) -> Self:
        """Return the same design, with the same weights and pairs, for another column of its frame."""
        call_rules.require_other(self.source, outcome, self.treatment, [*self.covariates, *self.exact])
        return replace(self, outcome=outcome)

    def require_plain(self, asked: str) -> None:
        """Refuse to adjust twice, to adjust for nothing, and to adjust where nobody could be sent."""
        call_rules.refuse_off_duty(self.source, self.treatment, asked)
        if self.adjustment is not None:
            raise DesignError(
                f"{asked} was given a design that {self.adjustment.method} has adjusted",
                mend="give it the design as CallDesign.from_frame made it",
            )
        if not self.covariates:
            raise DesignError(f"{asked} needs covariates and this design has none", mend="name them in covariates=")

    def propensity(self) -> Propensity:
        """Probability of the treatment given covariates and stratum, by logistic regression."""
        call_rules.refuse_off_duty(self.source, self.treatment, "the probability of treatment")
        frame = self.covariate_frame(reference_levels=False)
        return propensity(
            self.treated.astype(float), frame.to_numpy(float), list(map(str, frame)), weights=self.sampling_weights()
        )

    def covariate_frame(self, *, reference_levels: bool = True) -> pd.DataFrame:
        """Covariates (and stratum) as numbers, text by one indicator per level.

        Parameters
        ----------
        reference_levels : bool
            Whether the first of three or more levels has an indicator too: wanted for a balance table, not for a
            regression with a constant.
        """
        names = list(dict.fromkeys((*self.covariates, *([self.stratum] if self.stratum else []))))
        return as_numbers(self.source, names, levels_of=self.stratum, reference_levels=reference_levels)

    def groups(self) -> NDArray[np.int64]:
        """Give each call the number of its group: calls equal in ``exact`` and ``stratum``, shape (n,)."""
        return groups_of(self.source, self.equal_in)

    def outcome_values(self) -> Array:
        """Outcome per call, shape (n,)."""
        return self.source[self.outcome].to_numpy(float)

    def sampling_weights(self) -> Array:
        """Return the sampling weight per call, shape (n,); ones where none were named."""
        return np.ones(len(self.source)) if self.weights is None else self.source[self.weights].to_numpy(float)

    def call_weights(self) -> Array:
        """Weight per call in the comparison: adjustment times sampling, shape (n,)."""
        sampling = self.sampling_weights()
        return sampling if self.adjustment is None else sampling * self.adjustment.weights

    @property
    def equal_in(self) -> list[str]:
        """Columns in which matched calls are equal: ``exact`` and ``stratum``."""
        return [*self.exact, *([self.stratum] if self.stratum else [])]

    @property
    def treated(self) -> NDArray[np.bool_]:
        """Whether each call had the treatment, shape (n,)."""
        return self.source[self.treatment].to_numpy(bool)

    @property
    def calls(self) -> pd.Index:
        """Labels of the calls: ``call_id``, or the number of the row."""
        return pd.Index(self.source[call_id]) if call_id in self.source else pd.RangeIndex(len(self.source))

    @property
    def persons(self) -> pd.Index:
        """Number of the person behind each call; a call without a code, or a design without persons, is its own."""
        return persons_of(self.source, self.person)

    @property
    def contrast(self) -> str:
        """Contrast in the field's words."""
        return "unadjusted difference" if self.adjustment is None else self.adjustment.contrast

    @property
    def estimand(self) -> str:
        """What a method may estimate with this design."""
        return f"{self.contrast} of {self.treatment} on {self.outcome or 'the outcome'}"

    @property
    def design_fingerprint(self) -> str:
        """SHA-256 of everything but the outcome: the same whatever the outcome is, and without one."""
        stated = (self.treatment, self.covariates, self.exact, self.person, self.stratum, self.weights)
        named = (self.treatment, *self.covariates, *self.exact, self.person, self.stratum, self.weights, call_id)
        kept = [name for name in dict.fromkeys(named) if name is not None and name in self.source]
        put_on = [getattr(self.adjustment, entry.name, None) for entry in fields(Adjustment)]
        return fingerprint("CallDesign", stated, self.source[kept], put_on)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the design and its outcome."""
        values = () if self.outcome is None else self.source[self.outcome]
        return fingerprint(self.design_fingerprint, self.outcome, values)

    def __repr__(self) -> str:
        return f"CallDesign: {self.describe()}"

    def describe(self) -> str:
        """Return the design in words."""
        many = f"{len(self.source)} calls, {int(self.treated.sum())} with {self.treatment}"
        parts = [f"{self.outcome or 'outcome not yet named'} of {many}"]
        parts += [f"known before dispatch: {', '.join(self.covariates)}"] if self.covariates else []
        parts += [f"matched calls equal in {', '.join(self.equal_in)}"] if self.equal_in else []
        parts += [f"{self.contrast} by {self.adjustment.method}"] if self.adjustment else []
        return "; ".join([*parts, *self.notes])
