"""A method on trial: the function, its example, and what it gave there."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from coresponder_causal.core.method_card import MethodCard
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import METHODS, Design
from coresponder_causal.core.result import Result
from coresponder_causal.testing.examples import Example, outcome

Broken = Iterator[str]
Rule = Callable[["Case"], Broken]


@dataclass(frozen=True)
class Case:
    """A method and the data that it is tried on.

    Parameters
    ----------
    fn : callable
        Under `@estimator`.
    example : Example
    """

    fn: Callable[..., Result]
    example: Example

    @property
    def name(self) -> str:
        """Name of the method."""
        return self.fn.__name__

    @property
    def card(self) -> MethodCard:
        """Its card."""
        return METHODS[self.name]

    @property
    def options(self) -> list[inspect.Parameter]:
        """Its options."""
        _, *options = inspect.signature(self.fn).parameters.values()
        return options

    @cached_property
    def design(self) -> Design:
        """The example's design."""
        return self.example.designed()

    @cached_property
    def result(self) -> Result:
        """What the method gives on it, with its defaults."""
        return self.run(self.design)

    def run(self, design: object, options: Mapping[str, object] | None = None) -> Result:
        """Run the method; its doubts are notes."""
        with quietly():
            return self.fn(design, **(options or {}))

    def remade(self, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Design:
        """Make the design of a changed frame."""
        made: Design = self.example.design(change(self.example.frame()), outcome)
        return made
