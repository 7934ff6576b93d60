"""Groups named beforehand: the effect in each, whether groups differ, and what is left when all are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import inference
from coresponder_causal.core.doubly_robust import (
    Contrast,
    arm_means,
    median_of_partitions,
    say_probabilities,
)
from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.provenance import Provenance
from coresponder_causal.core.result import Result
from coresponder_causal.core.support import least_shown, small_rows
from coresponder_causal.decide.family import Family
from coresponder_causal.decide.multiplicity import step_down
from coresponder_causal.design.call_estimates import averaged_over, estimand, facts, support
from coresponder_causal.design.call_learners import (
    OutcomeModel,
    PropensityModel,
    arm_learners,
    call_samples,
    draw_folds,
    fitted_arms,
    require_folds,
)
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.covariates import value_groups

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subgroups:
    """Effects by group.

    Parameters
    ----------
    table : DataFrame
        ``field, group, estimate, std_error, conf_low, conf_high, p_value, p_romano_wolf, p_holm, shrunk, persons,
        events, units``; adjusted p-values count all groups of all fields, against no effect at all. ``shrunk`` is drawn
        towards the effect on all calls by the spread between groups that is more than chance.
    differences : DataFrame
        One row per field: ``field, groups, difference, std_error, conf_low, conf_high, p_value, p_holm``: whether its
        groups differ. The difference (last less first group) is of fields with two groups, else NaN.
    result : Result
        ``effect`` of all calls, then ``field: group``; with influence.
    family : Family
        The groups' hypotheses, judged together.
    left_out : tuple of str
        Groups too small to be shown, and the next smallest where there is only one.
    tau : float
        Standard deviation between groups that is more than chance.
    """

    table: pd.DataFrame
    differences: pd.DataFrame
    result: Result
    family: Family
    left_out: tuple[str, ...]
    tau: float

    def __repr__(self) -> str:
        fields = ", ".join(self.differences["field"])
        return f"Subgroups: {self.result.estimand.outcome} by {fields}; see .table, .differences"


def subgroups(
    c: CallDesign,
    *,
    pre_specified: Sequence[str],
    contrast: Contrast = "ATT",
    outcome_model: OutcomeModel = "auto",
    propensity_model: PropensityModel = "logistic",
    folds: int = 5,
    repeats: int = 3,
    level: float = 0.95,
    seed: int = 1,
) -> Subgroups:
    """Effects by doubly robust means within each group of calls, and tests whether groups differ.

    Parameters
    ----------
    c : CallDesign
        As `CallDesign.from_frame` made it.
    pre_specified : sequence of str
        Covariates, or the stratum, named before outcomes were seen; numbers with more than eight values are cut at
        their quartiles.
    contrast : {"ATT", "ATE", "ATO"}
    outcome_model, propensity_model, folds, repeats, seed
        As in `call_aipw`.
    level : float

    Returns
    -------
    Subgroups

    Raises
    ------
    EstimationError
        Fields that are not known before dispatch, or no group that is large enough.

    References
    ----------
    Semenova & Chernozhukov (2021), doi:10.1093/ectj/utaa027; on testing differences: Gelman & Stern (2006),
    doi:10.1198/000313006X152649; shrinkage: Morris (1983), doi:10.1080/01621459.1983.10477920.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> night = rng.integers(0, 2, 400)
    >>> frame = pd.DataFrame({"attended": rng.random(400) < 0.3 + 0.3 * night, "night": night})
    >>> frame["minutes"] = 30 - 5 * frame["attended"] * night + rng.normal(size=400)
    >>> c = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["night"])
    >>> subgroups(c, pre_specified=["night"]).table["estimate"].round().astype(int).tolist()
    [0, -5]
    """
    require_folds(c, folds, repeats, least=2)
    with collecting() as said:
        groups, left_out = _groups(c, pre_specified)
        result = _estimated(c, groups, contrast, outcome_model, propensity_model, folds, repeats, seed)
        for text in left_out:
            note(f"{text}: left out, too small to be shown or next to one that is")
    result = _noted(result, c, tuple(said), seed)
    family = step_down([_without_all(result)], terms="all", seed=seed, level=level)
    shrunk, tau = _shrunk(result)
    tidy = result.tidy(level=level).iloc[1:].reset_index(drop=True)
    fields = pd.DataFrame([key for key in groups if key[0]], columns=["field", "group"])
    adjusted = family.table[["p_romano_wolf", "p_holm"]]
    counts = support(c, {f"{field}: {text}": rows for (field, text), rows in groups.items() if field})
    shown = tidy[["estimate", "std_error", "conf_low", "conf_high", "p_value"]]
    table = pd.concat([fields, shown, adjusted.reset_index(drop=True), counts.drop(columns="term")], axis=1)
    return Subgroups(
        table=table.assign(shrunk=shrunk),
        differences=_differences(result, fields, level),
        result=result,
        family=family,
        left_out=left_out,
        tau=tau,
    )


def _groups(c: CallDesign, fields: Sequence[str]) -> tuple[dict[tuple[str, str], Mask], tuple[str, ...]]:
    """Tell which calls are in each group, all first; groups too small to be shown aside."""
    known, problems = {*c.covariates, *([c.stratum] if c.stratum else [])}, Problems("subgroups")
    for field in fields:
        if field not in known:
            problems.add(f"'{field}' is not among what is adjusted for", mend=f"choose from {', '.join(sorted(known))}")
    problems.raise_if_any(EstimationError)
    kept, small = {("", "effect"): np.ones(len(c.source), bool)}, []
    for field in fields:
        found = value_groups(c.source[field])
        hidden = [text for text, rows in found.items() if _is_small(c, rows)]
        if len(hidden) == 1 and len(found) > 1:  # its numbers could be had by subtraction
            hidden.append(min((text for text in found if text not in hidden), key=lambda text: int(found[text].sum())))
        small += [f"{field}: {text}" for text in hidden]
        kept |= {(field, text): rows for text, rows in found.items() if text not in hidden}
    if len(kept) == 1:
        raise EstimationError(
            f"no group of {', '.join(fields)} has {least_shown} persons and events in both arms",
            mend="merge rare values, or name other fields",
        )
    return kept, tuple(small)


def _is_small(c: CallDesign, rows: Mask) -> bool:
    """Whether a group has too few persons, events or calls in one arm, or an outcome that does not vary."""
    parts = {"all": rows, "treated": rows & c.treated, "untreated": rows & ~c.treated}
    counts, y = support(c, parts), c.outcome_values()
    if not np.isin(y, [0.0, 1.0]).all():
        counts = counts.drop(columns="events")  # the sum of a number is no count
    varies = bool(np.ptp(y[rows]) > 0)
    return not varies or bool(small_rows(counts).any()) or int(counts["units"].min()) < least_shown


def _estimated(
    c: CallDesign,
    groups: dict[tuple[str, str], Mask],
    contrast: Contrast,
    outcome_model: OutcomeModel,
    propensity_model: PropensityModel,
    folds: int,
    repeats: int,
    seed: int,
) -> Result:
    """Estimate all groups by the same models."""
    samples = call_samples(c, "subgroups")
    models = arm_learners(samples, c.treated, outcome_model, propensity_model, seed)
    drawn = [
        fitted_arms(samples, c.treated, models, draw_folds(samples.treatment, folds, seed=(seed, k)))
        for k in range(repeats)
    ]
    say_probabilities([each.probability for each in drawn])
    effects, influences = [], []
    for fitted in drawn:
        arms = [
            arm_means(fitted, c.outcome_values(), c.treated, contrast, weights=samples.outcome.weights, among=rows)
            for rows in groups.values()
        ]
        effects.append(np.array([each.means[0] - each.means[1] for each in arms]))
        influences.append(np.column_stack([each.influence @ [1.0, -1.0] for each in arms]))
    found = median_of_partitions(effects, influences, c.calls, c.persons if c.person else None)
    terms = {f"{field}: {text}" if field else text: rows for (field, text), rows in groups.items()}
    return Result(
        method="call_aipw",
        estimand=estimand(c, contrast, averaged_over[contrast], ratio=False),
        terms=pd.DataFrame({"term": list(terms)}),
        estimate=found.estimate,
        vcov=found.vcov,
        df=found.df,
        scale="difference",
        influence=found.influence,
        support=support(c, terms),
        n_obs=len(c.source),
        n_units=found.clusters,
        extra=Facts(facts(c) | found.facts(c.person) | {"folds": folds, "repeats": repeats}),
    )


def _noted(result: Result, c: CallDesign, said: tuple[str, ...], seed: int) -> Result:
    about = Provenance(design=type(c).__name__, data=c.fingerprint, seed=seed)
    return replace(result, notes=said, provenance=about)


def _without_all(result: Result) -> Result:
    """Return the groups alone."""
    many = len(result.terms)
    return result.combine(np.eye(many)[1:], result.terms.iloc[1:].reset_index(drop=True))


def _shrunk(result: Result) -> tuple[Array, float]:
    """Draw groups towards all calls, by τ² = mean of (difference² − its variance), at least 0."""
    apart = np.eye(len(result.terms))[1:] - np.eye(len(result.terms))[0]
    differences, variances = apart @ result.estimate, np.diag(apart @ result.vcov @ apart.T)
    tau2 = max(float(np.mean(differences**2 - variances)), 0.0)
    share = np.divide(tau2, tau2 + variances, out=np.zeros_like(variances), where=tau2 + variances > 0)
    return result.estimate[0] + share * differences, float(np.sqrt(tau2))


def _differences(result: Result, fields: pd.DataFrame, level: float) -> pd.DataFrame:
    """Test each field whether its groups are alike; over fields by Holm's correction."""
    rows = []
    for field in dict.fromkeys(fields["field"]):
        places = 1 + np.flatnonzero(fields["field"] == field)
        if len(places) < 2:
            continue
        weights = np.eye(len(result.terms))[places[1:]] - np.eye(len(result.terms))[places[0]]
        terms = pd.DataFrame({"term": [f"{field}, group {k + 2} less the first" for k in range(len(weights))]})
        between = result.combine(weights, terms)
        tidy = between.tidy(level=level).iloc[0]
        shown = ["estimate", "std_error", "conf_low", "conf_high"]
        pair = tidy[shown] if len(places) == 2 else pd.Series(np.nan, index=shown)
        rows.append({"field": field, "groups": len(places), **pair.rename({"estimate": "difference"})})
        rows[-1]["p_value"] = between.wald().p_value
    table = pd.DataFrame(rows)
    return table if table.empty else table.assign(p_holm=inference.holm(table["p_value"]))
