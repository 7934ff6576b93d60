"""Linear and whole-number programs of one form: least aim·x with A x = b and low ≤ x ≤ high."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import sparray

Array = NDArray[np.float64]
_ENDLESS = (3, 4)  # status of milp: unbounded, or that or infeasible


class Solved(NamedTuple):
    """The best point, or None; then ``endless`` says whether the aim may fall for ever."""

    x: Array | None
    endless: bool = False


def least(
    aim: Array,
    A: sparray,
    b: Array | float,
    low: Array,
    high: Array,
    *,
    whole: bool = False,
    seconds: float = np.inf,
    gap: float = 0.0,
) -> Solved:
    """Solve one program.

    Parameters
    ----------
    aim : ndarray, shape (m,)
    A : sparse array, shape (r, m)
    b : array, shape (r,) or scalar
    low, high : ndarray, shape (m,)
    whole : bool
        Whether x must be whole numbers.
    seconds : float
        A whole-number program that takes longer has no solution here.
    gap : float
        Relative distance to the best that is good enough for a whole-number program.

    Notes
    -----
    Programs are not simplified beforehand: HiGHS 1.8 then called a feasible one infeasible.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> least(np.array([1.0, 2.0]), csr_array([[1.0, 1.0]]), 3.0, np.zeros(2), np.full(2, 2.0)).x.tolist()
    [2.0, 1.0]
    """
    found = milp(
        aim,
        integrality=np.full(len(aim), int(whole)),
        constraints=LinearConstraint(A, b, b),
        bounds=Bounds(low, high),
        options={"presolve": False, "time_limit": max(seconds, 0.01), "mip_rel_gap": gap},
    )
    return Solved(found.x, found.status in _ENDLESS)
