"""The blocks [officers], [waves] and [vignettes] of a study: what those who work beside the team do and say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.data import dictionary, scoring_key
from coresponder_causal.design.officer_spans import Peers
from coresponder_causal.design.officer_tables import Counted, Period
from coresponder_causal.estimate.officer_dose import Form
from coresponder_causal.estimate.officer_imputation import Inference
from coresponder_causal.estimate.wave_bounds import Method
from coresponder_causal.plan.value_kinds import Kind, a_name, a_share, choice, choices, names, truth

Who: TypeAlias = Literal["officer", "staff"]
FileOf = Callable[[str, str], Path]
files_of_workforce = ("items", "cases")
"""Keys of these blocks that name files."""

own_exposures = ("any", "calls")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficersAsked:
    """One outcome of officers' calls without the team.

    Parameters
    ----------
    outcome : str
        Field of the calls.
    period, counted_by, eligible, covariates
        As of `OfficerDesign.from_tables`.
    doses : tuple of {"linear", "log"}
        In which forms the change is held against how often an officer worked beside the team.
    peers : {"ignored", "adjusted"}
        Whether the estimate that allows for squad mates stands beside the plain one.
    as_intended : bool
        Whether the effect of being rostered does.
    inference : {"cluster", "permutation"}
        Whether exchanges of exposure within squads do.
    matters : float
        Smallest change that matters, as a share of the rate before.
    """

    outcome: str
    period: Period = "month"
    counted_by: Counted = "primary"
    eligible: Mapping[str, Any] | None = None
    covariates: tuple[str, ...] = ()
    doses: tuple[Form, ...] = ()
    peers: Peers = "ignored"
    as_intended: bool = False
    inference: Inference = "cluster"
    matters: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class WavesAsked:
    """Scores of officers or of other staff, wave by wave.

    Parameters
    ----------
    scores : tuple of str
        Scores of the waves.
    who : {"officer", "staff"}
    exposure : str or None
        Of officers ``"any"``, 1 from the first call beside the team on, or ``"calls"``, tens of such calls; of staff a
        column of their waves. None describes.
    group : str or None
        Column of the officers, or of the staff, by which the change is shown too.
    ordinal : tuple of str
        Scores or items of which only the order counts.
    bounds : tuple of {"lee", "worst case"}
    items : Path or None
        Answers item by item, from which scores and their reliability are computed.
    instrument : str or None
        Whose key the items have; by default the own instrument of those asked.
    matters : float
        Smallest change that matters, in standard deviations of the first wave.
    """

    scores: tuple[str, ...]
    who: Who = "officer"
    exposure: str | None = None
    group: str | None = None
    ordinal: tuple[str, ...] = ()
    bounds: tuple[Method, ...] = ("lee", "worst case")
    items: Path | None = None
    instrument: str | None = None
    matters: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class VignettesAsked:
    """Answers to described cases whose features were drawn by lot.

    Parameters
    ----------
    cases : Path
        One row per person and case.
    outcomes, factors : tuple of str
        Columns.
    person : str
        Column.
    """

    cases: Path
    outcomes: tuple[str, ...]
    factors: tuple[str, ...]
    person: str = "officer"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkforcePlan:
    """What a study asks of those who work beside the team; an entry for each set of estimates."""

    officers: tuple[OfficersAsked, ...] = ()
    waves: tuple[WavesAsked, ...] = ()
    vignettes: tuple[VignettesAsked, ...] = ()

    @property
    def files(self) -> list[tuple[str, Path]]:
        """Files that the blocks name, with what they are."""
        items = [("items of waves", one.items) for one in self.waves if one.items is not None]
        return items + [("cases of vignettes", one.cases) for one in self.vignettes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """How a block is read: the kind of each key, those without which it says nothing, and what it makes."""

    kinds: Mapping[str, Kind]
    needed: Mapping[str, str]
    makes: type[Any]
    files: tuple[str, ...] = ()


blocks: dict[str, _Block] = {
    "officers": _Block(
        kinds={
            "outcome": a_name,
            "period": choice(Period),
            "counted_by": choice(Counted),
            "eligible": Kind("{ field = [values] }", lambda value: isinstance(value, dict)),
            "covariates": names,
            "doses": choices(Form),
            "peers": choice(Peers),
            "as_intended": truth,
            "inference": choice(Inference),
            "matters": a_share,
        },
        needed={"outcome": "name a field of calls"},
        makes=OfficersAsked,
    ),
    "waves": _Block(
        kinds={
            "scores": names,
            "who": choice(Who),
            "exposure": a_name,
            "group": a_name,
            "ordinal": names,
            "bounds": choices(Method),
            "items": a_name,
            "instrument": a_name,
            "matters": a_share,
        },
        needed={"scores": "name scores of the waves"},
        makes=WavesAsked,
        files=("items",),
    ),
    "vignettes": _Block(
        kinds={"cases": a_name, "outcomes": names, "factors": names, "person": a_name},
        needed={
            "cases": "name the file of cases and answers",
            "outcomes": "name columns of answers",
            "factors": "name the columns of features that were drawn",
        },
        makes=VignettesAsked,
        files=("cases",),
    ),
}
keys_of_workforce: dict[str, tuple[str, ...]] = {name: tuple(block.kinds) for name, block in blocks.items()}


def read_workforce(
    content: Mapping[str, Any], tables: Mapping[str, Any], file_of: FileOf, problems: Problems
) -> WorkforcePlan | None:
    """Read the blocks; None where there is none, or one breaks a rule.

    Parameters
    ----------
    content : mapping
        The study as its file states it; each block once, or several times in double brackets.
    tables : mapping
        Tables of the study.
    file_of : callable
        Makes a path of a file and what it is, and notes one that is not there.
    problems : Problems
        Gets every rule that is broken.

    Examples
    --------
    >>> tables = dict.fromkeys(("calls", "units", "rides", "officers"), "")
    >>> block = {"officers": {"outcome": "arrest", "doses": ["linear"]}}
    >>> read_workforce(block, tables, lambda path, _: Path(path), Problems("study")).officers[0].doses
    ('linear',)
    """
    given = {name: content[name] for name in blocks if name in content}
    if not given:
        return None
    before = len(problems.found)
    made: dict[str, Any] = {}
    for name, part in given.items():
        entries = part if isinstance(part, list) else [part]
        if not entries or not all(isinstance(entry, dict) for entry in entries):
            problems.add(f"{name} is a value, not a section", mend=f"write [{name}] on a line of its own")
            continue
        made[name] = tuple(_entry(name, entry, file_of, problems) for entry in entries)
        for entry in entries:
            for table in (table for table in _tables_of(name, entry) if table not in tables):
                problems.add(f"[{name}] needs the table {table}", mend="add it to [tables]")
    if len(problems.found) > before:
        return None
    return WorkforcePlan(**made)


def _entry(name: str, given: Mapping[str, Any], file_of: FileOf, problems: Problems) -> object:
    """Read one entry of a block; None where it breaks a rule."""
    block, before = blocks[name], len(problems.found)
    for key in sorted(given.keys() - set(block.kinds)):
        problems.add(f"unknown key '{key}' in [{name}]", mend=f"keys are {', '.join(block.kinds)}")
    for key in (key for key in block.needed if key not in given):
        problems.add(f"key '{key}' in [{name}] is missing", mend=block.needed[key])
    for key, kind in block.kinds.items():
        if key in given and not kind.holds(given[key]):
            problems.add(f"{key} in [{name}] is {given[key]!r}", mend=f"write {kind.words}")
    found = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    for key in block.files:
        if isinstance(given.get(key), str):
            found[key] = file_of(given[key], f"{key} in [{name}]")
    if name == "waves" and len(problems.found) == before:
        _check_waves(given, problems)
    return None if len(problems.found) > before else block.makes(**found)


def _tables_of(name: str, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the tables that an entry reads."""
    if name == "officers":
        return "calls", "units", "rides", "officers"
    if name == "vignettes":
        return ()
    if given.get("who", "officer") == "staff":
        return "staff_waves", *(("staff",) if "group" in given else ())
    return "officer_waves", "officers", *(("rides",) if "exposure" in given else ())


def _check_waves(given: Mapping[str, Any], problems: Problems) -> None:
    """Note scores, groups and exposures that nobody knows of those who are asked."""
    who, people = given.get("who", "officer"), {"officer": "officers", "staff": "staff"}
    known = set(dictionary.table(f"{who}_waves").names)
    if "items" in given:
        try:
            known |= {score.field for score in scoring_key(given.get("instrument", f"{who}_wave"))}
        except DataError as error:
            problems.add(f"instrument in [waves]: {error.what}", mend=error.mend)
    elif "instrument" in given:
        problems.add("[waves] names an instrument and no items", mend="name the file of items, or leave it out")
    if strange := [name for name in given["scores"] if name not in known]:
        scores = ", ".join(sorted(name for name in known if name.endswith("_score")))
        problems.add(f"scores in [waves] names {', '.join(strange)}", mend=f"choose from {scores}")
    if (group := given.get("group")) is not None and group not in dictionary.table(people[who]).names:
        problems.add(f"group in [waves] is {group!r}", mend=f"name a field of the table {people[who]}")
    exposure = given.get("exposure")
    if who == "officer" and exposure is not None and exposure not in own_exposures:
        problems.add(f"exposure in [waves] is {exposure!r}", mend=f"choose from {', '.join(own_exposures)}")
