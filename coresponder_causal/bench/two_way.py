"""Benchmarks of units that start together: two-way effects clustered by unit, and the wild bootstrap."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from coresponder_causal.bench import peers
from coresponder_causal.bench.adopters import adopters_frame, periods, same
from coresponder_causal.bench.case import Array, Case, Program, Run, ours
from coresponder_causal.core.inference import wild_p_value
from coresponder_causal.core.result import Result
from coresponder_causal.core.two_way import two_way_clustered, two_way_fit, two_way_wild
from coresponder_causal.design.panel import PanelDesign
from coresponder_causal.estimate import did_two_way

single, samples = (9,), 9_999


def _design(frame: pd.DataFrame) -> PanelDesign:
    treated = frame.loc[frame["first"].notna(), "unit"].unique()
    return PanelDesign.from_frame(frame, outcome="y", unit="unit", time="t", treated=treated, start=single[0])


def _two_way(frame: pd.DataFrame) -> Run:
    return Run(
        lambda: did_two_way(_design(frame), inference="cluster"),
        lambda r: {"estimates": r.estimate.tolist(), "std_errors": r.bse.tolist()},
    )


def _rows(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    unit = frame["unit"].to_numpy()
    rows = pd.DataFrame({"unit": unit, "effect": frame["t"], "cluster": unit, "weight": 1.0, "outcome": frame["y"]})
    return rows, frame[["d"]]


def _kernel(frame: pd.DataFrame) -> Run:
    rows, regressors = _rows(frame)

    def call() -> tuple[Array, Array]:
        fit = two_way_fit(rows, regressors)
        return fit.estimate, two_way_clustered(fit, rows, kind="CR1", convention="fixest")[0]

    return Run(call, lambda made: {"estimates": made[0].tolist(), "std_errors": np.sqrt(np.diag(made[1])).tolist()})


def _wild(frame: pd.DataFrame) -> Run:
    def call() -> tuple[Result, float]:
        r = did_two_way(_design(frame), inference="wild", replications=samples)
        return r, float(r.pvalues.iloc[0])

    return Run(call, lambda made: {"estimates": made[0].estimate.tolist(), "p_values": [made[1]]})


def _wild_kernel(frame: pd.DataFrame) -> Run:
    rows, regressors = _rows(frame)

    def call() -> tuple[Array, float]:
        fit = two_way_fit(rows, regressors)
        vcov, _ = two_way_clustered(fit, rows, kind="CR1", convention="fixest")
        error = float(np.sqrt(vcov[0, 0]))
        statistics = two_way_wild(fit, rows, std_error=error, wild="WCR", replications=samples, seed=1)
        return fit.estimate, wild_p_value(statistics, float(fit.estimate[0]))

    return Run(call, lambda made: {"estimates": made[0].tolist(), "p_values": [made[1]]})


def _null(units: int) -> pd.DataFrame:
    """Draw units that start together, without an effect, so that p-values are not all near zero."""
    frame = adopters_frame(units, single)
    return frame.assign(y=frame["y"] - 0.5 * frame["d"])


def _numbers(frame: pd.DataFrame) -> Array:
    return frame[["d", "y"]].to_numpy(float)


two_way = Case(
    name="two_way",
    title="Two-way effects, clustered, balanced",
    counted=f"units of {periods} periods",
    sizes=(2_500, 10_000, 50_000),
    tiny=60,
    draw=partial(adopters_frame, starts=single),
    numbers=_numbers,
    programs=(
        Program(ours, 'did_two_way(d, inference="cluster")', _two_way),
        Program(ours, "two_way_fit, two_way_clustered", _kernel, role="kernel"),
        Program("pyfixest", 'feols("y ~ d | unit + t", vcov={"CRV1": "unit"})', peers.feols, needs=("pyfixest",)),
        Program(
            "linearmodels",
            "PanelOLS(entity_effects, time_effects).fit(clustered)",
            peers.panel_ols,
            needs=("linearmodels",),
        ),
    ),
    tolerance=same,
    why="the same closed form; of linearmodels the estimate alone, whose errors have another factor",
)
wild = Case(
    name="wild",
    title=f"Wild cluster bootstrap, {samples:,} samples",
    counted=f"clusters of {periods} periods",
    sizes=(20, 60, 180),
    tiny=12,
    draw=_null,
    numbers=_numbers,
    programs=(
        Program(ours, f'did_two_way(d, inference="wild", replications={samples})', _wild),
        Program(ours, "two_way_fit, two_way_wild, wild_p_value", _wild_kernel, role="kernel"),
        Program(
            "wildboottest",
            f'wildboottest(OLS, param="d", B={samples}, weights_type="webb")',
            partial(peers.wildboottest, samples=samples),
            needs=("wildboottest", "statsmodels"),
        ),
    ),
    tolerance={"estimates": 1e-8, "p_values": 0.15},
    why="p-values are of other draws",
)
