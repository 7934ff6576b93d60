"""Fits of themes to texts: of all texts from other starts, of parts of them, and of texts whose words were shuffled."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.topics import coherence, leading, matched_cosine
from coresponder_causal.qualitative.texts import counted, function_words

Array = NDArray[np.float64]
Words = Sequence[Sequence[str]]

most_words, least_part, least_words, kept_texts = 8, 0.25, 3, 0.8


class Weighed(NamedTuple):
    """Texts by their words: tf-idf, rows of length 1, and which text has which word."""

    weights: Array
    present: NDArray[np.bool_]
    words: tuple[str, ...]


class Fit(NamedTuple):
    """Weights of themes in texts, (texts, k), and of words in themes, (k, words); what is left; whether it settled."""

    texts: Array
    words: Array
    left: float
    settled: bool


class Judged(NamedTuple):
    """The best of several fits, and for each theme how alike other fits are, and how much its words come together."""

    fit: Fit
    over_seeds: Array
    over_resamples: Array
    together: Array
    unsettled: int


def weighed(texts: Words, least_texts: int) -> Weighed:
    """Weigh the words of texts: 1 + log count, times log((1 + n)/(1 + texts with it)) + 1, rows to length 1.

    Words of grammar, and words that fewer texts have or more than half of them, are left out.
    """
    found = counted(texts, least_texts=least_texts, without=function_words())
    present = found.counts > 0
    use = present.sum(axis=0) <= len(texts) / 2
    counts, present = found.counts[:, use], present[:, use]
    logs = np.where(present, 1 + np.log(np.maximum(counts, 1)), 0.0)
    weights = logs * (np.log((1 + len(texts)) / (1 + present.sum(axis=0))) + 1)
    weights /= np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), 1e-300)
    return Weighed(weights, present, tuple(word for word, keep in zip(found.words, use, strict=True) if keep))


def fitted(weights: Array, number: int, seed: int) -> Fit:
    """Non-negative factors of weights by coordinate descent from a random start."""
    from scipy.sparse import csr_array
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    model = NMF(number, init="random", random_state=seed, max_iter=400, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        texts = model.fit_transform(csr_array(weights))
    return Fit(texts, model.components_, float(model.reconstruction_err_), model.n_iter_ < model.max_iter)


def judged(told: Weighed, number: int, seeds: int, resamples: int, rng: np.random.Generator) -> Judged:
    """Fit so many themes from several starts and to several parts of the texts."""
    fits = [fitted(told.weights, number, int(rng.integers(2**31))) for _ in range(seeds)]
    best = min(fits, key=lambda fit: fit.left)
    parts = []
    for _ in range(resamples):
        kept = rng.permutation(len(told.weights))[: int(kept_texts * len(told.weights))]
        parts.append(fitted(told.weights[kept], number, int(rng.integers(2**31))))
    own = [matched_cosine(best.words, fit.words) for fit in fits if fit is not best]
    other = [matched_cosine(best.words, fit.words) for fit in parts]
    unsettled = sum(not fit.settled for fit in (*fits, *parts))
    return Judged(best, np.mean(own, axis=0), np.mean(other, axis=0), together(best, told.present), unsettled)


def together(fit: Fit, present: NDArray[np.bool_]) -> Array:
    """How much the leading words of each theme come together; −1 where fewer than three lead."""
    lead = [leading(topic, most_words, least_part) for topic in fit.words]
    return np.array([coherence(present, words) if len(words) >= least_words else -1.0 for words in lead])


def by_chance(texts: Words, least_texts: int, numbers: Sequence[int], rng: np.random.Generator) -> float:
    """Largest coherence that any theme of any number reaches in texts of the same lengths with words drawn by lot."""
    bag = rng.permutation(np.array([word for words in texts for word in words], dtype=object))
    ends = np.cumsum([len(words) for words in texts])[:-1]
    told = weighed([list(part) for part in np.split(bag, ends)], least_texts)
    fits = (fitted(told.weights, k, int(rng.integers(2**31))) for k in numbers if k <= min(told.weights.shape))
    return max((float(together(fit, told.present).max()) for fit in fits), default=-1.0)
