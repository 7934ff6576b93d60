"""Measure how long nearest matching takes: ``python -m coresponder_causal.validity.match_speed``.

Within a caliper of .2 standard deviations of the log odds, without replacement, beside another program of the
dependency group ``peers`` on the same calls and, for the matching alone, the same scores. Seconds are those of one
processor.
"""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout
from importlib.metadata import PackageNotFoundError, version
from time import process_time
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.matching import match_on_score, processing_order
from coresponder_causal.core.version import VERSION
from coresponder_causal.design import CallDesign, match_nearest

Array = NDArray[np.float64]
sizes = ((5_000, 0.3), (20_000, 0.3), (1_000_000, 0.08), (1_000_000, 0.3))
most_for_peer, repeats, caliper, decimals = 20_000, 5, 0.2, 9
ours, peer = "coresponder_causal", "pymatchit-causal"
known = ["severity", "load", "distance_km", "age", "prior_contacts", "hour", "initial_type"]


class Timed(NamedTuple):
    """Seconds of the matching alone and of the whole call with its propensity, and the pairs found by both."""

    kernel: float
    whole: float
    pairs: tuple[set[tuple[int, int]], set[tuple[int, int]]]


def call_frame(calls: int, share: float) -> pd.DataFrame:
    """Draw calls of which this share is attended, by what is known of them and by chance.

    Examples
    --------
    >>> call_frame(1000, 0.3)["attended"].mean()
    np.float64(0.3)
    """
    rng = np.random.default_rng(calls)
    frame = pd.DataFrame({name: rng.normal(size=calls) for name in known[:5]})
    frame["hour"], frame["initial_type"] = rng.integers(0, 24, calls), rng.choice(list("abcd"), calls)
    odds = 0.5 * frame["severity"] - 0.3 * frame["load"] + 0.02 * frame["hour"] + 0.3 * (frame["initial_type"] == "b")
    drawn = odds + rng.logistic(size=calls)
    return frame.assign(attended=(drawn > drawn.quantile(1 - share)).astype(int))


def measure() -> pd.DataFrame:
    """Time both programs.

    Returns
    -------
    DataFrame
        ``program, version, calls, treated, kernel_seconds, whole_seconds, pairs, same_pairs``: matching alone, the
        call with its propensity, and whether both programs found the same pairs, of equal scores and of their own.
    """
    rows: list[tuple[object, ...]] = []
    for calls, share in sizes:
        frame = call_frame(calls, share)
        mine = _ours(frame)
        rows.append((ours, VERSION, calls, share, mine.kernel, mine.whole, len(mine.pairs[1]), None))
        if calls <= most_for_peer and _peer_version():
            other = _peer(frame)
            same = other.pairs == mine.pairs
            rows.append((peer, _peer_version(), calls, share, other.kernel, other.whole, len(other.pairs[1]), same))
    names = ["program", "version", "calls", "treated", "kernel_seconds", "whole_seconds", "pairs", "same_pairs"]
    return pd.DataFrame(rows, columns=names)


def _design(frame: pd.DataFrame) -> CallDesign:
    return CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=known)


def _ours(frame: pd.DataFrame) -> Timed:
    design, times = _design(frame), repeats if len(frame) <= most_for_peer else 1
    began = process_time()
    for _ in range(times):
        matched = match_nearest(design, caliper=caliper)
    whole = (process_time() - began) / times
    linear, treated = design.propensity().linear, design.treated
    score = np.round(linear / linear.std(ddof=1) * 10**decimals)
    began = process_time()
    for _ in range(times):
        sequence = processing_order(score[treated], "largest", np.random.default_rng())
        width = caliper * 10**decimals
        found = match_on_score(score[treated], score[~treated], sequence, ratio=1, replace=False, width=width)
    kernel = (process_time() - began) / times
    rows = np.flatnonzero(treated)[found.treated], np.flatnonzero(~treated)[found.control]
    own = np.empty((0, 2), np.int64) if matched.adjustment is None else matched.adjustment.pairs
    return Timed(kernel, whole, (_set(np.column_stack(rows)), _set(own)))


def _peer(frame: pd.DataFrame) -> Timed:
    from pymatchit import MatchIt
    from pymatchit.matchers import NearestNeighborMatcher

    score = pd.Series(_design(frame).propensity().linear)
    with redirect_stdout(io.StringIO()):
        began = process_time()
        model = MatchIt(frame, method="nearest", link="linear.logit", caliper=caliper)
        model.fit(f"attended ~ {' + '.join(known)}")
        whole = process_time() - began
        began = process_time()
        found, _, _ = NearestNeighborMatcher(caliper=caliper).match(frame["attended"], score)
        kernel = process_time() - began
    alone = {(int(unit), int(control)) for unit, controls in found.items() for control in controls}
    return Timed(kernel, whole, (alone, _set(model.matches()[["treated_index", "control_index"]].to_numpy(np.int64))))


def _set(pairs: NDArray[np.int64] | None) -> set[tuple[int, int]]:
    return set() if pairs is None else {(first, second) for first, second in pairs.tolist()}


def _peer_version() -> str:
    try:
        return version(peer)
    except PackageNotFoundError:
        return ""


def said(table: pd.DataFrame) -> str:
    """Write the table as text, with how often the other program's time goes into ours.

    Parameters
    ----------
    table : DataFrame
        As `measure` gives it.

    Returns
    -------
    str
    """
    lines = [table.to_string(index=False, float_format="{:.4g}".format)]
    for calls, part in table.groupby("calls"):
        seconds = part.set_index("program")[["kernel_seconds", "whole_seconds"]]
        if peer in seconds.index:
            kernel, whole = seconds.loc[peer] / seconds.loc[ours]
            lines.append(
                f"{calls:,} calls: {kernel:.0f} times as fast in matching alone, {whole:.0f} in the whole call"
            )
    if peer not in set(table["program"]):
        lines.append(f"{peer} is not installed: pip install --group peers, in an environment of its own")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(said(measure()))
