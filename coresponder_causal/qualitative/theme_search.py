"""Groups of words that texts use together, kept only where other starts, other texts and chance all bear them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.topics import leading
from coresponder_causal.qualitative.texts import words_of
from coresponder_causal.qualitative.theme_fits import (
    Judged,
    Weighed,
    by_chance,
    judged,
    least_part,
    most_words,
    weighed,
)

stable, near, none_found = 0.8, 0.02, "no stable themes"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Themes:
    """Themes that were found.

    Parameters
    ----------
    verdict : str
        E.g. "5 stable themes", or "no stable themes".
    table : DataFrame
        One row for each theme, the most common first: ``theme``, ``words``, ``texts`` in which it is the heaviest of
        all fitted, ``share`` of all texts, ``over_seeds``, ``over_resamples``, ``coherence``. Empty where none is
        stable.
    weights : DataFrame, shape (texts, themes)
        Weight of each theme in each text.
    heaviest : Series, shape (texts,)
        The theme that weighs most in each text; missing where that is one that is not kept, or none.
    numbers : DataFrame
        One row for each number tried: ``number``, ``stable`` themes among them, mean ``over_seeds, over_resamples``
        and the ``score`` by which one is chosen.
    by_chance : float
        Largest coherence of any theme, of any number, in any shuffled collection: what a theme must exceed.
    notes : tuple of str
    """

    verdict: str
    table: pd.DataFrame
    weights: pd.DataFrame
    heaviest: pd.Series
    numbers: pd.DataFrame
    by_chance: float
    notes: tuple[str, ...] = ()


def themes(
    texts: Sequence[str],
    *,
    numbers: Sequence[int] = (2, 3, 4, 5, 6, 8, 10),
    least_texts: int = 5,
    seeds: int = 5,
    resamples: int = 10,
    shuffles: int = 19,
    seed: int = 1,
) -> Themes:
    """Look for themes, and say so where there are none.

    Themes are the non-negative factors of the texts' tf-idf weights. One is kept if fits from other starts, and fits to
    80 % of the texts, have it too (mean cosine with its partner .8 or more), and if its leading words come together
    more than those of any theme in collections whose words were dealt out anew among texts of the same lengths. With
    19 of these, texts without themes yield one in at most 5 % of searches. Stability alone would not do: each common
    word of shuffled texts is a stable theme. The number of themes fitted is the one at which they are most stable on
    average, themes that are not kept counting 0; the largest of those within .02.

    A theme is words that come together: a set phrase or a form that everybody fills in is one as well. Read the texts
    before naming it, and code by hand what is to be counted: how often a theme is found is no measurement, and how it
    differs between groups or over time is not what anything caused.

    Parameters
    ----------
    texts : sequence of str
        English, of one kind; long interviews by their answers.
    numbers : sequence of int
        Numbers of themes to try.
    least_texts : int
        In how many texts a word must be to be looked at.
    seeds, resamples, shuffles : int
        Fits from other starts, to parts of the texts, and shuffled collections.
    seed : int
        The same seed gives the same themes.

    Returns
    -------
    Themes

    Raises
    ------
    DataError
        Listing every broken rule: too few texts or words, numbers below 2 or above what they carry, fewer than two
        starts, one resample or one shuffle.

    References
    ----------
    Lee & Seung (1999), doi:10.1038/44565; stability: Greene, O'Callaghan & Cunningham (2014),
    doi:10.1007/978-3-662-44848-9_32; coherence: Röder, Both & Hinneburg (2015), doi:10.1145/2684822.2685324.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> about = [["shelter", "tent", "rent", "eviction"], ["pills", "refill", "dose", "pharmacy"]]
    >>> told = [" ".join(rng.choice(about[i % 2], 3, replace=False)) for i in range(80)]
    >>> found = themes(told, numbers=(2, 3), shuffles=5)
    >>> found.verdict, found.numbers["stable"].tolist()[0]
    ('2 stable themes', 2)
    """
    with collecting() as notes:
        words = [words_of(text) for text in texts]
        told = weighed(words, least_texts)
        _require(told, numbers, seeds, resamples, shuffles)
        _say_left_out(told)
        rng = np.random.default_rng(seed)
        fits = {number: judged(told, number, seeds, resamples, rng) for number in sorted(set(numbers))}
        chance = max(by_chance(words, least_texts, sorted(fits), rng) for _ in range(shuffles))
        kept = {number: _kept(fit, chance) for number, fit in fits.items()}
        scores = {number: _score(fits[number], kept[number]) for number in fits}
        best = max(number for number, score in scores.items() if score >= max(scores.values()) - near)
        if unsettled := sum(fit.unsettled for fit in fits.values()):
            note(f"{unsettled} of {len(fits) * (seeds + resamples)} fits had not settled when they were stopped")
        if len(kept[best]) < best and len(kept[best]):
            note(f"{best} themes were fitted and {best - len(kept[best])} of them are not stable, and not shown")
    table, weights, heaviest = _shown(told, fits[best], kept[best])
    rows = [
        (number, len(kept[number]), float(fit.over_seeds.mean()), float(fit.over_resamples.mean()), scores[number])
        for number, fit in fits.items()
    ]
    many = len(table)
    return Themes(
        verdict=f"{many} stable theme{'s' if many > 1 else ''}" if many else none_found,
        table=table,
        weights=weights,
        heaviest=heaviest,
        numbers=pd.DataFrame(rows, columns=["number", "stable", "over_seeds", "over_resamples", "score"]),
        by_chance=chance,
        notes=tuple(notes),
    )


def _require(told: Weighed, numbers: Sequence[int], seeds: int, resamples: int, shuffles: int) -> None:
    """Refuse what no theme can be looked for in."""
    problems, (many, words) = Problems("themes"), told.weights.shape
    most = min(many // 4, words // 2)
    if not numbers or min(numbers) < 2 or max(numbers) > most:
        problems.add(
            f"numbers={tuple(numbers)} for {many} texts with {words} words that are common enough",
            mend=f"try 2 to {most}" if most >= 2 else "bring more texts, or split long ones by their answers",
        )
    if seeds < 2 or resamples < 1 or shuffles < 1:
        problems.add(f"seeds={seeds}, resamples={resamples}, shuffles={shuffles}", mend="give 2, 1 and 1 or more")
    problems.raise_if_any(DataError)


def _say_left_out(told: Weighed) -> None:
    """Say which texts have no word that is looked at."""
    if silent := int((~told.present.any(axis=1)).sum()):
        note(f"{silent} of {len(told.present)} texts have no word that is common enough: they have no theme")


def _kept(found: Judged, chance: float) -> list[int]:
    """Themes that are stable, and whose words come together more than by chance."""
    steady = np.minimum(found.over_seeds, found.over_resamples) >= stable
    return [int(j) for j in np.flatnonzero(steady & (found.together > chance))]


def _score(found: Judged, kept: list[int]) -> float:
    """Mean stability of the themes that were fitted, 0 for one that is not kept."""
    return float(np.minimum(found.over_seeds, found.over_resamples)[kept].sum() / len(found.together))


def _shown(told: Weighed, found: Judged, kept: list[int]) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Table of themes, their weights in the texts, and the heaviest of each, the most common theme first."""
    texts, words = found.fit.texts, found.fit.words
    heaviest = np.where(texts.max(axis=1) > 0, texts.argmax(axis=1), -1)
    sizes = np.bincount(heaviest[heaviest >= 0], minlength=len(words))
    order = sorted(kept, key=lambda j: (-int(sizes[j]), j))
    rows = [
        {
            "theme": place,
            "words": ", ".join(told.words[i] for i in leading(words[j], most_words, least_part)),
            "texts": int(sizes[j]),
            "share": float(sizes[j] / len(texts)),
            "over_seeds": float(found.over_seeds[j]),
            "over_resamples": float(found.over_resamples[j]),
            "coherence": float(found.together[j]),
        }
        for place, j in enumerate(order, start=1)
    ]
    columns = ["theme", "words", "texts", "share", "over_seeds", "over_resamples", "coherence"]
    lengths = np.linalg.norm(words, axis=1)
    weights = pd.DataFrame(texts[:, order] * lengths[order], columns=pd.Index(range(1, len(order) + 1), name="theme"))
    places = {j: place for place, j in enumerate(order, start=1)}
    own = pd.Series([places.get(int(j)) for j in heaviest], dtype="Int64", name="theme")
    return pd.DataFrame(rows, columns=columns), weights, own
