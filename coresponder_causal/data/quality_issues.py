"""What is wrong with tables in words, worst first, each with what to do next and who does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from coresponder_causal.data import dictionary
from coresponder_causal.data.columns import unexpected_code
from coresponder_causal.data.quality_times import five_minutes, future, midnight, too_early

issues_head = ["rows", "table", "field", "kind", "said", "next", "who"]
officer = "the agency's data officer"
supervisor = "the team's supervisor"
dozens = 24  # rows that a gap must have cost
Issue = dict[str, object]


def issues_of(found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Put every finding into words.

    Parameters
    ----------
    found : mapping of str to DataFrame
        The parts of a `Quality`.

    Returns
    -------
    DataFrame
        ``rows, table, field, kind, said, next, who``: by the rows that each touches, most first. No value of a field
        that is not open is named.
    """
    entries = [
        *_gaps(found["completeness"]),
        *_missing(found["breaks"]),
        *_drift(found["drift"]),
        *_disorder(found["disorder"]),
        *_stamps(found["stamps"]),
        *_late(found["timeliness"]),
        *_rules(found["findings"]),
        *_coders(found["agreement"]),
        *_unlogged(found["unlogged"]),
    ]
    frame = pd.DataFrame(entries, columns=issues_head)
    return frame.sort_values("rows", ascending=False, kind="stable", ignore_index=True)


def day(value: object) -> str:
    """Write a day in words."""
    stamp = pd.Timestamp(str(value))
    return f"{stamp.day} {stamp:%B %Y}"


def percent(share: object) -> str:
    """Write a share in whole percent, the smallest with one digit."""
    value = 100 * float(str(share))
    return f"{value:.1f} %" if 0 < value < 1 else f"{value:.0f} %"


def label(table: object, field: object) -> str:
    """Name a field as people call it."""
    entry = dictionary.table(str(table))
    return f"“{entry.field(str(field)).label}”" if field in entry.names else f"“{field}”"


def code_label(table: object, field: object, code: object) -> str:
    """Name a code where its field is open or the dictionary lists it."""
    entry = dictionary.table(str(table))
    known = entry.field(str(field)) if field in entry.names else None
    if known is not None and (known.privacy == "open" or str(code) in map(str, known.allowed or ())):
        return f"the code “{code}”"
    return "“yes”" if code == "True" else "“no”" if code == "False" else "a code that the dictionary does not list"


def _missing(breaks: pd.DataFrame) -> Iterator[Issue]:
    """Tell changes of missingness; a rise costs the rows after it."""
    for entry in breaks.to_dict("records"):
        more = entry["after"] > entry["before"]
        stepped = entry["last"] > entry["date"] or entry["first"] < entry["date"]
        span = f", in steps between {day(entry['first'])} and {day(entry['last'])}" if stepped else ""
        said = (
            f"From {day(entry['date'])} on, {label(entry['table'], entry['field'])} is missing in "
            f"{percent(entry['after'])} of rows; before it was {percent(entry['before'])}{span}."
        )
        rows = abs(entry["after"] - entry["before"]) * (entry["rows_after"] if more else entry["rows_before"])
        act = (
            "Ask what changed in the form or the export that day. Enter it in the register of breaks, and do not "
            "compare this field across the date."
        )
        yield _issue(rows, entry, "form change", said, act, supervisor)


def _gaps(completeness: pd.DataFrame) -> Iterator[Issue]:
    """Tell weeks without any row where most weeks have dozens: nobody called, or nothing was exported."""
    for (table, _), part in completeness.groupby(["table", "source"], sort=False):
        rows = part.groupby("week")["rows"].max()
        full = rows.reindex(pd.date_range(rows.index.min(), rows.index.max(), freq="7D"), fill_value=0)
        empty, usual = full.eq(0), float(full.median())
        for _, run in full[empty].groupby((~empty).cumsum()[empty]):
            if usual * len(run) < dozens:
                continue
            last = run.index[-1] + pd.Timedelta(days=6)
            said = (
                f"Table {table} has no row from {day(run.index[0])} to {day(last)}; about {usual:.0f} a week are usual."
            )
            act = "Ask for the missing export. Until it is there these weeks are not zero: keep them out of counts."
            yield _issue(usual * len(run), {"table": table, "field": ""}, "gap", said, act, officer)


def _drift(drift: pd.DataFrame) -> Iterator[Issue]:
    """Tell changes of codes: of all together, of yes and no, and codes that appear or vanish."""
    told = drift["what"].ne("share of code") | drift["code"].eq("True")
    for entry in drift[told].to_dict("records"):
        field, date = label(entry["table"], entry["field"]), day(entry["date"])
        code = code_label(entry["table"], entry["field"], entry["code"])
        if entry["what"] == "composition":
            said = (
                f"From {date} on, the codes of {field} are used differently: {percent(entry['after'])} of rows "
                "would have to change their code to give the shares of before."
            )
            rows = entry["after"] * entry["rows_after"]
        else:
            before, after = percent(entry["before"]), percent(entry["after"])
            verb = {"new code": "appears", "code vanishes": "is no longer used"}.get(entry["what"], "changes its share")
            said = f"From {date} on, {code} of {field} {verb}: {after} of filled rows after, {before} before."
            rows = abs(entry["after"] - entry["before"]) * min(entry["rows_before"], entry["rows_after"])
        act = "Find out whether the code list, the form or the work changed. Map old and new codes to one list."
        yield _issue(rows, entry, "code drift", said, act, officer)


def _disorder(disorder: pd.DataFrame) -> Iterator[Issue]:
    """Disordered stamps, once for a table, in both readings."""
    for table, part in disorder.groupby("table", sort=False):
        rows = part.set_index("what")["rows"]
        whole = [what for what in rows.index if what.startswith("any")]
        shown = rows[whole] if whole else rows
        of = int(part["of"].iloc[0])
        said = f"In {shown.iloc[0]:,} of {of:,} rows ({percent(shown.iloc[0] / of)}) time stamps are out of order"
        if len(whole) > 1:
            counts = [f"{shown[what]:,} ({percent(shown[what] / of)}) counting {what}" for what in whole[1:]]
            said += f", counting {'; '.join([whole[0], *counts])}"
        act = (
            "Look at ten of these rows with those who enter the times. Stamp by status key instead of by hand; leave "
            "intervals with disordered ends out of response times."
        )
        yield _issue(shown.iloc[0], {"table": table, "field": ""}, "disorder", f"{said}.", act, supervisor)


def _stamps(stamps: pd.DataFrame) -> Iterator[Issue]:
    """Impossible, midnight and rounded stamps, where they exceed what chance gives."""
    for entry in stamps.to_dict("records"):
        field = label(entry["table"], entry["field"])
        if entry["what"] in (future, too_early) and entry["rows"]:
            said = f"{entry['rows']:,} of {entry['of']:,} stamps of {field} lie {entry['what']}."
            yield _issue(entry["rows"], entry, "impossible", said, "Correct the clock or the export.", officer)
        elif entry["what"] == midnight and entry["low"] > 5 * entry["expected"]:
            said = (
                f"{entry['rows']:,} of {entry['of']:,} stamps of {field} are exactly midnight: the clock time is lost."
            )
            yield _issue(entry["rows"], entry, "midnight", said, "Export the clock time too.", officer)
        elif entry["what"] == five_minutes and entry["low"] > 0.05:
            said = (
                f"About {percent(entry['share'])} of the stamps of {field} are rounded to five minutes "
                f"({percent(entry['low'])} to {percent(entry['high'])})."
            )
            act = "Take the time from the dispatch system, not from memory; read short intervals as rough."
            yield _issue(entry["share"] * entry["of"], entry, "rounding", said, act, supervisor)


def _late(timeliness: pd.DataFrame) -> Iterator[Issue]:
    """Fields of a table that are recorded after their deadline, told once for each deadline."""
    for (table, hours), part in timeliness.groupby(["table", "deadline_hours"], sort=False):
        worst = part.sort_values("share").iloc[0]
        if worst["high"] >= 0.95:
            continue
        names = ", ".join(label(table, field) for field in part["field"].head(3))
        more = f" and {len(part) - 3} more fields" if len(part) > 3 else ""
        said = (
            f"{names}{more} should be recorded within {hours:g} hours; {percent(worst['share'])} of {worst['rows']:,} "
            f"rows were (median {worst['median_hours']:.0f} hours)."
        )
        act = "Give time at the end of the shift to complete records, and look at the list of open ones each week."
        rows = worst["rows"] - worst["in_time"]
        yield _issue(rows, {"table": table, "field": worst["field"]}, "late", said, act, supervisor)


def _rules(findings: pd.DataFrame) -> Iterator[Issue]:
    """Broken rules of the dictionary that are told nowhere else."""
    told = findings["rule"].str.contains(" before | out of order|not in the dictionary", regex=True)
    for entry in findings[~told].to_dict("records"):
        field = label(entry["table"], entry["field"]) if entry["field"] else "the table"
        said = f"{field[:1].upper()}{field[1:]}: {entry['rule']} in {entry['count']:,} rows."
        if entry["rule"] == unexpected_code:
            said = f"{field} holds codes that the dictionary does not list, in {entry['count']:,} rows."
        yield _issue(entry["count"], entry, "rule", said, f"{str(entry['mend']).capitalize()}.", officer)


def _coders(agreement: pd.DataFrame) -> Iterator[Issue]:
    """Double coding that leaves doubt."""
    for entry in agreement.to_dict("records"):
        if pd.isna(entry["ac1"]) or entry["ac1_low"] >= 0.6:
            continue
        said = (
            f"Two coders of {entry['what']} agree on {percent(entry['observed'])} of {entry['rows']:,} rows "
            f"(AC1 {entry['ac1']:.2f}, {entry['ac1_low']:.2f} to {entry['ac1_high']:.2f}; κ {entry['kappa']:.2f})."
        )
        act = "Talk through the rows on which they differ, sharpen the rule, code the sample again."
        rows = entry["rows"] - entry["agree"]
        yield _issue(rows, {"table": "", "field": ""}, "agreement", said, act, supervisor)


def _unlogged(unlogged: pd.DataFrame) -> Iterator[Issue]:
    """Contacts that neither list holds."""
    for entry in unlogged.to_dict("records"):
        said = (
            f"{entry['on_first']:,} {entry['first']} and {entry['on_second']:,} {entry['second']} share "
            f"{entry['on_both']:,}: one list alone misses much. About {entry['unlisted']:,.0f} more may be on neither, "
            f"of {entry['estimate']:,.0f} in all ({entry['low']:,.0f} to {entry['high']:,.0f})."
        )
        act = "Write the call number into the team's log, and compare both lists each week."
        rows = entry["listed"] - entry["on_both"] + entry["unlisted"]
        yield _issue(rows, {"table": "", "field": ""}, "not logged", said, act, supervisor)


def _issue(rows: float, entry: Mapping[object, object], kind: str, said: str, act: str, who: str) -> Issue:
    """One row of the issues."""
    where = {"table": entry["table"], "field": entry["field"]}
    return {"rows": round(float(rows)), **where, "kind": kind, "said": said, "next": act, "who": who}
