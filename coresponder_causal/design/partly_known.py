"""Calls whose outcomes are known of some only: because nobody answered, was found, or was linked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.design import columns
from coresponder_causal.design.calls import CallDesign

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PartlyKnownDesign:
    """Treated and untreated calls with an outcome that is missing for some: made by `from_calls`, never by hand.

    Parameters
    ----------
    calls : CallDesign
        The comparison, without an outcome: as it came, matched or weighted.
    outcome : str or None
        Column of its frame; missing where the outcome is not known.
    least, most : float or None
        Range in which unknown outcomes lie; None: that of the known ones.
    drawn, chance, reviewed, reviewed_again : str or None
        Columns of its frame, as in `from_calls`.
    notes : tuple of str
        What was said when the design was formed.
    """

    calls: CallDesign
    outcome: str | None
    least: float | None = None
    most: float | None = None
    drawn: str | None = None
    chance: str | None = None
    reviewed: str | None = None
    reviewed_again: str | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def from_calls(
        cls,
        calls: CallDesign,
        *,
        outcome: str | None,
        least: float | None = None,
        most: float | None = None,
        drawn: str | None = None,
        chance: str | None = None,
        reviewed: str | None = None,
        reviewed_again: str | None = None,
    ) -> Self:
        """Form the design, checking everything at once.

        Parameters
        ----------
        calls : CallDesign
            Formed with ``outcome=None``; `match_nearest` and `weight_propensity` may have adjusted it.
        outcome : str or None
            Column of numbers, or yes and no, of its frame. Missing is not known; it is not a no.
        least, most : float, optional
            Smallest and largest value that an unknown outcome can have; 0 and 1 for yes and no, otherwise those seen.
        drawn : str, optional
            Column: whether a call without an outcome was drawn to be followed up intensively, or any call to be
            reviewed by hand.
        chance : str, optional
            Column: the chance with which it could be drawn, as `double_sampling` wrote it.
        reviewed : str, optional
            Column: what a review by hand found, yes or no, of a sample of calls; missing of the others. The outcome is
            then what the linkage found, or a machine coded.
        reviewed_again : str, optional
            Column: what a second person found, blind to the first, of the calls that the first reviewed, or of a share
            of them drawn by lot.

        Raises
        ------
        DesignError
            Listing every broken rule with its mend.

        Examples
        --------
        >>> frame = pd.DataFrame({"attended": [1, 0, 1, 0], "hour": [1, 1, 2, 3], "engaged": [1, None, 0, 0]})
        >>> plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["hour"])
        >>> d = PartlyKnownDesign.from_calls(plain, outcome="engaged")
        >>> d.seen().tolist(), d.range_of_outcome
        ([True, False, True, True], (0.0, 1.0))
        """
        problems = Problems("calls")
        if calls.outcome is not None:
            problems.add(
                f"the calls already have the outcome '{calls.outcome}'", mend="form them with outcome=None and adjust"
            )
        told = [drawn, chance, reviewed, reviewed_again]
        table = columns.rectangular(calls.source, [outcome, *told], problems)
        _refuse_roles(calls, [outcome, *told], problems)
        for name in (name for name in told if name is not None):
            _refuse_odd(table, name, problems, within=(0.0, 1.0), only=name != chance)
        if reviewed_again is not None:
            _refuse_second_alone(table, reviewed, reviewed_again, problems)
        stated = cls(
            calls=calls, outcome=None, least=least, most=most, drawn=drawn, chance=chance, reviewed=reviewed,
            reviewed_again=reviewed_again, notes=calls.notes,
        )  # fmt: skip
        problems.raise_if_any(DesignError)
        return stated if outcome is None else stated.with_outcome(outcome)

    def with_outcome(self, outcome: str) -> Self:
        """Return the same design for another column of its frame; what is not known of it is counted and said."""
        problems = Problems("calls")
        table = columns.rectangular(self.calls.source, [outcome], problems)
        _refuse_roles(self.calls, [outcome], problems)
        _refuse_odd(table, outcome, problems, within=(self.least, self.most), only=False)
        problems.raise_if_any(DesignError)
        named = replace(self, outcome=outcome)
        treated, seen = self.calls.treated, named.seen()
        for arm, word in ((treated, "with"), (~treated, "without")):
            if not (arm & seen).any():
                problems.add(
                    f"'{outcome}' is known of no call {word} {self.calls.treatment}", mend="choose another outcome"
                )
        if np.ptp(named.values()[seen]) == 0:
            problems.add(f"'{outcome}' is the same in every call where it is known", mend="choose one that varies")
        problems.raise_if_any(DesignError)
        with collecting() as said:
            note(named.what_is_unknown())
            if (self.least is None or self.most is None) and not named.yes_or_no:
                note(
                    "unknown outcomes are taken to lie among the known: from {:g} to {:g}".format(
                        *named.range_of_outcome
                    )
                )
        return replace(named, notes=(*self.calls.notes, *said))

    @property
    def source(self) -> pd.DataFrame:
        """The calls."""
        return self.calls.source

    @property
    def yes_or_no(self) -> bool:
        """Whether every known outcome is 0 or 1."""
        return bool(np.isin(self.values()[self.seen()], [0.0, 1.0]).all())

    @property
    def range_of_outcome(self) -> tuple[float, float]:
        """Least and most that an unknown outcome can be."""
        known = self.values()[self.seen()]
        least, most = (0.0, 1.0) if self.yes_or_no else (float(known.min()), float(known.max()))
        return least if self.least is None else self.least, most if self.most is None else self.most

    def values(self) -> Array:
        """Outcome per call, NaN where it is not known, shape (n,)."""
        return _floats(self.source, str(self.outcome))

    def seen(self) -> Flags:
        """Whether the outcome of each call is known, shape (n,)."""
        return np.isfinite(self.values())

    def was_drawn(self) -> Flags:
        """Whether each call was drawn into the second sample, shape (n,)."""
        return np.asarray(_floats(self.source, str(self.drawn)) == 1, bool)

    def chances(self) -> Array:
        """Chance of each call of being drawn, shape (n,); 1 where the design does not say."""
        return np.ones(len(self.source)) if self.chance is None else _floats(self.source, self.chance)

    def found(self) -> Array:
        """Return what the review by hand found of each call, NaN where it did not look, shape (n,)."""
        return _floats(self.source, str(self.reviewed))

    def found_again(self) -> Array:
        """Return what the second person found of each call, NaN where they did not look, shape (n,)."""
        return _floats(self.source, str(self.reviewed_again))

    def influence_of(self, per_weight: Array) -> Array:
        """Influence, over n, of every call on numbers whose derivatives in the weights are given.

        Parameters
        ----------
        per_weight : ndarray, shape (n, k)

        Returns
        -------
        ndarray, shape (n, k)
            Of the call itself, and of its part in estimated weights.
        """
        own, adjustment = self.calls.call_weights()[:, None] * per_weight, self.calls.adjustment
        if adjustment is None or adjustment.model is None:
            return np.asarray(own, float)
        through, sampling = adjustment.model.influence_through, self.calls.sampling_weights()
        return np.asarray(own + np.column_stack([through(sampling * one) for one in per_weight.T]), float)

    def what_is_unknown(self) -> str:
        """Count the calls without an outcome in each arm."""
        treated, seen = self.calls.treated, self.seen()
        parts = [
            f"{int((arm & ~seen).sum())} of {int(arm.sum())} calls {word} {self.calls.treatment}"
            for arm, word in ((treated, "with"), (~treated, "without"))
        ]
        return f"'{self.outcome}' is not known of {' and '.join(parts)}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the comparison and all that is known of outcomes."""
        named = (self.outcome, self.drawn, self.chance, self.reviewed, self.reviewed_again)
        held = self.source[[name for name in named if name is not None]]
        return fingerprint("PartlyKnownDesign", self.calls.design_fingerprint, named, self.least, self.most, held)

    def __repr__(self) -> str:
        return f"PartlyKnownDesign: {self.describe()}"

    def describe(self) -> str:
        """Return the design in words."""
        return "; ".join([replace(self.calls, outcome=self.outcome, notes=()).describe(), *self.notes])


def _floats(table: pd.DataFrame, name: str) -> Array:
    return np.asarray(table[name].astype("Float64").to_numpy(float, na_value=np.nan), float)


def _refuse_roles(calls: CallDesign, names: list[str | None], problems: Problems) -> None:
    taken = {calls.treatment, *calls.covariates, *calls.exact, calls.stratum, calls.person, calls.weights} - {None}
    for name in names:
        if name in taken:
            problems.add(f"'{name}' has another role in the comparison", mend="name another column")


def _refuse_second_alone(table: pd.DataFrame, first: str | None, second: str, problems: Problems) -> None:
    if first is None:
        problems.add(f"'{second}' is of a second person and no column of the first is named", mend="name reviewed=")
    elif (alone := table[second].notna() & table[first].isna()).any():
        rows = np.flatnonzero(alone)
        problems.add(
            f"'{second}' is filled and '{first}' blank in {columns.counted(len(rows), 'row')}",
            mend=f"a code of one person alone belongs into '{first}'",
            rows=rows,
        )


def _refuse_odd(
    table: pd.DataFrame, name: str, problems: Problems, *, within: tuple[float | None, float | None], only: bool
) -> None:
    """Refuse what is no number, infinite, or out of range; missing is allowed. ``only``: 0 and 1 alone."""
    try:
        values = _floats(table, name)
    except (TypeError, ValueError):
        problems.add(f"'{name}' is not numeric", mend="recode it: 1 for yes, 0 for no, blank for not known")
        return
    least, most = (edge if bound is None else bound for bound, edge in zip(within, (-np.inf, np.inf), strict=True))
    wrong = {
        "infinite": np.isinf(values),
        f"outside {least:g} to {most:g}": np.isfinite(values) & ((values < least) | (values > most)),
        "neither 0 nor 1": np.isfinite(values) & ~np.isin(values, [0.0, 1.0]) & only,
    }
    for word, where in wrong.items():
        if where.any():
            rows = np.flatnonzero(where)
            problems.add(f"'{name}' is {word} in {columns.counted(len(rows), 'row')}", mend="correct it", rows=rows)
