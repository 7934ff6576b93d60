"""STUDY.toml: what a study is, checked key by key before anything is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from coresponder_causal.core.errors import DataError, DisclosureError, Problems
from coresponder_causal.core.parsed import read_toml
from coresponder_causal.decide import Bias
from coresponder_causal.design import CausalGraph
from coresponder_causal.plan.bias import read_biases
from coresponder_causal.plan.costs import CostPlan, read_costs
from coresponder_causal.plan.fairness_block import FairnessPlan, read_fairness
from coresponder_causal.plan.first_call_block import FirstCallPlan, read_first_calls
from coresponder_causal.plan.funnel_block import read_funnel
from coresponder_causal.plan.group_block import GroupPlan, read_groups
from coresponder_causal.plan.qualitative_block import QualitativePlan, read_qualitative
from coresponder_causal.plan.study_files import Source, file_of, source_of
from coresponder_causal.plan.study_graph import study_graph
from coresponder_causal.plan.study_keys import Sections, check_types, design_names, designs_asked, sections_of
from coresponder_causal.plan.study_options import check_calls, check_complete, design_options, with_files
from coresponder_causal.plan.workforce_block import WorkforcePlan, keys_of_workforce, read_workforce
from coresponder_causal.privacy import Ledger, Policy, inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A study as its file states it.

    Parameters
    ----------
    title : str
    tables : mapping of str to Source
        Files by table of the data dictionary.
    designs : tuple of str
        Names of designs to run, of `plan.designs.settings`; none makes a study of data quality alone.
    options : mapping of design to tuple of mapping
        What is asked of a design, one estimate each: ``outcomes`` (default: the primary one), options of the design and
        of its estimator. A design without an entry is run once with the defaults.
    city, primary : str or None
        Treated city and primary outcome; needed when a design runs.
    start : str or None
    start_between : pair of str or None
        One of the two is needed when a design runs.
    dose : str or None
        A numeric column of ``city_panel``, or ``"planned_hours"`` or ``"delivered_hours"`` of the schedule.
    controls : tuple of str
        Outcomes that the programme cannot touch.
    sensitive : bool
        Whether rows and values of the data stay off the page.
    simulated : bool
        Whether the tables are made up, which the page then says.
    seed : int
        Seed of whatever is random.
    donors : mapping, optional
        How comparison cities are chosen before outcomes are counted, see `design.donor_pool`; ``adopters``, see
        `DonorPool.apply`; ``specifications``, whether the comparison is made under other choices too.
    policy : Policy
        For whom the page is.
    ledger : Ledger or None
        Where releases are recorded.
    bias : mapping of str to Bias or None
        How far each design may be wrong, in the judgement of those who know it; without it nothing is pooled.
    funnel : mapping or None
        How a record is followed from the call on, see `plan.funnel_block.read_funnel`.
    cost : CostPlan or None
        Prices, and whose costs count over how long; without it no cost is told.
    groups : GroupPlan or None
        Groups of calls that are held against each other beside those of the plan, and what is looked through.
    fairness : FairnessPlan or None
        Groups as they are perceived, and what is asked of how they are treated.
    qualitative : QualitativePlan or None
        Coded interviews, and themes that are held beside results.
    workforce : WorkforcePlan or None
        Officers in time, survey waves and vignettes.
    first_calls : FirstCallPlan or None
        What is held against the first call; None where nothing is.
    graph : CausalGraph or None
        What moves what, for designs of calls; None for the shipped graph of a call.
    graph_file : Path or None
        Where a graph of its own lies.
    folder : Path or None
        Where its file lies, and its plan where there is one.
    """

    title: str
    tables: Mapping[str, Source]
    designs: tuple[str, ...]
    options: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    city: str | None = None
    start: str | None = None
    start_between: tuple[str, str] | None = None
    dose: str | None = None
    primary: str | None = None
    controls: tuple[str, ...] = ()
    sensitive: bool = True
    simulated: bool = False
    seed: int = 1
    donors: Mapping[str, Any] | None = None
    policy: Policy = inside
    ledger: Ledger | None = None
    bias: Mapping[str, Bias] | None = None
    funnel: Mapping[str, Any] | None = None
    cost: CostPlan | None = None
    groups: GroupPlan | None = None
    fairness: FairnessPlan | None = None
    qualitative: QualitativePlan | None = None
    workforce: WorkforcePlan | None = None
    first_calls: FirstCallPlan | None = None
    graph: CausalGraph | None = None
    graph_file: Path | None = field(default=None, compare=False)
    folder: Path | None = field(default=None, compare=False)

    @property
    def estimates(self) -> bool:
        """Whether anything is estimated; else the study is about the data alone."""
        return bool(self.designs) or self.workforce is not None

    def asked(self, design: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every outcome and set of options asked of a design."""
        for options in self.options.get(design, ({},)):
            for outcome in options.get("outcomes", (str(self.primary),)):
                yield outcome, options


def read_study(path: str | Path) -> Study:
    """Read a study file.

    Parameters
    ----------
    path : path of a TOML file
        Table paths are relative to its folder; ``${NAME}`` stands for an environment variable.

    Returns
    -------
    Study

    Raises
    ------
    DataError
        Listing every unknown key, missing key, wrong type and missing file.
    """
    file = Path(path)
    if (file / "STUDY.toml").is_file():
        raise DataError(f"{file} is a folder", mend=f"give its study: {file / 'STUDY.toml'}")
    if not file.is_file():
        raise DataError(
            f"there is no study file {file}", mend="give its path, or write one: coresponder-causal init DIR"
        )
    return parse_study(read_toml(file), file.parent, name=file.name)


def parse_study(content: Mapping[str, Any], folder: Path, *, name: str) -> Study:
    """Make a study of what its file states, as `read_study` does; paths are relative to ``folder``."""
    problems = Problems(f"study {name}")
    options = with_files(design_options(content, problems), folder, problems)
    apart = {*design_names, *keys_of_workforce}
    sections = sections_of({key: part for key, part in content.items() if key not in apart}, problems)
    check_types(sections, problems)
    tables = {table: source_of(table, given, folder, problems) for table, given in sections["tables"].items()}
    check_complete(sections, problems)
    check_calls(sections, options, problems)
    policy = _policy(sections["release"], problems)
    bias = read_biases(sections["bias"], designs_asked(sections), problems)
    followed = read_funnel(sections["funnel"], sections["tables"], problems) if "funnel" in content else None
    costs = read_costs(sections["cost"], problems)
    groups = read_groups(sections["groups"], problems) if "groups" in content else None
    fair = read_fairness(sections["fairness"], sections["tables"], problems) if "fairness" in content else None
    first = read_first_calls(sections["first_calls"], problems) if "first_calls" in content else None

    def found(path: str, what: str) -> Path:
        return file_of(path, folder, what, problems)

    heard = None
    if "qualitative" in content:
        heard = read_qualitative(sections["qualitative"], sections["tables"], found, problems)
    workforce = read_workforce(content, sections["tables"], found, problems)
    stated = sections["graph"].get("file")
    graph_file = found(stated, "file in [graph]") if isinstance(stated, str) else None
    graph = study_graph(sections["graph"], graph_file, problems) if "graph" in content else None
    problems.raise_if_any(DataError)
    ledger = sections["release"].get("ledger")
    kept = None if ledger is None else Ledger(folder / ledger)
    chosen = sections["donors"] if "donors" in content else None
    return replace(
        _study(sections, tables, options),
        donors=chosen,
        policy=policy,
        ledger=kept,
        bias=bias,
        funnel=followed,
        cost=costs,
        groups=groups,
        fairness=fair,
        qualitative=heard,
        workforce=workforce,
        first_calls=first,
        graph=graph,
        graph_file=graph_file,
        folder=folder,
    )


def _policy(given: Mapping[str, Any], problems: Problems) -> Policy:
    """For whom a study is; what cannot be is a problem."""
    try:
        return Policy(audience=given.get("audience", "internal"), agreement=given.get("agreement"))
    except DisclosureError as error:
        problems.add(f"[release]: {error.what}", mend=error.mend)
        return Policy()


def _study(
    sections: Sections, tables: Mapping[str, Source], options: Mapping[str, tuple[Mapping[str, Any], ...]]
) -> Study:
    about, treated, outcomes = (sections[name] for name in ("study", "treated", "outcomes"))
    between = treated.get("start_between")
    start = treated.get("start")
    return Study(
        title=about["title"],
        tables=tables,
        designs=tuple(designs_asked(sections)),
        options=options,
        city=treated.get("city"),
        start=None if start is None else str(start),
        start_between=None if between is None else (str(between[0]), str(between[1])),
        dose=treated.get("dose"),
        primary=outcomes.get("primary"),
        controls=tuple(outcomes.get("controls", ())),
        sensitive=about.get("sensitive", True),
        simulated=about.get("simulated", False),
        seed=about.get("seed", 1),
    )
