"""Change of a series' mean by least squares: the smallest complete estimator, to be copied for a new one.

Estimand: the mean of the outcome from the start on less its mean before, in one city.

Needs: a series that would have stayed at its level (check: pre_period, placebo_dates).

Estimator: the coefficient of D_t in y_t = const + b D_t, by least squares.

Inference: t(n − 2) with Newey–West standard errors.

Breaks: with a trend, a season or persistent errors; take its_segmented.

Reference: Newey & West 1987, doi:10.2307/1913610. Worked by hand.

Say: In {city}, {outcome} was {mean_change} higher after the start than before ({interval}).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.sandwich import newey_west
from coresponder_causal.core.serial import ols
from coresponder_causal.design.series import SeriesDesign


@estimator(
    design=SeriesDesign,
    contrasts=("mean change",),
    reference="Newey & West 1987",
    checked_against="worked by hand",
)
def series_mean_change(d: SeriesDesign, *, lags: int = 3) -> Result:
    """Difference of means before and after the start.

    Parameters
    ----------
    d : SeriesDesign
    lags : int
        Lags of Newey–West.

    Returns
    -------
    Result
        One term ``mean_change`` in units of the outcome.

    Examples
    --------
    >>> frame = pd.DataFrame({"week": range(40), "y": np.tile([1.0, 3.0], 20) + np.repeat([0.0, 5.0], 20)})
    >>> d = SeriesDesign.from_frame(frame, outcome="y", time="week", start=20)
    >>> round(float(series_mean_change(d).estimate[0]), 6)
    5.0
    """
    y = d.outcome_values()
    matrix = np.column_stack([np.ones(len(y)), d.dose])
    fit = ols(y, matrix)
    return Result(
        method="series_mean_change",
        estimand=Estimand(
            contrast="mean change",
            outcome=str(d.outcome),
            treatment=d.treatment,
            population=d.city,
            horizon=f"{d.n_after} {d.period_name} from {d.start}",
            scale="units of the outcome",
        ),
        terms=pd.DataFrame({"term": ["mean_change"]}),
        estimate=fit.beta[1:],
        vcov=newey_west(matrix, fit.residuals, lags=lags, small_sample="n/(n-k)")[1:, 1:],
        df=np.array([fit.df]),
        scale="difference",
        support=pd.DataFrame({"term": ["mean_change"], "persons": np.nan, "events": y[d.after].sum(), "units": 1}),
        n_obs=len(y),
        n_units=1,
        extra=Facts({"city": d.city, "start": d.start, "interval": "t(n − k), Newey–West"}),
    )
