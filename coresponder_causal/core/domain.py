"""Where intervals were measured to hold: look-up in the table that the study of coverage writes.

measured.csv beside this file has one row for a method, its options, a simulated cell and a term; `coresponder-causal
validity run` writes such a table. A result is held against the cell nearest to it among those in which the method's
assumptions hold and there is no effect.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.measured import Measured, word_of, words, worlds
from coresponder_causal.core.result import Result

table_path = Path(__file__).with_name("measured.csv")
# Options that ask for an interval or describe it, and do not change the one that was measured.
no_matter = ("inference", "seed", "replications", "trees", "engine", "level", "horizons", "lags", "recall")
# Methods whose ways of inference were measured one by one; and, of any method, ways with an interval of their own.
by_inference = ("did_few_treated", "synth_augmented", "synth_control", "synth_did")
own_interval = ("wild", "permutation")
# How far apart two cells are counts in steps: doublings of sizes, and these differences.
steps = {"rho": 0.2, "tau": 0.05, "share": 0.2}
sizes = ("comparison", "treated", "periods", "events", "calls")
strange = 10.0


def nearest(
    method: str, coordinates: Mapping[str, float | str], term: str, *, options: Mapping[str, object] | None = None
) -> Measured | None:
    """Look up the measured cell nearest to a result.

    Parameters
    ----------
    method : str
        Name of the estimator.
    coordinates : mapping
        What is known of the result, in the columns of the table: ``comparison, treated, periods, events, rho, tau,
        calls, share, adjustment``. ``rho`` and ``tau`` are upper limits, as their estimates are too small in short
        panels; ``rho_lower`` and ``tau_lower`` say whether the data rule out all that was measured.
    term : str
        Term; one that was not measured is held against the first that was.
    options : mapping, optional
        Options of the estimator that are not its defaults.

    Returns
    -------
    Measured or None
        None where the method has not been studied. Cells alike in all that is known: the one with the least coverage.

    Examples
    --------
    >>> here = {"comparison": 9, "events": 30, "rho": 0.7, "tau": 0.12}
    >>> found = nearest("did_prediction_interval", here, "mean_post")
    >>> found.where, found.licensed
    ('10 comparison cities, ρ = 0.8, τ = 0.1, 25 events a period', True)
    >>> nearest("did_prediction_interval", {"comparison": 2}, "mean_post").outside
    ('2 comparison cities, 5 to 15 were measured',)
    """
    wanted = _bare(method, options or {})
    adjustment = coordinates.get("adjustment")
    rows, as_measured = _candidates(method, json.dumps(wanted, sort_keys=True), term, adjustment)
    if rows.empty:
        return None
    outside = [f"{key}={value!r} was not measured" for key, value in wanted.items() if key not in as_measured]
    known = {name: coordinates[name] for name in words if name in coordinates and rows[name].notna().any()}
    nearest_first = np.lexsort([rows["coverage"].to_numpy(), _distance(rows, known)])
    near = rows.iloc[int(nearest_first[0])]
    for name, value in known.items():
        lower = coordinates.get(f"{name}_lower", value)
        outside += _beyond(rows[name], word_of(str(near["setting"]), name), lower)
    return _as_measured(near, tuple(known), tuple(outside))


def coordinates_of(result: Result) -> dict[str, float | str]:
    """Read the coordinates of a result off its facts.

    Parameters
    ----------
    result : Result

    Returns
    -------
    dict
        As `nearest` takes them; what the result does not know is left out.
    """
    facts = result.extra
    names = {
        "comparison": ("m", "untreated_clusters", "untreated_units"),
        "treated": ("treated_clusters", "treated_units"),
        "events": ("mean_events",),
        "rho": ("rho_upper",),
        "rho_lower": ("rho_lower",),
        "tau": ("tau_upper",),
        "tau_lower": ("tau_lower",),
        "calls": ("calls",),
        "share": ("share_treated",),
    }
    found: dict[str, float | str] = {
        key: facts.number(fact) for key, facts_of_it in names.items() for fact in facts_of_it if fact in facts
    }
    if "adjustment" in facts:
        found["adjustment"] = " ".join(str(facts[key]) for key in ("adjustment", "scheme") if facts.get(key))
    return found | {"periods": facts.number("periods") if "periods" in facts else result.n_obs / result.n_units}


def summary(method: str) -> str | None:
    """Say in one sentence where a method was measured and how it behaved; None where it was not studied.

    Parameters
    ----------
    method : str

    Examples
    --------
    >>> summary("did_prediction_interval").startswith("domain: measured in ")
    True
    """
    rows = domain_rows(method)
    rows = rows[_plain(rows)]
    if rows.empty:
        return None
    setting = str(rows["setting"].iloc[0])
    spans = [_span(rows[name], word_of(setting, name)) for name in words if rows[name].notna().any()]
    behaved = [_behaviour(rows[rows["term"] == term], term) for term in rows["term"].unique()]
    said = f"domain: measured in simulated cells without an effect ({', '.join(spans)}): {'; '.join(behaved)}"
    return "; ".join([said, *_broken(method)])


def _broken(method: str) -> list[str]:
    """Say how often the interval held in the worlds that break the method's assumptions, worst cell first."""
    table = measured_table()
    rows = table[(table["method"] == method) & table["world"].notna() & (table["effect"] == 0)]
    worst = rows.groupby("world", sort=True)["coverage"].min().sort_values()
    return [
        f"{worlds[str(world)]} it covered the truth {100 * share:.1f} % of the time" for world, share in worst.items()
    ]


def domain_rows(method: str) -> pd.DataFrame:
    """Rows of a method without an effect, in cells of its own setting where its assumptions hold.

    Parameters
    ----------
    method : str

    Returns
    -------
    DataFrame
        Rows of measured.csv with at least one replication that gave a result. Where several treated units were
        measured, a cell that does not say how many has one.
    """
    table = measured_table()
    own = table[
        (table["method"] == method) & table["world"].isna() & (table["effect"] == 0) & table["coverage"].notna()
    ]
    rows = own[own["setting"].isin(own.loc[_plain(own), "setting"])]
    return rows.assign(treated=rows["treated"].fillna(1.0)) if rows["treated"].notna().any() else rows


def rejections(method: str, term: str, *, by: str) -> dict[float, float]:
    """Share of 5 % tests of a term that found an effect where there is none, by value of a coordinate.

    Parameters
    ----------
    method : str
    term : str
        Term; in place of one that was not measured stands the first that was.
    by : str
        A column of the table, such as ``tau``.

    Returns
    -------
    dict
        Means over the cells with its default options in which its assumptions hold; empty where it was not studied.

    Examples
    --------
    >>> sorted(rejections("did_prediction_interval", "mean_post", by="tau"))
    [0.0, 0.1, 0.2]
    """
    rows, _ = _candidates(method, "{}", term)
    shares = rows.groupby(by, sort=True)["rejection"].mean()
    return {float(str(value)): float(share) for value, share in shares.items()}


@cache
def _candidates(
    method: str, options: str, term: str, adjustment: float | str | None = None
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Rows that a term may be held against: those measured with the most of these options and no other; and these.

    Where cells of the same adjustment or instrument were measured, only those.
    """
    rows, wanted = domain_rows(method), json.loads(options)
    alike = rows["adjustment"] == adjustment
    rows = rows[alike] if alike.any() else rows
    if rows.empty:
        return rows, {}
    measured = [_bare(method, json.loads(text)) for text in rows["options"]]
    most = max((own for own in measured if own.items() <= wanted.items()), key=len)
    rows = rows[[own == most for own in measured]]
    first = term if (rows["term"] == term).any() else rows["term"].iloc[0]
    return rows[rows["term"] == first], most


@cache
def measured_table() -> pd.DataFrame:
    """Return the table that ships with the package, read once."""
    return pd.read_csv(table_path)


def _bare(method: str, options: Mapping[str, object]) -> dict[str, object]:
    """Options that change which interval was measured."""
    matter = {"inference"} if method in by_inference else set()
    return {
        key: value for key, value in options.items() if key in matter or key not in no_matter or value in own_interval
    }


def _plain(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Mark the rows of a method's defaults."""
    stated = zip(rows["method"], rows["options"], strict=True)
    return np.array([not _bare(method, json.loads(text)) for method, text in stated], bool)


def _distance(rows: pd.DataFrame, known: Mapping[str, float | str]) -> NDArray[np.float64]:
    distance: NDArray[np.float64] = np.zeros(len(rows))
    for name, value in known.items():
        column = rows[name].to_numpy()
        if isinstance(value, str):
            distance += np.where(column == value, 0.0, strange)
        elif name in sizes:
            distance += np.abs(np.log2(column / max(value, 1e-9)))
        else:
            distance += np.abs(column - value) / steps[name]
    return distance


def _beyond(column: pd.Series, word: str, value: float | str) -> list[str]:
    """Say that a value lies outside a column of the table, if it does."""
    if isinstance(value, str):
        return [] if (column == value).any() else [f"'{value}' was not measured"]
    low, high = float(column.min()), float(column.max())
    if low <= value <= high:
        return []
    said = word.format(float(f"{value:.3g}"))
    return [f"{said}, {low:g} to {high:g} were measured" if low < high else f"{said}, {low:g} was measured"]


def _span(column: pd.Series, word: str) -> str:
    if not pd.api.types.is_numeric_dtype(column):
        return " or ".join(sorted(column.unique()))
    low, high = float(column.min()), float(column.max())
    return word.replace("{:g}", "{}").format(f"{low:g}" if low == high else f"{low:g} to {high:g}")


def _behaviour(rows: pd.DataFrame, term: str) -> str:
    """Say in how many cells the interval of a term held, how often on average, and where it did worst."""
    found = [_as_measured(row, tuple(name for name in words if pd.notna(row[name])), ()) for _, row in rows.iterrows()]
    worst, held = min(found, key=lambda cell: cell.coverage), sum(not cell.short for cell in found)
    return (
        f"the 95 % interval of {term} held in {held} of {len(found)} cells; it covered "
        f"the truth {100 * rows['coverage'].mean():.1f} % of the time on average and {100 * worst.coverage:.1f} % "
        f"(± {100 * worst.coverage_error:.1f}) in the worst cell ({worst.where}), and a 5 % test rejected "
        f"{100 * rows['rejection'].mean():.1f} % of the time on average"
    )


def _as_measured(row: pd.Series, names: tuple[str, ...], outside: tuple[str, ...]) -> Measured:
    cell = tuple((name, row[name] if isinstance(row[name], str) else float(row[name])) for name in names)
    return Measured(
        method=str(row["method"]),
        term=str(row["term"]),
        setting=str(row["setting"]),
        cell=cell,
        coverage=float(row["coverage"]),
        coverage_error=float(row["coverage_error"]),
        size=float(row["rejection"]),
        size_error=float(row["rejection_error"]),
        replications=int(row["replications"] - row["failures"]),
        outside=outside,
    )
