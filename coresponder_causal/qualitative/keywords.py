"""Words that one group of texts uses more than another, each text held for one clump of words and not for many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import refuse_level
from coresponder_causal.core.clustered_counts import Clumped, clumped
from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.inference import holm, sharpened_q, split_interval, split_p_value
from coresponder_causal.core.notes import note
from coresponder_causal.qualitative.texts import Counted, counted, words_of

Array = NDArray[np.float64]

few_clusters = 10


def keyness(
    texts: Sequence[str],
    groups: Sequence[object],
    *,
    target: object,
    reference: object,
    clusters: Sequence[object] | None = None,
    least: int = 5,
    least_clusters: int = 3,
    level: float = 0.95,
) -> pd.DataFrame:
    """Compare how often two groups of texts use each word.

    Words come in clumps: who says "housing" says it again. Dunning's log-likelihood takes every word for an independent
    one, so that a single long text makes keywords; it stands here as a number people look for. Interval and p-value are
    by as many events as the word's dispersion between texts (or authors) leaves of its count.

    Not a difference in what people mean, and no effect of what sets the groups apart: who is in which group, what they
    were asked, and how long they spoke differ too.

    Parameters
    ----------
    texts : sequence of str
    groups : sequence, of the same length
        E.g. "before" and "after", or stakeholders; texts of further groups are left out, which a note says.
    target, reference : object
        The two groups that are compared.
    clusters : sequence, optional
        Whose text it is, where an author has several; by default each text is by itself.
    least : int
        How often a word must come in both groups together.
    least_clusters : int
        How many texts (or authors) must use it.
    level : float

    Returns
    -------
    DataFrame
        One row for each word, the most telling first: ``word``; ``target, reference``, how often it comes, and
        ``per_1000_target, per_1000_reference``; ``clusters_target, clusters_reference`` that use it; ``log_ratio``, the
        base-2 logarithm of the ratio of rates (infinite where a group never uses it), ``conf_low, conf_high``;
        ``dispersion``, variance over that of independent words, and ``spread``, Gries's DP: 0 where the word comes as
        evenly as words do, near 1 where few texts have all; ``log_likelihood``; ``p_value, p_holm, q_value``, over
        all words of the table.

    Raises
    ------
    DataError
        Listing every broken rule: lengths that differ, texts that are missing or no text, a level that is no share, a
        group without texts or with one author, authors in both groups; or no word that is used enough.

    References
    ----------
    Dunning (1993), Computational Linguistics 19(1):61; log ratio: Hardie (2014), cass.lancs.ac.uk/log-ratio; why texts
    are the units: Brezina & Meyerhoff (2014), doi:10.1075/ijcl.19.1.01bre;
    DP: Gries (2008), doi:10.1075/ijcl.13.4.02gri.

    Examples
    --------
    >>> told = ["we waited long", "long we waited", "waited", "they came", "they came soon", "came"] * 4
    >>> found = keyness(told, (["before"] * 3 + ["after"] * 3) * 4, target="after", reference="before")
    >>> found[["word", "target", "reference"]].values.tolist()[:2]
    [['came', 12, 0], ['waited', 0, 12]]
    """
    problems = Problems("keyness")
    refuse_level(level, problems)
    side, which, whose = _sides(texts, groups, target, reference, clusters, problems)
    found = counted([words_of(texts[i]) for i in which])
    by_cluster, own, side = _clusters(found, side, whose)
    keep = (by_cluster.sum(axis=0) >= least) & ((by_cluster > 0).sum(axis=0) >= least_clusters)
    if not keep.any():
        mend = "bring more text, or lower least= and least_clusters="
        raise DataError(f"no word comes {least} times and in {least_clusters} texts", mend=mend)
    kept = by_cluster[:, keep]
    sums = clumped(kept, own, side, 2)
    table = _table([word for word, used in zip(found.words, keep, strict=True) if used], kept, own, side, sums, level)
    return table.sort_values(["p_value", "log_likelihood", "word"], ascending=[True, False, True], ignore_index=True)


def _table(
    words: list[str], counts: Array, lengths: Array, side: NDArray[np.intp], sums: Clumped, level: float
) -> pd.DataFrame:
    """Lay out all numbers of each word; side 0 is the target's."""
    (target, reference), (long, other) = sums.events, sums.exposure
    split = np.column_stack([target / sums.dispersion, reference / sums.dispersion, np.full(len(target), long / other)])
    low, high = split_interval(split, level)
    p = split_p_value(split)
    with np.errstate(divide="ignore"):
        ratio = np.log2(target / long) - np.log2(reference / other)
    share, even = counts / counts.sum(axis=0), lengths / lengths.sum()
    return pd.DataFrame(
        {
            "word": words,
            "target": target.astype(int),
            "reference": reference.astype(int),
            "per_1000_target": 1000 * target / long,
            "per_1000_reference": 1000 * reference / other,
            "clusters_target": (counts[side == 0] > 0).sum(axis=0),
            "clusters_reference": (counts[side == 1] > 0).sum(axis=0),
            "log_ratio": ratio,
            "conf_low": low / np.log(2),
            "conf_high": high / np.log(2),
            "dispersion": sums.dispersion,
            "spread": np.abs(share - even[:, None]).sum(axis=0) / 2,
            "log_likelihood": log_likelihood(target, reference, long, other),
            "p_value": p,
            "p_holm": holm(p),
            "q_value": sharpened_q(p),
        }
    )


def log_likelihood(target: Array, reference: Array, target_words: float, reference_words: float) -> Array:
    """Dunning's G² of a word in two texts: 2 Σ observed · log(observed / expected) over the four cells.

    Examples
    --------
    >>> log_likelihood(np.array([20.0]), np.array([10.0]), 1000.0, 1000.0).round(3).tolist()
    [3.449]
    """
    seen = np.array([target, reference, target_words - target, reference_words - reference])
    share = np.array([target_words, reference_words]) / (target_words + reference_words)
    both = (target + reference, target_words + reference_words - target - reference)
    foreseen = np.array([both[0] * share[0], both[0] * share[1], both[1] * share[0], both[1] * share[1]])
    part = np.where(seen > 0, seen * np.log(np.where(seen > 0, seen, 1.0) / np.where(foreseen > 0, foreseen, 1.0)), 0.0)
    return np.asarray(2 * part.sum(axis=0), float)


def _sides(
    texts: Sequence[str], groups: Sequence[object], target: object, reference: object,
    clusters: Sequence[object] | None, problems: Problems,
) -> tuple[NDArray[np.intp], list[int], list[object]]:  # fmt: skip
    """Side (0 target, 1 reference), place and author of each text that is compared."""
    whose = list(range(len(texts))) if clusters is None else list(clusters)
    if blank := sum(not isinstance(text, str) for text in texts):
        problems.add(f"{blank} of {len(texts)} texts are missing or no text", mend="leave them out, with their groups")
    if len({len(texts), len(groups), len(whose)}) > 1:
        problems.add(f"{len(texts)} texts, {len(groups)} groups, {len(whose)} clusters", mend="give as many of each")
    problems.raise_if_any(DataError)
    which = [i for i, group in enumerate(groups) if group in (target, reference) and words_of(texts[i])]
    side = np.array([int(groups[i] == reference) for i in which], np.intp)
    authors = [{whose[i] for i, own in zip(which, side, strict=True) if own == number} for number in (0, 1)]
    for name, own in zip((target, reference), authors, strict=True):
        if len(own) < 2:
            problems.add(f"group {name!r} has {len(own)} texts or authors with words", mend="bring two or more")
    if both := len(authors[0] & authors[1]):
        problems.add(f"{both} authors have texts in both groups", mend="compare within them instead, or leave them out")
    problems.raise_if_any(DataError)
    if out := len(texts) - len(which):
        note(f"{out} of {len(texts)} texts are of other groups or have no words, and were left out")
    if min(map(len, authors)) < few_clusters:
        note(f"a group has {min(map(len, authors))} texts or authors: intervals by so few are too narrow")
    return side, which, [whose[i] for i in which]


def _clusters(found: Counted, side: NDArray[np.intp], whose: list[object]) -> tuple[Array, Array, NDArray[np.intp]]:
    """Add up counts, lengths and sides of authors."""
    code, _ = pd.factorize(np.asarray(whose, dtype=object), use_na_sentinel=False)
    many = int(code.max()) + 1
    counts = np.zeros((many, len(found.words)))
    np.add.at(counts, code, found.counts)
    of = np.zeros(many, np.intp)
    of[code] = side
    return counts, np.bincount(code, found.lengths, minlength=many).astype(float), of
