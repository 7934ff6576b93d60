"""What a programme costs for what it averts, with the errors of effects and prices together.

With E_k events averted a year, s_k saved by each, h_k officer-hours by each, v the worth of an officer-hour, K what is
spent, B what is freed, P the officer-hours of posts given up and f the share of the time in which they would have been
filled: officer-hours released H = Σ E_k h_k − f P, net cost C = K − B − Σ E_k s_k − v H. Both are linear in each of E,
s, v, f, so that their gradients are exact; covariances with E_k by the delta method give Fieller's sets of C/E_k and of
H/E_k. The chance that an event averted is worth its cost, P(λ E − C ≥ 0), the chances of C and H together, and the
interval of each are drawn: estimates by t with their joint correlation, prices by gamma, f by beta. Where a correlation
is unknown, or an effect is a set, all is computed at both ends, and the wider answer is given. A year's effect is
taken to last over the horizon; costs and effects are discounted alike, from the second year on.

Reference: Fieller (1954), doi:10.1111/j.2517-6161.1954.tb00159.x; Briggs, Sculpher & Claxton (2006); what is reported
follows CHEERS 2022, doi:10.1136/bmj-2021-067975.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError
from coresponder_causal.decide.account import Account, Effect, Posts
from coresponder_causal.decide.assumptions import family_of
from coresponder_causal.decide.cost_tables import acceptability, both, per_event, tornado, totals
from coresponder_causal.decide.cost_worlds import drawn_rows, worlds_of
from coresponder_causal.decide.evidence import own_tests
from coresponder_causal.decide.prices import Perspective, Price, factors, seen_by


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cost:
    """What a programme costs.

    Parameters
    ----------
    totals : DataFrame
        ``what`` ("spent", "freed", "net_cost", "officer_hours"), ``estimate, estimate_to, low, high``, over the
        horizon; net of what averted events save. ``estimate_to`` differs from ``estimate`` where an effect is a set.
    per_event : DataFrame
        ``outcome, averted, averted_to, averted_low, averted_high`` (over the horizon), ``of`` ("spent", "net_cost" or
        "officer_hours": those released less those forgone, below 0 where more are taken), ``estimate, low, high, kind``
        as of `RatioSet`, and ``said``.
    both : DataFrame
        ``money`` ("saved", "cost"), ``hours`` ("released", "taken"), and the chance of both together: ``low, high``.
        Empty where no officer-hours are counted.
    acceptability : DataFrame
        ``worth`` of one averted event of the first outcome, and the chance that it is worth its cost: ``low, high``,
        equal where all is known.
    tornado : DataFrame
        ``what, at_low, at_high, net_low, net_high, break_even`` by the size of what each moves; ``break_even`` is the
        value at which the net cost is 0, NaN where there is none.
    prices : DataFrame
        ``what, unit, quantity, amount, low, high, year, factor`` (into money of the year told), ``payer, enters``,
        ``source, counted``.
    notes : tuple of str
        What must be read with it.
    about : mapping of str to object
        ``perspective, horizon_years, discount, price_year, index, posts, officer_hours``.
    """

    totals: pd.DataFrame
    per_event: pd.DataFrame
    both: pd.DataFrame
    acceptability: pd.DataFrame
    tornado: pd.DataFrame
    prices: pd.DataFrame
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
    account = Account(tuple(prices), rates, years, used, posts, span)
    notes += _said_of_prices(account, perspective, horizon_years)
    worlds, unknown = worlds_of(used)
    if unknown:
        pairs = "one pair of effects is" if unknown == 1 else f"{unknown} pairs of effects are"
        notes.append(f"{pairs} of unknown correlation: none and a perfect one were both computed")
    drawn = drawn_rows(account, worlds, draws, np.random.default_rng(seed))
    return Cost(
        totals=totals(account, worlds, drawn),
        per_event=per_event(account, worlds),
        both=both(account, drawn),
        acceptability=acceptability(account, drawn, np.asarray(worth, float)),
        tornado=tornado(account, worlds[0]),
        prices=_listed(account),
        notes=tuple(notes),
        about={
            "perspective": perspective, "horizon_years": horizon_years, "discount": discount, "price_year": price_year,
            "index": dict(index or {}), "posts": posts, "officer_hours": {e.outcome: e.officer_hours for e in used},
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


def _said_of_prices(account: Account, perspective: str, horizon: int) -> list[str]:
    """Say what is not in the numbers."""
    prices, counted, posts = account.prices, account.factor > 0, account.posts
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
    if not valued and account.counts_hours:
        notes.append("officer-hours are counted, and no price turns them into money")
    if account.counts_hours:
        notes.append("the officer-hours that one event takes are taken as exact")
    if posts is None:
        notes.append("no opportunity cost of officer posts was given")
    elif posts.spread == 0:
        notes.append(
            f"that the posts would have been filled {100 * posts.filled:.0f} % of the time is taken as exact; the "
            f"picture of what moves the net cost shows none and all of it"
        )
    bundles = [e.outcome for e in account.effects if "cities" in family_of(e.result.method).title]
    if bundles and posts is not None:
        notes.append(f"effects on {', '.join(bundles)} are of all that changed, the posts given up among it")
    if horizon > 1:
        notes.append("the effect of a year is taken to last over the horizon")
    return notes


def _listed(account: Account) -> pd.DataFrame:
    """List every price as it was given, and whether it counts."""
    rows = [
        {
            "what": p.what, "unit": p.unit, "quantity": p.quantity, "amount": p.amount, "low": p.ends[0],
            "high": p.ends[1], "year": p.year, "factor": factor, "payer": p.payer, "enters": p.enters,
            "source": p.source, "counted": bool(factor > 0),
        }
        for p, factor in zip(account.prices, account.factor, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)
