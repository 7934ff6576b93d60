"""Calls: some got the treatment, some did not, and what was known about each before anybody was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.propensity import Propensity, propensity
from coresponder_causal.core.weight_model import WeightModel
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.design import columns
from coresponder_causal.design.covariates import as_numbers, labels, refuse_late, refuse_unusable

Array = NDArray[np.float64]
Contrast = Literal["ATT", "ATE", "ATC", "ATO", "ATM"]
call_id = "call_id"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adjustment:
    """Weights that make the untreated calls comparable, made without any outcome.

    Parameters
    ----------
    method : str
        Function that made them.
    contrast : {"ATT", "ATE", "ATC", "ATO", "ATM"}
        Whom the weighted comparison speaks of; ATC: the untreated calls; ATM: calls of both kinds that are alike.
    options : Facts
        Options of that function.
    weights : ndarray, shape (n,)
        Weight of each call before sampling weights; 0 where a call is not used.
    model : WeightModel, optional
        How estimated weights move with what they were estimated from.
    pairs : ndarray of int, shape (m, 2), optional
        Rows of treated and control in each matched pair.
    sets : ndarray of int, shape (n,), optional
        Number of the matched set, stratum or subclass of each call, -1 where a call is in none.
    reused : bool
        Whether a control may stand in several pairs.
    among : str
        Which of these calls it speaks of, where some were left out, as in "whose …".
    """

    method: str
    contrast: Contrast
    options: Facts = field(default_factory=Facts)
    weights: Array
    model: WeightModel | None = None
    pairs: NDArray[np.int64] | None = None
    sets: NDArray[np.int64] | None = None
    reused: bool = False
    among: str = ""

    def __post_init__(self) -> None:
        for name in ("weights", "pairs", "sets"):
            array = getattr(self, name)
            if array is not None:
                own = array.copy()
                own.setflags(write=False)
                object.__setattr__(self, name, own)
        if self.model is not None:
            for array in self.model.arrays():
                array.setflags(write=False)


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
    notes : tuple of str
        What was said when the design was formed.
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
    notes: tuple[str, ...] = ()

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
    ) -> Self:
        """Form the design, checking everything at once.

        Parameters
        ----------
        calls : pandas, polars or pyarrow frame
            One row per call, each of which could have had the treatment. A column ``call_id`` names the calls.
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

        Raises
        ------
        DesignError
            Listing every broken rule with its mend.

        Examples
        --------
        >>> frame = pd.DataFrame({"attended": [1, 0, 1, 0], "hour": [1, 1, 2, 3], "arrest": [0, 1, 0, 0]})
        >>> CallDesign.from_frame(frame, outcome="arrest", treatment="attended", covariates=["hour"]).describe()
        'arrest of 4 calls, 2 with attended; known before dispatch: hour'
        """
        problems = Problems("calls")
        adjusted = list(dict.fromkeys((*covariates, *exact, *([stratum] if stratum else []))))
        known = _refuse_untold(calls, treatment, problems)
        table = columns.rectangular(calls, [*known, outcome, person, weights, *adjusted], problems)
        _refuse_roles(treatment, outcome, adjusted, problems)
        _refuse_repeats(table, problems)
        _refuse_uncontrasted(table, treatment, problems)
        with collecting() as notes:
            refuse_late([name for name in adjusted if name not in (treatment, outcome)], problems)
            for name in adjusted:
                refuse_unusable(table, name, problems, grouping=name not in covariates)
            if outcome is not None:
                _refuse_constant_outcome(table, outcome, problems)
            if weights is not None:
                columns.numbers(table, weights, problems, sign="positive")
            problems.raise_if_any(DesignError)
            if person is not None and table[person].isna().any():
                note(f"{int(table[person].isna().sum())} calls have no {person} and count as persons of their own")
        return cls(
            source=_in_order(table),
            treatment=treatment,
            outcome=outcome,
            covariates=tuple(covariates),
            exact=tuple(exact),
            person=person,
            stratum=stratum,
            weights=weights,
            notes=tuple(notes),
        )

    def with_outcome(self, outcome: str) -> Self:
        """Return the same design, with the same weights and pairs, for another column of its frame."""
        problems = Problems("calls")
        columns.rectangular(self.source, [outcome], problems)
        _refuse_roles(self.treatment, outcome, [*self.covariates, *self.exact], problems)
        _refuse_constant_outcome(self.source, outcome, problems)
        problems.raise_if_any(DesignError)
        return replace(self, outcome=outcome)

    def require_plain(self, asked: str) -> None:
        """Refuse to adjust twice, and to adjust for nothing."""
        if self.adjustment is not None:
            raise DesignError(
                f"{asked} was given a design that {self.adjustment.method} has adjusted",
                mend="give it the design as CallDesign.from_frame made it",
            )
        if not self.covariates:
            raise DesignError(f"{asked} needs covariates and this design has none", mend="name them in covariates=")

    def propensity(self) -> Propensity:
        """Probability of the treatment given covariates and stratum, by logistic regression."""
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
        names = [*self.covariates, *([self.stratum] if self.stratum and self.stratum not in self.covariates else [])]
        return as_numbers(self.source, names, levels_of=self.stratum, reference_levels=reference_levels)

    def groups(self) -> NDArray[np.int64]:
        """Give each call the number of its group: calls equal in ``exact`` and ``stratum``, shape (n,)."""
        if not (names := self.equal_in):
            return np.zeros(len(self.source), np.int64)
        texts = pd.DataFrame({name: labels(self.source[name]) for name in names})
        return np.asarray(texts.groupby(names, sort=True).ngroup(), np.int64)

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
        if self.person is None:
            return pd.RangeIndex(len(self.source))
        codes = pd.factorize(self.source[self.person])[0]
        return pd.Index(np.where(codes < 0, len(codes) + np.arange(len(codes)), codes))

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


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Sort calls by their ids, so that no result depends on the order of rows."""
    if call_id not in table:
        return table.copy()
    ids = table[call_id]
    keys = ids if pd.api.types.is_numeric_dtype(ids) else ids.astype(str)
    return table.iloc[np.argsort(keys.to_numpy(), kind="stable")].reset_index(drop=True)


def _refuse_untold(calls: object, treatment: str, problems: Problems) -> list[str]:
    """Refuse calls that do not say which of them had the treatment; return the column where they do."""
    there = to_pandas(calls).columns
    if treatment in there:
        return [treatment]
    has = ", ".join(map(str, there[:12]))
    problems.add(
        f"column '{treatment}', which says which calls had the treatment, is missing (there are: {has})",
        mend="name the column; calls without one can be described, by data.surface or data.metrics, but not compared",
    )
    return []


def _refuse_roles(treatment: str, outcome: str | None, adjusted: Sequence[str], problems: Problems) -> None:
    """Refuse a column that would explain itself."""
    if treatment == outcome:
        problems.add(f"'{treatment}' is treatment and outcome at once", mend="name two columns")
    for role, name in (("treatment", treatment), ("outcome", outcome)):
        if name in adjusted:
            problems.add(f"'{name}' is the {role} and is adjusted for too", mend="take it out of covariates and exact")


def _refuse_repeats(table: pd.DataFrame, problems: Problems) -> None:
    if call_id not in table:
        return
    blank = table[call_id].isna()
    for where, what, mend in (
        (blank, f"without a {call_id}", "fill it"),
        (table[call_id].duplicated() & ~blank, f"with a {call_id} that came before", "keep one row per call"),
    ):
        if where.any():
            rows = np.flatnonzero(where)
            problems.add(f"{columns.counted(len(rows), 'row')} {what}", mend=mend, rows=rows)


def _refuse_uncontrasted(table: pd.DataFrame, treatment: str, problems: Problems) -> None:
    """Refuse a treatment that is not 0 and 1, or that has one of them only."""
    values = table[treatment]
    if values.isna().any():
        where = np.flatnonzero(values.isna())
        problems.add(f"'{treatment}' is missing in {columns.counted(len(where), 'row')}", mend="fill it", rows=where)
        return
    found = values.unique()
    numeric = pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values)
    if not numeric or not values.isin([0, 1]).all():
        others = columns.counted(len(found), "value")
        problems.add(
            f"'{treatment}' holds {others}{'' if numeric else ' as text'}, not 0 and 1",
            mend="recode it: 1 for the calls with the treatment, 0 for the others",
        )
    elif len(found) == 1:
        problems.add(
            f"all {len(values)} calls have '{treatment}' = {found[0]}",
            mend="bring calls of both kinds that could have gone either way",
        )


def _refuse_constant_outcome(table: pd.DataFrame, outcome: str, problems: Problems) -> None:
    """Refuse an outcome that is not a number everywhere or never varies."""
    values = columns.numbers(table, outcome, problems)
    if len(values) > 1 and np.isfinite(values).all() and np.ptp(values) == 0:
        problems.add(f"'{outcome}' is {values[0]:g} in every call", mend="choose an outcome that varies")
