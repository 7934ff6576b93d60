"""The largest matched sample that is balanced: cardinality matching."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import coo_array, csr_array

from coresponder_causal.core.errors import DesignError, EstimationError, Problems
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.design.adjustment import Adjustment
from coresponder_causal.design.calls import CallDesign

Array = NDArray[np.float64]
Keep = Literal["treated", "largest"]
out_of_time = 1


def match_cardinality(
    c: CallDesign, *, tolerance: float = 0.05, ratio: int = 1, keep: Keep = "largest", seconds: float = 60.0
) -> CallDesign:
    """Choose as many calls as can be had while the means of all covariates differ by less than a tolerance.

    Parameters
    ----------
    c : CallDesign
        Each group of calls equal in ``exact`` and stratum gives ``ratio`` untreated calls for every treated one.
    tolerance : float
        Largest difference of means, in standard deviations of the treated calls.
    ratio : int
        Untreated calls per treated call.
    keep : {"largest", "treated"}
        The largest balanced sample, which speaks of calls of both kinds that are alike (ATM); or every treated call
        and as many untreated ones as are balanced with them, whatever their number (ATT).
    seconds : float
        Longest search.

    Returns
    -------
    CallDesign
        With an adjustment whose weights are 0 and 1.

    Raises
    ------
    DesignError
        No balanced sample: allow a larger tolerance, or balance fewer covariates.
    EstimationError
        None was found in time.

    Notes
    -----
    Calls are not paired, and balance of means is all that is asked for: the outcome should be near linear in the
    covariates. A note says whether the sample is the largest, or by how much at most it falls short. Beyond some ten
    thousand calls the search may not end; `weight_propensity` with overlap weights balances means exactly at any size.

    References
    ----------
    Zubizarreta, Paredes & Rosenbaum (2014), doi:10.1214/13-AOAS713; Visconti & Zubizarreta (2018),
    doi:10.1353/obs.2018.0002. Solved by HiGHS (Huangfu & Hall 2018, doi:10.1007/s12532-017-0130-5).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"attended": [1, 1, 1, 0, 0, 0, 0], "priority": [1, 2, 3, 2, 3, 4, 4]})
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["priority"])
    >>> match_cardinality(c).adjustment.weights.tolist()
    [0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    """
    c.require_plain("match_cardinality")
    _require_options(c, tolerance, ratio, keep, seconds)
    treated = c.treated
    balance, sizes = _balance(c, tolerance, ratio, keep), _sizes(c, ratio, keep)
    found = milp(
        -np.ones(len(treated)),
        constraints=[LinearConstraint(balance, ub=0.0), LinearConstraint(sizes, lb=0.0, ub=0.0)],
        integrality=np.ones(len(treated), int),
        bounds=Bounds(np.where(treated & (keep == "treated"), 1.0, 0.0), 1.0),
        options={"time_limit": seconds},
    )
    chosen = _chosen(found, treated, tolerance, seconds)
    with collecting() as notes:
        _say(found, chosen, treated)
    adjustment = Adjustment(
        method="match_cardinality",
        contrast="ATT" if chosen[treated].all() else "ATM",
        options=Facts({"tolerance": tolerance, "ratio": ratio, "keep": keep, "seconds": seconds, "contrast": "ATT"}),
        weights=chosen.astype(float),
    )
    return replace(c, adjustment=adjustment, notes=(*c.notes, *notes))


def _require_options(c: CallDesign, tolerance: float, ratio: int, keep: str, seconds: float) -> None:
    problems = Problems("match_cardinality")
    for name, value in (("tolerance", tolerance), ("seconds", seconds)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not (np.isfinite(value) and value > 0):
            problems.add(f"{name}={value!r} is out of range", mend="give a number over 0")
    if isinstance(ratio, bool) or not isinstance(ratio, int) or ratio < 1:
        problems.add(f"ratio={ratio!r} is not a number of calls", mend="give a whole number from 1 on")
    if c.weights is not None:
        problems.add("sampling weights are not balanced by it", mend="use weight_propensity")
    if keep not in get_args(Keep):
        problems.add(f"keep={keep!r} is not a choice", mend=f"choose from {', '.join(get_args(Keep))}")
    problems.raise_if_any(DesignError)


def _balance(c: CallDesign, tolerance: float, ratio: int, keep: Keep) -> Array:
    """Rows a with Σ_chosen a_i ≤ 0: no mean of chosen untreated calls is further from the treated ones' than allowed.

    Of the largest sample, ratio Σ_T x − Σ_C x is held within tolerance · ratio · n_T; with every treated call kept,
    Σ_C (x − mean_T x) within tolerance · n_C.
    """
    matrix, treated = c.covariate_frame().to_numpy(float), c.treated
    spread = matrix[treated].std(axis=0, ddof=1)
    x = ((matrix - matrix[treated].mean(axis=0)) / np.where(spread > 0, spread, 1.0)).T
    if keep == "treated":
        return np.vstack([np.where(treated, 0.0, sign * x - tolerance) for sign in (1.0, -1.0)])
    return np.vstack([np.where(treated, ratio * (sign * x - tolerance), -sign * x) for sign in (1.0, -1.0)])


def _sizes(c: CallDesign, ratio: int, keep: Keep) -> csr_array:
    """Rows a with Σ_chosen a_i = 0: every group gives so many untreated calls a treated one, or its share of them."""
    groups, treated = c.groups(), c.treated
    here = coo_array((np.ones(len(groups)), (groups, np.arange(len(groups)))), shape=(groups.max() + 1, len(groups)))
    if keep == "largest":
        return csr_array(here.multiply(np.where(treated, float(ratio), -1.0)))
    share = np.bincount(groups[treated], minlength=groups.max() + 1) / treated.sum()
    return csr_array((here.toarray() - share[:, None]) * ~treated)


def _chosen(found: OptimizeResult, treated: NDArray[np.bool_], tolerance: float, seconds: float) -> NDArray[np.bool_]:
    """Whether each call is in the sample."""
    if found.x is None and found.status == out_of_time:
        raise EstimationError(
            f"no balanced sample was found in {seconds:g} seconds", mend="give more seconds, or a larger tolerance"
        )
    chosen = np.zeros(len(treated), bool) if found.x is None else found.x > 1 / 2
    if not (chosen[treated].any() and chosen[~treated].any()):
        raise DesignError(
            f"no sample has means within {tolerance:g} standard deviations",
            mend="allow a larger tolerance, or balance fewer covariates",
        )
    return chosen


def _say(found: OptimizeResult, chosen: NDArray[np.bool_], treated: NDArray[np.bool_]) -> None:
    many = [f"{int(chosen[arm].sum())} of {int(arm.sum())}" for arm in (treated, ~treated)]
    note(f"the balanced sample holds {many[0]} treated and {many[1]} untreated calls")
    if found.status == out_of_time:
        most = int(np.floor(-found.mip_dual_bound + 1e-6))
        doubt(f"the search ended before it was proven that no larger sample is balanced: at most {most} calls can be")
