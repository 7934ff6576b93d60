"""The police's half of a strata return: token list, crosswalk and agreement; and the county's program as a file.

The police know who was attended and what was known before; the county knows who was connected to care.
Subclassification needs nothing but counts by stratum and arm, so the police hand over who is in which stratum, under
tokens, and the county hands back counts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DisclosureError, Problems
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.folders import write_together
from coresponder_causal.core.notes import note
from coresponder_causal.privacy import county_return
from coresponder_causal.privacy.agreement import Stated, agreement_text
from coresponder_causal.privacy.county_return import Key, combinations, token_columns, token_format
from coresponder_causal.privacy.tokens import Rule, least_agreeing

By = Literal["quarter", "year"]
leaving = ("arm", "stratum", "period", *token_columns)


def one_row_a_person(rows: pd.DataFrame, *, time: str) -> pd.DataFrame:
    """Keep the first call of every person who has tokens.

    Parameters
    ----------
    rows : DataFrame
        Calls with token columns.
    time : str
        Column of the time of the call.

    Returns
    -------
    DataFrame
        In order of time; notes say how many calls are left out and why.

    Examples
    --------
    >>> days = pd.to_datetime(["2021-02-01", "2021-01-01", "2021-01-05"])
    >>> calls = pd.DataFrame({"token_1": ["a", "a", ""], "received_at": days})
    >>> one_row_a_person(calls, time="received_at").index.tolist()
    [1]
    """
    usable = rows[rows["token_1"] != ""].sort_values(time, kind="stable")
    first = usable.drop_duplicates("token_1")
    if later := len(usable) - len(first):
        note(f"{later} later calls of persons who called before are left out: a person is counted once")
    return first


def write_list(
    rows: pd.DataFrame,
    out: Path | str,
    *,
    key: Key,
    time: str,
    by: By = "quarter",
    follow: int = 1,
    rule: Rule = "any",
    police: str = "the police",
    county: str = "the county",
) -> list[Path]:
    """Write what the police hand over and what they keep.

    Parameters
    ----------
    rows : DataFrame
        One row a person: token columns, ``arm`` (0, 1), ``stratum`` (1, 2, …), ``score`` (log odds of treatment) and
        the time of the call; all other columns go to the crosswalk.
    out : path
        Folder.
    key : Key
    time : str
        Column of the time of the call.
    by : {"quarter", "year"}
        How coarse the period is that leaves.
    follow : int
        In how many periods after that of the call a service counts as a connection.
    rule : {"any", "two"}
        How many tokens must agree.
    police, county : str
        Names for the agreement.

    Returns
    -------
    list of Path
        ``to_county/tokens.csv``, in the order of the first token, ``kept/crosswalk.csv`` and ``kept/scores.csv`` (mean
        score by stratum and arm), and ``agreement.md``. The owner alone may read the first three.

    Raises
    ------
    DisclosureError
        Rows without tokens, arms, strata, scores or times, or a person twice: the message counts them.
    """
    _refuse(rows, time)
    when = pd.to_datetime(rows[time])
    period = when.dt.year.astype(str) + ("" if by == "year" else "-Q" + when.dt.quarter.astype(str))
    listed = rows.assign(period=period).sort_values("token_1", ignore_index=True)
    head = {"format": token_format, "key": key.id, "by": by, "follow": follow, "agreeing": least_agreeing[rule]}
    lines = f"# {json.dumps(head)}\n" + listed[list(leaving)].to_csv(index=False)
    stated = Stated(
        police, county, key.project, key.period, key.id, len(listed), int(listed["stratum"].max()), by, follow
    )
    text = agreement_text(stated, combinations=combinations, smallest=county_return.smallest)
    kept = listed.drop(columns=list(token_columns[1:])).to_csv(index=False)
    cells = listed.groupby(["stratum", "arm"], as_index=False)["score"].agg(persons="size", score="mean")
    private = {
        "to_county/tokens.csv": lines.encode(),
        "kept/crosswalk.csv": kept.encode(),
        "kept/scores.csv": cells.to_csv(index=False).encode(),
    }
    return write_together(Path(out), private | {"agreement.md": text.encode()}, private=private)


def county_file(path: Path | str) -> Path:
    """Write the county's program: one Python file without anything to install.

    Parameters
    ----------
    path : path

    Returns
    -------
    Path

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     county_file(f"{folder}/county_return.py").read_text().startswith('\"\"\"The county')
    True
    """
    return write_whole(Path(path), Path(county_return.__file__).read_bytes())


def _refuse(rows: pd.DataFrame, time: str) -> None:
    problems = Problems("the list for the county")
    missing = [name for name in (*token_columns, "arm", "stratum", "score", time) if name not in rows]
    if missing:
        problems.add(f"columns {', '.join(missing)} are missing", mend="give tokens, arm, stratum, score and time")
    problems.raise_if_any(DisclosureError)
    wrong = {
        "without tokens": (rows["token_1"] == "", "leave out who has no name or birth date"),
        "of a person listed before": (rows["token_1"].duplicated(), "keep one row a person"),
        "with an arm other than 0 and 1": (~rows["arm"].isin([0, 1]), "give 1 to the treated and 0 to the others"),
        "without a stratum from 1 on": (~(pd.to_numeric(rows["stratum"]) >= 1), "number strata from 1 on"),
        "without a score": (~np.isfinite(pd.to_numeric(rows["score"])), "give the log odds of treatment"),
        "without a time": (rows[time].isna(), "leave them out"),
    }
    for what, (where, mend) in wrong.items():
        if where.any():
            problems.add(f"{int(where.sum())} rows {what}", mend=mend, rows=np.flatnonzero(where))
    problems.raise_if_any(DisclosureError)
