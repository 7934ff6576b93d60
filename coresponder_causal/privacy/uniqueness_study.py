"""How far the estimate of uniqueness in the population is from the truth, on populations that are known in full.

``python -m coresponder_causal.privacy`` writes ``uniqueness.csv`` beside this file; what a report says comes from it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from coresponder_causal.privacy.population_uniqueness import pitman_uniqueness

measured = Path(__file__).with_name("uniqueness.csv")
fractions = (0.02, 0.05, 0.1, 0.2, 0.4)
_POPULATION = 40_000
_SHAPES = ("lognormal", "product")  # sizes over orders of magnitude; five independent attributes


def study(*, replications: int, seed: int) -> pd.DataFrame:
    """Draw populations and samples, and estimate.

    Parameters
    ----------
    replications : int
        Populations for each shape and fraction.
    seed : int

    Returns
    -------
    DataFrame
        ``shape, fraction, population, replications, truth, estimate, ratio_low, ratio_high``: mean shares, and the
        range of estimate over truth that nine in ten replications keep.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for shape in _SHAPES:
        for fraction in fractions:
            pairs = np.array([_one(rng, shape, fraction) for _ in range(replications)])
            low, high = np.quantile(pairs[:, 1] / pairs[:, 0], [0.05, 0.95])
            rows.append((shape, fraction, _POPULATION, replications, *pairs.mean(axis=0), low, high))
    head = ["shape", "fraction", "population", "replications", "truth", "estimate", "ratio_low", "ratio_high"]
    return pd.DataFrame(rows, columns=head)


def _one(rng: np.random.Generator, shape: str, fraction: float) -> tuple[float, float]:
    """Uniqueness in one population: the truth, and the estimate from one sample."""
    classes = _population(rng, shape)
    truth = (np.unique(classes, return_counts=True)[1] == 1).sum() / _POPULATION
    sample = rng.choice(classes, int(_POPULATION * fraction), replace=False)
    return float(truth), pitman_uniqueness(np.unique(sample, return_counts=True)[1], _POPULATION)


def _population(rng: np.random.Generator, shape: str) -> np.ndarray:
    """Class of every person of one population."""
    if shape == "lognormal":
        weights = rng.lognormal(0, 1.5, _POPULATION // 3)
        return rng.choice(weights.size, _POPULATION, p=weights / weights.sum())
    classes = np.zeros(_POPULATION, int)
    for values in (2, 5, 8, 12, 60):
        classes = classes * values + rng.choice(values, _POPULATION, p=rng.dirichlet(np.ones(values)))
    return classes


@cache
def _table() -> pd.DataFrame:
    """Read the study as it was run."""
    return pd.read_csv(measured)


def measured_ratio(fraction: float) -> str:
    """Say how far off the estimate was at the nearest fraction of the study.

    Parameters
    ----------
    fraction : float
        Share of the population in the sample.

    Returns
    -------
    str

    Examples
    --------
    >>> measured_ratio(0.1)[:54]
    'in simulated populations, at a sample of 0.1 of them, '
    """
    table = _table()
    near = float(table["fraction"].iloc[(table["fraction"] - fraction).abs().argmin()])
    rows = table[table["fraction"] == near]
    return (
        f"in simulated populations, at a sample of {near:g} of them, nine in ten estimates were between "
        f"{rows['ratio_low'].min():.2f} and {rows['ratio_high'].max():.2f} times the truth"
    )
