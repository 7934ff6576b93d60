"""Averages of outcomes less their imputed values, and how each unit moves them (Borusyak, Jaravel & Spiess).

θ̂ = Σ v_it y_it over all rows. Units move it by Σ_t v_it ε̃_it, ε̃ being what unit and time effects leave of untreated
rows, and of treated rows what the mean effect of their cell leaves. With a unit's own cluster left out of that mean,
the noise of a few treated units does not count as their effect.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.cohort_panel import CohortPanel
from coresponder_causal.core.two_way_imputation import (
    TwoWayRows,
    expected_untreated,
    imputation_weights,
    slope_weights,
    with_slopes,
)

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class Imputed(NamedTuple):
    """Estimates, shape (k,), and ψ/n by unit, shape (units, k)."""

    estimate: Array
    scores: Array


class Contrasts(NamedTuple):
    """Contrasts of mean courses as `CohortPanel` takes them: of the estimate, of its spread, and the shift."""

    estimate: Array
    spread: Array
    shift: Array


def imputed_effects(
    rows: TwoWayRows,
    outcome: Array,
    untreated: Bools,
    targets: Array,
    cells: Ints,
    cluster: Ints,
    covariates: Array,
    names: list[str],
    *,
    leave_out: bool,
) -> Imputed:
    """Impute treated rows from the untreated ones, row by row.

    Parameters
    ----------
    rows : TwoWayRows
    outcome : ndarray, shape (n,)
    untreated : ndarray of bool, shape (n,)
    targets : ndarray, shape (n, k)
        Weights of the averages, zero in untreated rows.
    cells : ndarray of int, shape (n, ways)
        Cells of a treated row, within which effects have one mean: from narrow to one that holds all.
    cluster : ndarray of int, shape (units,)
    covariates : ndarray, shape (n, q)
        Regressors beside the effects, their coefficients from untreated rows.
    names : list of str
        Of the covariates.
    leave_out : bool
        Whether a cluster's rows are held against the mean of the other clusters, in the narrowest cell that has any.
    """
    slopes = slope_weights(rows, untreated, covariates, names)
    weights = with_slopes(imputation_weights(rows, untreated, targets), slopes, covariates)
    plain = outcome - covariates @ (slopes.T @ outcome)
    left = plain - expected_untreated(rows, untreated, plain)
    used = (targets != 0).any(axis=1)
    left[used] -= _cell_means(left[used], rows.weight[used] ** 2, cells[used], cluster[rows.unit[used]], leave_out)
    return Imputed(weights.T @ outcome, _by_unit(rows, weights * left[:, None]))


def lead_effects(
    rows: TwoWayRows, outcome: Array, untreated: Bools, leads: Array, covariates: Array, names: list[str]
) -> Imputed:
    """Coefficients of leads among the untreated rows, beside unit and time effects and covariates.

    Parameters
    ----------
    rows, outcome, untreated, covariates
        As `imputed_effects` takes them.
    leads : ndarray, shape (n, k)
        Indicators, zero in treated rows.
    names : list of str
        Of the leads, then of the covariates.
    """
    beside = np.hstack([leads, covariates])
    weights = slope_weights(rows, untreated, beside, names)
    plain = outcome - beside @ (weights.T @ outcome)
    left = np.where(untreated, plain - expected_untreated(rows, untreated, plain), 0.0)
    own = weights[:, : leads.shape[1]]
    return Imputed(own.T @ outcome, _by_unit(rows, own * left[:, None]))


def imputed_contrasts(panel: CohortPanel, untreated: Bools, targets: Array, *, leave_out: bool) -> Contrasts:
    """Do what `imputed_effects` does for a balanced panel without covariates, weights or clusters.

    Unit and time effects then see the cohorts' mean courses alone.

    Parameters
    ----------
    panel : CohortPanel
        Of two units or more in each treated cohort.
    untreated : ndarray of bool, shape (G, T)
    targets : ndarray, shape (G, T, k)
        Weights of the mean of each cell.
    leave_out : bool
    """
    rows, flat = _cell_rows(panel), untreated.ravel()
    weights = imputation_weights(rows, flat, targets.reshape(-1, targets.shape[2])).reshape(targets.shape)
    left = panel.mean - expected_untreated(rows, flat, panel.mean.ravel()).reshape(untreated.shape)
    shift = np.einsum("gtk,gt->gk", weights, np.where(untreated, left, 0.0)) / panel.size[:, None]
    others = panel.size / np.maximum(panel.size - leave_out, 1.0)
    own = np.where(untreated[:, :, None], weights, others[:, None, None] * weights)
    before = untreated / untreated.sum(axis=1, keepdims=True)
    return Contrasts(weights, own - own.sum(axis=1, keepdims=True) * before[:, :, None], shift)


def lead_contrasts(panel: CohortPanel, untreated: Bools, leads: Array, names: list[str]) -> Contrasts:
    """Do what `lead_effects` does for a balanced panel without covariates, weights or clusters.

    Parameters
    ----------
    panel : CohortPanel
    untreated : ndarray of bool, shape (G, T)
    leads : ndarray, shape (G, T, k)
    names : list of str
    """
    rows, flat = _cell_rows(panel), untreated.ravel()
    flat_leads = leads.reshape(-1, leads.shape[2])
    flat_weights = slope_weights(rows, flat, flat_leads, names)
    plain = panel.mean.ravel() - flat_leads @ (flat_weights.T @ panel.mean.ravel())
    left = np.where(flat, plain - expected_untreated(rows, flat, plain), 0.0).reshape(untreated.shape)
    weights = flat_weights.reshape(leads.shape)
    return Contrasts(weights, weights, np.einsum("gtk,gt->gk", weights, left) / panel.size[:, None])


def _cell_rows(panel: CohortPanel) -> TwoWayRows:
    groups, periods = panel.mean.shape
    return TwoWayRows(
        np.repeat(np.arange(groups), periods), np.tile(np.arange(periods), groups), np.repeat(panel.size, periods)
    )


def _cell_means(effects: Array, weight: Array, cells: Ints, cluster: Ints, leave_out: bool) -> Array:
    """Weighted mean effect of each row's cell: with the row's own cluster, or without it in the narrowest cell left."""
    mean, open_still = np.zeros(len(effects)), np.ones(len(effects), bool)
    for way in cells.T:
        cell = np.unique(way, return_inverse=True)[1]
        total, sums = np.bincount(cell, weight)[cell], np.bincount(cell, weight * effects)[cell]
        if not leave_out:
            return np.asarray(sums / total)
        own = np.unique(np.column_stack([cell, cluster]), axis=0, return_inverse=True)[1].ravel()
        others = total - np.bincount(own, weight)[own]
        found = open_still & (others > 1e-9 * total)
        mean[found] = (sums - np.bincount(own, weight * effects)[own])[found] / others[found]
        open_still &= ~found
    return mean


def _by_unit(rows: TwoWayRows, values: Array) -> Array:
    sums = np.zeros((int(rows.unit.max()) + 1, values.shape[1]))
    np.add.at(sums, rows.unit, values)
    return sums
