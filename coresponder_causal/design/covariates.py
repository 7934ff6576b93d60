"""What was known of a call before anybody was sent: what may be adjusted for, and how it becomes numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import Problems
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.data import dictionary
from coresponder_causal.data.metrics_fields import derived
from coresponder_causal.design import columns
from coresponder_causal.design.graph import CausalGraph
from coresponder_causal.design.graph_rules import opened, unknown, why_late

Array = NDArray[np.float64]
coverage = "team_on_duty"
order, prior_calls = ("pre-dispatch", "on scene", "after"), "prior_calls"
most_levels, no_value, most_groups = 100, "missing", 8
most_values, enough_expected = 30, 10  # of a column of whole numbers; calls that chance would have sent the other way


def stage_of(name: str) -> str | None:
    """When a field comes about, by the dictionary; None for a field that it does not know, or not as one field.

    Fields of calls and their outcomes go before those of other tables; of fields that tables derive, the last of what
    they are made of counts.

    Examples
    --------
    >>> stage_of("initial_type"), stage_of("final_type"), stage_of("minutes_to_co_responder"), stage_of("horoscope")
    ('pre-dispatch', 'after', 'on scene', None)
    """
    return _stages().get(name)


@cache
def _stages() -> dict[str, str]:
    fields = [(table, field) for table, entry in dictionary.tables().items() for field in entry.fields]
    found: dict[str, set[str]] = {}
    for _, field in fields:
        found.setdefault(field.name, set()).add(field.stage)
    known = {name: stage for name, (stage, *others) in found.items() if not others}
    for table in ("outcomes", "calls"):
        known |= {field.name: field.stage for where, field in fields if where == table}
    whole = {f"{table}.{field.name}": field.stage for table, field in fields}
    made = {name: max((whole[part] for part in way.needs[0]), key=order.index) for (_, name), way in derived.items()}
    return made | known | {prior_calls: order[0]}


def refuse_late(
    names: Sequence[str], problems: Problems, *, treatment: str = coverage, graph: CausalGraph | None = None
) -> None:
    """Refuse columns that the treatment may have changed, with the way in the causal graph or the dictionary's stage.

    Parameters
    ----------
    names : sequence of str
    problems : Problems
        Gathers every broken rule.
    treatment : str
        Column of the treatment.
    graph : CausalGraph, optional
        By default that of a call.
    """
    for name in names:
        if way := late(name, treatment, graph):
            problems.add(
                f"'{name}' comes about after dispatch ({way}): the treatment may have changed it",
                mend="adjust for fields known before dispatch only",
            )
    say_unknown(names, graph)


def late(name: str, treatment: str = coverage, graph: CausalGraph | None = None) -> str | None:
    """Say how a column comes about after dispatch; None of one that was known before, or that nothing is known of.

    Examples
    --------
    >>> late("final_type"), late("minutes_to_co_responder"), late("hour")
    ('team on duty → team attends → what is written down', "stage 'on scene'", None)
    """
    if not unknown([name], graph):
        return why_late(name, treatment, graph)
    stage = stage_of(name)
    return f"stage '{stage}'" if stage not in (None, "pre-dispatch") else None


def say_unknown(names: Sequence[str], graph: CausalGraph | None = None) -> None:
    """Say which columns neither the causal graph nor the dictionary knows, and which the graph alone does not."""
    missing = unknown(names, graph)
    strange = [name for name in missing if stage_of(name) is None]
    if strange:
        verb = "is" if len(strange) == 1 else "are"
        note(
            f"{', '.join(strange)} {verb} not in the data dictionary and not in the causal graph: make sure of what "
            "was known before dispatch"
        )
    if early := [name for name in missing if stage_of(name) == "pre-dispatch"]:
        note(f"not in the causal graph, but known before dispatch by the data dictionary: {', '.join(early)}")


def refuse_unusable(table: pd.DataFrame, name: str, problems: Problems, *, grouping: bool = False) -> None:
    """Refuse a covariate that is missing, constant, or has too many levels; missing text becomes a level."""
    values, gaps = table[name], table[name].isna()
    many = columns.counted(int(gaps.sum()), "row")
    if is_text(values):
        if gaps.any():
            note(f"'{name}' is missing in {many}: these form the level '{no_value}'")
        levels = values.nunique() + bool(gaps.any())
        if levels > most_levels and not grouping:
            problems.add(f"'{name}' has {levels} levels", mend=f"merge them to at most {most_levels}")
    elif gaps.any():
        problems.add(
            f"'{name}' is missing in {many} of {len(values)}",
            mend="fill it in a way you state, or leave those calls out and say so",
            rows=np.flatnonzero(gaps),
        )
        return
    elif not grouping:
        columns.numbers(table, name, problems)
    if not grouping and len(table) > 1 and values.nunique(dropna=False) == 1:
        problems.add(f"'{name}' is the same in every call", mend="take it out of covariates")


def certain_levels(table: pd.DataFrame, names: Sequence[str], treated: NDArray[np.bool_]) -> list[str]:
    """Say of which levels all calls went one way though chance would have sent ten or more the other way.

    Parameters
    ----------
    table : DataFrame, n rows
    names : sequence of str
        Columns of text, or of whole numbers with at most 30 values; others are passed over.
    treated : ndarray of bool, shape (n,)

    Examples
    --------
    >>> table, treated = pd.DataFrame({"hour": [3] * 40 + [14] * 40}), np.arange(80) >= 60
    >>> certain_levels(table, ["hour"], treated)
    ['hour 3: 0 of 40 calls treated']
    """
    found = []
    for name in dict.fromkeys(names):
        values = table[name]
        numeric = pd.api.types.is_numeric_dtype(values)
        if numeric and (values.isna() | (values % 1 != 0)).any():
            continue
        codes, levels = pd.factorize(values, use_na_sentinel=False)
        if numeric and len(levels) > most_values:
            continue
        size, went = np.bincount(codes), np.bincount(codes, treated).astype(int)
        for sure, other in ((went == 0, treated.mean()), (went == size, (~treated).mean())):
            certain = sure & (other * size >= enough_expected)
            if certain.any():
                named = sorted(levels[certain], key=None if numeric else str)
                shown = ", ".join(no_value if pd.isna(level) else f"{level}" for level in named[:8])
                more = f" and {len(named) - 8} more" if len(named) > 8 else ""
                found.append(f"{name} {shown}{more}: {went[certain].sum()} of {size[certain].sum()} calls treated")
    return found


def doubt_adjusted(
    table: pd.DataFrame, names: Sequence[str], treatment: str, outcome: str | None, graph: CausalGraph | None
) -> None:
    """Doubt columns that open a path and close none, and levels whose calls all went one way.

    Parameters
    ----------
    table : DataFrame, n rows
    names : sequence of str
        Columns that are adjusted for.
    treatment : str
        Column of 1 and 0.
    outcome : str or None
    graph : CausalGraph or None
        None for that of a call.
    """
    others = tuple(name for name in names if name not in (treatment, outcome))
    for said in opened(others, treatment, outcome, graph):
        doubt(said)
    for said in certain_levels(table, names, table[treatment].to_numpy(bool)):
        doubt(f"{said}: calls that could only go one way are compared with none of their kind")


def is_text(values: pd.Series) -> bool:
    """Whether a column holds text or categories."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return True
    return pd.api.types.infer_dtype(values, skipna=True) == "string"


def labels(values: pd.Series) -> NDArray[np.object_]:
    """Values as text, a missing one as a level of its own."""
    codes, found = pd.factorize(values)
    return np.array([*map(str, found), no_value], object)[codes]


def groups_of(table: pd.DataFrame, names: Sequence[str]) -> NDArray[np.int64]:
    """Give each row the number of its group of equal values in some columns, 0 where none is named, shape (n,).

    Examples
    --------
    >>> groups_of(pd.DataFrame({"city": ["Davis", "Woodland", None, "Davis"]}), ["city"]).tolist()
    [0, 1, 2, 0]
    """
    if not names:
        return np.zeros(len(table), np.int64)
    texts = pd.DataFrame({name: labels(table[name]) for name in names})
    return np.asarray(texts.groupby(list(texts), sort=True).ngroup(), np.int64)


def as_numbers(
    table: pd.DataFrame, names: Sequence[str], *, levels_of: str | None = None, reference_levels: bool
) -> pd.DataFrame:
    """Columns as numbers, text (and the column ``levels_of``) by one indicator per level.

    Parameters
    ----------
    table : DataFrame, n rows
    names : sequence of str
    levels_of : str, optional
        Column of numbers that are names.
    reference_levels : bool
        Whether the first of three or more levels has an indicator too.

    Examples
    --------
    >>> table = pd.DataFrame({"priority": [1, 2], "caller_type": ["family", None]})
    >>> as_numbers(table, list(table), reference_levels=False).columns.tolist()
    ['priority', 'caller_type: missing']
    """
    found: dict[str, Array] = {}
    for name in names:
        values = table[name]
        if not (is_text(values) or name == levels_of):
            found[name] = values.to_numpy(float)
            continue
        texts = labels(values)
        levels = sorted(set(texts))
        shown = levels if reference_levels and len(levels) > 2 else levels[1:]
        found |= {f"{name}: {level}": (texts == level).astype(float) for level in shown}
    return pd.DataFrame(found, index=pd.RangeIndex(len(table)))


def value_groups(values: pd.Series) -> dict[str, NDArray[np.bool_]]:
    """Tell which rows have each value, in order; numbers with more than eight values are cut at their quartiles.

    Examples
    --------
    >>> {text: rows.tolist() for text, rows in value_groups(pd.Series([1, 0, 1])).items()}
    {'0': [False, True, False], '1': [True, False, True]}
    """
    if not is_text(values) and values.nunique() > most_groups:
        values = pd.qcut(values.astype(float), 4, duplicates="drop")
    texts = labels(values)
    order = dict.fromkeys(texts[np.argsort(pd.factorize(values, sort=True)[0], kind="stable")])
    return {str(text): np.asarray(texts == text, bool) for text in order}
