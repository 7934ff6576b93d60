"""Groups named beforehand: the effect in each, whether groups differ, and what is left when all are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import inference
from coresponder_causal.core.doubly_robust import Contrast
from coresponder_causal.core.drdid import Method
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import collecting
from coresponder_causal.core.provenance import Provenance
from coresponder_causal.core.result import Result
from coresponder_causal.decide.family import Family
from coresponder_causal.decide.group_rows import Contrasted, Cuts, Estimates
from coresponder_causal.decide.groups_of_calls import groups_of_calls
from coresponder_causal.decide.groups_of_hours import groups_of_hours
from coresponder_causal.decide.multiplicity import step_down
from coresponder_causal.decide.rule import Rule
from coresponder_causal.design.call_learners import OutcomeModel, PropensityModel
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.coverage import CoverageDesign

Array = NDArray[np.float64]
of_differences = ("field", "groups", "difference", "std_error", "conf_low", "conf_high", "p_value", "mde")
differ, alike, untestable = "groups differ", "no evidence that groups differ", "not testable at this n"
of_models = ("ATT", "auto", "logistic", 5, 3)
no_cuts: Cuts = MappingProxyType({})
usual_share = Rule().smallest_effect


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subgroups:
    """Effects by group.

    Parameters
    ----------
    table : DataFrame
        ``field, group, estimate, std_error, conf_low, conf_high, p_value, p_romano_wolf, p_holm, mde, shrunk, persons,
        events, units``; adjusted p-values count all groups of all fields, against no effect at all. ``mde`` is the
        difference from the other groups of its field that would be found four times in five. ``shrunk`` is drawn
        towards the effect on all calls by the spread between groups that is more than chance.
    differences : DataFrame
        One row per field: ``field, groups, difference, std_error, conf_low, conf_high, p_value, mde, p_holm, verdict``:
        whether its groups differ. The difference (last less first group) is of fields with two groups, else NaN;
        ``mde`` is that of the group of which least is known. The verdict is ``groups differ`` where ``p_holm`` says so,
        else ``not testable at this n`` where ``mde`` is over ``matters``, else ``no evidence that groups differ``.
    result : Result
        ``effect`` of all calls, then ``field: group``; of a `CallDesign` with influence.
    family : Family
        The groups' hypotheses, judged together.
    left_out : tuple of str
        Groups too small to be shown, and the next smallest where there is only one.
    tau : float
        Standard deviation between groups that is more than chance.
    matters : float
        Smallest difference between groups that would matter, in units of the outcome.
    """

    table: pd.DataFrame
    differences: pd.DataFrame
    result: Result
    family: Family
    left_out: tuple[str, ...]
    tau: float
    matters: float

    def __repr__(self) -> str:
        fields = ", ".join(dict.fromkeys(self.table["field"]))
        return f"Subgroups: {self.result.estimand.outcome} by {fields}; see .table, .differences"


def subgroups(
    d: CallDesign | CoverageDesign,
    *,
    pre_specified: Sequence[str],
    cuts: Mapping[str, Sequence[float]] = no_cuts,
    smallest_effect: float = usual_share,
    contrast: Contrast = "ATT",
    outcome_model: OutcomeModel = "auto",
    propensity_model: PropensityModel = "logistic",
    folds: int = 5,
    repeats: int = 3,
    method: Method = "dr",
    level: float = 0.95,
    seed: int = 1,
) -> Subgroups:
    """Effects within each group of calls, and tests whether groups differ.

    Of a `CallDesign` by doubly robust means: the effect of its treatment. Of a `CoverageDesign` that holds calls by
    triple differences (`did_triple`) within each group: the intention to treat, the effect of planned hours on calls
    received in them, attended or not; differences between groups are taken within weeks and within cities.

    Parameters
    ----------
    d : CallDesign or CoverageDesign
        As `CallDesign.from_frame` or `CoverageDesign.from_tables` made it.
    pre_specified : sequence of str
        Fields named before outcomes were seen: of a `CallDesign` covariates, or the stratum; of a `CoverageDesign`
        columns of its calls known before dispatch; of both also who people are (`data.populations`), which is recorded
        on scene: such groups are not adjusted for, and calls without the record are in none. Numbers with more than
        eight values are cut at their quartiles.
    cuts : mapping of field to numbers
        Where a number is cut instead: a group begins at each; ``{"hour": [6, 22]}`` gives day and night.
    smallest_effect : float
        Ratio nearest to 1 that would matter to the city, below 1: a difference between groups matters from the same
        share of the mean outcome without the team.
    contrast : {"ATT", "ATE", "ATO"}
    outcome_model, propensity_model, folds, repeats, seed
        Of a `CallDesign`, as in `call_aipw`.
    method : {"dr", "dr_improved", "ipw", "reg"}
        Of a `CoverageDesign`, as in `did_triple`.
    level : float

    Returns
    -------
    Subgroups

    Raises
    ------
    EstimationError
        Fields that cannot cut these calls, cuts that are none, or no group that is large enough; too few cities.
    DesignError
        Models of calls asked of a `CoverageDesign`.

    Notes
    -----
    Not for groups formed after outcomes were seen (`heterogeneity` looks for such), nor for fields that the team's
    coming changes. That one group has an effect by its p-value and another has none does not say that they differ.

    References
    ----------
    Semenova & Chernozhukov (2021), doi:10.1093/ectj/utaa027; on testing differences: Gelman & Stern (2006),
    doi:10.1198/000313006X152649; shrinkage: Morris (1983), doi:10.1080/01621459.1983.10477920. Of the intention to
    treat no outside program gives groups: worked by hand and simulated truth.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> night = rng.integers(0, 2, 400)
    >>> frame = pd.DataFrame({"attended": rng.random(400) < 0.3 + 0.3 * night, "night": night})
    >>> frame["minutes"] = 30 - 5 * frame["attended"] * night + rng.normal(size=400)
    >>> c = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["night"])
    >>> found = subgroups(c, pre_specified=["night"])
    >>> found.table["estimate"].round().astype(int).tolist(), found.differences["verdict"].tolist()
    ([0, -5], ['groups differ'])
    """
    with collecting() as said:
        if isinstance(d, CoverageDesign):
            if (contrast, outcome_model, propensity_model, folds, repeats) != of_models:
                raise DesignError(
                    "contrast, models and folds are of a CallDesign: hours covered and not have no propensity",
                    mend="leave them out; method= says how triple differences adjust",
                )
            estimates, grouped, counts = groups_of_hours(d, pre_specified, cuts, method)
        else:
            models = (contrast, outcome_model, propensity_model, folds, repeats, seed)
            estimates, grouped, counts = groups_of_calls(d, pre_specified, cuts, *models)
    about = Provenance(design=type(d).__name__, data=d.fingerprint, seed=seed)
    result = replace(estimates.result, notes=tuple(said), provenance=about)
    family = step_down([_without_all(result)], terms="all", seed=seed, level=level)
    fields = pd.DataFrame([key for key in grouped.rows if key[0]], columns=["field", "group"])
    counts = counts.iloc[1:].drop(columns="term").reset_index(drop=True)
    tidy = result.tidy(level=level).iloc[1:].reset_index(drop=True)
    shown = tidy[["estimate", "std_error", "conf_low", "conf_high", "p_value"]]
    adjusted = family.table[["p_romano_wolf", "p_holm"]].reset_index(drop=True)
    apart = _from_the_others(estimates, fields["field"], counts["units"].to_numpy(float))
    detectable = [inference.minimum_detectable_effect(one.std_error, one.df, level=level) for one in apart]
    shrunk, tau = _shrunk(estimates)
    table = pd.concat([fields, shown, adjusted, counts], axis=1).assign(shrunk=shrunk, mde=detectable)
    matters = (1 - smallest_effect) * abs(estimates.without)
    return Subgroups(
        table=table,
        differences=_differences(estimates, table, level, matters),
        result=result,
        family=family,
        left_out=grouped.left_out,
        tau=tau,
        matters=matters,
    )


def _without_all(result: Result) -> Result:
    """Return the groups alone."""
    many = len(result.terms)
    return result.combine(np.eye(many)[1:], result.terms.iloc[1:].reset_index(drop=True))


def _shrunk(estimates: Estimates) -> tuple[Array, float]:
    """Draw groups towards all calls, by τ² = mean of (difference² − its variance), at least 0."""
    many, whole = len(estimates.result.terms), estimates.result.estimate[0]
    each = [estimates.contrast(row) for row in np.eye(many)[1:] - np.eye(many)[0]]
    differences, variances = np.array([(one.estimate, one.std_error**2) for one in each]).T
    tau2 = max(float(np.mean(differences**2 - variances)), 0.0)
    share = np.divide(tau2, tau2 + variances, out=np.zeros_like(variances), where=tau2 + variances > 0)
    return whole + share * differences, float(np.sqrt(tau2))


def _against_others(fields: pd.Series, units: Array) -> Array:
    """Weights of each group less the mean of the other groups of its field, by their calls."""
    weights = np.zeros((len(fields), len(fields) + 1))
    for k, field in enumerate(fields):
        others = np.flatnonzero((fields == field).to_numpy() & (np.arange(len(fields)) != k))
        weights[k, 1 + k] = 1.0
        weights[k, 1 + others] = -units[others] / units[others].sum()
    return weights


def _from_the_others(estimates: Estimates, fields: pd.Series, units: Array) -> list[Contrasted]:
    """Contrast each group with the others of its field; a group without others is not known to differ."""
    alone = ~fields.duplicated(keep=False)
    unknown = Contrasted(np.nan, np.nan, np.inf)
    rows = _against_others(fields, units)
    return [unknown if only else estimates.contrast(row) for row, only in zip(rows, alone, strict=True)]


def _differences(estimates: Estimates, table: pd.DataFrame, level: float, matters: float) -> pd.DataFrame:
    """Test each field whether its groups are alike; over fields by Holm's correction."""
    weights, rows = _against_others(table["field"], table["units"].to_numpy(float)), []
    for field in dict.fromkeys(table["field"]):
        places = np.flatnonzero(table["field"] == field)
        if len(places) < 2:
            continue
        row: dict[str, object] = {"field": field, "groups": len(places), "difference": np.nan, "std_error": np.nan}
        row |= {"conf_low": np.nan, "conf_high": np.nan}
        if len(places) == 2:
            one = estimates.contrast(weights[places[1]])
            low, high = inference.interval(one.estimate, one.std_error, one.df, level=level)
            row |= {
                "difference": one.estimate,
                "std_error": one.std_error,
                "conf_low": float(low),
                "conf_high": float(high),
            }
        row |= {
            "p_value": estimates.together(weights[places[1:] if len(places) == 2 else places]),
            "mde": float(table["mde"].iloc[places].max()),
        }
        rows.append(row)
    found = pd.DataFrame(rows, columns=list(of_differences))
    found["p_holm"] = inference.holm(found["p_value"])
    silent = np.where(found["mde"] > matters, untestable, alike)
    return found.assign(verdict=np.where(found["p_holm"] <= 1 - level, differ, silent))
