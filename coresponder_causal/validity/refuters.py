"""How often refuters contradict where they should and where they should not.

``python -m coresponder_causal.validity.refuters``, at a checkout, writes refuters.csv beside this file and
docs/refuters.md. Every refuter meets a clean world and worlds made to break it, each drawn anew; draws come from a hash
of refuter, world and number, so that rows do not depend on order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from coresponder_causal import check
from coresponder_causal.core.verdict import CheckResult, Verdict
from coresponder_causal.validity.refuter_worlds import (
    Drawn,
    boundary,
    call_frame,
    hours,
    panel,
    weighted_calls,
    with_chance,
)

table_path, page = Path(__file__).with_name("refuters.csv"), Path("docs", "refuters.md")
Draw = Callable[[np.random.Generator], CheckResult]
Frame = Callable[[np.random.Generator], pd.DataFrame]
said = [("weather", "severity", ()), ("weather", "minutes", ("severity",)), ("team_busy", "severity", ("weather",))]
placebos, samples = 59, 99


class World(NamedTuple):
    """One world that a refuter meets: how many draws, whether it must pass, and the world in words."""

    refuter: str
    world: str
    broken: bool
    draws: int
    draw: Draw


def _calls(refuter: Callable[..., CheckResult], frame: Frame = call_frame, *, by_person: bool = True) -> Draw:
    return lambda rng: refuter(*weighted_calls(frame(rng), by_person=by_person))


def _on(refuter: Callable[..., CheckResult], made: Callable[[np.random.Generator], Drawn]) -> Draw:
    return lambda rng: refuter(*made(rng))


def _random_cause(rng: np.random.Generator, *, frame: Frame) -> CheckResult:
    """Add a column of chance to the covariates, as other programs do; it contradicts beyond half a standard error."""
    drawn = weighted_calls(frame(rng))
    moved = with_chance(drawn, rng)
    verdict: Verdict = "contradicts" if moved > 0.5 else "no contradiction found"
    return CheckResult(
        check="random common cause", assumption="", verdict=verdict, power=None, table=pd.DataFrame(), sentence=""
    )


treatment = partial(check.placebo_treatment, draws=placebos)
one_by_one = partial(check.placebo_treatment, draws=placebos, exchange="calls")
bootstrap = partial(check.cluster_bootstrap, draws=samples)
graph = partial(check.graph_independences, independences=said)
burglary = partial(check.control_outcomes, outcomes=["burglary"])
alike = partial(call_frame, by_person=3.0, alike=1.5, persons=300)
evening = partial(call_frame, by_evening=0.8)
hidden = partial(call_frame, hidden=1.2)
left_out, not_clustered = "hour of the call left out", "persons alike, standard errors without clusters"
clean, clean_alike = "nothing wrong", "persons alike, standard errors by person"
worlds = (
    World("placebo_treatment", clean, False, 60, _calls(treatment)),
    World("placebo_treatment", clean_alike, False, 40, _calls(treatment, alike)),
    World("placebo_treatment", left_out, True, 40, _calls(treatment, evening)),
    World("placebo_treatment", not_clustered, True, 40, _calls(treatment, alike, by_person=False)),
    World("placebo_treatment, call by call", clean, False, 40, _calls(one_by_one)),
    World("placebo_treatment, call by call", left_out, True, 40, _calls(one_by_one, evening)),
    World("placebo_treatment, call by call", not_clustered, True, 40, _calls(one_by_one, alike, by_person=False)),
    World("placebo_dates", clean, False, 40, _on(check.placebo_dates, panel)),
    World(
        "placebo_dates",
        "the city changed 21 months early",
        True,
        40,
        _on(check.placebo_dates, partial(panel, early=-0.4)),
    ),
    World("placebo_cities", clean, False, 60, _on(check.placebo_cities, partial(panel, clustered=True))),
    World(
        "placebo_cities",
        "no effect, and every city changes by itself",
        True,
        60,
        _on(check.placebo_cities, partial(panel, clustered=True, apart=0.3, change=0.0)),
    ),
    World("placebo_hours", clean, False, 30, _on(check.placebo_hours, hours)),
    World(
        "placebo_hours",
        "mornings change with the start",
        True,
        30,
        _on(check.placebo_hours, partial(hours, mornings=-0.3)),
    ),
    World("placebo_boundaries", clean, False, 100, _on(check.placebo_boundaries, boundary)),
    World(
        "placebo_boundaries",
        "a jump three hours later",
        True,
        100,
        _on(check.placebo_boundaries, partial(boundary, later=0.4)),
    ),
    World("placebo_exposure", clean, False, 200, _calls(check.placebo_exposure)),
    World("placebo_exposure", "the team goes to what is hidden", True, 200, _calls(check.placebo_exposure, hidden)),
    World("control_outcomes", clean, False, 200, _on(burglary, panel)),
    World(
        "control_outcomes", "all counts change with the start", True, 200, _on(burglary, partial(panel, shared=-0.4))
    ),
    World("leave_one_out", clean, False, 60, _on(check.leave_one_out, panel)),
    World("leave_one_out", "one comparison city explodes", True, 60, _on(check.leave_one_out, partial(panel, odd=2.5))),
    World("leave_one_week_out", clean, False, 200, _calls(check.leave_one_week_out)),
    World(
        "leave_one_week_out",
        "four weeks make the difference",
        True,
        200,
        _calls(check.leave_one_week_out, partial(call_frame, shock=4.0)),
    ),
    World("graph_independences", clean, False, 400, _calls(graph)),
    World(
        "graph_independences",
        "a link that the graph denies",
        True,
        200,
        _calls(graph, partial(call_frame, linked=0.12)),
    ),
    World("cluster_bootstrap", clean_alike, False, 60, _calls(bootstrap, alike)),
    World("cluster_bootstrap", not_clustered, True, 40, _calls(bootstrap, alike, by_person=False)),
    World("random common cause", clean, False, 200, partial(_random_cause, frame=call_frame)),
    World("random common cause", "the team goes to what is hidden", True, 200, partial(_random_cause, frame=hidden)),
)


def verdicts(world: World, draws: int | None = None) -> list[CheckResult]:
    """Let the refuter of a world meet its first draws.

    Examples
    --------
    >>> next(verdicts(one, 1)[0].verdict for one in worlds if one.refuter == "graph_independences")
    'no contradiction found'
    """
    found = []
    for number in range(draws or world.draws):
        key = hashlib.sha256(f"{world.refuter} {world.world} {number}".encode()).digest()[:4]
        found.append(world.draw(np.random.default_rng(int.from_bytes(key, "big"))))
    return found


def measured(world: World, draws: int | None = None) -> dict[str, object]:
    """Give the row of a world: shares of draws that contradict or cannot tell, and the mean power that is stated."""
    found = verdicts(world, draws)
    stated = [one.power for one in found if one.power is not None]
    return {
        "refuter": world.refuter,
        "world": world.world,
        "broken": world.broken,
        "draws": len(found),
        "contradicts": float(np.mean([one.verdict == "contradicts" for one in found])),
        "cannot_tell": float(np.mean([one.verdict == "cannot tell" for one in found])),
        "stated_power": float(np.mean(stated)) if stated else np.nan,
    }


introduction = """A refuter tries to break a result: it gives the treatment to calls, hours, dates or cities that did \
not have it, takes parts of the data away, or draws the clusters again. Each meets a world in which nothing is wrong, \
where it should contradict in about 5 % of draws or fewer, and worlds made to break it, where it should contradict \
often. "Cannot tell" means that the check would rarely have seen a violation as large as the estimate. Every world has \
an effect, unless it says otherwise. `check.refute(result, design)` runs all that apply, `which=[…]` some; \
`check.battery` runs the quick ones and puts all checks in the order of what they could change."""
which_is_which = """| To refute | Refuter |
| --- | --- |
| placebo treatment, in blocks of hours and persons | `placebo_treatment` |
| placebo in time | `placebo_dates` |
| placebo in space | `placebo_cities` |
| placebo hours | `placebo_hours`, for a clock boundary `placebo_boundaries` |
| placebo outcome | `control_outcomes` |
| placebo exposure (busy team) | `placebo_exposure` |
| one donor left out | `leave_one_out` |
| one block of weeks left out | `leave_one_week_out` |
| unobserved common cause | `robustness_value` (partial R²); `evalue`, `rosenbaum`, `marginal_sensitivity`, `oster` |
| a causal graph | `graph_independences` |
| bootstrap of clusters | `cluster_bootstrap` |"""
labelled = """- **Cannot fail, by nature.** `robustness_value` and its like report how strong a hidden cause would \
have to be; they never contradict, and are labelled "reported".
- **Nearly uninformative: a random common cause.** A column of chance among the covariates leaves every estimate where \
it is, of a confounded world too: see its rows. It is not among our refuters.
- **A trap: placebos call by call.** Exchanged across all hours and persons they centre on nothing whatever confounds, \
and they tear the calls of a person apart, so that a standard error that knows no persons looks right. Exchanged \
within hours, whole persons at a time, they see both.
- **No test of level 5 %.** `leave_one_out` and `leave_one_week_out` ask whether one part decides, not whether chance \
could have done it: near the edge of significance one part often does.
- **What a graph implies** is about recorded columns. Arrows to what nobody recorded are not tested."""


def refuters_page(table: pd.DataFrame) -> str:
    """Return the page.

    Parameters
    ----------
    table : DataFrame
        Rows of `measured`.

    Examples
    --------
    >>> refuters_page(pd.DataFrame([measured(worlds[-1], 2)])).splitlines()[0]
    '# Refuters, measured'
    """
    heads = ["Refuter", "World", "Contradicts", "Cannot tell", "Power it states", "Draws"]
    lines = [heads, ["---", "---", *["---:"] * 4], *(_cells(row) for row in table.to_dict("records"))]
    rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    made = (
        "This page is written from `coresponder_causal/validity/refuters.csv` by "
        "`python -m coresponder_causal.validity.refuters`, which makes that table. ± is the Monte-Carlo error."
    )
    parts = ["# Refuters, measured", introduction, which_is_which, rows, labelled, made]
    return "\n\n".join(parts) + "\n"


def _cells(row: Mapping[Hashable, object]) -> list[str]:
    draws, share, power = (float(str(row[name])) for name in ("draws", "contradicts", "stated_power"))
    error = np.sqrt(share * (1 - share) / draws)
    must = "**must contradict**" if row["broken"] else "must pass"
    return [
        f"`{row['refuter']}`",
        f"{row['world']}: {must}",
        f"{share:.2f} ± {error:.2f}",
        f"{float(str(row['cannot_tell'])):.2f}",
        "–" if np.isnan(power) else f"{power:.2f}",
        f"{draws:.0f}",
    ]


def main() -> None:
    """Measure every world and write the table and the page."""
    table = pd.DataFrame([measured(world) for world in worlds])
    table.to_csv(table_path, index=False)
    page.write_text(refuters_page(table), encoding="utf-8")


if __name__ == "__main__":
    main()
