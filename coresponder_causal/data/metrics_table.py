"""The table of metrics, whoever counted: what is asked for, what is lacking, and how each row is described."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias, get_args

import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.data.metrics_catalogue import Metric, Part, metric_catalogue
from coresponder_causal.data.metrics_sums import is_small

Period: TypeAlias = Literal["month", "quarter", "year", "all"]
head_of_table = (
    "metric", "part", "core", "period", "statistic", "numerator", "denominator", "value", "conf_low", "conf_high",
    "interval", "design_effect", "unit", "divided_by", "n_persons", "n_any", "missing", "unplaced", "small", "lacks",
)  # fmt: skip
phases = ("before", "from the start")


def chosen_metrics(period: str, only: Iterable[str] | None) -> list[Metric]:
    """Look up the metrics asked for; refuse an unknown period or id."""
    problems = Problems("the metrics asked for")
    if period not in get_args(Period):
        problems.add(f"period is {period!r}", mend=f"take one of {', '.join(get_args(Period))}")
    catalogue = metric_catalogue()
    names = list(catalogue) if only is None else [only] if isinstance(only, str) else list(dict.fromkeys(only))
    if strangers := [str(name) for name in names if name not in catalogue]:
        problems.add(f"no metrics {', '.join(strangers)}", mend="take ids from M01 to M50")
    problems.raise_if_any(DataError)
    return [catalogue[name] for name in names]


def date_of_cut(start: str | None) -> pd.Timestamp | None:
    """Read the date at which periods are cut."""
    if start is None:
        return None
    day = pd.to_datetime(start, format="ISO8601", errors="coerce")
    if pd.isna(day):
        raise DataError(f"start is {start!r}", mend="write it as a date, e.g. '2020-07-15'")
    return day


def period_names(stamps: pd.Series, period: Period) -> pd.Series | str:
    """Name the period of each stamp, shape (n,): "2020-01", "2020Q1", "2020", or "all" for all of them."""
    alias = {"month": "M", "quarter": "Q", "year": "Y"}.get(period)
    return "all" if alias is None else stamps.dt.to_period(alias).astype("str")


def absent_part(metric: Metric, part: Part, lacks: Sequence[str]) -> pd.DataFrame:
    """Say what a part lacks."""
    row = {"metric": metric.id, "part": part.part, "core": metric.core, "unit": metric.unit, "small": False}
    return pd.DataFrame([row | {"lacks": ", ".join(lacks)}])


def described(found: pd.DataFrame, metric: Metric, part: Part) -> pd.DataFrame:
    """Put beside the numbers of a part, one row per cell, whose they are.

    Parameters
    ----------
    found : DataFrame
        As `metrics_parts.part_in_cells` returns it.
    metric : Metric
    part : Part
    """
    if part.cluster != "person":
        found = found.assign(interval=found["interval"].str.replace("person", "officer"))
    return found.assign(
        metric=metric.id,
        part=part.part,
        core=metric.core,
        unit=metric.unit,
        divided_by=[_of(number, part) for number in found["denominator"]],
        small=is_small(found),
        lacks="",
    )


def as_table(made: Sequence[pd.DataFrame], keys: Sequence[str]) -> pd.DataFrame:
    """Put parts one below the other, with the columns that `metrics` promises.

    Parameters
    ----------
    made : sequence of DataFrame
    keys : sequence of str
        Columns that name a cell.
    """
    found = pd.concat(made, ignore_index=True)
    columns = list(dict.fromkeys((*head_of_table[:3], *keys, "group", *head_of_table[4:])))
    return found.reindex(columns=columns).astype({"missing": "Int64", "unplaced": "Int64", "core": "bool"})


def _of(number: float, part: Part) -> str:
    """Say in words what was divided by."""
    written = f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"
    return f"of {written} {'person-years of ' * bool(part.exposure)}{part.of}"
