"""Size and power of tests by clusters where few are treated: ``python -m coresponder_causal.validity.few_clusters``.

Run at the root of a checkout, it measures the rows of the wild bootstrap in core/few_clusters.csv, and the power of
every row. A cluster is its change from before the start to after it, normal with deviation one, or `treated_sd` for the
treated: in a balanced panel with one start the tests depend on nothing else. The effect is what a two-sided z test with
the true standard error finds 80 % of the time. Draws come from a hash of the cell: rows do not depend on order.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import few_clusters
from coresponder_causal.core.few_clusters import Kind, names, nominal
from coresponder_causal.core.inference import minimum_detectable_effect, p_value, wild_p_value
from coresponder_causal.core.sandwich import clustered, clustered_df
from coresponder_causal.core.wild_bootstrap import cluster_multipliers, wild_statistics

Array = NDArray[np.float64]
page = Path("coresponder_causal", "core", "few_clusters.csv")
periods, samples, panels = 72, 399, 2000
source = f"{panels:,} simulated panels, normal changes of cities, {samples} samples with Webb's weights"


class Rates(NamedTuple):
    """Shares of panels in which a nominal 5 % test rejected, without and with the effect."""

    size: float
    power: float


class Changes(NamedTuple):
    """Changes of clusters in many panels, shape (panels, clusters), the treated first, and the effect of their SE."""

    drawn: Array
    X: Array
    effect: float


def changes(treated: int, comparison: int, treated_sd: float, *, panels: int = panels) -> Changes:
    """Draw the changes of treated and comparison clusters in panels without an effect.

    Examples
    --------
    >>> changes(1, 5, 2.0, panels=3).drawn.shape
    (3, 6)
    """
    key = f"{treated} {comparison} {treated_sd:g}"
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big"))
    sd = np.repeat([treated_sd, 1.0], [treated, comparison])
    X = np.column_stack([np.repeat([1.0, 0.0], [treated, comparison]), np.ones(treated + comparison)])
    true_error = float(np.sqrt(treated_sd**2 / treated + 1 / comparison))
    return Changes(sd * rng.normal(size=(panels, len(sd))), X, minimum_detectable_effect(true_error, np.inf))


def rates(kind: Kind, drawn: Changes) -> Rates:
    """Test every panel, as it is and with the effect put in.

    Examples
    --------
    >>> rates("WCR", changes(1, 5, 1.0, panels=10)).size
    0.0
    """
    rows, X, effect = drawn
    if kind in ("WCR", "WCU"):
        p_values = [_bootstrap(kind, row, X, effect, number) for number, row in enumerate(rows)]
    else:
        clusters = np.arange(len(X))
        df = clustered_df(X, clusters, np.array([1.0, 0.0])) if kind == "CR2" else len(X) - 1.0
        p_values = [_clustered(kind, row, X, effect, df) for row in rows]
    size, power = (np.array(p_values) < nominal).mean(axis=0)
    return Rates(float(size), float(power))


def _fitted(row: Array, X: Array) -> tuple[float, Array, float]:
    """Estimate, residuals, and the CR1 standard error with the factor that fixest takes of the whole panel."""
    beta = np.linalg.lstsq(X, row, rcond=None)[0]
    residuals = row - X @ beta
    bare = float(clustered(X, residuals, np.arange(len(row)), convention="none")[0, 0])
    clusters, n = len(row), len(row) * periods
    return float(beta[0]), residuals, np.sqrt(clusters / (clusters - 1) * (n - 1) / (n - 1 - periods) * bare)


def _bootstrap(kind: Kind, row: Array, X: Array, effect: float, seed: int) -> tuple[float, float]:
    estimate, residuals, std_error = _fitted(row, X)
    drawn, _ = cluster_multipliers(len(row), replications=samples, seed=seed)
    found = wild_statistics(
        X, residuals, np.arange(len(row)), multipliers=drawn, std_error=std_error, restricted=kind == "WCR"
    )
    return wild_p_value(found, estimate), wild_p_value(found, estimate + effect)


def _clustered(kind: Kind, row: Array, X: Array, effect: float, df: float) -> tuple[float, float]:
    estimate, residuals, std_error = _fitted(row, X)
    if kind == "CR2":
        std_error = float(np.sqrt(clustered(X, residuals, np.arange(len(row)), kind="CR2")[0, 0]))
    low, high = p_value(np.array([estimate, estimate + effect]) / std_error, df)
    return float(low), float(high)


def measured(table: pd.DataFrame) -> pd.DataFrame:
    """Give the table the rows of the wild bootstrap in the cells of the others, and every row its power.

    Parameters
    ----------
    table : DataFrame
        few_clusters.csv; sizes of CR1 and CR2 stay as they are.
    """
    keys = ["kind", "treated", "comparison", "treated_sd"]
    cells = table[keys[1:]].drop_duplicates()
    every = pd.concat([cells.assign(kind=kind) for kind in names], ignore_index=True)
    here = zip(every["kind"], every["treated"], every["comparison"], every["treated_sd"], strict=True)
    found = [rates(kind, changes(treated, comparison, sd)) for kind, treated, comparison, sd in here]
    every = every.assign(size=[one.size for one in found], power=[one.power for one in found])
    bootstrap = every[every["kind"].isin(["WCR", "WCU"])].assign(replications=panels, source=source)
    clustered_rows = table[table["kind"].isin(["CR1", "CR2"])].drop(columns="power", errors="ignore")
    rows = [clustered_rows.merge(every[[*keys, "power"]], on=keys, validate="one_to_one"), bootstrap]
    return pd.concat(rows, ignore_index=True)[[*keys, "size", "replications", "source", "power"]]


if __name__ == "__main__":
    measured(pd.read_csv(Path(few_clusters.__file__).with_name("few_clusters.csv"))).to_csv(page, index=False)
