"""Benchmarks of synthetic controls with every placebo."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from coresponder_causal.bench import peers
from coresponder_causal.bench.case import Answer, Array, Case, Program, Run, ours
from coresponder_causal.core.result import Result
from coresponder_causal.core.synthetic import Synthetic, one_and_placebos, synthetic_control
from coresponder_causal.core.synthetic_did import synthetic_did
from coresponder_causal.design.panel import PanelDesign
from coresponder_causal.estimate import synth_control, synth_did

after = 30


class Panel(NamedTuple):
    """Outcomes by period and unit, the treated one first, and the periods before the start."""

    values: Array
    before: int


def donor_panel(units: int, *, long: bool) -> Panel:
    """Draw units of three factors, over thirty periods after the start and three for each unit before it, or half.

    Weights on units alone are unique where units are fewer than periods before the start; those on periods where
    periods are fewer.

    Examples
    --------
    >>> donor_panel(10, long=True).values.shape, donor_panel(10, long=False).values.shape
    ((60, 10), (35, 10))
    """
    rng = np.random.default_rng(units)
    before = 3 * units if long else units // 2
    factors = rng.normal(size=(before + after, 3)).cumsum(axis=0) / 3
    values = factors @ rng.uniform(size=(3, units)) + rng.normal(size=units) + rng.normal(size=(before + after, units))
    values[before:, 0] += 1.0
    return Panel(values, before)


def _frame(data: Panel) -> pd.DataFrame:
    periods, units = data.values.shape
    return pd.DataFrame(
        {
            "unit": np.tile(np.arange(units), periods),
            "t": np.repeat(np.arange(periods), units),
            "y": data.values.ravel(),
        }
    )


def _call(data: Panel, *, did: bool) -> Run:
    frame = _frame(data)

    def call() -> Result:
        d = PanelDesign.from_frame(frame, outcome="y", unit="unit", time="t", treated=[0], start=data.before)
        if did:
            return synth_did(d, log=False, replications=max(19, data.values.shape[1]))
        return synth_control(d, log=False, demean=False, smoothing=1)

    return Run(call, lambda r: _effects(float(r.estimate[0]), r.extra.number("placebo_std_error")))


def _kernel(data: Panel, *, did: bool) -> Run:
    values, compared = data.values, one_and_placebos(data.values.shape[1])
    before = np.arange(len(values)) < data.before

    def call() -> Synthetic:
        if did:
            return synthetic_did(values, before, ~before / (~before).sum(), compared, treated=1)[0]
        return synthetic_control(values, before, compared, intercept=False)

    def answer(made: Synthetic) -> Answer:
        effects = made.gaps[:, data.before :].mean(axis=1)
        return _effects(float(effects[0]), float(effects[1:].std()))

    return Run(call, answer)


def _effects(estimate: float, spread: float) -> Answer:
    return {"estimates": [estimate], "placebo_spread": [spread]}


tolerance = {"estimates": 1e-3, "placebo_spread": 1e-3}
why = "our weights are exact; steps towards them stop early elsewhere"
control = Case(
    name="synthetic_control",
    title="Synthetic control, all placebos",
    counted="units",
    sizes=(15, 40, 80),
    tiny=8,
    draw=partial(donor_panel, long=True),
    numbers=lambda data: data.values,
    programs=(
        Program(ours, "synth_control(d, log=False, demean=False, smoothing=1)", partial(_call, did=False)),
        Program(ours, "synthetic_control", partial(_kernel, did=False), role="kernel"),
        Program(
            "synthdid-py", "sc_estimate(Y, N0, T0), unit by unit", partial(peers.synthdid, method="sc"),
            needs=("synthdid",),
        ),
    ),
    tolerance=tolerance,
    why=why,
)  # fmt: skip


def _differences(name: str, title: str, *, long: bool, tolerance: dict[str, float], why: str) -> Case:
    return Case(
        name=name,
        title=title,
        counted=control.counted,
        sizes=control.sizes,
        tiny=control.tiny,
        draw=partial(donor_panel, long=long),
        numbers=control.numbers,
        programs=(
            Program(ours, "synth_did(d, log=False)", partial(_call, did=True)),
            Program(ours, "synthetic_did", partial(_kernel, did=True), role="kernel"),
            Program(
                "diff-diff", "SyntheticDiD(n_bootstrap=N-1).fit(...)", peers.diff_diff_synthetic, needs=("diff_diff",)
            ),
            Program(
                "synthdid-py", "synthdid_estimate(Y, N0, T0), unit by unit", partial(peers.synthdid, method="sdid"),
                needs=("synthdid",),
            ),
        ),
        tolerance=tolerance,
        why=why + "; of diff-diff the estimate alone, whose placebos are drawn at random",
    )  # fmt: skip


differences = _differences(
    "synthetic_did", "Synthetic differences, fewer periods than units", long=False, tolerance=tolerance, why=why
)
differences_long = _differences(
    "synthetic_did_long",
    "Synthetic differences, more periods than units",
    long=True,
    tolerance=dict.fromkeys(tolerance, 0.05),
    why="many weights on periods fit almost as well, and steps towards the best stop early elsewhere",
)
