"""Whether treated and untreated calls are alike in what was known before dispatch."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.ecdf import ecdf_distance
from coresponder_causal.core.regressors import independent
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.covariate_balance import deviation, is_indicator, mean_difference, most_apart, variance

Array = NDArray[np.float64]
rounding = 1e-12
name, prognosis = "balance", "predicted outcome"
assumption = "Treated and untreated calls that are compared were alike in what was known before dispatch."


def balance(
    result: Result | None,
    design: CallDesign | SeriesDesign | PanelDesign | CoverageDesign,
    *,
    threshold: float = most_apart,
) -> CheckResult:
    """Compare the distribution of every covariate between the arms, before and after adjustment.

    Parameters
    ----------
    result : Result or None
        Not looked at: balance is a matter of the design, and may be judged before there is an outcome.
    design : CallDesign
        Matched, weighted, or as it came.
    threshold : float
        Largest absolute standardised mean difference that passes.

    Returns
    -------
    CheckResult
        Contradicts when a standardised mean difference after adjustment exceeds the threshold. Its table has one row
        per covariate or level: ``covariate, kind, mean_treated, mean_untreated`` (after), ``smd_before, smd_after,
        variance_ratio_before, variance_ratio_after`` (treated over untreated; NaN for indicators), ``ks_before,
        ks_after, ecdf_mean_before, ecdf_mean_after`` (largest and mean distance of the distribution functions).
        Without adjustment, after is before. Where the design has an outcome, the last row (of kind "prognosis") is the
        outcome that least squares on the covariates of the untreated calls predicts for every call: the covariates in
        the weights with which they bear on the outcome.

    Notes
    -----
    The prediction looks at outcomes of untreated calls only, so that it does not tell the effect; a design without an
    outcome (``outcome=None``) keeps even those out of sight. With few untreated calls it fits their chance. The
    threshold holds for it too.

    Mean differences are divided by the standard deviation before adjustment: that of the calls for which matches or
    weights were asked, the treated for ATT, the untreated for ATC, else the root of the mean of both arms' variances;
    matching weights, which ask for neither, take the latter. An indicator with share p has the variance p(1 − p), and
    weighted variances are Σw(x − m)² / (Σw − Σw²/Σw). These, and distances of an indicator as those of its shares, are
    the conventions of R's cobalt (``binary = "std"``). A small difference of means can hide different spreads or tails,
    which the distances show.

    References
    ----------
    Austin (2009), doi:10.1002/sim.3697; Stuart, Lee & Leacy (2013), doi:10.1016/j.jclinepi.2013.01.013 (threshold,
    prognosis); Hansen (2008), doi:10.1093/biomet/asn004 (prognosis).

    Examples
    --------
    >>> frame = pd.DataFrame({"attended": [1, 1, 0, 0], "priority": [1, 3, 1, 3]})
    >>> d = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["priority"])
    >>> balance(None, d).verdict
    'no contradiction found'
    """
    if not isinstance(design, CallDesign) or not design.covariates:
        return not_applicable(name, assumption, "It needs a design of calls with covariates.")
    frame = design.covariate_frame()
    rows = [_row(str(column), frame[column].to_numpy(float), design) for column in frame]
    support = [_support(frame[column].to_numpy(float), design.treated) for column in frame]
    predicted = _predicted(design)
    if predicted is not None:
        rows.append(_row(prognosis, predicted, design) | {"kind": "prognosis"})
        support.append({"calls": len(predicted), "events": int((~design.treated).sum())})
    table = pd.DataFrame(rows)
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict="contradicts" if (table["smd_after"].abs() > threshold).any() else "no contradiction found",
        power=None,
        table=table,
        sentence=_said(table, threshold),
        support=pd.DataFrame(support),
        moves=None if result is None or predicted is None else _left_over(result, table.iloc[-1]),
    )


def _left_over(result: Result, predicted: pd.Series) -> float:
    """How far the difference left in the predicted outcome moves the estimate, in its standard errors."""
    means = np.array([predicted["mean_treated"], predicted["mean_untreated"]], float)
    if result.scale == "log_ratio":
        if not (means > 0).all():
            return float("inf")
        means = np.log(means)
    return float(abs(means[0] - means[1]) / np.sqrt(result.vcov[0, 0]))


def _said(table: pd.DataFrame, threshold: float) -> str:
    covariates = table[table["kind"] != "prognosis"]
    size = covariates["smd_after"].abs()
    beyond = covariates.loc[size > threshold, "covariate"].tolist()
    worst, farthest = (covariates.iloc[int(values.argmax())] for values in (size, covariates["ks_after"]))
    listed = ", ".join(beyond[:5]) + (f" and {len(beyond) - 5} more" if len(beyond) > 5 else "")
    least = f"{worst['smd_after']:z.2f}".replace("-", "−")
    parts = [
        f"{len(beyond)} of {len(covariates)} covariates and levels differ by more than {threshold:g} standard "
        f"deviations{f' ({listed})' if beyond else ''}; the largest difference is {least} in "
        f"{worst['covariate']} (before adjustment the largest was {covariates['smd_before'].abs().max():.2f}), the "
        f"largest distance of distributions {farthest['ks_after']:.2f} in {farthest['covariate']}."
    ]
    if len(covariates) < len(table):
        parts.append(
            "The outcome that the covariates predict, by the outcomes of the untreated calls, which were looked at for "
            f"that, differs by {table['smd_after'].iloc[-1]:.2f} (before adjustment by "
            f"{table['smd_before'].iloc[-1]:.2f})."
        )
    return " ".join([*parts, "Balance in what was recorded says nothing about what was not."])


def _predicted(design: CallDesign) -> Array | None:
    """Outcome that the untreated calls predict for every call; None without an outcome, or with too few of them."""
    if design.outcome is None:
        return None
    x = np.column_stack([np.ones(len(design.source)), design.covariate_frame(reference_levels=False).to_numpy(float)])
    untreated, root = ~design.treated, np.sqrt(design.sampling_weights())[:, None]
    kept = independent((root * x)[untreated])
    if untreated.sum() <= kept.sum() + 1:
        return None
    y = design.outcome_values()[:, None]
    beta = np.linalg.lstsq((root * x[:, kept])[untreated], (root * y)[untreated], rcond=None)[0]
    predicted = np.asarray((x[:, kept] @ beta)[:, 0], float)
    return predicted if np.ptp(predicted) > rounding * np.abs(predicted).max() else None


def _support(x: Array, treated: NDArray[np.bool_]) -> dict[str, int]:
    """Count the calls behind a covariate, and of a level the smallest of its cells: with or without it, by arm."""
    cells = [treated.sum(), (~treated).sum()]
    if is_indicator(x):
        cells = [np.sum((x == level) & (treated == arm)) for level in (0.0, 1.0) for arm in (True, False)]
    some = [int(cell) for cell in cells if cell > 0]
    return {"calls": len(x), "events": min(some, default=0)}


def _row(covariate: str, x: Array, design: CallDesign) -> dict[str, object]:
    indicator = is_indicator(x)
    before, after = design.sampling_weights(), design.call_weights()
    treated = design.treated
    spread = deviation(x, design)
    means = [float(np.average(x[arm], weights=after[arm])) for arm in (treated, ~treated)]
    (mean_before, ks_before), (mean_after, ks_after) = (ecdf_distance(x, w, treated) for w in (before, after))
    ratios = [np.nan if indicator else _variance_ratio(x, weights, treated) for weights in (before, after)]
    return {
        "covariate": covariate,
        "kind": "indicator" if indicator else "number",
        "mean_treated": means[0],
        "mean_untreated": means[1],
        "smd_before": mean_difference(x, before, treated) / spread,
        "smd_after": mean_difference(x, after, treated) / spread,
        "variance_ratio_before": ratios[0],
        "variance_ratio_after": ratios[1],
        "ks_before": ks_before,
        "ks_after": ks_after,
        "ecdf_mean_before": mean_before,
        "ecdf_mean_after": mean_after,
    }


def _variance_ratio(x: Array, weights: Array, treated: NDArray[np.bool_]) -> float:
    first, second = (variance(x[arm], weights[arm], indicator=False) for arm in (treated, ~treated))
    return first / second if second > 0 else float("nan")
