"""How often the decision rule says what, in worlds whose truth is known, beside the rule that only counts designs.

Estimates of d designs are drawn from N(θ + β, Σ), Σ with their standard errors and one correlation, each with a
standard error of its own df. Worlds: nothing changes; nothing changes but fewer things are put on record, by a number
of standard errors, in every design; a weak and a strong effect. A funnel that follows calls to their records places a
change upstream of recording with a stated chance where it is real, and wrongly with another where it is not. The naive
rule asks for as many designs of different assumptions whose intervals exclude no change, whatever they share, and lets
each pre-named check contradict at 5 %; this one corrects checks for their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.decide.assumptions import apart
from coresponder_causal.decide.rule import Rule, judge, verdicts

Array = NDArray[np.float64]
usual_draws = 20_000
false_alarm = 0.05
worlds = ("nothing changes", "only recording changes", "weak effect", "strong effect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is known ahead of the designs of one outcome.

    Parameters
    ----------
    std_errors, df : tuple of float
        Of each design's log ratio, in the order in which they are believed.
    kinds, before : tuple of str
        Assumption of each, and the part of the pre-period from which it starts (empty: none).
    correlation : float
        Between any two estimates.
    recording : float
        Fall through recording alone, in standard errors of each design.
    weak, strong : float
        True ratios.
    funnel_right, funnel_wrong : float
        Chance that the funnel places a change upstream of recording where the change is real, and where only recording
        changed, or nothing.
    """

    std_errors: tuple[float, ...] = (0.08, 0.08)
    df: tuple[float, ...] = (np.inf, np.inf)
    kinds: tuple[str, ...] = ("covered against other hours", "the city against other cities")
    before: tuple[str, ...] = ("covered hours", "all hours")
    correlation: float = 0.8
    recording: float = 2.5
    weak: float = 0.9
    strong: float = 0.7
    funnel_right: float = 0.8
    funnel_wrong: float = 0.05


def operating_characteristics(
    setting: Setting | None = None,
    *,
    rule: Rule | None = None,
    outcomes: int = 1,
    draws: int = usual_draws,
    seed: int = 1,
) -> pd.DataFrame:
    """Compute the odds of each verdict on worlds whose truth is known.

    Parameters
    ----------
    setting : Setting, optional
    rule : Rule, optional
    outcomes : int
        Primary outcomes with a verdict.
    draws, seed : int

    Returns
    -------
    DataFrame
        One row per world, kind of outcome ("counted at receipt", "recorded by responders") and rule ("this rule",
        "naive"): ``world, outcome, rule``, the share of each verdict, ``supported`` (fewer or more) and
        ``monte_carlo``, the standard error of that share.

    Raises
    ------
    DesignError
        If the designs are not described one by one, or the correlation cannot be.

    Examples
    --------
    >>> odds = operating_characteristics(draws=2000)
    >>> odds[odds["world"] == "only recording changes"].set_index("rule")["supported"].round(1).to_dict()
    {'this rule': 0.0, 'naive': 0.6}
    """
    known, stated = setting or Setting(), rule or Rule()
    _require(known)
    for name, count in (("outcomes", outcomes), ("draws", draws)):
        if count < 1:
            raise DesignError(f"{name}={count!r}", mend=f"give {name} of 1 or more")
    truths = dict(zip(worlds, (0.0, 0.0, np.log(known.weak), np.log(known.strong)), strict=True))
    rows = []
    for number, (world, truth) in enumerate(truths.items()):
        fell = known.recording if world == worlds[1] else 0.0
        rng = np.random.default_rng([seed, number])
        estimates, errors = _drawn(known, truth, fell, draws, rng)
        chance = rng.random(estimates.shape)  # that its pre-named check contradicts a design that holds
        holds, uncorrected = chance >= false_alarm / estimates.shape[1], chance >= false_alarm
        upstream = rng.random(draws) < (known.funnel_right if truth else known.funnel_wrong)
        for recorded in (False, True):
            if fell and not recorded:
                continue
            about = {"world": world, "outcome": "recorded by responders" if recorded else "counted at receipt"}
            ours = _by_this_rule(known, estimates, errors, holds, upstream, stated, outcomes, recorded=recorded)
            naive = judge(estimates, errors, np.array(known.df), uncorrected, _different(known.kinds), stated, outcomes)
            rows += [about | {"rule": name} | _odds(made) for name, made in (("this rule", ours), ("naive", naive))]
    return pd.DataFrame(rows)


def _require(known: Setting) -> None:
    many = len(known.std_errors)
    if not many or {len(known.df), len(known.kinds), len(known.before)} != {many}:
        raise DesignError(
            f"{many} standard errors, {len(known.df)} df, {len(known.kinds)} assumptions, {len(known.before)} starts",
            mend="give one of each for every design",
        )
    if not -1 / max(many - 1, 1) <= known.correlation <= 1:
        raise DesignError(
            f"{many} estimates cannot all correlate by {known.correlation:g}", mend="give one from 0 to 1, such as 0.8"
        )


def _drawn(known: Setting, truth: float, fell: float, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw estimates and standard errors of studies, each (draws, d)."""
    errors, df = np.array(known.std_errors), np.array(known.df)
    many = len(errors)
    correlation = known.correlation + (1 - known.correlation) * np.eye(many)
    estimates = rng.multivariate_normal(
        truth - fell * errors, correlation * np.outer(errors, errors), size=draws, method="cholesky"
    )
    finite = np.isfinite(df)
    ratio = np.ones((draws, many))
    ratio[:, finite] = rng.chisquare(df[finite], size=(draws, int(finite.sum()))) / df[finite]
    return estimates, errors * np.sqrt(ratio)


def _by_this_rule(
    known: Setting,
    estimates: Array,
    errors: Array,
    holds: NDArray[np.bool_],
    upstream: NDArray[np.bool_],
    rule: Rule,
    outcomes: int,
    *,
    recorded: bool,
) -> NDArray[np.int_]:
    """Judge where designs that share what could mislead them count once."""
    source, many = [""] * len(known.kinds), len(known.kinds)
    made = [
        judge(
            estimates,
            errors,
            np.array(known.df),
            holds,
            apart(known.kinds, known.before, source, [doubtful] * many),
            rule,
            outcomes,
        )
        for doubtful in (False, True)
    ]
    return np.where(upstream, made[0], made[1]) if recorded else made[0]


def _different(kinds: Sequence[str]) -> NDArray[np.bool_]:
    held = np.array(kinds, dtype=object)
    return np.asarray(held[:, None] != held[None, :], bool)


def _odds(made: NDArray[np.int_]) -> dict[str, float]:
    shares = {name: float(np.mean(made == place)) for place, name in enumerate(verdicts)}
    supported = shares["fewer"] + shares["more"]
    return shares | {"supported": supported, "monte_carlo": float(np.sqrt(supported * (1 - supported) / len(made)))}
