"""What the report room makes: tables, pictures, sentences and pages as values, with every number they show.

A spec is not yet a file. It carries the numbers it draws and the support behind them (persons, events, units), so that
whoever decides what may leave can decide on the spec alone; `coresponder_causal.report.write` then makes the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.privacy.counts import Counts
from coresponder_causal.report.printed import Blank

of_nobody = pd.DataFrame({"persons": pd.Series(dtype=float)})
"""Support of numbers behind which nobody stands: fields, versions, settings, a truth that was simulated."""
Form = Literal["text", "said", "number", "signed", "fine", "whole", "share", "p"]
PictureKind = Literal[
    "series",
    "gap",
    "forest",
    "love",
    "events",
    "power",
    "heat",
    "rate",
    "trend",
    "flow",
    "surface",
    "rates",
    "calendar",
    "hours",
    "deployment",
    "boundary",
    "shares",
    "course",
    "residuals",
    "breaks",
    "support",
    "placebos",
    "contour",
    "bias",
    "specifications",
    "tipping",
    "logic",
    "graph",
    "hundred",
    "incidence",
    "ladder",
    "funnel",
    "acceptability",
    "tornado",
    "benefit",
    "improvements",
    "groups",
    "treated",
    "contacts",
    "drift",
    "waves",
    "answers",
    "bounds",
    "features",
    "donors",
    "joint",
    "saturation",
    "agreement",
    "told",
    "multiples",
    "comparable",
    "control",
    "growth",
]


@dataclass(frozen=True, slots=True)
class Column:
    """How one column of a table is headed and written.

    Parameters
    ----------
    name : str
        Column of the frame.
    label : str
        Heading in plain words.
    form : {"text", "said", "number", "signed", "fine", "whole", "share", "p"}
        Text that names the row, text that says its numbers, three significant digits, the same with its sign always
        shown, five digits, whole numbers, two decimals, p-values.
    inside : bool
        Whether it is for those inside alone, as hashes of data are: for others the table is without it.
    """

    name: str
    label: str
    form: Form = "text"
    inside: bool = False

    @property
    def wordy(self) -> bool:
        """Whether its cells are text."""
        return self.form in ("text", "said")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A table: numbers at full precision in ``frame``, and how they are to be written.

    Parameters
    ----------
    title : str
    frame : DataFrame
        The cells.
    columns : tuple of Column
        Columns shown, in order.
    note : str
        What stands below the table.
    support : DataFrame, optional
        Persons, events and units behind the rows; None where nothing is known of them, `of_nobody` where nobody is.
    counts : tuple of Counts
        Counts behind the rows that add up, among themselves and with those of other tables.
    sensitive : bool
        Whether a notebook shows only what passes the gate for the public.
    """

    title: str
    frame: pd.DataFrame
    columns: tuple[Column, ...]
    note: str = ""
    support: pd.DataFrame | None = None
    counts: tuple[Counts, ...] = ()
    sensitive: bool = False

    def _repr_html_(self) -> str:
        return _fragment(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A picture before it is drawn.

    Parameters
    ----------
    title, caption : str
        Heading, and what is to be read below the picture.
    alt : str
        What the picture shows, for those who cannot see it.
    kind : str
        "series": one city in time; "gap": it against comparison cities in time; "forest": one row per city or design;
        "love": one row per covariate; "events": one point per time since the start; "power": how often effects are
        found; "heat": missing values by field and week; "rate": a share by week with its changes; "trend": a metric in
        time; "flow": the course of calls; "surface": shares in cells; "rates": one rate by several definitions;
        "calendar": one square per half-day; "hours": the hours of a week, day by day; "deployment": the
        same with the hours of today and those proposed; "boundary": an outcome on both
        sides of a clock time; "shares": how often the team came, by hour or by call takers' leniency; "course": one
        point per half-year; "residuals": residuals and their autocorrelation; "breaks": the test of a break by date;
        "support": calls by their probability of treatment; "placebos": estimates of placebo treatments; "contour": an
        estimate by the strength of an omitted variable; "bias": what is left of a finding as hidden bias grows;
        "logic": the boxes and arrows of a logic model; "graph": those of a causal graph; "hundred": bars of how many of
        a hundred; "incidence": what came after calls, by day; "ladder": outcomes from the scene on, by arm; "funnel":
        the change of a record, stage by stage; "acceptability": the chance that a programme is worth its cost;
        "tornado": what moves the cost most; "benefit": effects in fifths of the predicted benefit, and the gain of the
        ranking; "treated": gaps between groups, a row a quantity or stage; "contacts": bounds of a gap over who is met;
        "drift": labels by what was found; "improvements": what would help most, ranked; "waves": mean scores wave by
        wave; "answers": answers by wave as parts of bars; "bounds": differences in change with and without those who
        stayed away; "features": one row per level of what was drawn; "joint": themes of what people say beside
        results; "saturation": codes heard, by interview; "agreement": how a label agrees with what was found; "told":
        need by what callers told; "multiples": cities side by side, a panel an outcome; "comparable": which cities
        count the same thing; "control": a monitored metric and its control charts.
    data : mapping of str to DataFrame
        Every number drawn.
    labels : Facts
        Words on the axes and beside the lines.
    support : DataFrame, optional
        Persons, events and units behind what is drawn; None where nothing is known of them, `of_nobody` where nobody
        is.
    counts : tuple of Counts
        Counts behind the rows of ``data`` that add up; each names its frame as its ``part``.
    sensitive : bool
        Whether a notebook shows only what passes the gate for the public.
    """

    title: str
    caption: str
    alt: str
    kind: PictureKind
    data: Mapping[str, pd.DataFrame]
    labels: Facts = field(default_factory=Facts)
    support: pd.DataFrame | None = None
    counts: tuple[Counts, ...] = ()
    sensitive: bool = False

    def _repr_html_(self) -> str:
        return _fragment(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sentence:
    """A sentence and the numbers in it.

    Parameters
    ----------
    text : str
    numbers : Facts
        Numbers of the sentence by name, unrounded.
    support : DataFrame, optional
        Persons, events and units behind the numbers; None where nothing is known of them, `of_nobody` where nobody is.
    sensitive : bool
        Whether a notebook shows only what passes the gate for the public.
    """

    text: str
    numbers: Facts = field(default_factory=Facts)
    support: pd.DataFrame | None = None
    sensitive: bool = False

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return _fragment(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fold:
    """A table, or a picture with its table, that opens on a click, and is printed open.

    Parameters
    ----------
    label : str
        What stands on the closed fold.
    table : Table
    picture : Picture, optional
        What stands above it.
    """

    label: str
    table: Table
    picture: Picture | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bullets:
    """Sentences as a list.

    Parameters
    ----------
    items : tuple of Sentence
    """

    items: tuple[Sentence, ...]


Block: TypeAlias = Sentence | Table | Picture | Fold | Bullets


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Section:
    """One question of a page and what answers it.

    Parameters
    ----------
    title : str
    blocks : tuple of Sentence, Table, Picture, Fold or Bullets
    """

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Page:
    """A page: banners, the finding, then one question a section.

    Parameters
    ----------
    title, subtitle : str
    banners : tuple of str
        What must be known before anything else is read.
    finding : tuple of Sentence
        First what the design can detect, then what was found.
    sections : tuple of Section
    sensitive : bool
        Whether a notebook shows only what passes the gate for the public.
    sheet : bool
        Whether it is set to be printed on one sheet of paper: the first section across, the others beside each other.
    """

    title: str
    subtitle: str = ""
    banners: tuple[str, ...] = ()
    finding: tuple[Sentence, ...] = ()
    sections: tuple[Section, ...] = ()
    sensitive: bool = False
    sheet: bool = False

    def parts(self) -> Iterator[Table | Picture | Sentence]:
        """Every table, picture and sentence on the page, in the order of reading."""
        yield from self.finding
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Fold):
                    yield from (part for part in (block.picture, block.table) if part is not None)
                elif isinstance(block, Bullets):
                    yield from block.items
                else:
                    yield block

    def tables(self) -> Iterator[tuple[str, Table]]:
        """Every table on the page, with the title of its section."""
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Table | Fold):
                    yield section.title, block if isinstance(block, Table) else block.table


Spec: TypeAlias = Table | Picture | Sentence | Page | Blank


def _fragment(spec: Spec) -> str:
    """Markup for a notebook, by way of the one door."""
    from coresponder_causal.report.write import rendered

    return rendered(spec, ".fragment").decode()
