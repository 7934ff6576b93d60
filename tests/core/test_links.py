"""Links of least distance against looking at every choice, and against the bound of a linear programme.

Distances are sums of eighths or of numbers with nine decimals; sums of up to sixty of them are compared to 1e-7, since
a link counts as a billionth longer than it is.
"""

from itertools import combinations, permutations

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog

from coresponder_causal.core import links
from coresponder_causal.core.line_pairs import least_line_pairs
from coresponder_causal.core.links import Limits, least_links

CLOSE = 1e-7
SHORT = 1000.0
FULL = {
    "no limits": (Limits(1, None), Limits(1, None)),
    "at most three controls": (Limits(1, 3), Limits(1, None)),
    "at most two treated": (Limits(1, None), Limits(1, 2)),
    "both": (Limits(1, 3), Limits(1, 2)),
    "pairs": (Limits(1, 1), Limits(1, 1)),
}
NEEDY = {"two controls": (Limits(2, None), Limits(1, 1)), "two to four": (Limits(2, 4), Limits(1, 1))}
PAIRS = {f"ratio {ratio}": (Limits(ratio, ratio), Limits(0, 1)) for ratio in (1, 2, 3)}


def draw(seed, n1, n0, q=1):
    """Coordinates of both arms; every other draw on a grid, where ties abound."""
    rng = np.random.default_rng(seed)
    if seed % 2:
        return rng.integers(0, 16, (n1, q)) / 8, rng.integers(0, 20, (n0, q)) / 8
    return np.round(rng.normal(0.5, 1, (n1, q)), 9), np.round(rng.normal(0, 1, (n0, q)), 9)


def distances(treated, control):
    return np.round(np.linalg.norm(treated[:, None] - control[None], axis=2), 9)


def shortage(counts, low):
    """A second link that lacks is cheaper than a first one: units are to have one before any has two."""
    lacking = np.maximum(low - counts, 0)
    return SHORT * float((lacking * (lacking + 1) / 2).sum())


def cost(found, sizes, limits):
    """Sum of distances and of what lacks; the links must keep to what units may have."""
    total = float(found.distance.sum())
    for ends, size, (low, high) in zip((found.first, found.second), sizes, limits, strict=True):
        counts = np.bincount(ends, minlength=size)
        assert high is None or counts.max(initial=0) <= high
        total += shortage(counts, low)
    return total


def programme(treated, control, limits, width):
    """Value of the linear programme, and of its dual: no choice of links can cost less than the latter."""
    far = distances(treated, control)
    ends = np.nonzero(far <= width)
    many, sizes = len(ends[0]), far.shape
    costs, upper, bounds, lacks = [far[ends]], [], [], []
    for arm in (0, 1):
        at = sparse.csr_array((np.ones(many), (ends[arm], np.arange(many))), shape=(sizes[arm], many))
        low, high = limits[arm]
        lacks += [(arm, sizes[arm])] * low
        costs += [np.full(sizes[arm], SHORT * (copy + 1)) for copy in range(low)]
        upper += [(at, arm, -1, low)] if low else []
        upper += [(at, arm, 1, high)] if high is not None else []
    for at, arm, sign, limit in upper:
        slack = [sparse.eye_array(size) if sign < 0 and own == arm else sparse.csr_array((sizes[arm], size))
                 for own, size in lacks]  # fmt: skip
        bounds.append((sparse.hstack([sign * at, *(-one for one in slack)]), np.full(sizes[arm], sign * limit)))
    matrix, right = sparse.vstack([one for one, _ in bounds]), np.concatenate([one for _, one in bounds])
    found = linprog(np.concatenate(costs), matrix, right, bounds=(0, 1))
    dual = right @ found.ineqlin.marginals + found.upper.marginals.sum()
    return found.fun, dual


def every_full_matching(far, width):
    """Least sum over all sets of links in which each unit has one and no link is to spare."""
    candidates = [(i, j) for i, j in np.ndindex(far.shape) if far[i, j] <= width]
    best = np.inf
    for many in range(max(far.shape), sum(far.shape)):
        for chosen in combinations(candidates, many):
            if tuple(len(set(ends)) for ends in zip(*chosen, strict=True)) == far.shape:
                best = min(best, sum(far[link] for link in chosen))
    return best


@pytest.mark.parametrize("seed", range(12))
def test_pairs_are_the_best_of_all(seed):
    treated, control = draw(seed, 4, 6)
    far = distances(treated, control)
    best = min(far[range(4), list(chosen)].sum() for chosen in permutations(range(6), 4))
    for found in (
        least_line_pairs(treated[:, 0], control[:, 0], ratio=1, width=np.inf),
        least_links(treated, control, *PAIRS["ratio 1"], width=np.inf),
    ):
        assert abs(found.distance.sum() - best) < CLOSE
        np.testing.assert_array_equal(far[found.first, found.second], found.distance)


@pytest.mark.parametrize("seed", range(12))
def test_full_matching_is_the_best_of_all(seed):
    treated, control = draw(seed, 3, 4)
    found = least_links(treated, control, *FULL["no limits"], width=np.inf)
    assert abs(found.distance.sum() - every_full_matching(distances(treated, control), np.inf)) < CLOSE


@pytest.mark.parametrize("width", [np.inf, 0.5])
@pytest.mark.parametrize("kind", FULL | PAIRS | NEEDY)
def test_no_links_are_better_than_those_of_the_linear_programme(monkeypatch, kind, width):
    """With one candidate per unit to begin with, so that dual prices must find the others."""
    monkeypatch.setattr(links, "few", 1)
    limits = (FULL | PAIRS | NEEDY)[kind]
    for seed in range(6):
        sizes = np.random.default_rng(seed).integers(2, 25, 2)
        treated, control = draw(seed, *sizes, q=1 + seed % 3 % 2)
        value, dual = programme(treated, control, limits, width)
        found = least_links(treated, control, *limits, width=width)
        assert abs(value - dual) < CLOSE * max(1, value)
        assert abs(cost(found, sizes, limits) - dual) < CLOSE * max(1, value / SHORT)
        assert (found.distance <= width).all()


@pytest.mark.parametrize("width", [np.inf, 0.5])
@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_the_sweep_finds_what_the_linear_programme_finds(ratio, width):
    limits = PAIRS[f"ratio {ratio}"]
    for seed in range(20):
        sizes = np.random.default_rng(seed).integers(1, 25, 2)
        treated, control = draw(seed, *sizes)
        found = least_line_pairs(treated[:, 0], control[:, 0], ratio=ratio, width=width)
        value, dual = programme(treated, control, limits, width)
        assert abs(cost(found, sizes, limits) - dual) < CLOSE * max(1, value / SHORT)
        assert len(np.unique(found.second)) == len(found.second)
        np.testing.assert_array_equal(distances(treated, control)[found.first, found.second], found.distance)


@pytest.mark.parametrize("seed", range(6))
def test_pairs_on_a_line_are_in_order(seed):
    treated, control = (arm[:, 0] for arm in draw(seed, 30, 50))
    found = least_line_pairs(treated, control, ratio=2, width=0.4)
    order = np.lexsort((control[found.second], treated[found.first]))
    assert (np.diff(control[found.second][order]) >= 0).all()


@pytest.mark.parametrize("kind", FULL)
def test_every_set_has_a_unit_in_its_middle(kind):
    limits = FULL[kind]
    for seed in range(6):
        treated, control = draw(seed, 20, 30)
        found = least_links(treated, control, *limits, width=0.5)
        both = [np.bincount(ends)[ends] > 1 for ends in (found.first, found.second)]
        assert not (both[0] & both[1]).any()


def test_equal_units_form_as_many_sets_as_can_be_and_spread_over_them():
    """Thirty treated and a hundred untreated units at one place: least distance is 0 even with 71 in one set."""
    found = least_links(np.zeros((30, 1)), np.zeros((100, 1)), *FULL["no limits"], width=np.inf)
    assert len(found.first) == 100
    assert np.bincount(found.first).max() <= 6


def test_rows_to_begin_with_change_nothing():
    treated, control = draw(0, 20, 60)
    plain = least_links(treated, control, *FULL["both"], width=np.inf)
    start = np.repeat(np.arange(20), 3), np.arange(60)
    begun = least_links(treated, control, *FULL["both"], width=np.inf, start=start)
    assert abs(plain.distance.sum() - begun.distance.sum()) < CLOSE


def test_nobody_within_the_width_is_no_link():
    treated, control = np.zeros((2, 1)), np.ones((3, 1))
    for limits in (FULL["no limits"], FULL["both"], PAIRS["ratio 1"]):
        assert len(least_links(treated, control, *limits, width=0.5).first) == 0
    assert len(least_line_pairs(treated[:, 0], control[:, 0], ratio=1, width=0.5).first) == 0
