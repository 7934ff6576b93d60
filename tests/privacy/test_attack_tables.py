"""An attacker against random families of tables: ours give nothing away, simpler ways of hiding them do.

Tables, counts and attacks are made here; truth is known because the tables are.
"""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from coresponder_causal.core.attacker import intervals
from coresponder_causal.core.cell_system import linked, of_table
from coresponder_causal.core.suppression import suppress

TIERS = [60, pytest.param(200, marks=pytest.mark.full)]
SMALL = (1.0, 10.0)


def table(rng, names, shape, total):
    """Counts with few and many cases in the categories, as of districts and offences."""
    share = np.ones(shape)
    for axis, size in enumerate(shape):
        share = share * rng.gamma(0.8, 1, size).reshape([-1 if k == axis else 1 for k in range(len(shape))])
    counts = rng.poisson(share / share.sum() * total).ravel()
    rows = pd.DataFrame(itertools.product(*(range(size) for size in shape)), columns=names)
    return rows.assign(count=counts)


def family(number):
    """Seven of ten are tables of two ways, the others of three, or two tables of the same cases by other categories."""
    rng = np.random.default_rng([8, number])
    total = int(rng.choice([150, 300, 700]))
    if number % 10 < 7:
        return of_table(table(rng, ["a", "b"], rng.integers(3, 7, 2), total), ["a", "b"])
    cases = table(rng, ["a", "b", "c"], (2, rng.integers(2, 4), 3), total)
    if number % 10 == 7:
        return of_table(cases, ["a", "b", "c"])
    sides = [cases.groupby(pair, as_index=False)["count"].sum() for pair in (["a", "b"], ["b", "c"])]
    return linked(*(of_table(side, list(side.columns[:2])) for side in sides))


def knowledge(system, primary):
    return np.where(primary, SMALL[0], 0.0), np.where(primary, SMALL[1], np.inf)


def one_more_in_each_sum(system, primary):
    """Naive: wherever one hidden cell stands alone in a sum, hide the smallest other one beside it."""
    hidden = primary.copy()
    changed = True
    while changed:
        changed = False
        for row in system.relations:
            cells = row.indices
            if hidden[cells].sum() == 1:
                others = cells[~hidden[cells] & (system.values[cells] > 0) & ~system.roots[cells]]
                if others.size:
                    hidden[others[np.argmin(system.values[others])]] = changed = True
    return hidden


def leaks(low, high):
    """Small cells that are worked out exactly, and that are narrowed to less than 1 … 10."""
    return np.array([(low == high).sum(), ((low > SMALL[0]) | (high < SMALL[1])).sum()])


@pytest.fixture(scope="module", params=TIERS)
def attacked(request):
    """Leaks of each way of hiding; and small cells about which ours tell more than knowing which cells are small."""
    ways = dict.fromkeys(["small only", "naive", "naive, labelled apart", "ours", "ours, labelled apart"], 0)
    told, wide = np.zeros(2, int), 0
    for number in range(request.param):
        system = family(number)
        found = suppress(system, time_limit=120)
        primary = np.flatnonzero(found.primary)
        known = knowledge(system, found.primary)
        naive = one_more_in_each_sum(system, found.primary)
        ways["small only"] += leaks(*intervals(system, found.primary, cells=primary))
        ways["naive"] += leaks(*intervals(system, naive, cells=primary))
        ways["naive, labelled apart"] += leaks(*intervals(system, naive, cells=primary, bounds=known))
        ways["ours"] += leaks(*intervals(system, found.hidden, cells=primary))
        low, high = intervals(system, found.hidden, cells=primary, bounds=known)
        ways["ours, labelled apart"] += leaks(low, high)
        least, most = intervals(system, np.ones_like(naive), cells=primary, bounds=known)
        told += np.array([((low > least) | (high < most)).sum(), (found.low[primary] != low).sum()])
        wide += int(((least == SMALL[0]) & (most == SMALL[1])).sum())
    return ways, told, wide


def test_nothing_hidden_by_us_is_worked_out_or_narrowed(attacked):
    ways, _, _ = attacked
    assert ways["ours"].tolist() == [0, 0]
    assert ways["ours, labelled apart"][0] == 0


def test_who_knows_which_cells_are_small_learns_nothing_more(attacked):
    """Small totals of small cells are narrowed by that knowledge alone; all others keep 1 … 10."""
    _, told, wide = attacked
    assert told.tolist() == [0, 0]
    assert wide > 0


def test_simpler_ways_leak_in_the_same_tables(attacked):
    ways, _, _ = attacked
    assert ways["small only"][0] > 100
    assert ways["naive"][0] > 0
    assert ways["naive"][1] > ways["naive"][0]
    assert ways["naive, labelled apart"][0] > ways["naive"][0]


@pytest.mark.parametrize("number", [0, 3, 7, 8, 17])
def test_another_attacker_agrees(number):
    """Written anew with what is shown alone; whole-number programs where fractions could reach further."""
    system = family(number)
    found = suppress(system)
    shown = np.where(found.hidden, 0.0, system.values)
    A, b = system.relations[:, found.hidden].toarray(), -(system.relations @ shown)
    cells = np.flatnonzero(found.hidden)
    for bounds, full in ((None, True), (knowledge(system, found.primary), False)):
        low, high = (
            (np.zeros(len(cells)), np.full(len(cells), np.inf)) if bounds is None else np.array(bounds)[:, cells]
        )
        ours = intervals(system, found.hidden, bounds=bounds)
        for place, cell in enumerate(cells):
            if not found.primary[cell]:
                continue
            aim = np.eye(len(cells))[place]
            ends = [linprog(way * aim, A_eq=A, b_eq=b, bounds=np.c_[low, high]).fun * way for way in (1, -1)]
            assert ends == pytest.approx([ours[0][cell], ours[1][cell]], abs=1e-6)  # both iterate; counts are whole
            whole = [
                milp(
                    way * aim,
                    integrality=np.ones(len(cells)),
                    bounds=Bounds(low, high),
                    constraints=LinearConstraint(A, b, b),
                )
                for way in (1, -1)
            ]
            reached = [round(whole[0].fun), round(-whole[1].fun)]
            assert reached[0] <= max(SMALL[0], 0 if full else ours[0][cell])
            assert reached[1] >= (SMALL[1] if full else ours[1][cell])


def test_a_total_that_includes_cases_left_out_gives_them_away():
    """Published 130 of which 127 are in the districts shown: three are left out, and everybody can subtract."""
    parts = pd.DataFrame({"district": ["a", "b", "c", "left out"], "count": [40, 35, 52, 3]})
    whole = of_table(parts, ["district"])
    not_printed = whole.labels["district"].eq("left out").to_numpy()
    assert intervals(whole, not_printed)[0][not_printed].tolist() == [3]
    found = suppress(whole, already_hidden=not_printed)
    low, high = (bound[not_printed] for bound in intervals(whole, found.hidden, bounds=knowledge(whole, found.primary)))
    assert (low[0], high[0]) == SMALL


def test_a_program_that_presolve_calls_infeasible_is_solved():
    """HiGHS 1.8 with presolve found no table at all for this family, whose true table is one."""
    system = family(188)
    known = knowledge(system, (system.values > 0) & (system.values <= SMALL[1]))
    low, high = intervals(system, np.ones(len(system.values), bool), bounds=known)
    assert ((low <= system.values) & (system.values <= high)).all()
