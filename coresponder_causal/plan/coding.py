"""Coding of narratives by two people: a folder of forms that is drawn, and what is read back of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from coresponder_causal import qualitative
from coresponder_causal.core.allocation import Allocation
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.folders import folder_beside, write_together
from coresponder_causal.core.notes import collecting
from coresponder_causal.core.parsed import read_json
from coresponder_causal.data import validate
from coresponder_causal.plan.describe import City
from coresponder_causal.plan.filled import filled_form
from coresponder_causal.privacy import Recognisers, redact
from coresponder_causal.qualitative.code_forms import coders
from coresponder_causal.qualitative.code_sample import Cell, NarrativeSample, Wrong, usual_wrong
from coresponder_causal.report.workbook import guarded

key_folder, key_file, frame_file, sample_file = "key", "key.csv", "sample.csv", "sample.json"
for_coders = """Two people code, each on the form of their own, in its order, without talking about it.

code    yes or no, by the codebook on the second sheet; every row gets one
remark  doubts; they are talked over only after both forms are handed in

Words in brackets stand for what was taken out. Tell the one who drew of any name or number that is still there.
The folder "key" is not for coders.
"""


def write_coding(
    found: City,
    out: Path,
    *,
    number: int,
    seed: int,
    field: str = "crisis_coded",
    code: str = "Crisis",
    treatment: str = "attended",
    by: Sequence[Cell] = (),
    allocation: Allocation = "proportional",
    wrong: Wrong = usual_wrong,
    overlap: float = 1.0,
    known: Iterable[str] = (),
    places: Iterable[str] = (),
    recognisers: Recognisers = "rules",
) -> tuple[list[str], list[Path]]:
    """Draw narratives by lot and write a form for each of two coders, and the key.

    Parameters
    ----------
    found : City
        With the tables narratives and calls.
    out : Path
        Folder.
    number, seed, treatment, by, allocation, wrong
        As of `qualitative.draw_narratives`.
    field, code : str
        Column of the narratives that is coded, and the code of the codebook "narratives" that it stands for.
    overlap : float
        As of `qualitative.coding_key`.
    known, places, recognisers
        As of `privacy.redact`.

    Returns
    -------
    lines : list of str
        What was done.
    files : list of Path
        ``first.xlsx, first.csv, second.xlsx, second.csv, read_me.txt`` for the coders; ``key/`` for who drew.

    Raises
    ------
    DataError
        No such tables, or no such code.
    DesignError
        See `qualitative.draw_narratives`.
    """
    narratives, calls = _tables(found)
    book = _codebook(code)
    with collecting() as said:
        sample = qualitative.draw_narratives(
            narratives, calls, number=number, code=field, treatment=treatment, by=by, allocation=allocation,
            wrong=wrong, seed=seed,
        )  # fmt: skip
        key = qualitative.coding_key(sample, narratives, overlap=overlap)
        texts = narratives["text"].iloc[key["row"]]
        done = redact(texts, known=known, places=places, recognisers=recognisers)
        with folder_beside(out) as made:
            for coder in coders:
                form = qualitative.coding_form(key, done.texts, coder)
                write_whole(made / f"{coder}.xlsx", qualitative.form_workbook(form, book), private=True)
                write_whole(made / f"{coder}.csv", _csv(form.map(guarded)), private=True)
            write_whole(made / "read_me.txt", for_coders.encode())
            write_whole(made / key_folder / key_file, _csv(key), private=True)
            write_whole(made / key_folder / frame_file, _csv(sample.frame), private=True)
            write_whole(made / key_folder / "redaction.txt", (done.report() + "\n").encode())
            stated = {
                "by": list(sample.by), "code": sample.code, "allocation": sample.allocation, "seed": seed,
                "overlap": overlap, "narratives": _print(narratives), "cells": sample.cells.to_dict("records"),
            }  # fmt: skip
            write_whole(made / key_folder / sample_file, (json.dumps(stated, indent=1) + "\n").encode())
    twice = int(key["second"].notna().sum())
    lines = [
        f"{sample.describe()}.",
        f"{len(key):,} narratives for the first coder, {twice:,} of them for the second.",
        *said,
    ]
    return lines, sorted(path for path in out.rglob("*") if path.is_file())


def read_coding(found: City, folder: Path, out: Path) -> tuple[list[str], list[Path]]:
    """Read the filled forms, say how far the coders agree, and write what a study asks for.

    Parameters
    ----------
    found : City
        With the same narratives as when the sample was drawn.
    folder : Path
        What `write_coding` wrote; a filled form is the .xlsx, or the .csv where there is no .xlsx.
    out : Path
        Folder.

    Returns
    -------
    lines : list of str
        Agreement, and the block of a study that uses the codes.
    files : list of Path
        ``narratives.csv``, ``outcomes.csv`` (one row per call that could be drawn, with the columns of the city's own
        table of outcomes), ``agreement.csv``, and ``calls.csv`` where calls could not be drawn.

    Raises
    ------
    DataError
        Listing every broken row of the forms; or the narratives are others than those that were drawn from.
    """
    narratives, every_call = _tables(found)
    stated, sample, key = _kept(folder / key_folder)
    if _print(narratives) != stated["narratives"]:
        raise DataError("the narratives are others than those that were drawn from", mend="give the same tables")
    codes = qualitative.read_codes(key, {coder: filled_form(folder, coder) for coder in coders})
    agreed = qualitative.coder_agreement_of(codes)
    table, calls = qualitative.with_codes(narratives, sample, key, codes)
    files = {"narratives.csv": table, "outcomes.csv": calls, "agreement.csv": agreed}
    told = every_call[every_call["call_id"].isin(calls["call_id"])]
    lines = [*_said(agreed), *_block(sample, calls)]
    if silent := len(every_call) - len(told):
        lines.append(f"{silent:,} calls were not drawn from, most for want of a narrative: calls.csv is without them.")
        files["calls.csv"] = told
    if "outcomes" in found.tables:
        clash = [name for name in calls.columns[1:] if name in found.tables["outcomes"]]
        files["outcomes.csv"] = found.tables["outcomes"].drop(columns=clash).merge(calls, on="call_id", how="right")
    made = {name: _csv(frame) for name, frame in files.items()}
    return lines, write_together(out, made, private=made.keys() - {"agreement.csv"})


def _tables(found: City) -> tuple[pd.DataFrame, pd.DataFrame]:
    if absent := [name for name in ("narratives", "calls") if name not in found.tables]:
        raise DataError(f"there is no table {' and no table '.join(absent)}", mend="add it to the tables")
    narratives, calls = (validate(found.tables[name], table=name) for name in ("narratives", "calls"))
    return narratives, calls


def _codebook(code: str) -> pd.DataFrame:
    """Table of the one code that is asked for."""
    book = qualitative.codebook_table(qualitative.codebook("narratives"))
    if not book["code"].eq(code).any():
        raise DataError(f"the codebook has no code {code!r}", mend=f"take one of {', '.join(book['code'])}")
    parts = ["code", "definition", "include", "exclude", "example"]
    return book.loc[book["code"].eq(code), parts].T.reset_index().set_axis(["part", "words"], axis=1)


def _kept(folder: Path) -> tuple[dict[str, Any], NarrativeSample, pd.DataFrame]:
    """Sample and key as they were written."""
    if absent := [name for name in (key_file, frame_file, sample_file) if not (folder / name).is_file()]:
        raise DataError(f"the folder {folder} has no {', '.join(absent)}", mend="give the folder that was drawn")
    kinds = {"cells": list, "by": list, "code": str, "allocation": str, "seed": object}
    stated = read_json(folder / sample_file, kinds, mend="restore it from a copy")
    text: dict[str, Any] = {"call_id": str, "author": str, "id": str, "cell": str, "arm": str}
    frame = pd.read_csv(folder / frame_file, dtype={**text, "machine": "boolean", "drawn": bool})
    key = pd.read_csv(folder / key_file, dtype={**text, **dict.fromkeys(coders, "Int64")})
    sample = NarrativeSample(
        frame=frame, cells=pd.DataFrame(stated["cells"]), by=tuple(stated["by"]), code=stated["code"],
        allocation=stated["allocation"], seed=stated["seed"],
    )  # fmt: skip
    return stated, sample, key


def _said(agreed: pd.DataFrame) -> list[str]:
    return [
        f"{row['statistic']}: {row['estimate']:.2f}"
        + ("" if pd.isna(row["conf_low"]) else f" ({row['conf_low']:.2f} to {row['conf_high']:.2f})")
        + f", {row['units']} narratives"
        for row in agreed.to_dict("records")
    ]


def _block(sample: NarrativeSample, calls: pd.DataFrame) -> list[str]:
    """Give the block of a study that corrects the machine by these codes."""
    name = f"{sample.code}_by_machine"
    if calls[name].isna().any():
        return [f"{int(calls[name].isna().sum()):,} calls have no machine's code: no design corrects it yet."]
    return [
        "In the study, with outcomes.csv as its table outcomes:",
        f'[[narrative]]\noutcomes = ["{name}"]\nreviewed = "first_reader"\nreviewed_again = "second_reader"\n'
        'chance = "reading_chance"\ndrawn = "reading_drawn"',
    ]


def _print(narratives: pd.DataFrame) -> str:
    """Fingerprint of whose narratives these are and what they say."""
    return fingerprint(narratives[["call_id", "text"]].astype("string").fillna("").reset_index(drop=True))


def _csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, lineterminator="\n").encode()
