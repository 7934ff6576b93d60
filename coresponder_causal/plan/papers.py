"""Papers for those an evaluation works with, filled from a plan: requests, letters, checklists, agendas, briefings.

Their texts lie in ``agency_papers`` as plain Markdown with named places: ``$name`` stands for a fact of the plan or,
on a line of its own, for a table or list; ``$fill_name`` for what only people know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from string import Template
from typing import NamedTuple

from coresponder_causal import report
from coresponder_causal.plan.embedded import embedded_study
from coresponder_causal.plan.evaluation_plan import EvaluationPlan
from coresponder_causal.plan.paper_facts import filled_with
from coresponder_causal.plan.plan_file import example_plan, plan_name, plan_text, stated_plan
from coresponder_causal.plan.plan_rules import broken_rules
from coresponder_causal.plan.run import refuse_filled
from coresponder_causal.plan.study import Study, read_study
from coresponder_causal.privacy.policy import inside
from coresponder_causal.report.page import simulated_banner
from coresponder_causal.report.specs import Block, Bullets, Page, Section, Sentence, of_nobody

to_fill = "[to be filled: "
by_people = "fill_"
texts_folder = Path(__file__).parent / "agency_papers"


class Papers(NamedTuple):
    """Papers as files, how many points of each are to be filled, and how many rules of the plan are broken."""

    written: list[Path]
    unfilled: Mapping[str, int]
    broken: int


def templates() -> Mapping[str, str]:
    """Return the texts of all papers by name, in the order in which they are used.

    Examples
    --------
    >>> next(iter(templates()))
    '1_first_meeting'
    """
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(texts_folder.glob("*.md"))}


def write_papers(study: Path | None, out: Path, *, meeting: date | None = None, force: bool = False) -> Papers:
    """Write every paper as a page and as Markdown, filled from a study and the plan beside it.

    Parameters
    ----------
    study : Path or None
        The study's file; None: the embedded simulated study with the example plan.
    out : Path
        Folder; one that holds files is refused without ``force``.
    meeting : date, optional
        Of the first meeting, by which weeks become days.
    force : bool

    Returns
    -------
    Papers

    Raises
    ------
    DataError
        No plan, keys or types of it that are wrong, or a filled folder. Rules that the plan breaks are counted and no
        reason to wait: papers are needed before a plan is complete.
    """
    refuse_filled(out, force=force)
    stated, plan = _read(study)
    broken = sum(1 for _ in broken_rules(plan, stated))
    said = _banners(plan, stated, broken)
    facts, tables = filled_with(plan, stated, meeting)
    pages = {name: paper(text, facts, tables, banners=said) for name, text in templates().items()}
    files = {out / f"{name}{ending}": page for name, page in pages.items() for ending in (".html", ".md")}
    written = report.write_all(files, policy=inside, into=out)
    unfilled = {path.stem: path.read_text(encoding="utf-8").count(to_fill) for path in written if path.suffix == ".md"}
    return Papers(written=written, unfilled=unfilled, broken=broken)


def paper(
    text: str,
    facts: Mapping[str, str],
    tables: Mapping[str, tuple[Block, ...]],
    *,
    banners: tuple[str, ...] = (),
) -> Page:
    r"""Make a page of a paper's text.

    Parameters
    ----------
    text : str
        Markdown of a title, sections, paragraphs, lists and named places.
    facts : mapping of str to str
        Stand inside sentences; one that is empty is marked as to be filled.
    tables : mapping of str to tuple of blocks
        Stand on lines of their own.
    banners : tuple of str

    Raises
    ------
    KeyError
        A place that nothing fills and that is not for people to fill.

    Examples
    --------
    >>> page = paper("# To $whom\n\nWe ask you, $fill_name.", {"whom": ""}, {})
    >>> page.title, page.sections[0].blocks[0].text
    ('To [to be filled: whom]', 'We ask you, [to be filled: name].')
    """
    head, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    title, _, opening = head.partition("\n")
    sections = [("", opening), *(_cut(part) for part in parts)]
    return Page(
        title=filled(title.removeprefix("# ").strip(), facts),
        banners=banners,
        sections=tuple(
            Section(title=filled(name, facts), blocks=tuple(_blocks(body, facts, tables))) for name, body in sections
        ),
    )


def filled(text: str, facts: Mapping[str, str]) -> str:
    """Fill the named places of a text; what nobody said yet is marked."""
    template = Template(text)
    return template.substitute({name: _value(name, facts) for name in template.get_identifiers()})


def _value(name: str, facts: Mapping[str, str]) -> str:
    value = "" if name.startswith(by_people) else facts[name]
    return value or f"{to_fill}{name.removeprefix(by_people).replace('_', ' ')}]"


def _cut(part: str) -> tuple[str, str]:
    name, _, body = part.partition("\n")
    return name.strip(), body


def _blocks(body: str, facts: Mapping[str, str], tables: Mapping[str, tuple[Block, ...]]) -> Iterator[Block]:
    """Give what a section holds: a paragraph, a list, or what stands for a named place."""
    for paragraph in filter(None, map(str.strip, body.split("\n\n"))):
        lines = paragraph.splitlines()
        if paragraph.removeprefix("$") in tables:
            yield from tables[paragraph.removeprefix("$")]
        elif paragraph.startswith("- "):
            items = re.split(r"^- ", paragraph, flags=re.MULTILINE)[1:]
            yield Bullets(items=tuple(_sentence(item, facts) for item in items))
        else:
            yield _sentence(" ".join(lines), facts)


def _sentence(text: str, facts: Mapping[str, str]) -> Sentence:
    return Sentence(text=filled(" ".join(text.split()), facts), support=of_nobody)


def _read(path: Path | None) -> tuple[Study, EvaluationPlan]:
    """Read a study and its plan, whatever rules the plan breaks."""
    if path is None:
        embedded, _, _ = embedded_study()
        study = replace(embedded, simulated=True)
        return study, stated_plan(example_plan(study))
    return read_study(path), stated_plan(plan_text(path.parent / plan_name))


def _banners(plan: EvaluationPlan, study: Study, broken: int) -> tuple[str, ...]:
    """Say what must be known before a paper is handed to anybody."""
    said = [simulated_banner] if study.simulated else []
    if plan.example:
        said.append("Filled from the example plan: make PLAN.toml yours before this is handed to anybody.")
    if broken:
        rules = "a rule" if broken == 1 else f"{broken} rules"
        said.append(f"The plan breaks {rules}: coresponder-causal plan check STUDY.toml lists them.")
    return tuple(said)
