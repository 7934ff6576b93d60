"""What fields that are there answer, and which single field would open most for what it costs."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.data import metric_catalogue
from coresponder_causal.plan.questions import Columns, burden, metric_lacks, questions, single_fields

weights = {"auto": 1, "one tap": 2, "form": 4, "linked": 8}
now, mend_first, one_more, not_yet = "now", "mend first", "after one field", "not yet"


def answer_of(lacks: tuple[str, ...], broken: frozenset[str]) -> str:
    """Name the state of something that lacks fields."""
    if not lacks:
        return now
    if set(lacks) <= broken:
        return mend_first
    return one_more if len(lacks) == 1 else not_yet


def metrics_answered(there: Columns, broken: frozenset[str]) -> pd.DataFrame:
    """Say of every metric whether it can be computed."""
    made = []
    for name, metric in metric_catalogue().items():
        lacks = metric_lacks(name, there)
        row = {"metric": name, "name": metric.name, "core": metric.core, "answer": answer_of(lacks, broken)}
        made.append(row | {"lacks": ", ".join(lacks)})
    return pd.DataFrame(made)


def questions_answered(designs: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    """Say of every question what answers it, or what comes nearest."""
    order = {state: place for place, state in enumerate((now, mend_first, one_more, not_yet))}
    made = []
    for asked in questions:
        rows = designs[designs["design"].isin(asked.designs)].assign(by=lambda t: "design " + t["design"])
        rows = pd.concat(
            [rows, metrics[metrics["metric"].isin(asked.metrics)].assign(by=lambda t: t["metric"], why="")]
        )
        best = min(rows.to_dict("records"), key=lambda row: (order[row["answer"]], row["lacks"].count(",")))
        needs = best["lacks"] or best["why"]
        made.append({"question": asked.text, "answer": best["answer"], "by": best["by"], "lacks": needs})
    return pd.DataFrame(made)


def next_fields_of(
    designs: pd.DataFrame, metrics: pd.DataFrame, asked: pd.DataFrame, there: Columns, broken: frozenset[str]
) -> pd.DataFrame:
    """Rank single fields by what they open over what they cost."""
    opening = {name: set(single_fields(name, there)) - broken for name in (*designs["design"], *metrics["metric"])}
    for question in questions:
        opening[question.text] = set().union(*(opening[name] for name in (*question.designs, *question.metrics)))
    single = {
        "designs": designs[designs["answer"].eq(one_more)].rename(columns={"design": "what"}),
        "metrics": metrics[metrics["answer"].eq(one_more)].rename(columns={"metric": "what"}),
        "questions": asked[asked["answer"].eq(one_more)].rename(columns={"question": "what"}),
    }
    made: dict[str, dict[str, list[str]]] = {}
    for kind, rows in single.items():
        for what in rows["what"]:
            for field in opening[what]:
                made.setdefault(field, {name: [] for name in single})[kind].append(what)
    listed = [
        {"field": field, "burden": burden(field), "unlocks": sum(map(len, opened.values()))}
        | {kind: "; ".join(names) for kind, names in opened.items()}
        for field, opened in made.items()
    ]
    table = pd.DataFrame(listed, columns=["field", "burden", "unlocks", *single])
    worth = table["unlocks"] / table["burden"].map(weights).astype(float)
    return (
        table.assign(worth=worth)
        .sort_values(["worth", "field"], ascending=[False, True], ignore_index=True)
        .drop(columns="worth")
    )
