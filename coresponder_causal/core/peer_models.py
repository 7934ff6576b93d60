"""Our learners in the shape that econml's estimators take: models with ``fit`` and ``predict``.

econml hands its models columns alone. The last one is therefore the number of the row, by which a learner finds the
person behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.cross_fit import Labels, Learner, Predict, Sample, training_rows

Array = NDArray[np.float64]
Learn = Callable[[Array, Array, Array], Predict]
"""Learns from columns, what is to be predicted and weights."""


class Regression:
    """A model that predicts numbers.

    Parameters
    ----------
    learn : callable
    """

    def __init__(self, learn: Learn) -> None:
        self.learn = learn

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name, for copies."""
        return {"learn": self.learn}

    def fit(self, X: Array, y: Array, sample_weight: Array | None = None) -> Self:
        """Learn from rows."""
        self.classes_ = np.unique(y)
        weights = np.ones(len(X)) if sample_weight is None else sample_weight
        self._predict = self.learn(X, np.asarray(y, float).ravel(), weights)
        return self

    def predict(self, X: Array) -> Array:
        """Predict rows."""
        return self._predict(X)


class Classification(Regression):
    """A model that predicts the probability of yes."""

    def predict_proba(self, X: Array) -> Array:
        """Probabilities of no and yes, shape (n, 2)."""
        yes = self._predict(X)
        return np.column_stack([1 - yes, yes])


def by_row(learner: Learner, persons: Labels) -> Learn:
    """Learn from columns of which the last is the number of the row.

    Parameters
    ----------
    learner : callable
    persons : ndarray of int, shape (n,)
        Who stands behind each row.

    Examples
    --------
    >>> from coresponder_causal.core.cross_fit import linear
    >>> rows = np.array([[0.0, 0], [1.0, 1], [2.0, 2]])
    >>> by_row(linear, np.arange(3))(rows, np.array([1.0, 3.0, 5.0]), np.ones(3))(rows[:1]).round(6).tolist()
    [1.0]
    """

    def learn(columns: Array, target: Array, weights: Array) -> Predict:
        persons_here = persons[columns[:, -1].astype(int)]
        predict = learner(Sample(_regressors(columns), target, weights, persons_here))
        return lambda new: predict(_regressors(new))

    return learn


def by_arm(with_treatment: Learner, without: Learner, persons: Labels) -> Learn:
    """Learn from each arm by itself; a further last column says which rows were treated."""
    first, second = (by_row(learner, persons) for learner in (with_treatment, without))

    def learn(columns: Array, target: Array, weights: Array) -> Predict:
        treated = columns[:, -1] == 1
        known = columns[:, :-1]
        here, there = (
            fit(known[rows], target[rows], weights[rows]) for fit, rows in ((first, treated), (second, ~treated))
        )
        return lambda new: np.where(new[:, -1] == 1, here(new[:, :-1]), there(new[:, :-1]))

    return learn


def splits(fold: Labels) -> list[tuple[Labels, Labels]]:
    """Rows to learn from and rows to predict, for each fold.

    Examples
    --------
    >>> [[part.tolist() for part in pair] for pair in splits(np.array([0, 1, 1]))]
    [[[1, 2], [0]], [[0], [1, 2]]]
    """
    pairs = enumerate(training_rows(fold))
    return [(np.flatnonzero(training), np.flatnonzero(fold == number)) for number, training in pairs]


def numbered(matrix: Array) -> Array:
    """Regressors without the constant, and the number of each row in the last column."""
    return np.column_stack([matrix[:, 1:], np.arange(len(matrix))])


def _regressors(columns: Array) -> Array:
    return np.column_stack([np.ones(len(columns)), columns[:, :-1]])
