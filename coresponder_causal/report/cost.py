"""What a programme costs for what it averts, on a page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.decide import Cost
from coresponder_causal.report import words
from coresponder_causal.report.specs import Bullets, Column, Picture, Section, Sentence, Table
from coresponder_causal.report.tables import support_of

total_names = {
    "spent": "Spent on the programme, dollars",
    "freed": "Freed by it, dollars",
    "net_cost": "Net cost, dollars",
    "officer_hours": "Officer-hours released, less those forgone",
}
kinds = {"spent": "spent", "net_cost": "net"}
per_event_note = (
    "Averted: over the horizon, negative where there were more. Dollars per averted event: Fieller's 95 % set, which "
    "has no end where the effect's own interval holds no effect. Net: less what averted events save and what is freed."
)


def cost_section(found: Cost, results: Sequence[Result]) -> Section:
    """Put what a programme costs under one question.

    Parameters
    ----------
    found : Cost
    results : sequence of Result
        Those it was computed from.

    Returns
    -------
    Section
    """
    support = support_of(results)
    names = {result.estimand.outcome: words.counted(result) for result in results}
    first = names.get(str(found.per_event["outcome"].iloc[0]), "events")
    said = tuple(Sentence(text=f"{words.capital(text)}.", support=support) for text in found.notes)
    return Section(
        title="What does it cost?",
        blocks=(
            cost_sentence(found, results),
            _totals(found, support),
            _per_event(found, names, support),
            _acceptability(found, first, support),
            _tornado(found, support),
            *((Bullets(items=said),) if said else ()),
        ),
    )


def cost_sentence(found: Cost, results: Sequence[Result]) -> Sentence:
    """Say in one sentence what it costs, for whom, and whether it may pay for itself.

    Parameters
    ----------
    found : Cost
    results : sequence of Result

    Returns
    -------
    Sentence
    """
    net = found.totals.set_index("what").loc["net_cost"]
    years = found.about["horizon_years"]
    low, high = (f"{net[end]:,.0f}".replace("-", "−") for end in ("low", "high"))
    pays = "it costs more than it saves" if net["low"] > 0 else "it saves more than it costs" if net["high"] < 0 else ""
    whose = {"society": "society", "city": "the city", "county": "the county"}[str(found.about["perspective"])]
    text = (
        f"Over {years} year{'s' if years != 1 else ''}, for {whose}, the net cost is {low} to {high} dollars of "
        f"{found.about['price_year']} (95 %): {pays or 'it may cost more than it saves, or less'}."
    )
    return Sentence(text=text, numbers=Facts({"low": net["low"], "high": net["high"]}), support=support_of(results))


def _totals(found: Cost, support: pd.DataFrame | None) -> Table:
    rows = found.totals.to_dict("records")
    frame = found.totals.assign(
        named=[total_names[str(row["what"])] for row in rows],
        said=[_money(row["estimate"], row["estimate_to"]) for row in rows],
        ends=[_money(row["low"], row["high"]) for row in rows],
    )
    columns = (Column("named", "What"), Column("said", "Estimate", "said"), Column("ends", "95 %", "said"))
    about = found.about
    return Table(
        title="Costs over the horizon",
        frame=frame,
        columns=columns,
        note=f"Dollars of {about['price_year']}; discounted at {100 * float(str(about['discount'])):g} % a year.",
        support=support,
    )


def _per_event(found: Cost, names: dict[str, str], support: pd.DataFrame | None) -> Table:
    rows = found.per_event.to_dict("records")
    frame = found.per_event.assign(
        named=[words.capital(names.get(str(row["outcome"]), str(row["outcome"]))) for row in rows],
        of=[kinds[str(row["of"])] for row in rows],
        events=[
            f"{_money(row['averted'], row['averted_to'])} ({_money(row['averted_low'], row['averted_high'])})"
            for row in rows
        ],
        dollars=["not given" if row["said"] else _dollars(row) for row in rows],
        why=[row["said"] or "–" for row in rows],
    )
    columns = (
        Column("named", "Outcome"),
        Column("of", "Dollars"),
        Column("events", "Averted (95 %)", "said"),
        Column("dollars", "Dollars per averted event (95 %)", "said"),
        Column("why", "To be read with it", "said"),
    )
    return Table(
        title="What one averted event costs", frame=frame, columns=columns, note=per_event_note, support=support
    )


def _dollars(row: dict[object, object]) -> str:
    estimate, low, high = (float(str(row[name])) for name in ("estimate", "low", "high"))
    ends = _money(low, high)
    return ends if np.isnan(estimate) else f"{_money(estimate, estimate)} ({ends})"


def _money(low: float, high: float) -> str:
    least, most = (f"{value:,.0f}".replace("-", "−") for value in (low, high))
    return least if least == most else f"{least} to {most}"


def _acceptability(found: Cost, first: str, support: pd.DataFrame | None) -> Picture:
    even = found.acceptability.query("low >= 0.5")
    reached = f"at {even['worth'].iloc[0]:,.0f} dollars" if len(even) else "at no amount drawn"
    return Picture(
        title="Is it worth its cost?",
        caption="Chance that averted events are worth their net cost, by what one is worth. Dashed: as likely as not. "
        "A band: only bounds are known.",
        alt=f"A curve over what one averted event is worth. It is as likely as not worth its cost {reached}.",
        kind="acceptability",
        data={"curve": found.acceptability},
        labels=Facts({"x": f"What one averted event is worth, dollars ({first})", "y": "Chance that it is worth it"}),
        support=support,
    )


def _tornado(found: Cost, support: pd.DataFrame | None) -> Picture:
    moving = found.tornado[found.tornado["net_low"] != found.tornado["net_high"]]
    moving = moving.assign(what=moving["what"].str.replace("_", " "))
    centre = float(found.totals.set_index("what")["estimate"]["net_cost"])
    return Picture(
        title="What moves the net cost most?",
        caption="One thing at a time at the ends of its 95 % interval or range, which stand beside the bars; all else "
        "as estimated. Blue: at the high end; grey: at the low end.",
        alt=f"One bar a row, the longest first: {', '.join(map(str, moving['what']))}.",
        kind="tornado",
        data={"bars": moving},
        labels=Facts({"centre": centre, "x": "Net cost over the horizon, dollars"}),
        support=support,
    )
