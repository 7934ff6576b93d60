"""Specs without the numbers that stay hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.facts import Facts
from coresponder_causal.privacy import Policy, hidden_mark, small_in_words
from coresponder_causal.report.specs import Picture, Sentence, Table, of_nobody

Bools = NDArray[np.bool_]
most_hidden = 0.5  # of the points of a picture
in_order = ("position", "hour_of_week")  # frames with one of these keep their rows
of_the_calendar = (*in_order, "hour", "planned", "covered")


def without_words(sentence: Sentence, policy: Policy) -> Sentence:
    """Return a sentence, or that it is not shown where it says a small count.

    Parameters
    ----------
    sentence : Sentence
    policy : Policy
    """
    if small_in_words(sentence.text, threshold=policy.threshold):
        return withheld("A remark", policy)
    return replace(sentence, support=None)


def withheld(what: str, policy: Policy) -> Sentence:
    """Say that something is not shown.

    Parameters
    ----------
    what : str
    policy : Policy
    """
    return Sentence(
        text=f"{what} is not shown: it stands on counts under {policy.threshold}, or would give such counts away.",
        support=of_nobody,
    )


def without_rows(table: Table, hidden: Bools, policy: Policy) -> Table:
    """Return a table whose hidden rows keep their names alone; they stand last, so that their place says nothing.

    Columns for those inside alone are left out.

    Parameters
    ----------
    table : Table
    hidden : ndarray of bool, shape (n_rows,)
    policy : Policy

    Returns
    -------
    Table
    """
    columns = tuple(column for column in table.columns if not column.inside)
    frame = table.frame[[column.name for column in columns]].reset_index(drop=True).astype(object)
    for column in columns:
        if column.form != "text":
            frame[column.name] = frame[column.name].mask(hidden, hidden_mark)
        if column.wordy:
            said = [
                isinstance(text, str) and small_in_words(text, threshold=policy.threshold)
                for text in frame[column.name]
            ]
            frame[column.name] = frame[column.name].mask(np.array(said, bool), hidden_mark)
    named = [column.name for column in columns if column.form == "text"]
    last = frame[hidden].sort_values(named, key=lambda values: values.astype(str)) if named else frame[hidden]
    note = "" if small_in_words(table.note, threshold=policy.threshold) else table.note
    if hidden.any():
        note = (
            f"{note} {hidden_mark}: under {policy.threshold}, or would give such a number away; these rows stand last."
        )
    frame = pd.concat([frame[~hidden], last], ignore_index=True)
    return replace(table, frame=frame, columns=columns, note=note.strip(), support=None, counts=())


def without_points(picture: Picture, hidden: Mapping[str, Bools], policy: Policy) -> Picture | Sentence:
    """Return a picture without its hidden points, and with other words where its own might say them.

    Parameters
    ----------
    picture : Picture
    hidden : mapping of str to ndarray of bool
        By frame of the picture.
    policy : Policy

    Returns
    -------
    Picture or Sentence
        A sentence where more than half of the points are hidden.
    """
    many, all_points = (sum(int(f(mask)) for mask in hidden.values()) for f in (np.sum, len))
    if many > most_hidden * max(all_points, 1):
        return withheld(f"The picture “{picture.title}”", policy)
    caption = "" if small_in_words(picture.caption, threshold=policy.threshold) else picture.caption
    alt = picture.title if small_in_words(picture.alt, threshold=policy.threshold) else picture.alt
    if not many:
        return replace(picture, caption=caption, alt=alt, support=None, counts=())
    data = {name: _left(frame, hidden.get(name)) for name, frame in picture.data.items()}
    if picture.kind == "flow":
        data["flows"] = _between_nodes(data["flows"], data["nodes"])
    labels = dict(picture.labels)
    if "top" in labels:
        labels["top"] = 1.06 * max(
            float(frame.max(numeric_only=True).drop("position", errors="ignore").max()) for frame in data.values()
        )
    said = f"{many} of {all_points} points are not drawn: under {policy.threshold}, or would give such a number away."
    return replace(
        picture,
        data=data,
        caption=f"{caption} {said}".strip(),
        alt=f"{picture.title}. {said}",
        labels=Facts(labels),
        support=None,
        counts=(),
    )


def _left(frame: pd.DataFrame, hidden: Bools | None) -> pd.DataFrame:
    """Rows that are not hidden; of a course in time the hidden ones as gaps."""
    if hidden is None or not hidden.any():
        return frame
    if not set(in_order) & set(frame):
        return frame[~hidden].reset_index(drop=True)
    numbers = [str(name) for name in frame.select_dtypes("number") if name not in of_the_calendar]
    return frame.assign(**{name: frame[name].astype(float).mask(hidden) for name in numbers})


def _between_nodes(flows: pd.DataFrame, nodes: pd.DataFrame) -> pd.DataFrame:
    """Flows both of whose ends are drawn."""
    there = set(zip(nodes["column"], nodes["state"], strict=True))
    ends = zip(flows["column"], flows["from_state"], flows["state"], strict=True)
    kept = [(column, left) in there and (column + 1, right) in there for column, left, right in ends]
    return flows[np.array(kept, bool)].reset_index(drop=True)
