"""Several outcomes of one domain as one: an index of each row, and the mean effect in standard deviations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import names_of, require_choice
from coresponder_causal.core.errors import DesignError, EstimationError, Problems
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.result import Result
from coresponder_causal.core.stacked import stacked
from coresponder_causal.core.support import smallest
from coresponder_causal.design import CallDesign, PanelDesign

Array = NDArray[np.float64]
of_comparison = ("treatment", "adjustment", "compared_by", "scheme", "cluster", "clusters", "city", "enough_clusters")
nearly_singular, index_name = 1e-8, "summary_index"
IndexKind = Literal["inverse_covariance", "kling_liebman"]
Indexed = TypeVar("Indexed", CallDesign, PanelDesign)


class Items(NamedTuple):
    """Outcomes of every row, turned so that more is the same way, and what an index makes of them."""

    values: Array
    controls: NDArray[np.bool_]
    centre: Array
    spread: Array
    weights: Array

    @property
    def standardised(self) -> Array:
        """Outcomes in standard deviations of the controls, shape (n, k)."""
        return (self.values - self.centre) / self.spread


def summary_index(
    design: Indexed,
    outcomes: Sequence[str],
    *,
    kind: IndexKind = "inverse_covariance",
    signs: Mapping[str, int] | None = None,
    name: str = index_name,
) -> Indexed:
    """Return a design whose outcome is an index of several of its columns, in standard deviations of the controls.

    Every outcome is turned by its sign, and measured from the mean of the controls in their standard deviations.
    ``"inverse_covariance"`` weights them by the row sums of the inverse of their covariance among the controls, so that
    outcomes which say the same count less; a row that lacks some is the weighted mean of those it has.
    ``"kling_liebman"`` takes the plain mean; what a row lacks is the mean of its own arm.

    Parameters
    ----------
    design : CallDesign or PanelDesign
        Controls are the calls without the treatment, or the units that never start (all rows without a dose where every
        unit starts), with their sampling weights. A panel's outcomes are taken per unit of exposure, and the design
        returned has none.
    outcomes : sequence of str
        Columns of the design's frame, two or more.
    kind : {"inverse_covariance", "kling_liebman"}
    signs : mapping of str to {1, -1}, optional
        −1 for an outcome of which less is better; 1 by default.
    name : str
        Name of the new outcome.

    Returns
    -------
    CallDesign or PanelDesign
        With the weights among its notes.

    Raises
    ------
    DesignError
        Listing outcomes that are not there, not numbers or do not vary among the controls, outcomes that determine each
        other, signs that are not 1 or −1, and rows with no outcome at all.

    Notes
    -----
    Anderson takes the covariance among all rows; among the controls alone an effect does not choose its own weights.
    Standard deviations and weights count as known in whatever is estimated with the index.

    References
    ----------
    Anderson (2008), doi:10.1198/016214508000000841; Kling, Liebman & Katz (2007),
    doi:10.1111/j.1468-0262.2007.00733.x.

    Examples
    --------
    >>> frame = pd.DataFrame({"attended": [0, 0, 0, 0, 1, 1], "force": [0, 1, 0, 1, 0, 0]})
    >>> frame["minutes"] = [1, 2, 4, 1, 2, 2]
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=[])
    >>> found = summary_index(c, ["force", "minutes"], kind="kling_liebman")
    >>> found.outcome_values().round(3).tolist()
    [-0.787, 0.433, 0.274, 0.079, -0.433, -0.433]
    """
    outcomes = names_of(outcomes)
    items = _items(design, outcomes, kind, signs)
    index = _index(items, kind)
    if len(empty := np.flatnonzero(np.isnan(index))):
        raise DesignError(
            f"rows without an outcome to make an index of: {len(empty)}", mend="form the design without these rows"
        )
    told = design.notes + tuple(_told(items, outcomes, name))
    made = replace(design, source=design.source.assign(**{name: index}), notes=told)
    return (replace(made, exposure=None) if isinstance(made, PanelDesign) else made).with_outcome(name)


def mean_effect(
    results: Sequence[Result],
    design: CallDesign | PanelDesign,
    *,
    kind: IndexKind = "kling_liebman",
    signs: Mapping[str, int] | None = None,
) -> Result:
    """Mean effect on several outcomes, in standard deviations of the controls, from the effects on each.

    τ = Σ_k w_k s_k β_k/σ_k, with weights of `summary_index`, and its variance from the stacked influence of the
    results. Without missing outcomes it is the effect on the index.

    Parameters
    ----------
    results : sequence of Result
        One for each outcome, of one method, on the scale of differences, with influence functions; first terms count.
    design : CallDesign or PanelDesign
        Where standard deviations and covariances of the outcomes come from.
    kind : {"kling_liebman", "inverse_covariance"}
    signs : mapping of str to {1, -1}, optional
        −1 for an outcome of which less is better.

    Returns
    -------
    Result
        One term ``mean_effect``, with the smallest df of the results.

    Raises
    ------
    EstimationError
        If results are of several methods, ratios, twice of one outcome, or without influence functions.
    DesignError
        As of `summary_index`.

    References
    ----------
    Kling, Liebman & Katz (2007), doi:10.1111/j.1468-0262.2007.00733.x; O'Brien (1984), doi:10.2307/2531158.
    """
    outcomes = [result.estimand.outcome for result in results]
    _refuse_apart(results, outcomes)
    raw = replace(design, exposure=None) if isinstance(design, PanelDesign) else design
    items = _items(raw, outcomes, kind, signs)
    turned = np.array([(signs or {}).get(outcome, 1) for outcome in outcomes])
    pulls = items.weights * turned / items.spread
    first = [result.influence.transform(np.eye(1, len(result.terms))) for result in results]  # type: ignore[union-attr]
    stack = stacked(first)
    influence = Influence(
        left=stack.rows(first), right=pulls[:, None], unit=stack.unit, cluster=pd.Index(stack.cluster)
    )
    about = replace(
        results[0].estimand,
        outcome=index_name,
        scale="difference in standard deviations of the controls",
    )
    return Result(
        method=results[0].method,
        estimand=about,
        terms=pd.DataFrame({"term": ["mean_effect"]}),
        estimate=np.array([pulls @ np.array([result.estimate[0] for result in results])]),
        vcov=np.array([[pulls @ stack.vcov @ pulls]]),
        df=np.array([min(float(result.df[0]) for result in results)]),
        scale="difference",
        influence=influence,
        support=_least_behind(results),
        n_obs=max(result.n_obs for result in results),
        n_units=max(result.n_units for result in results),
        extra=Facts(
            {key: value for key, value in results[0].extra.items() if key in of_comparison}
            | {f"weight of {name}": float(w) for name, w in zip(outcomes, items.weights, strict=True)}
            | {"outcome_unit": "standard deviations of the controls"}
        ),
        notes=("standard deviations and weights of the outcomes count as known",),
        provenance=results[0].provenance,
    )


def _refuse_apart(results: Sequence[Result], outcomes: list[str]) -> None:
    problems = Problems("mean effect")
    if len(results) < 2 or len(set(outcomes)) < len(outcomes):
        problems.add(f"{len(results)} results of {len(set(outcomes))} outcomes", mend="give one for each of several")
    if len({result.method for result in results}) > 1:
        problems.add("results of several methods", mend="estimate every outcome by the same one")
    for result in results:
        if result.scale != "difference" or result.kind != "point":
            problems.add(f"{result.estimand.outcome} is no difference", mend="ask for scale='difference'")
        if result.influence is None:
            problems.add(f"{result.estimand.outcome} has no influence functions", mend="take the effect on the index")
    problems.raise_if_any(EstimationError)


def _items(
    design: CallDesign | PanelDesign, outcomes: Sequence[str], kind: IndexKind, signs: Mapping[str, int] | None
) -> Items:
    """Outcomes with the means, standard deviations and weights of the controls; every broken rule at once."""
    require_choice("index", "kind", kind, IndexKind)
    problems, frame = Problems("index"), design.source
    turned = dict.fromkeys(outcomes, 1) | dict(signs or {})
    if len(set(outcomes)) < 2 or len(set(outcomes)) < len(outcomes):
        problems.add(f"an index of {', '.join(outcomes) or 'nothing'}", mend="name two or more outcomes, each once")
    for outcome, sign in turned.items():
        if outcome not in outcomes or sign not in (1, -1):
            problems.add(f"sign {sign} of '{outcome}'", mend="give 1 or -1 to outcomes of the index")
        elif outcome not in frame or not pd.api.types.is_numeric_dtype(frame[outcome]):
            problems.add(f"'{outcome}' is no column of numbers", mend="choose from the design's frame")
    problems.raise_if_any(DesignError)
    given = frame[list(outcomes)].to_numpy(float, na_value=np.nan)
    values = given * np.array([turned[outcome] for outcome in outcomes])
    if isinstance(design, PanelDesign) and design.exposure is not None:
        values = values / frame[design.exposure].to_numpy(float)[:, None]
    controls = _controls(design)
    known = np.isfinite(values[controls])
    held, mass = np.where(known, values[controls], 0.0), known * _sampling(design)[controls][:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (mass * held).sum(axis=0) / mass.sum(axis=0)
        moved = np.where(known, held - centre, 0.0)
        variance = (mass * moved**2).sum(axis=0) / mass.sum(axis=0)
        spread = np.sqrt(variance * known.sum(axis=0) / (known.sum(axis=0) - 1))
        correlation = (mass * moved).T @ moved / (mass.T @ known) / np.sqrt(np.outer(variance, variance))
    for outcome, size in zip(outcomes, spread, strict=True):
        if not size > 0:
            problems.add(f"'{outcome}' does not vary among the controls", mend="leave it out of the index")
    problems.raise_if_any(DesignError)
    return Items(values, controls, centre, spread, _weights(correlation, kind))


def _told(items: Items, outcomes: Sequence[str], name: str) -> list[str]:
    """Say what an index is made of, what its rows lack, and which weights go against their sign."""
    told = ", ".join(f"{share:.2f} of {item}" for share, item in zip(items.weights, outcomes, strict=True))
    lacking = int(np.isnan(items.values).any(axis=1).sum())
    said = [f"{name} is made of {told}, in standard deviations of the controls"]
    said += [f"rows that lack some of its outcomes: {lacking}"] if lacking else []
    against = [item for share, item in zip(items.weights, outcomes, strict=True) if share < 0]
    said += [f"more of {', '.join(against)} makes {name} less, against its sign"] if against else []
    return said


def _weights(correlation: Array, kind: IndexKind) -> Array:
    """Weights that sum to 1: alike, or row sums of the inverse correlation."""
    many = len(correlation)
    if kind == "kling_liebman":
        return np.full(many, 1 / many)
    if not np.isfinite(correlation).all() or np.linalg.eigvalsh(correlation)[0] < nearly_singular:
        raise DesignError(
            "the outcomes determine each other among the controls, or two are never known together",
            mend="leave one of them out, or ask for kind='kling_liebman'",
        )
    sums = np.linalg.inv(correlation).sum(axis=1)
    return np.asarray(sums / sums.sum(), float)


def _index(items: Items, kind: IndexKind) -> Array:
    """Index of every row; NaN where nothing is known of one."""
    z = items.standardised
    known = np.isfinite(z)
    if kind == "kling_liebman":
        for arm in (items.controls, ~items.controls):
            held = np.where(known[arm], z[arm], 0.0).sum(axis=0) / np.maximum(known[arm].sum(axis=0), 1)
            z[arm] = np.where(known[arm], z[arm], held)
        return np.where(known.any(axis=1), z.mean(axis=1), np.nan)
    mass = (known * items.weights).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(mass > 0, (np.where(known, z, 0.0) * items.weights).sum(axis=1) / mass, np.nan)


def _controls(design: CallDesign | PanelDesign) -> NDArray[np.bool_]:
    if isinstance(design, CallDesign):
        return ~design.treated
    never = design.source[design.unit].map(design.cohort).isna().to_numpy()
    return never if never.any() else design.dose == 0


def _sampling(design: CallDesign | PanelDesign) -> Array:
    if isinstance(design, CallDesign):
        return design.sampling_weights()
    return np.ones(len(design.source)) if design.weights is None else design.source[design.weights].to_numpy(float)


def _least_behind(results: Sequence[Result]) -> pd.DataFrame | None:
    """Smallest counts behind the outcomes; None where they are not known of one."""
    supports = [result.support for result in results if result.support is not None]
    if len(supports) < len(results):
        return None
    least = smallest(pd.concat([support.iloc[[0]] for support in supports], ignore_index=True))
    return None if least is None else least.assign(term="mean_effect")
