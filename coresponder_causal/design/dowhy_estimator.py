"""Estimators of the register as estimators of DoWhy.

``RegisteredEstimator`` is a class of DoWhy's kind, made when it is asked for, so that importing this module does not
import DoWhy. Its name for ``CausalModel.estimate_effect`` is ``"backdoor." + registered`` or ``"iv." + registered``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.registry import numbers_of, run_method
from coresponder_causal.core.result import Result
from coresponder_causal.design.call_instrument import CallInstrumentDesign
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.dowhy_model import OfCalls, adjusted_for, calls_of, causal_model, made_again

registered = f"{__name__}.RegisteredEstimator"
units = {"ATT": "att", "ATC": "atc"}


def dowhy_estimate(result: Result, design: OfCalls, *, graph: object = None) -> Any:  # noqa: ANN401
    """Estimate a result again through DoWhy: causal model, identification, and the result's own method and options.

    Parameters
    ----------
    result : Result
        Of calls, made by a registered estimator; its headline is DoWhy's number.
    design : CallDesign or CallInstrumentDesign
        The design it was made from.
    graph : CausalGraph, networkx DiGraph or GML text, optional
        As in `causal_model`. What it asks to be adjusted for takes the place of what the design adjusts for.

    Returns
    -------
    dowhy.causal_estimator.CausalEstimate
        Its ``value``, ``get_standard_error()``, ``get_confidence_intervals()`` and ``test_stat_significance()`` are
        those of the method; ``estimator.result`` is the whole result.

    Raises
    ------
    DesignError
        A graph by which the effect is not identified in the way the design goes.

    Examples
    --------
    >>> from coresponder_causal.design.weight_propensity import weight_propensity
    >>> from coresponder_causal.estimate import call_difference
    >>> rng, night = np.random.default_rng(1), np.tile([0, 0, 1], 40)
    >>> frame = pd.DataFrame({"attended": rng.random(120) < 0.3 + 0.3 * night, "night": night})
    >>> frame["minutes"] = 30 - 5 * frame["attended"] + rng.normal(size=120)
    >>> c = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["night"])
    >>> weighted = weight_propensity(c)
    >>> result = call_difference(weighted)
    >>> bool(dowhy_estimate(result, weighted).value == result.estimate[0])
    True
    """
    model = causal_model(design, graph=graph)
    way = "iv" if isinstance(design, CallInstrumentDesign) else "backdoor"
    identified = model.identify_effect(method_name="default" if graph is not None else "maximal-adjustment")
    if identified.no_directed_path or identified.estimands.get(way) is None:
        raise DesignError(
            f"by the graph the effect of {design.treatment} on {design.outcome} is not identified by '{way}'",
            mend="measure what opens the other paths, or bring an instrument",
        )
    return model.estimate_effect(
        identified,
        method_name=f"{way}.{registered}",
        target_units=units.get(result.estimand.contrast, "ate"),
        effect_modifiers=[],
        method_params={
            "design": design,
            "method": result.method,
            "options": result.provenance.option_values(),
        },
    )


class _Registered:
    """An estimator of the register, as DoWhy's kind of class wants it; see `RegisteredEstimator`."""

    result: Result

    def __init__(
        self,
        identified_estimand: Any,  # noqa: ANN401
        *,
        design: OfCalls,
        method: str,
        options: Mapping[str, object] | None = None,
        test_significance: bool | str | None = False,
        evaluate_effect_strength: bool = False,
        confidence_intervals: bool | str = False,
        confidence_level: float = 0.95,
        coresponder_causal_estimator: str = registered,
    ) -> None:
        from dowhy.causal_estimator import CausalEstimator

        CausalEstimator.__init__(
            self,
            identified_estimand,
            test_significance=test_significance,
            evaluate_effect_strength=evaluate_effect_strength,
            confidence_intervals=confidence_intervals,
            confidence_level=confidence_level,
        )
        self._target_estimand = identified_estimand
        self.design, self.method, self.options = design, method, dict(options or {})
        self.name, self._run = coresponder_causal_estimator, run_method
        self._effect_modifier_names: list[str] = []

    def fit(self, data: pd.DataFrame, effect_modifier_names: list[str] | None = None) -> _Registered:
        """Form the design of the frame and run the method; effects are averages, whatever may modify them."""
        asked = self._target_estimand
        self.estimating_instrument_names = asked.instrumental_variables or []
        again = made_again(
            self.design,
            data,
            treatment=asked.treatment_variable[0],
            outcome=asked.outcome_variable[0],
            adjusted=self._adjusted(),
            instrument=next(iter(self.estimating_instrument_names), ""),
        )
        self.result = self._run(self.method, again, self.options)
        self._observed_common_causes = calls_of(again).covariate_frame(reference_levels=False)
        self.contrast = self.result.estimand.contrast
        return self

    def estimate_effect(
        self,
        data: pd.DataFrame,
        treatment_value: float = 1,
        control_value: float = 0,
        target_units: object = None,
        confidence_intervals: object = False,
    ) -> Any:  # noqa: ANN401
        """Return what the method found; the design says whom it speaks of, and other units are refused."""
        from dowhy.causal_estimator import CausalEstimate

        self._refuse(treatment_value, control_value, target_units)
        self._treatment_value, self._control_value = treatment_value, control_value
        self._target_units = target_units
        asked = self._target_estimand
        found = CausalEstimate(
            data=data,
            treatment_name=asked.treatment_variable,
            outcome_name=asked.outcome_variable,
            estimate=float(self.result.estimate[0]),
            control_value=control_value,
            treatment_value=treatment_value,
            target_estimand=asked,
            realized_estimand_expr=f"{self.result.estimand} by {self.method}, {self.result.scale}",
            contrast=self.contrast,
        )
        found.add_estimator(self)
        return found

    def get_new_estimator_object(
        self,
        identified_estimand: Any,  # noqa: ANN401
        test_significance: bool = False,
        evaluate_effect_strength: bool = False,
        confidence_intervals: bool | None = None,
    ) -> _Registered:
        """Return the same for another estimand, for fits of which only the number is wanted."""
        new = copy.copy(self)
        new._target_estimand, new._run = identified_estimand, numbers_of
        return new

    def _adjusted(self) -> list[str]:
        asked = self._target_estimand
        if isinstance(self.design, CallDesign):
            return list(asked.get_adjustment_set() or [])
        put_in = (asked.backdoor_variables or {}).get("iv") or []  # what a refuter adds
        return list(dict.fromkeys([*adjusted_for(self.design), *put_in]))

    def _refuse(self, treatment_value: float, control_value: float, target_units: object) -> None:
        if (treatment_value, control_value) != (1, 0):
            raise EstimationError(
                f"calls are compared with and without the treatment, not at {treatment_value} and {control_value}",
                mend="leave treatment_value=1 and control_value=0",
            )
        if target_units not in (None, "ate") and target_units != units.get(self.contrast):
            raise EstimationError(
                f"the design speaks of the {self.contrast}, and target_units={target_units!r} was asked for",
                mend="weight or match the design for the calls you mean",
            )

    def _estimate_confidence_intervals(
        self, confidence_level: float = 0.95, method: object = None
    ) -> tuple[float, float]:
        row = self.result.tidy(level=confidence_level).iloc[0]
        return float(row["conf_low"]), float(row["conf_high"])

    def _estimate_std_error(self, method: object = None) -> float:
        return float(self.result.bse.iloc[0])

    def _test_significance(self, estimate_value: float, method: object = None) -> dict[str, float]:
        return {"p_value": float(self.result.pvalues.iloc[0])}

    def _do(self, x: float, data_df: pd.DataFrame | None = None) -> float:
        mean = self.result.extra.number("mean_treated" if x else "mean_untreated")
        if np.isnan(mean):
            raise NotImplementedError(f"{self.method} estimates a difference, not its two means")
        return mean


@cache
def _registered_class() -> Any:  # noqa: ANN401
    from dowhy.causal_estimator import CausalEstimator

    made = {"__module__": __name__, "__doc__": "An estimator of the register, run by DoWhy: see `dowhy_estimate`."}
    return type("RegisteredEstimator", (_Registered, CausalEstimator), made)


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name == "RegisteredEstimator":
        return _registered_class()
    raise AttributeError(f"module {__name__} has no attribute {name}")
