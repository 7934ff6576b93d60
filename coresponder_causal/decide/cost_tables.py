"""What a programme costs, told in five ways: totals, by averted event, both at once, by worth, one thing at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.inference import RatioSet, ratio_set
from coresponder_causal.decide.account import Account, Rows
from coresponder_causal.decide.cost_worlds import World, centre, law

Array = NDArray[np.float64]
filled = "posts that would have been filled, share"


def totals(account: Account, worlds: Sequence[World], drawn: Sequence[Rows]) -> pd.DataFrame:
    """Money and officer-hours over the horizon."""
    many = len(account.effects)
    means = [Rows.of(centre(account, world)[None], many) for world in worlds]
    rows = []
    for what, total in _measures(account).items():
        centres = [float(total(mean)[0]) for mean in means]
        ends = np.array([np.quantile(total(one), (0.025, 0.975)) for one in drawn])
        rows.append((what, min(centres), max(centres), ends[:, 0].min(), ends[:, 1].max()))
    return pd.DataFrame(rows, columns=["what", "estimate", "estimate_to", "low", "high"])


def _measures(account: Account) -> dict[str, Callable[[Rows], Array]]:
    return {
        "spent": lambda rows: account.spent(rows, "spent"),
        "freed": lambda rows: account.spent(rows, "freed"),
        "net_cost": account.net,
        "officer_hours": account.hours,
    }


def per_event(account: Account, worlds: Sequence[World]) -> pd.DataFrame:
    """Money, and officer-hours where there are any, by averted event of each outcome."""
    of_what = ("spent", "net_cost", *(("officer_hours",) if account.counts_hours else ()))
    rows = []
    for place, effect in enumerate(account.effects):
        low, high = (account.span * end for end in effect.bounds)
        centres = [account.span * float(centre(account, world)[place]) for world in worlds]
        about = {
            "outcome": effect.outcome, "averted": min(centres), "averted_to": max(centres),
            "averted_low": low, "averted_high": high,
        }  # fmt: skip
        for of in of_what:
            found = _hull([_ratio(account, world, place, of) for world in worlds])
            rows.append(about | {"of": of, **found._asdict(), "said": _limits(found, of, low, high)})
    return pd.DataFrame(rows)


def _ratio(account: Account, world: World, place: int, of: str) -> RatioSet:
    """Fieller's set of money or officer-hours to events averted of one outcome."""
    point, total = centre(account, world), _measures(account)[of]
    many = len(account.effects)
    step = np.eye(len(point))
    # exact: linear in each
    slope = (total(Rows.of(point + step, many)) - total(Rows.of(point - step, many))) / 2
    spread = law(account, world)
    event = account.span * step[place]
    return ratio_set(
        float(total(Rows.of(point[None], many))[0]),
        float(event @ point),
        variance_of_numerator=float(slope @ spread @ slope),
        variance_of_denominator=float(event @ spread @ event),
        covariance=float(slope @ spread @ event),
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


def _limits(found: RatioSet, of: str, least: float, most: float) -> str:
    """Say what a ratio's set means."""
    if most < 0:
        return "there were more, not fewer: nothing was averted to divide by"
    if found.kind != "interval" or least <= 0:
        return "no finite upper limit: there may be no effect"
    either, below = found.low < 0 < found.high, found.high < 0
    said = {
        "net_cost": ("may cost less than it saves", "costs less than it saves: no cost per averted event"),
        "officer_hours": ("may release officer-hours, or take them", "takes more officer-hours than it releases"),
    }.get(of, ("", ""))
    return said[0] if either else said[1] if below else ""


def both(account: Account, drawn: Sequence[Rows]) -> pd.DataFrame:
    """Chances of money and officer-hours together, where officer-hours are counted."""
    rows = []
    for money, hours in (
        ((m, h) for m in ("saved", "cost") for h in ("released", "taken")) if account.counts_hours else ()
    ):
        shares = [
            float(
                (
                    ((account.net(one) < 0) == (money == "saved")) & ((account.hours(one) > 0) == (hours == "released"))
                ).mean()
            )
            for one in drawn
        ]
        rows.append((money, hours, min(shares), max(shares)))
    return pd.DataFrame(rows, columns=["money", "hours", "low", "high"])


def acceptability(account: Account, drawn: Sequence[Rows], worth: Array) -> pd.DataFrame:
    """Share of draws in which averted events of the first outcome are worth what they cost."""
    shares = []
    for rows in drawn:
        net, events = account.net(rows), account.span * rows.averted[:, 0]
        shares.append([float((one * events >= net).mean()) for one in worth])
    return pd.DataFrame({"worth": worth, "low": np.min(shares, axis=0), "high": np.max(shares, axis=0)})


def tornado(account: Account, world: World) -> pd.DataFrame:
    """Net cost with one thing at a time at its low and high end, and where it would be 0."""
    point, many = centre(account, world), len(account.effects)
    names = [f"{e.outcome} averted a year" for e in account.effects] + [
        f"saved by one {p.what}" if p.enters == "averted" else p.what for p in account.prices
    ]
    ends = [e.bounds for e in account.effects] + [p.ends for p in account.prices]
    counted = [True] * many + [factor > 0 for factor in account.factor]
    if account.posts is not None:
        names, ends, counted = [*names, filled], [*ends, account.posts.ends], [*counted, True]
    now = float(account.net(Rows.of(point[None], many))[0])
    rows = []
    for place in np.flatnonzero(counted):
        moved = np.tile(point, (3, 1))
        moved[:2, place], moved[2, place] = ends[place], point[place] + 1
        net = account.net(Rows.of(moved, many))
        slope = net[2] - now
        even = point[place] - now / slope if slope else np.nan
        reached = even >= 0 and (names[place] != filled or even <= 1)
        rows.append((names[place], *ends[place], net[0], net[1], even if reached else np.nan))
    frame = pd.DataFrame(rows, columns=["what", "at_low", "at_high", "net_low", "net_high", "break_even"])
    return frame.iloc[np.argsort(-(frame["net_high"] - frame["net_low"]).abs(), kind="stable")].reset_index(drop=True)
