"""The twin of a study: tables to share, drawn from counts that passed the gate, and not one row of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import collecting
from coresponder_causal.core.result import Result
from coresponder_causal.core.version import VERSION
from coresponder_causal.data import dictionary, validate
from coresponder_causal.plan.designs import after_calls, of_calls, some_known
from coresponder_causal.plan.run import Evaluation
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.study_files import Source
from coresponder_causal.plan.twin_counts import gated, public
from coresponder_causal.privacy import Earlier, inside, small_in_words
from coresponder_causal.privacy.ledger import beginning
from coresponder_causal.simulate import like

registers = ("cities", "programmes", "breaks", "schedule")
not_in_a_twin = (*after_calls, *some_known, "strata", "instrument", "switchback")
good_for = (
    "This is a twin, not the city: calls drawn from counts that were released. It is good for writing and testing "
    "code, for teaching, and for reviewing how a study is made. It is not good for conclusions: what is not counted "
    "in the tables named here does not hold in it, and where counts are hidden it was made up. An effect "
    "found in it is nobody's effect; run the code on the records themselves before anything is said of the city."
)
held_apart = (
    "Its counts are families of their own: they are held against earlier twins in the same ledger, not against pages "
    "and tables of the study that were published otherwise. Where those show the same cells, hidden ones may follow "
    "from both."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Twin:
    """A study like another one, without its rows.

    Parameters
    ----------
    study : Study
    tables : mapping of DataFrame
        Of the data dictionary.
    remarks : tuple of str
        What is otherwise than in the original, in words.
    provenance : mapping
        ``twin``, seed, version, threshold, and the cells hidden by table of counts.
    cells : mapping of family to list of Earlier
        What leaves, for a ledger.
    head : str
        Fingerprint of the ledger's last line when the counts were held against what left before.
    """

    study: Study
    tables: Mapping[str, pd.DataFrame]
    remarks: tuple[str, ...]
    provenance: Mapping[str, Any]
    cells: Mapping[str, list[Earlier]]
    head: str


def twin(study: Study, tables: Mapping[str, pd.DataFrame], *, seed: int = 1) -> Twin:
    """Make the twin of a study from counts that are let through as for the public.

    Calls by city and month; by hour, as fine as the counts allow, and by type and attendance before and since the
    start; each outcome that the study asks for by city and quarter, and by attendance; control series by city and
    month. What the gate hides is filled from what it shows. Registers (cities, programmes, breaks, shifts) bring their
    open fields.

    Parameters
    ----------
    study : Study
    tables : mapping of DataFrame
        Validated tables, as `read_tables` gives them.
    seed : int
        Not that of the study, so that nobody learns it.

    Returns
    -------
    Twin

    Raises
    ------
    DesignError
        A study without calls or start, or with a primary outcome that is not counted of calls.
    DisclosureError
        The counts cannot be protected beside what the study's ledger says left before.
    """
    outcomes = _outcomes(study, tables)
    with collecting() as said:
        shown = {name: _open_fields(name, tables[name]) for name in registers if name in tables}
        head, earlier = (beginning, None) if study.ledger is None else (study.ledger.verify(), study.ledger.cells())
        counts = gated(study, tables, outcomes, _worked(shown.get("schedule")), earlier)
        made = {"calls": like(counts.aggregates, seed=seed), **shown}
        if len(counts.controls):
            made["control_series"] = _control_series(counts.controls)
    validated = {name: validate(frame, table=name) for name, frame in made.items()}
    asked, left_out = _study(study, validated)
    hidden = {name: f"{small} of {cells} cells hidden" for name, (small, cells) in counts.hidden.items()}
    provenance = {
        "twin": True,
        "seed": seed,
        "version": VERSION,
        "threshold": public.threshold,
        "counts": hidden,
        "ledger": None,
    }
    shared = [text for text in said if not small_in_words(text, threshold=public.threshold)]
    remarks = (good_for, held_apart, *left_out, *(f"{text[:1].upper()}{text[1:]}." for text in shared))
    return Twin(study=asked, tables=validated, remarks=remarks, provenance=provenance, cells=counts.cells, head=head)


def twin_distance(original: Evaluation, copy: Evaluation) -> pd.DataFrame:
    """Say how far a twin's estimates lie from those of the study itself. The table stays where the study is.

    Parameters
    ----------
    original, copy : Evaluation

    Returns
    -------
    DataFrame
        ``term, method, outcome, adjustment, original, twin, std_error`` (of the original) and ``distance`` in standard
        errors, of each estimate that both have.
    """
    found = _named(copy)
    rows = [pd.DataFrame()]
    for key, result in _named(original).items():
        other = found.get(key)
        if other is None:
            continue
        values, errors = result.params.astype(float), result.bse.astype(float)
        both = values.index.intersection(other.params.index)
        table = pd.DataFrame({"original": values[both], "twin": other.params[both], "std_error": errors[both]})
        table.insert(0, "method", result.method)
        table.insert(1, "outcome", result.estimand.outcome)
        table.insert(2, "adjustment", key[2])
        rows.append(table.assign(distance=(table["twin"] - table["original"]) / table["std_error"]).reset_index())
    return pd.concat(rows, ignore_index=True)


def _named(evaluation: Evaluation) -> dict[tuple[str, str, str], Result]:
    """Results by method, outcome and adjustment."""
    designs = [str(getattr(getattr(design, "adjustment", None), "method", "")) for design in evaluation.designs]
    return {
        (result.method, result.estimand.outcome, how): result
        for result, how in zip(evaluation.results, designs, strict=True)
    }


def _outcomes(study: Study, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Yes-or-no fields of calls that the study asks for."""
    problems = Problems("a twin of this study")
    if "calls" not in tables:
        problems.add("the study has no table of calls", mend="a twin is drawn call by call: add them")
    if study.start is None and study.start_between is None:
        problems.add("the study has no start", mend="add it in [treated]")
    problems.raise_if_any(DesignError)
    asked = [outcome for design in study.designs for outcome, _ in study.asked(design)]
    calls, controls = tables["calls"], tables.get("control_series")
    series = set() if controls is None else set(controls["series"])
    names = [name for name in dict.fromkeys((str(study.primary), *asked)) if name not in {"calls", "attended", *series}]
    fields = {field.name for field in dictionary.table("calls").fields if field.type == "boolean"}
    if strange := [name for name in names if name not in fields or name not in calls]:
        raise DesignError(
            f"{', '.join(strange)}: no yes-or-no field of the calls", mend="ask for outcomes that are, or for calls"
        )
    return names


def _open_fields(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return a register without fields that are not open, and without columns that the dictionary does not know."""
    kept = [field.name for field in dictionary.table(name).fields if field.privacy == "open" and field.name in table]
    return table[kept]


def _worked(schedule: pd.DataFrame | None) -> pd.DataFrame:
    """Shifts that took place, as far as anybody knows."""
    if schedule is None:
        return pd.DataFrame(columns=["city", "shift_start", "shift_end"])
    delivered = schedule.get("delivered_hours", pd.Series(np.nan, index=schedule.index)).astype(float)
    return schedule[~(delivered <= 0)][["city", "shift_start", "shift_end"]]


def _control_series(counts: pd.DataFrame) -> pd.DataFrame:
    whole = np.round(counts["count"].to_numpy(float)).astype(int)
    return counts.assign(hour_of_week=pd.array([pd.NA] * len(counts), dtype="Int64"), count=whole)


def _study(study: Study, tables: Mapping[str, pd.DataFrame]) -> tuple[Study, list[str]]:
    """Return the study of the twin: what it asks that the twin can answer; the rest in words."""
    said = []
    designs = tuple(name for name in study.designs if name not in not_in_a_twin)
    if lost := [name for name in study.designs if name in not_in_a_twin]:
        said.append(f"Designs left out, which need more of each call than a twin has: {', '.join(lost)}.")
    there = {*tables["calls"], *tables.get("cities", pd.DataFrame())}
    asked = {name: study.options[name] for name in designs if name in study.options}
    options = {name: tuple(_kept(name, entry, there, said) for entry in entries) for name, entries in asked.items()}
    dose = study.dose if study.dose in (None, "planned_hours", "delivered_hours") else None
    if dose != study.dose:
        said.append(f"The dose '{study.dose}' is left out.")
    return replace(
        study,
        title=f"A twin of: {study.title}. For code and teaching, not for conclusions",
        tables={name: Source(path=Path(f"{name}.csv")) for name in tables},
        designs=designs,
        options=options,
        dose=dose,
        controls=tuple(name for name in study.controls if "control_series" in tables),
        sensitive=False,
        simulated=True,
        seed=1,
        policy=inside,
        ledger=None,
    ), list(dict.fromkeys(said))


def _kept(name: str, entry: Mapping[str, Any], there: set[str], said: list[str]) -> dict[str, Any]:
    """Options of a design without columns that the twin has not."""
    kept = dict(entry)
    for key in ("covariates", "exact"):
        if lost := [column for column in entry.get(key, ()) if column not in there]:
            said.append(f"{key} of [{name}] without {', '.join(lost)}.")
            kept[key] = [column for column in entry[key] if column in there]
    for key in ("person", "stratum", "only"):
        if key in entry and entry[key] not in there:
            said.append(f"[{name}] without {key}.")
            del kept[key]
    return {key: value for key, value in kept.items() if value != [] or name in of_calls}
