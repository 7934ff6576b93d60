"""What is known of how groups as they are perceived are treated: quantities that are kept apart."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import pandas as pd

from coresponder_causal.core.result import Result
from coresponder_causal.decide.where_bias import WhereBias, officer_stage

as_it_is, alike, all_attended, by_officers = "as it is", "alike", "all attended", "officers"
"""Quantities: descriptive, conditional now and with everybody attended, and by officers among calls alike."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FairOutcome:
    """What is known of one outcome after a contact.

    Parameters
    ----------
    outcome : str
    rates : Result or None
        As of `disparity_rates`.
    closing : Result or None
        As of `disparity_closing`.
    bounds : DataFrame or None
        As of `contact_gap`: they go wherever the gap goes.
    unknown : DataFrame or None
        As of `unknown_group`; None where the group of all calls is known.
    stages : WhereBias or None
        As of `where_bias`.
    """

    outcome: str
    rates: Result | None = None
    closing: Result | None = None
    bounds: pd.DataFrame | None = None
    unknown: pd.DataFrame | None = None
    stages: WhereBias | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fairness:
    """What calls say of groups of one column.

    Parameters
    ----------
    group, reference : str
        Column of the group as perceived, and the group that others are held against.
    others : tuple of str
    allowable : tuple of str
        In which groups may differ without that being counted.
    outcomes : tuple of FairOutcome
    treatment : str
        Column: whether the team came.
    reach : Result or None
        As of `reach_rates`.
    drift : DataFrame or None
        As of `label_drift`.
    refused : tuple of str
        What could not be told, and why.
    notes : tuple of str
    """

    group: str
    reference: str
    others: tuple[str, ...]
    allowable: tuple[str, ...]
    outcomes: tuple[FairOutcome, ...]
    treatment: str = "attended"
    reach: Result | None = None
    drift: pd.DataFrame | None = None
    refused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        told = ", ".join(one.outcome for one in self.outcomes)
        return f"Fairness: {', '.join(self.others)} against {self.reference} ({self.group}): {told}; see .table()"

    def table(self) -> pd.DataFrame:
        """Lay the quantities of each outcome and group beside each other, reach first.

        Returns
        -------
        DataFrame
            ``outcome, group, quantity, gap, low, high, persons, events, calls``; counts are those of the smaller group.
        """
        reached = FairOutcome(outcome=self.treatment, rates=self.reach)
        rows = [row for one in (reached, *self.outcomes) for row in _quantities(one)]
        names = ["outcome", "group", "quantity", "gap", "low", "high", "persons", "events", "calls"]
        order = {name: place for place, name in enumerate((self.treatment, *(one.outcome for one in self.outcomes)))}
        places = {"outcome": order, "group": {name: place for place, name in enumerate(self.others)}}
        return pd.DataFrame(rows, columns=names).sort_values(
            ["outcome", "group"], key=lambda texts: texts.map(places[str(texts.name)]), kind="stable", ignore_index=True
        )

    def enters_with(self) -> tuple[str, ...]:
        """Name the stages at which groups whose calls are alike are treated unlike, whatever the outcome."""
        found = [name for one in self.outcomes if one.stages is not None for name in one.stages.enters_with()]
        return tuple(dict.fromkeys(found))


def _quantities(one: FairOutcome) -> Iterator[dict[Hashable, object]]:
    """Give a row for each quantity and group."""
    for result, kinds in ((one.rates, {"gap": as_it_is}), (one.closing, {"now": alike, "remaining": all_attended})):
        if result is None or result.support is None:
            continue
        told = result.tidy().rename(columns={"estimate": "gap", "conf_low": "low", "conf_high": "high"})
        told = told[["term", "gap", "low", "high"]].join(result.support[["persons", "events", "units"]])
        for kind, quantity in kinds.items():
            own = told[told["term"].str.startswith(f"{kind}, ")].rename(columns={"units": "calls", "term": "group"})
            names = own["group"].str.removeprefix(f"{kind}, ")
            yield from own.assign(outcome=one.outcome, group=names, quantity=quantity).to_dict("records")
    if one.stages is not None:
        last = one.stages.table[one.stages.table["stage"] == officer_stage]
        renamed = last.rename(columns={"conf_low": "low", "conf_high": "high"})
        yield from renamed.assign(outcome=one.outcome, quantity=by_officers).to_dict("records")
