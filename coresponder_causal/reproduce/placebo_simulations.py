"""Simulated panels after the wages of fifty states (Arkhangelsky and others 2021, Tables 2 and 3): error and bias."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import toeplitz

from coresponder_causal.core.logit import logit
from coresponder_causal.core.synthetic import Comparison, synthetic_control
from coresponder_causal.core.synthetic_did import synthetic_did
from coresponder_causal.reproduce.packages import PackagedTable

Array = NDArray[np.float64]
file = PackagedTable(
    "synthdid-py",
    "synthdid/data/CPS.csv",
    "b859140a1374b92e5de480d300d9971b633b13926cba88caf21db2cc03e214b3",
)
replications, seed, rank = 200, 20210, 4


@dataclass(frozen=True, slots=True)
class World:
    """A panel's law: additive part F and interactive part M, shape (N, T), noise Σ, chances of treatment π.

    At most ``most`` units are treated, in the last ``late`` periods; none has an effect.
    """

    F: Array
    M: Array
    sigma: Array
    chance: Array
    most: int = 10
    late: int = 10


def placebo_simulations() -> dict[str, float]:
    """Root mean square and mean of the errors of four estimators in each world."""
    found: dict[str, float] = {}
    for name, world in worlds(file.read()).items():
        rng = np.random.default_rng(seed)
        errors = pd.DataFrame([estimates(*drawn(world, rng), world.late) for _ in range(replications)])
        for method in errors:
            found |= {
                f"{name}: {method} rmse": float(np.sqrt(np.mean(errors[method] ** 2))),
                f"{name}: {method} bias": float(errors[method].mean()),
            }
    return found


def worlds(table: pd.DataFrame) -> dict[str, World]:
    """Fit the laws of section III: the baseline, and with one part of it changed."""
    wide = {name: table.pivot(index="state", columns="year", values=name) for name in table if name not in _keys}
    treated = {name: wide[name].iloc[:, -1].to_numpy(bool) for name in ("min_wage", "open_carry", "abort_ban")}
    base = fitted(wide["log_wage"].to_numpy(float), treated["min_wage"])
    even = np.linalg.norm(base.sigma) / np.sqrt(len(base.sigma)) * np.eye(len(base.sigma))
    return {
        "baseline": base,
        "no.corr": replace(base, sigma=even),
        "no.M": replace(base, M=0 * base.M),
        "no.F": replace(base, F=0 * base.F),
        "only.noise": replace(base, F=0 * base.F, M=0 * base.M),
        "gun.law": fitted(wide["log_wage"].to_numpy(float), treated["open_carry"]),
        "abortion": fitted(wide["log_wage"].to_numpy(float), treated["abort_ban"]),
        "random": replace(base, chance=np.full(len(base.chance), 0.5)),
        "hours": fitted(wide["hours"].to_numpy(float), treated["min_wage"]),
        "urate": fitted(wide["urate"].to_numpy(float), treated["min_wage"]),
        "T1.is.one": replace(base, late=1),
        "N1.is.one": replace(base, most=1),
    }


_keys = ("state", "year")


def fitted(Y: Array, treated: NDArray[np.bool_]) -> World:
    """Fit rank 4 and AR(2) noise to a standardised panel, and a logit of treatment on the unit factors."""
    Y = (Y - Y.mean()) / Y.std()
    units, sizes, times = np.linalg.svd(Y, full_matrices=False)
    L = units[:, :rank] * sizes[:rank] @ times[:rank]
    F = L.mean(axis=1, keepdims=True) + L.mean(axis=0) - L.mean()
    sigma = _noise(Y - L)
    factors = np.column_stack([np.ones(len(Y)), units[:, :rank] * np.sqrt(len(Y))])
    chance = 1 / (1 + np.exp(-factors @ logit(factors, treated.astype(float)).coef))
    return World(F, L - F, sigma, chance)


def _noise(E: Array) -> Array:
    """AR(2) correlations, coefficients rounded to two decimals, scaled to the residuals' covariance."""
    now, one, two = E[:, 2:].ravel(), E[:, 1:-1].ravel(), E[:, :-2].ravel()
    lags = np.column_stack([one, two])
    a, b = np.round(np.linalg.solve(lags.T @ lags, lags.T @ now), 2)
    course = [1.0, a / (1 - b)]
    while len(course) < E.shape[1]:
        course.append(a * course[-1] + b * course[-2])
    correlation = toeplitz(course)
    scale = np.linalg.norm(E.T @ E / len(E)) / np.linalg.norm(correlation)
    return np.asarray(scale * correlation)


def drawn(world: World, rng: np.random.Generator) -> tuple[Array, NDArray[np.bool_]]:
    """One panel, shape (T, N), and which units are treated."""
    units = len(world.chance)
    treated = rng.random(units) < world.chance
    if not treated.any() or treated.sum() > world.most:
        among = np.flatnonzero(treated) if treated.any() else np.arange(units)
        chosen = rng.choice(among, world.most, replace=False)
        treated = np.isin(np.arange(units), chosen)
    noise = rng.multivariate_normal(np.zeros(len(world.sigma)), world.sigma, size=units, method="cholesky")
    return (world.F + world.M + noise).T, treated


def estimates(values: Array, treated: NDArray[np.bool_], late: int) -> dict[str, float]:
    """Effects that synth_did, synth_control without and with a constant, and two-way effects find."""
    before = np.arange(len(values)) < len(values) - late
    weights = np.where(before, 0.0, 1 / late)
    compared = Comparison(treated[None].astype(float) / float(treated.sum()), (~treated)[None].astype(float))
    plain = synthetic_control(values, before, compared, intercept=False)
    shifted = synthetic_control(values, before, compared)
    both, _ = synthetic_did(values, before, weights, compared, treated=int(treated.sum()))
    course = values[:, treated].mean(axis=1) - values[:, ~treated].mean(axis=1)
    return {
        "sdid": float(both.gaps[0] @ weights),
        "sc": float(plain.gaps[0] @ weights),
        "difp": float(shifted.gaps[0] @ weights),
        "did": float(course @ weights - course[before].mean()),
    }
