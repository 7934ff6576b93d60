"""Whom it helps more: what tests of predicted effects found, and the groups named beforehand."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.support import smallest
from coresponder_causal.decide import Heterogeneity, Subgroups
from coresponder_causal.report import words
from coresponder_causal.report.specs import Column, Picture, Section, Sentence, Table

title = "Does it help some more than others?"
bounds = (Column("low", "95 % from", "signed"), Column("high", "to", "signed"))
test_words = {
    "slope": "Slope of the effect on its prediction (0: none)",
    "autoc": "Worth of the ranking, those first above all (AUTOC)",
    "qini": "Worth of the ranking, all alike (Qini)",
    "most_least": "Benefit of the first fifth less that of the last",
    "calibration": "Slope on the mean predictions of the fifths (1: right)",
    "falls": "Steepest rise of benefit against the ranking",
}
tests_note = (
    "Medians over random halves of persons: effects are learnt in one half and tested in the other; p is twice the "
    "median. The first four ask for more than nothing. Effects by call are told only where the slope and the AUTOC "
    "both pass."
)
groups_note = (
    "p: of no effect in the group at all; adjusted: all groups counted. Groups that differ in their p need not differ "
    "in their effect: see the test of differences. Drawn together: towards all calls, by what is more than chance."
)


def heterogeneity_section(found: Heterogeneity, groups: Subgroups | None = None) -> Section:
    """Put what tests let be said, the picture and the tables under one question.

    Parameters
    ----------
    found : Heterogeneity
    groups : Subgroups, optional
    """
    support = smallest(found.support)
    tests = Table(
        title="Does the ranking of calls hold?",
        frame=found.tests.assign(said=found.tests["test"].map(test_words)),
        columns=(
            Column("said", "Test"),
            Column("estimate", "Estimate", "signed"),
            *bounds,
            Column("p_value", "p", "p"),
        ),
        note=tests_note,
        support=support,
    )
    spoken = Sentence(text=words.capital(found.sentence), support=support)
    more = () if groups is None else group_blocks(groups)
    return Section(title=title, blocks=(spoken, benefit_picture(found), tests, *more))


def group_blocks(groups: Subgroups) -> tuple[Picture | Table, ...]:
    """Return the picture of groups named beforehand, their effects, and the tests of their differences.

    Parameters
    ----------
    groups : Subgroups
    """
    told = (difference_table(groups),) if len(groups.differences) else ()
    return (subgroup_picture(groups), subgroup_table(groups), *told)


def benefit_picture(found: Heterogeneity) -> Picture:
    """Draw the effects in fifths of the predicted benefit, and the gain of going to the first calls only.

    Parameters
    ----------
    found : Heterogeneity
    """
    outcome = found.outcome.replace("_", " ")
    said = "the tests pass" if found.passed else "the tests do not pass: the order may be chance"
    each = zip(found.gates["group"], found.gates["estimate"].to_numpy(float), strict=True)
    gates = "; ".join(f"fifth {group}: {words.number(effect)}" for group, effect in each)
    return Picture(
        title="Does it help some calls more than others?",
        caption=f"Left: effect in fifths of calls, the most predicted benefit first; rings: what was predicted. Right: "
        f"benefit of the calls ranked first, over that of all. Medians over halves, 95 % intervals; {said}.",
        alt=f"Effect on {outcome} by fifths of the predicted benefit. {gates}. {words.capital(said)}.",
        kind="benefit",
        data={"gates": found.gates, "curve": found.curve},
        labels=Facts({"y": f"Effect on {outcome}", "passed": found.passed}),
        support=smallest(found.support),
    )


def subgroup_picture(groups: Subgroups) -> Picture:
    """Draw the effect on all calls, and in each group.

    Parameters
    ----------
    groups : Subgroups
    """
    tidy = groups.result.tidy()
    names = ["all calls", *(term.replace("_", " ") for term in tidy["term"].iloc[1:])]
    rows = pd.DataFrame({
        "city": names, "role": ["treated", *["comparison"] * len(groups.table)],
        "effect": tidy["estimate"], "low": tidy["conf_low"], "high": tidy["conf_high"],
    })  # fmt: skip
    outcome, about = words.outcome(groups.result), groups.result.estimand
    tests = groups.differences
    asked = [
        f"{field.replace('_', ' ')}, p {words.p_value(p)}"
        for field, p in zip(tests["field"], tests["p_value"], strict=True)
    ]
    tested = f" Tests that groups differ: {'; '.join(asked)}." if asked else ""
    pairs = zip(names, tidy["estimate"].to_numpy(float), strict=True)
    each = " ".join(f"{name}: {words.number(effect)}." for name, effect in pairs)
    return Picture(
        title=f"Effect on {outcome}, by groups named beforehand ({about.contrast})",
        caption=f"Points: effect of {words.dates(about.treatment.replace('_', ' '))}. Bars: 95 % intervals, each for "
        f"itself. Whether groups differ is another question than whether each has an effect.{tested}",
        alt=f"One row per group. {each}",
        kind="forest",
        data={"cities": rows},
        labels=Facts({"x": f"Effect on {outcome}", "percent": False}),
        support=groups.result.support,
    )


def subgroup_table(groups: Subgroups) -> Table:
    """Lay the effects of all groups beside each other.

    Parameters
    ----------
    groups : Subgroups
    """
    return Table(
        title=f"Effect by group ({groups.result.estimand.contrast})",
        frame=groups.table.rename(columns={"conf_low": "low", "conf_high": "high"}),
        columns=(
            Column("field", "Field"),
            Column("group", "Group"),
            Column("units", "Calls", "whole"),
            Column("estimate", "Effect", "signed"),
            *bounds,
            Column("p_value", "p", "p"),
            Column("p_romano_wolf", "p, adjusted", "p"),
            Column("shrunk", "Drawn together", "signed"),
        ),
        note=groups_note + "".join(f" Not shown alone: {name}." for name in groups.left_out),
        support=groups.table[["persons", "events", "units"]],
    )


def difference_table(groups: Subgroups) -> Table:
    """Say of each field whether its groups differ.

    Parameters
    ----------
    groups : Subgroups
    """
    return Table(
        title=f"Do groups differ? ({groups.result.estimand.contrast})",
        frame=groups.differences.rename(columns={"conf_low": "low", "conf_high": "high"}),
        columns=(
            Column("field", "Field"),
            Column("groups", "Groups", "whole"),
            Column("difference", "Last less first", "signed"),
            *bounds,
            Column("p_value", "p", "p"),
            Column("p_holm", "p, all fields counted", "p"),
            Column("mde", "Found 4 times in 5", "number"),
            Column("verdict", "Verdict"),
        ),
        note="Test that all groups of a field have the same effect; a difference is given of two groups. Found 4 times "
        "in 5: how far the group of which least is known would have to lie from the others. Not testable: that is more "
        f"than the smallest difference that matters, {words.number(groups.matters)}; then silence says nothing.",
        support=smallest(groups.table[["persons", "events", "units"]]),
    )
