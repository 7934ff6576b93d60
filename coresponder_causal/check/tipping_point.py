"""How much better or worse than expected the unknown outcomes would have to be for a finding to be lost."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.inference import critical
from coresponder_causal.core.partial_means import mean
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design.partly_known import PartlyKnownDesign
from coresponder_causal.design.partly_known_estimates import arms

Array = NDArray[np.float64]
name = "tipping_point"
assumption = "Calls whose outcome nobody knows fared as those like them of which it is known."
points = 41
paths = {"with the treatment alone": (1, 0), "without it alone": (0, 1), "both, in opposite ways": (1, 1)}


class _Surface(NamedTuple):
    """Estimate c'x and its variance x'Vx at x = (1, δ_1, δ_0)."""

    linear: Array
    quadratic: Array

    def at(self, deltas: Array) -> tuple[Array, Array]:
        """Estimate and variance at deltas of shape (m, 2)."""
        x = np.column_stack([np.ones(len(deltas)), deltas])
        return x @ self.linear, np.einsum("mi,ij,mj->m", x, self.quadratic, x)


def tipping_point(result: Result, design: PartlyKnownDesign) -> CheckResult:
    """Move the mean of the unknown outcomes of either arm, until the interval, and the estimate, reach no effect.

    Parameters
    ----------
    result : Result
        Of ``call_observed``.
    design : PartlyKnownDesign
        The design it was made from.

    Returns
    -------
    CheckResult
        Reported. ``table``: for each way of moving, ``moved, interval_tips, estimate_tips`` (the delta, in units of the
        outcome; missing where no possible outcome does it), ``reach`` (the largest possible delta) and ``treated_mean,
        untreated_mean`` (of unknown outcomes where the interval tips). ``course``: ``delta_treated, delta_untreated,
        estimate, conf_low, conf_high`` over all deltas that the range of the outcome allows.

    References
    ----------
    Yan, Lee & Li (2009), doi:10.1080/10543400903242795; Little (1993), doi:10.1080/01621459.1993.10594302.

    Notes
    -----
    The estimate is linear and its variance quadratic in both deltas: six fits give the whole surface exactly.

    Examples
    --------
    >>> from coresponder_causal.design import CallDesign
    >>> from coresponder_causal.estimate import call_observed
    >>> known = [1.0] * 70 + [0.0] * 20 + [None] * 10 + [1.0] * 40 + [0.0] * 50 + [None] * 10
    >>> frame = pd.DataFrame({"attended": [1] * 100 + [0] * 100, "engaged": known})
    >>> plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=[])
    >>> d = PartlyKnownDesign.from_calls(plain, outcome="engaged")
    >>> tipping_point(call_observed(d), d).table["interval_tips"].isna().tolist()
    [True, True, True]
    """
    if result.method != "call_observed":
        return not_applicable(name, assumption, "It moves the unknown outcomes behind call_observed.")
    expected, shares = _expected(result, design)
    if not (shares > 0).any():
        return not_applicable(name, assumption, "Every outcome is known.")
    surface = _surface(result, design)
    cut = float(critical(result.df[0]))
    table = pd.DataFrame([_tips(surface, cut, expected, shares, design, moved) for moved in paths])
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict="reported",
        power=None,
        table=table,
        sentence=_sentence(table, surface, cut),
        course=_course(surface, cut, expected, shares, design),
    )


def _expected(result: Result, design: PartlyKnownDesign) -> tuple[Array, Array]:
    """Mean that the covariates give the unknown outcomes of either arm, and the shares unknown."""
    base = refit(result, design, options={"delta_treated": 0.0, "delta_untreated": 0.0})
    whole = np.array([base.extra.number(key) for key in ("mean_treated", "mean_untreated")])
    known = np.array([arm.known.value for arm in arms(design)])
    seen = [mean(design.values(), np.where(design.seen(), arm.weights, 0.0)).value for arm in arms(design)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(known < 1, (whole - known * seen) / (1 - known), whole), 1 - known


def _surface(result: Result, design: PartlyKnownDesign) -> _Surface:
    """Fit at six pairs of deltas and solve for the coefficients."""
    size = float(np.nanstd(design.values()))
    places = size * np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1], [1, 1]], float)
    fits = [
        refit(result, design, options={"delta_treated": float(one), "delta_untreated": float(other)})
        for one, other in places
    ]
    x = np.column_stack([np.ones(6), places])
    linear = np.linalg.lstsq(x, np.array([fit.estimate[0] for fit in fits]), rcond=None)[0]
    pairs = [(i, j) for i in range(3) for j in range(i, 3)]
    products = np.column_stack([x[:, i] * x[:, j] * (1 if i == j else 2) for i, j in pairs])
    quadratic = np.zeros((3, 3))
    for (i, j), value in zip(pairs, np.linalg.solve(products, [fit.vcov[0, 0] for fit in fits]), strict=True):
        quadratic[i, j] = quadratic[j, i] = value
    return _Surface(linear, quadratic)


def _reach(expected: Array, shares: Array, design: PartlyKnownDesign) -> tuple[Array, Array]:
    """Lowest and highest delta of either arm that the range of the outcome allows."""
    least, most = design.range_of_outcome
    there = shares > 0
    return np.where(there, np.minimum(least - expected, 0), 0.0), np.where(there, np.maximum(most - expected, 0), 0.0)


def _tips(
    surface: _Surface, cut: float, expected: Array, shares: Array, design: PartlyKnownDesign, moved: str
) -> dict[str, object]:
    """Deltas on one path, against the finding, at which the interval and the estimate reach no effect."""
    side = 1.0 if surface.linear[0] >= 0 else -1.0
    direction = side * np.array([-1.0, 1.0]) * np.array(paths[moved])
    low, high = _reach(expected, shares, design)
    room = np.where(direction < 0, -low, high)[direction != 0]
    reach = float(room.min()) if (shares[direction != 0] > 0).all() else 0.0
    along = np.array([[1.0, 0.0, 0.0], [0.0, *direction]])
    (start, slope), spread = along @ surface.linear, along @ surface.quadratic @ along.T
    interval = _first_root(
        slope**2 - cut**2 * spread[1, 1], 2 * (start * slope - cut**2 * spread[0, 1]), start**2 - cut**2 * spread[0, 0]
    )
    tips = interval if interval <= reach else np.nan
    at = expected + tips * direction
    return {
        "moved": moved,
        "interval_tips": tips,
        "estimate_tips": -start / slope if slope and -start / slope <= reach else np.nan,
        "reach": reach,
        "treated_mean": float(at[0]),
        "untreated_mean": float(at[1]),
    }


def _first_root(a: float, b: float, c: float) -> float:
    """Smallest t ≥ 0 with a t² + b t + c ≤ 0, for a finding that is there at t = 0; 0 where it is not."""
    if c <= 0:
        return 0.0
    roots = np.roots([a, b, c])
    real = roots[np.abs(roots.imag) < 1e-12].real
    ahead = real[real > 0]
    return float(ahead.min()) if len(ahead) else np.inf


def _course(surface: _Surface, cut: float, expected: Array, shares: Array, design: PartlyKnownDesign) -> pd.DataFrame:
    low, high = _reach(expected, shares, design)
    axes = [np.linspace(start, end, points) for start, end in zip(low, high, strict=True)]
    deltas = np.column_stack([grid.ravel() for grid in np.meshgrid(*axes)])
    estimate, variance = surface.at(deltas)
    half = cut * np.sqrt(np.maximum(variance, 0.0))
    return pd.DataFrame(
        {
            "delta_treated": deltas[:, 0],
            "delta_untreated": deltas[:, 1],
            "estimate": estimate,
            "conf_low": estimate - half,
            "conf_high": estimate + half,
        }
    )


def _sentence(table: pd.DataFrame, surface: _Surface, cut: float) -> str:
    estimate, variance = surface.at(np.zeros((1, 2)))
    if abs(float(estimate[0])) <= cut * float(np.sqrt(variance[0])):
        return "The interval holds no effect with unknown outcomes as expected: there is no finding to be lost."
    parts = [
        f"{moved}: {'no possible outcome does it' if np.isnan(tips) else f'by {tips:.3g}'}"
        for moved, tips in zip(table["moved"], table["interval_tips"].to_numpy(float), strict=True)
    ]
    return (
        "The interval reaches no effect if unknown outcomes lie against the finding, beyond what the covariates say, "
        f"among calls {'; '.join(parts)} (units of the outcome)."
    )
