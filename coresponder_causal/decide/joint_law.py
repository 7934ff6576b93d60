"""How the statistics of a family move together where there is nothing: from influence, covariances and placebos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.inference import Block, as_student, deviate
from coresponder_causal.core.result import Result
from coresponder_causal.core.stacked import stacked

Array = NDArray[np.float64]
Places = NDArray[np.intp]
Method = Literal["romano_wolf", "westfall_young"]
few_clusters = 20


class Joint(NamedTuple):
    """Hypotheses whose normal statistics have a known correlation."""

    places: Places
    correlation: Array


class Ranked(NamedTuple):
    """Hypotheses ranked among the same placebos: statistics of the city itself and of each placebo, (1 + m, places)."""

    places: Places
    statistics: Array


class Law(NamedTuple):
    """What is known of a family's joint law: correlated parts, ranked parts, and what must be said."""

    joint: tuple[Joint, ...]
    ranked: tuple[Ranked, ...]
    notes: tuple[str, ...]

    def correlation(self, many: int) -> Array:
        """Correlations by hypothesis, NaN where unknown, shape (k, k)."""
        known = np.full((many, many), np.nan)
        np.fill_diagonal(known, 1.0)
        for places, correlation in self.joint:
            known[np.ix_(places, places)] = correlation
        return known

    def blocks(self, rows: pd.DataFrame, method: Method, draws: int, seed: int) -> tuple[Array, list[Block], Array]:
        """Sizes of the statistics, draws of those whose law is joint, and the df of the others.

        By t for Romano and Wolf, each draw with its hypothesis' own df; by p-value, as normal deviates, for Westfall
        and Young. A hypothesis whose test is neither by t nor by ranks counts by its p-value in both.
        """
        rng = np.random.default_rng(seed)
        sizes, df = deviate(rows["p_value"].to_numpy(float)), np.full(len(rows), np.inf)
        by_t = method == "romano_wolf"
        if by_t:
            tested = rows["by_t"].to_numpy(bool)
            sizes = np.where(tested, np.abs(rows["statistic"].to_numpy(float)), sizes)
            df = np.where(tested, rows["df"].to_numpy(float), df)
        made = []
        for places, correlation in self.joint:
            values, vectors = np.linalg.eigh(correlation)
            root = vectors * np.sqrt(np.maximum(values, 0.0))
            z = np.abs(rng.standard_normal((draws, len(places))) @ root.T)
            made.append(Block(places, as_student(z, df[places]) if by_t else z))
        for places, statistics in self.ranked:
            drawn = np.abs(statistics) if by_t else deviate(_rank_p_values(statistics))
            sizes[places] = drawn[0]
            made.append(Block(places, drawn[1:]))
        return sizes, made, df


def joint_law(results: Sequence[Result], rows: pd.DataFrame) -> Law:
    """Gather what the results know of how their statistics move together.

    Influence functions on shared units, the covariance of the terms of one result, or placebos of the same cities.

    Parameters
    ----------
    results : sequence of Result
    rows : DataFrame
        As `coresponder_causal.decide.family.listed` gives them.

    Returns
    -------
    Law
    """
    notes: list[str] = []
    kinds: dict[object, list[int]] = {}
    joint: list[Joint] = []
    for number, result in enumerate(results):
        if result.influence is not None and _by_t(result):
            kinds.setdefault(result.influence.unit.name, []).append(number)
        else:
            joint += _by_own_covariance(result, np.flatnonzero(rows["result"] == number))
    joint += [_by_influence(results, rows, numbers, notes) for numbers in kinds.values()]
    together = tuple(part for part in joint if len(part.places) > 1)
    ranked = tuple(_by_placebos(results, rows))
    notes += _apart(len(rows), [len(places) for places, _ in (*together, *ranked) if len(places) > 1])
    return Law(together, ranked, tuple(notes))


def _apart(many: int, groups: list[int]) -> list[str]:
    """Say which hypotheses stand alone."""
    alone = many - sum(groups)
    if alone + len(groups) < 2:
        return []
    why = "no influence functions on the same kind of units, or tests of their own kind"
    if not groups:
        return [f"no two of the {many} hypotheses have a joint law ({why}): this is Holm's correction"]
    groups_said = f"{len(groups)} group{'s' * (len(groups) > 1)} of {' and '.join(map(str, groups))}"
    return [
        f"{groups_said} of the {many} hypotheses, and {alone} alone, have no joint law with each other ({why}): their "
        "chances are added up, as in Holm's correction"
    ]


def _by_t(result: Result) -> bool:
    own = (result.placebo, result.crossings, result.split, result.wild, result.set_spread)
    return result.kind == "point" and all(held is None for held in own)


def tested_by_t(results: Sequence[Result], rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with their statistics, and whether each is tested by t."""
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.array([results[i].estimate[j] for i, j in zip(rows["result"], rows["place"], strict=True)])
        spread = np.array([results[i].vcov[j, j] for i, j in zip(rows["result"], rows["place"], strict=True)])
        statistic = own / np.sqrt(spread)
    return rows.assign(statistic=statistic, by_t=[_by_t(results[i]) for i in rows["result"]])


def _by_influence(results: Sequence[Result], rows: pd.DataFrame, numbers: list[int], notes: list[str]) -> Joint:
    """Correlations by the sums of stacked influence functions; 0 between results that share no unit."""
    stack = stacked([results[i].influence for i in numbers])  # type: ignore[misc]
    if stack.crossed:
        notes.append(
            "the results were clustered by kinds that cross: their correlations are those within the fewest clusters"
        )
    widths = [results[i].influence.right.shape[1] for i in numbers]  # type: ignore[union-attr]
    first = dict(zip(numbers, np.cumsum([0, *widths[:-1]]), strict=True))
    places = np.flatnonzero(rows["result"].isin(numbers))
    columns = [first[i] + j for i, j in zip(rows["result"].iloc[places], rows["place"].iloc[places], strict=True)]
    sums = stack.sums[:, columns]
    spread = np.sqrt((sums**2).sum(axis=0))
    moved = spread > 0
    scaled = sums[:, moved] / spread[moved]
    many = int((sums != 0).any(axis=1).sum())
    if len(places) > 1 and many < few_clusters:
        notes.append(f"correlations come from {many} clusters: they are hardly known")
    return Joint(places[moved], scaled.T @ scaled)


def _by_own_covariance(result: Result, places: Places) -> list[Joint]:
    """Correlation of the terms of one result, where all of it was estimated."""
    vcov = result.vcov[: len(places), : len(places)]
    if len(places) < 2 or not _by_t(result) or not np.isfinite(vcov).all() or not (np.diag(vcov) > 0).all():
        return []
    spread = np.sqrt(np.diag(vcov))
    return [Joint(places, vcov / np.outer(spread, spread))]


def _by_placebos(results: Sequence[Result], rows: pd.DataFrame) -> list[Ranked]:
    """Statistics of hypotheses whose placebos are the same cities in the same order, or which have their own."""
    alike: dict[object, list[int]] = {}
    for place, number in enumerate(rows["result"]):
        result = results[number]
        if result.placebo is not None:
            alike.setdefault(_cities(result) or ("alone", place), []).append(place)
    made = []
    for places in alike.values():
        chosen = [(results[rows["result"][place]], rows["place"][place]) for place in places]
        own = [result.estimate[j] / np.sqrt(result.vcov[j, j]) for result, j in chosen]
        placebo = [result.placebo[j] for result, j in chosen]
        made.append(Ranked(np.array(places), np.vstack([own, np.column_stack(placebo)])))
    return made


def _cities(result: Result) -> tuple[object, ...] | None:
    """Comparison cities of a result that has one placebo of each; None where its placebos are others."""
    if result.cities is None or result.placebo is None:
        return None
    names = tuple(result.cities.loc[result.cities["role"] == "comparison", "city"])
    return (result.method, *names) if len(names) == result.placebo.shape[1] else None


def _rank_p_values(statistics: Array) -> Array:
    """Share of all, itself among them, at least as large as each; ties count against it."""
    sizes = np.abs(statistics)
    ordered = np.sort(sizes, axis=0)
    below = [np.searchsorted(column, own * (1 - 1e-12)) for column, own in zip(ordered.T, sizes.T, strict=True)]
    return np.asarray(1 - np.column_stack(below) / len(sizes), float)
