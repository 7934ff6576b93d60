"""An evaluation plan as data: what is asked, how it will be answered and judged, and who does what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from coresponder_causal.decide.rule import Rule

Partner = Literal["police", "county", "university", "city", "union", "community"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Primary:
    """The one outcome by which a domain is judged.

    Parameters
    ----------
    domain, outcome : str
        What it stands for, and its name in the study.
    label : str
        Words for people.
    question : int
        Number of the question it answers, from 1.
    metric : str
        Id in the catalogue of metrics.
    verdict : bool
        Whether the decision rule judges it. Without, it is shown as a bound: too few events for a verdict.
    shown : str
        How it is shown where no verdict is given.
    """

    domain: str
    outcome: str
    label: str
    question: int
    metric: str
    verdict: bool = True
    shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEstimand:
    """What is to be estimated of a primary outcome.

    Parameters
    ----------
    outcome, contrast : str
    from_dose, to_dose : str
        Between which two states of the programme.
    bundle : str
        What else changed with it and cannot be taken apart.
    population, horizon : str
        Of whom, and until when.
    scale : {"log_ratio", "difference"}
    """

    outcome: str
    contrast: str
    from_dose: str
    to_dose: str
    bundle: str
    population: str
    horizon: str
    scale: Literal["log_ratio", "difference"] = "log_ratio"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDesign:
    """A design of the study with its inference and the one check that may contradict it; plans list them in order."""

    name: str
    inference: str
    falsification: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """An analysis beside the main one, and what it is for."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgroup:
    """Groups shown apart: a field of the dictionary, the groups it is cut into, whether it is recorded yet.

    ``cuts`` says where a number is cut, as in `decide.subgroups`; without them it is cut as numbers usually are there.
    """

    field: str
    groups: str
    recorded: bool = True
    cuts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFairness:
    """How groups are treated: a field of how people are perceived, and the group that others are held against.

    ``outcomes`` follow a contact; ``allowable`` fields were known before dispatch, and in them groups may differ
    without that being counted, for the reason that ``why`` gives.
    """

    field: str
    reference: str
    outcomes: tuple[str, ...]
    why: str
    allowable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The rule by which results become a verdict, and what follows from each.

    Parameters
    ----------
    smallest_effect : float
        Ratio nearest to 1 that would matter, below 1; its inverse bounds rises.
    designs_needed : int
        Designs with different assumptions that must agree.
    level, equivalence_level : float
        Of the intervals, and of the interval that shows that no meaningful effect is left.
    true_changes : tuple of float
        Changes in percent for which the chance of each verdict is shown.
    if_fewer, if_more, if_no_meaningful_effect, if_consistent, if_uninformative : str
        What follows.
    """

    smallest_effect: float
    designs_needed: int
    true_changes: tuple[float, ...]
    if_fewer: str
    if_more: str
    if_no_meaningful_effect: str
    if_consistent: str
    if_uninformative: str
    level: float = 0.95
    equivalence_level: float = 0.90

    @property
    def rule(self) -> Rule:
        """What of it turns results into a verdict."""
        return Rule(
            smallest_effect=self.smallest_effect,
            designs_needed=self.designs_needed,
            level=self.level,
            equivalence_level=self.equivalence_level,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An outcome from after the start that somebody already knows."""

    outcome: str
    by: str
    when: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Who takes part, what they do, what they may see, and whether they sign."""

    partner: Partner
    who: str
    does: str
    sees: str
    signs: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Data that pass from one partner to another.

    Parameters
    ----------
    giver, receiver : Partner
    what : str
    level : {"rows", "tokens", "counts"}
        Rows of persons or calls, keyed tokens with strata, or counts.
    health : bool
        Whether it says something about anybody's health or care.
    under : str
        Law or agreement that allows it.
    """

    giver: Partner
    receiver: Partner
    what: str
    level: Literal["rows", "tokens", "counts"]
    under: str
    health: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Checklist of a data use agreement: the points of 45 CFR 164.514(e)(4), and three that a city will be asked."""

    permitted_uses: str
    who_may_use: str
    no_other_use: str
    safeguards: str
    breaches: str
    agents: str
    no_contact: str
    end_of_use: str
    publication: str
    counsel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Labour:
    """What was agreed about data on officers and staff with those who represent them.

    Parameters
    ----------
    officer_data : bool
        Whether data about officers are used.
    with_whom : str
        Who represents them.
    consulted_on : str
        The day on which they were heard, e.g. 2026-01-31.
    agreed : str
    waves : bool
        Whether officers or staff are asked in waves; the points below must then be settled.
    staff_with_whom : str
        Who represents clinicians, dispatchers and other staff who are asked, where it is somebody else.
    employer_sees : str
        What of the answers reaches the employer.
    voluntary : str
        That nobody is ordered to answer, and that answers are used for no decision about anybody.
    privilege : str
        What counsel of both sides say of subpoenas, public records and privileges.
    """

    officer_data: bool
    with_whom: str
    consulted_on: str
    agreed: str
    waves: bool = False
    staff_with_whom: str = ""
    employer_sees: str = ""
    voluntary: str = ""
    privilege: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Openness:
    """Ethics review, registration, data and code, money and interests."""

    ethics: str
    registration: str
    data_and_code: str
    funding: str
    interests: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A change of the plan: when, by whom, what and why. Entries are added and never removed."""

    on: date
    who: str
    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPlan:
    """An evaluation as it was decided on before its outcomes were seen.

    Parameters
    ----------
    title, version, written_by : str
    written_on : date
    summary : str
        For readers without training.
    context, programme, acting : str
        What is known beforehand, what the programme is, and how findings will be acted on.
    months_after : int
        Months after the start that the evaluation will read.
    multiplicity : {"holm", "one outcome"}
        How several primary outcomes are accounted for.
    family : str
        Over which tests.
    nothing_seen : bool
        That nobody has seen an outcome from after the start; else ``seen`` says who has seen what.
    example : bool
        That the plan is the example which the package ships.
    """

    title: str
    version: str
    written_by: str
    written_on: date
    summary: str
    context: str
    programme: str
    acting: str
    months_after: int
    questions: tuple[str, ...]
    multiplicity: Literal["holm", "one outcome"]
    family: str
    primary: tuple[Primary, ...]
    estimand: tuple[PlannedEstimand, ...]
    design: tuple[PlannedDesign, ...]
    sensitivity: tuple[Sensitivity, ...]
    subgroup: tuple[Subgroup, ...]
    decision: Decision
    role: tuple[Role, ...]
    flow: tuple[Flow, ...]
    agreement: Agreement
    labour: Labour
    openness: Openness
    seen: tuple[Seen, ...] = ()
    amendment: tuple[Amendment, ...] = ()
    fairness: tuple[PlannedFairness, ...] = ()
    nothing_seen: bool = False
    example: bool = False

    @property
    def judged(self) -> tuple[Primary, ...]:
        """Primary outcomes that get a verdict."""
        return tuple(entry for entry in self.primary if entry.verdict)
