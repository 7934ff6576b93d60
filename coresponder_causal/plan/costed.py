"""What a study's programme costs for what it averts, from its own evidence, calls and prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
from pandas.api.types import is_bool_dtype

from coresponder_causal import decide, report
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.result import Result
from coresponder_causal.decide.assumptions import at_receipt
from coresponder_causal.plan.before import first_day
from coresponder_causal.plan.cost_items import cheers
from coresponder_causal.plan.plan_file import plan_path
from coresponder_causal.plan.reporting_items import costs as title
from coresponder_causal.plan.run import Evaluation
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.weighed import own_calls
from coresponder_causal.report.specs import Page, Section, Sentence, of_nobody

days_of_year, months_of_year = 365.25, 12
populations = {"ITT": "team_on_duty", "ATT": "attended"}


def with_cost(
    page: Page, evaluation: Evaluation, tables: Mapping[str, pd.DataFrame], together: report.Weighed | None
) -> Page:
    """Put what the programme costs on the page of a study that states prices, or why it cannot be told.

    Parameters
    ----------
    page : Page
    evaluation : Evaluation
    tables : mapping of DataFrame
        Validated tables it was run on.
    together : Weighed, optional
        All evidence; of each outcome the first design that can be counted in events is used.
    """
    plan = evaluation.study.cost
    if plan is None:
        return page
    effects = [] if together is None else _effects(evaluation, tables, together.evidence)
    results = [effect.result for effect in effects]
    try:
        found = decide.cost(
            effects,
            plan.prices,
            perspective=plan.perspective,
            horizon_years=plan.horizon_years,
            discount=plan.discount,
            price_year=plan.price_year,
            index=plan.index,
            posts=plan.posts,
            seed=evaluation.study.seed,
        )
    except DesignError as error:
        said = Sentence(text=f"Not told: {error.what}. To mend it: {error.mend}.", support=of_nobody)
        return replace(page, sections=(*page.sections, Section(title=title, blocks=(said,))))
    section = report.cost_section(found, results, reasons=plan.reasons, index_source=plan.index_source)
    whole = replace(page, sections=(*page.sections, section))
    asked = cheers(whole, plan, planned=plan_path(evaluation.study) is not None)
    return replace(page, sections=(*page.sections, replace(section, blocks=(*section.blocks, asked))))


def cost_line(page: Page) -> Sentence | None:
    """Return the sentence of a page that says what the programme costs.

    Parameters
    ----------
    page : Page
    """
    blocks = (block for section in page.sections if section.title == title for block in section.blocks)
    return next((block for block in blocks if isinstance(block, Sentence)), None)


def _effects(
    evaluation: Evaluation, tables: Mapping[str, pd.DataFrame], evidence: decide.Evidence
) -> list[decide.Effect]:
    """Return the first design of each outcome whose effect can be counted in events a year."""
    study, found = evaluation.study, dict[str, decide.Effect]()
    calls, months = own_calls(study, tables), _own_months(study, tables)
    for result, row in zip(evidence.results, evidence.frame.to_dict("records"), strict=True):
        outcome, estimand = result.estimand.outcome, str(row["estimand"])
        if outcome in found or not (row["place"] == "pooled" or result.kind == "set"):
            continue
        many = _per_year(result, estimand, calls)
        if many is None and estimand == "bundle" and result.scale == "log_ratio" and outcome in months:
            many = months_of_year * float(months[outcome].mean())
        if many is not None:
            hours = float(study.cost.officer_hours.get(outcome, 0.0)) if study.cost else 0.0
            found[outcome] = decide.Effect(result=result, per_year=many, officer_hours=hours)
    return list(found.values())


def _own_months(study: Study, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the city's whole months from the start on."""
    panel, start = tables.get("city_panel", pd.DataFrame()), first_day(study)
    if panel.empty or start is None:
        return pd.DataFrame()
    own: pd.DataFrame = panel[panel["city"].eq(str(study.city)) & (panel["month"].dt.start_time >= start)]
    return own


def _per_year(result: Result, estimand: str, calls: pd.DataFrame) -> float | None:
    """Count events a year (log ratios) or calls (differences) where the effect is; None where it is not known."""
    if calls.empty or (estimand != "bundle" and populations.get(estimand) not in calls):
        return None
    own = calls if estimand == "bundle" else calls[calls[populations[estimand]].fillna(False).astype(bool)]
    years = float((calls["received_at"].max() - calls["received_at"].min()).days) / days_of_year
    outcome = result.estimand.outcome
    if years <= 0:
        return None
    if result.scale == "difference":
        return len(own) / years if result.extra.get("yes_or_no") else None
    if outcome == at_receipt:
        return len(own) / years
    return float(own[outcome].sum()) / years if outcome in own and is_bool_dtype(own[outcome]) else None
