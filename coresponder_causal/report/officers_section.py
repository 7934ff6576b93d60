"""Officers on a page: first what could be found and how groups stood before, then what was, checks, and who left."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import Doubt
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.privacy.counts import Counts
from coresponder_causal.report import words
from coresponder_causal.report.effects import effects
from coresponder_causal.report.figures import pictures
from coresponder_causal.report.sentences import finding
from coresponder_causal.report.specs import Block, Bullets, Column, Fold, Section, Sentence, Table
from coresponder_causal.report.tables import table
from coresponder_causal.report.weighed_checks import numbers_behind
from coresponder_causal.report.workforce_found import OfficersFound

kinds = {"ATT": "mean effect on who rode", "ITT": "effect of being rostered", "dose response": "change with the dose",
         "LATE": "effect of rostered rides"}  # fmt: skip
groups_note = (
    "Before anybody was exposed. Difference: from officers never exposed, in standard deviations. Groups that differ "
    "here may be on different courses too: officer effects mend a difference of level alone."
)
kinds_note = (
    "Each kind answers another question. Who rides, officers and sergeants choose; whom the roster draws, they do not. "
    "A slope over doses is an effect of more dose only if officers would have gained alike from the same dose."
)


def officers_section(found: OfficersFound) -> Section:
    """Put one outcome of officers on a page.

    Parameters
    ----------
    found : OfficersFound

    Returns
    -------
    Section
        In this order: the smallest effect that could be found, groups before, estimates with intervals and kinds, their
        picture, checks, and what was said on the way.
    """
    outcome = outcome_of(found)
    estimates: tuple[Block, ...] = ()
    if found.results:
        estimates = (
            headline_sentence(found.results[0]),
            verdict_sentence(found),
            kinds_table(found.results),
            *pictures(found.results[0]),
            Fold(label="Every term of the first, with its smallest detectable effect", table=table(found.results[0])),
        )
    return Section(
        title=f"Officers, on calls without the team: {outcome}",
        blocks=(
            *detectable_sentences(found),
            groups_table(found),
            *estimates,
            *checks_blocks(found.checks),
            *remarks_block(remarks_of(found), behind(found)),
        ),
    )


def outcome_of(found: OfficersFound) -> str:
    """Name what is counted in plain words."""
    name = str(found.design.outcome)
    return words.outcomes.get(name, name.replace("_", " "))


def unit_of(found: OfficersFound) -> str:
    """Name the unit of the rate in plain words."""
    return outcome_of(found) + found.design.unit.removeprefix(str(found.design.outcome).replace("_", " "))


def behind(found: OfficersFound) -> pd.DataFrame:
    """Officers behind a sentence about all of them."""
    return pd.DataFrame({"persons": [float(len(found.design.first))]})


def detectable_sentences(found: OfficersFound) -> tuple[Sentence, ...]:
    """Say, before any estimate, what could be found and what would matter.

    Parameters
    ----------
    found : OfficersFound
    """
    if found.detectable is None:
        return ()
    least = found.detectable
    text = (
        f"{words.capital(least.words())}, in {unit_of(found)}. A change of {words.number(found.matters)} was said "
        "to matter."
    )
    numbers = Facts({"mde": least.effect, "base": least.base, "matters": found.matters})
    return (Sentence(text=text, numbers=numbers, support=behind(found)),)


def headline_sentence(result: Result) -> Sentence:
    """Say what was found; behind it stand those of the first term alone.

    Parameters
    ----------
    result : Result
    """
    return replace(finding(result), support=_of_first(result))


def _of_first(result: Result) -> pd.DataFrame | None:
    return None if result.support is None else result.support.head(1)


def verdict_sentence(found: OfficersFound) -> Sentence:
    """Say what the first interval means at this number of officers."""
    text = f"Verdict on a change of {words.number(found.matters)} {unit_of(found)}: {found.verdict}."
    return Sentence(text=text, support=_of_first(found.results[0]))


def groups_table(found: OfficersFound) -> Table:
    """Put volunteers, assigned and never exposed officers beside each other, as they were before.

    Parameters
    ----------
    found : OfficersFound
    """
    rows = found.baseline.reset_index(drop=True)
    frame = rows.assign(
        group=[words.term(str(name)) for name in rows["group"]], what=rows["what"].str.replace("_", " ")
    )
    columns = (
        Column("group", "Officers"),
        Column("what", "What"),
        Column("officers", "How many", "whole"),
        Column("mean", "Mean", "number"),
        Column("sd", "Standard deviation", "number"),
        Column("difference", "Difference", "signed"),
    )
    counts = Counts(
        family=f"officers by group ({found.design.outcome}, {found.design.period_name})",
        frame=rows[["group", "officers"]].drop_duplicates("group"),
        dimensions=("group",),
        count="officers",
    )
    return Table(
        title=f"Volunteers and assigned officers before: {outcome_of(found)}",
        frame=frame[[column.name for column in columns]],
        columns=columns,
        note=groups_note,
        support=pd.DataFrame({"persons": rows["officers"].astype(float)}),
        counts=(counts,),
    )


def kinds_table(results: tuple[Result, ...]) -> Table:
    """Put mean effects, of every kind that was asked for, below each other.

    Parameters
    ----------
    results : tuple of Result
    """
    parts = [_rows(result) for result in results]
    columns = (
        Column("what", "What"),
        Column("kind", "Kind"),
        Column("estimate", "Estimate", "signed"),
        Column("conf_low", "95 % from", "signed"),
        Column("conf_high", "to", "signed"),
        Column("unit", "Unit"),
        Column("interval", "Interval"),
    )
    frame = pd.concat([shown for shown, _ in parts], ignore_index=True)
    return Table(
        title="What changed, by kind of estimate",
        frame=frame[[column.name for column in columns]],
        columns=columns,
        note=kinds_note,
        support=pd.concat([support for _, support in parts], ignore_index=True),
    )


def _rows(result: Result) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Terms of one result that are no spans of time, and who stands behind them."""
    own = result.terms["event_time"].isna() if "event_time" in result.terms else pd.Series(True, result.terms.index)
    shown = effects(result)[own.to_numpy()]
    kind = kinds.get(result.estimand.contrast, result.estimand.contrast)
    adjusted = " (squad mates allowed for)" if "exposed_peers" in result.terms["term"].tolist() else ""
    interval = str(result.extra.get("interval", ""))
    assert result.support is not None  # methods of officers count them
    return (
        shown.assign(
            what=shown["term"].map(words.term),
            kind=f"{kind}{adjusted}",
            interval="exchanges within squads" if interval.startswith("exchanges") else "by officer, CR2",
        ),
        result.support[own.to_numpy()],
    )


def checks_blocks(checks: tuple[CheckResult, ...]) -> tuple[Block, ...]:
    """Put checks into a table, and their numbers into folds.

    Parameters
    ----------
    checks : tuple of CheckResult
    """
    if not checks:
        return ()
    return table(*checks), *numbers_behind(checks)


def remarks_of(found: OfficersFound) -> tuple[str, ...]:
    """List what was said while the design was formed and estimated, each once, and what could not be estimated."""
    said = dict.fromkeys((*found.design.notes, *(text for result in found.results for text in result.notes)))
    return *found.refused, *said


def remarks_block(said: tuple[str, ...], support: pd.DataFrame) -> tuple[Bullets, ...]:
    """Put remarks into a list; doubts say so.

    Parameters
    ----------
    said : tuple of str
    support : DataFrame
        Who stands behind them.
    """
    lines = tuple(
        Sentence(
            text=("In doubt: " if isinstance(text, Doubt) else "") + f"{words.capital(text).rstrip('.')}.",
            support=support,
        )
        for text in said
    )
    return (Bullets(items=lines),) if lines else ()
