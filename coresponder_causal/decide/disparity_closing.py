"""Gaps between groups as they are perceived: now, and what would be left had everybody been attended, or nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.choices import names_of, require_choice
from coresponder_causal.core.cross_fit import Labels, Sample, linear, logistic, out_of_fold
from coresponder_causal.core.doubly_robust import Fitted, arm_means, arm_scores, say_probabilities
from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.partial_means import mean
from coresponder_causal.core.propensity import standardised
from coresponder_causal.core.result import Result
from coresponder_causal.decide.disparity import gap_result, with_provenance
from coresponder_causal.decide.group_sensitivity import say_contact
from coresponder_causal.design.call_clusters import Clusters
from coresponder_causal.design.call_learners import (
    CallSamples,
    OutcomeModel,
    PropensityModel,
    arm_learners,
    call_samples,
    draw_folds,
    fitted_arms,
    require_folds,
)
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.compared_groups import ComparedGroups, compared_groups, say_seldom, with_spread
from coresponder_causal.design.covariates import as_numbers, refuse_late, refuse_unusable

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Under = Literal["all", "none"]


def disparity_closing(
    c: CallDesign,
    *,
    group: str,
    reference: str,
    allowable: Sequence[str] = (),
    under: Under = "all",
    clusters: Clusters = "person",
    outcome_model: OutcomeModel = "auto",
    propensity_model: PropensityModel = "logistic",
    folds: int = 5,
    repeats: int = 3,
    seed: int = 1,
) -> Result:
    """Conditional disparity now, and what is left of it if every call, or none, had had the treatment.

    With φ the doubly robust score of the outcome under the treatment, E[φ | X, group] = E[Y(1) | X, group], the gap is
    that of a group's mean of φ over the reference's, put on the group's distribution of the allowable covariates A by
    a second doubly robust step: P(group | A) and E[φ | reference, A].

    Parameters
    ----------
    c : CallDesign
        Plain, with an outcome. Its covariates, and the group itself, must hold whatever drew the treatment and moves
        the outcome.
    group, reference : str
        As in `disparity_rates`.
    allowable : sequence of str
        Columns known before dispatch in which groups may differ without that being counted as disparity; the choice
        is one of values, not of statistics.
    under : {"all", "none"}
        What everybody would have had.
    clusters : {"person", "week", "person and week"}
        As in `disparity_rates`.
    outcome_model, propensity_model, folds, repeats, seed
        As in `call_aipw`.

    Returns
    -------
    Result
        For each group ``remaining`` (the gap under the intervention), ``now`` and ``closed`` (their difference), all
        with the allowable covariates alike; where some are, also ``raw`` (the gap as it is) and ``explained`` (raw less
        now). Joint intervals by ``Result`` as of every result with influence.

    Raises
    ------
    DesignError
        Allowable covariates that come about after dispatch, or a design that was adjusted.
    EstimationError
        Models without an estimate.

    Notes
    -----
    Not for the question who discriminates: what is left is not by that anybody's act, and what was allowed may be the
    trace of an act before. A label that callers biased is not allowable with a clear conscience.

    References
    ----------
    Lundberg (2022), doi:10.1177/00491241211055769; Jackson & VanderWeele (2018), doi:10.1097/EDE.0000000000000901.
    Worked by hand and simulated truth.

    Examples
    --------
    >>> from coresponder_causal.simulate.biased_calls import biased_calls
    >>> made = biased_calls(calls=3000, reach_bias=0.3)
    >>> c = CallDesign.from_frame(made, outcome="arrest", treatment="attended", covariates=["hour", "initial_type"],
    ...                           person="person")
    >>> found = disparity_closing(c, group="group", reference="reference", repeats=1)
    >>> found.terms["term"].tolist()
    ['remaining, group', 'now, group', 'closed, group']
    """
    require_choice("disparity_closing", "under", under, Under)
    require_choice("disparity_closing", "clusters", clusters, Clusters)
    allowed = names_of(allowable)
    with collecting() as said:
        _refuse_unallowable(c, allowed, group)
        require_folds(c, folds, repeats, least=2)
        found = compared_groups(c.source, group=group, reference=reference, persons=c.persons)
        found = with_spread(found, c.outcome_values(), outcome=str(c.outcome))
        part = _with_groups(c, found)
        found = found._replace(of=found.of[found.known].reset_index(drop=True))
        samples, y = call_samples(part, "disparity_closing"), part.outcome_values()
        say_seldom(y, found, {f"with {c.treatment}": part.treated, "without": ~part.treated}, outcome=str(c.outcome))
        say_contact(y, found, str(c.outcome), np.ones(len(y)))
        models = arm_learners(samples, part.treated, outcome_model, propensity_model, seed)
        matrix = _allowable_matrix(part, allowed)
        estimates, influences, fits = [], [], []
        for k in range(repeats):
            fold = draw_folds(samples.treatment, folds, seed=(seed, k))
            fitted = fitted_arms(samples, part.treated, models, fold)
            scores = arm_scores(fitted, y, part.treated, "ATE", weights=np.ones(len(y)))
            gaps = [_gaps(y, scores.arms[:, int(under == "none")], found, name, matrix, samples, fold)
                    for name in found.others]  # fmt: skip
            estimates.append(np.concatenate([each[0] for each in gaps]))
            influences.append(np.hstack([each[1] for each in gaps]))
            fits.append(fitted.probability)
        say_probabilities(fits)
        kinds = ["remaining", "now", "closed", *(["raw", "explained"] if allowed else [])]
        note(f"{folds} folds of whole persons, drawn {repeats} times; alike in: {', '.join(allowed) or 'nothing'}")
        behind: dict[str, tuple[Flags, ...]] = {
            f"{kind}, {name}": (found.member(name), found.member(reference)) for name in found.others for kind in kinds
        }
        about = f"gap under: {under} with {c.treatment}"
        result = gap_result(part, "disparity_closing", found, estimates, influences, behind, clusters, about)
    told: dict[str, object] = {"group": group, "reference": reference, "allowable": list(allowed), "under": under}
    told["clusters"] = clusters
    return with_provenance(result, c, said, told, seed)


def _gaps(
    y: Array, score: Array, groups: ComparedGroups, name: str, matrix: Array | None, samples: CallSamples, fold: Labels
) -> tuple[Array, Array]:
    """Remaining, now, closed, and raw, explained of one group, shape (k,), and their influence, shape (n, k)."""
    member, other = groups.member(name), groups.member(groups.reference)
    values = [_gap(each, member, other, matrix, samples, fold) for each in (score, y)]
    if matrix is not None:
        values.append(_gap(y, member, other, None, samples, fold))
    base, psi = np.array([each[0] for each in values]), np.column_stack([each[1] for each in values])
    weights = np.array([[1, 0, 0], [0, 1, 0], [-1, 1, 0], [0, 0, 1], [0, -1, 1]], float)
    used = weights if matrix is not None else weights[:3, :2]
    return used @ base, psi @ used.T


def _gap(
    z: Array, member: Flags, other: Flags, matrix: Array | None, samples: CallSamples, fold: Labels
) -> tuple[float, Array]:
    """Mean of the group less that of the reference, alike in the columns of the matrix, and its influence."""
    if matrix is None:
        moved = mean(z, member.astype(float)).plus(mean(z, other.astype(float)), -1.0)
        return moved.value, len(z) * moved.slope
    persons, rows, ones = samples.outcome.persons, member | other, np.ones(len(z))
    shares = out_of_fold(logistic(Sample(matrix, member.astype(float), ones, persons)),
                         Sample(matrix, member.astype(float), ones, persons), fold, among=rows)  # fmt: skip
    expected = out_of_fold(linear, Sample(matrix, z, ones, persons), fold, among=other)
    fitted = Fitted(shares, np.zeros(len(z)), expected)
    arms = arm_means(fitted, z, member, "ATT", weights=ones, among=rows)
    return float(arms.means @ [1.0, -1.0]), arms.influence @ np.array([1.0, -1.0])


def _refuse_unallowable(c: CallDesign, allowed: Sequence[str], group: str) -> None:
    problems = Problems("allowable covariates")
    if missing := [name for name in allowed if name not in c.source]:
        problems.add(f"no column {', '.join(missing)}", mend="name columns of the calls")
    there = [name for name in allowed if name in c.source]
    if group in there:
        problems.add(f"'{group}' is the group itself", mend="leave it out")
    refuse_late([name for name in there if name != group], problems, treatment=c.treatment, graph=c.graph)
    for name in there:
        refuse_unusable(c.source, name, problems)
    problems.raise_if_any(DesignError)


def _with_groups(c: CallDesign, found: ComparedGroups) -> CallDesign:
    """Take the calls of the compared groups, with an indicator of each group among the covariates."""
    c.require_plain("disparity_closing")
    kept = c.source[found.known].reset_index(drop=True)
    columns = {f"perceived as {name}": found.member(name)[found.known].astype(float) for name in found.others}
    return replace(c, source=kept.assign(**columns), covariates=(*c.covariates, *columns))


def _allowable_matrix(c: CallDesign, allowed: Sequence[str]) -> Array | None:
    if not allowed:
        return None
    frame = as_numbers(c.source, list(allowed), levels_of=None, reference_levels=False)
    return standardised(frame.to_numpy(float), list(map(str, frame)))[0]
