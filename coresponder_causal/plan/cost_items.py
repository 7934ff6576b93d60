"""Where a page that says what a programme costs answers the 28 items of CHEERS 2022, and where it does not."""

from __future__ import annotations

from coresponder_causal.plan import reporting_items as asked
from coresponder_causal.plan.costs import CostPlan
from coresponder_causal.report.specs import Fold, Page
from coresponder_causal.report.tables import wordy

unanswered = "not answered"
heads = ("No.", "Asked", "Answered in", "Not said there")
of_plan = {one.section for one in (*asked.cdc_steps, *asked.cdc_standards, *asked.target_items)}
reasons = {"8": "perspective", "9": "horizon_years", "10": "discount"}


def cheers(page: Page, plan: CostPlan, *, planned: bool) -> Fold:
    """Say of every item where it is answered, from what stands on the page and whether there is a plan.

    Parameters
    ----------
    page : Page
        With its section on costs.
    plan : CostPlan
    planned : bool
        Whether the study has a plan, whose sections then answer too.

    Returns
    -------
    Fold
    """
    there = {section.title for section in page.sections} | {table.title for _, table in page.tables()}
    rows = []
    for item in asked.cheers_items:
        in_plan = item.section in of_plan and item.section not in there
        found = item.section in there or (in_plan and planned)
        place = f"{'plan: ' if in_plan else ''}{item.section}" if found else unanswered
        given = item.number in reasons and reasons[item.number] in plan.reasons
        missing = "PLAN.toml would say it" if in_plan and not found else "" if given else item.not_said
        rows.append((item.number, item.asked, place, missing))
    many = sum(row[2] != unanswered for row in rows)
    return Fold(
        label=f"What is asked of such a page (CHEERS 2022): {many} of {len(rows)} items answered",
        table=wordy("CHEERS 2022", heads, rows),
    )
