"""How often fairness is told rightly, in simulated calls of which it is known where bias entered and what it did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, TypedDict

import numpy as np
import pandas as pd

from coresponder_causal.core.notes import quietly
from coresponder_causal.decide.disparity import disparity_rates, reach_rates
from coresponder_causal.decide.disparity_closing import disparity_closing
from coresponder_causal.decide.group_sensitivity import contact_gap, unknown_group
from coresponder_causal.decide.label_drift import label_drift
from coresponder_causal.decide.label_sensitivity import label_sensitivity
from coresponder_causal.decide.where_bias import label_stage, officer_stage, taker_stage, where_bias
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.simulate.biased_calls import biased_calls, biased_contacts

worlds: dict[str, dict[str, float]] = {
    "nobody": {},
    "callers": {"caller_bias": 0.15},
    "call takers": {"taker_bias": 0.3},
    "dispatch alone": {"reach_bias": 0.2},
    "officers": {"officer_bias": 0.08},
    "callers and officers": {"caller_bias": 0.15, "officer_bias": 0.08},
}
mixed = {"caller_bias": 0.15, "officer_bias": 0.05, "reach_bias": 0.2}
whole, usual = 400_000, 6000


class Compared(TypedDict):
    """The groups of every world."""

    group: str
    reference: str


by_group: Compared = {"group": "group", "reference": "reference"}


def stages_in_worlds(seeds: Iterable[int], *, calls: int = 8000) -> pd.DataFrame:
    """Count how often each stage is found to treat groups unlike, by where bias entered.

    Parameters
    ----------
    seeds : iterable of int
    calls : int
        Of each world.

    Returns
    -------
    DataFrame
        ``world, seeds``, one column for each stage, and ``rightly``: exactly the stages at which bias entered.

    Examples
    --------
    >>> stages_in_worlds(range(2))["seeds"].tolist()
    [2, 2, 2, 2, 2, 2]
    """
    drawn, stages = list(seeds), (label_stage, taker_stage, officer_stage)
    entered = {
        "nobody": (), "callers": (label_stage,), "call takers": (label_stage, taker_stage), "dispatch alone": (),
        "officers": (officer_stage,), "callers and officers": (label_stage, officer_stage),
    }  # fmt: skip
    rows = []
    for name, bias in worlds.items():
        found = []
        for seed in drawn:
            made = biased_calls(calls=calls, seed=seed, **bias)
            with quietly():
                told = where_bias(made, **by_group, worse=["disturbance"], outcome="arrest")
            found.append(set(told.enters_with()))
        shares = {stage: np.mean([stage in one for one in found]) for stage in stages}
        right = np.mean([one == set(entered[name]) for one in found])
        rows.append({"world": name, "seeds": len(drawn), **shares, "rightly": right})
    return pd.DataFrame(rows)


def covered_in_worlds(seeds: Iterable[int]) -> pd.DataFrame:
    """Count how often 95 % intervals hold what is true, where callers, dispatch and officers are all biased.

    Parameters
    ----------
    seeds : iterable of int

    Returns
    -------
    DataFrame
        ``quantity, truth, mean, covered, seeds, monte_carlo``: the truth of 400,000 calls, or of the very contacts; the
        mean estimate (of a set: of its nearer end), the share of intervals that hold the truth and its standard error.
    """
    drawn = list(seeds)
    truths = _true_gaps(biased_calls(calls=whole, seed=10**6, **mixed))
    told: dict[str, list[tuple[float, float, float, float]]] = {}
    with quietly():
        for seed in drawn:
            for name, estimate, low, high in _intervals(seed):
                told.setdefault(name, []).append((truths[name], estimate, low, high))
            for name, truth, estimate, low, high in _contacts(seed):
                told.setdefault(name, []).append((truth, estimate, low, high))
    rows = []
    for name, found in told.items():
        truth, estimate, low, high = np.array(found).T
        covered = float(((low <= truth) & (truth <= high)).mean())
        error = float(np.sqrt(max(covered * (1 - covered), 0.05 * 0.95) / len(found)))
        rows.append(
            {"quantity": name, "truth": truth.mean(), "mean": estimate.mean(), "covered": covered,
             "seeds": len(found), "monte_carlo": error}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _design(made: pd.DataFrame) -> CallDesign:
    return CallDesign.from_frame(
        made, outcome="arrest", treatment="attended", covariates=["hour", "initial_type"], person="person"
    )


def _intervals(seed: int) -> Iterator[tuple[str, float, float, float]]:
    """Estimate each quantity once, with its interval."""
    made = biased_calls(calls=usual, seed=seed, **mixed)
    c = _design(made)
    kinds: tuple[Literal["person", "person and week"], ...] = ("person", "person and week")
    for clusters in kinds:
        found = disparity_rates(c, **by_group, clusters=clusters)
        yield (f"gap as it is, {clusters}", *_first(found.tidy()))
    yield ("gap in reach", *_first(reach_rates(c, **by_group).tidy()))
    closing = disparity_closing(c, **by_group, allowable=["initial_type"], repeats=1, seed=seed).tidy()
    for row, name in enumerate(("remaining", "now", "closed")):
        yield (f"alike in the label: {name}", *_first(closing.iloc[row:]))
    stages = where_bias(made, **by_group, worse=["disturbance"], outcome="arrest", taker=None).table
    for row, name in enumerate((label_stage, officer_stage)):
        yield (f"stage: {name}", *_first(stages.iloc[row:].rename(columns={"gap": "estimate"})))
    drift = label_drift(made, **by_group)
    wrong = drift[(drift["group"] == "group") & (drift["written"] == "disturbance") & (drift["found"] != "disturbance")]
    yield ("labels that did not hold", *_first(wrong.rename(columns={"share": "estimate"})))
    crisis = (made["final_type"] == "welfare_check").astype(float).where(made["attended"])
    late = made.assign(crisis=crisis, late=made["hour"] >= 12)
    held = label_sensitivity(late, **by_group, right=["welfare_check"], truth="crisis", met_by=["late"])
    yield ("gap in labels of all crises", *_first(held[held["what"] == "gap"].rename(columns={"share": "estimate"})))
    partly = biased_calls(calls=usual, seed=seed, recorded=0.6, **mixed)
    bounds = unknown_group(partly, outcome="arrest", **by_group).iloc[0]
    near = float(np.clip(0.0, bounds["set_low"], bounds["set_high"]))
    yield ("gap, group of 4 in 10 unknown", near, float(bounds["conf_low"]), float(bounds["conf_high"]))


def _contacts(seed: int) -> Iterator[tuple[str, float, float, float, float]]:
    """Bound the effect on contacts at the share that is true, and as if bias brought none."""
    made = biased_contacts(seed=seed)
    own = made["group"] == "group"
    rho, effect = (
        float(made.loc[own, "for_the_group"].mean()),
        made["force_as_group"] * 1.0 - made["force_as_reference"],
    )
    for name, share in (("effect on contacts, bias allowed for", rho), ("the same, as if bias brought none", 0.0)):
        row = contact_gap(made, outcome="force", shares=[share], person=None, **by_group).iloc[0]
        yield name, float(effect.mean()), float(row["set_low"]), float(row["conf_low"]), float(row["conf_high"])


def _true_gaps(made: pd.DataFrame) -> dict[str, float]:
    """Give the gaps of very many calls, from what is known of each without an estimate of anything."""
    own = made["group"] == "group"
    written = made["initial_type"] == "disturbance"
    crisis = made["final_type"] == "welfare_check"
    at_group = written[own].mean()

    def gap(values: pd.Series) -> float:
        return float(values[own].mean() - values[~own].mean())

    def alike(values: pd.Series) -> float:
        other = values[~own].groupby(written[~own]).mean()
        return float(values[own].mean() - at_group * other[True] - (1 - at_group) * other[False])

    now, remaining = alike(made["arrest"]), alike(made["arrest_if_attended"])
    stages = where_bias(made, **by_group, worse=["disturbance"], outcome="arrest", taker=None).table
    return {
        "gap as it is, person": gap(made["arrest"]),
        "gap as it is, person and week": gap(made["arrest"]),
        "gap in reach": gap(made["attended"]),
        "alike in the label: remaining": remaining,
        "alike in the label: now": now,
        "alike in the label: closed": now - remaining,
        f"stage: {label_stage}": float(stages["gap"].iloc[0]),
        f"stage: {officer_stage}": float(stages["gap"].iloc[1]),
        "labels that did not hold": float(crisis[own & written].mean()),
        "gap in labels of all crises": gap((~written).where(crisis).astype(float)),
        "gap, group of 4 in 10 unknown": gap(made["arrest"]),
    }


def _first(told: pd.DataFrame) -> tuple[float, float, float]:
    row = told.iloc[0]
    return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])
