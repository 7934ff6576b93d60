"""Whatever stands in a study, a plan, a mapping or a table: it is taken, or one error of ours says what to mend."""

from __future__ import annotations

import copy
import datetime as dt
import re
import tomllib
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import CausalError
from coresponder_causal.data import validate
from coresponder_causal.data.ingest_mapping import read_mapping
from coresponder_causal.data.ingest_write import example as mapping_example
from coresponder_causal.design import PanelDesign, SeriesDesign
from coresponder_causal.plan import plan_file
from coresponder_causal.plan.plan_file import stated_plan
from coresponder_causal.plan.study import parse_study
from coresponder_causal.plan.template import study_text

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
WORDS = [
    "",
    " ",
    "calls",
    "city",
    "0",
    "=1+1",
    "\u202eabc",
    "x" * 300,
    "a/../b",
    "NaN",
    "2020-07-15",
    "2020-13",
    "🚓",
    "a\nb",
    "\0",
]
SCALARS = [*WORDS, 0, 1, -1, 10**12, 2**70, 0.5, -0.0, float("nan"), float("inf"), True, False,
           dt.date(2020, 7, 15), dt.datetime(2020, 7, 15, 3), dt.time(3)]  # fmt: skip


def uncommented(text: str) -> dict[str, Any]:
    """What a documented file says, with every example in its comments that still makes a file with the rest."""
    kept: list[str] = []
    for line in text.splitlines():
        bare = re.sub(r"^# (?=\[|\w+ = )", "", line)
        try:
            tomllib.loads("\n".join([*kept, bare]))
        except tomllib.TOMLDecodeError:
            continue
        kept.append(bare)
    return tomllib.loads("\n".join(kept))


def value(rng: np.random.Generator, depth: int = 0) -> Any:
    """Any value that a TOML file can hold."""
    kind = rng.integers(0, 8)
    if kind == 0 and depth < 3:
        return [value(rng, depth + 1) for _ in range(rng.integers(0, 4))]
    if kind == 1 and depth < 3:
        return {str(rng.choice(WORDS)): value(rng, depth + 1) for _ in range(rng.integers(0, 3))}
    return SCALARS[rng.integers(0, len(SCALARS))]


def places(content: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in nested tables and lists."""
    inside = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [found for key, one in inside for found in ((*above, key), *places(one, (*above, key)))]


def changed(content: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """The content with one to three places changed, taken out, renamed, doubled, or given the value of another."""
    made = copy.deepcopy(dict(content))
    for _ in range(rng.integers(1, 4)):
        everywhere = places(made)
        *above, key = everywhere[rng.integers(0, len(everywhere))]
        inside: Any = made
        for step in above:
            inside = inside[step]
        match rng.integers(0, 5):
            case 0:
                del inside[key]
            case 1 if isinstance(inside, dict):
                inside[str(rng.choice(WORDS))] = inside.pop(key)
            case 2:
                inside[key] = [inside[key], copy.deepcopy(inside[key])]
            case 3:
                other: Any = made
                for step in everywhere[rng.integers(0, len(everywhere))]:
                    other = other[step] if isinstance(other, dict | list) and _has(other, step) else other
                inside[key] = copy.deepcopy(other)
            case _:
                inside[key] = value(rng)
    return made


def _has(inside: Any, step: Any) -> bool:
    return step in inside if isinstance(inside, dict) else isinstance(step, int) and step < len(inside)


def garbled(text: str, rng: np.random.Generator) -> str:
    """A file with one to three lines that lost their end, came twice, or hold another value."""
    lines = text.splitlines()
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(0, len(lines)))
        key, sign, _ = lines[at].partition("=")
        values = (
            "",
            '""',
            "[]",
            "{}",
            "1",
            "-1e400",
            "nan",
            "true",
            '"\\u0000"',
            "1979-05-27",
            "[[" * 60,
            "[1, {a = []}]",
        )
        match rng.integers(0, 3):
            case 0:
                lines[at] = lines[at][: rng.integers(0, len(lines[at]) + 1)]
            case 1:
                lines.insert(at, lines[int(rng.integers(0, len(lines)))])
            case _:
                lines[at] = f"{key}{sign} {rng.choice(values)}"
    return "\n".join(lines)


def sound_study(folder: Path) -> dict[str, Any]:
    """A study with every block, which is taken as it stands; its files are there and empty."""
    stated = uncommented(study_text)
    del stated["treated"]["start_between"], stated["graph"]["file"]
    stated["designs"]["run"] += ["bounds", "double_sample", "linkage", "narrative", "strata", "switchback"]
    for name in ("bounds", "double_sample", "linkage", "narrative"):
        stated[name][0] = {"outcomes": ["linked_30d"], "covariates": ["hour"]} | stated[name][0]
    stated["bias"] |= {name: stated["bias"]["cities"] for name in stated["designs"]["run"]}
    more = ("units", "rides", "officers", "officer_waves", "interviews", "narratives")
    stated["tables"] |= {name: {"path": f"{name}.csv", "columns": {"city": "Town"}} for name in more}
    for found in places(stated):
        inside: Any = stated
        for step in found:
            inside = inside[step]
        if isinstance(inside, str) and re.fullmatch(r"[\w/]+\.(csv|json|txt|qdpx)", inside):
            (folder / inside).parent.mkdir(exist_ok=True)
            (folder / inside).touch()
    parse_study(stated, folder, name="STUDY.toml")
    return stated


def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A sound series and a sound panel."""
    months = pd.period_range("2018-01", periods=48, freq="M").astype(str)
    series = pd.DataFrame({"month": months, "calls": np.arange(48) % 7 + 100, "population": 60_000})
    cities = [
        series.assign(city=name, calls=series["calls"] + 3 * at) for at, name in enumerate(("Davis", "Yolo", "Napa"))
    ]
    return series, pd.concat(cities, ignore_index=True)


def spoilt(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A table with cells of any kind, rows doubled or lost, columns renamed, lost or all of one value."""
    made = frame.astype(object)
    for _ in range(rng.integers(1, 4)):
        if made.empty or not len(made.columns):
            break
        column, row = int(rng.integers(0, made.shape[1])), int(rng.integers(0, len(made)))
        match rng.integers(0, 6):
            case 0:
                made = made.drop(index=made.index[row:])
            case 1:
                made = pd.concat([made, made.iloc[[row]]])
            case 2:
                made = made.set_axis(
                    [*made.columns[:column], str(rng.choice(WORDS)), *made.columns[column + 1 :]], axis=1
                )
            case 3:
                made = made.iloc[:, np.arange(made.shape[1]) != column]
            case 4:
                made.isetitem(
                    column,
                    pd.Series([SCALARS[rng.integers(0, len(SCALARS))]] * len(made), index=made.index, dtype=object),
                )
            case _:
                cells = list(made.iloc[:, column])
                cells[row] = [*SCALARS, None, [1], b"x"][rng.integers(0, len(SCALARS) + 3)]
                made.isetitem(column, pd.Series(cells, index=made.index, dtype=object))
    return made if rng.integers(0, 2) else made.infer_objects()


def stumbled(cases: Mapping[str, Callable[[np.random.Generator], object]], seeds: range) -> Counter[str]:
    """Where our code ended in an error that is not of ours, with the first seed of each; each case takes each seed."""
    found: Counter[str] = Counter()
    first: dict[str, str] = {}
    for seed in seeds:
        for name, case in cases.items():
            try:
                case(np.random.default_rng(seed))
            except CausalError:
                continue
            except Exception as error:  # noqa: BLE001 (whatever comes is what is looked for)
                trace = [at for at in traceback.extract_tb(error.__traceback__) if "coresponder_causal" in at.filename]
                where = (
                    f"{Path(trace[-1].filename).name}:{trace[-1].lineno} {type(error).__name__}" if trace else "here"
                )
                found[where] += 1
                first.setdefault(where, f"{name} {seed}: {error}"[:200])
    return Counter({f"{where} ({first[where]})": count for where, count in found.items()})


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> dict[str, Callable[[np.random.Generator], object]]:
    """What is done with a changed study, plan, mapping and table."""
    folder = tmp_path_factory.mktemp("study")
    study = sound_study(folder)
    stated = Path(plan_file.__file__).with_name("plan_example.toml").read_text(encoding="utf-8").replace("$designs", "")
    mapping = uncommented(mapping_example.read_text(encoding="utf-8"))
    series, panel = tables()
    return {
        "study": lambda rng: parse_study(changed(study, rng), folder, name="STUDY.toml"),
        "plan": lambda rng: stated_plan(garbled(stated, rng)),
        "mapping": lambda rng: read_mapping(changed(mapping, rng)),
        "table": lambda rng: validate(spoilt(panel, rng), table="city_panel"),
        "series": lambda rng: SeriesDesign.from_frame(
            spoilt(series, rng), outcome="calls", time="month", start="2020-07"
        ),
        "panel": lambda rng: PanelDesign.from_frame(
            spoilt(panel, rng), outcome="calls", unit="city", time="month", treated="Davis", start="2020-07-15"
        ),
    }


def test_whatever_is_written_is_taken_or_refused_by_one_error_of_ours(cases):
    assert not stumbled(cases, range(60))


@pytest.mark.full
def test_whatever_is_written_is_taken_or_refused_ten_thousand_times(cases):
    assert not stumbled(cases, range(60, 2_060))
