"""What would raise the effect most, and what the strength of the evidence: two rankings that are never mixed.

A lever is one thing that could be done otherwise. What it brings is told in one of three currencies: events averted a
year more, people linked to care a year more, and the length of the interval of an answer as a share of today's. Each
currency is ranked by itself; of a lever of which only a range is known the middle counts. A lever that the tables
cannot tell stays on the list with what must be collected: that is advice too.

The levers are made by `lever_reach`, `lever_labels`, `lever_follow_up`, `lever_hours` (of the effect), and
`lever_second_sample`, `lever_by_lot`, `lever_narrower` (of the evidence).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
import pandas as pd

from coresponder_causal.core.choices import require_choice
from coresponder_causal.core.errors import DesignError
from coresponder_causal.decide.converted import Bounds

Currency = Literal["averted", "linked", "interval"]
currencies: tuple[Currency, ...] = get_args(Currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """One thing that could be done otherwise.

    Parameters
    ----------
    what : str
        What is done, in words.
    currency : {"averted", "linked", "interval"}
        Events averted, or people linked, a year more; or the length of an interval over its length today.
    outcome : str
        What is averted, or of which answer the interval is.
    gain : Bounds or None
        With 95 % ends; the estimate is NaN where only a range is known. None where the tables cannot tell.
    formula, assumes : str
        How it is computed, and what must hold, a sentence each without capital and full stop.
    needs : str
        What to collect, where ``gain`` is None.
    said : str
        What must be read with the number.
    support : mapping of str to float
        Counts that it stands on, such as ``{"calls": 120}``.
    """

    what: str
    currency: Currency
    outcome: str
    gain: Bounds | None = None
    formula: str = ""
    assumes: str = ""
    needs: str = ""
    said: str = ""
    support: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Improvements:
    """Levers, ranked within their currency.

    Parameters
    ----------
    frame : DataFrame
        One row per lever: ``currency, outcome, rank`` (missing where the tables cannot tell), ``what, estimate, low,
        high, formula, assumes, needs, said``; currencies in the order of `currencies`.
    support : DataFrame
        Counts behind each row.
    """

    frame: pd.DataFrame
    support: pd.DataFrame

    def __repr__(self) -> str:
        first = self.frame[self.frame["rank"].eq(1)]
        said = "; ".join(f"{row['currency']}: {row['what']}" for row in first.to_dict("records"))
        return f"Improvements: {len(self.frame)} levers, first {said or 'none that can be told'}; see .frame"


def improve(levers: Sequence[Lever]) -> Improvements:
    """Rank what could be done otherwise, within each currency.

    Parameters
    ----------
    levers : sequence of Lever

    Returns
    -------
    Improvements
        Events and people: the most first. Intervals: the shortest first. What cannot be told comes last.

    Raises
    ------
    DesignError
        Without levers; for a currency that is none; or for levers that have neither a gain nor a word on what to
        collect, all listed.

    Examples
    --------
    >>> found = improve([
    ...     Lever(what="stay longer", currency="averted", outcome="arrest", gain=Bounds(4.0, 1.0, 7.0)),
    ...     Lever(what="be nearer", currency="averted", outcome="arrest", gain=Bounds(9.0, -1.0, 19.0)),
    ...     Lever(what="answer sooner", currency="averted", outcome="arrest", needs="the time of the request"),
    ... ])
    >>> found.frame[["rank", "what"]].values.tolist()
    [[1.0, 'be nearer'], [2.0, 'stay longer'], [nan, 'answer sooner']]
    """
    if not levers:
        raise DesignError("no lever to rank", mend="give levers, such as lever_reach makes them")
    for lever in levers:
        require_choice("improve", "currency", lever.currency, Currency)
    if empty := [lever.what for lever in levers if lever.gain is None and not lever.needs]:
        raise DesignError(
            f"neither a gain nor what to collect: {', '.join(empty)}", mend="give gain=, or needs= in words"
        )
    order = sorted(range(len(levers)), key=lambda i: (currencies.index(levers[i].currency), _key(levers[i])))
    ranked = [levers[i] for i in order]
    frame = pd.DataFrame([_row(lever) for lever in ranked])
    known = frame["low"].notna()
    frame["rank"] = frame[known].groupby("currency").cumcount() + 1.0
    support = pd.DataFrame([{name: float(many) for name, many in lever.support.items()} for lever in ranked])
    return Improvements(frame=frame, support=support.reset_index(drop=True))


def _key(lever: Lever) -> float:
    """Place within the currency: the smaller the earlier."""
    if lever.gain is None:
        return np.inf
    middle = (lever.gain.low + lever.gain.high) / 2
    size = middle if np.isnan(lever.gain.estimate) else lever.gain.estimate
    return size if lever.currency == "interval" else -size


def _row(lever: Lever) -> dict[str, object]:
    gain = lever.gain or Bounds(np.nan, np.nan, np.nan)
    none_averted = lever.currency != "interval" and gain.low <= 0
    maybe = "it may bring nothing" if none_averted else ""
    return {
        "currency": lever.currency,
        "outcome": lever.outcome,
        "what": lever.what,
        **gain._asdict(),
        "formula": lever.formula,
        "assumes": lever.assumes,
        "needs": lever.needs,
        "said": "; ".join(filter(None, (lever.said, maybe))),
    }
