"""What several programs are asked: the quantity, the calls, and why two answers differ where they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from coresponder_causal.core.result import Result
from coresponder_causal.validity.agreement_data import Answer, answer
from coresponder_causal.validity.agreement_peers import of_r

Kind = Literal["convention", "estimand", "solver", "lot", "bug"]


@dataclass(frozen=True, slots=True)
class Why:
    """Why an answer differs from ours.

    Parameters
    ----------
    kind : {"convention", "estimand", "solver", "lot", "bug"}
        Another rule for the same quantity; another quantity; a search that stops elsewhere; other draws; a mistake.
    text : str
    """

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of another program.

    Parameters
    ----------
    program : str
        Its distribution, or ``R`` and the name of the package.
    code : str
        The call, as it is written.
    found : callable
        Gives its answer.
    why : Why, optional
        Where it differs from ours.
    stored_in : str
        File of what it found, of a program in R.
    """

    program: str
    code: str
    found: Callable[[], Answer]
    why: Why | None = None
    stored_in: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One quantity of one data set.

    Parameters
    ----------
    data : str
        Name of the data set.
    text : str
        What is asked.
    code : str
        Our call.
    found : callable
        Gives our answer.
    others : tuple of Asked
    """

    data: str
    text: str
    code: str
    found: Callable[[], Answer]
    others: tuple[Asked, ...]


def first(result: Result) -> Answer:
    """Return the headline of a result."""
    return answer(result.estimate, result.bse)


def term(result: Result, name: str) -> Answer:
    """Return one term of a result."""
    row = result.tidy().set_index("term").loc[name]
    return answer(row["estimate"], row["std_error"])


def without_draws(result: Result) -> Answer:
    """Return the headline; its error comes from placebos, drawn by lot in the other programs."""
    return answer(result.estimate)


def p_value(result: Result) -> Answer:
    """Return the p-value of the headline."""
    return answer(result.pvalues)


def stored(program: str, file: str, key: str, *path: str, why: Why | None = None) -> Asked:
    """Make a call of a program in R, whose numbers are stored; they stand under ``path`` of its results."""
    package, names = program.split(" ")[1], path or ("estimate", "se")
    return Asked(program, f"{package}: {key}", lambda: of_r(file, key, *names), why, file)
