"""How well the variance parameters of a restricted likelihood are known, and what that means for the covariance.

With λ = log|K| + log|X'K⁻¹X| and P = K⁻¹ − K⁻¹X(X'K⁻¹X)⁻¹X'K⁻¹ the expected information of (log s², ρ, φ) is

½(n − k, λ_ρ, λ_φ), ½(φ·tr(PR'') − λ_ρρ), ½(λ_ρ/φ − λ_ρφ), −½λ_φφ,

R'' the second derivative of R in ρ: all but its trace is in the expansion of the likelihood, and that costs O(n) too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.reml_bands import factorise, recur, steps, times
from coresponder_causal.core.reml_likelihood import Expansion, cross
from coresponder_causal.core.reml_search import EDGE, RHO_MAX
from coresponder_causal.core.variance import VarianceRecord

Array = NDArray[np.float64]


def records(at: Expansion, places: Array, gaps: Array, halves: Array, spread: Array) -> list[VarianceRecord]:
    """Differentiate the covariances in (log s², ρ, φ), with their expected information.

    Parameters
    ----------
    at : Expansion
        At the maxima of c outcomes.
    places : ndarray, shape (c, 2)
        Their (ρ, φ).
    gaps : ndarray, shape (n − 1,)
        Distances of neighbouring rows.
    halves : ndarray, shape (c, k, k)
        Roots H of the covariances s²HH'.
    spread : ndarray, shape (c,)
        s².

    Returns
    -------
    list of VarianceRecord
        Without ρ at its upper bound, and without φ at 1 or where ρ = 0.
    """
    k, spare = halves.shape[1], len(gaps) + 1 - halves.shape[1]
    (rho, phi), (of_rho, of_phi) = places.T, at.logdet.gradient
    information = np.empty((len(places), 3, 3))
    information[:, 0, 0] = spare / 2
    information[:, 0, 1] = information[:, 1, 0] = of_rho / 2
    information[:, 0, 2] = information[:, 2, 0] = of_phi / 2
    information[:, 1, 1] = (phi * _bend(at, phi, rho, gaps, k) - at.logdet.hessian[0]) / 2
    information[:, 1, 2] = information[:, 2, 1] = (of_rho / phi - at.logdet.hessian[1]) / 2
    information[:, 2, 2] = -at.logdet.hessian[2] / 2
    gradient = np.empty((len(places), 3, k, k))
    gradient[:, 0] = halves @ halves.transpose(0, 2, 1)
    gradient[:, 1:] = -(halves @ at.turned[..., :k, :k] @ halves.transpose(0, 2, 1)).transpose(1, 0, 2, 3)
    gradient *= spread[:, None, None, None]
    kept = np.column_stack([rho >= 0, rho <= RHO_MAX - EDGE, (phi <= 1 - EDGE) & (rho > 0)])
    return [
        VarianceRecord(gradient=own[keep], information=known[np.ix_(keep, keep)], ceiling=float(spare))
        for own, known, keep in zip(gradient, information, kept, strict=True)
    ]


def _bend(at: Expansion, phi: Array, rho: Array, gaps: Array, k: int) -> Array:
    """tr(PR'') at every place, by R'' = 2RQ_ρRQ_ρR − RQ_ρρR and K⁻¹R = M⁻¹."""
    n, solved = len(gaps) + 1, at.solved[:k]
    Q, slope, bend = at.matrices
    steeper = times(slope, solved)
    curved = 2 * cross(steeper, factorise(Q).solve(steeper), n) - cross(solved, times(bend, solved), n)
    whitener = at.whitener[:, :k, :k]
    explained = np.einsum("cab,cab->c", whitener @ curved, whitener)
    return np.asarray(_whole_bend(at, phi, rho, gaps) - explained)


def _whole_bend(at: Expansion, phi: Array, rho: Array, gaps: Array) -> Array:
    """tr(K⁻¹R''), K⁻¹ = (I − φM⁻¹)/(1−φ) beside its diagonal.

    There (M⁻¹)_ij = (M⁻¹)_jj·∏ −l_s, s = i, …, j − 1, so that the sums over i of R_ij(M⁻¹)_ij/(M⁻¹)_jj, and their
    derivatives in ρ with M held, are linear recursions in j.
    """
    n, white = len(gaps) + 1, (1 - phi).repeat(len(gaps) + 1)
    r, dr, ddr = np.zeros((3, len(rho), n))
    r[:, :-1], dr[:, :-1], ddr[:, :-1] = steps(rho, gaps)
    r, dr, ddr = np.stack([r, dr, ddr]).reshape(3, -1) * (-at.matrices[0, 1] / at.factor.pivots)
    weights = white * r

    def summed(given: Array) -> Array:
        return np.asarray(recur(weights, np.concatenate([[0.0], given[:-1]])[None])[0])

    once = white * summed(r) + 1
    slope = white * summed(dr * once)
    bend = summed(ddr * once + 2 * dr * slope)
    terms = recur(at.factor.below**2, bend[None])[0] / at.factor.pivots
    return np.asarray(-2 * phi * terms.reshape(-1, n).sum(axis=1))
