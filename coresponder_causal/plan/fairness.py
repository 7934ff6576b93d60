"""How a study's groups are treated: what its plan and its block ask, of its own city from the start on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandas as pd
from pandas.api.types import is_bool_dtype

from coresponder_causal import decide, report
from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.design import CallDesign
from coresponder_causal.plan.fairness_block import FairnessPlan, no, yes
from coresponder_causal.plan.frozen import frozen_state
from coresponder_causal.plan.run import Evaluation, Say
from coresponder_causal.plan.steps import Steps
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.weighed import own_calls
from coresponder_causal.report.fairness_pictures import label_of
from coresponder_causal.report.page import all_together
from coresponder_causal.report.specs import Page


def asked_fairness(study: Study) -> Iterator[tuple[str, FairnessPlan, bool]]:
    """Give each field that is asked of, what is asked of it, and whether the frozen plan asked.

    What the plan says of a field goes before what the block [fairness] says.

    Parameters
    ----------
    study : Study
    """
    state = frozen_state(study)
    own = study.fairness or FairnessPlan(groups={}, outcomes=())
    planned = [] if state is None else state["plan"].get("fairness", [])
    for entry in planned:
        name, outcomes, allowable = entry["field"], tuple(entry["outcomes"]), tuple(entry["allowable"])
        yield name, replace(own, groups={name: entry["reference"]}, outcomes=outcomes, allowable=allowable), True
    told = {entry["field"] for entry in planned}
    for name, reference in own.groups.items():
        if name not in told:
            yield name, replace(own, groups={name: reference}), False


def fairness_of(
    evaluation: Evaluation,
    tables: Mapping[str, pd.DataFrame],
    *,
    say: Say = lambda _: None,
    steps: Steps | None = None,
) -> report.Treated | None:
    """Ask how groups are treated, as the frozen plan and the block [fairness] say; None where neither does.

    Parameters
    ----------
    evaluation : Evaluation
    tables : mapping of DataFrame
        Validated tables.
    say : callable
        Told what is being done.
    steps : Steps, optional
        Where what was computed before is found.
    """
    study, step, found, refused = evaluation.study, steps or Steps(), [], []
    asked = list(asked_fairness(study))
    if not asked:
        return None
    calls, design = own_calls(study, tables), _design(evaluation)
    for name, plan, _ in asked:
        say(f"Asking how groups by {name} are treated")
        if name not in calls:
            refused.append(f"{name}: no column of the calls holds it")
            continue
        given = (None if design is None else design.fingerprint, fingerprint(calls), name, plan, study.seed)
        try:
            found.append(step("fairness", given, lambda n=name, p=plan: _asked(calls, design, n, p, study.seed)))  # type: ignore[misc]
        except CausalError as error:
            refused.append(f"{name}: {error.what}; to mend it: {error.mend}")
    planned = tuple(name for name, _, beforehand in asked if beforehand)
    return report.Treated(found=tuple(found), refused=tuple(refused), planned=planned)


def with_fairness(page: Page, treated: report.Treated | None) -> Page:
    """Put how groups are treated on a page, before all estimates together.

    Parameters
    ----------
    page : Page
    treated : Treated or None
        As `fairness_of` gives it; without it the page stays as it is.
    """
    if treated is None:
        return page
    place = next((i for i, one in enumerate(page.sections) if one.title == all_together), len(page.sections))
    section = report.fairness_section(treated)
    return replace(page, sections=(*page.sections[:place], section, *page.sections[place:]))


def _asked(calls: pd.DataFrame, design: CallDesign | None, name: str, plan: FairnessPlan, seed: int) -> decide.Fairness:
    there = set(map(str, calls))
    plain = None if design is None else replace(design, source=_worded(design.source, name), adjustment=None)
    return decide.fairness(
        _worded(calls, name),
        group=name,
        reference=_flags(name)[plan.groups[name]] if is_bool_dtype(calls[name]) else plan.groups[name],
        outcomes=plan.outcomes,
        worse=[label for label in plan.worse if label in set(calls.get("initial_type", []))],
        design=plain,
        allowable=plan.allowable,
        shares=plan.shares,
        taker="call_taker" if "call_taker" in there else None,
        person="person" if "person" in there else None,
        clusters=plan.clusters,
        seed=seed,
    )


def _worded(calls: pd.DataFrame, name: str) -> pd.DataFrame:
    """Write in words whom a flag says somebody is."""
    if not is_bool_dtype(calls[name]):
        return calls.reset_index(drop=True)
    words = calls[name].astype("boolean").map({True: _flags(name)[yes], False: _flags(name)[no]}).astype("string")
    return calls.assign(**{name: words}).reset_index(drop=True)


def _flags(name: str) -> dict[str, str]:
    """Name those of whom a flag is yes, and the others."""
    return {yes: label_of(name), no: f"not {label_of(name)}"}


def _design(evaluation: Evaluation) -> CallDesign | None:
    """Return the first design of calls as it was before any adjustment."""
    first = next((one for one in evaluation.designs if isinstance(one, CallDesign)), None)
    return None if first is None else replace(first, adjustment=None)
