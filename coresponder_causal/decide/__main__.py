"""Write the page of the decision rule: ``python -m coresponder_causal.decide``, at the root of a checkout."""

from pathlib import Path

import pandas as pd

from coresponder_causal.decide.evidence import most_rejected
from coresponder_causal.decide.operating import Setting, operating_characteristics
from coresponder_causal.decide.rule import Rule, verdicts

page = Path("docs", "decision_rule.md")
introduction = f"""\
`cc.decide.evidence` lays what designs say of an outcome beside each other; `cc.decide.judge_outcome` gives a verdict:

- **fewer**, **more** (supported): at least two designs that count as different exclude no change, on the same side and
  after Holm's correction for the primary outcomes, no check contradicts them, and no design says the contrary;
- **no meaningful effect**: all that fits the first design is smaller than the smallest effect that matters to the city;
- **consistent, not established**: something was found, and all designs point to the same side;
- **uninformative**: else, told with the smallest change that a design would have found.

Two designs count as different only if they rest on different assumptions, do not start from the same part of the time
before, and do not read the same record where the programme may have changed what is recorded. An outcome that the
responders themselves record (arrests, reports, force) is therefore supported only if the course of calls places the
change before anything is recorded, or another source agrees. Checks contradict after correction for their number.
A result is listed and does not judge where its method's 5 % test rejected more than {100 * most_rejected:.0f} % of the
time in the simulated worlds without an effect that are nearest to it.

How often it says what, where the truth is known"""


def rule_page() -> str:
    """Return the page of the decision rule, with the odds of its verdicts on worlds whose truth is known.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> rule_page().splitlines()[0]
    '# The decision rule'
    """
    setting, rule, odds = Setting(), Rule(), operating_characteristics()
    errors = " and ".join(f"{error:g}" for error in setting.std_errors)
    about = (
        f"{introduction}: designs with standard errors of {errors} on the log scale, estimates correlated by "
        f"{setting.correlation:g}, a smallest effect of {rule.smallest_effect:g}. Recording falls by "
        f"{setting.recording:g} standard errors of each design; the weak and the strong effect are ratios of "
        f"{setting.weak:g} and {setting.strong:g}; the course of calls places a change before recording rightly in "
        f"{100 * setting.funnel_right:g} % of studies and wrongly in {100 * setting.funnel_wrong:g} %. The naive rule "
        f"only counts designs that exclude no change. Monte-Carlo error at most {odds['monte_carlo'].max():.3f}."
    )
    heads = ("World", "Outcome", "Rule", *verdicts)
    rows = [heads, ("---",) * len(heads), *_rows(odds)]
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    return (
        f"# The decision rule\n\n{about}\n\n{table}\n\nThis page is written by `python -m coresponder_causal.decide`.\n"
    )


def _rows(odds: pd.DataFrame) -> list[tuple[str, ...]]:
    return [
        (str(row["world"]), str(row["outcome"]), str(row["rule"]), *(f"{row[name]:.3f}" for name in verdicts))
        for row in odds.to_dict("records")
    ]


if __name__ == "__main__":
    page.parent.mkdir(exist_ok=True)
    page.write_text(rule_page(), encoding="utf-8")
