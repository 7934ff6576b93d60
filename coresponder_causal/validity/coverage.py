"""The study that licenses every method: how often its intervals hold where the truth is known.

Every registered method runs on the cells of its setting. A cell's draws come from a seed that is a hash of the cell, so
that its row is the same whatever else runs, in which order and in how many processes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

from coresponder_causal import estimate
from coresponder_causal.core import inference
from coresponder_causal.core.errors import CausalError, EstimationError
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.method_card import Setting
from coresponder_causal.core.registry import METHODS, Design, numbers_of
from coresponder_causal.core.result import Result
from coresponder_causal.core.version import VERSION
from coresponder_causal.validity.cell import Cell, coordinate_names, whole_names
from coresponder_causal.validity.cells import cells
from coresponder_causal.validity.comparators import comparators, failures
from coresponder_causal.validity.comparison import Inverted
from coresponder_causal.validity.few_treated import few_treated_cases
from coresponder_causal.validity.series_comparison import compared
from coresponder_causal.validity.worlds import designs, truth

fast_replications, full_replications = 400, 4000
identity = ["method", "options", "setting", "world", *coordinate_names, "effect"]
columns = [
    "method", "options", "term", "setting", "world", *coordinate_names, "effect", "replications", "failures",
    "coverage", "coverage_error", "rejection", "rejection_error", "bias", "sd", "mean_std_error", "half_width",
    "version", "seed",
]  # fmt: skip
# A clustered interval with few clusters is given only when asked for; the study asks, so as to measure it. Forests are
# small, as they are many: with more trees each is less noisy.
asked_for: dict[str, dict[str, object]] = {"did_two_way": {"inference": "cluster"}, "dml_forest": {"trees": 20}}
# Options whose interval is another one, measured beside the defaults: in so many of the first of the fast cells.
beside: dict[str, tuple[tuple[dict[str, object], int], ...]] = {
    "call_aipw": (({"contrast": "ATE"}, 6), ({"contrast": "ATO"}, 6)),
    "call_bounds": (({"method": "lee"}, 8),),
    "call_linkage": (({"rates": "all"}, 8),),
    "call_narrative": (({"code": "tuned"}, 8),),
    "wave_bounds": (({"method": "worst case"}, 9),),
    "call_boundary": (({"bandwidth": 60.0}, 1), ({"bandwidth": 240.0}, 1), ({"boundary": "closing"}, 1)),
    "call_difference": (({"regression": "by_arm"}, 8), ({"regression": "shared"}, 8)),
    # Ranks among the 6, 11 or 16 cities of the cells never reach 5 %: they are measured where `few_treated_cases` says.
    "did_few_treated": (
        ({"adjust": "demean"}, 8),
        ({"adjust": "detrend"}, 8),
        ({"inference": "permutation"}, 8),
        ({"inference": "hagemann"}, 8),
        ({"inference": "lau-li", "rho": 2.0}, 8),
    ),
    "call_strata": (({"contrast": "ATT"}, 6),),
    "did_gap": (({"weights": "synthetic"}, 8),),
    "did_prediction_interval": (({"likelihood": "poisson"}, 8),),
    "synth_control": (({"inference": "conformal"}, 2),),
    "officer_imputation": (({"inference": "permutation", "replications": 199}, 2),),
    "did_two_way": (
        ({"inference": "cluster", "kind": "CR2"}, 8),
        ({"inference": "wild"}, 8),
        ({"inference": "wild", "wild": "WCU"}, 8),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One method with its options in one cell: the unit of work of the study.

    Parameters
    ----------
    method : str
        A registered estimator or a comparator.
    options : str
        Its options as JSON with sorted keys.
    cell : Cell
    """

    method: str
    options: str
    cell: Cell

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells its rows from others, as the table writes it."""
        row = {"method": self.method, "options": self.options, **self.cell.row()}
        return tuple(_written(row[name]) for name in identity)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What a method said of one term in one replication; where low exceeds high, all but what lies between."""

    estimate: float
    std_error: float
    low: float
    high: float
    p_value: float

    def holds(self, value: float) -> bool:
        if self.low > self.high:
            return value <= self.high or value >= self.low
        return self.low <= value <= self.high

    @property
    def width(self) -> float:
        return self.high - self.low if self.low <= self.high else np.inf


def study(methods: Sequence[str] | None = None, *, full: bool = False) -> list[Entry]:
    """List the work: every method in the cells of its setting, the published failures, models of series side by side.

    Parameters
    ----------
    methods : sequence of str, optional
        Estimators and comparators; by default all.
    full : bool
        All cells, or the fast ones, eight or more for each method.

    Raises
    ------
    EstimationError
        Names that are neither; the message lists what there is.

    Examples
    --------
    >>> len(study(["call_coverage"]))
    8
    """
    studied = [name for name in estimate.__all__ if name in METHODS and METHODS[name].setting]
    there = [*studied, *comparators]
    unknown = sorted(set(methods or ()) - set(there))
    if unknown:
        raise EstimationError(f"no method {', '.join(unknown)}", mend=f"choose from {', '.join(there)}")
    entries = [
        Entry(method=name, options=_as_json(asked_for.get(name, {})), cell=cell)
        for name in studied
        for cell in cells(METHODS[name].setting, full=full)  # type: ignore[arg-type]
    ]
    entries += [
        Entry(method=name, options=_as_json(options), cell=cell)
        for name in studied
        for options, many in beside.get(name, ())
        for cell in _cells_for(METHODS[name].setting, options)[:many]
    ]
    entries += [Entry(method=f.method, options=_as_json(dict(f.options)), cell=f.cell) for f in failures()]
    entries += [Entry(method=m.method, options=_as_json(dict(m.options)), cell=cell) for m, cell in compared()]
    entries += [Entry(method="did_few_treated", options=_as_json(o), cell=cell) for o, cell in few_treated_cases()]
    return [entry for entry in dict.fromkeys(entries) if methods is None or entry.method in methods]


def _cells_for(setting: Setting | None, options: dict[str, object]) -> list[Cell]:
    """Give the fast cells of a setting; the likelihood of sparse counts is measured at a sixth of their events."""
    there = cells(setting, full=False) if setting else []
    if options.get("likelihood") != "poisson":
        return there
    return [replace(cell, events=(cell.events or 0.0) / 6) for cell in there]


def run_study(
    entries: Sequence[Entry],
    out: Path,
    *,
    replications: int = fast_replications,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Measure what is not yet in the table, writing it whole after each entry.

    Parameters
    ----------
    entries : sequence of Entry
        As `study` lists them.
    out : Path
        The table, a CSV file. Rows of this version with at least as many replications are kept, not measured again.
    replications : int
    jobs : int
        Processes of joblib; -1: one for each core. Another backend, such as dask, is taken where the caller has chosen
        it with ``joblib.parallel_config``.
    progress : callable, optional
        Called with the number of finished entries and of all.

    Returns
    -------
    DataFrame
        The table: one row per method, options, cell and term.
    """
    table = read_table(out)
    left = [entry for entry in entries if not _finished(table, entry, replications)]
    say = progress or (lambda done, total: None)
    say(len(entries) - len(left), len(entries))
    work = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")
    for done, rows in enumerate(work(joblib.delayed(_rows_of)(entry, replications) for entry in left), 1):
        table = _merged(table, rows)
        write_whole(out, table.to_csv(index=False).encode())
        say(len(entries) - len(left) + done, len(entries))
    return table


def measure(entry: Entry, *, replications: int) -> pd.DataFrame:
    """Run one method in one cell.

    Parameters
    ----------
    entry : Entry
    replications : int

    Returns
    -------
    DataFrame
        One row per term whose truth the cell knows. ``coverage``: share of 95 % intervals that hold the truth;
        ``rejection``: share of 5 % tests that reject no effect; both over the replications that gave a result, with
        Monte-Carlo errors √(p(1 − p)/n), p of (x + ½)/(n + 1), so that none is zero. ``failures``: replications that
        ended in an error. ``half_width``: mean half-width of the interval.

    Examples
    --------
    >>> cell = Cell(setting="series", periods=36, events=25, rho=0.5, nugget=0.3)
    >>> measure(Entry(method="its_segmented", options="{}", cell=cell), replications=3)["term"].tolist()
    ['mean_post', 'level_change']
    """
    options = json.loads(entry.options)
    drawn: dict[str, list[_Drawn]] = {}
    truths: dict[str, float] = {}
    failed = 0
    for design in designs(entry.cell, replications):
        try:
            said = {} if isinstance(design, CausalError) else _said(entry.method, design, options)
        except CausalError:
            said = {}
        failed += not said
        for number, (term, value) in enumerate(said.items()):
            known = truth(entry.cell, term, headline=number == 0)
            if known is not None:
                truths[term] = known
                drawn.setdefault(term, []).append(value)
    about = {"method": entry.method, "options": entry.options, **entry.cell.row(), "replications": replications}
    about |= {"failures": failed, "version": VERSION, "seed": entry.cell.seed}
    rows = [about | {"term": term} | _rates(values, truths[term]) for term, values in drawn.items()]
    return pd.DataFrame(rows or [about], columns=columns)


def read_table(path: Path) -> pd.DataFrame:
    """Read a table of the study, whole coordinates as whole numbers; an empty one where there is no file.

    Parameters
    ----------
    path : Path
        A CSV file that the study wrote.
    """
    if not path.exists():
        return pd.DataFrame(columns=columns)
    return pd.read_csv(path, keep_default_na=True).astype(dict.fromkeys(whole_names, "Int64"))


def _said(method: str, design: Design, options: dict[str, object]) -> dict[str, _Drawn]:
    """Run a method and read off every term; of group-time effects the first cell, and their mean over all cells."""
    if method in comparators:
        one = comparators[method](design)
        if isinstance(one, Inverted):
            return {"effect": _Drawn(*one)}
        return {"effect": _read([one.estimate], [one.std_error], [one.df])[0]}
    result = numbers_of(method, design, options)
    if method == "did_group_time":
        first, mean = (_terms(part)[0] for part in (result, estimate.aggregate(result)))
        return {"att": first, "overall": mean}
    return dict(zip(result.terms["term"], _terms(result), strict=True))


def _terms(result: Result) -> list[_Drawn]:
    std_errors = np.sqrt(np.diag(result.vcov))
    own_tests = (result.crossings, result.placebo, result.split, result.wild, result.set_spread)
    if all(held is None for held in own_tests):
        return _read(result.estimate, std_errors, result.df)
    rows = zip(result.estimate, std_errors, *result.conf_int().to_numpy().T, result.pvalues, strict=True)
    return [_Drawn(*map(float, row)) for row in rows]


def _read(estimates: Iterable[float], std_errors: Iterable[float], df: Iterable[float]) -> list[_Drawn]:
    values, errors, degrees = (np.asarray(list(given), float) for given in (estimates, std_errors, df))
    low, high = inference.interval(values, errors, degrees)
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = inference.p_value(values / errors, degrees)
    return [_Drawn(*map(float, parts)) for parts in zip(values, errors, low, high, p_values, strict=True)]


def _rates(values: list[_Drawn], true: float) -> dict[str, float]:
    estimates = np.array([value.estimate for value in values])
    covered = np.mean([value.holds(true) for value in values])
    rejected = np.mean([value.p_value < 0.05 for value in values])
    n = len(values)
    return {
        "coverage": float(covered),
        "coverage_error": _error(float(covered), n),
        "rejection": float(rejected),
        "rejection_error": _error(float(rejected), n),
        "bias": float(estimates.mean()) - true,
        "sd": float(estimates.std(ddof=1)) if n > 1 else np.nan,
        "mean_std_error": float(np.mean([value.std_error for value in values])),
        "half_width": float(np.mean([value.width for value in values])) / 2,
    }


def _error(share: float, n: int) -> float:
    drawn_to = (share * n + 0.5) / (n + 1)
    return float(np.sqrt(drawn_to * (1 - drawn_to) / n))


def _rows_of(entry: Entry, replications: int) -> pd.DataFrame:
    return measure(entry, replications=replications)


def _finished(table: pd.DataFrame, entry: Entry, replications: int) -> bool:
    mine = _of(table, entry.identity)
    enough = (table["replications"] >= replications) & (table["version"] == VERSION)
    return bool((mine & enough).any())


def _merged(table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Put rows in the place of earlier ones of the same entry; the order does not depend on who finished first."""
    new = tuple(_written(value) for value in rows.iloc[0][identity])
    kept = table[~_of(table, new)]
    merged = rows if kept.empty else pd.concat([kept, rows], ignore_index=True)
    return merged.sort_values([*identity, "term"], na_position="first", kind="stable", ignore_index=True)


def _of(table: pd.DataFrame, wanted: tuple[str, ...]) -> pd.Series:
    same = pd.Series(True, index=table.index)
    for name, value in zip(identity, wanted, strict=True):
        same &= table[name].map(_written) == value
    return same


def _written(value: object) -> str:
    """Write a coordinate as the table does; numbers that were read back compare with those that were set."""
    if pd.isna(value):  # type: ignore[call-overload]
        return ""
    return value if isinstance(value, str) else f"{float(value):.10g}"  # type: ignore[arg-type]


def _as_json(options: dict[str, object]) -> str:
    return json.dumps(options, sort_keys=True)
