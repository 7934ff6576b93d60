"""The outcome of a series on the scale on which a linear method models it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core import regressors
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.series_effects import Link
from coresponder_causal.design.series import SeriesDesign

Array = NDArray[np.float64]
few_events = 10


def modelled_series(d: SeriesDesign, link: Link) -> Array:
    """Return the modelled series: log rate, or the count scaled to the mean exposure.

    Parameters
    ----------
    d : SeriesDesign
    link : {"log", "identity"}

    Returns
    -------
    ndarray, shape (n,)
        Under the log link with half an event in place of none, which a note says; fewer than ten events a period are
        then a doubt.

    Raises
    ------
    EstimationError
        Under the log link: negative values, or more than one period in twenty without events.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"t": range(4), "y": [10, 20, 30, 40], "people": [1, 1, 2, 2]})
    >>> d = SeriesDesign.from_frame(frame, outcome="y", time="t", start=2, exposure="people")
    >>> modelled_series(d, "identity").tolist()
    [15.0, 30.0, 22.5, 30.0]
    """
    counts, exposure = d.outcome_values(), d.exposure_values()
    if link == "identity":
        return np.asarray(counts / (exposure / exposure.mean()))
    _require_logs(d, counts)
    return regressors.log_rate(counts, exposure)


def _require_logs(d: SeriesDesign, counts: Array) -> None:
    mean = float(counts.mean())
    if mean < few_events:
        doubt(f"{mean:.1f} events a period: below about {few_events} the log rate is biased downwards")
    if (counts < 0).any():
        raise EstimationError(f"'{d.outcome}' has {(counts < 0).sum()} negative values", mend="use link='identity'")
    zeros = int((counts == 0).sum())
    if zeros > 0.05 * len(counts):
        raise EstimationError(
            f"'{d.outcome}' is zero in {zeros} of {len(counts)} periods: log rates are not to be trusted",
            mend="take its_counts, which needs no logarithm of a count, longer periods or link='identity'",
        )
    if zeros:
        note(f"{zeros} of {len(counts)} periods without events: half an event was put in their place")
