"""Designs of cities in time as arrays: which series of counts they hold, and which contrasts of them are compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.regressors import log_rate
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.design.segmented import segmented

Array = NDArray[np.float64]
Design: TypeAlias = PanelDesign | SeriesDesign | CoverageDesign
D = TypeVar("D", bound=PanelDesign | SeriesDesign | CoverageDesign)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """A design as J series of counts in T periods, of which 1 + m contrasts are compared.

    Parameters
    ----------
    cities : tuple of str
        City of each contrast, the treated one first.
    positions : ndarray, shape (T,)
        Integer positions of the periods.
    series, period : ndarray of int, shape (n,)
        Series and period of each row of the design's frame.
    exposure : ndarray, shape (J, T)
        Exposure; where a city lacks a period its mean stands, so that the process is defined everywhere.
    dose : ndarray, shape (T,)
        Dose of the treated city.
    after : ndarray of bool, shape (T,)
        Periods from the start on.
    contrast : ndarray, shape (1 + m, J)
        What is compared, in log rates: a city's own, or its covered less its uncovered hours.
    nuisance : ndarray, shape (T, p)
        Terms besides constant, season and dose that the design's method takes out.
    season : float or None
        Periods in a year.
    """

    cities: tuple[str, ...]
    positions: NDArray[np.int64]
    series: NDArray[np.int64]
    period: NDArray[np.int64]
    exposure: Array
    dose: Array
    after: NDArray[np.bool_]
    contrast: Array
    nuisance: Array
    season: float | None

    def spread(self, values: Array, rows: NDArray[np.bool_]) -> Array:
        """Return the values of some rows as series × periods, NaN elsewhere, shape (J, T)."""
        table = np.full(self.exposure.shape, np.nan)
        table[self.series[rows], self.period[rows]] = values
        return table

    def outcomes(self, counts: Array) -> Array:
        """Return the contrasts of log rates, shape (1 + m, T), of counts of shape (J, T)."""
        return np.asarray(self.contrast @ log_rate(counts, self.exposure))


def layout(design: Design) -> Layout:
    """Lay a design out; its outcome is not read.

    Parameters
    ----------
    design : PanelDesign with one treated unit, SeriesDesign or CoverageDesign

    Raises
    ------
    DesignError
        If several units are treated, or the exposure is itself counted after the start.

    Examples
    --------
    >>> months = pd.period_range("2019-01", periods=4, freq="M")
    >>> frame = pd.DataFrame({"city": ["A"] * 4 + ["B"] * 4, "month": [*months, *months], "calls": range(8)})
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="B", start="2019-03")
    >>> layout(d).cities, layout(d).contrast.tolist()
    (('B', 'A'), [[1.0, 0.0], [0.0, 1.0]])
    """
    if isinstance(design, PanelDesign):
        return _of_panel(design)
    return _of_series(design) if isinstance(design, SeriesDesign) else _of_coverage(design)


def with_counts(design: D, counts: Array) -> D:
    """Return a design with other values of its outcome, row by row of its frame; nothing is checked again.

    Calls that a design holds one by one do not add up to such counts and are left out.

    Parameters
    ----------
    design : PanelDesign, SeriesDesign or CoverageDesign
    counts : ndarray, shape (n,)
    """
    changed = replace(design, source=design.source.assign(**{str(design.outcome): counts}))
    return replace(changed, calls=None) if isinstance(changed, CoverageDesign) else changed


def blinded(design: D) -> D:
    """Return a design whose outcome is missing from the start on, so that nothing downstream can read it."""
    before = design.axis.positions < design.start_position
    return with_counts(design, np.where(before, design.source[design.outcome].to_numpy(float), np.nan))


def _of_panel(d: PanelDesign) -> Layout:
    if len(d.treated_units) != 1:
        raise DesignError(
            f"{len(d.treated_units)} units are treated: the process of one treated city is fitted",
            mend="name one treated city and leave the others out",
        )
    cities = [d.treated_units[0], *d.comparison_units]
    series = pd.Index(cities).get_indexer(pd.Index(d.source[d.unit]))
    positions = np.unique(d.axis.positions)
    return _layout(
        d,
        cities=cities,
        series=series,
        positions=positions,
        exposure=np.ones(len(series)) if d.exposure is None else d.source[d.exposure].to_numpy(float),
        dose=np.nan_to_num(d.dose_of(cities[0], positions)),
        contrast=np.eye(len(cities)),
        nuisance=np.empty((len(positions), 0)),
    )


def _of_series(d: SeriesDesign) -> Layout:
    made = segmented(d, slope_change=False, season=0)
    own = ["constant", *made.programme]
    varies = (
        np.ptp(made.matrix[~d.after], axis=0) > 0
    )  # what changes with the start or after it cannot be learnt before
    return _layout(
        d,
        cities=[d.city],
        series=np.zeros(len(d.source), int),
        positions=d.axis.positions,
        exposure=d.exposure_values(),
        dose=d.dose,
        contrast=np.eye(1),
        nuisance=made.matrix[:, varies & ~np.isin(made.names, own)],
    )


def _of_coverage(d: CoverageDesign) -> Layout:
    """Covered hours of every city, then uncovered hours of every city."""
    if d.exposure != "hours":
        raise DesignError(
            f"the exposure '{d.exposure}' is counted after the start and not known before it",
            mend="form the design with exposure='hours'",
        )
    cities = [d.treated, *d.comparison_units]
    city = pd.Index(cities).get_indexer(pd.Index(d.source["city"]))
    return _layout(
        d,
        cities=cities,
        series=np.where(d.source["covered"].to_numpy(bool), city, city + len(cities)),
        positions=d.months,
        exposure=d.source["hours"].to_numpy(float),
        dose=d.dose,
        contrast=np.hstack([np.eye(len(cities)), -np.eye(len(cities))]),
        nuisance=np.empty((len(d.months), 0)),
    )


def _layout(
    d: Design,
    *,
    cities: list[str],
    series: NDArray[np.int64],
    positions: NDArray[np.int64],
    exposure: Array,
    dose: Array,
    contrast: Array,
    nuisance: Array,
) -> Layout:
    period = np.searchsorted(positions, d.axis.positions)
    table = np.full((contrast.shape[1], len(positions)), np.nan)
    table[series, period] = exposure
    return Layout(
        cities=tuple(map(str, cities)),
        positions=positions,
        series=series,
        period=period,
        exposure=np.where(np.isnan(table), np.nanmean(table, axis=1, keepdims=True), table),
        dose=dose,
        after=np.asarray(positions >= d.start_position),
        contrast=contrast,
        nuisance=nuisance,
        season=d.season,
    )
