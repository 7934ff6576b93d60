"""Whom it helps more: predicted effects that may speak only after tests on calls they were not learnt from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import inference
from coresponder_causal.core.cross_fit import person_folds
from coresponder_causal.core.doubly_robust import Contrast, say_probabilities
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.inference import Medians
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.support import smallest
from coresponder_causal.core.targeting import ranked_groups
from coresponder_causal.decide.held_out_tests import Half, Halves, examined, fifths, shares
from coresponder_causal.decide.learned_effects import EffectLearner, HeldOut, held_out, material
from coresponder_causal.design.call_estimates import support
from coresponder_causal.design.call_learners import OutcomeModel, PropensityModel
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.coverage import CoverageDesign

Array = NDArray[np.float64]
gate_tests = ("slope", "autoc")
sizes = ("estimate", "low", "high")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heterogeneity:
    """Whether the treatment does more for some calls than for others, and for whom where tests let that be said.

    Effects are differences of the outcome; benefit is the effect with the sign that ``better`` gives it. Estimates,
    bounds and p-values are medians over random halves, adjusted for that.

    Parameters
    ----------
    outcome, treatment, contrast, better : str
    tests : DataFrame
        ``test, estimate, std_error, low, high, p_value``: slope of the effect on its prediction (BLP), areas below the
        TOC and Qini curves, the difference between the fifths with most and least predicted benefit (all one-sided);
        ``calibration``, the slope on the mean prediction of the fifths, whose p-value asks whether it is 1; ``falls``,
        whether some fifth benefits more than the one ranked before it.
    gates : DataFrame
        Five rows, the most predicted benefit first: ``group, estimate, low, high, p_value`` and ``predicted``.
    who : DataFrame
        Means of effect modifiers in the first and last fifth, ``most, least, difference, low, high, p_value`` and
        ``p_holm``. Empty where the tests do not pass.
    curve : DataFrame
        ``share, gain, low, high``: benefit of the calls ranked first, over that of all.
    passed : bool
        Whether slope and AUTOC both are above zero at the level.
    detectable : float
        Difference between the first and last fifth that would be found four times in five.
    effects : Series or None
        Predicted effect of each call, brought to the slope that the tests found; None where they do not pass.
    support : DataFrame
        Persons, events and calls behind all, and the fewest behind a tenth of a half.
    notes : tuple of str
    seed : int
    """

    outcome: str
    treatment: str
    contrast: str
    better: Literal["less", "more"]
    tests: pd.DataFrame
    gates: pd.DataFrame
    who: pd.DataFrame
    curve: pd.DataFrame
    passed: bool
    detectable: float
    effects: pd.Series | None
    support: pd.DataFrame
    notes: tuple[str, ...]
    seed: int
    level: float = 0.95

    def __repr__(self) -> str:
        found = "tests pass" if self.passed else "tests do not pass"
        return (
            f"Heterogeneity: {self.contrast} of {self.treatment} on {self.outcome}: {found}; see .tests, .gates, .who"
        )

    @property
    def sentence(self) -> str:
        """What may be said."""
        if not self.passed:
            return (
                f"No evidence that {self.treatment} changes {self.outcome} more for some calls than for others, and no "
                f"group is named; the data could have seen a difference of {self.detectable:.3g} between the fifths of "
                "calls with the most and the least predicted benefit."
            )
        first, last = self.gates.iloc[0], self.gates.iloc[-1]
        return (
            f"{self.treatment} helps some calls more than others: {self.outcome} changed by {first['estimate']:.3g} "
            f"({first['low']:.3g} to {first['high']:.3g}) in the fifth of calls with the most predicted benefit and by "
            f"{last['estimate']:.3g} ({last['low']:.3g} to {last['high']:.3g}) in the fifth with the least."
        )


def heterogeneity(
    c: CallDesign | CoverageDesign,
    *,
    effect_modifiers: Sequence[str],
    contrast: Contrast = "ATT",
    better: Literal["less", "more"] = "less",
    learner: EffectLearner = "forest",
    outcome_model: OutcomeModel = "auto",
    propensity_model: PropensityModel = "logistic",
    halves: int = 15,
    folds: int = 3,
    trees: int = 200,
    level: float = 0.95,
    seed: int = 1,
) -> Heterogeneity:
    """Learn effects from half of the persons, test them on the other, many times, and let them speak if they pass.

    Parameters
    ----------
    c : CallDesign
        As `CallDesign.from_frame` made it; a `CoverageDesign` is refused. Treatment ``attended``
        gives the effect of attendance; whether the team was on duty when the call was received gives the intention to
        treat, of calls that could have come in either.
    effect_modifiers : sequence of str
        Covariates by which effects may differ.
    contrast : {"ATT", "ATE", "ATO"}
    better : {"less", "more"}
        Whether less of the outcome is a benefit.
    learner : {"forest", "linear"}
        A causal forest, or effects that are linear in the modifiers (doubly robust learner); both econml's.
    outcome_model, propensity_model : str
        As in `call_aipw`.
    halves : int
        Random partitions of the persons.
    folds : int
        Folds of persons within the half that is learnt from.
    trees : int
        Of each forest, a multiple of four.
    level : float
    seed : int

    Returns
    -------
    Heterogeneity

    Raises
    ------
    DesignError
        If the design is adjusted already, modifiers are not among its covariates, or it is a `CoverageDesign`: by a
        fixed roster whether the team is on duty is certain at every hour, and no effect can be learnt call by call.
    EstimationError
        Without halves, or models without an estimate.

    Notes
    -----
    A p-value is twice the median over partitions, which holds the level whatever their dependence, and is cautious.

    References
    ----------
    Chernozhukov, Demirer, Duflo & Fernández-Val (2018), doi:10.3386/w24678; Yadlowsky et al. (2024),
    doi:10.1080/01621459.2024.2393466.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> night = rng.integers(0, 2, 800)
    >>> frame = pd.DataFrame({"attended": rng.random(800) < 0.3 + 0.3 * night, "night": night})
    >>> frame["minutes"] = 30 - 5 * frame["attended"] * night + rng.normal(size=800)
    >>> c = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["night"])
    >>> heterogeneity(c, effect_modifiers=["night"], learner="linear", halves=3).passed
    True
    """
    if isinstance(c, CoverageDesign):
        refuse_roster(c)
    if halves < 1:
        raise EstimationError(f"halves={halves}", mend="take 15 or more")
    sign = -1.0 if better == "less" else 1.0
    with collecting() as said:
        known = material(c, effect_modifiers, outcome_model=outcome_model, propensity_model=propensity_model, seed=seed)
        learn = partial(held_out, known, contrast=contrast, learner=learner, folds=folds, trees=trees)
        halved = [person_folds(known.samples.outcome.persons, 2, seed=(seed, r)) for r in range(halves)]
        parts = [learn(half, seed=seed + r) for r, half in enumerate(halved)]
        say_probabilities([part.probability for part in parts])
        note(f"{halves} random halves of persons; effects learnt in one half and tested in the other")
    names = known.modifiers
    raw, persons = c.covariate_frame(reference_levels=False)[names].to_numpy(float), c.persons.to_numpy()
    each = [examined(part, sign, raw[part.rows], persons[part.rows], names, seed) for part in parts]
    found = _together(each, level)
    tests = _tests(found)
    by_test = tests.set_index("test")
    passed = bool((by_test["p_value"][list(gate_tests)] <= 1 - level).all())
    predicted = sign * np.median([half.predicted for half in each], axis=0)
    apart = float(by_test["std_error"]["most_least"])
    return Heterogeneity(
        outcome=str(c.outcome),
        treatment=c.treatment,
        contrast=contrast,
        better=better,
        tests=tests,
        gates=_gates(found, sign).assign(predicted=predicted),
        who=_who(found, names) if passed else pd.DataFrame(),
        curve=_curve(found),
        passed=passed,
        detectable=inference.minimum_detectable_effect(apart, float(np.median(found.df)), level=level),
        effects=_effects(c, parts, found, sign) if passed else None,
        support=_support(c, parts, sign, seed),
        notes=tuple(said),
        seed=seed,
        level=level,
    )


def refuse_roster(d: CoverageDesign) -> NoReturn:
    """Refuse to learn effects of being on duty: the roster decides on it, and leaves no like calls to compare."""
    calls, said = d.calls, "the design holds no calls"
    if calls is not None:
        own = calls[calls["city"].eq(d.treated) & calls["after"]]
        both = own.groupby("hour_of_week")["planned"].nunique().gt(1)
        share = float(own["hour_of_week"].map(both).mean())
        said = (
            f"after the start {int(both.sum())} of {len(both)} hours of the week, with {100 * share:.0f} % of the "
            "calls, had calls both with and without a planned shift"
        )
    raise DesignError(
        f"effects of being on duty cannot be learnt call by call from a roster: {said}; the rest is told from other "
        "hours and other months, which differ for other reasons",
        mend="give subgroups() this design and groups named beforehand, or draw shifts by lot (SwitchbackDesign)",
    )


def _together(each: Sequence[Half], level: float) -> Halves:
    """Put the numbers of all halves beside each other."""
    return Halves(
        pd.DataFrame([half.estimate for half in each]),
        pd.DataFrame([half.std_error for half in each]),
        np.array([half.df for half in each]),
        level,
    )


def _tests(found: Halves) -> pd.DataFrame:
    """Test the ranking and its numbers."""
    upward = ["slope", "autoc", "qini", "most_least"]
    slope = found.medians(["calibration"], null=1.0)
    falls = found.medians([f"fall {g}" for g in range(1, fifths)], "greater")
    worst = int(np.argmin(falls.p_value))
    steepest = Medians(*(part[[worst]] for part in falls))
    parts = [
        _frame("test", upward, found.medians(upward, "greater")),
        _frame("test", ["calibration"], slope).pipe(_moved),
        _frame("test", ["falls"], steepest).assign(p_value=float(inference.holm(falls.p_value)[worst])),
    ]
    return pd.concat(parts, ignore_index=True)


def _gates(found: Halves, sign: float) -> pd.DataFrame:
    """Mean effects of the fifths, in the unit and with the sign of the outcome."""
    table = _frame("group", range(1, fifths + 1), found.medians([f"group {g}" for g in range(1, fifths + 1)]))
    bounds = np.sort(sign * table[["low", "high"]].to_numpy(), axis=1)
    return table.assign(estimate=sign * table["estimate"], low=bounds[:, 0], high=bounds[:, 1])


def _curve(found: Halves) -> pd.DataFrame:
    table = _frame("share", shares, found.medians([f"gain {share:g}" for share in shares]))
    return table.rename(columns={"estimate": "gain"})[["share", "gain", "low", "high"]]


def _who(found: Halves, names: Sequence[str]) -> pd.DataFrame:
    """Who is in the first and last fifth; differences over several modifiers by Holm's correction."""
    table = _frame("modifier", names, found.medians([f"differs: {name}" for name in names]))
    ends = {end: found.medians([f"{end}: {name}" for name in names]).estimate for end in ("most", "least")}
    table = table.rename(columns={"estimate": "difference"}).assign(**ends, p_holm=inference.holm(table["p_value"]))
    return table[["modifier", "most", "least", "difference", "low", "high", "p_value", "p_holm"]]


def _effects(c: CallDesign, parts: Sequence[HeldOut], found: Halves, sign: float) -> pd.Series:
    """Mean best linear prediction of each call over the halves that did not learn from it."""
    total, times = np.zeros(len(c.source)), np.zeros(len(c.source))
    slope = float(found.medians(["slope"]).estimate[0])
    for part, overall in zip(parts, found.estimate["all"], strict=True):
        middle = float(part.tilt @ part.predicted / part.tilt.sum())
        total[part.rows] += sign * overall + slope * (part.predicted - middle)
        times[part.rows] += 1
    with np.errstate(invalid="ignore"):
        return pd.Series(total / times, index=c.calls, name="predicted effect")


def _support(c: CallDesign, parts: Sequence[HeldOut], sign: float, seed: int) -> pd.DataFrame:
    """Count what stands behind all calls, and the least that stands behind a place in the ranking."""
    whole = support(c, {"all": np.ones(len(c.source), bool)})
    tenths: dict[str, NDArray[np.bool_]] = {}
    for r, part in enumerate(parts):
        places = np.full(len(c.source), -1)
        places[part.rows] = ranked_groups(sign * part.predicted, part.tilt, 1 + len(shares), seed=seed)
        tenths |= {f"{r}, {k}": places == k for k in range(1 + len(shares))}
    least = smallest(support(c, tenths))
    return whole if least is None else pd.concat([whole, least.assign(term="smallest tenth")], ignore_index=True)


def _frame(key: str, names: Iterable[object], found: Medians) -> pd.DataFrame:
    return pd.DataFrame({key: list(names), **found._asdict()})


def _moved(table: pd.DataFrame) -> pd.DataFrame:
    """Count the slope from 0 again, whose test asks whether it is 1."""
    return table.assign(**{name: table[name] + 1 for name in sizes})
