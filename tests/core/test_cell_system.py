"""Tables as cells and relations, worked by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from coresponder_causal.core.attacker import intervals
from coresponder_causal.core.cell_system import CellSystem, linked, of_table
from coresponder_causal.core.errors import DataError


def counts(*shape, names="abc"):
    rows = pd.DataFrame(
        itertools.product(*(map(str, range(size)) for size in shape)), columns=list(names[: len(shape)])
    )
    return rows.assign(count=np.arange(len(rows)))


def value(system, **labels):
    return system.values[system.find(pd.DataFrame([labels]))[0]]


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4)])
def test_margins_are_sums_over_what_is_not_named(shape):
    rows = counts(*shape)
    system = of_table(rows, list(rows.columns[:-1]))
    assert len(system.values) == np.prod([size + 1 for size in shape])
    assert not (system.relations @ system.values).any()
    assert value(system, a="1") == rows.loc[rows["a"] == "1", "count"].sum()
    assert system.values[system.roots].tolist() == [rows["count"].sum()]


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4)])
def test_relations_leave_the_inner_cells_free_and_nothing_else(shape):
    rows = counts(*shape)
    system = of_table(rows, list(rows.columns[:-1]))
    free = len(system.values) - np.linalg.matrix_rank(system.relations.toarray())
    assert free == np.prod(shape)
    assert system.relations.shape[0] == len(system.values) - free  # none is said twice


def test_rows_left_out_count_zero_and_order_does_not_matter():
    rows = counts(3, 3)
    some = rows[rows["count"] > 0].sample(frac=1, random_state=1)
    assert value(of_table(some, ["a", "b"]), a="0", b="0") == 0
    assert value(of_table(some, ["b", "a"]), a="2", b="1") == 7


def test_groups_of_groups():
    months = [f"2024-{month:02d}" for month in range(1, 13)]
    quarter = {month: f"2024 Q{k // 3 + 1}" for k, month in enumerate(months)}
    rows = pd.DataFrame({"month": months, "count": np.arange(12)})
    years = quarter | {name: "2024" for name in quarter.values()}
    system = of_table(rows, ["month"], hierarchies={"month": years})
    assert value(system, month="2024 Q2") == 3 + 4 + 5
    assert value(system, month="2024") == value(system) == 66
    assert of_table(rows, ["month"], totals=False, hierarchies={"month": years}).labels["month"].iloc[-1] == "2024"


def test_only_totals_that_are_published():
    system = of_table(counts(3, 4), ["a", "b"], totals=["b"])
    assert len(system.values) == 3 * 5
    assert system.roots.sum() == 3
    assert of_table(counts(3, 4), ["a", "b"], totals=False).relations.shape == (0, 12)


@pytest.mark.parametrize(
    ("shape", "groups", "network"),
    [((5,), 0, True), ((4, 4), 0, True), ((4, 4), 1, True), ((4, 4), 2, False), ((3, 3, 3), 0, False)],
)
def test_tables_of_two_ways_with_groups_on_one_side_are_networks(shape, groups, network):
    group = {"0": "low", "1": "low", "2": "high", "3": "high"}
    rows = counts(*shape)
    system = of_table(rows, list(rows.columns[:-1]), hierarchies={name: group for name in "ab"[:groups]})
    assert system.network is network


def test_linked_tables_share_what_bears_the_same_labels():
    cases = counts(2, 3, 2)
    pairs = (["a", "b"], ["b", "c"])
    parts = [of_table(cases.groupby(pair, as_index=False)["count"].sum(), pair) for pair in pairs]
    system = linked(*parts)
    assert len(system.values) == 3 * 4 + 4 * 3 - 4
    assert value(system, b="1") == cases.loc[cases["b"] == "1", "count"].sum()
    assert not (system.relations @ system.values).any()
    again = linked(system, parts[0])
    assert again.relations.shape == system.relations.shape


def test_dimensions_of_the_same_name_can_be_kept_apart():
    first, second = (
        of_table(counts(2, 3), ["a", "b"]),
        of_table(counts(2, 3).assign(count=[0, 1, 2, 3, 5, 4]), ["a", "b"]),
    )
    assert "b (2)" in linked(first, second, shared=["a"]).labels
    with pytest.raises(DataError, match="disagree about 4 common cells"):
        linked(first, second)


def test_every_broken_rule_is_said_without_values():
    rows = counts(2, 2)
    with pytest.raises(DataError, match="columns b, count are missing"):
        of_table(rows[["a"]], ["a", "b"])
    twice = pd.concat([rows, rows.iloc[:1]])
    with pytest.raises(
        DataError, match=r"2 rules(.|\n)*1 cells appear twice \(rows 4\)(.|\n)*'a' holds totals \(rows 2, 3\)"
    ):
        of_table(twice.replace({"a": {"1": "total"}}), ["a", "b"])
    with pytest.raises(DataError, match=r"4 cells are no counts \(rows 4, 5, 7, 8\)"):
        of_table(rows.assign(count=[1, 2, 3, 4.5]), ["a", "b"])
    with pytest.raises(DataError, match="1 totals are not the sum"):
        CellSystem(np.array([1.0, 2, 4]), csr_array([[1, 1, -1]]), pd.DataFrame({"a": ["x", "y", "total"]}))


def test_values_cannot_be_changed():
    given = np.array([1.0, 2, 3])
    system = CellSystem(given, csr_array([[1, 1, -1]]), pd.DataFrame({"a": ["x", "y", "total"]}))
    given[0] = 9
    assert system.values[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        system.values[0] = 2


def test_a_stored_zero_of_a_relation_is_no_entry():
    """A zero that is stored for a cell outside a relation must not bound it."""
    labels = pd.DataFrame({"a": ["x", "y", "total", "z"]})
    stored = csr_array((np.array([1.0, 1.0, -1.0, 0.0]), ([0, 0, 0, 0], [0, 1, 2, 3])), shape=(1, 4))
    system = CellSystem(np.array([4.0, 6.0, 10.0, 30.0]), stored, labels)
    assert system.relations.nnz == 3
    low, high = intervals(system, np.array([True, True, True, True]), bounds=([1, 0, 0, 0], [9, 9, 9, np.inf]))
    assert (low[3], high[3]) == (0, np.inf)
