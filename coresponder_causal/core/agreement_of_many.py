"""Agreement of any number of readers who need not all have read every unit: the coefficients that start from counts.

Counts say how many readers put a unit into each category, shape (units, categories). Units that fewer than two readers
read say nothing of agreement; in coefficients of `beyond_chance` they still tell how common the categories are, in
Krippendorff's α they are left out.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.inference import wilson

Array = NDArray[np.float64]
Level = Literal["nominal", "ordinal", "interval", "ratio"]
Coefficient = Literal["percent", "fleiss", "ac1"]

_BLOCK = 4_000_000  # numbers held at once: 32 MB


class Agreement(NamedTuple):
    """A coefficient of agreement, its standard error and its bounds."""

    estimate: float
    std_error: float
    low: float
    high: float


class Alpha(NamedTuple):
    """Krippendorff's α, its bounds, and how many resamples held one category only, in which there is no α."""

    estimate: float
    low: float
    high: float
    undefined: int


unknown = Agreement(np.nan, np.nan, np.nan, np.nan)


def counts_of(ratings: ArrayLike) -> tuple[Array, Array]:
    """Count the readers of each unit by category.

    Parameters
    ----------
    ratings : array_like, shape (units, readers)
        Numbers; NaN where a reader did not read.

    Returns
    -------
    counts : ndarray, shape (units, categories)
    values : ndarray, shape (categories,)
        The category's number, ascending.

    Examples
    --------
    >>> counts, values = counts_of([[1, 1, np.nan], [0, 1, 1]])
    >>> counts.tolist(), values.tolist()
    ([[0.0, 2.0], [1.0, 2.0]], [0.0, 1.0])
    """
    given = np.asarray(ratings, float)
    values = np.unique(given[np.isfinite(given)])
    return (given[:, :, None] == values).sum(axis=1).astype(float), values


def beyond_chance(
    counts: ArrayLike, coefficient: Coefficient, *, times: ArrayLike | None = None, level: float = 0.95
) -> Agreement:
    """Share of pairs of readers who agree, as it is or beyond chance, with its linearised error.

    Agreement is Σ r(r − 1)/(m(m − 1)) over the categories of a unit that m ≥ 2 readers read, r of them in the category;
    the mean over such units is p. With π the mean over all units of r/m, chance is Σ π² for Fleiss's κ and
    Σ π(1 − π)/(q − 1) for AC1; for the percentage there is none. The coefficient is (p − chance)/(1 − chance).

    Parameters
    ----------
    counts : array_like, shape (units, q)
    coefficient : {"percent", "fleiss", "ac1"}
    times : array_like, shape (units,), optional
        How often each row stands for a unit; by default once.
    level : float

    Returns
    -------
    Agreement
        NaN where no unit has two readers or chance alone explains everything. Units are held for a sample of many, and
        those read twice for some of them by lot.

    Notes
    -----
    The error is Gwet's where all units are read twice. Where some are read once he holds the number read twice for
    fixed but lets each unit read once move the coefficient by its whole size; here the share of agreement is the ratio
    that it is, and such units move chance alone. With a fifth read twice his error is twice as large as estimates vary,
    or more. Bounds are Wilson's for the share of agreement, with as many units as its error is worth.

    References
    ----------
    Gwet (2008), doi:10.1348/000711006X126600, and (2014), Handbook of Inter-Rater Reliability, 4th ed., chapters 2 and
    5; Fleiss (1971), doi:10.1037/h0031619; bounds: Wilson (1927), doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> counts, _ = counts_of([[1, 1, np.nan], [0, 1, 1], [0, 0, 0], [1, np.nan, np.nan]])
    >>> [round(beyond_chance(counts, name).estimate, 3) for name in ("percent", "fleiss", "ac1")]
    [0.778, 0.5, 0.6]
    """
    rows = np.asarray(counts, float)
    often = np.ones(len(rows)) if times is None else np.asarray(times, float)
    readers = rows.sum(axis=1)
    rows, often, readers = rows[readers > 0], often[readers > 0], readers[readers > 0]
    twice, total, q = readers >= 2, float(often.sum()), rows.shape[1]
    both = float(often @ twice)
    if not both:
        return unknown
    pairs = readers * (readers - 1)
    agreed = np.divide((rows * (rows - 1)).sum(axis=1), pairs, out=np.zeros(len(rows)), where=twice)
    common = often @ (rows / readers[:, None]) / total
    score = {"percent": np.zeros(q), "fleiss": common, "ac1": (1 - common) / max(q - 1, 1)}[coefficient]
    chance, own = float(common @ score), (rows / readers[:, None]) @ score
    if chance >= 1 - 1e-12:
        return unknown
    percent = float(often @ agreed) / both
    estimate = (percent - chance) / (1 - chance)
    moved = (total / both * (agreed - percent) * twice - 2 * (1 - estimate) * (own - chance)) / (1 - chance)
    spread = float(often @ moved**2) / total**2 * both / (both - 1) if both > 1 else np.nan
    return bounded(percent, chance, float(np.sqrt(spread)), both, level)


def bounded(percent: float, chance: float, std_error: float, units: float, level: float) -> Agreement:
    """Coefficient (percent − chance)/(1 − chance) with score bounds, which are open below where all agree.

    Parameters
    ----------
    percent, chance : float
        Share of agreement, and of that by chance, below 1.
    std_error : float
        Of the coefficient; 0 where all agree or all differ.
    units : float
        How many units two or more read.
    level : float

    Examples
    --------
    >>> [round(bound, 2) for bound in bounded(1.0, 0.5, 0.0, 20, 0.95)[2:]]
    [0.68, 1.0]
    """
    worth = percent * (1 - percent) / (std_error * (1 - chance)) ** 2 if std_error > 0 else units
    estimate, low, high = (
        float((end - chance) / (1 - chance)) for end in (percent, *wilson(percent * worth, worth, level))
    )
    return Agreement(estimate, std_error, low, high)


def krippendorff_alpha(
    counts: ArrayLike,
    values: ArrayLike,
    measured: Level = "nominal",
    *,
    replications: int = 1000,
    seed: int = 1,
    level: float = 0.95,
) -> Alpha:
    """Krippendorff's α with percentile bounds of resampled units.

    α = 1 − observed / expected disagreement, both from the coincidences of values within units: o(c, k) adds up
    r_c (r_k − 1[c = k]) / (m − 1) over the units that m ≥ 2 readers read.

    Parameters
    ----------
    counts : array_like, shape (units, categories)
    values : array_like, shape (categories,)
        Numbers of the categories, ascending; of nominal ones any.
    measured : {"nominal", "ordinal", "interval", "ratio"}
        What distance between values means.
    replications : int
        Resamples of whole units. Krippendorff's own bootstrap draws single pairs as if each were independent and holds
        the expected disagreement fixed; units are what was sampled here, so units are drawn and all is computed anew.
    seed : int
    level : float

    Returns
    -------
    Alpha
        NaN where fewer than two categories are in use or no unit has two readers.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, repository.upenn.edu/asc_papers/43; Hayes &
    Krippendorff (2007), doi:10.1080/19312450709336664; resampling of units: Zapf et al. (2016),
    doi:10.1186/s12874-016-0200-9.

    Examples
    --------
    >>> counts, values = counts_of([[1, 1], [0, 1], [0, 0], [1, 1]])
    >>> round(krippendorff_alpha(counts, values).estimate, 3)
    0.533
    """
    rows, scale = np.asarray(counts, float), np.asarray(values, float)
    rows = rows[rows.sum(axis=1) >= 2]
    if not len(rows):
        return Alpha(np.nan, np.nan, np.nan, 0)
    q = rows.shape[1]
    within = (rows[:, :, None] * rows[:, None, :] - rows[:, :, None] * np.eye(q)) / (
        rows.sum(axis=1)[:, None, None] - 1
    )
    flat = within.reshape(len(rows), -1)
    estimate = float(_alpha(flat.sum(axis=0).reshape(1, q, q), scale, measured)[0])
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=replications)
    blocks = np.array_split(drawn, replications * q * q // _BLOCK + 1)
    again = np.concatenate([_alpha((block @ flat).reshape(-1, q, q), scale, measured) for block in blocks])
    known = again[np.isfinite(again)]
    ends = ((1 - level) / 2, (1 + level) / 2)
    low, high = np.quantile(known, ends) if np.isfinite(estimate) and len(known) else (np.nan, np.nan)
    return Alpha(estimate, float(low), float(high), int(len(again) - len(known)))


def _alpha(coincidences: Array, values: Array, measured: Level) -> Array:
    """α of matrices of coincidences, shape (b, q, q); NaN where there is only one category."""
    totals = coincidences.sum(axis=2)
    number = totals.sum(axis=1)
    distance = _distance(totals, values, measured)
    observed = (coincidences * distance).sum(axis=(1, 2))
    expected = (totals[:, :, None] * totals[:, None, :] * distance).sum(axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(expected > 0, 1 - (number - 1) * observed / expected, np.nan), float)


def _distance(totals: Array, values: Array, measured: Level) -> Array:
    """Squared distance of two categories; of ordinal ones by how many values lie between, which differs by resample."""
    if measured == "nominal":
        return 1.0 - np.eye(len(values))
    if measured == "ordinal":
        middle = np.cumsum(totals, axis=1) - totals / 2
        return np.asarray((middle[:, :, None] - middle[:, None, :]) ** 2, float)
    apart = values[:, None] - values[None, :]
    if measured == "interval":
        return np.asarray(apart**2, float)
    both = values[:, None] + values[None, :]
    return np.divide(apart, both, out=np.zeros_like(apart), where=both != 0) ** 2
