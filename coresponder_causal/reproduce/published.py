"""Printed numbers beside those computed here, and in what sense they agree."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from coresponder_causal.core.errors import DataError, Problems

Status = Literal["exact-seen", "exact-recalled", "tolerance", "sign", "DIFFERS"]
columns = ("item", "where", "printed", "known", "kind", "within", "why")
kinds = ("estimate", "standard error", "limit", "share", "p-value", "E-value", "simulation", "derived")


@dataclass(frozen=True, slots=True)
class Printed:
    """One number as it was printed.

    Parameters
    ----------
    item : str
        Its name in this reproduction.
    where : str
        Table, column or page of the source.
    printed : str
        The digits.
    known : {"seen", "recalled"}
        Whether the source was read, or the digits were remembered.
    kind : str
        One of `kinds`; "derived": worked out from printed numbers by another hand, not itself printed in the paper.
    within : str
        Distance at which the two agree where the digits do not, "sign" where the sign alone is comparable, or empty.
    why : str
        Why digits need not agree; must be there where ``within`` is, or where the numbers differ.
    """

    item: str
    where: str
    printed: str
    known: str
    kind: str
    within: str
    why: str

    def status(self, ours: float) -> Status:
        """Say how our number agrees with the printed one; equal digits of two simulations are chance.

        Examples
        --------
        >>> Printed("a", "Table 1", "-15.6", "recalled", "estimate", "", "").status(-15.604)
        'exact-recalled'
        >>> Printed("a", "Table 1", "-15.6", "seen", "estimate", "0.1", "their solver stops early").status(-15.52)
        'tolerance'
        >>> Printed("a", "Table 1", "-15.6", "seen", "estimate", "", "").status(-15.2)
        'DIFFERS'
        """
        if self.kind != "simulation" and same_digits(ours, self.printed):
            return "exact-seen" if self.known == "seen" else "exact-recalled"
        if self.within == "sign":
            return "sign" if ours * float(self.printed) > 0 else "DIFFERS"
        close = bool(self.within) and abs(ours - float(self.printed)) <= float(self.within)
        return "tolerance" if close else "DIFFERS"


def same_digits(ours: float, printed: str) -> bool:
    """Whether a number, rounded to the decimals that were printed, is the printed one.

    Examples
    --------
    >>> same_digits(-0.39954, "-.4000"), same_digits(-0.39996, "-.4000"), same_digits(1794.3, "1794")
    (False, True, True)
    """
    decimals = len(printed.partition(".")[2])
    return float(f"{ours:.{decimals}f}") == float(printed)


def read_published(file: Path) -> list[Printed]:
    """Read ``published.csv``.

    Parameters
    ----------
    file : Path

    Returns
    -------
    list of Printed

    Raises
    ------
    DataError
        Listing every broken rule: columns, repeated items, digits that are no number, words that are no choice, a
        distance without its reason.
    """
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    problems = Problems(file.as_posix())
    if tuple(table.columns) != columns:
        problems.add(f"columns {', '.join(table.columns)}", mend=f"give {', '.join(columns)}")
        problems.raise_if_any(DataError)
    numbers = pd.to_numeric(table["printed"], errors="coerce")
    limits = pd.to_numeric(table["within"], errors="coerce")
    unclear = (table["within"] != "") & (table["within"] != "sign") & ~(limits > 0)
    wrong = {
        "repeated items": (table["item"].duplicated() | (table["item"] == ""), "name each item once"),
        "printed values that are no numbers": (numbers.isna(), "give digits"),
        "values of 'known' that are no choice": (~table["known"].isin(["seen", "recalled"]), "say seen or recalled"),
        "values of 'kind' that are no choice": (~table["kind"].isin(kinds), f"take one of {', '.join(kinds)}"),
        "values of 'within' that are no distance": (unclear, "give a distance above 0, sign, or nothing"),
        "distances without a reason": ((table["within"] != "") & (table["why"] == ""), "say why"),
    }
    for what, (rows, mend) in wrong.items():
        if rows.any():
            problems.add(f"{int(rows.sum())} {what}", rows=table.index[rows], mend=mend)
    problems.raise_if_any(DataError)
    return [Printed(*row) for row in table.itertuples(index=False, name=None)]
