"""Designs of a study whose outcomes are known of some calls, of two samples, of links, of narratives, or of counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.data import dictionary
from coresponder_causal.data.columns import typed
from coresponder_causal.data.dictionary import FieldType
from coresponder_causal.design import PartlyKnownDesign, StrataDesign
from coresponder_causal.plan.designs_of_calls import compared_calls

if TYPE_CHECKING:
    from coresponder_causal.plan.assemble import Counts
    from coresponder_causal.plan.study import Study

Options = Mapping[str, Any]
ranged = ("least", "most")
keys_of: dict[str, tuple[str, ...]] = {
    "bounds": ("observed", *ranged),
    "observed": ("observed", *ranged),
    "double_sample": ("drawn", "chance", "observed", *ranged),
    "linkage": ("reviewed", "chance"),
    "narrative": ("reviewed", "reviewed_again", "chance", "drawn"),
}
"""Options of a study that say, of each design, which columns tell what is known of an outcome."""
needs_of: dict[str, dict[str, str]] = {
    "bounds": {},
    "observed": {},
    "double_sample": {"drawn": "the column that says which lost calls were drawn to be found again"},
    "linkage": {"reviewed": "the column with what a review by hand found of a drawn sample"},
    "narrative": {
        "reviewed": "the column with the hand's code of a drawn sample",
        "chance": "the column with the chance of each call of being coded by hand",
    },
}
"""Those without which a design says nothing."""
types_of: dict[str, tuple[FieldType, ...]] = {
    "chance": ("number",),
    **dict.fromkeys(("observed", "drawn", "reviewed", "reviewed_again"), ("boolean",)),
}
of_outcome: tuple[FieldType, ...] = ("boolean", "number")
named = tuple(types_of)


def partly_known(study: Study, data: Counts, outcome: str, options: Options) -> PartlyKnownDesign:
    """Compare calls, adjusted as asked, with an outcome that is known of some: blank, or not observed, is not known."""
    columns = {key: options[key] for key in named if key in options}
    calls = _read(data.calls, outcome, columns)
    formed = compared_calls(study, replace(data, calls=calls), None, options)
    said = {key: name for key, name in columns.items() if key != "observed"}
    design = PartlyKnownDesign.from_calls(
        formed, outcome=outcome, **said, **{key: options[key] for key in ranged if key in options}
    )
    if not {"drawn", "reviewed"} & set(said) and design.seen().all():
        raise DesignError(
            f"'{outcome}' is known of every call that is compared",
            mend="ask for it in [calls]; or name with observed = the column that says of which calls it was found out",
        )
    return design


def bounded(study: Study, data: Counts, outcome: str, options: Options) -> PartlyKnownDesign:
    """Form the design of bounds."""
    return partly_known(study, data, outcome, without_method(options))


def without_method(options: Options) -> Options:
    """Options of bounds without their ``method``, which is not that of the weights."""
    return {key: value for key, value in options.items() if key != "method"}


def returned(study: Study, data: Counts, outcome: str, options: Options) -> StrataDesign:
    """Read the counts by strata that another agency returned."""
    return StrataDesign.from_file(options["returned"], scores=options.get("scores"), outcome=outcome)


def _read(calls: pd.DataFrame, outcome: str, columns: Mapping[str, str]) -> pd.DataFrame:
    """Give the columns that say what is known their types, and blank outcomes that were not observed."""
    problems, found = Problems("the table calls"), {}
    for key, name in {"outcomes": outcome, **columns}.items():
        if name not in calls:
            problems.add(
                f"there is no column '{name}', which {key} names", mend="name a field of calls or of a table outcomes"
            )
        elif pd.api.types.is_string_dtype(calls[name]):
            found[name] = _typed(calls[name], types_of.get(key, of_outcome), problems)
    problems.raise_if_any(DesignError)
    table = calls.assign(**found)
    if "observed" not in columns:
        return table
    observed, known = table[columns["observed"]].astype("boolean"), table[outcome].notna()
    for where, what, mend in (
        (observed.isna() & known, f"is blank beside '{outcome}'", "say whether it was observed"),
        (observed.fillna(False) & ~known, f"says yes of a blank '{outcome}'", "correct one of the two"),
    ):
        if (rows := np.flatnonzero(where)).size:
            problems.add(f"'{columns['observed']}' {what} in {len(rows)} rows", mend=mend, rows=rows)
    problems.raise_if_any(DesignError)
    unseen = ~observed.fillna(False)
    if many := int((unseen & known).sum()):
        note(f"{many:,} values of '{outcome}' count as not known: '{columns['observed']}' says no")
    return table.assign(**{outcome: table[outcome].mask(unseen)})


def _typed(values: pd.Series, types: tuple[FieldType, ...], problems: Problems) -> pd.Series:
    """Read text as the first of these types that all of it is; the dictionary leaves columns it does not know as text.

    What a column holds is not shown.
    """
    example = replace(dictionary.table("outcomes").field("linked_30d"), name=str(values.name))
    for one in types:
        column, wrong = typed(values, replace(example, type=one))
        if not wrong:
            return column
    problems.add(
        f"'{values.name}': {wrong[0].rule} in {wrong[0].count} rows ({', '.join(wrong[0].rows)})", mend=wrong[0].mend
    )
    return values
