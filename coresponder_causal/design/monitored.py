"""One metric by month, the months before it was monitored apart: what a control chart rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.control_chart import PreModel
from coresponder_causal.core.count_regression import fit_counts
from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.core.regressors import harmonics, independent
from coresponder_causal.data.periods import TimeAxis, parse_time, share_after

Array = NDArray[np.float64]
fewest_months, fewest_events, year = 24, 5.0, 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Monitored:
    """A count by month, before and since it is monitored: made by `from_rows`.

    Parameters
    ----------
    label : str
        The metric in words.
    axis : TimeAxis
        Its months.
    counts, exposure : ndarray, shape (n + m,)
        Events, and what they are divided by.
    n : int
        Months before it was monitored.
    matrix : ndarray, shape (n + m + ahead, k)
        Regressors of these months and of those ahead.
    names : tuple of str
        Of the regressors.
    share : bool
        Whether events are some of what they are divided by.
    """

    label: str
    axis: TimeAxis
    counts: Array
    exposure: Array
    n: int
    matrix: Array
    names: tuple[str, ...]
    share: bool

    @classmethod
    def from_rows(
        cls,
        rows: pd.DataFrame,
        *,
        label: str,
        since: str,
        start: str | None = None,
        breaks: Mapping[str, str] | None = None,
        without: Sequence[str] = (),
        share: bool = True,
        ahead: int = 0,
    ) -> Monitored:
        """Take a metric's months apart.

        Parameters
        ----------
        rows : DataFrame
            ``period`` ("2020-07"), ``numerator``, ``denominator``.
        label : str
        since : str
            First month that is monitored.
        start : ISO date, optional
            Start of the programme: where it lies before ``since`` the level may change there.
        breaks : mapping of date to words, optional
            Changes of recording that are known: from each on the level is another one.
        without : sequence of str
            Months left out.
        share : bool
            Whether events are some of what they are divided by.
        ahead : int
            Months after the last one for which regressors are made.

        Returns
        -------
        Monitored

        Raises
        ------
        DesignError
            Listing every broken rule: fewer than 24 months before, fewer than 5 events a month in them, counts that
            are not whole, months twice.

        Examples
        --------
        >>> rows = pd.DataFrame({"period": pd.period_range("2020-01", periods=30, freq="M").astype(str),
        ...     "numerator": 20.0 + np.arange(30) % 3, "denominator": 100.0})
        >>> made = Monitored.from_rows(rows, label="Arrests", since="2022-01")
        >>> made.n, made.months[made.n], made.names[:2]
        (24, '2022-01', ('constant', 'trend'))
        """
        known = _known(rows, label, without)
        axis = parse_time(known["period"])
        n = int((axis.positions < pd.Period(since, "M").ordinal).sum())
        counts, exposure = (known[name].to_numpy(float) for name in ("numerator", "denominator"))
        _require(label, axis, counts, n, since)
        last = int(axis.positions[-1])
        longer = TimeAxis("M", np.append(axis.positions, np.arange(last + 1, last + 1 + ahead)), axis.alias)
        matrix, names = _regressors(longer, n, start, breaks or {})
        return cls(
            label=label, axis=axis, counts=counts, exposure=exposure, n=n, matrix=matrix, names=names, share=share
        )

    @property
    def months(self) -> list[str]:
        """The months as text."""
        return [str(month) for month in self.axis.labels(self.axis.positions)]

    def model(self, *, ahead: int | None = None) -> PreModel:
        """Fit the months before it was monitored, and carry the fit on.

        Parameters
        ----------
        ahead : int, optional
            Months that follow them, as many as the matrix holds, at the exposure of their last year and without more
            of the trend in what is expected; by default the months seen, at theirs.

        Raises
        ------
        EstimationError
            As of `core.count_regression.fit_counts`.
        """
        n, seen = self.n, len(self.counts)
        varies = independent(self.matrix[:n])
        fit = fit_counts(
            self.counts[:n],
            self.matrix[:n, varies],
            exposure=self.exposure[:n],
            names=[name for name, kept in zip(self.names, varies, strict=True) if kept],
        )
        months = seen if ahead is None else n + ahead
        matrix, expected = self.matrix[:months], self.matrix[:months, varies].copy()
        exposure = self.exposure[:months]
        if ahead is not None:
            trend = list(np.array(self.names)[varies]).index("trend")
            expected[n:, trend] = expected[n - 1, trend]
            exposure = np.append(self.exposure[:n], np.full(ahead, self.exposure[max(0, n - year) : n].mean()))
        first = int(self.axis.positions[0])
        later = np.append(self.axis.positions, self.axis.positions[-1] + 1 + np.arange(len(self.matrix) - seen))
        return PreModel(
            matrix=matrix,
            mean=np.asarray(exposure * np.exp(expected @ fit.beta), float),
            positions=(later[:months] - first).astype(float),
            n=n,
            floor=1.0 - float(self.counts[:n].sum() / self.exposure[:n].sum()) if self.share else 1.0,
        )


def _known(rows: pd.DataFrame, label: str, without: Sequence[str]) -> pd.DataFrame:
    """Months with something to divide by, in order; the others are said."""
    ordered = rows.sort_values("period", ignore_index=True)
    left_out = ordered["period"].isin(list(without))
    empty = ~ordered["denominator"].gt(0) & ~left_out
    if left_out.any():
        note(f"{label}: {int(left_out.sum())} months are left out as asked")
    if empty.any():
        note(f"{label}: {int(empty.sum())} months have nothing to divide by and are left out")
    return ordered[~left_out & ~empty].reset_index(drop=True)


def _require(label: str, axis: TimeAxis, counts: Array, n: int, since: str) -> None:
    """Refuse what no chart can rest on."""
    problems = Problems(f"the chart of '{label}'")
    if twice := len(axis.positions) - len(np.unique(axis.positions)):
        problems.add(f"{twice} months stand twice", mend="give one row a month")
    if np.any(~np.isfinite(counts) | (counts < 0) | (counts != np.round(counts))):
        problems.add("its events are not whole numbers", mend="monitor a metric that counts")
    if n < fewest_months:
        problems.add(
            f"{n} months before {since}, {fewest_months} are needed",
            mend="begin later, with --since, or bring earlier months",
        )
    elif np.nanmean(counts[:n]) < fewest_events:
        problems.add(
            f"{np.nanmean(counts[:n]):.1f} events a month before {since}, {fewest_events:g} are needed",
            mend="count something wider",
        )
    problems.raise_if_any(DesignError)


def _regressors(axis: TimeAxis, n: int, start: str | None, breaks: Mapping[str, str]) -> tuple[Array, tuple[str, ...]]:
    """Constant, trend in years, season, and the steps that fall inside, none of them a combination of others."""
    positions = axis.positions.astype(float)
    season = harmonics(positions, year, 2)
    pairs = [("constant", np.ones(len(positions))), ("trend", (positions - positions[n - 1]) / year)]
    pairs += [(f"season {i + 1}", column) for i, column in enumerate(season.T)]
    step = None if start is None else share_after(axis, start)
    if step is not None and np.ptp(step[:n]) > 0:
        pairs.append(("programme", step))
    for date, words in sorted(breaks.items()):
        column = share_after(axis, date)
        if np.ptp(column) > 0:
            pairs.append((f"{words} ({date})", column))
    names, columns = zip(*pairs, strict=True)
    matrix = np.column_stack(columns)
    kept = independent(matrix)
    for name, stays in zip(names, kept, strict=True):
        if not stays:
            note(f"{name} falls together with other changes: it has no step of its own")
    return matrix[:, kept], tuple(name for name, stays in zip(names, kept, strict=True) if stays)
