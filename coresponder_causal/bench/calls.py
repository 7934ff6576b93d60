"""The benchmark of nearest matching, within .2 standard deviations of the log odds and without replacement."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.bench import peers
from coresponder_causal.bench.case import Array, Case, Program, Run, ours
from coresponder_causal.core.matching import match_on_score, processing_order
from coresponder_causal.design import CallDesign, match_nearest

caliper, decimals, share = 0.2, 9, 0.3
known = ["severity", "load", "distance_km", "age", "prior_contacts", "hour", "initial_type"]


def call_frame(calls: int) -> pd.DataFrame:
    """Draw calls of which three in ten are attended, by what is known of them and by chance.

    Examples
    --------
    >>> call_frame(1000)["attended"].mean()
    np.float64(0.3)
    """
    rng = np.random.default_rng(calls)
    frame = pd.DataFrame({name: rng.normal(size=calls) for name in known[:5]})
    frame["hour"], frame["initial_type"] = rng.integers(0, 24, calls), rng.choice(list("abcd"), calls)
    odds = 0.5 * frame["severity"] - 0.3 * frame["load"] + 0.02 * frame["hour"] + 0.3 * (frame["initial_type"] == "b")
    drawn = odds + rng.logistic(size=calls)
    return frame.assign(attended=(drawn > drawn.quantile(1 - share)).astype(int))


def _design(frame: pd.DataFrame) -> CallDesign:
    return CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=known)


def _call(frame: pd.DataFrame) -> Run:
    def answer(matched: CallDesign) -> dict[str, list[float]]:
        pairs = None if matched.adjustment is None else matched.adjustment.pairs
        return peers.pairs_of(np.empty((0, 2), np.int64) if pairs is None else pairs)

    return Run(lambda: match_nearest(_design(frame), caliper=caliper), answer)


def _kernel(frame: pd.DataFrame) -> Run:
    design = _design(frame)
    linear, treated = design.propensity().linear, design.treated
    score = np.round(linear / linear.std(ddof=1) * 10**decimals)

    def call() -> NDArray[np.int64]:
        sequence = processing_order(score[treated], "largest", np.random.default_rng(1))
        width = caliper * 10**decimals
        found = match_on_score(score[treated], score[~treated], sequence, ratio=1, replace=False, width=width)
        return np.column_stack([np.flatnonzero(treated)[found.treated], np.flatnonzero(~treated)[found.control]])

    return Run(call, peers.pairs_of)


def _peer_kernel(frame: pd.DataFrame) -> Run:
    return peers.nearest_alone(frame, pd.Series(_design(frame).propensity().linear), caliper)


def _numbers(frame: pd.DataFrame) -> Array:
    return frame[known[:6]].to_numpy(float)


matching = Case(
    name="matching",
    title="Nearest matching",
    counted="calls, 30 % attended",
    sizes=(2_000, 20_000, 1_000_000),
    tiny=300,
    draw=call_frame,
    numbers=_numbers,
    programs=(
        Program(ours, "match_nearest(d, caliper=.2)", _call),
        Program(ours, "match_on_score", _kernel, role="kernel"),
        Program(
            "pymatchit-causal", 'MatchIt(method="nearest", link="linear.logit", caliper=.2)',
            partial(peers.nearest, known=known, caliper=caliper), needs=("pymatchit",), most=20_000,
        ),
        Program(
            "pymatchit-causal", "NearestNeighborMatcher(caliper=.2).match", _peer_kernel, role="kernel",
            needs=("pymatchit",), most=20_000,
        ),
    ),
    tolerance={"pairs": 0.0},
    why="the same pairs",
)  # fmt: skip
