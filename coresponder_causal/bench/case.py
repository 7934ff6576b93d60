"""What a benchmark is: data of several sizes, the programs that answer the same question of them, and how closely."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Answer: TypeAlias = dict[str, list[float]]
"""Numbers by what they are: ``estimates``, ``std_errors``, ``p_values`` or ``pairs``."""
Role = Literal["call", "kernel", "limit"]
ours, limit = "coresponder_causal", "read, sort, multiply"


class Run(NamedTuple):
    """What is timed, and how the numbers to compare are read from what it returns."""

    call: Callable[[], Any]
    answer: Callable[[Any], Answer]


@dataclass(frozen=True, slots=True)
class Program:
    """One way to the answer.

    Parameters
    ----------
    name : str
        Its distribution; ours, or the physical limit.
    code : str
        The call, as it is written.
    prepare : callable
        From the data to what is timed. Forming data as a program wants them is not timed; a kernel works from arrays.
    role : {"call", "kernel", "limit"}
        The whole public call; its arithmetic alone; what no program can go below.
    needs : tuple of str
        Modules it imports.
    most : int, optional
        Largest size at which it is run.
    """

    name: str
    code: str
    prepare: Callable[[Any], Run]
    role: Role = "call"
    needs: tuple[str, ...] = ()
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One question, asked of several programs.

    Parameters
    ----------
    name, title : str
        By which it is asked for; what it is called in words.
    counted : str
        What a size counts.
    sizes : tuple of int
        Three or more.
    tiny : int
        Size of the first, untimed call, which compiles what is compiled, and of a quick run.
    draw : callable
        From a size to the data.
    numbers : callable
        From the data to the table, shape (n, p), that must at least be read.
    programs : tuple of Program
        Ours first, as a whole call: the others are held against its answer.
    tolerance : mapping of str to float
        Largest difference from our numbers, as a share of the largest of them.
    why : str
        Reason of the tolerance.
    """

    name: str
    title: str
    counted: str
    sizes: tuple[int, ...]
    tiny: int
    draw: Callable[[int], Any]
    numbers: Callable[[Any], Array]
    programs: tuple[Program, ...]
    tolerance: Mapping[str, float]
    why: str

    @property
    def all_programs(self) -> tuple[Program, ...]:
        """Every program, the physical limit last."""
        return *self.programs, Program(limit, "X.sum(), np.sort(x), X.T @ X", self._limit, role="limit")

    def _limit(self, data: object) -> Run:
        table = self.numbers(data)
        return Run(lambda: (table.sum(), np.sort(table[:, -1]), table.T @ table), lambda _: {})


def difference(answer: Answer, reference: Answer) -> dict[str, float]:
    """Largest difference from the reference, by what the numbers are, as a share of its largest number.

    Infinite where there are not as many numbers, or some are not finite.

    Examples
    --------
    >>> difference({"estimates": [1.0, 2.2]}, {"estimates": [1.0, 2.0], "std_errors": [1.0, 1.0]})
    {'estimates': 0.1}
    """
    found = {}
    for what in answer.keys() & reference.keys():
        one, other = np.asarray(answer[what]), np.asarray(reference[what])
        same = one.shape == other.shape and bool(np.isfinite(one).all())
        found[what] = round(float(np.abs(one - other).max() / np.abs(other).max()), 15) if same else np.inf
    return found
