"""The ladder of outcomes, from the scene to months later, as a table and a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.privacy import Counts
from coresponder_causal.report import words
from coresponder_causal.report.outcome_rungs import Adjust, arm_names, fields_of_ladder, rungs
from coresponder_causal.report.specs import Column, Form, Picture, Table

title = "From the scene to months later: what became of the calls"
reading = (
    "Difference: among calls whose outcome is known. At the least, at the most: whatever the outcomes are that nobody "
    "knows; beside them its 95 % interval."
)


def outcome_ladder(
    d: CallDesign, *, outcomes: Sequence[str] | None = None, adjust: Adjust | None = None
) -> tuple[Table, Picture]:
    """Show, outcome by outcome in order of time, what is known of whom and what the team may have changed.

    Parameters
    ----------
    d : CallDesign
        As `from_frame` or `from_tables` made it, with ``outcome=None``; its frame holds the outcomes.
    outcomes : sequence of str, optional
        Columns of yes and no, missing where not known; by default the dictionary's outcomes with a time in their name
        (``followed_up_72h``) that the calls hold. One without a time counts as on scene.
    adjust : callable, optional
        ``match_*``, ``weight_*`` or a function around them: makes the known calls comparable for the difference, and
        all calls for the least and the most it can be. By default calls are compared as they came, which is
        description.

    Returns
    -------
    Table
        One row an outcome: ``when, label, source``, ``known, unknown, share`` with and without the treatment,
        ``difference, conf_low, conf_high``, ``least, most, set_low, set_high``; ``remarks`` say what must be read
        with them.
    Picture
        ``data["rungs"]``: the same.

    Raises
    ------
    DesignError
        A design that is adjusted or has an outcome, or outcomes that are more than yes and no: all are listed.

    Notes
    -----
    Ends and their interval are those of `call_bounds`. An outcome that cannot be compared keeps its counts, and its
    remarks say why. The known calls are adjusted anew: where what is known goes by the covariates, their difference may
    speak of other calls than its ends.

    References
    ----------
    Manski (1990), doi:10.3386/t0094; Imbens & Manski (2004), doi:10.1111/j.1468-0262.2004.00555.x.

    Examples
    --------
    >>> frame = pd.DataFrame({"attended": [1] * 40 + [0] * 40})
    >>> frame["linked_30d"] = [1, 1, 0, None] * 10 + [1, 0, 0, 0] * 10
    >>> d = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=[])
    >>> table, picture = outcome_ladder(d)
    >>> table.frame[["when", "share_with", "share_without", "least", "most"]].round(2).values.tolist()
    [['30 days', 0.67, 0.25, 0.25, 0.5]]
    """
    whole = d if adjust is None else adjust(d)
    frame = rungs(d, whole, fields_of_ladder(d) if outcomes is None else outcomes, adjust)
    frame = frame.assign(when=frame["when"].map(words.capital))
    return _table(frame, whole), _picture(frame.drop(columns="remarks"), whole)


def split_ladder(rungs: Table) -> tuple[Table, Table]:
    """Split the table for a page: shares and differences, and of whom they are known, from where, with remarks.

    Parameters
    ----------
    rungs : Table
        Of `outcome_ladder`.
    """
    behind = ("known_with", "unknown_with", "known_without", "unknown_without", "source", "remarks")
    first = tuple(column for column in rungs.columns if column.name not in behind)
    second = tuple(column for column in rungs.columns if column.name in ("when", "label", *behind))
    titled = (
        (first, "Shares and differences", rungs.note),
        (second, "Of how many calls, and from where, it is known", ""),
    )
    numbers, known = (
        replace(rungs, title=title, note=note, columns=columns, frame=rungs.frame[[column.name for column in columns]])
        for columns, title, note in titled
    )
    return numbers, known


def _compared(d: CallDesign) -> str:
    """Say what the shares are, and how the calls behind the differences were made comparable."""
    made = words.kinds_of_adjustment["none" if d.adjustment is None else d.adjustment.method]
    return f"Shares are those recorded; differences are of calls, {made}."


def _arms(d: CallDesign) -> tuple[str, str]:
    treatment = d.treatment.replace("_", " ")
    those, others = words.treatments.get(d.treatment, (f"calls with {treatment}", "without it"))
    return those, f"calls {others}"


def _table(frame: pd.DataFrame, d: CallDesign) -> Table:
    of_arms: tuple[tuple[str, str, Form], ...] = (
        ("known", "Known", "whole"),
        ("unknown", "Not known", "whole"),
        ("share", "Share", "share"),
    )
    shown = (
        Column("when", "When"),
        Column("label", "Outcome"),
        Column("source", "Known from"),
        *(Column(f"{name}_{arm}", f"{word} {arm} it", form) for arm in arm_names for name, word, form in of_arms),
        Column("difference", "Difference", "signed"),
        Column("conf_low", "95 % from", "signed"),
        Column("conf_high", "to", "signed"),
        Column("least", "At the least", "signed"),
        Column("most", "At the most", "signed"),
        Column("set_low", "95 % from", "signed"),
        Column("set_high", "to", "signed"),
        Column("remarks", "Remarks", "said"),
    )
    those, others = _arms(d)
    note = f"With it: {those}; without it: {others}. {_compared(d)} {reading}"
    return Table(
        title=title,
        frame=frame[[column.name for column in shown]],
        columns=shown,
        note=" ".join([note, *(f"{words.capital(one)}." for one in d.notes)]),
        support=_support(frame),
        counts=_counts(frame, d.treatment, ""),
    )


def _picture(frame: pd.DataFrame, d: CallDesign) -> Picture:
    those, others = _arms(d)
    steps = "; ".join(
        f"{row['when']}, {row['label']}: {' against '.join(_of_hundred(row[f'share_{arm}']) for arm in arm_names)}"
        for row in frame.to_dict("records")
    )
    return Picture(
        title=title,
        caption="Left: how many of a hundred calls whose outcome is known. Right: the difference among them with its "
        "95 % interval; the pale bar is all that the difference can be, whatever the outcomes are that nobody knows, "
        f"the thin line its interval. {_compared(d)}",
        alt=f"Outcomes from the scene on, of {those} against {others}, of a hundred. {steps}.",
        kind="ladder",
        data={"rungs": frame},
        labels=Facts(
            {
                "x": "Of a hundred calls",
                "difference": "Difference, of a hundred calls",
                "with": words.capital(those),
                "without": words.capital(others),
            }
        ),
        support=_support(frame),
        counts=_counts(frame, d.treatment, "rungs"),
    )


def _of_hundred(share: float) -> str:
    return "not known" if pd.isna(share) else words.of_hundred(100 * share)


def _support(frame: pd.DataFrame) -> pd.DataFrame:
    """Persons and calls with the outcome behind each row."""
    return frame[["outcome", "persons"]].assign(events=frame["yes_with"] + frame["yes_without"])


def _counts(frame: pd.DataFrame, treatment: str, part: str) -> tuple[Counts, ...]:
    """List yes, no and not known of each outcome and arm: one family an outcome."""
    made = []
    for place, row in frame.iterrows():
        for arm in arm_names:
            cells = {"arm": arm, "yes": row[f"yes_{arm}"], "known": row[f"known_{arm}"]}
            made.append(
                Counts(
                    family=f"{row['outcome']} by {treatment}",
                    frame=pd.DataFrame(cells | {"unknown": row[f"unknown_{arm}"]}, index=[place]),
                    dimensions=("arm",),
                    count="yes",
                    of="known",
                    unknown="unknown",
                    part=part,
                )
            )
    return tuple(made)
