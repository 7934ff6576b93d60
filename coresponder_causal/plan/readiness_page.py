"""Readiness as a screen of text, as a page and as tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coresponder_causal import report
from coresponder_causal.core.facts import Facts
from coresponder_causal.plan.readiness import Readiness
from coresponder_causal.plan.readiness_answers import mend_first, not_yet, now, one_more
from coresponder_causal.privacy import Policy, inside
from coresponder_causal.report import words
from coresponder_causal.report.page import sensitive_banner, simulated_banner
from coresponder_causal.report.specs import Bullets, Column, Fold, Page, Section, Sentence, Spec, Table, of_nobody
from coresponder_causal.report.tables import plain

marks = {now: "✓", mend_first: "!", one_more: "+", not_yet: "·"}
shown_fields = 5


def screen(found: Readiness) -> str:
    """Write readiness on one screen.

    Parameters
    ----------
    found : Readiness

    Returns
    -------
    str
    """
    lines = [*_questions(found.questions), "", counted(found).text]
    if len(found.next_fields):
        lines += ["", "Next fields, best first:", *_fields(found.next_fields.head(shown_fields))]
    changes = [f"  {said}" for said in detectable_lines(found.designs)]
    if changes:
        lines += ["", "At best, found four times in five:", *changes]
    if len(found.quality):
        lines += ["", "To mend first:", *_mends(found.quality)]
    notes = [line for line in found.lines if not line.startswith("Read:")]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def counted(found: Readiness) -> Sentence:
    """Count what can be answered.

    Parameters
    ----------
    found : Readiness
    """
    able = {name: int(table["answer"].eq(now).sum()) for name, table in _tables(found).items()}
    core = found.metrics[found.metrics["core"]]
    return Sentence(
        text=(
            f"Now: {able['questions']} of {len(found.questions)} questions, {able['metrics']} of {len(found.metrics)} "
            f"metrics ({int(core['answer'].eq(now).sum())} of {len(core)} core ones), {able['designs']} of "
            f"{len(found.designs)} designs."
        ),
        numbers=Facts(able),
        support=of_nobody,
    )


def detectable_lines(designs: pd.DataFrame) -> list[str]:
    """Say what each design that can be run finds four times in five, and what that rests on.

    Parameters
    ----------
    designs : DataFrame
        Of a `Readiness`.
    """
    able = designs[designs["change"].notna()]
    columns = able[["design", "change", "unit", "assumes"]].itertuples(index=False, name=None)
    whats = {"%": "a fall of calls by", "percentage points": "a difference in arrests of"}
    return [f"{design}: {whats[unit]} {change:.1f} {unit}; assumed: {said}" for design, change, unit, said in columns]


def readiness_page(found: Readiness, *, simulated: bool = False) -> Page:
    """Put readiness on a page.

    Parameters
    ----------
    found : Readiness
    simulated : bool
        Say that the city is made up.

    Returns
    -------
    Page
    """
    said = [Sentence(text=line, support=found.rows) for line in found.lines]
    finds = [Sentence(text=words.capital(f"{line}."), support=found.rows) for line in detectable_lines(found.designs)]
    needs = {"lacks": "What it needs", "by": "Answered by", "why": "Why not", "answer": "Can be answered"}
    needs |= {"question": "Question", "title": "Compares"}
    single = _capitals(found.next_fields) | {"unlocks": "Opens"}
    changes = Sentence(text="What each finds at best, four times in five with a 5 % test:", support=of_nobody)
    designs = found.designs[["title", "answer", "lacks", "why"]]
    title = "Single fields that open something, best first"
    opened = plain(found.next_fields, title=title, labels=single, support=of_nobody)
    quality = _without_rows(found.quality)
    sections = [
        Section(
            title="Which questions?",
            blocks=(plain(found.questions, title="Questions", labels=needs, support=of_nobody),),
        ),
        Section(title="Which field next?", blocks=(opened,)) if len(found.next_fields) else None,
        Section(
            title="Which designs, and what could they find?",
            blocks=(_designs(designs, needs, found.rows), changes, Bullets(items=tuple(finds))),
        ),
        Section(
            title="What must be mended?",
            blocks=(plain(quality, title="Findings", labels=_capitals(quality), support=quality[["count"]]),),
        )
        if len(quality)
        else None,
        Section(title="Which metrics?", blocks=_metrics(found.metrics)),
        Section(title="What was read?", blocks=(Bullets(items=tuple(said)),)),
    ]
    return Page(
        title="What can these data answer?",
        banners=(simulated_banner,) if simulated else (sensitive_banner,),
        finding=(counted(found),),
        sections=tuple(section for section in sections if section is not None),
    )


def _designs(designs: pd.DataFrame, needs: dict[str, str], rows: pd.DataFrame) -> Table:
    """Designs, and the rows read, of which they are said to be formed."""
    return plain(designs, title="Designs", labels=needs, said=("why",), support=_behind(designs, rows))


def _behind(shown: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Say of every row that all that was read stands behind it."""
    return pd.DataFrame({"rows": [rows["rows"].max()] * len(shown)})


def write_readiness(
    found: Readiness, out: Path, *, simulated: bool = False, policy: Policy | None = None
) -> list[Path]:
    """Write readiness: the page, and its tables beside it.

    Parameters
    ----------
    found : Readiness
    out : Path
        Folder.
    simulated : bool
    policy : Policy, optional
        For whom; by default for those inside.

    Returns
    -------
    list of Path
        The page first.
    """
    tables = _tables(found) | {"next_fields": found.next_fields, "findings": _without_rows(found.quality)}
    behind = dict.fromkeys(("questions", "metrics", "next_fields"), of_nobody)
    behind |= {"designs": _behind(found.designs, found.rows), "findings": found.quality[["count"]]}
    specs: dict[Path, Spec] = {out: readiness_page(found, simulated=simulated)}
    for name, table in tables.items():
        if len(table):
            specs[out / f"{name}.csv"] = plain(table, title=name, support=behind[name])
    return report.write_all(specs, policy=policy or inside, into=out)


def _tables(found: Readiness) -> dict[str, pd.DataFrame]:
    """Name the tables that hold answers."""
    return {"questions": found.questions, "metrics": found.metrics, "designs": found.designs}


def _capitals(table: pd.DataFrame) -> dict[str, str]:
    """Head columns with a capital."""
    return {str(name): words.capital(str(name)) for name in table}


def _without_rows(quality: pd.DataFrame) -> pd.DataFrame:
    """Leave out the numbers of rows, which no page shows of sensitive data."""
    return quality.drop(columns="rows")


def _questions(questions: pd.DataFrame) -> list[str]:
    """Write each question with its mark and what it needs."""
    made = []
    for question, answer, by, lacks in questions.itertuples(index=False, name=None):
        if answer == now:
            said = by
        elif answer == one_more:
            said = f"after one field: {lacks}"
        elif answer == mend_first:
            said = f"mend first: {lacks}"
        else:
            said = _many(lacks)
        made.append(f"{marks[answer]} {question:<52}{said}")
    return made


def _many(lacks: str) -> str:
    """Count the fields that are lacking by table; other reasons are said as they are."""
    fields = [part for part in lacks.split(", ") if "." in part]
    if not fields:
        return lacks
    tables = ", ".join(dict.fromkeys(field.partition(".")[0] for field in fields))
    return f"needs {len(fields)} fields of {tables}"


def _fields(fields: pd.DataFrame) -> list[str]:
    """Write each field with its burden and what it opens."""
    made = []
    for field, burden, _, designs, metrics, questions in fields.itertuples(index=False, name=None):
        opens = "; ".join(part for part in (questions, metrics, designs) if part)
        made.append(f"  {field:<36}{burden:<9}opens {opens}")
    return made


def _mends(quality: pd.DataFrame) -> list[str]:
    """Write each finding with its count and its mend."""
    columns = quality[["table", "field", "rule", "count", "mend"]].itertuples(index=False, name=None)
    return [f"  {table}.{field or '*'}: {rule} ({count:,}); {mend}" for table, field, rule, count, mend in columns]


def _metrics(metrics: pd.DataFrame) -> tuple[Table | Fold, ...]:
    """Show the core metrics open and the others folded."""
    columns = (
        Column("metric", "Metric"),
        Column("name", "Name"),
        Column("answer", "Can be computed"),
        Column("lacks", "Lacks"),
    )
    core, others = metrics[metrics["core"]], metrics[~metrics["core"]]
    folded = Table(title="Other metrics", frame=others, columns=columns, support=of_nobody)
    shown = Table(title="Core metrics", frame=core, columns=columns, support=of_nobody)
    return shown, Fold(label="The other metrics", table=folded)
