"""The smallest fall that the test behind each term of a result would find, on the scale of the result."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.inference import minimum_detectable_effect
from coresponder_causal.core.result import Result

Array = NDArray[np.float64]


def detectable_falls(result: Result) -> Array:
    """Falls that a two-sided 5 % test of each term finds four times in five, negative, shape (k,).

    NaN of randomization tests, whose standard error is for orientation, and of sets, which have no single value;
    −∞ where a rank test can find none.

    Parameters
    ----------
    result : Result

    Examples
    --------
    >>> import pandas as pd
    >>> from coresponder_causal.core.estimand import Estimand
    >>> about = Estimand(contrast="ATT", outcome="calls", treatment="0 to 70 hours", population="one city",
    ...                  horizon="30 months", scale="ratio of rates")
    >>> r = Result(method="example", estimand=about, terms=pd.DataFrame({"term": ["mean_post"]}),
    ...            estimate=np.array([-0.2]), vcov=np.array([[0.01]]), df=np.array([9.0]), scale="log_ratio",
    ...            n_obs=72, n_units=11)
    >>> detectable_falls(r).round(4).tolist()
    [-0.3146]
    """
    found = zip(np.sqrt(np.diag(result.vcov)), result.df, result.critical(), strict=True)
    fall = -np.array([minimum_detectable_effect(float(se), float(df), cut=float(cut)) for se, df, cut in found])
    if result.crossings is not None or result.kind == "set":
        fall[:] = np.nan
    fall[0] = -result.extra.number("mde80") if "mde80" in result.extra else fall[0]
    return fall
