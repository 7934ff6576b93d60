"""Whom a study's programme helps more: groups that its plan named, and what it asks to be looked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from coresponder_causal import decide, report
from coresponder_causal.core.errors import CausalError
from coresponder_causal.data.populations import traits
from coresponder_causal.decide.group_rows import why_not
from coresponder_causal.decide.groups_of_calls import grouping_columns
from coresponder_causal.design import CallDesign, CoverageDesign
from coresponder_causal.plan.frozen import frozen_state
from coresponder_causal.plan.group_block import GroupPlan
from coresponder_causal.plan.run import Evaluation, Say
from coresponder_causal.plan.steps import Steps
from coresponder_causal.plan.study import Study
from coresponder_causal.report.group_sentences import Reason
from coresponder_causal.report.page import all_together
from coresponder_causal.report.specs import Page

always = ("unhoused", "perceived_race")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Groups named beforehand: fields with their cuts, fields that nobody records yet, and how they are judged."""

    fields: tuple[str, ...]
    cuts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    later: tuple[str, ...] = ()
    smallest_effect: float = decide.Rule().smallest_effect
    level: float = decide.Rule().level
    planned: bool = False


def named_groups(study: Study) -> Named:
    """Gather the groups of the frozen plan, then those of the block [groups].

    Parameters
    ----------
    study : Study
    """
    own, state = study.groups or GroupPlan(), frozen_state(study)
    if state is None:
        return Named(fields=own.fields, cuts=own.cuts)
    entries, decision = state["plan"]["subgroup"], state["plan"]["decision"]
    cuts = {entry["field"]: tuple(entry["cuts"]) for entry in entries if entry.get("cuts")}
    return Named(
        fields=tuple(dict.fromkeys((*(entry["field"] for entry in entries if entry["recorded"]), *own.fields))),
        cuts={**own.cuts, **cuts},
        later=tuple(entry["field"] for entry in entries if not entry["recorded"]),
        smallest_effect=decision["smallest_effect"],
        level=decision["level"],
        planned=True,
    )


def benefits(
    evaluation: Evaluation, *, say: Say = lambda _: None, steps: Steps | None = None
) -> report.Benefits | None:
    """Hold groups of calls against each other, by the first design of attended calls and the first of the hours.

    Parameters
    ----------
    evaluation : Evaluation
    say : callable
        Told what is being done.
    steps : Steps, optional
        Where what was computed before is found.

    Returns
    -------
    Benefits or None
        None where no design compares calls one by one, and nobody named groups.
    """
    study, step = evaluation.study, steps or Steps()
    named, designs = named_groups(study), _designs(evaluation)
    if not designs and not named.fields:
        return None
    groups, refused = [], []
    for design in designs:
        fields = tuple(name for name in named.fields if _cannot(design, name) is None)
        if not fields:
            continue
        say(f"Holding groups of {design.estimand} against each other")
        given = (design.fingerprint, fields, dict(named.cuts), named.smallest_effect, named.level, study.seed)
        try:
            groups.append(step("groups", given, lambda d=design, f=fields: _groups(d, f, named, study.seed)))  # type: ignore[misc]
        except CausalError as error:
            refused.append(f"{design.estimand} by group: {error.what}; to mend it: {error.mend}")
    explored = None
    try:
        explored = _explored(study, designs, step, say)
    except CausalError as error:
        refused.append(f"what was to be looked for: {error.what}; to mend it: {error.mend}")
    told = {name for one in groups for name in one.differences["field"]}
    asked = dict.fromkeys((*always, *named.fields, *named.later))
    reasons = {name: _reason(name, named, designs, refused) for name in asked if name not in told}
    refused += _why_refused(designs, [name for name, why in reasons.items() if why == "refused"])
    return report.Benefits(
        groups=tuple(groups), not_shown=reasons, refused=tuple(refused), explored=explored, planned=named.planned
    )


def with_groups(page: Page, found: report.Benefits | None) -> Page:
    """Put whom it helps more on a page, after what each design says and before all estimates together.

    Parameters
    ----------
    page : Page
    found : Benefits or None
        As `benefits` gives it; without it the page stays as it is.
    """
    if found is None:
        return page
    place = next((i for i, one in enumerate(page.sections) if one.title == all_together), len(page.sections))
    added = (*page.sections[:place], report.benefits_section(found), *page.sections[place:])
    return replace(page, sections=added)


def _designs(evaluation: Evaluation) -> list[CallDesign | CoverageDesign]:
    """Return the first design of calls, as it was before any adjustment, and the first of the hours that has calls."""
    found: dict[type, CallDesign | CoverageDesign] = {}
    for design in evaluation.designs:
        if isinstance(design, CallDesign):
            found.setdefault(CallDesign, replace(design, adjustment=None))
        elif isinstance(design, CoverageDesign) and design.calls is not None and design.outcome in design.calls:
            found.setdefault(CoverageDesign, design)
    return list(found.values())


def _cannot(design: CallDesign | CoverageDesign, name: str) -> str | None:
    if isinstance(design, CallDesign):
        return why_not(name, [*map(str, design.source)], grouping_columns(design))
    return why_not(name, [*map(str, design.require_calls())], None)


def _groups(design: CallDesign | CoverageDesign, fields: tuple[str, ...], named: Named, seed: int) -> decide.Subgroups:
    cuts = {name: named.cuts[name] for name in fields if name in named.cuts}
    return decide.subgroups(
        design,
        pre_specified=fields,
        cuts=cuts,
        smallest_effect=named.smallest_effect,
        level=named.level,
        seed=seed,
    )


def _explored(
    study: Study, designs: list[CallDesign | CoverageDesign], step: Steps, say: Say
) -> decide.Heterogeneity | None:
    """Look for differences that nobody named, where the study asks for it and compares calls."""
    asked, calls = study.groups, next((one for one in designs if isinstance(one, CallDesign)), None)
    if asked is None or not asked.explore or calls is None:
        return None
    say(f"Learning for which calls {calls.treatment} does more, and testing it on others")
    given = (calls.fingerprint, asked.explore, asked.better, study.seed)
    return step(
        "explored",
        given,
        lambda: decide.heterogeneity(calls, effect_modifiers=asked.explore, better=asked.better, seed=study.seed),
    )


def _reason(name: str, named: Named, designs: list[CallDesign | CoverageDesign], refused: list[str]) -> Reason:
    """Say why no two groups of a field are shown."""
    if name in named.later:
        return "not yet recorded"
    if name not in named.fields:
        return "not named"
    if not designs:
        return "no design"
    whys = [_cannot(design, name) for design in designs]
    if None in whys:
        return "refused" if refused else "too small"
    return "no column" if name in traits() or all(why and "no column" in why for why in whys) else "refused"


def _why_refused(designs: list[CallDesign | CoverageDesign], names: list[str]) -> list[str]:
    return [
        f"{design.estimand} by {name}: {why}" for name in names for design in designs if (why := _cannot(design, name))
    ]
