"""Labels by what was found, group by group, and gaps whoever the calls are of which the group is unknown."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.decide import Fairness, FairOutcome
from coresponder_causal.decide.label_drift import together
from coresponder_causal.privacy.counts import Counts
from coresponder_causal.report import words
from coresponder_causal.report.specs import Column, Picture, Table


def drift_picture(drift: pd.DataFrame, *, field: str) -> Picture:
    """Draw what calls of each label were found to be, a square of cells a group.

    Parameters
    ----------
    drift : DataFrame
        As of `decide.label_drift`.
    field : str
        What people call the column of groups.
    """
    cells = _worded(drift)
    each = "; ".join(f"{row['group']}, {row['written']} to {row['found']}" for row in cells.to_dict("records"))
    return Picture(
        title=f"What calls were found to be, by label and {field}",
        caption="Down: the label written first. Across: the type found in the end. Each row adds up to 100; darker is "
        "more; nothing where none was found; below each share its 95 % interval. Only of calls where somebody went and "
        "wrote what was found.",
        alt=f"Shares found, for: {each}.",
        kind="drift",
        data={"cells": cells[["group", "written", "found", "share", "conf_low", "conf_high"]]},
        labels=Facts({"x": "Found", "y": "Written first"}),
        support=cells[["persons", "calls"]],
        counts=_counts(cells, field, "cells"),
    )


def drift_table(drift: pd.DataFrame, *, field: str) -> Table:
    """Lay labels and what was found beside each other.

    Parameters
    ----------
    drift : DataFrame
        As of `decide.label_drift`.
    field : str
        What people call the column of groups.
    """
    cells = _worded(drift)
    return Table(
        title=f"Labels and what was found, by {field}",
        frame=cells,
        columns=(
            Column("group", "Perceived as"), Column("written", "Written first"), Column("found", "Found"),
            Column("calls", "Calls", "whole"), Column("of", "Of", "whole"), Column("share", "Share", "share"),
            Column("conf_low", "95 % from", "share"), Column("conf_high", "to", "share"),
        ),
        note="Types found of few persons stand together. A drift that differs between groups is no proof of bias: what "
        "happened may differ too.",
        support=cells[["persons", "calls"]],
        counts=_counts(cells, field, ""),
    )  # fmt: skip


def unknown_table(found: Fairness, one: FairOutcome) -> Table:
    """Give how far calls of unknown group could move a gap.

    Parameters
    ----------
    found : Fairness
    one : FairOutcome
        With bounds for the unknown.
    """
    told = one.unknown
    assert told is not None  # asked for where there are some
    names = ("set_low", "set_high", "conf_low", "conf_high")
    frame = told.assign(
        group=told["group"].str.replace("_", " "), **{name: 100 * told[name] for name in names},
        known=told["calls"] - told["unknown"],
    )  # fmt: skip
    about = words.outcomes.get(one.outcome, one.outcome.replace("_", " "))
    return Table(
        title=f"Gap in {about}, whoever is not known",
        frame=frame,
        columns=(
            Column("group", "Perceived as"), Column("rests_on", "Rests on"),
            Column("unknown", "Group unknown", "whole"),
            Column("calls", "Calls", "whole"), Column("set_low", "From", "signed"), Column("set_high", "to", "signed"),
            Column("conf_low", "95 % from", "signed"), Column("conf_high", "to", "signed"),
        ),
        note=f"Of 100 calls, against persons perceived as {found.reference.replace('_', ' ')}. Least and most that the "
        "gap can be, whatever the group is of calls where nobody wrote it down.",
        support=frame[["events", "unknown", "known"]].rename(columns={"unknown": "rows", "known": "calls"}),
    )  # fmt: skip


def _worded(drift: pd.DataFrame) -> pd.DataFrame:
    texts = {name: drift[name].str.replace("_", " ") for name in ("group", "written", "found")}
    return drift.assign(**texts).sort_values(
        ["group", "written", "found"], key=lambda names: names.where(names != together, "~"), kind="stable",
        ignore_index=True,
    )  # fmt: skip


def _counts(cells: pd.DataFrame, field: str, part: str) -> tuple[Counts, ...]:
    return (
        Counts(
            family=f"calls by label, what was found and {field}",
            frame=cells,
            dimensions=("group", "written", "found"),
            count="calls",
            part=part,
        ),
    )
