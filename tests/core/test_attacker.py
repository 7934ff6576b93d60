"""What can be worked out of hidden cells: by hand, and against linear programs over all cells written anew."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array

from coresponder_causal.core.attacker import intervals
from coresponder_causal.core.cell_system import CellSystem, of_table
from coresponder_causal.core.errors import EstimationError


def table(values, *, totals=True):
    rows, columns = np.shape(values)
    labels = pd.MultiIndex.from_product([range(rows), range(columns)], names=["a", "b"]).to_frame(index=False)
    return of_table(labels.assign(count=np.ravel(values)), ["a", "b"], totals=totals)


def places(system, *cells):
    return system.find(pd.DataFrame(cells, columns=["a", "b"]).astype(str))


def test_a_cell_alone_in_its_row_is_known():
    system = table([[4, 30], [20, 10]])
    hidden = np.zeros(9, bool)
    hidden[places(system, (0, 0))] = True
    low, high = intervals(system, hidden)
    assert (low == high).all()
    assert (low == system.values).all()


def test_a_rectangle_can_only_move_together():
    """4 and 6 on one diagonal, 20 and 30 on the other: the first pair can lose 4 and gain 20."""
    system = table([[4, 30], [20, 6]])
    hidden = np.zeros(9, bool)
    hidden[places(system, (0, 0), (0, 1), (1, 0), (1, 1))] = True
    low, high = intervals(system, hidden)
    assert (low[hidden].tolist(), high[hidden].tolist()) == ([0, 10, 0, 2], [24, 34, 24, 26])


def test_two_small_cells_of_twenty_are_ten_each():
    system = table([[10, 10, 0], [40, 50, 60]])
    hidden = np.zeros(12, bool)
    hidden[places(system, (0, 0), (0, 1), (1, 0), (1, 1))] = True
    small = (system.values > 0) & (system.values < 11)
    known = np.where(small, 1, 0), np.where(small, 10, np.inf)
    cell = places(system, (0, 0))
    assert np.ravel(intervals(system, hidden, cells=cell)).tolist() == [0, 20]
    assert np.ravel(intervals(system, hidden, bounds=known, cells=cell)).tolist() == [10, 10]


def test_nothing_bounds_a_cell_whose_totals_are_hidden_too():
    system = table([[4, 30], [20, 6]])
    low, high = intervals(system, np.ones(9, bool))
    assert not low.any()
    assert np.isinf(high).all()
    assert np.isinf(intervals(table([[4, 30], [20, 6]], totals=False), np.ones(4, bool))[1]).all()


def test_a_zero_that_is_written_out_in_a_relation_is_no_relation():
    """The third cell stands in the row of the first two with weight zero: of it nothing is known."""
    written = csr_array((np.array([1.0, 1.0, 0.0, -1.0]), np.array([0, 1, 2, 3]), np.array([0, 4])), shape=(1, 4))
    system = CellSystem(np.array([4.0, 20.0, 7.0, 24.0]), written, pd.DataFrame({"a": [*"xyz", "total"]}))
    bounds = np.array([1.0, 0, 1, 0]), np.array([10.0, np.inf, 10, np.inf])
    low, high = intervals(system, [True, True, True, False], bounds=bounds)
    assert (low.tolist(), high.tolist()) == ([1, 14, 1, 24], [10, 23, 10, 24])


def test_bounds_that_cannot_be_are_refused():
    system = table([[4, 30], [20, 6]])
    hidden = np.zeros(9, bool)
    hidden[places(system, (0, 0), (0, 1), (1, 0), (1, 1))] = True
    with pytest.raises(EstimationError, match="contradicts"):
        intervals(system, hidden, bounds=(np.full(9, 25.0), np.full(9, 40.0)))


@pytest.mark.parametrize("seed", range(6))
def test_bounds_are_those_of_two_programs_for_each_cell(seed):
    rng = np.random.default_rng(seed)
    shape = [(4, 5), (3, 3, 2)][seed % 2]
    names = list("abc"[: len(shape)])
    labels = pd.MultiIndex.from_product(list(map(range, shape)), names=names).to_frame(index=False)
    system = of_table(labels.assign(count=rng.poisson(rng.gamma(0.5, 16, len(labels)))), names)
    values = system.values
    small = (values > 0) & (values < 11)
    hidden = small | (rng.random(len(values)) < 0.25)
    known = np.where(small & (seed % 3 > 0), 1, 0), np.where(small & (seed % 3 > 0), 10, np.inf)
    ours = intervals(system, hidden, bounds=known)
    box = np.where(hidden, known[0], values), np.where(hidden, known[1], values)
    for cell, aim in enumerate(np.eye(len(values))):
        for way, found in zip((1, -1), ours, strict=True):
            run = linprog(
                way * aim, A_eq=system.relations, b_eq=np.zeros(len(system.relations.indptr) - 1), bounds=np.c_[box]
            )
            assert found[cell] == pytest.approx(way * run.fun if run.status == 0 else np.inf, abs=1e-6)  # iterative
