"""Two agencies, one number: the police's files for a return of counts by strata, and the effect from what came back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal import check, report
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting
from coresponder_causal.core.result import Result
from coresponder_causal.core.strata import quantile_strata
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.data import dictionary, read_table
from coresponder_causal.data.columns import typed
from coresponder_causal.data.demand import asked_for
from coresponder_causal.data.validate import refuse
from coresponder_causal.design import CallDesign, StrataDesign
from coresponder_causal.design.adjustment import Adjustment
from coresponder_causal.estimate import call_strata
from coresponder_causal.estimate.call_strata import Contrast
from coresponder_causal.plan.run import refuse_filled
from coresponder_causal.privacy import Key, one_row_a_person, tokens, write_list
from coresponder_causal.privacy.county_return import token_columns
from coresponder_causal.privacy.strata_return import By
from coresponder_causal.privacy.tokens import Rule

most_strata = 10


class Prepared(NamedTuple):
    """What was prepared: persons by stratum and arm, whether they are alike within strata, remarks, files."""

    counts: pd.DataFrame
    balance: CheckResult
    remarks: list[str]
    written: list[Path]


def prepare_strata(
    calls: Path,
    out: Path,
    *,
    key: Key,
    covariates: Sequence[str],
    treatment: str = "attended",
    first: str = "first_name",
    last: str = "last_name",
    birth: str = "birth_date",
    time: str = "received_at",
    strata: int = 5,
    by: By = "quarter",
    follow: int = 1,
    rule: Rule = "any",
    day_first: bool = False,
    police: str = "the police",
    county: str = "the county",
    force: bool = False,
) -> Prepared:
    """Cut a police table of calls into strata of the probability of the team, and write the files of the police's half.

    Parameters
    ----------
    calls : Path
        Table of calls that could have had the team, with names and birth dates.
    out : Path
        Folder; one that holds files is refused without ``force``.
    key : Key
    covariates : sequence of str
        Columns known before dispatch, as of `CallDesign`.
    treatment, first, last, birth, time : str
        Columns.
    strata : int
        Between 2 and 10: more are of few persons each.
    by, follow, rule, police, county
        As of `coresponder_causal.privacy.write_list`.
    day_first : bool
        Whether 3/4/1980 is 3 April.
    force : bool

    Returns
    -------
    Prepared

    Raises
    ------
    CausalError
        A table, design or folder that cannot be used: the message names the mend.
    """
    refuse_filled(out, force=force)
    if not 2 <= strata <= most_strata:
        raise DataError(f"{strata} strata", mend=f"ask for 5, or for 2 to {most_strata}")
    with collecting() as remarks:
        table = asked_for(read_table(calls))
        if missing := [name for name in (first, last, birth, time, treatment, *covariates) if name not in table]:
            raise DataError(f"{calls} has no column {', '.join(missing)}", mend="name the columns it has")
        if of_a_person := [name for name in (treatment, *covariates) if name in (first, last, birth)]:
            raise DataError(
                f"{', '.join(of_a_person)} tells who a person is",
                mend="name covariates that were known before dispatch",
            )
        made = tokens(table, key=key, first=first, last=last, birth=birth, day_first=day_first)
        known = _typed(table.drop(columns=[first, last, birth]), [time, *covariates], treatment)
        when = pd.to_datetime(known[time], errors="coerce")
        persons = one_row_a_person(known.assign(**{time: when}).join(made), time=time).reset_index(drop=True)
        design = CallDesign.from_frame(persons, outcome=None, treatment=treatment, covariates=covariates)
        fitted = design.propensity()
        cut = quantile_strata(fitted.probability, strata)
        rows = design.source[[name for name in ("call_id", time, *token_columns) if name in design.source]].assign(
            arm=design.treated.astype(int), stratum=cut, score=fitted.linear
        )
        written = write_list(
            rows, out, key=key, time=time, by=by, follow=follow, rule=rule, police=police, county=county
        )
    counts = rows.groupby(["stratum", "arm"]).size().unstack(fill_value=0)
    alike = check.balance(None, _by_strata(design, cut))
    return Prepared(counts, alike, [*design.notes, *remarks], written)


def estimate_strata(
    returned: Path,
    out: Path,
    *,
    scores: Path | None = None,
    contrast: Contrast = "ATE",
    recall: float | None = None,
    force: bool = False,
) -> tuple[Result, Path]:
    """Estimate the effect from the county's return and put it on a page.

    Parameters
    ----------
    returned : Path
        The county's file.
    out : Path
        Folder; one that holds files is refused without ``force``.
    scores : Path, optional
        What the police kept of the list: takes what strata leave of the difference in scores out of the estimate.
    contrast, recall
        As of `coresponder_causal.estimate.call_strata`.
    force : bool

    Returns
    -------
    result : Result
    page : Path
    """
    design = StrataDesign.from_file(returned, scores=scores)
    refuse_filled(out, force=force)
    result = call_strata(design, contrast=contrast, recall=recall)
    page = report.page([result], title="Counts of two agencies by strata", design_lines=(design.describe(),))
    return result, report.write(page, out)


def _typed(table: pd.DataFrame, names: Sequence[str], treatment: str) -> pd.DataFrame:
    """Give columns the types of the dictionary's calls, the treatment that of ``attended``; others become numbers."""
    calls, found = dictionary.table("calls"), []
    fields = {name: calls.field(name) for name in calls.names}
    # What an unknown column holds is not shown.
    fields.setdefault(treatment, replace(fields["attended"], name=treatment, privacy="restricted"))
    columns: dict[str, pd.Series] = {}
    for name in dict.fromkeys([treatment, *names]):
        if name in fields:
            columns[name], wrong = typed(table[name], fields[name])
            found += [entry for entry in wrong if entry.severity == "error"]
        elif pd.api.types.is_string_dtype(table[name]):
            number = pd.to_numeric(table[name], errors="coerce")
            columns[name] = number if number.notna().eq(table[name].notna()).all() else table[name]
    if found:
        refuse("the table of calls", found)
    return table.assign(**columns)


def _by_strata(design: CallDesign, strata: NDArray[np.int64]) -> CallDesign:
    """Weight calls as subclassification does: each arm of a stratum stands for all of the stratum."""
    cells = pd.DataFrame({"stratum": strata, "arm": design.treated})
    size = cells.groupby("stratum")["arm"].transform("size") / cells.groupby(["stratum", "arm"])["arm"].transform(
        "size"
    )
    made = Adjustment(method="quantile_strata", contrast="ATE", weights=size.to_numpy(float))
    return replace(design, adjustment=made)
