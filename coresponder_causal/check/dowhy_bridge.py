"""DoWhy's refuters on designs of calls: its numbers, and how often each of them would have noticed anything.

Most of them compare an estimate with a distribution that their own drawing centres on it, or on 0: what they find is
about the program, not about hidden selection. Every result says how often its refuter failed simulated designs that
were sound, and designs that were not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from coresponder_causal.core.choices import names_of
from coresponder_causal.core.dowhy_rates import Rates, rates
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, Verdict, judged, not_applicable
from coresponder_causal.design import CallDesign, CallInstrumentDesign
from coresponder_causal.design.dowhy_estimator import dowhy_estimate
from coresponder_causal.design.dowhy_model import OfCalls, calls_of
from coresponder_causal.design.dowhy_sensitivity import drawing, overlap_rules, partial_r2_bounds, simulated_causes

Refuter = Literal[
    "placebo_treatment",
    "dummy_outcome",
    "random_common_cause",
    "data_subset",
    "bootstrap",
    "unobserved_common_cause",
    "nonparametric_sensitivity",
    "overlap",
]
usual: tuple[Refuter, ...] = get_args(Refuter)[:6]
assumptions: dict[Refuter, str] = {
    "placebo_treatment": "A treatment dealt among the calls at random does nothing.",
    "dummy_outcome": "Nothing is done to an outcome that is noise.",
    "random_common_cause": "A covariate that is noise does not move the estimate.",
    "data_subset": "The estimate of four fifths of the calls, drawn at random, is that of all.",
    "bootstrap": "The estimate stands within its own distribution over calls drawn anew, each by itself.",
    "unobserved_common_cause": "A simulated common cause, not recorded, does not turn the sign.",
    "nonparametric_sensitivity": "No omitted variable explains enough of treatment and outcome to reach 0.",
    "overlap": "Calls of every kind might have gone either way.",
}
of_nothing, one_by_one = ("placebo_treatment", "dummy_outcome"), ("placebo_treatment", "data_subset", "bootstrap")
least_simulations, nominal, enough_overlap, edge = 100, 0.05, 0.9, 0.1


def dowhy_refuters(
    result: Result,
    design: object,
    *,
    which: Sequence[Refuter] = usual,
    graph: object = None,
    simulations: int = least_simulations,
    seed: int = 1,
) -> tuple[CheckResult, ...]:
    """Put a result of calls before DoWhy's refuters, which run its own method and adjustment again.

    Parameters
    ----------
    result : Result
    design : CallDesign or CallInstrumentDesign
        The design it was made from; any other is not applicable.
    which : sequence of str
        ``"placebo_treatment"`` (the treatment permuted over all calls), ``"dummy_outcome"`` (standard normal),
        ``"random_common_cause"``, ``"data_subset"`` (four fifths), ``"bootstrap"`` (of single calls),
        ``"unobserved_common_cause"`` (a simulated one that flips 5 and 10 % of treatments and moves the outcome by up
        to .2 standard deviations); and slower ones of `CallDesign` alone, ``"nonparametric_sensitivity"`` (of the ATE
        only) and ``"overlap"`` (probability of treatment between .1 and .9).
    graph : CausalGraph, networkx DiGraph or GML text, optional
        As in `causal_model`.
    simulations : int
        Draws of each, at least 100: of fewer DoWhy takes their distribution to be normal.
    seed : int

    Returns
    -------
    tuple of CheckResult
        Tables have ``estimate, new_effect, p_value, failed`` with DoWhy's numbers. Where simulated designs show that a
        refuter cannot tell broken designs from sound ones its verdict is "cannot tell", whatever it finds.

    Raises
    ------
    EstimationError
        Refuters that do not exist, or too few simulations.
    DesignError
        A graph by which the effect is not identified.

    Notes
    -----
    Persons, weeks and hours are broken up by all of them. DoWhy's sensitivity by linear partial R² and its E-value take
    nothing but its own regression: `robustness_value` and `evalue` give these numbers.

    References
    ----------
    Sharma & Kiciman (2020), arXiv:2011.04216; Chernozhukov, Cinelli, Newey, Sharma & Syrgkanis (2022),
    doi:10.3386/w30302 (nonparametric sensitivity).

    Examples
    --------
    >>> from coresponder_causal.design.weight_propensity import weight_propensity
    >>> from coresponder_causal.estimate import call_difference
    >>> rng, night = np.random.default_rng(1), np.tile([0, 0, 1], 40)
    >>> frame = pd.DataFrame({"attended": rng.random(120) < 0.3 + 0.3 * night, "night": night})
    >>> frame["minutes"] = 30 - 5 * frame["attended"] + rng.normal(size=120)
    >>> c = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["night"])
    >>> weighted = weight_propensity(c)
    >>> (found,) = dowhy_refuters(call_difference(weighted), weighted, which=["random_common_cause"])
    >>> print(found.verdict, found.table["p_value"].iloc[0] > 0.05)
    cannot tell True
    """
    which = _require(which, simulations)
    if not isinstance(design, CallDesign | CallInstrumentDesign):
        why = "DoWhy's refuters draw single rows that were treated or not: they are for designs of calls."
        return tuple(not_applicable(_named(one), assumptions[one], why) for one in which)
    estimate = dowhy_estimate(result, design, graph=graph)
    return tuple(_refuted(one, estimate, design, simulations, seed) for one in which)


def _require(which: Sequence[Refuter], simulations: int) -> tuple[Refuter, ...]:
    """Names of refuters, of which a text is one, if all of them exist and are drawn often enough."""
    asked = names_of(which)
    if unknown := [one for one in asked if one not in assumptions]:
        raise EstimationError(f"no refuter {', '.join(unknown)}", mend=f"choose from {', '.join(assumptions)}")
    if simulations < least_simulations:
        raise EstimationError(
            f"simulations={simulations}: DoWhy then takes the draws to be normal",
            mend=f"take {least_simulations} or more: fewer are summed up by a normal law, more by their own ranks",
        )
    return asked


def _named(refuter: str) -> str:
    return f"dowhy: {refuter}"


def _refuted(
    refuter: Refuter,
    estimate: Any,  # noqa: ANN401
    design: OfCalls,
    simulations: int,
    seed: int,
) -> CheckResult:
    try:
        if refuter == "unobserved_common_cause":
            return _unobserved(estimate, seed)
        if refuter == "nonparametric_sensitivity":
            return _nonparametric(estimate, design)
        if refuter == "overlap":
            return _overlap(design)
        return _tested(refuter, estimate, design, simulations, seed)
    except (DesignError, EstimationError) as error:
        why = f"Of one of its draws no estimate can be made: {error.what}."
        return not_applicable(_named(refuter), assumptions[refuter], why)


def _tested(
    refuter: Refuter,
    estimate: Any,  # noqa: ANN401
    design: OfCalls,
    simulations: int,
    seed: int,
) -> CheckResult:
    """Run a refuter that ends in a p-value."""
    found = _runs()[refuter](estimate, simulations, seed)
    p_value, known = float(found.refutation_result["p_value"]), rates(refuter)
    numbers = {"estimate": float(estimate.value), "new_effect": float(found.new_effect), "p_value": p_value}
    table = pd.DataFrame([numbers | {"failed": p_value <= nominal, "simulations": simulations}])
    against = "0" if refuter in of_nothing else f"the estimate {estimate.value:.3g}"
    persons = calls_of(design).persons.nunique()
    apart = f", {len(estimate._data)} calls of {persons} persons drawn one by one" if refuter in one_by_one else ""
    return CheckResult(
        check=_named(refuter),
        assumption=assumptions[refuter],
        verdict=_verdict(known, failed=p_value <= nominal),
        power=None if known is None else known.power,
        table=table,
        sentence=(
            f"Mean of {simulations} draws {found.new_effect:.3g} against {against}, p = {p_value:.2f}"
            f"{apart if persons < len(estimate._data) else ''}{_said(known)}."
        ),
    )


def _verdict(known: Rates | None, *, failed: bool) -> Verdict:
    """Verdict of a refuter, which tells nothing where it was seen to tell nothing."""
    if known is None or not known.tells:
        return "cannot tell"
    return judged(rejects=failed, power=known.power)


def _said(known: Rates | None) -> str:
    return "" if known is None else f"; {known}"


def _runs() -> dict[str, Callable[[Any, int, int], Any]]:
    """DoWhy's own functions, each with a source of draws of its own: of a bare seed every draw would be the same."""
    from dowhy.causal_refuters.bootstrap_refuter import refute_bootstrap
    from dowhy.causal_refuters.data_subset_refuter import refute_data_subset
    from dowhy.causal_refuters.dummy_outcome_refuter import refute_dummy_outcome
    from dowhy.causal_refuters.placebo_treatment_refuter import PlaceboType, refute_placebo_treatment
    from dowhy.causal_refuters.random_common_cause import refute_random_common_cause

    def drawn(function: Any) -> Callable[[Any, int, int], Any]:  # noqa: ANN401
        return lambda estimate, many, seed: function(
            estimate._data,
            estimate.target_estimand,
            estimate,
            num_simulations=many,
            random_state=np.random.RandomState(seed),
        )

    def placebo(estimate: Any, many: int, seed: int) -> Any:  # noqa: ANN401
        named = estimate.target_estimand.treatment_variable
        permuted = partial(refute_placebo_treatment, treatment_names=named, placebo_type=PlaceboType.PERMUTE)
        return drawn(permuted)(estimate, many, seed)

    def dummy(estimate: Any, many: int, seed: int) -> Any:  # noqa: ANN401
        asked = estimate.target_estimand
        named = asked.treatment_variable, asked.outcome_variable[0]
        with drawing(seed):
            return refute_dummy_outcome(
                estimate._data, asked, estimate, *named, required_variables=True, num_simulations=many
            )[0]

    return {
        "placebo_treatment": placebo,
        "dummy_outcome": dummy,
        "random_common_cause": drawn(refute_random_common_cause),
        "data_subset": drawn(refute_data_subset),
        # noise on covariates, its default, fails on text
        "bootstrap": drawn(partial(refute_bootstrap, required_variables=False)),
    }


def _unobserved(estimate: Any, seed: int) -> CheckResult:  # noqa: ANN401
    table = simulated_causes(estimate, seed=seed)
    table["failed"] = np.sign(table["new_effect"]) != np.sign(table["estimate"])
    low, high = table["new_effect"].min(), table["new_effect"].max()
    bare = table.loc[table["moves"] == 0, "new_effect"].iloc[-1]
    return _reported(
        "unobserved_common_cause",
        table,
        f"A simulated common cause takes the estimate {estimate.value:.3g} to between {low:.3g} and {high:.3g}; "
        f"turning {100 * table['flips'].max():.0f} % of the treatments alone, with no cause of the outcome, to "
        f"{bare:.3g}",
    )


def _nonparametric(estimate: Any, design: OfCalls) -> CheckResult:  # noqa: ANN401
    refuter: Refuter = "nonparametric_sensitivity"
    if isinstance(design, CallInstrumentDesign) or estimate.contrast != "ATE":
        why = f"DoWhy's bounds are of the ATE among calls without an instrument, not of the {estimate.contrast}."
        return not_applicable(_named(refuter), assumptions[refuter], why)
    table = partial_r2_bounds(estimate)
    whole, bound = (float(table[name].iloc[0]) for name in ("robustness_value", "robustness_value_interval"))
    table["failed"] = bound == 0
    return _reported(
        refuter,
        table,
        f"An omitted variable that explains {100 * whole:.0f} % of what is left of treatment and outcome would take "
        f"the estimate away, one of {100 * bound:.0f} % would bring its interval there, calls taken as independent",
        breakdown=bound,
    )


def _overlap(design: OfCalls) -> CheckResult:
    refuter: Refuter = "overlap"
    if isinstance(design, CallInstrumentDesign):
        return not_applicable(_named(refuter), assumptions[refuter], "With an instrument nothing is weighted.")
    table = overlap_rules(design, edge=edge)
    share = float(table["share"].iloc[0])
    table["failed"] = share < enough_overlap
    return _reported(
        refuter,
        table,
        f"{100 * share:.0f} % of the calls have a cross-fitted probability of {design.treatment} between {edge:g} and "
        f"{1 - edge:g}; of which kinds the others are is said by overlap",
    )


def _reported(refuter: Refuter, table: pd.DataFrame, said: str, *, breakdown: float | None = None) -> CheckResult:
    """Report a refuter that ends in no test."""
    return CheckResult(
        check=_named(refuter),
        assumption=assumptions[refuter],
        verdict="reported",
        power=None,
        table=table,
        sentence=f"{said}{_said(rates(refuter))}.",
        breakdown=breakdown,
    )
