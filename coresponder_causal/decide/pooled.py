"""One number from several designs, adjusted for how far each may be wrong in the judgement of those who know it.

θ_d = θ + b_d + e_d, e ~ N(0, Σ), b_d ~ N(m_d, s_d²) as elicited; designs of one assumption share their bias. With V = Σ
+ S the pooled value is 1'V⁻¹(d − m) / 1'V⁻¹1 with variance 1 / 1'V⁻¹1, and an interval of t with the df that
Satterthwaite's formula gives the sampling part, estimates that move together having the smallest df among them. Whether
the designs agree is asked by Q = (Cd)'(CΣC')⁻¹(Cd), C their differences, before any adjustment; as F with their
smallest df. Where Σ is known only between bounds, both are computed, and the wider interval and the larger p-value are
given.

Reference: Turner, Spiegelhalter, Smith & Thompson (2009), doi:10.1111/j.1467-985X.2008.00547.x.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import critical, wald_test
from coresponder_causal.decide.covariance import Joint

Array = NDArray[np.float64]
usual_level = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Bias:
    """What people who know a design expect it to be wrong by.

    Parameters
    ----------
    mean, sd : float
        Of the bias of the log ratio against what is to be pooled; a negative mean makes falls too large.
    source : str
        Where that comes from.
    elicited_from : str
        Who said it.
    """

    mean: float
    sd: float
    source: str
    elicited_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """A bias-adjusted pooled log ratio.

    Parameters
    ----------
    estimate, std_error, df, low, high : float
        On the log scale.
    weights : tuple of float
        Weight of each design.
    methods : tuple of str
        Methods of the designs.
    q, q_df, q_p_value : float
        Whether the designs agree before they are adjusted; NaN of one design.
    unknown : int
        Pairs of designs of whose correlation nothing is known.
    """

    estimate: float
    std_error: float
    df: float
    low: float
    high: float
    weights: tuple[float, ...]
    methods: tuple[str, ...]
    q: float
    q_df: int
    q_p_value: float
    unknown: int


def pooled_value(
    estimates: Sequence[float],
    joint: Joint,
    df: Sequence[float],
    *,
    methods: Sequence[str],
    kinds: Sequence[str],
    bias: Mapping[str, Bias] | None,
    level: float = usual_level,
) -> Pooled:
    """Pool the log ratios of several designs of one outcome.

    Parameters
    ----------
    estimates : sequence of float, length d
    joint : Joint
        As `joint_covariance` gives it.
    df : sequence of float, length d
    methods, kinds : sequence of str, length d
        Method of each, and the assumption that it rests on.
    bias : mapping of str to Bias or None
        Elicited biases by method.
    level : float

    Returns
    -------
    Pooled

    Raises
    ------
    EstimationError
        Without an elicited bias of every design, or without designs.

    Examples
    --------
    >>> one = Bias(mean=0.0, sd=0.1, source="example", elicited_from="two reviewers")
    >>> law = Joint(np.diag([0.01, 0.01]), np.diag([0.01, 0.01]), 0)
    >>> found = pooled_value([-0.3, -0.1], law, [np.inf] * 2, methods=["a", "b"], kinds=["x", "y"],
    ...                      bias={"a": one, "b": one})
    >>> round(found.estimate, 3), round(found.std_error, 3), round(found.q_p_value, 3)
    (-0.2, 0.1, 0.157)
    """
    given = dict(bias or {})
    missing = [method for method in dict.fromkeys(methods) if method not in given]
    if missing or not methods:
        raise EstimationError(
            f"no pooled number: nobody has said how far {', '.join(missing) or 'any design'} may be wrong",
            mend="fill the [bias] block of the study for every design, with who said it and from which source",
        )
    means, sds = (np.array([getattr(given[method], name) for method in methods]) for name in ("mean", "sd"))
    same = np.array([[one == other for other in kinds] for one in kinds])
    spread = np.where(same, np.outer(sds, sds), 0.0)
    moved, degrees = np.asarray(estimates, float) - means, np.asarray(df, float)
    made = [_weighed(moved, sigma, sigma + spread, degrees, level) for sigma in joint.choices]
    widest = max(made, key=lambda one: one[4] - one[3])
    agreement = [_agreement(np.asarray(estimates, float), sigma, degrees) for sigma in joint.choices]
    q, p = max(agreement, key=lambda pair: pair[1]) if len(methods) > 1 else (float("nan"), float("nan"))
    estimate, error, own_df, low, high, weights = widest
    return Pooled(
        estimate=estimate,
        std_error=error,
        df=own_df,
        low=low,
        high=high,
        weights=tuple(float(one) for one in weights),
        methods=tuple(methods),
        q=q,
        q_df=len(methods) - 1,
        q_p_value=p,
        unknown=joint.unknown,
    )


def _weighed(
    moved: Array, sigma: Array, total: Array, df: Array, level: float
) -> tuple[float, float, float, float, float, Array]:
    """Estimate, standard error, df, bounds and weights by generalised least squares."""
    inverse = np.linalg.pinv(total)
    weights = inverse.sum(axis=0) / inverse.sum()
    estimate, variance = float(weights @ moved), float(weights @ total @ weights)
    _, block = connected_components(sigma != 0, directed=False)
    held = [block == one for one in np.unique(block)]
    parts = [(weights[one] @ sigma[np.ix_(one, one)] @ weights[one]) ** 2 / df[one].min() for one in held]
    own_df = float(variance**2 / sum(parts)) if sum(parts) > 0 else np.inf
    half = float(critical(max(own_df, 1.0), level) * np.sqrt(variance))
    return estimate, float(np.sqrt(variance)), own_df, estimate - half, estimate + half, weights


def _agreement(estimates: Array, sigma: Array, df: Array) -> tuple[float, float]:
    """Q of the differences from the first design, and its p-value; of designs with no difference in errors NaN."""
    contrasts = np.hstack([np.full((len(estimates) - 1, 1), -1.0), np.eye(len(estimates) - 1)])
    spread = contrasts @ sigma @ contrasts.T
    if len(estimates) < 2 or np.linalg.cond(spread) > 1e10:
        return float("nan"), float("nan")
    test = wald_test(contrasts @ estimates, spread, float(df.min()))
    return test.statistic * test.df_num, test.p_value
