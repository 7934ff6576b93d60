"""What programs are asked on the page of safety: worlds in which nothing happens or something does, and calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Generic, NamedTuple, TypeVar

import pandas as pd

from coresponder_causal.core.result import Result
from coresponder_causal.core.version import VERSION
from coresponder_causal.design import CallDesign, PanelDesign, SeriesDesign

D = TypeVar("D", PanelDesign, SeriesDesign, CallDesign)
ours = "coresponder_causal"
draws, fewer, fewest, nominal = 400, 100, 20, 0.05


class Drawn(NamedTuple, Generic[D]):
    """One data set, as a frame for every program and as our design."""

    frame: pd.DataFrame
    design: D


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a program.

    Parameters
    ----------
    program : str
        Its distribution.
    code : str
        The call, as it is written.
    p_value : callable
        From a data set to the p-value of no effect.
    draws : int
        Data sets of each world that it is asked about: fewer where it is slow.
    """

    program: str
    code: str
    p_value: Callable[[Any], float]
    draws: int = draws


@dataclass(frozen=True, slots=True)
class Question:
    """One question, asked where there is no effect and where there is one.

    Parameters
    ----------
    name : str
    told : str
        What the data are, in sentences.
    draw : callable
        Gives data sets one after the other, of a world with the effect named; the n-th is always the same.
    effect : float
        Of the world in which something happens.
    calls : tuple of Call
    """

    name: str
    told: str
    draw: Callable[[float], Iterator[Drawn[Any]]]
    effect: float
    calls: tuple[Call, ...]


def headline(result: Result) -> float:
    """Return the p-value of the first term."""
    return float(result.pvalues.iloc[0])


def version_of(program: str) -> str:
    """Return the version of a program, nothing where it is not installed."""
    try:
        return VERSION if program == ours else version(program)
    except PackageNotFoundError:
        return ""
