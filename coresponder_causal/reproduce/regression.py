"""Least squares as the reproduced papers ran it: named terms, fixed effects as dummies, the errors that they name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.regressors import require_full_rank
from coresponder_causal.core.sandwich import clustered, heteroskedastic
from coresponder_causal.core.two_way import within_units

Array = NDArray[np.float64]


def least_squares(
    y: ArrayLike,
    terms: Mapping[str, ArrayLike],
    *,
    effects: tuple[pd.Series, ...] = (),
    errors: Literal["classical", "HC1", "clustered"] = "classical",
    within: pd.Series | None = None,
) -> pd.DataFrame:
    """Regress y on named terms, a constant and dummies of effects.

    Parameters
    ----------
    y : array_like, shape (n,)
    terms : mapping of str to array_like, shape (n,)
    effects : tuple of Series
        Labels; the first of each is left out.
    errors : {"classical", "HC1", "clustered"}
    within : Series, optional
        Labels of units whose means are swept out of everything, and which are the clusters: as Stata's ``xtreg, fe``
        has it, they are not counted in the factor.

    Returns
    -------
    DataFrame
        Index: the terms, then, without ``within``, ``constant``; ``estimate, std_error``.

    Raises
    ------
    EstimationError
        Naming the terms that others absorb.

    Examples
    --------
    >>> least_squares([1.0, 3, 2, 4], {"x": [0.0, 1, 0, 1]}).round(4).loc["x"].tolist()
    [2.0, 0.7071]
    """
    dummies = [pd.get_dummies(label, drop_first=True, dtype=float) for label in effects]
    columns = [np.asarray(term, float) for term in terms.values()]
    outcome, names = np.asarray(y, float), [*terms, "constant"]
    X = np.column_stack([*columns, np.ones(len(outcome)), *dummies])
    if within is not None:
        whole = within_units(np.column_stack([X, outcome]), within, np.ones(len(outcome)))
        X, outcome, names = np.delete(whole[:, :-1], len(terms), axis=1), whole[:, -1], list(terms)
    require_full_rank(X, [*names, *(str(name) for table in dummies for name in table)])
    beta = np.asarray(np.linalg.lstsq(X, outcome, rcond=None)[0], float)
    left = outcome - X @ beta
    if errors == "HC1":
        vcov = heteroskedastic(X, left, kind="HC1")
    elif errors == "clustered":
        vcov = clustered(X, left, np.asarray(within), convention="stata")
    else:
        vcov = left @ left / (len(outcome) - X.shape[1]) * np.linalg.inv(X.T @ X)
    found = {"estimate": beta, "std_error": np.sqrt(np.diag(vcov))}
    return pd.DataFrame(found).iloc[: len(names)].set_axis(names)


def pair(fit: pd.DataFrame, term: str, item: str) -> dict[str, float]:
    """Estimate and standard error of a term, under the names of an item."""
    estimate, error = fit.loc[term, ["estimate", "std_error"]].to_numpy(float)
    return {item: float(estimate), f"{item} se": float(error)}
