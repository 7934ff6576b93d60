"""The probability of treatment by boosted trees, of each call from trees that have not seen its person."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.logit import logit

Array = NDArray[np.float64]
folds, farthest = 5, 1e-6


def boosted_log_odds(
    matrix: Array, treated: NDArray[np.bool_], persons: pd.Index, *, weights: Array, seed: int
) -> Array:
    """Cross-fitted log odds of treatment, calibrated.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
        Covariates without a constant.
    treated : ndarray of bool, shape (n,)
    persons : Index, length n
        Calls of one person are in the same fold.
    weights : ndarray, shape (n,)
        Sampling weights.
    seed : int
        Seed of the folds and of the trees.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    EstimationError
        If there are fewer persons than folds, or a fold's trees see calls of one kind only.

    Notes
    -----
    Five folds; 100 trees of at most 4 leaves with at least 20 calls each, a learning rate of 0.05, no early stopping:
    of some hundreds of calls larger trees learn noise, and leave more of what they should balance. The log odds of the
    held-out calls are then the regressor of a logit of the treatment, which makes them as far apart as they deserve to
    be (Platt's calibration) and the mean probability that of the treated.

    References
    ----------
    McCaffrey, Ridgeway & Morral (2004), doi:10.1037/1082-989X.9.4.403; Chernozhukov et al. (2018),
    doi:10.1111/ectj.12097 (cross-fitting).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=400)
    >>> treated = rng.random(400) < 1 / (1 + np.exp(-x))
    >>> found = boosted_log_odds(x[:, None], treated, pd.RangeIndex(400), weights=np.ones(400), seed=1)
    >>> bool(np.corrcoef(found, x)[0, 1] > 0.7)
    True
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import GroupKFold

    if persons.nunique() < folds:
        raise EstimationError(f"{persons.nunique()} persons for {folds} folds", mend="use model='logistic'")
    found = np.empty(len(treated))
    for seen, held in GroupKFold(n_splits=folds, shuffle=True, random_state=seed).split(matrix, groups=persons):
        if treated[seen].all() or not treated[seen].any():
            raise EstimationError(
                "outside one fold of persons all calls are treated, or none", mend="use model='logistic'"
            )
        trees = HistGradientBoostingClassifier(
            loss="log_loss",
            learning_rate=0.05,
            max_iter=100,
            max_leaf_nodes=4,
            min_samples_leaf=20,
            l2_regularization=0.0,
            early_stopping=False,
            random_state=seed,
        )
        trees.fit(matrix[seen], treated[seen], sample_weight=weights[seen])
        found[held] = trees.predict_proba(matrix[held])[:, 1]
    odds = np.log(np.clip(found, farthest, 1 - farthest) / np.clip(1 - found, farthest, 1 - farthest))
    line = np.column_stack([np.ones(len(odds)), odds])
    return np.asarray(line @ logit(line, treated.astype(float), weights, names=["boosted trees"]).coef, float)
