"""Numbers for an expert's determination, 45 CFR 164.514(b)(1): how small classes are and how much they give away.

Rows that agree in every quasi-identifier are a class. Risks are those of El Emam & Dankar (2008), as ARX reports them:
a prosecutor knows that the target is in the table, a journalist knows the population that the table was drawn from, a
marketer wants many right matches. The verdict is the expert's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.privacy.closeness import distinct_diversity, earth_mover, entropy_diversity, is_ordered
from coresponder_causal.privacy.identifiers import not_advice
from coresponder_causal.privacy.population_uniqueness import pitman_uniqueness
from coresponder_causal.privacy.uniqueness_study import measured_ratio

limit = 1 / 11  # a risk that classes of 11 keep; the share of rows above it is told


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExpertReport:
    """What an expert is told about a table.

    Parameters
    ----------
    quasi_identifiers : tuple of str
        Columns that others may know of a person.
    classes : DataFrame
        Classes by their size, smallest first: ``size, classes, rows, share_of_rows``. No values, no row numbers.
    diversity : DataFrame
        By sensitive column, its worst class: ``column, distinct_l, entropy_l, t, distance``.
    risks : DataFrame
        ``attacker`` (prosecutor, journalist, marketer), ``highest, average, share_above`` the limit of one in eleven.
    uniqueness : DataFrame
        ``of`` (sample, population), ``share`` of persons alone in their class, ``method``; of the population
        missing where everybody is alone in the sample.
    n_rows : int
    population : int or None
        Persons in the population.
    """

    quasi_identifiers: tuple[str, ...]
    classes: pd.DataFrame
    diversity: pd.DataFrame
    risks: pd.DataFrame
    uniqueness: pd.DataFrame
    n_rows: int
    population: int | None

    @property
    def k(self) -> int:
        """Rows of the smallest class: the k of k-anonymity (Sweeney 2002)."""
        return int(self.classes["size"].min())

    def __str__(self) -> str:
        parts = {"Smallest classes": self.classes.head(), "Sensitive columns": self.diversity, "Risks": self.risks}
        parts["Alone in their class"] = self.uniqueness
        head = f"{self.n_rows} rows by {', '.join(self.quasi_identifiers)}: k = {self.k}"
        tables = [f"{name}\n{table.to_string(index=False)}" for name, table in parts.items() if len(table)]
        return "\n\n".join([head, *tables, not_advice])


def expert_report(
    frame: object,
    *,
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str] = (),
    population: object | int | None = None,
) -> ExpertReport:
    """Measure how well the persons of a table are hidden among their likes.

    Parameters
    ----------
    frame : DataFrame or Table
        One row per person, from pandas, polars or pyarrow.
    quasi_identifiers : sequence of str
        Columns that others may know; a missing value counts as a value of its own.
    sensitive : sequence of str
        Columns that nobody should learn; rows without a value are left out of their numbers, which a note says.
    population : DataFrame, Table or int, optional
        Every person of the population with the quasi-identifiers: the journalist's risk is then counted. As a number,
        its size: the share of persons alone in it is estimated. Without it, neither is told.

    Returns
    -------
    ExpertReport

    Raises
    ------
    DataError
        Columns that are not there, an empty table, a population smaller than the table or one that lacks a class of it.
    EstimationError
        The formula of the population does not fit: give its table.

    References
    ----------
    Sweeney L (2002) IJUFKS 10(5), 557-570. Machanavajjhala A et al. (2007) ACM TKDD 1(1). Li N, Li T,
    Venkatasubramanian S (2007) ICDE. El Emam K, Dankar FK (2008) JAMIA 15(5), 627-637. Hoshino N (2001) Journal of
    Official Statistics 17(4), 499-520.

    Examples
    --------
    >>> rows = pd.DataFrame({"age": ["18-24"] * 3 + ["25-34"] * 2, "hold": [True, False, False, True, True]})
    >>> found = expert_report(rows, quasi_identifiers=["age"], sensitive=["hold"])
    >>> found.k, found.diversity["distinct_l"].tolist(), found.risks.round(3).values.tolist()[0]
    (2, [1], ['prosecutor', 0.5, 0.4, 1.0])
    """
    rows = to_pandas(frame).reset_index(drop=True)
    keys = list(quasi_identifiers)
    _check(rows, keys, list(sensitive))
    named = _classes(rows, keys)
    sizes = named.map(named.value_counts())
    by_size = sizes.groupby(sizes).size()
    classes = pd.DataFrame({"size": by_size.index, "classes": by_size.to_numpy() // by_size.index, "rows": by_size})
    size = int(population) if isinstance(population, Integral) else None
    known = None if population is None or size is not None else _population_sizes(rows, keys, population)
    if size is not None and size < len(rows):
        raise DataError(f"a population of {size} for {len(rows)} rows", mend="give the size of the population")
    return ExpertReport(
        quasi_identifiers=tuple(keys),
        classes=classes.assign(share_of_rows=classes["rows"] / len(rows)).reset_index(drop=True),
        diversity=pd.DataFrame(
            [_diversity(rows[name], named) for name in sensitive],
            columns=["column", "distinct_l", "entropy_l", "t", "distance"],
        ),
        risks=_risks(sizes, known),
        uniqueness=_uniqueness(named, size, known),
        n_rows=len(rows),
        population=size if known is None else int(known[1].sum()),
    )


def _check(rows: pd.DataFrame, keys: list[str], sensitive: list[str]) -> None:
    """Refuse what cannot be measured, all of it at once."""
    problems = Problems("the report")
    if not keys:
        problems.add("no quasi-identifier is named", mend="name the columns that others may know of a person")
    for name in [*keys, *sensitive]:
        if name not in rows.columns:
            problems.add(f"there is no column {name!r}", mend="correct its name")
    if rows.empty:
        problems.add("the table has no rows", mend="give one row per person")
    problems.raise_if_any(DataError)


def _classes(rows: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Give each row the number of its class; missing values are equal to each other."""
    return rows.groupby(keys, dropna=False, observed=True, sort=False).ngroup()


def _population_sizes(rows: pd.DataFrame, keys: list[str], population: object) -> tuple[pd.Series, pd.Series]:
    """Size in the population of the class of each row, and sizes of all classes there."""
    everyone = to_pandas(population)
    _check(everyone, keys, [])
    both = pd.concat([everyone[keys], rows[keys]], ignore_index=True)
    named = _classes(both, keys)
    there, here = named.iloc[: len(everyone)], named.iloc[len(everyone) :].reset_index(drop=True)
    counts = there.value_counts()
    sizes = here.map(counts).fillna(0)
    short = here.map(here.value_counts()) > sizes
    if short.any():
        raise DataError(
            f"{int(short.sum())} rows are in classes with fewer persons in the population than in the table",
            mend="give the population that the table was drawn from, coded alike",
        )
    return sizes, counts


def _risks(sizes: pd.Series, known: tuple[pd.Series, pd.Series] | None) -> pd.DataFrame:
    """Risk of each attacker: highest, average over rows, and share of rows above the limit."""
    told = [("prosecutor", 1 / sizes)]
    if known is not None:
        told.append(("journalist", 1 / known[0]))
    found = [(who, float(risk.max()), float(risk.mean()), float((risk > limit).mean())) for who, risk in told]
    marketer = found[-1][2]  # right matches expected among all rows, by the largest frame the attacker has
    return pd.DataFrame(
        [*found, ("marketer", np.nan, marketer, np.nan)], columns=["attacker", "highest", "average", "share_above"]
    )


def _uniqueness(named: pd.Series, population: int | None, known: tuple[pd.Series, pd.Series] | None) -> pd.DataFrame:
    """Share of persons alone in their class, in the table and, where it can be told, in the population."""
    sizes = named.value_counts().to_numpy()
    found: list[tuple[str, float, str]] = [("sample", float((sizes == 1).sum() / sizes.sum()), "counted")]
    if known is not None:
        found.append(("population", float((known[1] == 1).sum() / known[1].sum()), "counted"))
    elif population is not None and sizes.max() == 1:
        found.append(("population", np.nan, "cannot be estimated: everybody is alone in the sample"))
    elif population is not None:
        share = pitman_uniqueness(sizes, population)
        found.append(("population", share, f"Pitman's formula; {measured_ratio(sizes.sum() / population)}"))
    return pd.DataFrame(found, columns=["of", "share", "method"])


def _diversity(values: pd.Series, named: pd.Series) -> tuple[str, int, float, float, str]:
    """Least diversity and greatest distance over the classes of one sensitive column."""
    filled = values.notna()
    if not filled.all():
        note(f"{int((~filled).sum())} rows without {values.name!r} are left out of its diversity")
    if not filled.any():
        raise DataError(f"{values.name!r} has no value at all", mend="leave it out of sensitive=")
    counts = pd.crosstab(named[filled], values[filled]).to_numpy()
    ordered = is_ordered(values)
    q = counts.sum(axis=0) / counts.sum()
    return (
        str(values.name),
        min(distinct_diversity(row) for row in counts),
        min(entropy_diversity(row) for row in counts),
        max(earth_mover(row / row.sum(), q, ordered=ordered) for row in counts),
        "ordered" if ordered else "equal",
    )
