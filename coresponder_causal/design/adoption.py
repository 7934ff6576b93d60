"""Rows of a panel by the time at which each unit took a treatment up: what methods for several starts share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.drdid import independent_columns
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.few_clusters import clustered_size
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.design.columns import counted
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
few_treated, few_untreated = 5, 10


@dataclass(frozen=True, slots=True, eq=False)
class AdoptionRows:
    """Rows in use, sorted by unit and period, and their units.

    Parameters
    ----------
    outcome, weights : ndarray, shape (n,)
    covariates : ndarray, shape (n, q)
        Those that others do not absorb.
    names : tuple of str
        Names of the covariates.
    period, unit : ndarray of int, shape (n,)
        Position in time; number of the unit.
    first : ndarray, shape (units,)
        First treated period, inf where a unit is never treated within these rows.
    units, cluster : Index, length units
        Labels; no cluster where units are.
    periods : ndarray of int
        Positions in use.
    cohorts : ndarray
        First treated periods in use.
    balanced : bool
        Whether every unit has every period.
    weighted : bool
        Whether the design has weights.
    """

    outcome: Array
    covariates: Array
    names: tuple[str, ...]
    weights: Array
    period: Ints
    unit: Ints
    first: Array
    units: pd.Index
    cluster: pd.Index | None
    periods: Ints
    cohorts: Array
    balanced: bool
    weighted: bool

    @property
    def after(self) -> Bools:
        """Rows from the start of their unit on, shape (n,)."""
        return self.period >= self.first[self.unit]

    @property
    def plain(self) -> bool:
        """Whether the mean courses of the cohorts say all: balanced, without covariates, weights and clusters."""
        return self.balanced and not self.weighted and self.cluster is None and not self.names

    @property
    def wide(self) -> Array:
        """Outcome by unit and period of a balanced panel, shape (units, periods)."""
        return self.outcome.reshape(len(self.first), len(self.periods))

    @property
    def table(self) -> Array:
        """Outcome by unit and period, NaN where a unit lacks the period, shape (units, periods)."""
        if self.balanced:
            return self.wide
        found = np.full((len(self.first), len(self.periods)), np.nan)
        found[self.unit, np.searchsorted(self.periods, self.period)] = self.outcome
        return found

    @property
    def unit_weights(self) -> Array:
        """Mean weight of each unit's rows, shape (units,)."""
        return np.asarray(np.bincount(self.unit, self.weights) / np.bincount(self.unit), float)

    @property
    def cluster_codes(self) -> Ints:
        """Number of each unit's cluster, shape (units,)."""
        return np.arange(len(self.first)) if self.cluster is None else pd.factorize(self.cluster)[0].astype(np.int64)

    @property
    def group(self) -> Ints:
        """Number of each unit's cohort; those never treated come after the last."""
        return np.searchsorted(self.cohorts, self.first)


def adoption_rows(d: PanelDesign, first: pd.Series, *, end: float = np.inf) -> AdoptionRows:
    """Give the rows of some units before a period.

    Parameters
    ----------
    d : PanelDesign
    first : Series
        First treated period of each unit in use, inf where it is a comparison throughout.
    end : float
        Position from which on rows are left out.

    Raises
    ------
    DesignError
        If a unit changes its cluster.
    """
    labels = d.source[d.unit]
    change = np.flatnonzero(np.append(True, labels.to_numpy()[1:] != labels.to_numpy()[:-1]))
    place = first.index.get_indexer(pd.Index(labels.iloc[change]))
    codes = np.repeat(place, np.diff(np.append(change, len(labels))))
    used = (codes >= 0) & (d.axis.positions < end)
    whole = bool(used.all())
    source, period, codes = (
        (d.source, d.axis.positions, codes) if whole else (d.source[used], d.axis.positions[used], codes[used])
    )
    present = np.bincount(codes, minlength=len(first)) > 0
    unit = codes if present.all() else (np.cumsum(present) - 1)[codes]
    first = first[present]
    periods = np.unique(period)
    covariates, names = _covariates(source, d.covariates)
    return AdoptionRows(
        outcome=source[str(d.outcome)].to_numpy(float),
        covariates=covariates,
        names=names,
        weights=np.broadcast_to(1.0, len(source)) if d.weights is None else source[d.weights].to_numpy(float),
        period=period,
        unit=unit,
        first=first.to_numpy(float),
        units=first.index.rename(d.unit),
        cluster=None if d.cluster is None else _clusters(source, unit, d.cluster),
        periods=periods,
        cohorts=np.unique(first[np.isfinite(first)]),
        balanced=len(source) == len(first) * len(periods),
        weighted=d.weights is not None,
    )


def starts_before(d: PanelDesign, anticipation: int = 0) -> pd.Series:
    """First treated period by unit, inf where never; units treated from the first period on are left out, and said.

    Raises
    ------
    EstimationError
        If no treated unit has a period before its start.
    """
    first = d.cohort.fillna(np.inf)
    early = first.index[first - anticipation <= d.axis.positions.min()]
    if len(early):
        note(f"{counted(len(early), 'unit')} treated from the first period on, counting anticipation: left out")
        first = first.drop(early)
    if not np.isfinite(first).any():
        raise EstimationError("no treated unit has a period before its start", mend="lower anticipation")
    return first


def last_cohort_compares(d: PanelDesign, first: pd.Series, anticipation: int = 0) -> tuple[pd.Series, float]:
    """Where no unit is never treated, let the last cohort be the comparison; also return from when rows go out."""
    if np.isinf(first).any():
        return first, np.inf
    end = float(first.max()) - anticipation
    when = d.axis.label(int(end))
    note(f"no unit is never treated: the last cohort is the comparison, periods from {when} on are left out")
    return first.where(first < first.max(), np.inf), end


def say_unused(d: PanelDesign) -> None:
    """Say what of the design a comparison of outcomes as they are passes over."""
    if d.exposure is not None:
        note(f"exposure '{d.exposure}' is not used: '{d.outcome}' is compared as it is")
    if np.any((d.dose > 0) & (d.dose < 1)):
        note("periods of partial dose count as treated")


def say_few(d: PanelDesign, rows: AdoptionRows) -> None:
    """Doubt cohorts of fewer than five units."""
    sizes = {str(d.axis.label(int(g))): int(np.sum(rows.first == g)) for g in rows.cohorts}
    few = {cohort: size for cohort, size in sizes.items() if size < few_treated}
    if few:
        measured = clustered_size(min(few.values()), len(rows.first) - sum(sizes.values()) or 1)
        doubt(f"fewer than {few_treated} units are first treated in {', '.join(few)}: {measured}")


def require_clusters(rows: AdoptionRows) -> tuple[int, int]:
    """Count treated and untreated clusters: refuse one treated cluster, doubt a few.

    Returns
    -------
    tuple of int
        Clusters that hold a treated unit, and others.

    Raises
    ------
    EstimationError
        With one treated cluster, or fewer than two others.
    """
    labels = np.arange(len(rows.first)) if rows.cluster is None else pd.factorize(rows.cluster)[0]
    touched = np.unique(labels[np.isfinite(rows.first)])
    treated, others = len(touched), len(np.setdiff1d(labels, touched))
    if treated < 2:
        raise EstimationError(
            f"{counted(treated, 'treated cluster')}: nothing in the data says how far it would have strayed by itself; "
            f"{clustered_size(1, max(others, 1))}",
            mend="with one treated unit use did_prediction_interval",
        )
    if treated < few_treated or others < few_untreated:
        size = clustered_size(treated, max(others, 1))
        doubt(f"{treated} treated and {others} untreated clusters are few: {size}, with clustered errors")
    return treated, others


def count_events(rows: AdoptionRows, behind: Bools) -> list[float]:
    """Events in the rows behind each term, shape (n, k); NaN where the outcome is no count."""
    if not np.all((rows.outcome >= 0) & (rows.outcome == np.round(rows.outcome))):
        return [np.nan] * behind.shape[1]
    return list((rows.outcome @ behind).astype(float))


def adoption_estimand(d: PanelDesign, rows: AdoptionRows, horizon: str) -> Estimand:
    """State the mean effect on the units that were treated."""
    treated = counted(int(np.isfinite(rows.first).sum()), "treated unit")
    return Estimand(
        contrast="ATT",
        outcome=str(d.outcome),
        treatment=d.treatment,
        population=f"{treated} in {counted(len(rows.cohorts), 'cohort')}",
        horizon=horizon,
        scale="units of the outcome",
    )


def _covariates(source: pd.DataFrame, names: tuple[str, ...]) -> tuple[Array, tuple[str, ...]]:
    """Covariates that others do not absorb; the absorbed ones are named."""
    values = source[list(names)].to_numpy(float).reshape(len(source), len(names))
    kept = independent_columns(values)
    for j in sorted(set(range(len(names))) - set(kept)):
        note(f"covariate '{names[j]}' is constant or a combination of the others: absorbed")
    return values[:, kept], tuple(names[j] for j in kept)


def _clusters(source: pd.DataFrame, unit: Ints, name: str) -> pd.Index:
    by_unit = source[name].groupby(unit)
    moving, blank = int((by_unit.nunique(dropna=False) > 1).sum()), int(source[name].isna().sum())
    if moving or blank:
        what = f"'{name}' changes within {counted(moving, 'unit')} and is missing in {counted(blank, 'row')}"
        raise DesignError(what, mend="give each unit one cluster")
    labels: pd.Index = pd.Index(by_unit.first().to_numpy())
    return labels
