"""What each of the fifty metrics means and which expression computes it, read from ``data_dictionary/metrics.yaml``."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, get_args

from coresponder_causal.core.errors import DataError
from coresponder_causal.data.folder import folder, written

Kind = Literal[
    "proportion", "rate", "mean", "quantiles", "concentration", "kappa", "standardised", "difference", "change"
]
Burden = Literal["auto", "one tap", "form", "linked"]
Direction = Literal["up", "down", "ambiguous", "parity"]
allowed_in_expressions = (
    ast.Expression, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Name, ast.Load, ast.Constant, ast.List,
    ast.BitAnd, ast.BitOr, ast.Invert, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.USub,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In,
)  # fmt: skip
time_of: Mapping[str, str] = MappingProxyType(
    {
        "calls": "received_at",
        "contacts": "contact_at",
        "surveys": "date",
        "officer_waves": "date",
        "narratives": "written_at",
    }
)
key_of: Mapping[str, str] = MappingProxyType({"calls": "call_id", "contacts": "contact_id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One number of a metric.

    Parameters
    ----------
    part : str
        What sets it apart from the metric's other parts; empty where there is one.
    kind : str
        How it is computed: one of `Kind`.
    of : str
        What it is divided by, in words.
    rows : str
        Table whose rows are counted.
    counts, among, value : str
        Expressions: which rows are the numerator, which the denominator, and the number averaged.
    unit : {"row", "person"}
        Persons are counted once in each cell, by their first row in it; of rows of the same moment that of the
        lower key is the first.
    group, mix, exposure, cluster : str
        Fields: whose values are counted apart; whose mix is adjusted for; what a rate is divided by; within whose
        values rows are not independent.
    per : float
        Multiplier of a rate.
    """

    part: str = ""
    kind: Kind
    of: str
    rows: str = "calls"
    counts: str = ""
    among: str = ""
    value: str = ""
    unit: Literal["row", "person"] = "row"
    group: str = ""
    mix: str = ""
    exposure: str = ""
    cluster: str = "person"
    per: float = 1

    @property
    def names(self) -> tuple[str, ...]:
        """Names that the part cannot be computed without, in the order of reading."""
        used = [name for text in (self.among, self.counts, self.value) if text for name in names_in(text)]
        person = ("person",) if self.unit == "person" else ()
        fixed = (name for name in (self.group, self.mix, self.exposure) if name)
        return tuple(dict.fromkeys((*used, *fixed, *person)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric of the catalogue.

    Parameters
    ----------
    id, stage, name, definition : str
        Number, place in the course of a call, name, and meaning in a sentence.
    numerator, denominator, unit, source : str
        What is counted, what it is divided by, what one unit is, where it is written down.
    burden : {"auto", "one tap", "form", "linked"}
        What collecting it costs.
    privacy, bias : str
        Who may see it, and how it misleads.
    used_by : tuple of str
        Programmes and studies that report it.
    direction : {"up", "down", "ambiguous", "parity"}
        Where better lies.
    core : bool
        Whether every programme should report it.
    parts : tuple of Part
        The numbers it consists of, the main one first.
    """

    id: str
    stage: str
    name: str
    definition: str
    numerator: str
    denominator: str
    unit: str
    source: str
    burden: Burden
    privacy: str
    bias: str
    used_by: tuple[str, ...]
    direction: Direction
    core: bool
    parts: tuple[Part, ...]


@cache
def metric_catalogue() -> Mapping[str, Metric]:
    """Return the fifty metrics.

    Returns
    -------
    Mapping of str to Metric
        By id, M01 to M50.

    Raises
    ------
    DataError
        An entry of ``metrics.yaml`` that leaves out or misspells a property, or an expression that is none: the
        message names it.

    Examples
    --------
    >>> metric_catalogue()["M15"].name, sum(metric.core for metric in metric_catalogue().values())
    ('Arrest at the incident', 17)
    """
    made = [_metric(entry) for entry in _file()["metrics"]]
    return MappingProxyType({metric.id: metric for metric in made})


@cache
def stigmatising_terms() -> tuple[str, ...]:
    """Return the terms that M45 looks for in narratives."""
    return tuple(_file()["terms"])


@cache
def names_in(expression: str) -> tuple[str, ...]:
    """Return the names of fields in an expression.

    Parameters
    ----------
    expression : str

    Raises
    ------
    DataError
        If it holds anything but names, numbers, texts and their comparison: calls and attributes are no part of it.

    Examples
    --------
    >>> names_in('arrest & ~hold & (minutes_on_scene > 5)')
    ('arrest', 'hold', 'minutes_on_scene')
    """
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError as error:
        raise DataError(f"{expression!r} is no expression: {error.msg}", mend="correct it in metrics.yaml") from error
    for node in ast.walk(tree):
        if not isinstance(node, allowed_in_expressions):
            raise DataError(
                f"{expression!r} holds a {type(node).__name__}",
                mend="use names of fields, numbers, texts and & | ~ == != < <= > >= in + - * /",
            )
    names = sorted((node.col_offset, node.id) for node in ast.walk(tree) if isinstance(node, ast.Name))
    return tuple(dict.fromkeys(name for _, name in names))


def _file() -> dict[str, Any]:
    loaded = written(folder() / "metrics.yaml")
    return loaded


def _metric(entry: dict[str, Any]) -> Metric:
    """Make a metric of its YAML mapping."""
    place = f"metrics.yaml, {entry.get('id')}"
    _require(place, entry, {field.name for field in fields(Metric)}, optional=set())
    for name, choices in (("burden", get_args(Burden)), ("direction", get_args(Direction))):
        if entry[name] not in choices:
            raise DataError(f"{place} has {name} {entry[name]!r}", mend=f"take one of {', '.join(choices)}")
    parts = tuple(_part(place, part) for part in entry["parts"])
    texts = {name: str(entry[name]) for name in ("id", "stage", "name")}
    return Metric(**(entry | texts | {"parts": parts, "used_by": tuple(entry["used_by"])}))


def _part(place: str, entry: dict[str, Any]) -> Part:
    """Make a part of its YAML mapping; its expressions are read once."""
    known = {field.name for field in fields(Part)}
    _require(place, entry, known, optional=known - {"kind", "of"})
    if entry["kind"] not in get_args(Kind):
        raise DataError(f"{place} has kind {entry['kind']!r}", mend=f"take one of {', '.join(get_args(Kind))}")
    part = Part(**entry)
    for text in (part.counts, part.among, part.value):
        if text:
            names_in(text)
    return part


def _require(place: str, entry: dict[str, Any], known: set[str], *, optional: set[str]) -> None:
    """Refuse an entry with properties missing or unknown."""
    if wrong := (known - optional - entry.keys()) | (entry.keys() - known):
        raise DataError(f"{place} lacks or does not know {sorted(wrong)}", mend="write every property as for M15")
