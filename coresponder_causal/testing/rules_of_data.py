"""Rules of what a method makes of data: they stay as they were, and only what matters in them changes the answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.result import Result
from coresponder_causal.testing.case import Broken, Case
from coresponder_causal.testing.examples import outcome


def input_is_left_alone(case: Case) -> Broken:
    """Ask that neither the frame nor the design is changed."""
    frame = case.example.frame()
    given = frame.copy(deep=True)
    design = case.example.design(frame, outcome)
    before, source = design.fingerprint, design.source.copy(deep=True)
    case.run(design)
    if not design.source.equals(source) or design.fingerprint != before:
        yield "it changes the design that it was given"
    if not frame.equals(given):
        yield "it changes the frame that it was given"


def repeats(case: Case) -> Broken:
    """Ask for the same answer bit for bit, also in threads."""
    with ThreadPoolExecutor(2) as pool:
        again = [job.result() for job in [pool.submit(case.run, case.design) for _ in range(2)]]
    if any(result.to_json() != case.result.to_json() for result in again):
        yield "run again, or in threads, it gives another result: draw from a seed that is an option"


def row_order_is_nothing(case: Case) -> Broken:
    """Ask for the same answer when rows stand in another order."""
    design = case.remade(lambda frame: frame.sample(frac=1.0, random_state=5))
    if case.run(design).to_json() != case.result.to_json():
        yield "rows in another order give another result"


def nothing_missing_in_silence(case: Case) -> Broken:
    """Ask that a missing outcome is refused or said, and never makes an estimate that is no number."""
    frame = case.example.frame()
    if frame[outcome].isna().any():
        return
    place = len(frame) // 2
    try:
        design = case.example.design(frame.assign(calls=frame[outcome].where(frame.index != place)), outcome)
        result = case.run(design)
    except CausalError:
        return
    if not np.isfinite(result.estimate).all():
        yield "one missing outcome gives an estimate that is no number"
    said = result.notes != case.result.notes or result.n_obs != case.result.n_obs
    if not said and not np.array_equal(result.estimate, case.result.estimate):
        yield "one missing outcome is passed over in silence"


# The search for variance parameters runs on a standardised outcome and takes the same steps; only τ² comes from a
# minimiser that stops within the square root of machine precision (1.5e-8) of itself, hence 1e-7 for what it enters.
def unit_of_the_outcome(case: Case) -> Broken:
    """Ask that log ratios do not feel a factor; differences take it on and do not feel a shift."""
    if case.example.unit_free:
        return
    linked = "link" in [option.name for option in case.options]
    for options in ({}, {"link": "identity"}) if linked else ({},):
        result = case.run(case.design, options)
        if result.scale == "difference":
            moved = case.run(case.remade(lambda frame: frame.assign(calls=70 + 3 * frame[outcome])), options)
            yield from _carried(moved, result, 3)
            continue
        doubled = case.run(case.remade(lambda frame: frame.assign(calls=2 * frame[outcome])), options)
        yield from _carried(doubled, result, 1)
        base, twice = result.event_base, doubled.event_base
        if base is not None and (twice is None or not np.allclose(twice, 2 * base, rtol=1e-7, atol=0, equal_nan=True)):
            yield "twice the events do not give twice the number of events in its terms"


def _carried(moved: Result, result: Result, factor: int) -> Broken:
    std_error = np.sqrt(np.diag(result.vcov))
    change = "70 more than three times" if factor > 1 else "twice"
    if not np.abs(moved.estimate / factor - result.estimate).max() < (1e-8 * std_error).min():
        yield f"{change} the outcome gives another estimate than it should"
    if not np.allclose(np.sqrt(np.diag(moved.vcov)), factor * std_error, rtol=1e-7, atol=0):
        yield f"{change} the outcome gives another standard error than it should"
    if not np.allclose(moved.df, result.df, rtol=1e-7, atol=0):
        yield f"{change} the outcome gives other degrees of freedom"
