"""Codes against cases: how many, of how many, which together, and in whose words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import names_of, require_choice
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import note
from coresponder_causal.qualitative.coded import Coded

Whole: TypeAlias = NDArray[np.int64]
Within: TypeAlias = Literal["overlap", "source", "case"]


def code_matrix(coded: Coded, *, coder: str | None = None, roll_up: bool = False) -> pd.DataFrame:
    """Count the segments of each code in each case.

    Parameters
    ----------
    coded : Coded
    coder : str, optional
        Whose segments to count; by default everybody's, and a note says where that is several people's.
    roll_up : bool
        Count a segment for the codes above its own as well.

    Returns
    -------
    DataFrame of int, shape (codes, cases)
        Zeros explicit, in the order of the codebook and of the sources.

    Raises
    ------
    DataError
        No such coder: take one of those named.

    Examples
    --------
    >>> from coresponder_causal.qualitative import Code, Segment, Source
    >>> sources = (Source(name="I01", text="They listened."), Source(name="I02", text="We waited."))
    >>> spoken = (Segment(source="I01", start=5, end=13, code="Respect"),)
    >>> code_matrix(Coded(codes=(Code(name="Respect"),), sources=sources, segments=spoken)).values.tolist()
    [[1, 0]]
    """
    rows = _rows(coded, coder, roll_up)
    cases = list(dict.fromkeys(coded.source_table()["case"]))
    codes = [code.name for code in coded.codes]
    found = pd.crosstab(rows["code"], rows["case"]) if len(rows) else pd.DataFrame()
    return (
        found.reindex(index=codes, columns=cases, fill_value=0)
        .astype(int)
        .rename_axis("code")
        .rename_axis(columns="case")
    )


def code_counts(
    coded: Coded, *, by: str | Sequence[str] = (), coder: str | None = None, roll_up: bool = False
) -> pd.DataFrame:
    """Say of how many cases each code is, group by group, with the number of cases it could have been of.

    Parameters
    ----------
    coded : Coded
    by : str or sequence of str
        Attributes that form the groups, e.g. ``"stakeholder"``; a case without a value is in the group "not said".
    coder : str, optional
        Whose segments to count.
    roll_up : bool
        Count a segment for the codes above its own as well.

    Returns
    -------
    DataFrame
        The groups, ``code``, ``cases_with`` the code, ``cases`` in the group, ``share``, ``sources_with``, ``sources``,
        ``segments``. The share is of the people who were heard and says nothing of those who were not.

    Raises
    ------
    DataError
        No such attribute or coder, or a case whose sources are in two groups: take another.

    Examples
    --------
    >>> from coresponder_causal.qualitative import Code, Segment, Source
    >>> sources = (Source(name="I01", text="They listened."), Source(name="I02", text="We waited."))
    >>> spoken = (Segment(source="I01", start=5, end=13, code="Respect"),)
    >>> found = code_counts(Coded(codes=(Code(name="Respect"),), sources=sources, segments=spoken))
    >>> found[["cases_with", "cases", "share"]].values.tolist()
    [[1.0, 2.0, 0.5]]
    """
    groups: list[str] = list(names_of(by))
    table = coded.source_table()
    if unknown := [name for name in groups if name not in table.columns]:
        raise DataError(f"no source has an attribute {unknown}", mend=f"take one of {', '.join(table.columns[2:])}")
    table[groups] = table[groups].astype(object).where(table[groups].notna(), "not said")
    if groups and (table.groupby("case", sort=False)[groups].nunique() > 1).any(axis=None):
        raise DataError(f"some cases have sources in two groups of {groups}", mend="group by an attribute of cases")
    rows = _rows(coded, coder, roll_up)[["source", "code"]].merge(table[["source", "case", *groups]], on="source")
    codes = [code.name for code in coded.codes]
    parts = []
    for key, own in table.groupby(groups, sort=True) if groups else [((), table)]:
        inside = rows[rows["source"].isin(own["source"])].groupby("code", sort=False)
        part = pd.DataFrame(index=pd.Index(codes, name="code"))
        part["cases_with"] = inside["case"].nunique()
        part["cases"] = own["case"].nunique()
        part["share"] = part["cases_with"].fillna(0) / part["cases"]
        part["sources_with"] = inside["source"].nunique()
        part["sources"] = len(own)
        part["segments"] = inside.size()
        part = part.fillna(0).astype({name: int for name in part if name != "share"}).reset_index()
        for place, (name, value) in enumerate(zip(groups, np.atleast_1d(np.asarray(key, dtype=object)), strict=True)):
            part.insert(place, name, value)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def cooccurrence(
    coded: Coded, *, within: Within = "overlap", coder: str | None = None, roll_up: bool = False
) -> pd.DataFrame:
    """Count where two codes come together.

    Parameters
    ----------
    coded : Coded
    within : {"overlap", "source", "case"}
        Together means in stretches that share a sign, or anywhere in one source or one case.
    coder : str, optional
        Whose segments to count. Under "overlap" only stretches of one coder meet: two people who give one stretch two
        codes disagree.
    roll_up : bool
        Count a segment for the codes above its own as well.

    Returns
    -------
    DataFrame of int, shape (codes, codes)
        Symmetric. On the diagonal the segments, sources or cases that have the code at all. A row divided by its
        diagonal says of how many the other code is too; under "overlap" that can pass 1, for one long stretch may meet
        several.

    Examples
    --------
    >>> from coresponder_causal.qualitative import Code, Segment, Source
    >>> spoken = (
    ...     Segment(source="I01", start=0, end=13, code="Respect"),
    ...     Segment(source="I01", start=5, end=14, code="Waiting"),
    ... )
    >>> coded = Coded(codes=(Code(name="Respect"), Code(name="Waiting")),
    ...               sources=(Source(name="I01", text="They listened."),), segments=spoken)
    >>> cooccurrence(coded).values.tolist()
    [[1, 1], [1, 1]]
    """
    require_choice("cooccurrence", "within", within, Within)
    rows = _rows(coded, coder, roll_up)
    codes = [code.name for code in coded.codes]
    place: Whole = pd.Index(codes).get_indexer(pd.Index(rows["code"])).astype(np.int64)
    if within == "overlap":
        found = _overlaps(rows, place, len(codes))
    else:
        unit, _ = pd.factorize(rows[within])
        has = np.zeros((len(set(unit.tolist())), len(codes)), np.int64)
        has[unit, place] = 1
        found = has.T @ has
    return pd.DataFrame(found, index=pd.Index(codes, name="code"), columns=pd.Index(codes, name="code"))


def framework(
    coded: Coded,
    *,
    themes: Sequence[str] | None = None,
    summaries: Mapping[tuple[str, str], str] | None = None,
    coder: str | None = None,
) -> pd.DataFrame:
    """Lay out the framework matrix: a row for each case, and for each theme its quotes and room for a summary.

    Parameters
    ----------
    coded : Coded
    themes : sequence of str, optional
        Codes that are themes; by default those with none above them. What was coded below a theme is its own.
    summaries : mapping of (str, str) to str, optional
        What was written for a case and a theme.
    coder : str, optional
        Whose segments to take.

    Returns
    -------
    DataFrame
        Index the cases; columns theme by ``summary`` (blank until written), ``quotes`` (each with its source and
        positions, one a line, in the order of the text) and ``segments``. Quotes are as they were said: redact them
        before anybody outside the study reads them.

    Raises
    ------
    DataError
        Themes, or cases of summaries, that are not there.

    References
    ----------
    Ritchie & Spencer (1994), Qualitative data analysis for applied policy research, in Bryman & Burgess (eds),
    Analyzing Qualitative Data, doi:10.4324/9780203413081.

    Examples
    --------
    >>> from coresponder_causal.qualitative import Code, Segment, Source
    >>> spoken = (Segment(source="I01", start=5, end=13, code="Respect"),)
    >>> source = Source(name="I01", text="They listened.")
    >>> coded = Coded(codes=(Code(name="Respect"),), sources=(source,), segments=spoken)
    >>> framework(coded).loc["I01", ("Respect", "quotes")]
    '“listened” (I01, 5-13)'
    """
    names = [code.name for code in coded.codes if code.parent is None] if themes is None else list(themes)
    cases = list(dict.fromkeys(coded.source_table()["case"]))
    known = {code.name for code in coded.codes}
    written = dict(summaries or {})
    lost = [name for name in names if name not in known]
    if lost or any(case not in cases or theme not in names for case, theme in written):
        what = f"themes {lost} are no codes" if lost else "summaries are of cases or themes that are not there"
        raise DataError(what, mend="take names of the project")
    rows = _rows(coded, coder, roll_up=True).sort_values(["source", "start", "end"], kind="stable")
    said = "“" + rows["quote"].str.split().str.join(" ") + "” (" + rows["source"]
    rows["said"] = said + ", " + rows["start"].astype(str) + "-" + rows["end"].astype(str) + ")"
    cells = rows.drop_duplicates(["case", "code", "said"]).groupby(["case", "code"], sort=False)["said"]
    quotes, counts = cells.agg("\n".join).to_dict(), cells.size().to_dict()
    found = {
        (name, slot): [values.get((case, name), blank) for case in cases]
        for name in names
        for slot, values, blank in (("summary", written, ""), ("quotes", quotes, ""), ("segments", counts, 0))
    }
    return pd.DataFrame(found, index=pd.Index(cases, name="case")).rename_axis(columns=["theme", "slot"])


def _rows(coded: Coded, coder: str | None, roll_up: bool) -> pd.DataFrame:
    """Segments to count, each once for its code and, rolled up, once for every code above it."""
    rows = coded.table()
    if coder is not None:
        if coder not in coded.coders:
            raise DataError(f"nobody named {coder!r} coded", mend=f"take one of {', '.join(map(repr, coded.coders))}")
        rows = rows[rows["coder"] == coder]
    elif len(coded.coders) > 1:
        note(f"segments of {len(coded.coders)} coders are counted together: coder= takes one")
    if roll_up:
        ways = {code.name: [code.name, *coded.above(code.name)] for code in coded.codes}
        rows = rows.assign(code=rows["code"].map(ways)).explode("code")
        rows = rows.drop_duplicates(["source", "start", "end", "code", "coder"])
    return rows.reset_index(drop=True)


def _overlaps(rows: pd.DataFrame, place: Whole, codes: int) -> Whole:
    """Count pairs of stretches of one source and coder that share a sign; the diagonal counts stretches."""
    found = np.zeros((codes, codes), np.int64)
    np.add.at(found, (place, place), 1)
    for at in rows.groupby(["source", "coder"], sort=False).indices.values():
        start, end, code = rows["start"].to_numpy()[at], rows["end"].to_numpy()[at], place[at]
        meet = (start[:, None] < end[None, :]) & (start[None, :] < end[:, None]) & (code[:, None] != code[None, :])
        first, second = np.nonzero(meet)
        np.add.at(found, (code[first], code[second]), 1)
    return found
