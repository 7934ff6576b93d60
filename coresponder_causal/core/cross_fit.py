"""Cross-fitting: every row is predicted by a model that never saw the person behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from coresponder_causal.core.logit import logit, weighted_gram
from coresponder_causal.core.notes import note

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
Mask = NDArray[np.bool_]
Predict = Callable[[Array], Array]


class Sample(NamedTuple):
    """Rows that a model learns from.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
        Regressors of comparable size, the constant first.
    target, weights : ndarray, shape (n,)
        What is to be predicted, and sampling weights.
    persons : ndarray of int, shape (n,)
        Who stands behind each row.
    """

    matrix: Array
    target: Array
    weights: Array
    persons: Labels

    def take(self, rows: Mask) -> Self:
        """Keep some of the rows."""
        if rows.all():
            return self
        return type(self)(self.matrix[rows], self.target[rows], self.weights[rows], self.persons[rows])


Learner = Callable[[Sample], Predict]
"""Learns from rows; what it returns predicts new ones."""


def person_folds(persons: ArrayLike, folds: int, *, seed: int | Sequence[int]) -> Labels:
    """Draw folds of equally many persons; all rows of a person are in one fold.

    Parameters
    ----------
    persons : array_like, shape (n,)
        Who stands behind each row.
    folds : int
        1: all rows are in fold 0.
    seed : int or sequence of int

    Returns
    -------
    ndarray of int, shape (n,)
        Number of each row's fold.

    Examples
    --------
    >>> fold = person_folds([7, 7, 8, 9, 9, 10], 2, seed=1)
    >>> bool(fold[0] == fold[1] and fold[3] == fold[4]), np.bincount(fold[[0, 2, 3, 5]]).tolist()
    (True, [2, 2])
    """
    codes, found = pd.factorize(np.asarray(persons))
    order = np.random.default_rng(seed).permutation(len(found))
    return np.asarray((order % folds)[codes], np.int64)


def out_of_fold(learner: Learner, sample: Sample, fold: Labels, *, among: Mask | None = None) -> Array:
    """Predict the rows of each fold by a model of the others; with a single fold by a model of all rows.

    Parameters
    ----------
    learner : callable
    sample : Sample, n rows
    fold : ndarray of int, shape (n,)
        As `person_folds` draws them.
    among : ndarray of bool, shape (n,), optional
        Rows that models learn from; all are predicted.

    Returns
    -------
    ndarray, shape (n,)

    References
    ----------
    Chernozhukov et al. (2018), doi:10.1111/ectj.12097.

    Examples
    --------
    >>> ones = Sample(np.ones((4, 1)), np.array([1.0, 3.0, 5.0, 7.0]), np.ones(4), np.arange(4))
    >>> out_of_fold(linear, ones, np.array([0, 0, 1, 1])).round(6).tolist()
    [6.0, 6.0, 2.0, 2.0]
    """
    predicted = np.empty(len(fold))
    for number, training in enumerate(training_rows(fold)):
        own = fold == number
        learnt_from = training if among is None else training & among
        predicted[own] = learner(sample.take(learnt_from))(sample.matrix[own])
    return predicted


def training_rows(fold: Labels) -> list[Mask]:
    """For each fold the rows that its models learn from: those of the other folds, or all where there is one."""
    many = int(fold.max()) + 1
    return [fold != number if many > 1 else np.ones(len(fold), bool) for number in range(many)]


def linear(sample: Sample) -> Predict:
    """Least squares; of regressors that the others determine among these rows the shortest coefficients."""
    gram = weighted_gram(sample.matrix, sample.weights)
    coef, _, rank, _ = np.linalg.lstsq(gram, sample.matrix.T @ (sample.weights * sample.target), rcond=1e-11)
    if rank < sample.matrix.shape[1]:
        note("in some folds covariates determine each other: there the shortest coefficients were taken")
    return lambda matrix: np.asarray(matrix @ coef, float)


def logistic(sample: Sample, *, names: Sequence[str] = ()) -> Learner:
    """Unpenalised logistic regression of parts of a sample, whose searches start from the coefficients of the whole.

    Parameters
    ----------
    sample : Sample
        The whole.
    names : sequence of str
        Of the columns after the constant, for messages.

    Raises
    ------
    EstimationError
        As `logit`, for the whole here and for its parts when they are learnt from.

    Examples
    --------
    >>> halves = Sample(np.ones((4, 1)), np.array([0.0, 1.0, 1.0, 1.0]), np.ones(4), np.arange(4))
    >>> logistic(halves)(halves)(np.ones((1, 1))).round(6).tolist()
    [0.75]
    """
    start = logit(sample.matrix, sample.target, sample.weights, names=names).coef

    def learner(part: Sample) -> Predict:
        coef = logit(part.matrix, part.target, part.weights, names=names, start=start).coef
        return lambda matrix: np.asarray(expit(matrix @ coef), float)

    return learner
