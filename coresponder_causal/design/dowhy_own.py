"""Estimators of DoWhy on designs of calls, set so that they compute what they are named after."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import pandas as pd

from coresponder_causal.core.choices import require_choice
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.dowhy_estimator import units
from coresponder_causal.design.dowhy_model import causal_model

Own = Literal["linear_regression", "propensity_weighting"]


def dowhy_own_estimate(design: CallDesign, estimator: Own = "linear_regression") -> Any:  # noqa: ANN401
    """Estimate a design of calls by an estimator of DoWhy, set so that it computes what it is named after.

    Parameters
    ----------
    design : CallDesign
        Its covariates are adjusted for; how it was matched is not looked at. Weights by the propensity decide whom the
        weighting speaks of: the treated, the untreated, else all.
    estimator : {"linear_regression", "propensity_weighting"}
        The first is ``call_difference(regression="shared")`` of the design as it came; the second that of
        `weight_propensity` with the scheme of the same name, if probabilities are ours, neither penalised nor cut at
        .05 and .95, as DoWhy's are by default.

    Returns
    -------
    dowhy.causal_estimator.CausalEstimate
        Without interval: that of DoWhy is a bootstrap of independent rows.

    Raises
    ------
    DesignError
        An estimator that is none of these.

    Examples
    --------
    >>> frame = pd.DataFrame({"attended": [1, 0] * 20, "night": [0, 0, 1, 1] * 10, "minutes": [5, 7, 6, 9] * 10})
    >>> c = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["night"])
    >>> round(float(dowhy_own_estimate(c).value), 6)
    -2.5
    """
    require_choice("dowhy_own_estimate", "estimator", estimator, Own)
    from dowhy.causal_estimator import estimate_effect
    from dowhy.causal_estimators.propensity_score_weighting_estimator import PropensityScoreWeightingEstimator

    model = causal_model(design)
    identified = model.identify_effect(method_name="maximal-adjustment")
    data = model._data
    if estimator == "linear_regression":
        identified.set_identifier_method("backdoor")
        chosen = _regression_class()(identified)
    else:
        data = data.assign(propensity_score=design.propensity().probability)
        chosen = PropensityScoreWeightingEstimator(
            identified, min_ps_score=0.0, max_ps_score=1.0, propensity_score_column="propensity_score"
        )
    return estimate_effect(
        data,
        design.treatment,
        str(design.outcome),
        "backdoor",
        chosen,
        target_units=units.get(design.contrast, "ate"),
        method_params={},
    )


class _Regression:
    """DoWhy's linear regression without the argument of pandas that warns of its end at every fit."""

    def interventional_outcomes(self, data_df: pd.DataFrame, treatment_val: float) -> Any:  # noqa: ANN401
        """Predict the outcomes with the treatment set."""
        set_to = {self._target_estimand.treatment_variable[0]: treatment_val}  # type: ignore[attr-defined]
        return self.predict(data_df.assign(**set_to))  # type: ignore[attr-defined]


@cache
def _regression_class() -> Any:  # noqa: ANN401
    from dowhy.causal_estimators.linear_regression_estimator import LinearRegressionEstimator

    return type("LinearRegression", (_Regression, LinearRegressionEstimator), {"__module__": __name__})
