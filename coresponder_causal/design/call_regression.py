"""The linear regression of a call's outcome on treatment and covariates, for checks that ask what it leaves out."""

from __future__ import annotations

from typing import NamedTuple

from coresponder_causal.core.omitted import Regression, regression
from coresponder_causal.design.calls import CallDesign


class CallRegression(NamedTuple):
    """The regression, and the columns of each covariate by their places after the treatment."""

    fit: Regression
    places: dict[str, list[int]]


def call_regression(design: CallDesign) -> CallRegression:
    """Regress the outcome of all calls on treatment and covariates, with sampling weights and no others.

    Weights and matches of a design make the treatment go with no covariate: how strongly covariates do, which is asked
    here, would be hidden.

    Parameters
    ----------
    design : CallDesign
        With an outcome and covariates.

    Raises
    ------
    EstimationError
        Covariates that the others determine.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"attended": [1, 0] * 20, "hour": [1, 1, 2, 2] * 10, "minutes": [5, 7, 6, 9] * 10})
    >>> d = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["hour"])
    >>> round(call_regression(d).fit.estimate, 2)
    -2.5
    """
    frame = design.covariate_frame(reference_levels=False)
    places: dict[str, list[int]] = {}
    for place, column in enumerate(map(str, frame)):
        places.setdefault(_covariate(column, design), []).append(place)
    y, treated = design.outcome_values(), design.treated.astype(float)
    return CallRegression(regression(y, treated, frame.to_numpy(float), design.sampling_weights()), places)


def _covariate(column: str, design: CallDesign) -> str:
    """Covariate that a column of numbers stands for: itself, or the one whose level it indicates."""
    names = [*design.covariates, *([design.stratum] if design.stratum else [])]
    return column if column in names else column.split(": ", 1)[0]
