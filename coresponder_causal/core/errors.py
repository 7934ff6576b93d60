"""Errors that state the fact and its mend, and a list that gathers every broken rule before raising once."""

from collections.abc import Iterable
from dataclasses import dataclass, field


class CausalError(Exception):
    """Something that stops an evaluation, with what to do about it.

    Parameters
    ----------
    what : str
        The fact, with names and counts.
    mend : str
        One action that puts it right.

    Examples
    --------
    >>> print(DesignError("no period before the start", mend="move start= later"))
    no period before the start
      mend: move start= later
    """

    def __init__(self, what: str, *, mend: str) -> None:
        super().__init__(what, mend)
        self.what = what
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.what}\n  mend: {self.mend}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.mend)


def _rebuild(cls: type[CausalError], what: str, mend: str) -> CausalError:
    return cls(what, mend=mend)


class DataError(CausalError):
    """A table breaks rules of the data dictionary, or cannot be read."""


class DesignError(CausalError):
    """A design cannot be formed, or does not fit the method it was given to."""


class EstimationError(CausalError):
    """An estimate cannot be computed: singular, unconverged, too little data."""


class DisclosureError(CausalError):
    """Something would leave the project that could reveal a person."""


# What code of others may raise where it is called or loaded; stopping the program is not among it.
stumbles: tuple[type[Exception], ...] = (CausalError, ArithmeticError, AssertionError, AttributeError, ImportError)
stumbles += (LookupError, OSError, RuntimeError, SyntaxError, TypeError, ValueError)


class IdentificationWarning(UserWarning):
    """An estimate can be computed, but its identification or its interval is in doubt."""


@dataclass(slots=True)
class Problems:
    """Every broken rule of one input, raised together.

    Parameters
    ----------
    subject : str
        What was checked, e.g. ``"table 'calls'"``.

    Examples
    --------
    >>> problems = Problems("panel")
    >>> problems.add("2 duplicated unit-months", rows=[3, 9], mend="keep one row per unit and month")
    >>> problems.add("column 'city' is missing", mend="rename or add it")
    >>> problems.raise_if_any(DesignError)
    Traceback (most recent call last):
    ...
    coresponder_causal.core.errors.DesignError: panel breaks 2 rules
      1. 2 duplicated unit-months (rows 3, 9): keep one row per unit and month
      2. column 'city' is missing: rename or add it
      mend: change the 2 points above, then run again
    """

    subject: str
    found: list[str] = field(default_factory=list)

    def add(self, what: str, *, mend: str, rows: Iterable[object] = (), total: int | None = None) -> None:
        """Note one broken rule with its first offending rows (zero-based positions; at most five are shown)."""
        offenders = [row for row in rows if str(row)]
        count = len(offenders) if total is None else total
        shown = ", ".join(map(str, offenders[:5])) + (", …" if offenders and count > min(len(offenders), 5) else "")
        self.found.append(f"{what}{f' (rows {shown})' if shown else ''}: {mend}")

    def raise_if_any(self, error: type[CausalError]) -> None:
        """Raise ``error`` listing every point, if there is one."""
        if not self.found:
            return
        many = len(self.found)
        points = "\n".join(f"  {i}. {point}" for i, point in enumerate(self.found, 1))
        raise error(
            f"{self.subject} breaks {many} rule{'s' if many > 1 else ''}\n{points}",
            mend=f"change the {f'{many} points' if many > 1 else 'point'} above, then run again",
        )
