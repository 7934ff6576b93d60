"""Robust covariances of least squares, from the regressors and the residuals alone.

Every function computes (X'X)⁻¹ S (X'X)⁻¹. For weighted least squares give √w·X and √w·u; for a generalised linear
model with canonical link √μ·X and (y − μ)/√μ (Poisson): the scores X'u and the bread are then those of the model. HC2,
HC3 and CR2 take the leverages of what they are given.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.numbered import numbered
from coresponder_causal.core.serial import checked_qr, checked_regression, note_outcome_problems

Array = NDArray[np.float64]
Labels = NDArray[np.intp]
HC = Literal["HC0", "HC1", "HC2", "HC3"]
Convention = Literal["stata", "fixest", "linearmodels", "none"]

singular = 1e-10


def heteroskedastic(X: Array, residuals: Array, *, kind: HC = "HC1") -> Array:
    """Covariance under independent errors of unequal variance.

    Parameters
    ----------
    X : ndarray, shape (n, k)
        Regressors.
    residuals : ndarray, shape (n,)
        Residuals u.
    kind : {"HC0", "HC1", "HC2", "HC3"}
        u² as it is; times n/(n−k); over 1−h; over (1−h)², h the leverage.

    Returns
    -------
    ndarray, shape (k, k)

    Raises
    ------
    EstimationError
        Arrays that do not fit together, not finite, absorbed columns; with HC2 and HC3 rows that alone determine a
        coefficient (h = 1): drop them with their term.

    References
    ----------
    White (1980), doi:10.2307/1912934; MacKinnon & White (1985), doi:10.1016/0304-4076(85)90158-7.

    Examples
    --------
    >>> heteroskedastic(np.ones((4, 1)), np.array([1.0, -1.0, 2.0, -2.0]), kind="HC0").tolist()
    [[0.625]]
    """
    residuals, X, basis, triangle = checked_qr(residuals, X)
    n, k = X.shape
    free = np.ones(n) if kind in ("HC0", "HC1") else 1 - np.sum(basis**2, axis=1)
    fixed = np.flatnonzero(free < singular)
    problems = Problems(f"regression for {kind}")
    if len(fixed):
        problems.add(f"{len(fixed)} rows have leverage 1", rows=fixed, mend="drop them with the term they determine")
    problems.raise_if_any(EstimationError)
    scores = basis * (residuals / free ** (1.0 if kind == "HC3" else 0.5))[:, None]
    factor = n / (n - k) if kind == "HC1" else 1.0
    return _unrotate(factor * scores.T @ scores, triangle)


def newey_west(
    X: Array, residuals: Array, *, lags: int | Literal["andrews"], small_sample: Literal["none", "n/(n-k)"]
) -> Array:
    """Covariance under errors correlated over a few periods, with Bartlett weights 1 − l/(L+1) and no prewhitening.

    Parameters
    ----------
    X : ndarray, shape (n, k)
        Regressors, rows in order of time and equally spaced.
    residuals : ndarray, shape (n,)
        Residuals.
    lags : int or "andrews"
        L, or `andrews_lags` of the residuals.
    small_sample : {"none", "n/(n-k)"}
        Factor: R ``sandwich::NeweyWest(adjust=FALSE)`` or ``adjust=TRUE``, which is also Stata ``newey``.

    Returns
    -------
    ndarray, shape (k, k)

    Raises
    ------
    EstimationError
        Arrays as in `heteroskedastic`; lags outside 0 … n−1.

    References
    ----------
    Newey & West (1987), doi:10.2307/1913610.

    Examples
    --------
    >>> u = np.array([1.0, 1.0, -1.0, -1.0])
    >>> newey_west(np.ones((4, 1)), u, lags=1, small_sample="none").tolist()
    [[0.3125]]
    """
    residuals, X = checked_regression(residuals, X)
    return lagged(X, residuals, lags=andrews_lags(residuals) if lags == "andrews" else lags, small_sample=small_sample)


def lagged(X: Array, residuals: Array, *, lags: int, small_sample: Literal["none", "n/(n-k)"]) -> Array:
    """Compute `newey_west` of a regression that was checked."""
    n, k = X.shape
    if not 0 <= lags < n:
        raise EstimationError(f"{lags} lags for {n} rows", mend=f"take between 0 and {n - 1} lags")
    basis, triangle = np.linalg.qr(X)
    scores = basis * residuals[:, None]
    meat = scores.T @ scores
    for lag in range(1, lags + 1):
        crossed = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / (lags + 1)) * (crossed + crossed.T)
    factor = n / (n - k) if small_sample == "n/(n-k)" else 1.0
    return _unrotate(factor * meat, triangle)


def andrews_lags(residuals: Array) -> int:
    """Lags for Bartlett weights by Andrews' rule, ⌊1.1447 (αn)^⅓⌋ with α = 4ρ²/((1−ρ)²(1+ρ)²), at most n − 1.

    ρ is the residuals' AR(1) coefficient, held within ±0.97. Andrews weights the scores of several regressors; here
    the constant's score has all the weight, so that the answer does not depend on the units of the regressors.

    Parameters
    ----------
    residuals : ndarray, shape (n,)
        Residuals in order of time.

    Returns
    -------
    int

    Raises
    ------
    EstimationError
        Residuals that are not a finite vector: drop or repair them.

    References
    ----------
    Andrews (1991), doi:10.2307/2938229.

    Examples
    --------
    >>> andrews_lags(np.sin(np.arange(50.0) / 3))
    29
    """
    residuals = np.asarray(residuals, float)
    problems = Problems("residuals")
    note_outcome_problems(problems, residuals, residuals.size)
    problems.raise_if_any(EstimationError)
    n, energy = len(residuals), float(residuals[:-1] @ residuals[:-1])
    rho = float(np.clip(residuals[1:] @ residuals[:-1] / energy, -0.97, 0.97)) if energy > 0 else 0.0
    alpha = 4 * rho**2 / ((1 - rho) ** 2 * (1 + rho) ** 2)
    return min(n - 1, int(1.1447 * (alpha * n) ** (1 / 3)))


def clustered(
    X: Array,
    residuals: Array,
    cluster: ArrayLike,
    *,
    kind: Literal["CR1", "CR2"] = "CR1",
    convention: Convention = "stata",
    absorbed: int = 0,
) -> Array:
    """Covariance under errors that are correlated within clusters.

    Parameters
    ----------
    X : ndarray, shape (n, k)
        Regressors.
    residuals : ndarray, shape (n,)
        Residuals.
    cluster : array_like, shape (n,)
        Labels of the clusters.
    kind : {"CR1", "CR2"}
        Scores as they are, times the factor of ``convention``; or with residuals adjusted by (I − H_gg)^−½
        (Bell–McCaffrey, working independence), which needs no factor.
    convention : {"stata", "fixest", "linearmodels", "none"}
        Factor of CR1, G clusters, K = k + ``absorbed``. stata: G/(G−1)·(n−1)/(n−K), with every absorbed effect
        counted as ``areg`` does (``xtreg`` counts none). fixest: the same, counting only effects that are not nested
        in the clusters (its default: of city and week effects clustered by city, every week). linearmodels: n/(n−K)
        with all effects (its ``PanelOLS``; for cities and weeks, cities + weeks − 1). none: 1.
    absorbed : int
        Fixed effects removed from X and y beforehand, as the convention counts them. CR2 is the same whether effects
        that are nested in the clusters are columns or were removed (with weights: in weighted means), and counts none;
        all others it needs as columns.

    Returns
    -------
    ndarray, shape (k, k)

    Raises
    ------
    EstimationError
        Arrays as in `heteroskedastic`; missing labels; fewer than two clusters; no residual df; CR2 with absorbed
        effects (give those that are not nested in the clusters as columns of X).

    References
    ----------
    Liang & Zeger (1986), doi:10.1093/biomet/73.1.13; Bell & McCaffrey (2002), Survey Methodology 28(2):169;
    Pustejovsky & Tipton (2018), doi:10.1080/07350015.2016.1247004.

    Examples
    --------
    >>> u = np.array([1.0, 1.0, -1.0, -1.0])
    >>> clustered(np.ones((4, 1)), u, ["a", "a", "b", "b"], convention="none").tolist()
    [[0.5]]
    """
    residuals, X, basis, triangle = checked_qr(residuals, X)
    labels, many = numbered_clusters(cluster, len(X))
    if kind == "CR1":
        sums = [np.bincount(labels, column * residuals, many) for column in basis.T]
        scores = np.asarray(np.stack(sums, axis=1), float)
        factor = _factor(convention, clusters=many, n=len(X), spent=X.shape[1] + absorbed)
        return _unrotate(factor * scores.T @ scores, triangle)
    if absorbed:
        raise EstimationError(
            f"CR2 was asked for with {absorbed} absorbed effects, whose leverage it needs",
            mend="give the effects as columns of X, or absorb such as are nested in the clusters, and absorbed=0",
        )
    scores = _adjusted_scores(basis, residuals, labels, many)
    return _unrotate(scores.T @ scores, triangle)


def clustered_df(X: Array, cluster: ArrayLike, contrast: Array) -> float:
    """Bell–McCaffrey degrees of freedom of ``contrast'β`` with the CR2 covariance, under working independence.

    Parameters
    ----------
    X : ndarray, shape (n, k)
        Regressors, fixed effects among them.
    cluster : array_like, shape (n,)
        Labels of the clusters.
    contrast : ndarray, shape (k,)
        Weights of the coefficients.

    Returns
    -------
    float
        (Σλ)²/Σλ², λ the eigenvalues of the quadratic form that estimates the contrast's variance.

    Raises
    ------
    EstimationError
        As `clustered`; a contrast whose CR2 variance is zero in every sample: each cluster that informs it
        determines a coefficient alone.

    References
    ----------
    Bell & McCaffrey (2002), Survey Methodology 28(2):169; Imbens & Kolesár (2016), doi:10.1162/REST_a_00552.

    Examples
    --------
    >>> labels = np.repeat(np.arange(5), 3)
    >>> round(clustered_df(np.ones((15, 1)), labels, np.ones(1)), 9)
    4.0
    """
    _, X, basis, triangle = checked_qr(np.zeros(len(X)), X)
    labels, many = numbered_clusters(cluster, len(X))
    turned = np.linalg.solve(triangle.T, np.asarray(contrast, float))
    own, shared = np.empty(many), np.empty((many, X.shape[1]))
    for g, (_, _, values, right, adjustment) in enumerate(leverages(basis, labels, many)):
        loading = adjustment * values * (right @ turned)
        own[g], shared[g] = loading @ loading, (values * loading) @ right
    return quadratic_df(own, shared, float(turned @ turned))


def quadratic_df(own: Array, shared: Array, variance: float) -> float:
    """Degrees of freedom (Σλ)²/Σλ² of a sum of squares over clusters, Σ_g (u_g'e_g)², e what a projection leaves.

    Parameters
    ----------
    own : ndarray, shape (G,)
        u_g'u_g of each cluster.
    shared : ndarray, shape (G, k)
        Q_g'u_g, Q the basis that is projected out.
    variance : float
        Variance that the sum estimates, in the same units.

    Raises
    ------
    EstimationError
        A sum that is zero in every sample: use other clusters, or permutation inference.
    """
    overlap = np.sum(shared**2, axis=1)
    trace = float(np.sum(own - overlap))
    if trace <= singular * variance:
        raise EstimationError(
            "the contrast's CR2 variance is zero whatever the outcome",
            mend="use clusters that do not each determine a coefficient, or permutation inference",
        )
    squares = np.sum(own**2) - 2 * np.sum(own * overlap) + np.sum((shared.T @ shared) ** 2)
    return trace**2 / float(squares)


def _adjusted_scores(basis: Array, residuals: Array, labels: Labels, many: int) -> Array:
    """Q_g'(I − H_gg)^−½ u_g of every cluster, shape (G, k)."""
    return np.array(
        [
            right.T @ (values * adjustment * (left.T @ residuals[rows]))
            for rows, left, values, right, adjustment in leverages(basis, labels, many)
        ]
    )


def leverages(basis: Array, labels: Labels, many: int) -> Iterator[tuple[Labels, Array, Array, Array, Array]]:
    """For each cluster its rows, the singular parts of its block of an orthonormal basis, and (1 − s²)^−½.

    H_gg = U s² U', so (I − H_gg)^−½ scales the directions U by (1 − s²)^−½ and leaves the others; directions the
    cluster determines alone (s = 1) carry no residual and get 0 (the Moore–Penrose root).
    """
    for rows in rows_of_clusters(labels, many):
        left, values, right = np.linalg.svd(basis[rows], full_matrices=False)
        free = 1 - values**2
        alone = free < singular
        yield rows, left, values, right, np.where(alone, 0.0, 1 / np.sqrt(np.where(alone, 1.0, free)))


def rows_of_clusters(labels: Labels, many: int) -> list[Labels]:
    """Rows of each numbered cluster, in their order."""
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.cumsum(np.bincount(labels, minlength=many))[:-1])


def numbered_clusters(cluster: ArrayLike, n: int) -> tuple[Labels, int]:
    """Return the number of each row's cluster, in order of appearance, and how many there are.

    Raises
    ------
    EstimationError
        Labels that are missing or too few, fewer than two clusters.
    """
    values = np.asarray(cluster)
    problems = Problems("clusters")
    if values.shape != (n,):
        problems.add(f"labels have shape {values.shape}, the regressors have {n} rows", mend="give one label per row")
        problems.raise_if_any(EstimationError)
    labels, many = numbered(values)
    missing = np.flatnonzero(labels < 0)
    if len(missing):
        problems.add(f"{len(missing)} rows have no cluster", rows=missing, mend="drop them or name their cluster")
    if many < 2:
        problems.add(f"{many} cluster{'' if many == 1 else 's'}, two are needed", mend="cluster finer")
    problems.raise_if_any(EstimationError)
    return labels, many


def _factor(convention: Convention, *, clusters: int, n: int, spent: int) -> float:
    if convention == "none":
        return 1.0
    if spent >= n:
        raise EstimationError(
            f"{spent} regressors and absorbed effects leave none of {n} rows", mend="absorb fewer effects"
        )
    if convention == "linearmodels":
        return n / (n - spent)
    return clusters / (clusters - 1) * (n - 1) / (n - spent)


def _unrotate(meat: Array, triangle: Array) -> Array:
    """Turn a covariance in the orthonormal basis of X = QT into that of β: T⁻¹ S T⁻ᵀ."""
    inverse = np.linalg.inv(triangle)
    covariance = inverse @ meat @ inverse.T
    return np.asarray((covariance + covariance.T) / 2, float)
