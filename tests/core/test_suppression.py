"""Hiding cells: cases worked by hand, every witness checked by additions, and what is refused."""

import itertools
from time import monotonic

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core import suppression_optimum
from coresponder_causal.core.attacker import intervals
from coresponder_causal.core.cell_system import linked, of_table
from coresponder_causal.core.errors import DataError, DisclosureError
from coresponder_causal.core.suppression import suppress


def table(values, **options):
    shape = np.shape(values)
    names = list("abc"[: len(shape)])
    rows = pd.DataFrame(itertools.product(*map(range, shape)), columns=names)
    return of_table(rows.assign(count=np.ravel(values)), names, **options)


def at(system, *cells):
    mask = np.zeros(len(system.values), bool)
    mask[system.find(pd.DataFrame(cells, columns=system.labels.columns).astype(str))] = True
    return mask


def protected(system, found):
    """Whether the first attacker is left with 1 … 10 for every small cell."""
    low, high = intervals(system, found.hidden, cells=np.flatnonzero(found.primary))
    return bool((low <= 1).all() and (high >= 10).all())


def random_table(seed, shape, mean=8):
    rng = np.random.default_rng(seed)
    return table(rng.poisson(rng.gamma(0.5, 2 * mean, shape)))


def test_nothing_small_nothing_hidden():
    found = suppress(table([[11, 0], [40, 25]]))
    assert not found.hidden.any()
    assert found.optimal


def test_one_small_cell_takes_the_cheapest_rectangle():
    """Zero is dearer to hide than 40, and a cell of 3 could not fall by enough."""
    system = table([[4, 30, 0], [40, 50, 60], [70, 80, 90]])
    found = suppress(system)
    assert (found.hidden == at(system, (0, 0), (0, 1), (1, 0), (1, 1))).all()
    assert found.optimal
    assert (found.low[found.primary][0], found.high[found.primary][0]) == (1, 10)


def test_two_small_cells_of_twenty_do_not_protect_each_other():
    system = table([[10, 10, 0], [40, 50, 60]])
    found = suppress(system)
    primary = found.primary
    assert (found.low[primary] == 1).all()
    assert (found.high[primary] == 10).all()
    assert found.hidden[at(system, (0, "total")) | at(system, (0, 2))].any()


def test_small_total_of_small_cells_keeps_what_knowledge_leaves():
    """1 + 3 = 4: who knows that all are small knows 2 … 10 and 1 … 9; who does not, nothing."""
    system = table([[1, 3], [40, 50], [60, 70]])
    found = suppress(system)
    row = at(system, (0, 0), (0, 1), (0, "total"))
    assert found.low[row].tolist() == [1, 1, 2]
    assert found.high[row].tolist() == [9, 9, 10]
    assert protected(system, found)


def test_grand_total_is_hidden_only_if_it_is_small():
    assert suppress(table([[1, 2], [2, 1]])).hidden.all()
    with pytest.raises(DisclosureError, match=r"given away(.|\n)*withhold the grand total"):
        suppress(table([3, 10]))
    system = table([3, 10])
    assert suppress(system, already_hidden=at(system, ("total",))).hidden.all()


def test_as_many_ones_as_their_small_total_are_refused():
    """Ten ones of a total of ten: nobody needs to see anything else."""
    with pytest.raises(DisclosureError, match="given away"):
        suppress(table([[1] * 10, [50] * 10]))


def test_public_cells_stay_public_and_may_give_away():
    system = table([[4, 30, 20], [40, 50, 60], [70, 80, 90]])
    public = at(system, (1, 0), (0, 1))
    found = suppress(system, fixed=public)
    assert not (found.hidden & public).any()
    assert protected(system, found)
    with pytest.raises(DisclosureError, match="row 0"):
        suppress(system, fixed=~at(system, (0, 0)))
    with pytest.raises(DisclosureError, match="row 0"):
        suppress(system, fixed=at(system, (0, 0)))


def test_cells_hidden_before_stay_hidden_and_are_made_use_of():
    system = table([[4, 30, 20], [40, 50, 60], [70, 80, 90]])
    before = at(system, (0, 2), (2, 0), (2, 2))
    found = suppress(system, already_hidden=before)
    assert (found.hidden == before | found.primary).all()


def test_weights_choose():
    system = table([[4, 30, 20], [40, 50, 60], [70, 80, 90]])
    dear = np.where(at(system, (0, 1), (1, 0), (1, 1)) | system.margins, 9.0, 1.0)
    found = suppress(system, weights=dear)
    assert (found.hidden == at(system, (0, 0), (0, 2), (2, 0), (2, 2))).all()
    with pytest.raises(DataError, match="weights are not"):
        suppress(system, weights=-dear)
    with pytest.raises(DataError, match="3 marks for 16 cells"):
        suppress(system, fixed=[True] * 3)


@pytest.mark.parametrize("seed", range(4))
def test_no_lighter_pattern_protects(seed):
    """All patterns of a small table that weigh less are tried."""
    system = random_table(seed + 20, (3, 2), 40)
    weights = np.where(system.margins, 3.0, 1.0)
    found = suppress(system, weights=weights)
    small = (system.values > 0) & (system.values < 11)
    free = np.flatnonzero(~small & ~system.roots)
    known = np.where(small, 1, 0), np.where(small, 10, np.inf)
    asked = intervals(system, np.ones_like(small), bounds=known)
    assert small.any()
    assert found.optimal
    for size in range(len(free) + 1):
        for chosen in itertools.combinations(free, size):
            hidden = small.copy()
            hidden[list(chosen)] = True
            if weights[hidden].sum() < weights[found.hidden].sum():
                low, high = intervals(system, hidden, bounds=known)
                told = ((low > asked[0]) | (high < asked[1]))[small].any()
                open_low, open_high = intervals(system, hidden)
                assert told or ((open_low > 1) | (open_high < 10))[small].any()


@pytest.mark.parametrize("shape", [(5, 5), (2, 3, 3)])
def test_what_is_found_before_the_lightest_protects_too(shape, monkeypatch):
    system = random_table(11, shape)
    best = suppress(system)
    monkeypatch.setattr(suppression_optimum, "_ROUNDS", 1)
    early = suppress(system)
    assert best.optimal
    assert not early.optimal
    assert early.hidden.sum() >= best.hidden.sum()
    assert protected(system, early)


def test_groups_three_ways_and_linked_tables():
    group = {"0": "west", "1": "west", "2": "east", "3": "east"}
    rng = np.random.default_rng(5)
    cases = rng.poisson(rng.gamma(0.7, 12, (4, 3, 2)))
    flat = pd.DataFrame(itertools.product(*map(range, cases.shape)), columns=["a", "b", "c"]).assign(
        count=cases.ravel()
    )
    sides = [of_table(flat.groupby(pair, as_index=False)["count"].sum(), pair) for pair in (["a", "b"], ["b", "c"])]
    for system in (table(cases[:, :, 0], hierarchies={"a": group}), table(cases), linked(*sides)):
        found = suppress(system)
        assert found.primary.any()
        assert protected(system, found)


def test_repeats_and_leaves_its_input():
    system = random_table(3, (5, 5))
    before = system.values.copy()
    first, second = suppress(system, seed=4), suppress(system, seed=4)
    np.testing.assert_array_equal(first.hidden, second.hidden)
    np.testing.assert_array_equal(system.values, before)


def test_sixty_by_twelve():
    """A year of months for sixty areas: some seconds."""
    system = random_table(1, (60, 12))
    found = suppress(system, time_limit=60)
    assert found.primary.sum() > 300
    assert protected(system, found)


def test_late_is_refused_never_leaked():
    system = random_table(2, (60, 12))
    start = monotonic()
    with pytest.raises(DisclosureError, match=r"not protected in time(.|\n)*coarser periods"):
        suppress(system, time_limit=0.01)
    assert monotonic() - start < 20
