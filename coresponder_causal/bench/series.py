"""Benchmarks of one series: segmented least squares with Newey–West errors, and segmented Poisson regression."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from coresponder_causal.bench import peers
from coresponder_causal.bench.case import Answer, Array, Case, Program, Run, ours
from coresponder_causal.core.count_regression import fit_counts
from coresponder_causal.core.error_models import fit_errors
from coresponder_causal.core.result import Result
from coresponder_causal.design.series import SeriesDesign
from coresponder_causal.estimate import its_counts, its_segmented

lags, effects = 4, ["level_change", "slope_change"]


class Series(NamedTuple):
    """Counts, and constant, trend, level change and slope change."""

    counts: Array
    X: Array


def series(periods: int) -> Series:
    """Draw counts that fall when half of the periods are over.

    Examples
    --------
    >>> series(60).X.shape
    (60, 4)
    """
    t = np.arange(periods)
    since, on = (t - periods // 2).astype(float), t >= periods // 2
    counts = np.random.default_rng(periods).poisson(200 * np.exp(-0.2 * on)).astype(float)
    return Series(counts, np.column_stack([np.ones(periods), since, on, on * since]))


def _call(data: Series, *, counts: bool) -> Run:
    frame = pd.DataFrame({"t": np.arange(len(data.counts)), "calls": data.counts.astype(int)})

    def call() -> Result:
        d = SeriesDesign.from_frame(frame, outcome="calls", time="t", start=len(frame) // 2)
        if counts:
            return its_counts(d, errors="quasi", harmonics=0, slope_change=True)
        return its_segmented(d, errors="newey-west", lags=lags, harmonics=0, slope_change=True)

    def answer(r: Result) -> Answer:
        rows = r.tidy().set_index("term").loc[effects]
        return {"estimates": rows["estimate"].tolist(), "std_errors": rows["std_error"].tolist()}

    return Run(call, answer)


def _least_squares(data: Series) -> Run:
    y, positions = np.log(data.counts), np.arange(len(data.counts), dtype=float)
    return Run(
        lambda: fit_errors(y, data.X, positions=positions, errors="newey-west", lags=lags),
        lambda made: _two(made.beta, made.vcov),
    )


def _poisson(data: Series) -> Run:
    exposure, names = np.ones(len(data.counts)), ("constant", "trend", *effects)
    call = partial(fit_counts, data.counts, data.X, exposure=exposure, family="poisson", names=names)
    return Run(call, lambda made: {"estimates": made.beta[2:4].tolist()})


def _two(beta: Array, vcov: Array) -> Answer:
    return {"estimates": beta[2:4].tolist(), "std_errors": np.sqrt(np.diag(vcov))[2:4].tolist()}


segmented = Case(
    name="segmented",
    title="Segmented regression, Newey–West",
    counted="periods",
    sizes=(60, 300, 1_500),
    tiny=48,
    draw=series,
    numbers=lambda data: data.X,
    programs=(
        Program(ours, f'its_segmented(d, errors="newey-west", lags={lags}, harmonics=0)', partial(_call, counts=False)),
        Program(ours, "fit_errors", _least_squares, role="kernel"),
        Program(
            "statsmodels", 'OLS(y, X).fit(cov_type="HAC")', partial(peers.least_squares, lags=lags),
            needs=("statsmodels",),
        ),
    ),
    tolerance={"estimates": 1e-8, "std_errors": 1e-8},
    why="the same closed form",
)  # fmt: skip
counts = Case(
    name="counts",
    title="Segmented quasi-Poisson regression",
    counted="periods",
    sizes=segmented.sizes,
    tiny=segmented.tiny,
    draw=series,
    numbers=segmented.numbers,
    programs=(
        Program(ours, 'its_counts(d, errors="quasi", harmonics=0)', partial(_call, counts=True)),
        Program(ours, "fit_counts", _poisson, role="kernel"),
        Program("statsmodels", 'GLM(y, X, Poisson()).fit(scale="X2")', peers.poisson, needs=("statsmodels",)),
    ),
    tolerance={"estimates": 1e-5, "std_errors": 1e-5},
    why="both iterate",
)
