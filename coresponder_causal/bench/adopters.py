"""Benchmarks of units that start at different times: group-time effects, their bands, and with a covariate."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from coresponder_causal.bench import peers
from coresponder_causal.bench.case import Answer, Array, Case, Program, Run, ours
from coresponder_causal.core.resampling import influence_variance, multiplier_draws
from coresponder_causal.core.result import Result
from coresponder_causal.design.adoption import adoption_rows, starts_before
from coresponder_causal.design.group_time import group_time_cells, group_time_effects
from coresponder_causal.design.panel import PanelDesign
from coresponder_causal.estimate import did_group_time

periods, starts, draws = 20, (6, 9, 12, 15), 1_000


def adopters_frame(units: int, starts: tuple[int, ...] = starts) -> pd.DataFrame:
    """Draw units that start in one of these periods, or never, each as often.

    Returns
    -------
    DataFrame
        ``unit, t, y, first`` (NaN: never), ``x``, ``d``; sorted by unit and period.

    Examples
    --------
    >>> adopters_frame(10).shape
    (200, 6)
    """
    rng = np.random.default_rng(units)
    first = rng.permutation(np.resize([*map(float, starts), np.nan], units))
    t = np.arange(1, periods + 1)
    on = t >= first[:, None]
    y = rng.normal(size=(units, 1)) + rng.normal(size=(units, periods)) + 0.5 * on
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), periods),
            "t": np.tile(t, units),
            "y": y.ravel(),
            "first": np.repeat(first, periods),
            "x": np.repeat(rng.normal(size=units), periods),
            "d": on.ravel().astype(float),
        }
    )


def _wide(frame: pd.DataFrame) -> Array:
    return frame["y"].to_numpy(float).reshape(-1, periods)


def _design(frame: pd.DataFrame, covariates: tuple[str, ...]) -> PanelDesign:
    return PanelDesign.from_frame(frame, outcome="y", unit="unit", time="t", cohort="first", covariates=covariates)


def _call(frame: pd.DataFrame, covariates: tuple[str, ...] = (), drawn: int = 0) -> Run:
    """Time the design's checks and the estimate."""

    def call() -> Result:
        d = _design(frame, covariates)
        return did_group_time(d, inference="bootstrap", replications=drawn) if drawn else did_group_time(d)

    def answer(r: Result) -> Answer:
        rows = r.terms.assign(estimate=r.estimate, error=r.bse.to_numpy()).sort_values(["cohort", "time"])
        return _cells(rows["estimate"], rows["error"], drawn)

    return Run(call, answer)


def _kernel(frame: pd.DataFrame, covariates: tuple[str, ...] = (), drawn: int = 0) -> Run:
    d = _design(frame, covariates)
    rows = adoption_rows(d, starts_before(d))
    cells = sorted(group_time_cells(rows, "never", "varying", 0))

    def call() -> tuple[Array, Array]:
        effects = group_time_effects(rows, cells, "dr", panel=True)
        if not drawn:
            return effects.att, np.sqrt(np.diag(influence_variance(effects.influence)))
        drawn_errors = multiplier_draws(effects.influence, replications=drawn, multipliers="normal").std(axis=0)
        return effects.att, drawn_errors

    return Run(call, lambda made: _cells(made[0], made[1][: len(made[0])], drawn))


def _cells(estimates: ArrayLike, errors: ArrayLike, drawn: int) -> Answer:
    errors_name = "drawn_std_errors" if drawn else "std_errors"
    return {"estimates": np.asarray(estimates, float).tolist(), errors_name: np.asarray(errors, float).tolist()}


same = {"estimates": 1e-8, "std_errors": 1e-8}
group_time = Case(
    name="group_time",
    title="Group-time effects, no covariates",
    counted=f"units of {periods} periods",
    sizes=(5_000, 50_000, 200_000, 1_000_000),
    tiny=60,
    draw=adopters_frame,
    numbers=_wide,
    programs=(
        Program(ours, "did_group_time(d)", _call),
        Program(ours, "group_time_effects, influence_variance", _kernel, role="kernel"),
        Program("diff-diff", "CallawaySantAnna().fit(...)", peers.diff_diff, needs=("diff_diff",), most=200_000),
        Program("csdid", "ATTgt(...).fit(bstrap=False)", peers.csdid, needs=("csdid",), most=5_000),
    ),
    tolerance=same,
    why="the same closed form",
)
group_time_draws = Case(
    name="group_time_draws",
    title="Group-time effects, 1,000 bootstrap draws",
    counted=group_time.counted,
    sizes=(5_000, 20_000, 50_000),
    tiny=60,
    draw=adopters_frame,
    numbers=_wide,
    programs=(
        Program(ours, f'did_group_time(d, inference="bootstrap", replications={draws})', partial(_call, drawn=draws)),
        Program(ours, "group_time_effects, multiplier_draws", partial(_kernel, drawn=draws), role="kernel"),
        Program(
            "diff-diff",
            f"CallawaySantAnna(n_bootstrap={draws}, seed=1).fit(...)",
            partial(peers.diff_diff, drawn=draws),
            needs=("diff_diff",),
        ),
    ),
    tolerance={"estimates": 1e-8, "drawn_std_errors": 0.12},
    why=f"errors of {draws:,} draws differ by chance; the largest of all cells within five Monte-Carlo errors",
)
group_time_adjusted = Case(
    name="group_time_adjusted",
    title="Group-time effects, doubly robust",
    counted=group_time.counted,
    sizes=(5_000, 20_000, 50_000),
    tiny=200,
    draw=adopters_frame,
    numbers=_wide,
    programs=(
        Program(ours, 'did_group_time(d), covariates=["x"]', partial(_call, covariates=("x",))),
        Program(ours, "group_time_effects", partial(_kernel, covariates=("x",)), role="kernel"),
        Program(
            "diff-diff",
            'CallawaySantAnna().fit(..., covariates=["x"])',
            partial(peers.diff_diff, covariates=["x"]),
            needs=("diff_diff",),
        ),
        Program(
            "csdid", 'ATTgt(..., xformla="y~x")', partial(peers.csdid, covariates="x"), needs=("csdid",), most=5_000
        ),
    ),
    tolerance={"estimates": 2e-4, "std_errors": 2e-4},
    why="the odds of starting are fitted by iteration, which diff-diff ends earlier than csdid and we do",
)
