"""Pictures and tables of how groups are treated: quantities side by side, stages, labels found again, and bounds."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.data import dictionary
from coresponder_causal.decide import Fairness, FairOutcome
from coresponder_causal.decide.fair_outcomes import alike, all_attended, as_it_is, by_officers
from coresponder_causal.decide.where_bias import label_stage, officer_stage, taker_stage
from coresponder_causal.privacy.counts import Counts
from coresponder_causal.report import words
from coresponder_causal.report.specs import Column, Picture, Table

behind = ["persons", "events", "calls"]
bounds = (Column("low", "95 % from", "signed"), Column("high", "to", "signed"))
quantity_words = {
    as_it_is: "As it is",
    alike: "Calls alike in what is allowed",
    all_attended: "… and the team at every call",
    by_officers: "By officers, calls written and found alike",
}
stage_words = {
    label_stage: "Written unlike, found alike",
    taker_stage: "Wider with stricter call takers",
    officer_stage: "Ended unlike, written and found alike",
}
verdict_words = {
    "contradicts": "treated unlike",
    "no contradiction found": "no gap that matters",
    "cannot tell": "too few calls to tell",
}


def quantity_picture(found: Fairness) -> Picture:
    """Draw the quantities of each outcome and group side by side, with their intervals.

    Parameters
    ----------
    found : Fairness
    """
    told = found.table()
    rows = pd.DataFrame(
        {
            "block": [f"{_outcome(row['outcome'])}: {_named(row['group'])}" for row in told.to_dict("records")],
            "label": told["quantity"].map(quantity_words),
            "tone": told["quantity"].map({as_it_is: "plain", by_officers: "marked"}).fillna("other"),
            "value": told["gap"],
            "low": told["low"],
            "high": told["high"],
            "said": _points(told["gap"], told["low"], told["high"]),
        }
    )
    against = _named(found.reference)
    return Picture(
        title=f"Gaps to {against}, by {label_of(found.group)}",
        caption=f"Points: how many more of 100 calls, against persons perceived as {against}. Bars: 95 % intervals. "
        f"Alike: {', '.join(map(label_of, found.allowable)) or 'nothing'}. Three questions: none stands for another.",
        alt=f"One row per outcome, group and quantity, {len(rows)} in all.",
        kind="treated",
        data={"rows": rows},
        labels=Facts({"x": "Calls more, of 100"}),
        support=told[behind],
    )


def quantity_table(found: Fairness) -> Table:
    """Lay the quantities beside each other.

    Parameters
    ----------
    found : Fairness
    """
    told = found.table()
    frame = told.assign(
        outcome=told["outcome"].map(_outcome), group=told["group"].map(_named),
        quantity=told["quantity"].map(quantity_words), **{name: 100 * told[name] for name in ("gap", "low", "high")},
    )  # fmt: skip
    return Table(
        title=f"Gaps to {_named(found.reference)}, by {label_of(found.group)}",
        frame=frame,
        columns=(
            Column("outcome", "Outcome"), Column("group", "Perceived as"), Column("quantity", "Quantity"),
            Column("calls", "Calls of the smaller group", "whole"),
            Column("gap", "Gap, of 100 calls", "signed"), *bounds,
        ),
        note="As it is: nothing is made alike. Alike: on the group's mix of what was declared allowable before. By "
        "officers: among calls of which the same was written and found, with the same team sent.",
        support=told[behind],
    )  # fmt: skip


def rate_table(found: Fairness) -> Table:
    """Give the share of each group, reach first.

    Parameters
    ----------
    found : Fairness
    """
    parts = []
    for outcome, result in _rates(found):
        told = result.tidy().rename(columns={"conf_low": "low", "conf_high": "high"})
        told = told[["term", "estimate", "low", "high"]].join(_support(result))
        own = told[told["term"].str.startswith("rate, ")]
        parts.append(own.assign(outcome=outcome, group=own["term"].str.removeprefix("rate, ")))
    frame = pd.concat(parts, ignore_index=True)
    counts = tuple(
        Counts(
            family=f"{name} by {found.group}",
            frame=rows.assign(count=rows["events"].round().astype(int)),
            dimensions=("group",),
            count="count",
            of="units",
        )
        for name, rows in frame.groupby("outcome", sort=False)
    )
    return Table(
        title=f"What happened to whom, by {label_of(found.group)}",
        frame=frame.assign(outcome=frame["outcome"].map(_outcome), group=frame["group"].map(_named)),
        columns=(
            Column("outcome", "Outcome"), Column("group", "Perceived as"), Column("units", "Calls", "whole"),
            Column("estimate", "Share", "share"), Column("low", "95 % from", "share"), Column("high", "to", "share"),
        ),
        note="Of calls whose group is known. Nothing is adjusted for.",
        support=frame[["persons", "events"]],
        counts=counts,
    )  # fmt: skip


def stage_picture(found: Fairness, one: FairOutcome) -> Picture:
    """Draw at which stage calls that were alike until then are treated unlike.

    Parameters
    ----------
    found : Fairness
    one : FairOutcome
        With stages.
    """
    told = _stages(one).sort_values("group", key=lambda names: names.map(_named), kind="stable", ignore_index=True)
    rows = pd.DataFrame(
        {
            "block": [_named(name) for name in told["group"]],
            "label": told["stage"].map(stage_words),
            "tone": ["marked" if verdict == "contradicts" else "plain" for verdict in told["verdict"]],
            "value": told["gap"],
            "low": told["conf_low"],
            "high": told["conf_high"],
            "said": [
                f"{said}\n{verdict_words[verdict]}"
                for said, verdict in zip(
                    _points(told["gap"], told["conf_low"], told["conf_high"]), told["verdict"], strict=True
                )
            ],
        }
    )
    return Picture(
        title=f"At which stage are groups treated unlike? ({_outcome(one.outcome).casefold()})",
        caption=f"How many more of 100 calls than of persons perceived as {_named(found.reference)}, among calls that "
        "were alike until then. Bars: 95 % intervals, each for itself; the words count all tests. Rests on what was "
        "found: a bias in that itself cannot be seen here.",
        alt="; ".join(
            f"{row['group']}, {row['stage']}: {verdict_words[row['verdict']]}" for row in told.to_dict("records")
        ),
        kind="treated",
        data={"rows": rows},
        labels=Facts({"x": "Calls more, of 100"}),
        support=told[behind],
    )


def stage_table(one: FairOutcome) -> Table:
    """Lay the stages beside each other, with what each could have shown.

    Parameters
    ----------
    one : FairOutcome
        With stages.
    """
    told = _stages(one)
    frame = told.assign(
        group=told["group"].map(_named), stage=told["stage"].map(stage_words), low=100 * told["conf_low"],
        high=100 * told["conf_high"], gap=100 * told["gap"], said=told["verdict"].map(verdict_words),
    )  # fmt: skip
    return Table(
        title=f"Stages of a call ({_outcome(one.outcome).casefold()})",
        frame=frame,
        columns=(
            Column("stage", "Stage"), Column("group", "Perceived as"), Column("gap", "Gap, of 100 calls", "signed"),
            *bounds, Column("p_holm", "p, all tests counted", "p"),
            Column("power", "Chance to see a gap of 5", "share"), Column("said", "Together", "said"),
        ),
        note="Calls are alike until a stage in what was written, found and sent before it. Stricter call takers write "
        "such labels more often in other calls of the same hours.",
        support=told[behind],
    )  # fmt: skip


def contact_picture(found: Fairness, one: FairOutcome) -> Picture:
    """Draw the bounds of a gap over the share of contacts that bias brought.

    Parameters
    ----------
    found : Fairness
    one : FairOutcome
        With bounds.
    """
    told = one.bounds
    assert told is not None  # no gap without its bounds
    rows = told.assign(group=told["group"].map(_named))[
        ["group", "rho", "set_low", "set_high", "conf_low", "conf_high", "hidden_from"]
    ]
    return Picture(
        title=f"Gap in {_outcome(one.outcome).casefold()} if bias decides who is met",
        caption=f"Records hold contacts only. Across: share of the contacts with a group that would not have been had "
        f"with persons perceived as {_named(found.reference)}. Dark: where the effect on all contacts can lie; pale: "
        "with its 95 % interval (Knox, Lowe & Mummolo 2020). At 0: as if bias brought no contact.",
        alt="The band rises and widens with the share of contacts that bias brought.",
        kind="contacts",
        data={"bands": rows.reset_index(drop=True)},
        labels=Facts({"x": "Contacts that bias brought, of 100", "y": "Calls more, of 100"}),
        support=_of_contacts(told),
    )


def contact_table(found: Fairness, one: FairOutcome) -> Table:
    """Give the bounds of a gap over the share of contacts that bias brought.

    Parameters
    ----------
    found : Fairness
    one : FairOutcome
        With bounds.
    """
    told = one.bounds
    assert told is not None  # no gap without its bounds
    names = ("among_group", "set_low", "set_high", "conf_low", "conf_high")
    frame = told.assign(group=told["group"].map(_named), **{name: 100 * told[name] for name in names})
    return Table(
        title=f"Gap in {_outcome(one.outcome).casefold()} by who is met",
        frame=frame,
        columns=(
            Column("group", "Perceived as"), Column("rho", "Contacts that bias brought", "share"),
            Column("among_group", "Among contacts with the group", "signed"),
            Column("set_low", "Among all, from", "signed"),
            Column("set_high", "to", "signed"), Column("conf_low", "95 % from", "signed"),
            Column("conf_high", "to", "signed"),
        ),
        note=f"Of 100 contacts, against persons perceived as {_named(found.reference)}. The first row of a group takes "
        "it that bias brought no contact. The share is not estimated here.",
        support=_of_contacts(told),
    )  # fmt: skip


def label_of(name: str) -> str:
    """Return what people call a field of calls."""
    known = {one.name: one.label for one in dictionary.table("calls").fields}
    return known.get(name, name.replace("_", " ")).casefold()


def _stages(one: FairOutcome) -> pd.DataFrame:
    assert one.stages is not None  # asked for where there are some
    return one.stages.table


def _rates(found: Fairness) -> Iterable[tuple[str, Result]]:
    if found.reach is not None:
        yield found.treatment, found.reach
    yield from ((one.outcome, one.rates) for one in found.outcomes if one.rates is not None)


def _support(result: Result) -> pd.DataFrame:
    assert result.support is not None  # results of calls have theirs
    return result.support[["persons", "events", "units"]]


def _of_contacts(told: pd.DataFrame) -> pd.DataFrame:
    """Give whichever stands behind a row with fewer: the group's events, or all."""
    return told[["persons", "contacts"]].assign(events=told[["events_of_group", "events_of_others"]].min(axis=1))


def _outcome(name: object) -> str:
    return words.capital(words.outcomes.get(str(name), str(name).replace("_", " ")))


def _named(name: object) -> str:
    return str(name).replace("_", " ")


def _points(value: pd.Series, low: pd.Series, high: pd.Series) -> list[str]:
    """Write gaps of 100 calls, to a tenth."""
    each = zip(value, low, high, strict=True)
    texts = (tuple(f"{100 * part:+.1f}".replace("-", "−") for part in row) for row in each)
    return [f"{middle} ({least} to {most})" for middle, least, most in texts]
