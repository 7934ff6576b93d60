"""The 2×2 comparison: one treated and one untreated group, before and after, adjusted for covariates.

One comparison of levels serves panels and repeated cross-sections. For an outcome y seen in rows with v_i = 1, with
weights w, treated D, odds weights ω = w (1 − D) p/(1 − p), outcome lines μ_0 of the untreated and μ_1 of the treated,
and E_a[z] = Σ a z / Σ a,

    reg          E_{wDv}[y] − E_{wD}[μ_0]
    ipw          E_{wDv}[y] − E_{ωv}[y]
    dr           E_{wDv}[y − μ_0] − E_{ωv}[y − μ_0] + E_{wD}[μ_1 − μ_0] − E_{wDv}[μ_1 − μ_0]
    dr_improved  as dr, with odds that balance the covariates and μ_0 weighted by them

A panel takes y as the change of each unit and v = 1 (the last two terms of dr then cancel); repeated cross-sections
take the comparison of the rows after less that of the rows before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.logit import LogitFit, logit, tilted_odds

Array = NDArray[np.float64]
Method = Literal["dr", "dr_improved", "ipw", "reg"]

trim_from, no_overlap_from, _collinear = 0.995, 0.999, 1e12


@dataclass(frozen=True, slots=True, eq=False)
class TwoByTwo:
    """An effect on the treated with its influence function.

    Parameters
    ----------
    att : float
        Effect, in units of the outcome.
    influence : ndarray, shape (n,)
        ψ per row: the variance of ``att`` is about ψ'ψ / n².
    trimmed : int
        Untreated rows that count nothing because their propensity is 0.995 or more.
    """

    att: float
    influence: Array
    trimmed: int = 0


def panel_effect(
    change: Array,
    treated: NDArray[np.bool_],
    covariates: Array,
    *,
    weights: Array | None = None,
    method: Method = "dr",
) -> TwoByTwo:
    """Difference-in-differences of units seen before and after.

    Parameters
    ----------
    change : ndarray, shape (n,)
        Outcome after less outcome before.
    treated : ndarray of bool, shape (n,)
    covariates : ndarray, shape (n, p)
        Without a constant; p may be 0.
    weights : ndarray, shape (n,), optional
        Sampling weights, not negative.
    method : {"dr", "dr_improved", "ipw", "reg"}
        Doubly robust; its improved form; weighting (normalised); outcome regression.

    Raises
    ------
    EstimationError
        If a group is empty, covariates are collinear in a group, or the groups do not overlap.

    References
    ----------
    Sant'Anna & Zhao (2020), doi:10.1016/j.jeconom.2020.06.003, section 2; Abadie (2005),
    doi:10.1111/0034-6527.00321; Heckman, Ichimura & Todd (1997), doi:10.2307/2971733.

    Examples
    --------
    >>> treated = np.array([True, True, False, False])
    >>> found = panel_effect(np.array([3.0, 5.0, 1.0, 1.0]), treated, np.empty((4, 0)))
    >>> found.att, found.influence.tolist()
    (3.0, [-2.0, 2.0, 0.0, 0.0])
    """
    sample = compared_groups(treated, covariates, weights=weights, method=method)
    att, influence = panel_effects(change[:, None], sample, method=method)
    return TwoByTwo(float(att[0]), influence[:, 0], sample.trimmed)


def panel_effects(changes: Array, sample: ComparedGroups, *, method: Method = "dr") -> tuple[Array, Array]:
    """`panel_effect` of several changes of the same units at once.

    Parameters
    ----------
    changes : ndarray, shape (n, q)
    sample : ComparedGroups
        What does not depend on the outcome, made by `compared_groups`.
    method : str
        The one that ``sample`` was made for.

    Returns
    -------
    att : ndarray, shape (q,)
    influence : ndarray, shape (n, q)

    Examples
    --------
    >>> sample = compared_groups(np.array([True, True, False, False]), np.empty((4, 0)))
    >>> panel_effects(np.array([[3.0, 1], [5, 1], [1, 1], [1, 1]]), sample)[0].tolist()
    [3.0, 0.0]
    """
    return _comparison(changes, np.ones(len(changes)), sample, method)


def cross_section_effect(
    outcome: Array,
    after: NDArray[np.bool_],
    treated: NDArray[np.bool_],
    covariates: Array,
    *,
    weights: Array | None = None,
    method: Method = "dr",
) -> TwoByTwo:
    """Difference-in-differences of rows that need not be of the same units before and after.

    Parameters
    ----------
    outcome : ndarray, shape (n,)
    after, treated : ndarray of bool, shape (n,)
    covariates : ndarray, shape (n, p)
        Without a constant; p may be 0.
    weights : ndarray, shape (n,), optional
        Sampling weights, not negative.
    method : {"dr", "dr_improved", "ipw", "reg"}
        As in `panel_effect`; the doubly robust forms are the locally efficient ones.

    Raises
    ------
    EstimationError
        As `panel_effect`, for each of the four groups.

    References
    ----------
    Sant'Anna & Zhao (2020), doi:10.1016/j.jeconom.2020.06.003, sections 2.2 and 3.2.

    Examples
    --------
    >>> after, treated = np.array([0, 0, 1, 1] * 2, bool), np.array([0] * 4 + [1] * 4, bool)
    >>> outcome = np.array([1.0, 3.0, 2.0, 4.0, 5.0, 7.0, 9.0, 11.0])
    >>> round(cross_section_effect(outcome, after, treated, np.empty((8, 0))).att, 12)
    3.0
    """
    sample = compared_groups(treated, covariates, weights=weights, method=method)
    (high, up), (low, down) = (_comparison(outcome[:, None], v.astype(float), sample, method) for v in (after, ~after))
    return TwoByTwo(float(high[0] - low[0]), (up - down)[:, 0], sample.trimmed)


def independent_columns(values: Array) -> list[int]:
    """Give the columns that neither a constant nor the columns before them absorb.

    Examples
    --------
    >>> independent_columns(np.array([[1.0, 5.0, 2.0], [2.0, 5.0, 4.0], [4.0, 5.0, 8.0]]))
    [0]
    """
    basis = np.full((len(values), 1), len(values) ** -0.5)
    kept = []
    for j, column in enumerate(values.T):
        rest = column - basis @ (basis.T @ column)
        rest = rest - basis @ (basis.T @ rest)
        size = np.linalg.norm(rest)
        if size > 1e-9 * np.linalg.norm(column):
            basis = np.column_stack([basis, rest / size])
            kept.append(j)
    return kept


@dataclass(frozen=True, slots=True, eq=False)
class ComparedGroups:
    """What does not depend on the outcome; ``odds`` holds ω, ``propensity`` where its estimation is accounted for."""

    matrix: Array
    treated: Array
    untreated: Array
    odds: Array
    propensity: LogitFit | None
    trimmed: int


class _Line(NamedTuple):
    """Least-squares lines of several outcomes with their scores w·residual and their information X'wX/n."""

    fitted: Array
    score: Array
    information: Array


def compared_groups(
    treated: NDArray[np.bool_], covariates: Array, *, weights: Array | None = None, method: Method = "dr"
) -> ComparedGroups:
    """Fit what a comparison needs before it sees an outcome.

    Parameters
    ----------
    treated, covariates, weights, method
        As `panel_effect` takes them.

    Raises
    ------
    EstimationError
        As `panel_effect`.
    """
    w = np.ones(len(treated)) if weights is None else np.asarray(weights, float)
    matrix, d = _standardised(covariates), treated.astype(float)
    for word, part in (("treated", w * d), ("comparison", w * (1 - d))):
        if not part.any():
            raise EstimationError(f"no {word} rows", mend="choose another period or comparison group")
    if method == "reg":
        return ComparedGroups(matrix, w * d, w * (1 - d), np.zeros(len(d)), None, 0)
    fit = logit(matrix, d, w)
    odds = tilted_odds(matrix, d, w) if method == "dr_improved" else fit.fitted / (1 - fit.fitted)
    _require_overlap(odds, treated)
    kept = odds < trim_from / (1 - trim_from)
    trimmed = int((~kept & ~treated).sum())
    omega = w * (1 - d) * np.where(kept, odds, 0.0)
    return ComparedGroups(matrix, w * d, w * (1 - d), omega, None if method == "dr_improved" else fit, trimmed)


def _comparison(y: Array, v: Array, s: ComparedGroups, method: Method) -> tuple[Array, Array]:
    """Treated less untreated level of each column of y in the rows with v = 1, and its influence over all rows."""
    if method == "reg":
        return _regression(y, v, s)
    x, treated, omega = s.matrix, s.treated * v, s.odds * v
    line = None if method == "ipw" else _line(x, y, omega if method == "dr_improved" else s.untreated * v)
    rest = y if line is None else y - line.fitted
    (high, up), (low, down) = _mean(treated, rest), _mean(omega, rest)
    att, influence = high - low, up - down
    if s.propensity is not None:
        influence -= s.propensity.along(x.T @ (omega[:, None] * (rest - low)) / omega.sum())
        if line is not None:
            influence -= _along(line, x, _moment(treated, x) - _moment(omega, x))
    if line is None or v.all():
        return att, influence
    gain, more = _efficiency(y, v, line, s)
    return att + gain, influence + more


def _regression(y: Array, v: Array, s: ComparedGroups) -> tuple[Array, Array]:
    line = _line(s.matrix, y, s.untreated * v)
    (high, up), (low, down) = _mean(s.treated * v, y), _mean(s.treated, line.fitted)
    return high - low, up - down - _along(line, s.matrix, _moment(s.treated, s.matrix))


def _efficiency(y: Array, v: Array, line: _Line, s: ComparedGroups) -> tuple[Array, Array]:
    """E_{wD}[μ_1 − μ_0] − E_{wDv}[μ_1 − μ_0]: what the treated rows of the other period add."""
    other = _line(s.matrix, y, s.treated * v)
    gap = other.fitted - line.fitted
    (all_rows, up), (here, down) = _mean(s.treated, gap), _mean(s.treated * v, gap)
    influence = up - down
    if s.propensity is not None:
        shift = _moment(s.treated, s.matrix) - _moment(s.treated * v, s.matrix)
        influence = influence + _along(other, s.matrix, shift) - _along(line, s.matrix, shift)
    return all_rows - here, influence


def _mean(weight: Array, values: Array) -> tuple[Array, Array]:
    """Weighted mean of each column and its influence."""
    total = weight.mean()
    if total <= 0:
        raise EstimationError("no rows to compare in one of the periods", mend="choose another period")
    centre = weight @ values / len(values) / total
    return centre, (weight / total)[:, None] * (values - centre)


def _moment(weight: Array, rows: Array) -> Array:
    return np.asarray(weight @ rows / weight.sum(), float)


def _line(x: Array, y: Array, weight: Array) -> _Line:
    weighted = x * weight[:, None]
    information = weighted.T @ x / len(y)
    if not np.linalg.cond(information) < _collinear:
        raise EstimationError(
            f"the covariates are collinear, or too many, in the {int((weight > 0).sum())} rows of one group",
            mend="leave out covariates, or use control='not_yet' for more comparison units",
        )
    fitted = x @ np.linalg.solve(information, weighted.T @ y / len(y))
    return _Line(fitted, weight[:, None] * (y - fitted), information)


def _along(line: _Line, x: Array, direction: Array) -> Array:
    """Influence of ``direction'β`` per row, for the line of each outcome."""
    return np.asarray(line.score * (x @ np.linalg.solve(line.information, direction))[:, None], float)


def _standardised(covariates: Array) -> Array:
    """Constant and covariates with mean 0 and standard deviation 1, so that no unit of measurement matters."""
    spread = covariates.std(axis=0)
    if np.any(spread <= 1e-12 * np.abs(covariates).max(axis=0, initial=0.0)):
        raise EstimationError("a covariate does not vary among the compared rows", mend="leave it out")
    return np.column_stack([np.ones(len(covariates)), (covariates - covariates.mean(axis=0)) / spread])


def _require_overlap(odds: Array, treated: NDArray[np.bool_]) -> None:
    beyond = odds >= no_overlap_from / (1 - no_overlap_from)
    if beyond.any():
        raise EstimationError(
            f"no overlap: {int((beyond & treated).sum())} of {int(treated.sum())} treated rows have a propensity of "
            f"{no_overlap_from} or more",
            mend="leave out or coarsen covariates, or use method='reg' and say that it extrapolates",
        )
