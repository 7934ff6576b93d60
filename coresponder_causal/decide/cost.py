"""What a programme costs for what it averts, with the errors of effects and prices together.

With E_k events averted a year, s_k saved by each, h_k officer-hours by each, v the worth of an officer-hour, K what is
spent, B what is freed and F officer-hours forgone: net cost C = K − B − Σ E_k (s_k + v h_k) + v F. It is linear in each
of E, s, v, so its gradient is exact; the covariance of C and E_k by the delta method gives Fieller's set of C/E_k. The
chance that an event averted is worth its cost, P(λ E − C ≥ 0), and the interval of C are drawn: estimates by t with
their joint correlation, prices by gamma. Where a correlation is unknown, or an effect is a set, everything is computed
at both ends, and the wider answer is given. A year's effect is taken to last over the horizon; costs and effects are
discounted alike, from the second year on.

Reference: Fieller (1954), doi:10.1111/j.2517-6161.1954.tb00159.x; Briggs, Sculpher & Claxton (2006); what is reported
follows CHEERS 2022, doi:10.1136/bmj-2021-067975.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.inference import RatioSet, as_student, ratio_set
from coresponder_causal.core.result import Result
from coresponder_causal.decide.account import Account, Effect, Posts
from coresponder_causal.decide.assumptions import family_of
from coresponder_causal.decide.covariance import joint_correlation
from coresponder_causal.decide.evidence import own_tests
from coresponder_causal.decide.prices import Perspective, Price, drawn_prices, factors, seen_by

Array = NDArray[np.float64]


class World(NamedTuple):
    """One way in which what is not known may be: centres, errors and correlation of the estimates."""

    theta: Array
    errors: Array
    correlation: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cost:
    """What a programme costs.

    Parameters
    ----------
    totals : DataFrame
        ``what`` ("spent", "freed", "net_cost", "officer_hours"), ``estimate, estimate_to, low, high``, over the
        horizon; net of what averted events save. ``estimate_to`` differs from ``estimate`` where an effect is a set.
    per_event : DataFrame
        ``outcome, averted, averted_to, averted_low, averted_high`` (over the horizon), ``of`` ("spent" or "net_cost"),
        ``estimate, low, high, kind`` as of `RatioSet`, and ``said``.
    acceptability : DataFrame
        ``worth`` of one averted event of the first outcome, and the chance that it is worth its cost: ``low, high``,
        equal where all is known.
    tornado : DataFrame
        ``what, at_low, at_high, net_low, net_high, break_even`` by the size of what each moves; ``break_even`` is the
        value at which the net cost is 0, NaN where there is none.
    notes : tuple of str
        What must be read with it.
    about : mapping of str to object
        ``perspective, horizon_years, discount, price_year``.
    """

    totals: pd.DataFrame
    per_event: pd.DataFrame
    acceptability: pd.DataFrame
    tornado: pd.DataFrame
    notes: tuple[str, ...]
    about: Mapping[str, object] = field(default_factory=dict)

    def __repr__(self) -> str:
        net = self.totals.set_index("what").loc["net_cost"]
        return f"Cost: net {net['low']:,.0f} to {net['high']:,.0f}; see .totals, .per_event, .acceptability, .tornado"


def cost(
    effects: Sequence[Effect],
    prices: Sequence[Price],
    *,
    perspective: Perspective = "city",
    horizon_years: int = 1,
    discount: float = 0.03,
    price_year: int,
    index: Mapping[int, float] | None = None,
    posts: Posts | None = None,
    worth: Sequence[float] = tuple(range(0, 20001, 500)),
    draws: int = 20000,
    seed: int = 1,
) -> Cost:
    """Weigh what a programme costs against what it averts.

    Parameters
    ----------
    effects : sequence of Effect
        One for each outcome; the first is the one whose worth is asked for.
    prices : sequence of Price
    perspective : {"city", "county", "society"}
        Whose costs count.
    horizon_years : int
    discount : float
        A year, of costs and effects alike.
    price_year : int
        Year of the money of all that is told.
    index : mapping of int to float, optional
        Price index by year, needed where a price is of another year.
    posts : Posts, optional
        Officer posts given up.
    worth : sequence of float
        What one averted event of the first outcome may be worth.
    draws, seed : int

    Returns
    -------
    Cost

    Raises
    ------
    DesignError
        If no effect can be used, nothing is spent, an outcome is named twice, or a price cannot be used.
    """
    used, notes = _usable(effects)
    if horizon_years < 1 or not 0 <= discount < 1:
        raise DesignError(
            f"a horizon of {horizon_years} years at a discount of {discount:g}",
            mend="give one year or more, and a discount from 0 to below 1",
        )
    rates = factors(prices, price_year, index or {}) * seen_by(prices, perspective)
    span = float(((1 + discount) ** -np.arange(horizon_years, dtype=float)).sum())
    years = np.array([1.0 if p.once else span for p in prices])
    account = Account(tuple(prices), rates, years, used, 0.0 if posts is None else posts.forgone, span)
    notes += _said_of_prices(account, perspective, horizon_years, posts)
    worlds, unknown = _worlds(used)
    if unknown:
        notes.append(f"{unknown} pairs of effects of unknown correlation: none and a perfect one were both computed")
    rng = np.random.default_rng(seed)
    amounts, normal = drawn_prices(prices, draws, rng), rng.standard_normal((draws, len(used)))
    drawn = [_drawn(world, used, normal) for world in worlds]
    return Cost(
        totals=_totals(account, worlds, drawn, amounts),
        per_event=_per_event(account, worlds),
        acceptability=_acceptability(account, drawn, amounts, np.asarray(worth, float)),
        tornado=_tornado(account, worlds[0]),
        notes=tuple(notes),
        about={
            "perspective": perspective, "horizon_years": horizon_years, "discount": discount, "price_year": price_year,
        },
    )  # fmt: skip


def _usable(effects: Sequence[Effect]) -> tuple[tuple[Effect, ...], list[str]]:
    """Effects with a law to draw from; what is said of others."""
    notes, used = [], []
    for effect in effects:
        own = [said for name, said in own_tests.items() if getattr(effect.result, name) is not None]
        if own or not np.isfinite(effect.result.vcov[0, 0]):
            notes.append(f"{effect.outcome} is left out: its interval is by {', '.join(own) or 'no standard error'}")
        else:
            used.append(effect)
    outcomes = [effect.outcome for effect in used]
    mend = "give one effect with a standard error, or one set, for each outcome"
    if not used:
        raise DesignError("; ".join(notes) or "no effect can be counted in events a year", mend=mend)
    if len(set(outcomes)) < len(outcomes):
        raise DesignError(f"several effects on one outcome: {', '.join(outcomes)}", mend=mend)
    return tuple(used), notes


def _said_of_prices(account: Account, perspective: str, horizon: int, posts: Posts | None) -> list[str]:
    """Say what is not in the numbers."""
    prices, counted = account.prices, account.factor > 0
    if not any(p.enters == "spent" for p in prices):
        raise DesignError("nothing is spent on the programme", mend="give its costs as prices that enter as 'spent'")
    notes = []
    others = [p.what for p, own in zip(prices, counted, strict=True) if not own]
    if others:
        notes.append(f"borne by others than the {perspective}, and not in the numbers: {', '.join(others)}")
    fixed = [p.what for p, own in zip(prices, counted, strict=True) if own and p.spread == 0]
    if fixed:
        notes.append(f"taken as exact, for want of a standard error: {', '.join(fixed)}")
    outcomes = {e.outcome for e in account.effects}
    lost = [p.what for p in prices if p.enters == "averted" and p.what not in outcomes]
    if lost:
        notes.append(f"priced, but no effect on it was given: {', '.join(lost)}")
    valued = any(p.enters == "officer_hour" for p in prices)
    if not valued and (account.forgone or any(e.officer_hours for e in account.effects)):
        notes.append("officer-hours are counted, and no price turns them into money")
    if posts is None:
        notes.append("no opportunity cost of officer posts was given")
    bundles = [e.outcome for e in account.effects if "cities" in family_of(e.result.method).title]
    if bundles and posts is not None:
        notes.append(f"effects on {', '.join(bundles)} are of all that changed, the posts given up among it")
    if horizon > 1:
        notes.append("the effect of a year is taken to last over the horizon")
    return notes


def _worlds(effects: Sequence[Effect]) -> tuple[list[World], int]:
    """Give every end of what is not known, the better one first."""
    joint = joint_correlation([e.result for e in effects])
    ends = [[_end(e.result, place) for e in effects] for place in (0, 1)]
    ends = ends if any(e.result.kind == "set" for e in effects) else ends[:1]
    return [
        World(np.array([at for at, _ in one]), np.array([error for _, error in one]), matrix)
        for one in ends
        for matrix in joint.choices
    ], joint.unknown


def _end(result: Result, place: int) -> tuple[float, float]:
    """Centre and standard error of a result, of a set those of its lower or upper end."""
    if result.kind == "point" or result.set_low is None or result.set_high is None:
        return float(result.estimate[0]), float(np.sqrt(result.vcov[0, 0]))
    error = 0.0 if result.set_spread is None else float(result.set_spread[0, place])
    return float((result.set_low, result.set_high)[place][0]), error


def _drawn(world: World, effects: Sequence[Effect], normal: Array) -> Array:
    """Events averted a year, shape (draws, effects)."""
    values, vectors = np.linalg.eigh(world.correlation)
    z = normal @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    theta = world.theta + world.errors * np.sign(z) * as_student(z, [e.result.df[0] for e in effects])
    with np.errstate(over="ignore"):
        return np.column_stack([e.averted(theta[:, place]) for place, e in enumerate(effects)])


def _centre(account: Account, world: World) -> tuple[Array, Array]:
    """Events averted a year and amounts at their estimates, one row each."""
    averted = [float(e.averted(np.array(at))) for e, at in zip(account.effects, world.theta, strict=True)]
    return np.array([averted]), np.array([[p.amount for p in account.prices]])


def _totals(account: Account, worlds: Sequence[World], drawn: Sequence[Array], amounts: Array) -> pd.DataFrame:
    means = [_centre(account, world) for world in worlds]
    spread = {
        "spent": ([account.spent(a, "spent")[0] for _, a in means], [account.spent(amounts, "spent")]),
        "freed": ([account.spent(a, "freed")[0] for _, a in means], [account.spent(amounts, "freed")]),
        "net_cost": ([account.net(e, a)[0] for e, a in means], [account.net(e, amounts) for e in drawn]),
        "officer_hours": ([account.hours(e)[0] for e, _ in means], [account.hours(e) for e in drawn]),
    }
    rows = []
    for what, (centres, all_draws) in spread.items():
        ends = np.array([np.quantile(one, (0.025, 0.975)) for one in all_draws])
        rows.append((what, min(centres), max(centres), ends[:, 0].min(), ends[:, 1].max()))
    return pd.DataFrame(rows, columns=["what", "estimate", "estimate_to", "low", "high"])


def _per_event(account: Account, worlds: Sequence[World]) -> pd.DataFrame:
    rows = []
    for place, effect in enumerate(account.effects):
        low, high = (account.span * end for end in effect.bounds)
        centres = [account.span * _centre(account, world)[0][0, place] for world in worlds]
        about = {
            "outcome": effect.outcome, "averted": min(centres), "averted_to": max(centres),
            "averted_low": low, "averted_high": high,
        }  # fmt: skip
        for of in ("spent", "net_cost"):
            found = _hull([_ratio(account, world, place, of) for world in worlds])
            rows.append(about | {"of": of, **found._asdict(), "said": _limits(found, of, low)})
    return pd.DataFrame(rows)


def _ratio(account: Account, world: World, place: int, of: str) -> RatioSet:
    """Fieller's set of what is spent, or of the net cost, to events averted of one outcome."""
    averted, amounts = _centre(account, world)
    point = np.concatenate([averted[0], amounts[0]])
    many = len(account.effects)

    def money(rows: Array) -> Array:
        events, paid = rows[:, :many], rows[:, many:]
        return account.spent(paid, "spent") if of == "spent" else account.net(events, paid)

    step = np.eye(len(point))
    slope = (money(point + step) - money(point - step)) / 2  # exact: money is linear in each
    ratio = np.array([e.result.scale == "log_ratio" for e in account.effects])
    per_theta = np.array([e.per_year for e in account.effects]) * np.where(ratio, np.exp(-world.theta), 1.0)
    errors = per_theta * world.errors
    law = np.zeros((len(point), len(point)))
    law[:many, :many] = world.correlation * np.outer(errors, errors)
    law[many:, many:] = np.diag([p.spread**2 for p in account.prices])
    event = account.span * step[place]
    return ratio_set(
        float(money(point[None])[0]),
        float(event @ point),
        variance_of_numerator=float(slope @ law @ slope),
        variance_of_denominator=float(event @ law @ event),
        covariance=float(slope @ law @ event),
        df=float(min(e.result.df[0] for e in account.effects)),
    )


def _hull(found: Sequence[RatioSet]) -> RatioSet:
    """Hold all sets of a ratio; without ends where one has none, or where effects of both signs are possible."""
    if len(found) == 1:
        return found[0]
    estimates = [one.estimate for one in found]
    estimate = estimates[0] if np.ptp(estimates) == 0 else float("nan")
    if any(one.kind != "interval" for one in found) or min(estimates) < 0 < max(estimates):
        return RatioSet(estimate, -np.inf, np.inf, "all")
    return RatioSet(estimate, min(one.low for one in found), max(one.high for one in found), "interval")


def _limits(found: RatioSet, of: str, least: float) -> str:
    """Say what a ratio's set means."""
    if found.kind == "interval" and least > 0:
        if of == "net_cost" and found.high < 0:
            return "costs less than it saves: no cost per averted event"
        if of == "net_cost" and found.low < 0:
            return "may cost less than it saves"
        return ""
    return "no finite upper limit: the effect's interval holds no effect"


def _acceptability(account: Account, drawn: Sequence[Array], amounts: Array, worth: Array) -> pd.DataFrame:
    """Share of draws in which averted events of the first outcome are worth what they cost."""
    shares = []
    for averted in drawn:
        net, events = account.net(averted, amounts), account.span * averted[:, 0]
        shares.append([float((one * events >= net).mean()) for one in worth])
    return pd.DataFrame({"worth": worth, "low": np.min(shares, axis=0), "high": np.max(shares, axis=0)})


def _tornado(account: Account, world: World) -> pd.DataFrame:
    """Net cost with one thing at a time at its low and high end, and where it would be 0."""
    averted, amounts = _centre(account, world)
    point, many = np.concatenate([averted[0], amounts[0]]), len(account.effects)
    names = [f"{e.outcome} averted a year" for e in account.effects] + [
        f"saved by one {p.what}" if p.enters == "averted" else p.what for p in account.prices
    ]
    ends = [e.bounds for e in account.effects] + [p.ends for p in account.prices]
    rows = []
    for place, (name, own) in enumerate(zip(names, ends, strict=True)):
        moved = np.tile(point, (3, 1))
        moved[:2, place], moved[2, place] = own, point[place] + 1
        net = account.net(moved[:, :many], moved[:, many:])
        centre = float(account.net(averted, amounts)[0])
        slope = net[2] - centre
        even = point[place] - centre / slope if slope else np.nan
        if place >= many and account.factor[place - many] == 0:
            continue
        rows.append((name, own[0], own[1], net[0], net[1], even if even >= 0 else np.nan))
    frame = pd.DataFrame(rows, columns=["what", "at_low", "at_high", "net_low", "net_high", "break_even"])
    return frame.iloc[np.argsort(-(frame["net_high"] - frame["net_low"]).abs(), kind="stable")].reset_index(drop=True)
