"""Poisson quasi-likelihood with unit and period effects: Newton steps with the unit effects eliminated.

With counts y_it of mean μ_it = E_it exp(a_i + g_t + x_it'b) the information of (a, (g, b)) is [[D, B], [B', C]] with D
diagonal, so that a step solves one system of the size of (g, b) only: S = C − B'D⁻¹B. The canonical link makes the
fitted counts of every unit and period add up to the observed ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.two_way import require_left, swept

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
most_steps, settled, vanishing = 60, 1e-12, 1e-9


class CountRows(NamedTuple):
    """Counts with their exposure, unit, period and covariates, one row each; units and periods are numbered from 0."""

    counts: Array
    exposure: Array
    unit: Codes
    time: Codes
    covariates: Array

    def take(self, rows: NDArray[np.bool_]) -> CountRows:
        """Return some of the rows."""
        return CountRows(
            self.counts[rows], self.exposure[rows], self.unit[rows], self.time[rows], self.covariates[rows]
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoissonEffects:
    """A fit; units and periods without events have effect NaN.

    Parameters
    ----------
    rows : CountRows
        What was fitted: rows of units and periods with events.
    kept : ndarray of bool, shape (n,)
        Which of the given rows these are.
    unit_effects, time_effects : ndarray
        a and g by number, the first period's g being 0.
    slopes : ndarray, shape (p,)
        b.
    mean : ndarray
        Fitted counts of the rows.
    """

    rows: CountRows
    kept: NDArray[np.bool_]
    unit_effects: Array
    time_effects: Array
    slopes: Array
    mean: Array

    def expected(self, rows: CountRows) -> Array:
        """Give the expected counts of any rows; NaN where the unit or the period has no effect."""
        line = self.unit_effects[rows.unit] + self.time_effects[rows.time] + rows.covariates @ self.slopes
        return np.asarray(rows.exposure * np.exp(line))

    def pull(self, rows: CountRows, weights: Array) -> Array:
        """How sums of linear predictors move with the fitted counts: Z H⁻¹ Σ w z, Z the fit's regressors.

        Parameters
        ----------
        rows : CountRows
            r rows.
        weights : ndarray, shape (r, k)
            k sums Σ w_r η_r.

        Returns
        -------
        ndarray, shape (n, k)
            Times y − μ and summed, these are the sums' errors to first order.
        """
        there = _Block(self.rows, len(self.unit_effects), self._columns)
        target = _Block(rows, len(self.unit_effects), self._columns)
        return there.spread(*there.solve(self.mean, *target.collect(weights)))

    @property
    def _columns(self) -> Codes:
        return _time_columns(self.time_effects)


def poisson_effects(rows: CountRows, *, names: list[str]) -> PoissonEffects:
    """Fit counts with unit and period effects.

    Parameters
    ----------
    rows : CountRows
    names : list of str
        Names of the covariates.

    Returns
    -------
    PoissonEffects
        Units and periods without events have no finite effect and are left out, which the caller says.

    Raises
    ------
    EstimationError
        Covariates that the effects absorb, by name; parts of the panel that share neither unit nor period; a fit that
        does not settle, as when a covariate separates counts of zero.

    References
    ----------
    Santos Silva & Tenreyro (2006), doi:10.1162/rest.88.4.641; Correia, Guimarães & Zylkin (2020),
    doi:10.1177/1536867X20909691, on separation.

    Examples
    --------
    >>> rows = CountRows(np.array([10.0, 20.0, 30.0, 60.0]), np.ones(4), np.array([0, 0, 1, 1]),
    ...                  np.array([0, 1, 0, 1]), np.empty((4, 0)))
    >>> fit = poisson_effects(rows, names=[])
    >>> np.exp(fit.unit_effects).round(9).tolist(), np.exp(fit.time_effects).round(9).tolist()
    ([10.0, 30.0], [1.0, 2.0])
    """
    units, periods = int(rows.unit.max()) + 1, int(rows.time.max()) + 1
    kept = _with_events(rows, units, periods)
    used = rows.take(kept)
    _require_connected(used, units, periods)
    if names:
        left = swept(used.covariates, unit=used.unit, effect=used.time, weight=np.ones(len(used.counts)))
        require_left(left, used.covariates, names)
    there = np.bincount(used.time, minlength=periods) > 0
    columns = _time_columns(np.where(there, 0.0, np.nan))
    block = _Block(used, units, columns)
    a, rest = _start(used, units, block.shared.shape[1])
    a, rest, mean = _climb(used, block, a, rest)
    g = np.full(periods, np.nan)
    g[there] = np.append(rest[: int(there.sum()) - 1], 0.0)[columns[there]]
    return PoissonEffects(
        rows=used, kept=kept, unit_effects=a, time_effects=g, slopes=rest[int(there.sum()) - 1 :], mean=mean
    )


class _Block:
    """The regressors of rows: one column per unit, and the shared ones, periods but the first and covariates."""

    def __init__(self, rows: CountRows, units: int, columns: Codes) -> None:
        effects = np.eye(int(columns.max()) + 1)[:, : int(columns.max())]  # the first period's is the last, all zero
        self.unit, self.units, n = rows.unit, units, len(rows.unit)
        self.sums = csr_array((np.ones(n), (rows.unit, np.arange(n))), shape=(units, n))
        self.shared = np.hstack([effects[columns[rows.time]], rows.covariates])
        self.covariates, self.column, self.columns = rows.covariates, columns[rows.time], int(columns.max())

    def collect(self, weights: Array) -> tuple[Array, Array]:
        """Z'w, of units and of the shared columns; weights of shape (n,) or (n, k)."""
        return np.asarray(self.sums @ weights), self.shared.T @ weights

    def spread(self, a: Array, rest: Array) -> Array:
        """Z (a, rest)."""
        return np.asarray(a[self.unit] + self.shared @ rest)

    def solve(self, mean: Array, a: Array, rest: Array) -> tuple[Array, Array]:
        """H⁻¹ (a, rest) with H = Z' diag(μ) Z."""
        crossed, corner, diagonal = self._products(mean)
        inverse = np.divide(1.0, diagonal, out=np.zeros(self.units), where=diagonal > 0)
        weighted = inverse[:, None] * crossed
        schur = corner - crossed.T @ weighted
        shared = np.asarray(np.linalg.solve(schur, rest - weighted.T @ a))
        return np.asarray((inverse * a.T).T - weighted @ shared), shared

    def _products(self, mean: Array) -> tuple[Array, Array, Array]:
        """Z' diag(μ) Z in parts: units by shared columns, those among themselves, and the diagonal of the units.

        A row is in one period, so that what concerns periods is summed and not multiplied.
        """
        periods = self.columns + 1
        cells = np.bincount(self.unit * periods + self.column, mean, self.units * periods)
        by_period = np.asarray(cells.reshape(self.units, periods), float)
        weighted = mean[:, None] * self.covariates
        beside = np.array([np.bincount(self.column, one, periods) for one in weighted.T], float)
        beside = beside.reshape(weighted.shape[1], periods)[:, :-1]
        corner = np.block([[np.diag(by_period[:, :-1].sum(axis=0)), beside.T], [beside, self.covariates.T @ weighted]])
        crossed = np.hstack([by_period[:, :-1], np.asarray(self.sums @ weighted, float)])
        return crossed, corner, by_period.sum(axis=1)


def _climb(rows: CountRows, block: _Block, a: Array, rest: Array) -> tuple[Array, Array, Array]:
    """Newton steps, halved while the likelihood does not rise; the step after the gain has vanished is the last."""
    there = np.isfinite(a)
    a = np.where(there, a, 0.0)
    line = block.spread(a, rest)
    for _ in range(most_steps):
        mean = rows.exposure * np.exp(line)
        score = block.collect(rows.counts - mean)
        step = block.solve(mean, *score)
        gain = float(score[0] @ step[0] + score[1] @ step[1])
        if not np.isfinite(gain):
            break
        along, size = block.spread(*step), 1.0
        while gain > settled and _gain(rows, mean, size * along) < 0:
            size /= 2
        a, rest = np.asarray(a + size * step[0]), np.asarray(rest + size * step[1])
        line = np.asarray(line + size * along)
        if gain <= settled:
            mean = np.asarray(rows.exposure * np.exp(line))
            if (mean < vanishing * mean.mean()).any():
                break
            return np.where(there, a, np.nan), rest, mean
    raise EstimationError(
        "the Poisson fit does not settle: a covariate foretells where counts are zero", mend="leave that covariate out"
    )


def _gain(rows: CountRows, mean: Array, change: Array) -> float:
    """Log-likelihood gained when the linear predictor changes."""
    with np.errstate(over="ignore"):
        return float(rows.counts @ change - mean @ np.expm1(change))


def _start(rows: CountRows, units: int, shared: int) -> tuple[Array, Array]:
    """Each unit's own rate, and nothing else."""
    totals = [np.bincount(rows.unit, values, units) for values in (rows.counts, rows.exposure)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(totals[0] / totals[1]), np.zeros(shared)


def _time_columns(effects: Array) -> Codes:
    """Column of each period that has an effect; the first such period gets the last number, that of no column."""
    number = np.cumsum(np.isfinite(effects)) - 1
    return np.asarray((number - 1) % max(int(number[-1]) + 1, 1))


def _with_events(rows: CountRows, units: int, periods: int) -> NDArray[np.bool_]:
    """Mark the rows of units and periods that have events, among the rows that stay."""
    kept = np.ones(len(rows.counts), bool)
    while True:
        counts = np.where(kept, rows.counts, 0.0)
        by_unit, by_time = (np.bincount(*pair) for pair in ((rows.unit, counts, units), (rows.time, counts, periods)))
        stay = kept & (by_unit[rows.unit] > 0) & (by_time[rows.time] > 0)
        if stay.sum() == kept.sum():
            break
        kept = stay
    if not kept.any():
        raise EstimationError("no unit has events", mend="take another outcome or longer data")
    return kept


def _require_connected(rows: CountRows, units: int, periods: int) -> None:
    size = units + periods
    links = coo_array((np.ones(len(rows.unit)), (rows.unit, units + rows.time)), shape=(size, size))
    labels = connected_components(links, directed=False)[1]
    parts = len(np.unique(labels[rows.unit]))
    if parts > 1:
        raise EstimationError(
            f"the rows fall into {parts} parts that share neither unit nor period",
            mend="bring comparison units that are there in all of the time",
        )
