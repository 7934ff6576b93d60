"""How much more the treatment would have to go with what is not observed than with what is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core import oster as proportional
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design import CallDesign, CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.design.call_regression import call_regression

name = "oster"
assumption = "The treatment goes with what is not observed no more than with what is."


def oster(
    result: Result | None,
    design: CallDesign | SeriesDesign | PanelDesign | CoverageDesign,
    *,
    factors: Sequence[float] = (1.1, 1.3, 1.5, 2.0),
    delta: float = 1.0,
) -> CheckResult:
    """Find the selection δ that explains the coefficient away, and the coefficient at a stated δ, by attainable R².

    Parameters
    ----------
    result : Result or None
        Not looked at: the regressions are those of all calls, before matching and weighting.
    design : CallDesign
        With covariates and an outcome.
    factors : sequence of float
        R² with everything is that many times the R² with the covariates, at most 1.
    delta : float
        δ of the adjusted coefficient.

    Returns
    -------
    CheckResult
        Reported; ``breakdown`` is δ at the factor nearest to 1.3 (∞: no selection of that sign explains it). Its table:
        ``factor, r2_max, delta, adjusted, roots``, roots the number of effects that fit, of which the one nearest to
        the coefficient with covariates is shown.

    References
    ----------
    Oster (2019), doi:10.1080/07350015.2016.1227711. No outside value: populations made exactly and simulated truth.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> hour = rng.integers(0, 24, 400)
    >>> frame = pd.DataFrame({"attended": rng.random(400) < 0.2 + 0.02 * hour, "hour": hour})
    >>> frame["minutes"] = 40 - 5 * frame["attended"] + 0.3 * frame["hour"] + rng.normal(size=400)
    >>> d = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["hour"])
    >>> oster(None, d).table.columns.tolist()
    ['factor', 'r2_max', 'delta', 'adjusted', 'roots']
    """
    if not isinstance(design, CallDesign) or not design.covariates or design.outcome is None:
        return not_applicable(name, assumption, "It needs a design of calls with covariates and an outcome.")
    try:
        fit = call_regression(design).fit
    except EstimationError as error:
        return not_applicable(name, assumption, f"The regression has no estimate: {error.what}.")
    weights = design.sampling_weights()
    root = np.sqrt(weights)
    found = proportional.stability(
        design.outcome_values(),
        design.treated.astype(float),
        fit.residuals / root,
        fit.treatment_residuals / root,
        weights,
    )
    table = pd.DataFrame([_row(found, float(factor), delta) for factor in factors])
    row = table.iloc[int((table["factor"] - 1.3).abs().argmin())]
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict="reported",
        power=None,
        table=table,
        sentence=_sentence(found, row, delta),
        breakdown=float(row["delta"]) if row["delta"] >= 0 else float("inf"),
    )


def _row(found: proportional.Stability, factor: float, delta: float) -> dict[str, float | int]:
    r_max = min(1.0, factor * found.long_r2)
    effects = proportional.effects(found, r_max, delta=delta)
    return {
        "factor": factor,
        "r2_max": r_max,
        "delta": proportional.selection(found, r_max),
        "adjusted": effects[0] if effects else float("nan"),
        "roots": len(effects),
    }


def _sentence(found: proportional.Stability, row: pd.Series, delta: float) -> str:
    away = (
        f"to explain it away selection on what is not observed would have to be {row['delta']:.2f} times that on the "
        "covariates"
        if row["delta"] >= 0
        else "only selection opposite to that on the covariates could explain it away"
    )
    several = f", the nearest of {row['roots']:.0f} that fit" if row["roots"] > 1 else ""
    return (
        f"Covariates move the coefficient from {found.short:.3g} to {found.long:.3g} and R² from {found.short_r2:.3f} "
        f"to {found.long_r2:.3f}. If R² with everything were {row['r2_max']:.3f}, {away}; with {delta:g} times the "
        f"selection on the covariates it would be {row['adjusted']:.3g}{several}."
    )
