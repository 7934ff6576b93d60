"""What an interval says of a change that would matter, and whether so few persons could have shown it."""

from __future__ import annotations

from typing import Literal

import numpy as np

AtThisN = Literal["changed", "no change that matters", "undecided", "not testable at this n"]


def at_this_n(low: float, high: float, *, detectable: float, matters: float) -> AtThisN:
    """Judge an interval against the smallest change that matters.

    Parameters
    ----------
    low, high : float
        Ends of the interval.
    detectable : float
        Smallest change that the design finds four times in five; NaN where none can be told.
    matters : float
        Smallest change that matters, above 0.

    Returns
    -------
    {"changed", "no change that matters", "undecided", "not testable at this n"}
        "not testable at this n" where the interval decides nothing and a change that matters would have been found
        less than four times in five.

    Examples
    --------
    >>> at_this_n(-0.3, 0.4, detectable=0.5, matters=0.3), at_this_n(-0.3, 0.4, detectable=0.2, matters=0.3)
    ('not testable at this n', 'undecided')
    >>> at_this_n(-0.2, 0.1, detectable=0.2, matters=0.3), at_this_n(-0.9, -0.1, detectable=0.5, matters=0.3)
    ('no change that matters', 'changed')
    """
    if low > 0 or high < 0:
        return "changed"
    if -matters < low and high < matters:
        return "no change that matters"
    return "undecided" if np.isfinite(detectable) and detectable <= matters else "not testable at this n"
