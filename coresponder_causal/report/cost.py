"""What a programme costs for what it averts, on a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.decide import Cost
from coresponder_causal.report import words
from coresponder_causal.report.cost_inputs import money, prices_table, rests_table, whose
from coresponder_causal.report.specs import Bullets, Column, Picture, Section, Sentence, Table
from coresponder_causal.report.tables import support_of

total_names = {
    "spent": "Spent on the programme, dollars",
    "freed": "Freed by it, dollars",
    "net_cost": "Net cost, dollars",
    "officer_hours": "Officer-hours released, less those forgone",
}
kinds = {"spent": "dollars spent", "net_cost": "dollars, net", "officer_hours": "officer-hours released, net"}
chances = {"saved": "saves money", "cost": "costs money", "released": "releases officer-hours", "taken": "takes them"}
verbs = {
    "net_cost": (("saves", "saving"), ("costs", "costing")),
    "officer_hours": (("takes", "taking"), ("releases", "releasing")),
}
per_event_note = (
    "Averted: over the horizon, negative where there were more. By each: Fieller's 95 % set, without an end where the "
    "effect's own interval holds no effect. Net: less what averted events save and what is freed. Officer-hours: those "
    "that averted events release, less those of the posts given up; negative where more are given up."
)


def cost_section(
    found: Cost, results: Sequence[Result], *, reasons: Mapping[str, str] | None = None, index_source: str = ""
) -> Section:
    """Put what a programme costs under one question.

    Parameters
    ----------
    found : Cost
    results : sequence of Result
        Those it was computed from.
    reasons : mapping of str to str, optional
        Why this ``perspective``, ``horizon_years`` and ``discount``.
    index_source : str
        Where the price index is from.

    Returns
    -------
    Section
    """
    support = support_of(results)
    names = {result.estimand.outcome: words.counted(result) for result in results}
    first = names.get(str(found.per_event["outcome"].iloc[0]), "events")
    said = tuple(Sentence(text=f"{words.capital(text)}.", support=support) for text in found.notes)
    hours = () if found.both.empty else (_told(found, "officer_hours", support), _both(found, support))
    return Section(
        title="What does it cost?",
        blocks=(
            cost_sentence(found, results),
            *hours,
            _totals(found, support),
            _per_event(found, names, support),
            _acceptability(found, first, support),
            _tornado(found, support),
            prices_table(found),
            rests_table(found, reasons or {}, index_source),
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
    return _told(found, "net_cost", support_of(results))


def _told(found: Cost, what: str, support: pd.DataFrame | None) -> Sentence:
    """Say a total that may be of either sign, for whom and over how long."""
    row = found.totals.set_index("what").loc[what].map(float).to_dict()
    unit = f"dollars of {found.about['price_year']}" if what == "net_cost" else "officer-hours"
    years = found.about["horizon_years"]
    of = f"Over {years} year{'s' if years != 1 else ''}"
    of += f", for {whose[str(found.about['perspective'])]}," if what == "net_cost" else ""
    below, above = verbs[what]
    centre = (row["estimate"] + row["estimate_to"]) / 2
    (than, _), (other, _) = (above, below) if centre >= 0 else (below, above)
    if row["estimate"] * row["estimate_to"] < 0:
        most = f"may come to anything {_from_to(row['estimate'], row['estimate_to'], what)} {unit}"
    else:
        amounts = sorted({_rounded(row[end]) for end in ("estimate", "estimate_to")})
        most = f"{than} about {' to '.join(f'{one:,.0f}' for one in amounts)} {unit} more than it {other}"
    open_end = ": which of both it does is not known" if row["low"] < 0 < row["high"] else ""
    text = f"{of} the programme {most} (95 %: {_from_to(row['low'], row['high'], what)}){open_end}."
    return Sentence(text=text, numbers=Facts({"low": row["low"], "high": row["high"]}), support=support)


def _from_to(low: float, high: float, what: str) -> str:
    """Write limits without a sign: what is below zero is named."""
    if low * high >= 0:
        least, most = sorted((_rounded(low), _rounded(high)))
        return f"{least:,.0f} to {most:,.0f}"
    (_, below), (_, above) = verbs[what]
    return f"from {below} {_rounded(low):,.0f} to {above} {_rounded(high):,.0f}"


def _rounded(value: float) -> float:
    """Round to three digits, without the sign."""
    return abs(float(f"{value:.3g}"))


def _both(found: Cost, support: pd.DataFrame | None) -> Table:
    rows = found.both.to_dict("records")
    frame = found.both.assign(
        money=[chances[str(row["money"])] for row in rows],
        hours=[chances[str(row["hours"])] for row in rows],
        chance=[" to ".join(dict.fromkeys(words.chance(row[end]) for end in ("low", "high"))) for row in rows],
    )
    return Table(
        title="Money and officer-hours together",
        frame=frame,
        columns=(Column("money", "The programme"), Column("hours", "and"), Column("chance", "Chance", "said")),
        note="Dollars and officer-hours are drawn together: what averts more events does better on both.",
        support=support,
    )


def _totals(found: Cost, support: pd.DataFrame | None) -> Table:
    rows = found.totals.to_dict("records")
    frame = found.totals.assign(
        named=[total_names[str(row["what"])] for row in rows],
        said=[money(row["estimate"], row["estimate_to"]) for row in rows],
        ends=[money(row["low"], row["high"]) for row in rows],
    )
    columns = (Column("named", "What"), Column("said", "Estimate", "said"), Column("ends", "95 %", "said"))
    return Table(
        title="Costs over the horizon",
        frame=frame,
        columns=columns,
        note=f"Dollars of {found.about['price_year']}.",
        support=support,
    )


def _per_event(found: Cost, names: dict[str, str], support: pd.DataFrame | None) -> Table:
    rows = found.per_event.to_dict("records")
    frame = found.per_event.assign(
        named=[words.capital(names.get(str(row["outcome"]), str(row["outcome"]))) for row in rows],
        of=[kinds[str(row["of"])] for row in rows],
        events=[
            f"{money(row['averted'], row['averted_to'])} ({money(row['averted_low'], row['averted_high'])})"
            for row in rows
        ],
        each=["not given" if _open(row) else _each(row) for row in rows],
        why=[row["said"] or "–" for row in rows],
    )
    columns = (
        Column("named", "Outcome"),
        Column("events", "Averted (95 %)", "said"),
        Column("of", "What"),
        Column("each", "By each averted event (95 %)", "said"),
        Column("why", "To be read with it", "said"),
    )
    return Table(
        title="What one averted event costs", frame=frame, columns=columns, note=per_event_note, support=support
    )


def _open(row: dict[object, object]) -> bool:
    """Whether a ratio has no limits that could be told, or is of money that is saved."""
    saved = row["of"] == "net_cost" and float(str(row["low"])) < 0
    return saved or row["kind"] != "interval" or float(str(row["averted_low"])) <= 0


def _each(row: dict[object, object]) -> str:
    estimate, low, high = (float(str(row[name])) for name in ("estimate", "low", "high"))
    form = _hours if row["of"] == "officer_hours" else money
    return form(low, high) if np.isnan(estimate) else f"{form(estimate, estimate)} ({form(low, high)})"


def _hours(low: float, high: float) -> str:
    least, most = (f"{value:,.1f}".replace("-", "−") for value in (low, high))
    return least if least == most else f"{least} to {most}"


def _acceptability(found: Cost, first: str, support: pd.DataFrame | None) -> Picture:
    even = found.acceptability.query("low >= 0.5")
    reached = f"from {even['worth'].iloc[0]:,.0f} dollars on" if len(even) else "at none"
    return Picture(
        title="Is it worth its cost?",
        caption="Chance that averted events are worth their net cost, by what one is worth. Dashed: as likely as not. "
        "A band: only bounds are known.",
        alt="A curve over what one averted event is worth. Of the amounts drawn, it is more likely than not worth its "
        f"cost {reached}.",
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
