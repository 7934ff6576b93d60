"""Write the page of fairness: ``python -m coresponder_causal.decide.fairness_page``, at the root of a checkout."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coresponder_causal.decide.fairness_worlds import covered_in_worlds, mixed, stages_in_worlds, usual, whole
from coresponder_causal.design.compared_groups import few_events

page = Path("docs", "fairness.md")
seeds_of_odds, seeds_of_intervals = 100, 100
introduction = f"""\
Groups are those that people were *perceived as*: nobody was asked who they are. `cc.decide.fairness`, and the block
`[fairness]` of a study, keep three questions apart, and tell of each what it cannot say.

| Question | Function | When not to use it |
| --- | --- | --- |
| What happened to whom? | `disparity_rates`, `reach_rates` | To say why: neither need nor place nor hour is alike. \
With fewer than {few_events} events, or calls without one, in a group: the intervals are then too narrow, which is \
said. |
| What is left among calls alike in what was allowed to differ, now and with the team at every call? | \
`disparity_closing` | To say who discriminates; with an allowed field that bias may have written, such as a label; \
where the design misses what drew the team; with fewer than {few_events} events, or calls without one, in a group with \
or without the team: its intervals are then too narrow, which is said. |
| At which stage are calls treated unlike that were alike until then? | `where_bias` | Where nobody knows what was \
found, or officers write what they expected to find: their bias then hides in it. Call takers: where it is not chance \
who takes a call; or with fewer than {few_events} calls of a group labelled one way: the interval is then too narrow, \
which is said. At the other stages few events make the interval wider instead, see below. |
| What were calls of a label found to be? | `label_drift` | As a measure of bias by itself: truth may differ too. |
| How often was a crisis labelled as one? | `label_sensitivity` | Where who went, within the cells, followed what \
only they saw or heard. |
| Is a group acted on at less suspicion? | `outcome_test` | By hit rates alone; with few places; where it is known \
only of some kinds of calls whether acting was right. |
| What if bias decided who was met? | `contact_gap`, told beside every gap that follows a contact | Where contacts \
without an ending are not on record; as an estimate of ρ, which it takes as given. |
| What if it is not known of whom calls were? | `unknown_group` | With proxies, where groups are written down because \
of what happened. |
| Who got the team among calls alike in kind, hour and place? | `similar_calls` | Where calls differ in what no column \
holds, such as a voice. |

Call takers can be asked by cases in the same words but for one cue of the group: `cc.design.minimal_pairs` draws who
reads which, `cc.report.pair_form` makes the form, `cc.estimate.vignette_effects` reads the answers. Words that
stigmatise are counted by perceived group with `cc.qualitative.lexicon_use(..., groups=)`, the list's own errors taken
out by a sample read by hand.

Few events: where a group, or the reference, has fewer than {few_events} events or calls without one at a stage, its \
interval is the wider of that by t and of Newcombe's for the gap of two shares, by effective numbers of calls. It can \
then be wide: the power beside the verdict is counted from it.

Small cells: groups of fewer than 11 persons are left out and said; cells of labels of fewer stand together; whatever
leaves passes the gate of [privacy](privacy.md), where behind a gap stands its smaller group.
"""


def fairness_text(odds: pd.DataFrame, intervals: pd.DataFrame) -> str:
    """Return the page: questions, odds of naming the right stage, and how often intervals hold what is true.

    Parameters
    ----------
    odds : DataFrame
        As of `stages_in_worlds`.
    intervals : DataFrame
        As of `covered_in_worlds`.

    Returns
    -------
    str
        Markdown.
    """
    stages = [str(name) for name in odds if name not in ("world", "seeds", "rightly")]
    first = _table(
        ("Bias of", *stages, "Exactly right"),
        [
            (str(row["world"]), *(f"{row[name]:.3f}" for name in (*stages, "rightly")))
            for row in odds.to_dict("records")
        ],
    )
    second = _table(
        ("Quantity", "True", "Mean estimate", "Interval holds it", "± (Monte Carlo)"),
        [
            (str(row["quantity"]), *(f"{row[name]:+.3f}" for name in ("truth", "mean")), f"{row['covered']:.3f}",
             f"{row['monte_carlo']:.3f}")
            for row in intervals.to_dict("records")
        ],
    )  # fmt: skip
    biases = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in mixed.items())
    return (
        f"# Fairness\n\n{introduction}\n## How often the right stage is named\n\n"
        f"Share of {odds['seeds'].iloc[0]} worlds of 8,000 calls each in which `where_bias` says that a stage treats "
        f"groups unlike, at 5 % after Holm's correction.\n\n{first}\n\n"
        f"## How often intervals hold what is true\n\n{intervals['seeds'].iloc[0]} worlds of {usual:,} calls each "
        f"({biases}); the truth is that of {whole:,} calls, of stages their gap in those, and of contacts that of the "
        f"very contacts. Of sets the mean is that of the end nearer to 0.\n\n{second}\n\n"
        "The last row shows what happens where bias decides who is met and the gap is read without its bounds.\n\n"
        "This page is written by `python -m coresponder_causal.decide.fairness_page`.\n"
    )


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, ("---",) * len(heads), *rows))


if __name__ == "__main__":
    page.parent.mkdir(exist_ok=True)
    made = fairness_text(stages_in_worlds(range(seeds_of_odds)), covered_in_worlds(range(seeds_of_intervals)))
    page.write_text(made, encoding="utf-8")
