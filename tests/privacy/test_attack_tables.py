"""An attacker against 200 random families of tables: ours give nothing away, simpler ways of hiding do, in the same run.

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

SYSTEMS = 200
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


def leaks(system, hidden, primary, bounds=None):
    """Small cells that are worked out exactly, and that are narrowed to less than 1 … 10."""
    low, high = (bound[primary] for bound in intervals(system, hidden, bounds=bounds))
    return np.array([(low == high).sum(), ((low > SMALL[0]) | (high < SMALL[1])).sum()])


@pytest.fixture(scope="module")
def attacked():
    """Leaks of each way of hiding, and what the knowledge which cells are small would leave if nothing were shown."""
    ways = dict.fromkeys(["small only", "naive", "naive, labelled apart", "ours", "ours, labelled apart"], 0)
    told = small = 0
    for number in range(SYSTEMS):
        system = family(number)
        found = suppress(system, time_limit=120)
        primary = found.primary
        known = knowledge(system, primary)
        naive = one_more_in_each_sum(system, primary)
        ways["small only"] += leaks(system, primary, primary)
        ways["naive"] += leaks(system, naive, primary)
        ways["naive, labelled apart"] += leaks(system, naive, primary, known)
        ways["ours"] += leaks(system, found.hidden, primary)
        ways["ours, labelled apart"] += leaks(system, found.hidden, primary, known)
        everything = intervals(system, np.ones_like(primary), bounds=known)
        told += sum(((found.low != everything[0]) | (found.high != everything[1]))[primary])
        small += int(primary.sum())
    return ways, told, small
