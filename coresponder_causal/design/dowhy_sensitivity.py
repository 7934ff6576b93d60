"""What DoWhy computes of an estimate under a hidden cause, and of overlap, as tables."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from coresponder_causal.design.calls import CallDesign

flips, moves = (0.05, 0.1), (-0.2, -0.1, 0.0, 0.1, 0.2)  # share of treatments; standard deviations of the outcome
_global_draws = Lock()


@contextmanager
def drawing(seed: int) -> Iterator[None]:
    """Seed the one source of draws of numpy, where DoWhy knows no other, and put it back; one at a time."""
    with _global_draws:
        before = np.random.get_state()  # noqa: NPY002
        np.random.seed(seed)  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(before)  # noqa: NPY002


def simulated_causes(estimate: Any, *, seed: int) -> pd.DataFrame:  # noqa: ANN401
    """Add a common cause to treatment and outcome, each strength to the data as they are: DoWhy's grid adds them up.

    Parameters
    ----------
    estimate : dowhy.causal_estimator.CausalEstimate
    seed : int

    Returns
    -------
    DataFrame
        ``flips`` (share of the treatments), ``moves`` (of the outcome, in its standard deviations), ``estimate,
        new_effect``.
    """
    from dowhy.causal_refuters.add_unobserved_common_cause import sensitivity_simulation

    asked, data = estimate.target_estimand, estimate._data
    deviation = float(data[asked.outcome_variable[0]].std())
    rows = []
    for flip, move in ((flip, move) for flip in flips for move in moves):
        with drawing(seed):
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
    return pd.DataFrame(rows)


def partial_r2_bounds(estimate: Any) -> pd.DataFrame:  # noqa: ANN401
    """Bound an ATE by partial R²; of a negative estimate, whose robustness DoWhy calls 0, signs are turned first.

    Parameters
    ----------
    estimate : dowhy.causal_estimator.CausalEstimate

    Returns
    -------
    DataFrame
        Without a hidden cause, then with one as strong as each covariate in turn: ``benchmark, r2tu_w, r2yu_tw, low,
        high``, and the same in every row, ``robustness_value, robustness_value_interval``, in steps of .01.
    """
    from dowhy.causal_refuters.add_unobserved_common_cause import sensitivity_non_parametric_partial_r2
    from sklearn.linear_model import LinearRegression, LogisticRegression

    outcome, sign = estimate.target_estimand.outcome_variable[0], -1.0 if estimate.value < 0 else 1.0
    turned = copy.copy(estimate)
    turned.value = sign * estimate.value
    turned._data = estimate._data.assign(**{outcome: sign * estimate._data[outcome]})
    known = list(estimate.estimator._observed_common_causes)
    rows = []
    for benchmark in [None, *(known if len(known) > 1 else [])]:  # without an only covariate nothing would be left
        with np.errstate(invalid="ignore"):  # a covariate that explains nothing beyond the others bounds nothing
            found = sensitivity_non_parametric_partial_r2(
                turned,
                kappa_t=0.0,
                kappa_y=0.0,
                benchmark_common_causes=None if benchmark is None else [benchmark],
                plot_estimate=False,
                g_s_estimator_list=[LinearRegression()],
                g_s_estimator_param_list=[{"fit_intercept": [True]}],
                alpha_s_estimator_list=[LogisticRegression()],
                alpha_s_estimator_param_list=[{"C": [1e6]}],
                plugin_reisz=True,
            )
        numbers = found.results.iloc[0]
        low, high = sorted(sign * float(numbers[f"{end}_ate_bound"]) for end in ("lower", "upper"))
        rows.append(
            {
                "benchmark": benchmark or "none",
                "r2tu_w": float(numbers["r2tu_w"]),
                "r2yu_tw": float(numbers["r2yu_tw"]),
                "low": low,
                "high": high,
                "robustness_value": float(found.RV),
                "robustness_value_interval": float(found.RV_alpha),
            }
        )
    return pd.DataFrame(rows)


def overlap_rules(design: CallDesign, *, edge: float) -> pd.DataFrame:
    """Learn rules that say where both kinds of calls are, and count the calls that these cover.

    Parameters
    ----------
    design : CallDesign
    edge : float
        Smallest cross-fitted probability of either kind.

    Returns
    -------
    DataFrame
        One row: ``share`` of calls between the edges, and ``covered`` by the rules.
    """
    from dowhy.causal_refuters.assess_overlap_overrule import OverruleAnalyzer
    from sklearn.linear_model import LogisticRegression

    known = design.covariate_frame(reference_levels=False).astype(float)
    table = known.assign(treated=design.treated.astype(int))
    rules = OverruleAnalyzer(
        list(known), ["treated"], overlap_only=True, overlap_eps=edge, prop_estimator=LogisticRegression(max_iter=1000)
    )
    inside = rules._assess_propensity_overlap(table[list(known)], table[["treated"]]).astype(bool)
    covered = 1.0
    if not inside.all():  # else there is nothing to learn, which DoWhy prints
        rules.fit(table)
        covered = float(np.mean(rules.overlap_indicator))
    return pd.DataFrame([{"share": float(inside.mean()), "covered": covered}])
