"""The table of measured sizes is complete, sourced, and reproduced by drawing the clusters' changes afresh."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coresponder_causal.core import few_clusters
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.few_clusters import clustered_size

TABLE = pd.read_csv(Path(few_clusters.__file__).with_name("few_clusters.csv"))
PERIODS, DRAWS = 72, 20_000


def drawn_size(kind: str, treated: int, comparison: int, treated_sd: float) -> float:
    """Share of draws without effect in which the test rejects.

    In a balanced panel with one start the estimate is the difference of the mean changes of the two groups, and the
    clustered variance the sum of squares of the changes within groups: over n², times the factor (CR1), or over
    n(n − 1), with Welch's df at equal variances (CR2). One cluster alone has no sum of squares.
    """
    rng = np.random.default_rng((treated, comparison, int(treated_sd)))
    changes = [treated_sd * rng.normal(size=(DRAWS, treated)), rng.normal(size=(DRAWS, comparison))]
    gap = changes[0].mean(axis=1) - changes[1].mean(axis=1)
    squares = [((group - group.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) for group in changes]
    counts = np.array([treated, comparison])
    if kind == "CR1":
        clusters, rows = counts.sum(), counts.sum() * PERIODS
        factor = clusters / (clusters - 1) * (rows - 1) / (rows - 1 - PERIODS)
        variance = factor * (squares[0] / treated**2 + squares[1] / comparison**2)
        df = clusters - 1.0
    else:
        many = counts[counts > 1]
        variance = sum(square / (n * (n - 1)) for square, n in zip(squares, counts, strict=True) if n > 1)
        df = np.sum(1 / many) ** 2 / np.sum(1 / (many**2 * (many - 1)))
    return float(np.mean(np.abs(gap) > stats.t.isf(0.025, df) * np.sqrt(variance)))


@pytest.mark.parametrize("kind", ["CR1", "CR2"])
def test_every_cell_is_reproduced_by_new_draws(kind):
    for row in TABLE[TABLE["kind"] == kind].itertuples():
        again = drawn_size(row.kind, row.treated, row.comparison, row.treated_sd)
        error = np.sqrt(again * (1 - again) * (1 / DRAWS + 1 / row.replications))
        # Four Monte-Carlo errors of both, and half of the last printed digit (two digits where 2,000 panels were run).
        assert row.size == pytest.approx(again, abs=4 * error + (0.005 if row.replications == 2000 else 0.0005)), row


def test_the_grid_is_complete_and_every_cell_has_its_source():
    keys = ["kind", "treated", "comparison", "treated_sd"]
    assert not TABLE.duplicated(keys).any()
    assert len(TABLE) == np.prod([TABLE[key].nunique() for key in keys])
    assert TABLE["source"].str.contains("simulated").all()
    assert TABLE["size"].between(0, 1).all()


def test_more_comparison_clusters_make_one_treated_cluster_worse():
    sizes = [clustered_size(1, m).size for m in (5, 10, 15, 30)]
    assert sizes[:3] == [0.32, 0.49, 0.6]
    assert sizes == sorted(sizes)
    assert clustered_size(10, 10).size < 0.06


def test_the_nearest_cell_is_taken_and_named():
    near = clustered_size(1, 11)
    assert (near.treated, near.comparison, near.size, near.size_noisier) == (1, 10, 0.49, 0.72)
    assert clustered_size(200, 300).treated == 20
    assert clustered_size(2, 6, kind="CR2").kind == "CR2"
    assert "2,000 simulated panels" in near.source
    assert "49 % of the time at 10 comparison clusters, 72 % where" in str(near)


@pytest.mark.parametrize("counts", [(0, 5), (3, 0)])
def test_nothing_to_compare_is_an_error(counts):
    with pytest.raises(EstimationError, match="cannot be compared"):
        clustered_size(*counts)
