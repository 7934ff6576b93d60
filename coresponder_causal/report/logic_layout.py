"""Where the boxes and arrows of a logic model stand, so that arrows pass between boxes and cross seldom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Stop: TypeAlias = tuple[str, str, int]  # the lane of a link in a column that it passes
Place: TypeAlias = str | Stop
Edge: TypeAlias = tuple[Place, Place]
lane_height, least_gap, port_gap, sweeps = 9.0, 7.0, 12.0, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where everything stands, in points downwards from the top of the drawing's body.

    Parameters
    ----------
    tops : mapping of str to float
        Upper edge of each box.
    routes : mapping of (str, str) to tuple of (float, float)
        For each link its heights, pair by pair, at the two sides of every gap between columns that it crosses.
    height : float
        Height of the body.
    """

    tops: Mapping[str, float]
    routes: Mapping[tuple[str, str], tuple[tuple[float, float], ...]]
    height: float


def lay_out(
    columns: Sequence[Sequence[str]],
    links: Sequence[tuple[str, str]],
    heights: Mapping[str, float],
    *,
    available: float,
) -> Layout:
    """Lay out boxes in columns and the links between them.

    A link that passes a column gets a lane of its own there, between boxes. The order within columns is the one with
    the fewest crossings that sweeps of barycentres and exchanges of neighbours find; heights then draw boxes towards
    those they are linked to.

    Parameters
    ----------
    columns : sequence of sequence of str
        Boxes from left to right, each column from above.
    links : sequence of (str, str)
        From a box to one of a column further right.
    heights : mapping of str to float
        Of the boxes, in points.
    available : float
        Height of the body, in points; it grows where a column needs more.

    Returns
    -------
    Layout
    """
    chains, filled = _lanes(columns, links)
    everything = (place for column in filled for place in column)
    tall = {place: heights[place] if isinstance(place, str) else lane_height for place in everything}
    edges = [edge for chain in chains.values() for edge in pairwise(chain)]
    ordered = _ordered(filled, edges)
    needed = max(sum(tall[place] for place in column) + least_gap * (len(column) - 1) for column in ordered)
    whole = max(available, needed)
    centres = _centres(ordered, edges, tall, whole)
    leave = _ports(edges, centres, tall, end=0)
    enter = _ports(edges, centres, tall, end=1)
    return Layout(
        tops={name: centres[name] - tall[name] / 2 for column in columns for name in column},
        routes={link: tuple((leave[edge], enter[edge]) for edge in pairwise(chain)) for link, chain in chains.items()},
        height=whole,
    )


def _lanes(
    columns: Sequence[Sequence[str]], links: Sequence[tuple[str, str]]
) -> tuple[dict[tuple[str, str], list[Place]], list[list[Place]]]:
    """Places that every link goes through, and the columns with lanes for links that pass them."""
    at = {name: place for place, column in enumerate(columns) for name in column}
    filled: list[list[Place]] = [list(column) for column in columns]
    chains: dict[tuple[str, str], list[Place]] = {}
    for start, end in links:
        lanes: list[Place] = [(start, end, column) for column in range(at[start] + 1, at[end])]
        for column, lane in enumerate(lanes, at[start] + 1):
            filled[column].append(lane)
        chains[start, end] = [start, *lanes, end]
    return chains, filled


def _ordered(columns: list[list[Place]], edges: Sequence[Edge]) -> list[list[Place]]:
    """Give the columns in the order with the fewest crossings found."""
    best, fewest = columns, _crossings(columns, edges)
    current = columns
    for sweep in range(sweeps):
        current = _exchanged(_by_barycentre(current, edges, forward=sweep % 2 == 0), edges)
        if (crossed := _crossings(current, edges)) < fewest:
            best, fewest = current, crossed
    return best


def _by_barycentre(columns: list[list[Place]], edges: Sequence[Edge], *, forward: bool) -> list[list[Place]]:
    """Sort each column by the mean place of what it is linked to on one side."""
    made = [list(column) for column in columns]
    for column in made if forward else made[::-1]:
        at = {place: height for own in made for height, place in enumerate(own)}
        weight = {place: float(at[place]) for place in column}
        for place in column:
            if linked := [at[a if forward else b] for a, b in edges if place == (b if forward else a)]:
                weight[place] = float(np.mean(linked))
        column.sort(key=weight.__getitem__)
    return made


def _exchanged(columns: list[list[Place]], edges: Sequence[Edge]) -> list[list[Place]]:
    """Exchange neighbours as long as that takes crossings away."""
    made = [list(column) for column in columns]
    at = {place: height for own in made for height, place in enumerate(own)}
    beside: dict[Place, tuple[list[Place], list[Place]]] = {place: ([], []) for place in at}
    for start, end in edges:
        beside[start][1].append(end)
        beside[end][0].append(start)
    better = True
    while better:
        better = False
        for column in made:
            for upper in range(len(column) - 1):
                one, other = column[upper : upper + 2]
                sides = zip(beside[one], beside[other], strict=True)
                fewer = sum((at[a] > at[b]) - (at[a] < at[b]) for ours, theirs in sides for a in ours for b in theirs)
                if fewer > 0:
                    column[upper : upper + 2] = other, one
                    at[one], at[other] = at[other], at[one]
                    better = True
    return made


def _crossings(columns: list[list[Place]], edges: Sequence[Edge]) -> int:
    """Count the pairs of edges in the same gap that cross."""
    at = {place: (column, height) for column, own in enumerate(columns) for height, place in enumerate(own)}
    ends = np.array([(*at[start], at[end][1]) for start, end in edges]).reshape(-1, 3)
    column, left, right = (ends[:, i] for i in range(3))
    same = column[:, None] == column
    return int(np.sum(same & (left[:, None] < left) & (right[:, None] > right)))


def _centres(
    columns: list[list[Place]], edges: Sequence[Edge], tall: Mapping[Place, float], whole: float
) -> dict[Place, float]:
    """Heights of the middles: spread evenly, then drawn towards what each is linked to without running together."""
    centres: dict[Place, float] = {}
    for column in columns:
        free = (whole - sum(tall[place] for place in column)) / (len(column) + 1)
        below = np.cumsum([tall[place] + free for place in column])
        centres |= {place: float(end - tall[place] / 2) for place, end in zip(column, below, strict=True)}
    linked: dict[Place, list[Place]] = {place: [] for place in centres}
    for start, end in edges:
        linked[start].append(end)
        linked[end].append(start)
    for _ in range(sweeps):
        for column in columns:
            wanted = [np.mean([centres[other] for other in linked[place]] or [centres[place]]) for place in column]
            moved = _kept_apart(np.array(wanted), np.array([tall[place] for place in column]), whole)
            centres |= dict(zip(column, moved.tolist(), strict=True))
    return centres


def _kept_apart(wanted: Array, tall: Array, whole: float) -> Array:
    """Give the middles nearest to those wanted that keep order, distance and the edges of the body."""
    from scipy.optimize import isotonic_regression

    free = whole - float(tall.sum())
    gap = min(2 * least_gap, free / max(len(tall) - 1, 1))
    shift = np.r_[0.0, np.cumsum(tall[:-1] + gap)] + tall / 2
    slack = max(whole - float(tall.sum()) - gap * (len(tall) - 1), 0.0)
    return np.asarray(np.clip(isotonic_regression(wanted - shift).x, 0.0, slack) + shift, float)


def _ports(
    edges: Sequence[Edge], centres: Mapping[Place, float], tall: Mapping[Place, float], *, end: int
) -> dict[Edge, float]:
    """Heights at which edges leave (``end`` 0) or enter (1) their places, in the order of their other ends."""
    found: dict[Edge, float] = {}
    for place in {edge[end] for edge in edges}:
        own = sorted((edge for edge in edges if edge[end] == place), key=lambda edge: centres[edge[1 - end]])
        apart = min(port_gap, (tall[place] - 8) / max(len(own) - 1, 1))
        first = centres[place] - apart * (len(own) - 1) / 2
        found |= {edge: first + apart * rank for rank, edge in enumerate(own)}
    return found
