"""The process behind a design's counts, fitted to the periods before its start alone.

Before a programme's outcomes are looked at, the time before it says how noisy each city is, how long its shocks last
and how far cities drift apart. Outcomes from the start on are never read; exposure and dose are, as they are known in
advance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.persistence import persistence
from coresponder_causal.core.regressors import harmonics
from coresponder_causal.core.reml import SerialDesign
from coresponder_causal.core.support import smallest
from coresponder_causal.design.one_treated import most_zeros
from coresponder_causal.simulate.process import Process
from coresponder_causal.validity.drift import Drift, between, side
from coresponder_causal.validity.layout import Array, Design, Layout, blinded, layout, with_counts

rhos, phis = np.array([0.0, *np.arange(0.1, 0.95, 0.1), 0.95]), np.array([0.02, *np.arange(0.1, 1.05, 0.1)])
seasonal_pairs = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PrePeriod:
    """A design and the process that its periods before the start suggest.

    Parameters
    ----------
    design : PanelDesign, SeriesDesign or CoverageDesign
        Its outcome missing from the start on.
    process : Process
        Over all periods of the design, with no effect.
    layout : Layout
        How the process's series fill the design's rows.
    cities : DataFrame
        ``city, events`` (a period, before the start), ``rho, ar_sd, nugget_sd``: noise of each city's log rate, or of
        its log ratio of covered to uncovered hours, beyond that of counting.
    drift : Drift
        How far cities drift apart.
    support : DataFrame
        One row: ``events`` before the start in the city, or its hours, of fewest.
    """

    design: Design
    process: Process
    layout: Layout
    cities: pd.DataFrame
    drift: Drift
    support: pd.DataFrame

    def draw(self, replications: int, *, effect: float, seed: int, part: int = 0) -> NDArray[np.int64]:
        """Draw counts under a log ratio at full dose, shape (replications, J, T)."""
        return replace(self.process, effect=effect).draw(replications, seed=seed, part=part)

    def redrawn(self, counts: NDArray[np.int64]) -> Design:
        """Return the design with drawn counts, shape (J, T), as its outcome."""
        return with_counts(self.design, counts[self.layout.series, self.layout.period].astype(float))


def pre_period(design: Design, *, tau: float | None = None) -> PrePeriod:
    r"""Fit what generates a design's counts, from the periods before its start.

    Parameters
    ----------
    design : PanelDesign with one treated unit, SeriesDesign or CoverageDesign
    tau : float, optional
        Standard deviation between cities of structural changes, instead of the upper limit of its estimate.

    Returns
    -------
    PrePeriod

    Raises
    ------
    DesignError
        If the design names no outcome, several units are treated, or the exposure is itself an outcome.
    EstimationError
        With fewer than 24 periods before the start that all cities have, or a city without events in them.

    Notes
    -----
    Log rates (or log ratios of covered to uncovered hours), less the comparison cities' mean where there are two or
    more, are regressed on a constant, a made-up step in the middle and the season; a single city's on constant, trend
    and season. Errors are AR(1) plus white noise by REML. All cities share ρ and the share of noise that persists: one
    short series hardly tells them apart. The amount of noise is each city's own. From the white part the variance of
    Poisson counts on the log scale, one over their mean, is taken off, as the drawn counts bring it themselves.

    Shocks shared by all cities are left out: they cancel in the comparison. So is a trend of the single series, which
    its method takes out.

    A single series without events in more than 5 % of the periods before the start tells no season, and logs of its
    counts mean little: its rate is then constant, and the noise that of counts relative to it, y/μ − 1.

    Examples
    --------
    >>> from coresponder_causal.design import SeriesDesign
    >>> months = pd.period_range("2017-01", periods=60, freq="M")
    >>> frame = pd.DataFrame({"month": months, "calls": np.random.default_rng(1).poisson(180, 60)})
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")
    >>> fitted = pre_period(d)
    >>> fitted.redrawn(fitted.draw(1, effect=-0.2, seed=1)[0]).outcome_values().shape
    (60,)
    """
    if design.outcome is None:
        raise DesignError("the design has no outcome to simulate", mend="name one: design.with_outcome('…')")
    design = blinded(design)
    plan = layout(design)
    before = np.asarray(design.axis.positions < design.start_position)
    counts = plan.spread(design.source.loc[before, design.outcome].to_numpy(float), before)
    shared = ~np.isnan(counts).any(axis=0) & ~plan.after
    _require_enough(counts[:, shared], plan)
    scarce = len(plan.cities) == 1 and bool((counts[:, shared] == 0).mean() > most_zeros)
    pairs = 0 if scarce else seasonal_pairs
    rates = (_relative(counts, plan, shared) if scarce else plan.outcomes(counts)[:, shared]).T
    drift = between(rates, plan.positions[shared].astype(float), season=plan.season, pairs=pairs, stated=tau)
    rho, persistent, white = _noise(rates, plan, shared, pairs)
    counting = np.abs(plan.contrast) @ (1 / counts[:, shared].mean(axis=1))
    ar_sd, nugget_sd = _split(persistent, white, counting)
    noise = np.full(len(plan.cities), rho), ar_sd, nugget_sd
    return PrePeriod(
        design=design,
        process=_process(plan, counts, shared, pairs, noise, drift.used),
        layout=plan,
        cities=_table(plan, counts[:, shared], noise),
        drift=drift,
        support=smallest(pd.DataFrame({"events": counts[:, shared].sum(axis=1)})),
    )


def _require_enough(counts: Array, plan: Layout) -> None:
    periods = counts.shape[1]
    if periods < 2 * side:
        raise EstimationError(
            f"{periods} periods before the start are there for every city; {2 * side} are needed to learn their noise",
            mend="bring a longer time before the start, or leave out cities with short series",
        )
    empty = np.flatnonzero(counts.sum(axis=1) == 0) % len(plan.cities)
    if len(empty):
        named = ", ".join(sorted({plan.cities[city] for city in empty}))
        mend = "leave those cities out" if len(plan.cities) > 1 else "choose an outcome that happened before the start"
        raise EstimationError(f"no events before the start in {named}", mend=mend)


def _relative(counts: Array, plan: Layout, shared: NDArray[np.bool_]) -> Array:
    """Return counts of one series relative to a constant rate, less 1, shape (1, periods)."""
    seen, exposure = counts[:, shared], plan.exposure[:, shared]
    return np.asarray(seen / (exposure * seen.sum() / exposure.sum()) - 1)


def _noise(rates: Array, plan: Layout, shared: NDArray[np.bool_], pairs: int) -> tuple[float, Array, Array]:
    """Return the common ρ, and each city's variance of persistent and of white errors."""
    m, when = rates.shape[1] - 1, plan.positions[shared].astype(float)
    columns = [np.ones((len(rates), 1)), harmonics(when, plan.season, pairs), plan.nuisance[shared]]
    if m >= 2:
        rates = rates - rates[:, 1:].mean(axis=1, keepdims=True)
        columns.append((np.arange(len(rates)) >= len(rates) // 2)[:, None].astype(float))
    serial = SerialDesign(np.hstack(columns), time=when)
    grid = np.array(np.meshgrid(rhos, phis, indexing="ij"))
    logliks = np.array([serial.reml_loglik(series, *grid.reshape(2, -1)).reshape(grid.shape[1:]) for series in rates.T])
    best = int(logliks.max(axis=2).sum(axis=0).argmax())
    rho = float(rhos[best])
    phi = phis[logliks[:, best].argmax(axis=1)]
    total = np.array([_variance(serial, series, rho, share) for series, share in zip(rates.T, phi, strict=True)])
    persistent = total * phi * (rho > 0)
    return rho, _own(persistent, m), _own(total - persistent, m)


def _variance(serial: SerialDesign, series: Array, rho: float, phi: float) -> float:
    """Residual variance s² = y'Py/(n − k) at given ρ and φ."""
    errors = phi * persistence(rho, serial.time) + (1 - phi) * np.eye(serial.n)
    root = np.linalg.cholesky(errors)
    y, X = np.linalg.solve(root, series), np.linalg.solve(root, serial.X)
    return float(np.sum((y - X @ np.linalg.lstsq(X, y, rcond=None)[0]) ** 2) / (serial.n - serial.k))


def _own(variances: Array, m: int) -> Array:
    """Variances of the cities' own noise from those of their distance from the mean of the m comparison cities."""
    if m < 2:
        return variances
    others = variances[1:] * m / (m - 1)
    return np.append(max(0.0, variances[0] - others.mean() / m), others)


def _split(persistent: Array, white: Array, counting: Array) -> tuple[Array, Array]:
    """Split each city's noise beyond counting by the share that persists in all cities together."""
    beyond = np.maximum(persistent + white - counting, 0.0)
    share = min(1.0, float(persistent.sum() / beyond.sum())) if beyond.any() else 0.0
    return np.sqrt(share * beyond), np.sqrt((1 - share) * beyond)


def _process(
    plan: Layout,
    counts: Array,
    shared: NDArray[np.bool_],
    pairs: int,
    noise: tuple[Array, Array, Array],
    tau: float,
) -> Process:
    """Level and season of every series, with the noise of each contrast in the first of its series."""
    quiet = len(counts) - len(plan.cities)
    rho, ar_sd, nugget_sd = (np.append(values, np.zeros(quiet)) for values in noise)
    seasons = harmonics(plan.positions.astype(float), plan.season, pairs)
    terms = np.hstack([np.ones((len(seasons), 1)), seasons])
    observed = np.log(np.maximum(counts[:, shared], 0.5) / plan.exposure[:, shared]).T
    shape = (terms @ np.linalg.lstsq(terms[shared], observed, rcond=None)[0]).T + np.log(plan.exposure)
    level = np.log(counts[:, shared].sum(axis=1) / np.exp(shape[:, shared]).sum(axis=1))
    return Process(
        log_mean=shape + (level - (ar_sd**2 + nugget_sd**2) / 2)[:, None],
        rho=rho,
        ar_sd=ar_sd,
        nugget_sd=nugget_sd,
        tau=np.append(np.full(len(plan.cities), tau), np.zeros(quiet)),
        step=plan.after.astype(float),
        dose=plan.dose,
    )


def _table(plan: Layout, counts: Array, noise: tuple[Array, Array, Array]) -> pd.DataFrame:
    rho, ar_sd, nugget_sd = noise
    events = (np.abs(plan.contrast) @ counts).mean(axis=1)
    return pd.DataFrame({"city": plan.cities, "events": events, "rho": rho, "ar_sd": ar_sd, "nugget_sd": nugget_sd})
