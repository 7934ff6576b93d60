"""Estimates and checks as tables: numbers at full precision, headed in plain words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.registry import measured
from coresponder_causal.core.result import Result
from coresponder_causal.core.support import smallest
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.privacy.counts import Counts
from coresponder_causal.report import words
from coresponder_causal.report.effects import counted_in_events, effects, of_sets
from coresponder_causal.report.rows import headlines
from coresponder_causal.report.sensitive import as_its_items
from coresponder_causal.report.specs import Column, Table, of_nobody

marks = {"contradicts": "✕", "no contradiction found": "○", "cannot tell": "?", "reported": "·", "not applicable": "–"}
evidence_columns = (
    Column("method", "Method"),
    Column("outcome", "Outcome"),
    Column("term", "What"),
    Column("estimate", "Estimate", "signed"),
    Column("set_low", "At the least", "signed"),
    Column("set_high", "At the most", "signed"),
    Column("conf_low", "95 % from", "signed"),
    Column("conf_high", "to", "signed"),
    Column("unit", "Unit"),
    Column("mde", "Smallest detectable", "signed"),
    Column("df", "df", "number"),
    Column("p_value", "p", "p"),
    Column("measured", "Measured coverage"),
    Column("n_obs", "Rows", "whole"),
    Column("notes", "Notes", "whole"),
)
evidence_note = (
    "Smallest detectable: the fall, of differences the change towards the side of the estimate, that a two-sided 5 % "
    "test of this design finds four times in five; −∞: none at all; –: none is stated. "
    "Measured coverage: how often the method's 95 % interval held the truth in the simulated cell nearest to these "
    "data, with its Monte-Carlo error; “outside” where they lie outside all that was measured. "
    "Rows: observations used. Notes: how many remarks must be read with the number."
)
set_note = (
    " At the least, at the most: of results without a single estimate, all that the effect can be, whatever is not "
    "known. Where they have both signs its direction cannot be told; the interval holds the effect, not all of the set."
)
too_few = " As printed elsewhere, for comparison: with so few units the errors, bounds and p-values cannot be used."
verdict_note = (
    "A check can contradict an assumption; none can establish it. Power: how often the check would see a violation as "
    "large as the estimate, where known. What is only reported decides nothing."
)

further_columns: tuple[tuple[str, str, Literal["share", "number"], str], ...] = (
    (
        "could_change",
        "Could change it",
        "share",
        " Could change it: how much of the conclusion hangs on what the check looks at, from 0 to 1, all of it, where "
        "it contradicts; else the largest change it shows, over how far the estimate is from another conclusion; else "
        "how often a violation as large as the estimate would go unseen; else what the finding survives. The table is "
        "in this order.",
    ),
    (
        "breakdown",
        "Lost at",
        "number",
        " Lost at: the size of the violation, on the check's own scale, at which the finding is gone.",
    ),
)


@as_its_items
def table(*items: Result | CheckResult, terms: Literal["all", "headline"] = "all") -> Table:
    """Estimates of results, or verdicts of checks, one below the other.

    Parameters
    ----------
    *items : Result or CheckResult
        All of one kind.
    terms : {"all", "headline"}
        Every term of each result, or its first.

    Returns
    -------
    Table
        Of results: ``method, outcome`` (where there are several), ``term, estimate, set_low, set_high`` (where one is a
        set), ``conf_low, conf_high, unit, mde, df, p_value, measured, n_obs, notes``, log ratios as percent changes.
        Of checks: ``check, assumption, verdict, power, sentence``, and ``could_change, breakdown`` where one states it.

    Raises
    ------
    EstimationError
        If nothing, or results and checks together, are given: make one table of each.
    """
    results = [item for item in items if isinstance(item, Result)]
    checks = [item for item in items if isinstance(item, CheckResult)]
    if not items or len(results) not in (0, len(items)):
        raise EstimationError(
            f"a table shows results or checks, not {len(results)} results and {len(checks)} checks",
            mend="call table once for the results and once for the checks",
        )
    return _evidence(results, terms) if results else _verdicts(checks)


def by_outcome(results: Sequence[Result]) -> Table:
    """Every term of one method for several outcomes, with standard errors, on the scale of the method.

    Parameters
    ----------
    results : sequence of Result
        Of one method.

    Returns
    -------
    Table
        ``outcome, term, estimate, std_error, conf_low, conf_high, p_value``.
    """
    columns = (
        Column("outcome", "Outcome"),
        Column("term", "What"),
        Column("estimate", "Estimate", "fine"),
        Column("std_error", "Standard error", "fine"),
        Column("conf_low", "95 % from", "fine"),
        Column("conf_high", "to", "fine"),
        Column("p_value", "p", "p"),
    )
    frame = pd.concat([_in_words(result) for result in results], ignore_index=True)
    unusable = any(result.extra.get("enough_clusters") is False for result in results)
    unit = "log ratios" if results[0].scale == "log_ratio" else words.unit(results[0]).split(" per ", 1)[-1]
    return Table(
        title=f"{words.named(results[0])}, outcome by outcome",
        frame=frame[[column.name for column in columns]],
        columns=columns,
        note=(f"In {unit}." if unit == "log ratios" else f"Per {unit}.") + too_few * unusable,
        support=support_of(results),
    )


def numbers_of(check: CheckResult) -> Table:
    """Return the numbers behind a check's verdict, column by column.

    Parameters
    ----------
    check : CheckResult

    Returns
    -------
    Table
    """
    return plain(
        check.table,
        title=f"Numbers behind “{check.check.replace('_', ' ')}”",
        note="Estimates on the scale of the method: log ratios where the findings are percent changes."
        if "estimate" in check.table
        else "",
        support=check.support,
    )


def plain(
    frame: pd.DataFrame,
    *,
    title: str,
    note: str = "",
    labels: Mapping[str, str] | None = None,
    said: Collection[str] = (),
    support: pd.DataFrame | None = None,
    counts: tuple[Counts, ...] = (),
) -> Table:
    """Return any frame as a table: numbers as numbers, everything else as text.

    Parameters
    ----------
    frame : DataFrame
    title, note : str
    labels : mapping, optional
        Headings by column; the column's own name with spaces otherwise.
    said : collection of str
        Columns of text that says numbers of its row.
    support, counts
        As of `Table`.
    """
    headings = dict(labels or {})
    columns = tuple(
        Column(
            str(name),
            headings.get(str(name), str(name).replace("_", " ")),
            "said" if name in said else _form(frame[name]),
        )
        for name in frame
    )
    shown = frame.rename(columns=str).reset_index(drop=True)
    return Table(title=title, frame=shown, columns=columns, note=note, support=support, counts=counts)


def wordy(title: str, heads: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> Table:
    """Make a table of words, behind which nobody stands.

    Parameters
    ----------
    title : str
    heads : tuple of str
        Headings.
    rows : sequence of tuple
        Cells, each as its text.
    """
    frame = pd.DataFrame(rows, columns=list(heads)).astype(str)
    return Table(title=title, frame=frame, columns=tuple(Column(name, name) for name in heads), support=of_nobody)


def distances(results: Sequence[Result], truth: Mapping[str, float]) -> Table:
    """Return how far each estimate lies from a known truth.

    Parameters
    ----------
    results : sequence of Result
    truth : mapping
        True value on the result's own scale by ``"method.term"``, e.g. ``{"its_segmented.mean_post": -0.2}``.

    Returns
    -------
    Table
        ``method, term, truth, estimate, distance, std_errors, inside``: differences, or percent changes with their
        distance in percentage points; the distance also in standard errors.

    Raises
    ------
    EstimationError
        If a truth belongs to no estimate; correct its name.
    """
    rows = [row for result in results for row in _distance_rows(result, truth)]
    strangers = sorted(set(truth) - {row["key"] for row in rows})
    if strangers:
        raise EstimationError(
            f"{len(strangers)} truths belong to no estimate: {', '.join(strangers[:5])}",
            mend="name each as 'method.term' of a result on the page, terms in events left out",
        )
    columns = (
        Column("method", "Method"),
        Column("term", "What"),
        Column("truth", "Truth", "signed"),
        Column("estimate", "Estimate", "signed"),
        Column("distance", "Distance", "signed"),
        Column("unit", "Unit"),
        Column("std_errors", "in standard errors", "signed"),
        Column("inside", "Truth inside the 95 % interval"),
    )
    return Table(
        title="Estimates beside the known truth",
        frame=pd.DataFrame(rows).drop(columns="key"),
        columns=columns,
        note="Distance: estimate minus truth; of percent changes in percentage points.",
        support=support_of(results),
    )


def _evidence(results: Sequence[Result], terms: Literal["all", "headline"]) -> Table:
    frames = []
    for result in results:
        rows = _towards_estimates(effects(result)) if result.scale == "difference" else effects(result)
        frames.append(
            rows.assign(
                method=words.named(result),
                outcome=words.outcome(result),
                term=rows["term"].map(partial(words.term, method=result.method)),
                measured=pd.Series(_coverages(result, rows["term"]), index=rows.index, dtype=object),
                n_obs=result.n_obs,
                notes=len(result.notes),
                **_unusable(result),
            ).head(len(rows) if terms == "all" else 1)
        )
    several = len({result.estimand.outcome for result in results}) > 1
    bounded = any(result.kind == "set" for result in results)
    left_out = {*(() if several else ("outcome",)), *(() if bounded else of_sets)}
    columns = tuple(column for column in evidence_columns if column.name not in left_out)
    frame = pd.concat(frames, ignore_index=True)[[column.name for column in columns]]
    support = support_of(results) if terms == "all" else headlines(results)
    return Table(
        title="Estimates", frame=frame, columns=columns, note=evidence_note + set_note * bounded, support=support
    )


def _in_words(result: Result) -> pd.DataFrame:
    rows = result.tidy()
    return rows.assign(outcome=words.counted(result), term=rows["term"].map(partial(words.term, method=result.method)))


def _towards_estimates(rows: pd.DataFrame) -> pd.DataFrame:
    """Turn falls to the side of their estimates: a difference is found up as well as down."""
    falls = rows["mde"]
    return rows.assign(mde=falls.where(np.isinf(falls) | ~(rows["estimate"] > 0), falls.abs()))


def _unusable(result: Result) -> dict[str, float]:
    """No p-value and no detectable effect where the standard error behind them cannot be used."""
    return dict.fromkeys(("p_value", "mde"), np.nan) if result.extra.get("enough_clusters") is False else {}


def _coverages(result: Result, terms: pd.Series) -> list[str | None]:
    """Measured coverage of the nearest cell, for the headline and for the other terms that were measured."""
    shown: list[str | None] = []
    for place, term in enumerate(terms):
        found = measured(result, str(term))
        if found is None or not (place == 0 or found.term == term):
            shown.append(None)
            continue
        outside = "" if found.licensed else ", outside"
        shown.append(f"{100 * found.coverage:.1f} % ± {100 * found.coverage_error:.1f}{outside}")
    return shown


def _verdicts(checks: Sequence[CheckResult]) -> Table:
    frame = pd.DataFrame(
        {
            "check": [words.capital(check.check.replace("_", " ")) for check in checks],
            "assumption": [check.assumption for check in checks],
            "verdict": [f"{marks[check.verdict]} {check.verdict}" for check in checks],
            "sentence": [check.sentence for check in checks],
            "power": [float("nan") if check.power is None else check.power for check in checks],
        }
    )
    columns: tuple[Column, ...] = (
        Column("check", "Check"),
        Column("assumption", "Assumption"),
        Column("verdict", "Verdict"),
        Column("sentence", "What was found", "said"),
        Column("power", "Power", "share"),
    )
    note = verdict_note
    for name, head, form, remark in further_columns:
        values = [float("nan") if getattr(check, name) is None else getattr(check, name) for check in checks]
        if not np.isnan(values).all():
            frame[name], columns, note = values, (*columns, Column(name, head, form)), note + remark
    return Table(title="Checks", frame=frame, columns=columns, note=note, support=_behind(checks))


def _behind(checks: Sequence[CheckResult]) -> pd.DataFrame | None:
    """Return the smallest counts behind each check, a row each; None where nothing is known of one."""
    known = [check.support for check in checks if check.support is not None]
    if len(known) < len(checks):
        return None
    if all(support.empty for support in known):
        return of_nobody
    return pd.concat([smallest(support) for support in known], ignore_index=True) if known else None


def _distance_rows(result: Result, truth: Mapping[str, float]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    table = pd.concat([effects(result), result.tidy().add_suffix("_raw")], axis=1)
    for row in table[~counted_in_events(result)].to_dict("records"):
        true = truth.get(f"{result.method}.{row['term']}")
        if true is None:
            continue
        shown = 100 * np.expm1(true) if result.scale == "log_ratio" else true
        rows.append(
            {
                "key": f"{result.method}.{row['term']}",
                "method": words.named(result),
                "term": words.term(str(row["term"]), result.method),
                "truth": shown,
                "estimate": row["estimate"],
                "distance": row["estimate"] - shown,
                "unit": row["unit"],
                "std_errors": (row["estimate_raw"] - true) / row["std_error_raw"],
                "inside": "yes" if row["conf_low_raw"] <= true <= row["conf_high_raw"] else "no",
            }
        )
    return rows


def support_of(results: Sequence[Result]) -> pd.DataFrame | None:
    """Return what stands behind every term of the results; None where nothing is known of one."""
    if any(result.support is None for result in results):
        return None
    known = [result.support.assign(method=result.method) for result in results if result.support is not None]
    return pd.concat(known, ignore_index=True)


def _form(values: pd.Series) -> Literal["text", "number", "whole", "p"]:
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return "text"
    if values.name == "p_value":
        return "p"
    return "whole" if pd.api.types.is_integer_dtype(values) else "number"
