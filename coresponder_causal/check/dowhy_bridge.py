"""DoWhy's refuters on designs of calls: its numbers, and how often each of them would have noticed anything.

Most of them compare an estimate with a distribution that their own drawing centres on it, or on 0: what they find is
about the program, not about hidden selection. Every result says how often its refuter failed simulated designs that
were sound, and designs that were not.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from coresponder_causal.core.dowhy_rates import Rates, rates
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, Verdict, judged, not_applicable
from coresponder_causal.design import CallDesign, CallInstrumentDesign
from coresponder_causal.design.dowhy_estimator import dowhy_estimate
from coresponder_causal.design.dowhy_model import OfCalls

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
least_simulations, nominal, enough_overlap, edge = 100, 0.05, 0.9, 0.1
flips, moves = (0.05, 0.1), (-0.2, -0.1, 0.0, 0.1, 0.2)  # share of treatments; standard deviations of the outcome
_global_draws = Lock()


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
    graph : networkx DiGraph or GML text, optional
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
    >>> from coresponder_causal.estimate import call_difference
    >>> rng, night = np.random.default_rng(1), np.tile([0, 0, 1], 40)
    >>> frame = pd.DataFrame({"attended": rng.random(120) < 0.3 + 0.3 * night, "night": night})
    >>> frame["minutes"] = 30 - 5 * frame["attended"] + rng.normal(size=120)
    >>> c = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["night"])
    >>> (found,) = dowhy_refuters(call_difference(c, regression="shared"), c, which=["random_common_cause"])
    >>> found.verdict, bool(found.table["p_value"].iloc[0] > 0.05)
    ('cannot tell', True)
    """
    _require(which, simulations)
    if not isinstance(design, CallDesign | CallInstrumentDesign):
        why = "DoWhy's refuters draw single rows that were treated or not: they are for designs of calls."
        return tuple(not_applicable(_named(one), assumptions[one], why) for one in which)
    estimate = dowhy_estimate(result, design, graph=graph)
    data = estimate._data
    return tuple(_refuted(one, estimate, data, design, simulations, seed) for one in which)


def _require(which: Sequence[str], simulations: int) -> None:
    if unknown := [one for one in which if one not in assumptions]:
        raise EstimationError(f"no refuter {', '.join(unknown)}", mend=f"choose from {', '.join(assumptions)}")
    if simulations < least_simulations:
        raise EstimationError(
            f"simulations={simulations}: DoWhy then takes the draws to be normal",
            mend=f"take {least_simulations} or more",
        )


def _named(refuter: str) -> str:
    return f"dowhy: {refuter}"


def _refuted(
    refuter: Refuter,
    estimate: Any,
    data: pd.DataFrame,
    design: OfCalls,
    simulations: int,
    seed: int,  # noqa: ANN401
) -> CheckResult:
    if refuter == "unobserved_common_cause":
        return _unobserved(estimate, data, seed)
    if refuter == "nonparametric_sensitivity":
        return _nonparametric(estimate, data, design)
    if refuter == "overlap":
        return _overlap(data, design)
    return _tested(refuter, estimate, data, simulations, seed)


def _tested(refuter: Refuter, estimate: Any, data: pd.DataFrame, simulations: int, seed: int) -> CheckResult:  # noqa: ANN401
    """Run a refuter that ends in a p-value."""
    found = _runs()[refuter](estimate, data, simulations, seed)
    p_value = float(found.refutation_result["p_value"])
    known = rates(refuter)
    failed = p_value <= nominal
    table = pd.DataFrame(
        [
            {
                "estimate": float(estimate.value),
                "new_effect": float(found.new_effect),
                "p_value": p_value,
                "failed": failed,
                "simulations": simulations,
            }
        ]
    )
    against = "0" if refuter in ("placebo_treatment", "dummy_outcome") else f"the estimate {estimate.value:.3g}"
    return CheckResult(
        check=_named(refuter),
        assumption=assumptions[refuter],
        verdict=_verdict(known, failed=failed),
        power=None if known is None else known.power,
        table=table,
        sentence=(
            f"Mean of {simulations} draws {found.new_effect:.3g} against {against}, p = {p_value:.2f}{_said(known)}."
        ),
    )


def _verdict(known: Rates | None, *, failed: bool) -> Verdict:
    """Verdict of a refuter, which tells nothing where it was seen to tell nothing."""
    if known is None or not known.tells:
        return "cannot tell"
    return judged(rejects=failed, power=known.power)


def _said(known: Rates | None) -> str:
    return "" if known is None else f"; {known}"


def _runs() -> dict[str, Callable[[Any, pd.DataFrame, int, int], Any]]:
    """DoWhy's own functions, each with a source of draws of its own: of a bare seed every draw would be the same."""
    from dowhy.causal_refuters.bootstrap_refuter import refute_bootstrap
    from dowhy.causal_refuters.data_subset_refuter import refute_data_subset
    from dowhy.causal_refuters.dummy_outcome_refuter import refute_dummy_outcome
    from dowhy.causal_refuters.placebo_treatment_refuter import PlaceboType, refute_placebo_treatment
    from dowhy.causal_refuters.random_common_cause import refute_random_common_cause

    def drawn(function: Any, **more: Any) -> Callable[[Any, pd.DataFrame, int, int], Any]:  # noqa: ANN401
        return lambda estimate, data, many, seed: function(
            data, estimate.target_estimand, estimate, num_simulations=many, random_state=_draws(seed), **more
        )

    def dummy(estimate: Any, data: pd.DataFrame, many: int, seed: int) -> Any:  # noqa: ANN401
        asked = estimate.target_estimand
        with _drawing(seed):
            return refute_dummy_outcome(
                data,
                asked,
                estimate,
                asked.treatment_variable,
                asked.outcome_variable[0],
                required_variables=True,
                num_simulations=many,
            )[0]

    def placebo(estimate: Any, data: pd.DataFrame, many: int, seed: int) -> Any:  # noqa: ANN401
        named = estimate.target_estimand.treatment_variable
        return drawn(refute_placebo_treatment, treatment_names=named, placebo_type=PlaceboType.PERMUTE)(
            estimate, data, many, seed
        )

    return {
        "placebo_treatment": placebo,
        "dummy_outcome": dummy,
        "random_common_cause": drawn(refute_random_common_cause),
        "data_subset": drawn(refute_data_subset),
        # noise on covariates, its default, fails on text
        "bootstrap": drawn(refute_bootstrap, required_variables=False),
    }


def _draws(seed: int) -> np.random.RandomState:
    return np.random.RandomState(seed)


@contextmanager
def _drawing(seed: int) -> Iterator[None]:
    """Seed the one source of draws of numpy, where DoWhy knows no other, and put it back; one at a time."""
    with _global_draws:
        before = np.random.get_state()  # noqa: NPY002
        np.random.seed(seed)  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(before)  # noqa: NPY002


def _unobserved(estimate: Any, data: pd.DataFrame, seed: int) -> CheckResult:  # noqa: ANN401
    """Add a common cause to treatment and outcome, each strength to the data as they are: DoWhy's grid adds them up."""
    from dowhy.causal_refuters.add_unobserved_common_cause import sensitivity_simulation

    asked, refuter = estimate.target_estimand, "unobserved_common_cause"
    deviation = float(data[asked.outcome_variable[0]].std())
    rows = []
    for flip, move in ((flip, move) for flip in flips for move in moves):
        with _drawing(seed):
            found = sensitivity_simulation(
                data,
                asked,
                estimate,
                asked.treatment_variable,
                asked.outcome_variable,
                kappa_t=flip,
                kappa_y=move * deviation,
            )
        rows.append({"flips": flip, "moves": move, "estimate": estimate.value, "new_effect": float(found.new_effect)})
    table = pd.DataFrame(rows)
    table["failed"] = np.sign(table["new_effect"]) != np.sign(table["estimate"])
    low, high = table["new_effect"].min(), table["new_effect"].max()
    bare = table.loc[table["moves"] == 0, "new_effect"].iloc[-1]
    return CheckResult(
        check=_named(refuter),
        assumption=assumptions[refuter],
        verdict="reported",
        power=None,
        table=table,
        sentence=(
            f"A simulated common cause takes the estimate {estimate.value:.3g} to between {low:.3g} and {high:.3g}; "
            f"turning {flips[-1]:.0%} of the treatments alone, with no cause of the outcome, to {bare:.3g}"
            f"{_said(rates(refuter))}."
        ),
    )


def _nonparametric(estimate: Any, data: pd.DataFrame, design: OfCalls) -> CheckResult:  # noqa: ANN401
    """Bound the ATE by partial R²; of a negative estimate, whose robustness DoWhy calls 0, signs are turned first."""
    from dowhy.causal_refuters.add_unobserved_common_cause import sensitivity_non_parametric_partial_r2
    from sklearn.linear_model import LinearRegression, LogisticRegression

    refuter: Refuter = "nonparametric_sensitivity"
    if isinstance(design, CallInstrumentDesign) or estimate.contrast != "ATE":
        why = f"DoWhy's bounds are of the ATE among calls without an instrument, not of the {estimate.contrast}."
        return not_applicable(_named(refuter), assumptions[refuter], why)
    outcome, sign = estimate.target_estimand.outcome_variable[0], -1.0 if estimate.value < 0 else 1.0
    turned = copy.copy(estimate)
    turned.value, turned._data = sign * estimate.value, data.assign(**{outcome: sign * data[outcome]})
    rows = []
    for benchmark in estimate.estimator._observed_common_causes:
        with np.errstate(invalid="ignore"):  # a covariate that explains nothing beyond the others bounds nothing
            found = sensitivity_non_parametric_partial_r2(
                turned,
                benchmark_common_causes=[benchmark],
                plot_estimate=False,
                g_s_estimator_list=[LinearRegression()],
                g_s_estimator_param_list=[{"fit_intercept": [True]}],
                alpha_s_estimator_list=[LogisticRegression()],
                alpha_s_estimator_param_list=[{"C": [1e6]}],
                plugin_reisz=True,
            )
        numbers = found.results.iloc[0]
        ends = sorted(sign * numbers[[f"{end}_ate_bound" for end in ("lower", "upper")]].to_numpy(float))
        rows.append(
            {
                "benchmark": benchmark,
                "r2tu_w": float(numbers["r2tu_w"]),
                "r2yu_tw": float(numbers["r2yu_tw"]),
                "low": ends[0],
                "high": ends[1],
                "robustness_value": float(found.RV),
                "robustness_value_interval": float(found.RV_alpha),
                "failed": bool(found.RV_alpha == 0),
            }
        )
    table = pd.DataFrame(rows)
    whole, bound = table.loc[0, ["robustness_value", "robustness_value_interval"]].astype(float)
    return CheckResult(
        check=_named(refuter),
        assumption=assumptions[refuter],
        verdict="reported",
        power=None,
        table=table,
        sentence=(
            f"An omitted variable that explains {whole:.0%} of what is left of treatment and outcome would take the "
            f"estimate away, one of {bound:.0%} would bring its interval there, calls taken as independent"
            f"{_said(rates(refuter))}."
        ),
        breakdown=float(bound),
    )


def _overlap(data: pd.DataFrame, design: OfCalls) -> CheckResult:
    """Learn rules that say where both kinds of calls are, and how many calls these cover."""
    from dowhy.causal_refuters.assess_overlap_overrule import OverruleAnalyzer
    from sklearn.linear_model import LogisticRegression

    refuter: Refuter = "overlap"
    if isinstance(design, CallInstrumentDesign):
        return not_applicable(_named(refuter), assumptions[refuter], "With an instrument nothing is weighted.")
    known = design.covariate_frame(reference_levels=False).astype(float)
    table = known.assign(treated=data[design.treatment].to_numpy())
    rules = OverruleAnalyzer(
        list(known), ["treated"], overlap_only=True, overlap_eps=edge, prop_estimator=LogisticRegression(max_iter=1000)
    )
    inside = rules._assess_propensity_overlap(table[list(known)], table[["treated"]]).astype(bool)
    covered = 1.0
    if not inside.all():  # else there is nothing to learn, which DoWhy prints
        rules.fit(table)
        covered = float(np.mean(rules.overlap_indicator))
    share = float(inside.mean())
    failed = share < enough_overlap
    return CheckResult(
        check=_named(refuter),
        assumption=assumptions[refuter],
        verdict="reported",
        power=None,
        table=pd.DataFrame([{"share": share, "covered_by_rules": covered, "failed": failed}]),
        sentence=(
            f"{share:.0%} of the calls have a cross-fitted probability of {design.treatment} between {edge:g} and "
            f"{1 - edge:g}{_said(rates(refuter))}; which kinds of calls have not is said by overlap."
        ),
    )
