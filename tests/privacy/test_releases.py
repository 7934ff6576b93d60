"""Attacks on releases that follow each other or overlap: nothing may be worked out that one release alone hides.

The attacker subtracts what was shown; where that is not enough he bounds every hidden count by linear programs over all
that was ever shown. Counts are simulated, so that what he finds can be held against the truth.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.privacy import Counts, Earlier, Policy, Released, release, spanning

PUBLIC = Policy(audience="public")
MONTHS = [str(month) for month in pd.period_range("2024-01", periods=28, freq="M")]
CITIES = 13
CELLS = [(arm, end) for arm in ("with", "without") for end in ("home", "hold", "arrest")]


def monthly(city: int) -> np.ndarray:
    """Calls a month in each cell of a table of 2 by 3: arrests are rare, calls that end at home are not."""
    means = np.array([18.0, 9.0, 4.0, 60.0, 18.0, 9.0]) * (0.7 + 0.1 * city)
    return np.random.default_rng(city).poisson(means, size=(len(MONTHS), len(CELLS)))


def cumulative(counted: np.ndarray, through: int) -> Counts:
    """Everything from the first month through a later one, as a dashboard shows it."""
    label = f"{MONTHS[0]}/{MONTHS[through]}"
    rows = pd.DataFrame(CELLS, columns=["arm", "end"]).assign(count=counted[: through + 1].sum(axis=0), through=label)
    dimensions = ("arm", "end", "through")
    return Counts(family="calls", frame=rows, dimensions=dimensions, spans="through", atoms=spanning([label]))


@cache
def followed(city: int) -> list[Released]:
    """What our gate lets through month after month; each release knows all earlier ones."""
    counted, before, made = monthly(city), list[Earlier](), []
    first = int(np.argmax((counted.cumsum(axis=0) >= 11).all(axis=1)))
    for through in range(first, len(MONTHS)):
        made.append(release([cumulative(counted, through)], policy=PUBLIC, earlier={"calls": before}))
        before = before + made[-1].cells["calls"]
    return made


def shown(city: int) -> list[np.ndarray]:
    """Numbers that each release shows, NaN where hidden."""
    sums = monthly(city).cumsum(axis=0)[-len(followed(city)) :]
    return [np.where(made.hidden[0], np.nan, row) for made, row in zip(followed(city), sums, strict=True)]


def given_up(earlier: np.ndarray, later: np.ndarray) -> bool:
    """Whether subtraction gives a count of 1 to 10."""
    difference = later - earlier
    return bool(((difference > 0) & (difference < 11)).any())


def bounds_of(cells: list[Earlier], months: list[str], unknown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest value of each unknown month's count, by linear programs over every cell ever shown."""
    size = len(months) * len(CELLS)
    rows, right = [], []
    for cell in cells:
        if cell.value is not None:
            fits = [all(cell.labels.get(name, value) == value for name, value in zip(("arm", "end"), key, strict=True))
                    for key in CELLS]  # fmt: skip
            rows.append(np.outer([month in cell.span for month in months], fits).ravel().astype(float))
            right.append(float(cell.value))
    ends = []
    for place in unknown:
        aim = np.zeros(size)
        aim[place] = 1.0
        found = [linprog(sign * aim, A_eq=np.array(rows), b_eq=right, bounds=(0, None)) for sign in (1, -1)]
        ends.append([found[0].fun if found[0].status == 0 else 0.0, -found[1].fun if found[1].status == 0 else np.inf])
    low, high = np.array(ends).T
    return low, high


def test_tables_that_are_safe_one_by_one_give_up_months():
    """351 pairs of successive cumulative tables, every cell 11 or more: subtraction gives up most."""
    naive = 0
    for city in range(CITIES):
        sums = monthly(city).cumsum(axis=0)
        safe = np.where((sums >= 11).all(axis=1, keepdims=True), sums, np.nan)
        naive += sum(given_up(*pair) for pair in pairwise(safe))
    assert CITIES * (len(MONTHS) - 1) == 351
    assert naive / 351 > 0.75


@pytest.mark.parametrize("city", range(CITIES))
def test_successive_cumulative_tables_give_nothing_away(city):
    """The same tables through the gate: no pair, successive or not, gives a count of 1 to 10; sums are still shown."""
    assert not any(given_up(*pair) for pair in combinations(shown(city), 2))
    assert all(any(cell.value is not None for cell in made.cells["calls"]) for made in followed(city))


def test_all_releases_together_leave_every_small_month_open():
    """Linear programs over all that was ever shown: each month's small count can still be anything from 1 to 10."""
    counted, cells = monthly(0), [cell for made in followed(0) for cell in made.cells["calls"]]
    small = np.flatnonzero((counted.ravel() > 0) & (counted.ravel() < 11))
    asked = small[:: max(1, len(small) // 25)]
    low, high = bounds_of(cells, MONTHS, asked)
    assert (low <= 1 + 1e-6).all()
    assert (high >= 10 - 1e-6).all()


def test_the_attacker_of_these_tests_finds_what_is_shown_bare():
    """The same programs over tables of which nothing is hidden recover every month exactly: they can fail us."""
    counted = monthly(0)[:3]
    cells = [
        Earlier(labels={"arm": arm, "end": end}, span=frozenset(MONTHS[: through + 1]), value=int(value))
        for through in range(3)
        for (arm, end), value in zip(CELLS, counted[: through + 1].sum(axis=0), strict=True)
    ]
    low, high = bounds_of(cells, MONTHS[:3], np.arange(counted.size))
    np.testing.assert_allclose([low, high], [counted.ravel()] * 2, atol=1e-6)  # programs iterate; counts are whole


def areas(counts: dict[str, int], tracts: dict[str, str]) -> Counts:
    rows = pd.DataFrame({"area": list(counts), "count": list(counts.values())})
    atoms = {name: frozenset(tracts[name]) for name in counts}
    return Counts(family="holds by area", frame=rows, dimensions=("area",), spans="area", atoms=atoms)


def test_an_area_inside_another_is_not_shown_beside_it():
    """A district of 40 and a beat of 36 inside it leave a street of 4."""
    made = release([areas({"district": 40, "beat": 36}, {"district": "123", "beat": "12"})], policy=PUBLIC)
    assert made.hidden[0].any()
    apart = release([areas({"district": 40, "beat": 20}, {"district": "123", "beat": "12"})], policy=PUBLIC)
    assert not apart.hidden[0].any()


def test_overlapping_areas_of_several_releases_are_subtracted_too():
    """Two overlapping areas are fine alone; a third that holds both leaves 3 in one of their ends."""
    first = release([areas({"west": 30, "east": 40}, {"west": "12", "east": "23"})], policy=PUBLIC)
    assert not first.hidden[0].any()
    whole = areas({"both": 43}, {"both": "123"})  # both less east: 3 in tract 1
    assert not release([whole], policy=PUBLIC).hidden[0].any()
    assert release([whole], policy=PUBLIC, earlier=first.cells).hidden[0].all()


def test_a_quarter_after_its_months_does_not_tell_the_hidden_one():
    months = pd.DataFrame({"period": MONTHS[:3], "count": [14, 4, 20]})
    first = Counts(family="arrests", frame=months, dimensions=("period",), spans="period", atoms=spanning(MONTHS[:3]))
    by_month = release([first], policy=PUBLIC)
    assert by_month.hidden[0].tolist() == [False, True, False]
    quarter = pd.DataFrame({"period": ["2024Q1"], "count": [38]})
    later = Counts(family="arrests", frame=quarter, dimensions=("period",), spans="period", atoms=spanning(["2024Q1"]))
    assert not release([later], policy=PUBLIC).hidden[0].any()
    assert release([later], policy=PUBLIC, earlier=by_month.cells).hidden[0].all()


def test_what_a_total_leaves_out_is_a_cell():
    """97 calls in categories of a total of 100: three were excluded, and nobody may learn it."""
    rows = pd.DataFrame({"end": ["home", "hold", "arrest", "total"], "count": [50, 30, 17, 100]})
    (hidden,) = release([Counts(family="ends", frame=rows, dimensions=("end",))], policy=PUBLIC).hidden
    assert hidden.any()
    complete = rows.assign(count=[50, 30, 20, 100])
    assert not release([Counts(family="ends", frame=complete, dimensions=("end",))], policy=PUBLIC).hidden[0].any()


def test_those_whose_answer_is_not_known_are_a_cell():
    rows = pd.DataFrame({"arm": ["with", "without"], "count": [30, 40], "of": [90, 100], "missing": [2, 0]})
    counts = Counts(family="holds", frame=rows, dimensions=("arm",), of="of", unknown="missing")
    assert release([counts], policy=PUBLIC).hidden[0].any()


def test_a_share_of_nearly_all_gives_away_the_others():
    """96 of 100 leave 4: the complement is a small cell as well."""
    rows = pd.DataFrame({"arm": ["with", "without"], "count": [96, 50], "of": [100, 100]})
    counts = Counts(family="connected", frame=rows, dimensions=("arm",), of="of")
    assert release([counts], policy=PUBLIC).hidden[0][0]
    assert not release([counts], policy=Policy(audience="public", threshold=4)).hidden[0].any()


def test_a_rare_date_is_not_the_only_hidden_one():
    """One day with a single event among busy days, in a week whose total is shown."""
    rows = pd.DataFrame({"day": list("abcdefg"), "count": [15, 22, 1, 13, 0, 31, 18]})
    (hidden,) = release([Counts(family="events by day", frame=rows, dimensions=("day",))], policy=PUBLIC).hidden
    assert hidden[2]
    assert hidden.sum() >= 2


def test_zeros_are_shown():
    rows = pd.DataFrame({"day": list("abc"), "count": [0, 22, 40]})
    assert not release([Counts(family="z", frame=rows, dimensions=("day",))], policy=PUBLIC).hidden[0].any()


def test_a_changed_count_of_a_released_cell_is_refused():
    rows = pd.DataFrame({"arm": ["with", "without"], "count": [30, 40]})
    first = release([Counts(family="holds", frame=rows, dimensions=("arm",))], policy=PUBLIC)
    revised = Counts(family="holds", frame=rows.assign(count=[33, 40]), dimensions=("arm",))
    with pytest.raises(DisclosureError, match="differ from what was shown"):
        release([revised], policy=PUBLIC, earlier=first.cells)


def test_counts_that_are_no_counts_are_refused_all_at_once():
    rows = pd.DataFrame({"arm": ["with"], "count": [0.5]})
    with pytest.raises(DisclosureError, match=r"breaks 2 rules(.|\n)*no whole numbers(.|\n)*no dimension"):
        Counts(family="holds", frame=rows, dimensions=("arm",), spans="month")


def heard(groups: dict[str, tuple[int, int]], label: str = "") -> Counts:
    """People who said yes of people heard, by group, and of all."""
    rows = pd.DataFrame([(name, *pair) for name, pair in groups.items()], columns=["group", "yes", "of"])
    whole = pd.DataFrame([("total", rows["yes"].sum(), rows["of"].sum())], columns=rows.columns)
    frame = pd.concat([whole, rows], ignore_index=True).assign(when=label)
    spans = {"spans": "when", "atoms": spanning([label])} if label else {}
    dimensions = ("group", "when") if label else ("group",)
    return Counts(family="heard", frame=frame, dimensions=dimensions, count="yes", of="of", **spans)


@pytest.mark.parametrize("groups", [{"a": (7, 14), "b": (7, 14)}, {"a": (4, 12), "b": (7, 13), "c": (3, 10)}])
def test_a_total_stays_where_all_of_its_breakdown_goes(groups):
    (hidden,) = release([heard(groups)], policy=PUBLIC).hidden
    assert hidden.tolist() == [False] + [True] * len(groups)


@pytest.mark.parametrize("groups", [{"a": (10, 30), "b": (9, 30)}, {"a": (6, 10), "b": (6, 10), "c": (4, 10)}])
def test_a_total_goes_where_it_would_pin_small_parts(groups):
    # 19 are 9 and 10 to who knows that both are small; 30 people in three groups of at most 10 are 10 each.
    (hidden,) = release([heard(groups)], policy=PUBLIC).hidden
    assert hidden.all()


def test_a_total_alone_gives_nothing_away_beside_an_earlier_one():
    first = release([heard({"a": (20, 40), "b": (20, 40)}, "2024-01/2024-02")], policy=PUBLIC)
    assert not first.hidden[0].any()
    later = {"a": (24, 48), "b": (23, 46)}
    (hidden,) = release([heard(later, "2024-01/2024-03")], policy=PUBLIC, earlier=first.cells).hidden
    assert hidden.all()
