"""Outcomes of a study that are judged together: the primary ones of its plan, and all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from coresponder_causal import decide
from coresponder_causal.core.result import Result
from coresponder_causal.plan.frozen import frozen_state
from coresponder_causal.plan.study import Study
from coresponder_causal.report.against import description


def families_of(study: Study, results: Sequence[Result]) -> tuple[decide.Family, ...]:
    """Judge the outcomes of each design together, where there are several.

    Primary outcomes are those of the frozen plan that get a verdict, or the study's own one without such a plan: by
    Holm's correction, with Romano and Wolf's beside it. Other outcomes get q-values. What only describes takes no part.

    Parameters
    ----------
    study : Study
    results : sequence of Result

    Returns
    -------
    tuple of Family
    """
    domains = _domains(study)
    made = []
    for together in _by_design(results):
        primary = [result for result in together if result.estimand.outcome in domains]
        others = [result for result in together if result.estimand.outcome not in domains]
        if len(primary) > 1:
            stepped = decide.step_down(primary, domains=domains, seed=study.seed)
            notes = (*stepped.notes, *_left_out(domains, primary))
            made.append(replace(stepped, adjusted=("p_holm", "p_romano_wolf"), notes=notes))
        if len(others) > 1:
            made.append(decide.exploratory(others))
    return tuple(made)


def _domains(study: Study) -> dict[str, str]:
    """Domain of each primary outcome."""
    frozen = frozen_state(study)
    if frozen is not None:
        return {entry["outcome"]: entry["domain"] for entry in frozen["plan"]["primary"] if entry["verdict"]}
    return {} if study.primary is None else {study.primary: study.primary}


def _left_out(domains: dict[str, str], primary: list[Result]) -> list[str]:
    """Say which primary outcomes this design does not count with the others."""
    seen = {result.estimand.outcome for result in primary}
    missing = [outcome for outcome in domains if outcome not in seen]
    return [f"primary outcomes of the plan that are not counted here: {', '.join(missing)}"] if missing else []


def _by_design(results: Sequence[Result]) -> Iterator[list[Result]]:
    """Gather results of one method with the same options; an outcome that comes again is that of another design."""
    alike: dict[tuple[object, ...], list[Result]] = {}
    times: Counter[tuple[object, ...]] = Counter()
    for result in results:
        if _judged(result):
            key = (result.method, result.estimand.contrast, result.provenance.options)
            times[*key, result.estimand.outcome] += 1
            alike.setdefault((*key, times[*key, result.estimand.outcome]), []).append(result)
    yield from alike.values()


def _judged(result: Result) -> bool:
    """Whether a result estimates an effect by a test that can be used."""
    usable = result.extra.get("enough_clusters") is not False
    tested = result.kind == "point" or result.set_spread is not None
    return bool(usable and tested and result.terms["term"].iloc[0] != description)
