"""Quotes of a study that a reader says yes or no to: a form that is written, and what is read back of it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coresponder_causal import qualitative
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.folders import folder_beside
from coresponder_causal.core.notes import collecting
from coresponder_causal.plan.filled import filled_form
from coresponder_causal.plan.heard import coded_of, register_of
from coresponder_causal.plan.joint import quotes_of
from coresponder_causal.plan.qualitative_block import QualitativePlan
from coresponder_causal.plan.reading import read_tables
from coresponder_causal.plan.study import read_study
from coresponder_causal.report.workbook import guarded

form_name, usual_signed = "quotes", "quotes_signed.csv"
for_reader = pd.DataFrame(
    {
        "part": ["text", "said_by", "people", qualitative.quote_answer, "remark"],
        "words": [
            "What was said, with words in brackets for what was taken out. Do not change it.",
            "The group that stands beside the quote. Read both together.",
            "How many were heard in this group.",
            "yes: nobody could be known by these words and this group. no: somebody could, or you doubt it.",
            "Which words give somebody away: add them to the names of the study and write the form anew.",
        ],
    }
)


def write_quotes(study: Path, out: Path) -> tuple[list[str], list[Path]]:
    """Write a form with every quote of a study's themes.

    Parameters
    ----------
    study : Path
        The study's file, with a block [qualitative].
    out : Path
        Folder.

    Returns
    -------
    lines : list of str
        What was done.
    files : list of Path
        ``quotes.xlsx`` and ``quotes.csv``; fill one of them.

    Raises
    ------
    DataError
        The study has no block [qualitative]; and what `qualitative.quotes` refuses.
    """
    with collecting() as said:
        found = _quotes(*_asked(study), None)
        form = qualitative.quote_form(found)
        answer = qualitative.quote_answer
        with folder_beside(out) as made:
            book = qualitative.form_workbook(form, for_reader, answer=answer, second="read me")
            write_whole(made / f"{form_name}.xlsx", book, private=True)
            content = form.map(guarded).to_csv(index=False, lineterminator="\n").encode()
            write_whole(made / f"{form_name}.csv", content, private=True)
    new = int(found["signed_by"].isna().sum())
    lines = [f"{len(found):,} quotes, {new:,} of them not signed for. Mark each yes or no.", *said]
    return lines, [out / f"{form_name}.xlsx", out / f"{form_name}.csv"]


def read_quotes(
    study: Path, folder: Path, *, by: str, on: str, signed: Path | None = None
) -> tuple[list[str], list[Path]]:
    """Read a filled form, and record the reader's word for the quotes marked yes; a no takes an earlier word back.

    Parameters
    ----------
    study : Path
        The study's file.
    folder : Path
        What `write_quotes` wrote.
    by, on : str
        Who read them, by name and office, and when, e.g. "2026-03-02".
    signed : Path, optional
        File of sign-offs; by default the study's own, or quotes_signed.csv beside it.

    Returns
    -------
    lines : list of str
        What was done.
    files : list of Path
        The file of sign-offs.

    Raises
    ------
    DataError
        Listing every broken row of the form; nobody named, or no date. Nothing is written then.
    """
    plan, tables = _asked(study)
    file = signed or plan.paths.get("signed") or study.parent / usual_signed
    with collecting() as said:
        found = _quotes(plan, tables, file if file.is_file() else None)
        form = filled_form(folder, form_name, answer=qualitative.quote_answer)
        shown = qualitative.read_quote_form(found, form)
        yes, no = found[shown], found.loc[~shown, "sha256"]
        back = int(found.loc[~shown, "signed_by"].notna().sum())
        word = qualitative.sign_quotes(found if yes.empty else yes, by=by, on=on, missed=0)
        qualitative.write_signed_quotes(word[word["sha256"].isin(yes["sha256"])], file, refused=no)
    lines = [f"{len(yes):,} of {len(found):,} quotes may be shown, by the word of {by} on {on}.", *said]
    if back:
        lines.append(f"{back:,} that were signed for before are no longer shown.")
    if "signed" not in plan.paths:
        lines.append(f'In the study, in [qualitative]: signed = "{file.name}"')
    return lines, [file]


def _asked(study: Path) -> tuple[QualitativePlan, dict[str, pd.DataFrame]]:
    """Block of a study, and its tables where the register is one of them."""
    stated = read_study(study)
    if stated.qualitative is None:
        raise DataError("the study has no coded interviews", mend="add the block [qualitative]")
    return stated.qualitative, {} if "register" in stated.qualitative.paths else dict(read_tables(stated)[0])


def _quotes(plan: QualitativePlan, tables: dict[str, pd.DataFrame], signed: Path | None) -> pd.DataFrame:
    path = signed or plan.paths.get("signed")
    word = None if path is None else qualitative.read_signed_quotes(path)
    interviews = register_of(plan, tables)
    return quotes_of(plan, qualitative.consented(coded_of(plan), interviews), interviews, signed=word)
