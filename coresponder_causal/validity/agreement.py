"""Our number beside that of other programs: ``python -m coresponder_causal.validity.agreement``, at a checkout.

Data and the numbers of programs in R are read from the folder of reference numbers (CORESPONDER_GOLDEN); programs in
Python, those of the extra ``peers``, are asked anew, and keep the numbers they had where they are not
installed. It writes agreement.csv beside this file and docs/agreement.md.
"""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from coresponder_causal.core.notes import quietly
from coresponder_causal.core.version import VERSION
from coresponder_causal.validity import agreement_data as data
from coresponder_causal.validity.agreement_panels import counties, states
from coresponder_causal.validity.agreement_people import earnings, one_city, series
from coresponder_causal.validity.agreement_question import Asked, Question, Why
from coresponder_causal.validity.safety_question import ours, version_of

table_path, page = Path(__file__).with_name("agreement.csv"), Path("docs", "agreement.md")
questions: tuple[Question, ...] = (*counties, *earnings, *states, *series, *one_city())
same = 1e-6  # of the estimate or its error, whichever is larger: what searches that end at their optimum differ by
asked_by = ["data", "question", "program", "call"]
kinds = {
    "convention": "another rule for the same quantity",
    "estimand": "another quantity",
    "solver": "a search that stops elsewhere",
    "lot": "other draws",
    "bug": "a mistake",
}


def measured(chosen: tuple[Question, ...] = questions, kept: pd.DataFrame | None = None) -> pd.DataFrame:
    """Ask every program, ours first.

    Parameters
    ----------
    chosen : tuple of Question
    kept : DataFrame, optional
        An earlier table, whose rows stand for programs that are not installed.

    Returns
    -------
    DataFrame
        ``data, question, program, version, call, estimate, std_error``, our row before those of others.

    Raises
    ------
    DataError
        Without the folder of reference numbers.
    """
    rows = []
    for one in chosen:
        rows.append(_row(one, Asked(ours, one.code, one.found), VERSION))
        for asked in one.others:
            version = _version(asked)
            rows.append(_row(one, asked, version) if version else _earlier(one, asked, kept))
    return pd.DataFrame(rows, columns=[*asked_by, "version", "estimate", "std_error"])


def _row(one: Question, asked: Asked, version: str) -> tuple[object, ...]:
    with quietly(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return (one.data, one.text, asked.program, asked.code, version, *asked.found())


def _earlier(one: Question, asked: Asked, kept: pd.DataFrame | None) -> tuple[object, ...]:
    """Return the row that a program had which is not here now."""
    key = (one.data, one.text, asked.program, asked.code)
    if kept is not None:
        found = kept.set_index(asked_by)
        if key in found.index:
            return (*key, *found.loc[key, ["version", "estimate", "std_error"]])
    return (*key, "", np.nan, np.nan)


def _version(asked: Asked) -> str:
    """Version of a program; of one in R that with which its numbers were stored."""
    if not asked.stored_in:
        return version_of(asked.program)
    package = str(data.stored(asked.stored_in)["packages"][asked.program.split(" ")[1]])
    return package.split(" ")[0]


def differences(table: pd.DataFrame) -> pd.DataFrame:
    """Hold every answer against ours to the same question.

    Parameters
    ----------
    table : DataFrame
        As `measured` gives it.

    Returns
    -------
    DataFrame
        The rows of others, with ``apart`` (of the estimate, over the larger of our estimate and its error),
        ``errors_apart`` (of the error, over ours; NaN where one states none) and ``agrees``.
    """
    own = table[table["program"] == ours].set_index(["data", "question"])[["estimate", "std_error"]].add_prefix("our_")
    others = table[table["program"] != ours].join(own, on=["data", "question"])
    size = others[["our_estimate", "our_std_error"]].abs().max(axis=1)
    apart: pd.Series = (others["estimate"] - others["our_estimate"]).abs() / size
    errors_apart = (others["std_error"] / others["our_std_error"] - 1).abs()
    agrees = (apart <= same) & ~(errors_apart > same)
    return others.assign(apart=apart, errors_apart=errors_apart, agrees=agrees)


def reasons(chosen: tuple[Question, ...] = questions) -> dict[tuple[str, str, str, str], Why]:
    """Return why calls differ, by data, question, program and call."""
    return {
        (one.data, one.text, asked.program, asked.code): asked.why
        for one in chosen
        for asked in one.others
        if asked.why is not None
    }


def agreement_page(table: pd.DataFrame) -> str:
    """Write the table as a page.

    Parameters
    ----------
    table : DataFrame
        As `measured` gives it.

    Returns
    -------
    str
        Markdown.
    """
    held, why = differences(table), reasons()
    sections = []
    for name, rows in table.groupby("data", sort=False):
        sections.append(f"## {name}\n")
        for question, asked in rows.groupby("question", sort=False):
            lines = [_line(row, held, why) for row in asked.to_dict("records")]  # type: ignore[arg-type]
            head = "| Program | Call | Estimate | Standard error | Beside ours |\n| --- | --- | ---: | ---: | --- |"
            sections.append(f"**{question}**\n\n{head}\n" + "\n".join(lines) + "\n")
    body, answers, agreeing = "\n".join(sections), int(held["estimate"].notna().sum()), int(held["agrees"].sum())
    return f"""# Our number beside that of other programs

The same data go through the calls of other programs and through ours. Of {answers} answers {agreeing} are ours to \
{same:g} of the estimate and of its standard error; each of the others says why it differs: {_counted(held, why)}. \
“Apart” is the difference over the larger of our estimate and its standard error. No error is shown where a program \
draws placebos by lot for it, or states none. Programs in R were run once; what they found is stored with their \
versions. What the two-way calls are worth with one treated city is on the page on [safety](safety.md); printed \
results beside ours are in the [ledger](../reproductions/LEDGER.md).

{body}
Written, with `coresponder_causal/validity/agreement.csv`, by `python -m coresponder_causal.validity.agreement`.
"""


def _line(row: dict[str, object], held: pd.DataFrame, why: dict[tuple[str, str, str, str], Why]) -> str:
    key = (str(row["data"]), str(row["question"]), str(row["program"]), str(row["call"]))
    others = list(held[asked_by].itertuples(index=False, name=None))
    beside = "" if row["program"] == ours else _beside(held.iloc[others.index(key)], why.get(key))
    call = key[3].replace("|", "\\|")
    numbers = f"{_number(row['estimate'])} | {_number(row['std_error'])}"
    return f"| {key[2]} {row['version']} | `{call}` | {numbers} | {beside} |"


def _counted(held: pd.DataFrame, why: dict[tuple[str, str, str, str], Why]) -> str:
    """Say how many answers differ for which kind of reason."""
    apart = held[~held["agrees"] & held["estimate"].notna()]
    found = [why[key].kind for key in apart[asked_by].itertuples(index=False, name=None) if key in why]
    return "; ".join(f"{many} by {kind} ({kinds[kind]})" for kind, many in Counter(found).most_common())


def _beside(found: pd.Series, why: Why | None) -> str:
    if pd.isna(found["estimate"]):
        return "not installed"
    if found["agrees"]:
        return "the same"
    far = f"{_percent(found['apart'])} apart" if found["apart"] > same else "estimate the same"
    ratio = found["std_error"] / found["our_std_error"]
    if f"{ratio:.4g}" not in ("1", "nan"):
        far += f", error {ratio:.4g} times ours"
    return far if why is None else f"{far}. *{why.kind}*: {why.text}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 1 else f"{100 * share:.0f} %"


def _number(value: object) -> str:
    number = float(str(value))
    return f"{number:.6g}".replace("-", "−") if np.isfinite(number) else "–"


if __name__ == "__main__":
    table = measured(kept=pd.read_csv(table_path) if table_path.exists() else None)
    table.to_csv(table_path, index=False)
    page.write_text(agreement_page(table), encoding="utf-8")
