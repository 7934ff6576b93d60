"""The section [cost] of a study: prices, and whose costs count over how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast, get_args

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.decide import Posts, Price
from coresponder_causal.decide.prices import Enters, Payer, Perspective

cost_keys = (
    "perspective", "horizon_years", "discount", "price_year", "index", "index_source", "officer_hours", "posts",
    "price", "reasons",
)  # fmt: skip
reasoned = ("perspective", "horizon_years", "discount")
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
    index_source : str
        Where the index is from.
    officer_hours : mapping of str to float
        That one event takes, by outcome.
    posts : Posts or None
    reasons : mapping of str to str
        Why this perspective, this horizon, this discount.
    """

    prices: tuple[Price, ...]
    price_year: int
    perspective: Perspective = "city"
    horizon_years: int = 1
    discount: float = 0.03
    index: Mapping[int, float] = field(default_factory=dict)
    index_source: str = ""
    officer_hours: Mapping[str, float] = field(default_factory=dict)
    posts: Posts | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)


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
    posts = _posts(given["posts"], problems) if "posts" in given else None
    if len(problems.found) > before:
        return None
    settings = {
        key: given[key]
        for key in ("perspective", "horizon_years", "discount", "index_source", "reasons")
        if key in given
    }
    return CostPlan(
        prices=tuple(Price(**row) for row in rows),
        price_year=given["price_year"],
        index={int(year): float(value) for year, value in given.get("index", {}).items()},
        officer_hours={str(name): float(value) for name, value in given.get("officer_hours", {}).items()},
        posts=posts,
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
    for key in ("index", "officer_hours"):
        entry = given.get(key, {})
        if not isinstance(entry, dict) or not all(map(_number, entry.values())):
            problems.add(f"{key} in [cost] is {entry!r}", mend="write { name = number }")
        elif key == "index" and not all(str(year).isdigit() and value > 0 for year, value in entry.items()):
            problems.add(f"index in [cost] is {entry!r}", mend="write { year = number over 0 }")
    if not isinstance(given.get("index_source", ""), str):
        problems.add(f"index_source in [cost] is {given['index_source']!r}", mend="write text")
    reasons = given.get("reasons", {})
    if not isinstance(reasons, dict) or not all(
        key in reasoned and isinstance(why, str) for key, why in reasons.items()
    ):
        problems.add(f"reasons in [cost] is {reasons!r}", mend=f"write text for {', '.join(reasoned)}")


def _posts(given: object, problems: Problems) -> Posts | None:
    """Read the officer posts given up."""
    known = [one.name for one in fields(Posts)]
    rows = given if isinstance(given, dict) else {}
    if not {"posts", "hours", "filled"} <= set(rows) <= set(known) or not all(map(_number, rows.values())):
        problems.add("posts in [cost] is not complete", mend="write { posts = 5, hours = 1700, filled = 0.2 }")
        return None
    try:
        return Posts(**rows)
    except DesignError as error:
        problems.add(f"posts in [cost]: {error.what}", mend=error.mend)
        return None


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and cast(float, value) >= 0
