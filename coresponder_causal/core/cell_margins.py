"""Margins of a table whose categories may be in groups: what adds up to what along each dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array, kron, vstack

Array = NDArray[np.float64]
TOTAL = "total"
"""The mark of a margin in the labels of a cell."""


class Tree(NamedTuple):
    """Categories, their groups upwards, the total last; and of each the whole that it is part of."""

    codes: list[str]
    parent: dict[str, str]


def tree_of(leaves: pd.Index, groups: Mapping[str, str], total: bool) -> Tree:
    """Categories of one dimension with all wholes above them.

    Examples
    --------
    >>> tree_of(pd.Index(["north", "south", "port"]), {"north": "city", "south": "city"}, True).codes
    ['north', 'south', 'port', 'city', 'total']
    """
    codes = list(leaves)
    parent: dict[str, str] = {}
    for code in codes:  # grows while it is read: groups come after their parts
        whole = groups.get(code, TOTAL if total and code != TOTAL else None)
        if whole is not None:
            parent[code] = whole
            if whole not in codes:
                codes.append(whole)
    return Tree([code for code in codes if code != TOTAL] + [TOTAL] * (TOTAL in codes), parent)


def sums(tree: Tree, leaves: pd.Index) -> Array:
    """Which leaves add up to each code, shape (codes, leaves)."""
    adding = np.zeros((len(tree.codes), len(leaves)))
    for column, leaf in enumerate(leaves):
        code: str | None = leaf
        while code is not None:
            adding[tree.codes.index(code), column] = 1.0
            code = tree.parent.get(code)
    return adding


def relations_of(trees: Sequence[Tree]) -> csr_array:
    """Each margin as one sum: over the first of the dimensions, those with groups before others, that it sums over.

    Sums over another dimension follow. Leaving them out makes a table with one dimension of groups a network.
    """
    order = sorted(range(len(trees)), key=lambda axis: -len(set(trees[axis].parent.values())))
    blocks = []
    for axis in order:
        if not trees[axis].parent:
            continue
        parts = []
        for k, tree in enumerate(trees):
            wholes = [] if order.index(k) > order.index(axis) else list(tree.parent.values())
            kept = np.flatnonzero([code not in wholes for code in tree.codes])
            parts.append(_additions(tree) if k == axis else eye_array(len(tree.codes)).tocsr()[kept])
        blocks.append(reduce(lambda left, right: csr_array(kron(left, right)), parts))
    n = int(np.prod([len(tree.codes) for tree in trees]))
    return csr_array(vstack(blocks)) if blocks else csr_array((0, n))


def _additions(tree: Tree) -> csr_array:
    """Sum of the parts less the whole for every whole, shape (wholes, codes)."""
    wholes = list(dict.fromkeys(tree.parent.values()))
    rows = np.zeros((len(wholes), len(tree.codes)))
    for row, whole in enumerate(wholes):
        rows[row, tree.codes.index(whole)] = -1.0
        rows[row, [tree.codes.index(part) for part, its in tree.parent.items() if its == whole]] = 1.0
    return csr_array(rows)
