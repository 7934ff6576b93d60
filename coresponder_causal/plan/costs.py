"""The section [cost] of a study: prices, and whose costs count over how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast, get_args

from coresponder_causal.core.errors import Problems
from coresponder_causal.decide import Posts, Price
from coresponder_causal.decide.prices import Enters, Payer, Perspective

cost_keys = (
    "perspective", "horizon_years", "discount", "price_year", "index", "officer_hours", "posts", "price",
)  # fmt: skip
words_of = {"what": str, "unit": str, "source": str, "year": int, "once": bool}
choices = {"payer": get_args(Payer), "enters": get_args(Enters)}
needed = ("what", "unit", "amount", "year", "source", "payer", "enters")


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPlan:
    """What a study says of costs.

    Parameters
    ----------
    prices : tuple of Price
    price_year : int
    perspective : {"city", "county", "society"}
    horizon_years : int
    discount : float
    index : mapping of int to float
    officer_hours : mapping of str to float
        That one event takes, by outcome.
    posts : Posts or None
    """

    prices: tuple[Price, ...]
    price_year: int
    perspective: Perspective = "city"
    horizon_years: int = 1
    discount: float = 0.03
    index: Mapping[int, float] = field(default_factory=dict)
    officer_hours: Mapping[str, float] = field(default_factory=dict)
    posts: Posts | None = None


def read_costs(given: Mapping[str, Any], problems: Problems) -> CostPlan | None:
    """Read the section; None where there is none, or it breaks a rule.

    Parameters
    ----------
    given : mapping
        The section as the file states it.
    problems : Problems
        Gets every rule that is broken.

    Examples
    --------
    >>> price = {"what": "team", "unit": "hour", "amount": 65, "year": 2021, "source": "payroll", "payer": "city",
    ...          "enters": "spent", "quantity": 3640}
    >>> read_costs({"price_year": 2021, "price": [price]}, Problems("study")).prices[0].amount
    65
    """
    if not given:
        return None
    before = len(problems.found)
    rows = given.get("price", [])
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        problems.add("[cost] has no prices", mend="write [[cost.price]] for each thing paid for")
        rows = []
    for row in rows:
        _check_price(row, problems)
    _check_settings(given, problems)
    if len(problems.found) > before:
        return None
    posts = given.get("posts")
    settings = {key: given[key] for key in ("perspective", "horizon_years", "discount") if key in given}
    return CostPlan(
        prices=tuple(Price(**row) for row in rows),
        price_year=given["price_year"],
        index={int(year): float(value) for year, value in given.get("index", {}).items()},
        officer_hours={str(name): float(value) for name, value in given.get("officer_hours", {}).items()},
        posts=None if posts is None else Posts(**posts),
        **settings,
    )


def _check_price(row: Mapping[str, Any], problems: Problems) -> None:
    known = [one.name for one in fields(Price)]
    name = row.get("what", "without a name")
    unknown, missing = sorted(set(row) - set(known)), [key for key in needed if key not in row]
    if unknown or missing:
        problems.add(
            f"price {name}: {', '.join([f'unknown {key}' for key in unknown] + [f'no {key}' for key in missing])}",
            mend=f"keys are {', '.join(known)}",
        )
    for key, value in row.items():
        if key in choices and value not in choices[key]:
            problems.add(f"price {name}: {key} is {value!r}", mend=f"choose from {', '.join(choices[key])}")
        elif key in words_of and not isinstance(value, words_of[key]):
            problems.add(f"price {name}: {key} is {value!r}", mend="write text, a year, or true or false")
        elif key in known and key not in {*words_of, *choices} and not _number(value):
            problems.add(f"price {name}: {key} is {value!r}", mend="write a number not below 0")


def _check_settings(given: Mapping[str, Any], problems: Problems) -> None:
    if not isinstance(given.get("price_year"), int):
        problems.add("[cost] does not say of which year its money is", mend="write price_year")
    if given.get("perspective", "city") not in get_args(Perspective):
        mend = f"choose from {', '.join(get_args(Perspective))}"
        problems.add(f"perspective in [cost] is {given['perspective']!r}", mend=mend)
    years = given.get("horizon_years", 1)
    if not isinstance(years, int) or isinstance(years, bool) or years < 1:
        problems.add(f"horizon_years in [cost] is {years!r}", mend="write whole years")
    if not _number(given.get("discount", 0.03)) or given.get("discount", 0.03) >= 1:
        problems.add(f"discount in [cost] is {given['discount']!r}", mend="write a share from 0 to below 1")
    for key in ("index", "officer_hours", "posts"):
        entry = given.get(key, {})
        if not isinstance(entry, dict) or not all(map(_number, entry.values())):
            problems.add(f"{key} in [cost] is {entry!r}", mend="write { name = number }")
        elif key == "index" and not all(str(year).isdigit() and value > 0 for year, value in entry.items()):
            problems.add(f"index in [cost] is {entry!r}", mend="write { year = number over 0 }")
    if isinstance(given.get("posts"), dict) and set(given["posts"]) != {one.name for one in fields(Posts)}:
        problems.add("posts in [cost] is not complete", mend="write { posts = 5, hours = 1700, filled = 0.2 }")


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and cast(float, value) >= 0
