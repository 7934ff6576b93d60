"""What a joint test of the time before the start can see: the drift that it finds half of the time, and usually.

And what is left of an estimate where it found nothing: of a drift the leads then show too little, and effects after the
start, measured against the same base, are off by what the leads do not show.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.inference import WaldTest, shrunk_by_passing, wald_noncentrality, wald_test

Array = NDArray[np.float64]


class Pretrend(NamedTuple):
    """Joint test that leads are zero; drifts a period found with probability .5 and .8; the first where it passed.

    ``unseen``: what a drift of ``half`` adds to the leads less what the leads show of it on average where the test does
    not reject, shape (q,).
    """

    test: WaldTest
    half: float
    usual: float
    unseen: Array


def pretrend(leads: Array, vcov: Array, df: float, distance: Array) -> Pretrend:
    """Test leads jointly, and say which steady drift the test would find.

    Parameters
    ----------
    leads : ndarray, shape (q,)
        Effects before the start against the base.
    vcov : ndarray, shape (q, q)
    df : float
        Denominator df of the F test.
    distance : ndarray, shape (q,)
        Periods from the base to each lead: a drift γ makes leads γ·distance.

    Returns
    -------
    Pretrend

    References
    ----------
    Roth (2022), doi:10.1257/aeri.20210236, on the power of such tests, and on estimates that passed them (section 2;
    here in closed form for the joint test, with a known covariance).

    Examples
    --------
    >>> found = pretrend(np.array([0.0, 0.1]), np.eye(2) / 100, 1e6, np.array([-2.0, -1.0]))
    >>> round(found.test.p_value, 3), round(found.half, 4)
    (0.607, 0.0996)
    """
    strength = float(distance @ np.linalg.solve(vcov, distance))
    half, usual = (float(np.sqrt(wald_noncentrality(len(leads), df, power=power) / strength)) for power in (0.5, 0.8))
    kept = shrunk_by_passing(half**2 * strength, len(leads))
    return Pretrend(wald_test(leads, vcov, df), half, usual, (1 - kept) * half * distance)
