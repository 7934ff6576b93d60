"""Specs made from what a study says is sensitive: in a notebook they show only what may be shown to all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import ParamSpec, TypeVar

from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.decide import Family
from coresponder_causal.report.printed import Blank
from coresponder_causal.report.specs import Block, Bullets, Fold, Page, Section, Spec

Given = ParamSpec("Given")
Made = TypeVar("Made", bound=Spec)


def as_sensitive(spec: Made, sensitive: bool) -> Made:
    """Return a spec, and every part of a page, that bears the mark or bears it no more; a form holds no data.

    Parameters
    ----------
    spec : Table, Picture, Sentence, Page, Paper or Leaflet
    sensitive : bool

    Examples
    --------
    >>> from coresponder_causal.report.specs import Sentence
    >>> as_sensitive(Sentence(text="Calls fell."), True).sensitive
    True
    """
    if isinstance(spec, Blank):
        return spec
    if not isinstance(spec, Page):
        return replace(spec, sensitive=sensitive)
    sections = tuple(
        Section(title=section.title, blocks=tuple(_block(block, sensitive) for block in section.blocks))
        for section in spec.sections
    )
    finding = tuple(as_sensitive(sentence, sensitive) for sentence in spec.finding)
    return replace(spec, finding=finding, sections=sections, sensitive=sensitive)


def as_its_items(function: Callable[Given, Made]) -> Callable[Given, Made]:
    """Mark what a function makes of results, checks or families of which one is sensitive."""

    @wraps(function)
    def made(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        spec = function(*args, **kwargs)
        return as_sensitive(spec, True) if any(map(of_sensitive, args)) else spec

    return made


def of_sensitive(item: object) -> bool:
    """Whether a result, a check or a family is of a study that says its data are sensitive."""
    if isinstance(item, Result):
        return item.provenance.sensitive
    return isinstance(item, CheckResult | Family) and item.sensitive


def _block(block: Block, sensitive: bool) -> Block:
    if isinstance(block, Bullets):
        return Bullets(items=tuple(as_sensitive(item, sensitive) for item in block.items))
    if isinstance(block, Fold):
        drawn = None if block.picture is None else as_sensitive(block.picture, sensitive)
        return replace(block, table=as_sensitive(block.table, sensitive), picture=drawn)
    return replace(block, sensitive=sensitive)
