"""How much of treatment and outcome an omitted variable would have to explain to change the finding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import omitted
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.omitted import Regression, adjusted, as_strong_as, partial_r2
from coresponder_causal.core.result import Result
from coresponder_causal.core.sandwich import clustered
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design import CallDesign, CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.design.call_regression import CallRegression, call_regression

Array = NDArray[np.float64]
name = "robustness_value"
assumption = "No omitted variable explains enough of both treatment and outcome to change the finding."
shown, grid = 3, 41


def robustness_value(
    result: Result | None,
    design: CallDesign | SeriesDesign | PanelDesign | CoverageDesign,
    *,
    benchmarks: Sequence[str] = (),
    times: Sequence[float] = (1.0, 2.0, 3.0),
    q: float = 1.0,
    level: float = 0.95,
) -> CheckResult:
    """Compute the robustness value of the linear regression of the outcome on treatment and covariates.

    Parameters
    ----------
    result : Result or None
        Not looked at: the regression is that of all calls, before matching and weighting.
    design : CallDesign
        With covariates and an outcome.
    benchmarks : sequence of str
        Covariates as strong as which the omitted variable may be; by default the three that would move the estimate
        most.
    times : sequence of float
        How many times as strong.
    q : float
        Share of the estimate that is taken away.
    level : float
        Of the interval.

    Returns
    -------
    CheckResult
        Reported; ``breakdown`` is the robustness value of the interval. Its table: ``benchmark, times, r2dz, r2yz,
        estimate, conf_low, conf_high``, first the estimate as it is; its course the estimate, and the bound of its
        interval nearer to nothing, over a grid of both partial R² (``r2dz, r2yz, estimate, bound``).

    Raises
    ------
    DesignError
        A benchmark that is not a covariate.

    Notes
    -----
    Standard errors are those of independent calls with equal variances, as in the source. Where the design has persons
    the sentence says by how much their clusters widen the interval: the robustness value of the interval does not.

    References
    ----------
    Cinelli & Hazlett (2020), doi:10.1111/rssb.12348.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"attended": rng.random(300) < 0.4, "hour": rng.integers(0, 24, 300)})
    >>> frame["minutes"] = 40 - 5 * frame["attended"] + 0.3 * frame["hour"] + rng.normal(size=300)
    >>> d = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["hour"])
    >>> robustness_value(None, d).breakdown > 0.5
    True
    """
    if not isinstance(design, CallDesign) or not design.covariates or design.outcome is None:
        return not_applicable(name, assumption, "It needs a design of calls with covariates and an outcome.")
    try:
        found = call_regression(design)
    except EstimationError as error:
        return not_applicable(name, assumption, f"The regression has no estimate: {error.what}.")
    unknown = [benchmark for benchmark in benchmarks if benchmark not in found.places]
    if unknown:
        raise DesignError(
            f"{', '.join(unknown)} cannot be a benchmark: no covariate of the regression",
            mend=f"choose from {', '.join(found.places)}",
        )
    fit = found.fit
    t = fit.estimate / fit.std_error
    whole, bound = (omitted.robustness_value(t, fit.dof, q=q, level=asked) for asked in (None, level))
    table = _table(found, benchmarks or _strongest(found), times, level)
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict="reported",
        power=None,
        table=table,
        sentence=_sentence(design, found, table, whole, bound, q),
        course=_grid(fit, table, max(whole, 0.02), level),
        breakdown=bound,
        strong=0.1,
    )


def _strongest(found: CallRegression) -> list[str]:
    """Covariates as strong as which an omitted variable would move the estimate most."""
    pulls = {}
    for covariate, places in found.places.items():
        strength = as_strong_as(found.fit.benchmark(places), 1.0)
        pulls[covariate] = np.inf if strength is None else strength[0] * strength[1] / (1 - strength[0])
    return sorted(pulls, key=lambda covariate: -pulls[covariate])[:shown]


def _table(found: CallRegression, benchmarks: Sequence[str], times: Sequence[float], level: float) -> pd.DataFrame:
    """Estimate as it is, then after an omitted variable as strong as each benchmark; none can be too strong: NaN."""
    rows: list[dict[str, object]] = [{"benchmark": "none", "times": 0.0} | _adjusted(found.fit, (0.0, 0.0), level)]
    for covariate in benchmarks:
        strength = found.fit.benchmark(found.places[covariate])
        rows += [
            {"benchmark": covariate, "times": float(many)}
            | _adjusted(found.fit, as_strong_as(strength, float(many)), level)
            for many in times
        ]
    return pd.DataFrame(rows)


def _adjusted(fit: Regression, strength: tuple[float, float] | None, level: float) -> dict[str, float]:
    if strength is None:
        return dict.fromkeys(("r2dz", "r2yz", "estimate", "conf_low", "conf_high"), float("nan"))
    moved = adjusted(fit.estimate, fit.std_error, fit.dof, *strength, level=level)
    return {
        "r2dz": strength[0],
        "r2yz": strength[1],
        "estimate": float(moved.estimate),
        "conf_low": float(moved.low),
        "conf_high": float(moved.high),
    }


def _grid(fit: Regression, table: pd.DataFrame, whole: float, level: float) -> pd.DataFrame:
    """Estimate and nearer bound over both partial R², as far as benchmarks and robustness value reach."""
    reach = [min(1.4 * max(whole, float(table[axis].max())), 0.95) for axis in ("r2dz", "r2yz")]
    d, y = (part.ravel() for part in np.meshgrid(*(np.linspace(0, end, grid) for end in reach)))
    moved = adjusted(fit.estimate, fit.std_error, fit.dof, d, y, level=level)
    nearer = moved.low if fit.estimate > 0 else moved.high
    return pd.DataFrame({"r2dz": d, "r2yz": y, "estimate": moved.estimate, "bound": nearer})


def _sentence(
    design: CallDesign, found: CallRegression, table: pd.DataFrame, whole: float, bound: float, q: float
) -> str:
    fit = found.fit
    share = "the estimate" if q == 1 else f"{100 * q:.0f} % of the estimate"
    extreme = partial_r2(fit.estimate / fit.std_error, fit.dof)
    said = (
        f"The regression's estimate is {fit.estimate:.3g}. An omitted variable that explains {100 * whole:.1f} % of "
        "what is "
        f"left of both treatment and outcome would take {share} away, one of {100 * bound:.1f} % would bring its "
        f"interval there; one that explains all of the outcome would need {100 * extreme:.1f} % of the treatment."
    )
    known = table.iloc[1:].dropna()
    if len(known):
        worst = known.iloc[int((known["estimate"] * np.sign(fit.estimate)).argmin())]
        said += (
            f" {worst['times']:g} times as strong as {worst['benchmark']} it would leave {worst['estimate']:.3g} "
            f"({worst['conf_low']:.3g} to {worst['conf_high']:.3g})."
        )
    impossible = int(table["estimate"].isna().sum())
    if impossible:
        said += f" {impossible} benchmarks are so strong that nothing can be that many times as strong."
    if design.person is None or design.persons.nunique() < 2:
        return said
    variance = clustered(fit.rows, fit.residuals, design.persons, kind="CR1")[0, 0]
    wider = float(np.sqrt(variance)) / fit.std_error
    return f"{said} Clustered by person the standard error is {wider:.2f} times the one used here."
