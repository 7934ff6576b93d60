"""How much a class of look-alikes gives away of a sensitive value: l-diversity and t-closeness."""

from __future__ import annotations

import numpy as np
import pandas as pd


def distinct_diversity(counts: np.ndarray) -> int:
    """Count the values that occur in a class.

    Parameters
    ----------
    counts : array of int, shape (n_values,)
        Rows of the class by sensitive value.

    Returns
    -------
    int
        Distinct l of Machanavajjhala et al. (2007).

    Examples
    --------
    >>> distinct_diversity(np.array([2, 1, 0, 1]))
    3
    """
    return int((counts > 0).sum())


def entropy_diversity(counts: np.ndarray) -> float:
    """Count the values of a class as if all were equally frequent.

    Parameters
    ----------
    counts : array of int, shape (n_values,)
        Rows of the class by sensitive value.

    Returns
    -------
    float
        exp(entropy): the l of entropy l-diversity (Machanavajjhala et al. 2007).

    Examples
    --------
    >>> round(entropy_diversity(np.array([2, 1, 1])), 3)
    2.828
    """
    p = counts[counts > 0] / counts.sum()
    return float(np.exp(-(p * np.log(p)).sum()))


def earth_mover(p: np.ndarray, q: np.ndarray, *, ordered: bool) -> float:
    """Distance between the values of a class and those of the whole table.

    Parameters
    ----------
    p, q : array of float, shape (n_values,)
        Shares of the values in the class and in the table, in the order of the values.
    ordered : bool
        Whether moving a share costs the ranks it passes, or the same to every other value.

    Returns
    -------
    float
        Earth mover's distance, between 0 and 1 (Li, Li & Venkatasubramanian 2007).

    Examples
    --------
    Salaries of 6, 8 and 11 thousand in a table of 3 to 11 thousand, as in the paper:

    >>> salaries = np.arange(3, 12)
    >>> round(earth_mover(np.isin(salaries, [6, 8, 11]) / 3, np.full(9, 1 / 9), ordered=True), 3)
    0.167
    """
    difference = p - q
    if not ordered:
        return float(np.abs(difference).sum() / 2)
    return float(np.abs(np.cumsum(difference)).sum() / max(difference.size - 1, 1))


def is_ordered(values: pd.Series) -> bool:
    """Whether the values of a column have an order: numbers, moments and ordered categories.

    Parameters
    ----------
    values : Series

    Returns
    -------
    bool

    Examples
    --------
    >>> is_ordered(pd.Series([1.5, 2])), is_ordered(pd.Series(["a"])), is_ordered(pd.Series([True]))
    (True, False, False)
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        return bool(values.dtype.ordered)
    plain = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return bool(plain or pd.api.types.is_datetime64_any_dtype(values))
