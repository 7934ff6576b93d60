"""What people say beside what was estimated: themes and results, each with its direction, by a rule stated beforehand.

A side speaks only where it has a direction. Words do where enough of those heard bring the theme up and say that the
programme helps, or harms. A result does where its whole interval lies on one side of no effect; and it says that there
is none that matters where its whole interval lies within what matters. Both speak and agree: convergent; both speak and
differ: discordant; else the display is silent and says which side is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.errors import DataError, DesignError, Problems
from coresponder_causal.core.result import Result
from coresponder_causal.qualitative.coded import Coded
from coresponder_causal.qualitative.matrices import code_counts

Says = Literal["helps", "harms", "mixed"]
Better = Literal["less", "more"]
everybody, by_machine = "all", "machine"
rule_text = (
    "Convergent: both sides have a direction, and it is the same. Discordant: both have one, and they differ. Silent: "
    "one of them has none. Words have one where the theme says that the programme helps or harms and {least} or more "
    "brought it up; a result has one where its whole 95 % interval lies on one side of no effect. A result whose whole "
    "interval lies within what matters says none: discordant with help or harm, convergent with mixed words."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """A theme, what those who bring it up say, and which result it is held beside.

    Parameters
    ----------
    code : str
        Code whose segments, and those below it, are the theme.
    outcome : str
        Outcome of the result.
    says : {"helps", "harms", "mixed"}
        What those who bring it up say of the programme; decide it before the result is seen.
    better : {"less", "more"}
        Whether less or more of the outcome is a help.
    result : str, optional
        Id of the result; by default the first of the outcome.
    matters : float, optional
        Smallest effect that matters, above 0, on the result's own scale.
    """

    code: str
    outcome: str
    says: Says
    better: Better = "less"
    result: str | None = None
    matters: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointDisplay:
    """Themes beside results: made by `joint_display`, never by hand.

    Parameters
    ----------
    frame : DataFrame
        One row per theme, in the order given: ``theme, says, cases_with, cases, outcome, result`` (id, blank without
        one), ``scale, estimate, low, high`` (of the 95 % interval), ``help_low, help_high`` (turned so that above 0 is
        help), ``found`` (helps, harms, none, or blank), ``verdict`` and ``why``.
    shares : DataFrame
        ``theme, group, cases_with, cases, share``: of how many heard in each stakeholder group; the group "all" first.
    by : str
        Attribute that forms the groups.
    rule : str
        The rule of the verdicts.
    """

    frame: pd.DataFrame
    shares: pd.DataFrame
    by: str
    rule: str


def joint_display(
    coded: Coded,
    themes: Sequence[Theme],
    results: Mapping[str, Result],
    *,
    by: str = "stakeholder",
    coder: str | None = None,
    machines: Sequence[str] = (),
    least: int = 3,
) -> JointDisplay:
    """Hold themes beside results.

    Not for adding voices up to evidence of an effect: people were not drawn by lot, and agreement of two sides that err
    for one reason proves nothing. What machines coded has no place here; narratives come in as a result of
    `call_narrative`, in which people's codes correct the machine.

    Parameters
    ----------
    coded : Coded
        Of sources that may be used, such as `consented` leaves.
    themes : sequence of Theme
    results : mapping of str to Result
        By their ids, headline first.
    by : str
        Attribute of sources that forms the groups.
    coder : str, optional
        Whose segments to count; by default everybody's.
    machines : sequence of str
        Coders that are programs, besides one named "machine".
    least : int
        Cases that must bring a theme up for it to be heard.

    Returns
    -------
    JointDisplay

    Raises
    ------
    DesignError
        Listing every broken rule: no theme, codes or results that are not there, a result of another outcome, a
        direction that is none, shares that a machine coded.
    DataError
        No such attribute or coder.

    References
    ----------
    Farmer, Robinson, Elliott & Eyles (2006), Qualitative Health Research 16:377, doi:10.1177/1049732305285708
    (agreement, dissonance, silence); Guetterman, Fetters & Creswell (2015), Annals of Family Medicine 13:554,
    doi:10.1370/afm.1865 (joint displays).

    Examples
    --------
    >>> from coresponder_causal.qualitative import Code, Segment, Source
    >>> who = (("stakeholder", "officer"),)
    >>> sources = tuple(Source(name=f"I{i}", text="Calmer.", attributes=who) for i in range(4))
    >>> spoken = tuple(Segment(source=f"I{i}", start=0, end=6, code="Calm") for i in range(3))
    >>> coded = Coded(codes=(Code(name="Calm"),), sources=sources, segments=spoken)
    >>> joint_display(coded, [Theme(code="Calm", outcome="force", says="helps")], {}).frame[["verdict", "why"]].values
    array([['silent', 'no result of this outcome']], dtype=object)
    """
    _require(coded, themes, results, machines, coder, least)
    used = code_counts(coded, coder=coder, roll_up=True).assign(**{by: everybody})
    apart = code_counts(coded, by=by, coder=coder, roll_up=True)
    counts = pd.concat([used, apart], ignore_index=True).rename(columns={"code": "theme", by: "group"})
    shares = pd.concat([counts[counts["theme"].eq(theme.code)] for theme in themes], ignore_index=True)
    whole = used.set_index("code")[["cases_with", "cases"]].T.to_dict()
    rows = [_row(theme, results, whole[theme.code], least) for theme in themes]
    return JointDisplay(
        frame=pd.DataFrame(rows),
        shares=shares[["theme", "group", "cases_with", "cases", "share"]],
        by=by,
        rule=rule_text.format(least=least),
    )


def _row(theme: Theme, results: Mapping[str, Result], heard: Mapping[str, int], least: int) -> dict[str, object]:
    """Hold one theme beside its result."""
    name = theme.result or next((key for key, one in results.items() if one.estimand.outcome == theme.outcome), "")
    result = results.get(name)
    estimate = low = high = np.nan
    if result is not None:
        first = result.tidy().iloc[0]
        sides = ("estimate", "conf_low", "conf_high")
        estimate, low, high = (float(first[side]) for side in sides)
    turn = -1.0 if theme.better == "less" else 1.0
    ends = sorted((turn * low, turn * high))
    found = _found(ends[0], ends[1], theme.matters)
    verdict, why = _verdict(theme.says, found, heard["cases_with"], least, result is not None)
    return {
        "theme": theme.code, "says": theme.says, "cases_with": heard["cases_with"], "cases": heard["cases"],
        "outcome": theme.outcome, "result": name, "scale": "" if result is None else result.scale,
        "estimate": estimate, "low": low, "high": high, "help_low": ends[0], "help_high": ends[1], "found": found,
        "verdict": verdict, "why": why,
    }  # fmt: skip


def _found(low: float, high: float, matters: float | None) -> str:
    """Say what an interval says, turned so that above 0 is help.

    Examples
    --------
    >>> _found(0.1, 0.3, None), _found(-0.1, 0.3, None), _found(-0.1, 0.3, 0.5), _found(np.nan, np.nan, 0.5)
    ('helps', '', 'none', '')
    """
    if matters is not None and -matters < low and high < matters:
        return "none"
    return "helps" if low > 0 else "harms" if high < 0 else ""


def _verdict(says: Says, found: str, heard: int, least: int, estimated: bool) -> tuple[str, str]:
    """Compare what words and a result say."""
    if heard < least:
        return "silent", "too few brought it up"
    if not estimated:
        return "silent", "no result of this outcome"
    if not found:
        return "silent", "the interval leaves the direction open"
    if says == "mixed" and found != "none":
        return "silent", "the words have no one direction"
    same = found == ("none" if says == "mixed" else says)
    words = "none that matters" if found == "none" else found
    return ("convergent" if same else "discordant"), f"words: {says}; result: {words}"


def _require(
    coded: Coded,
    themes: Sequence[Theme],
    results: Mapping[str, Result],
    machines: Sequence[str],
    coder: str | None,
    least: int,
) -> None:
    problems, names = Problems("the joint display"), {entry.name: entry for entry in coded.codes}
    if not themes or least < 1:
        problems.add(f"{len(themes)} themes, least={least}", mend="name a theme, and one case at least")
    if coder is not None and coder not in coded.coders:
        raise DataError(f"nobody named {coder!r} coded", mend=f"take one of {', '.join(map(repr, coded.coders))}")
    programs = {by_machine, *(name.casefold() for name in machines)}
    for theme in themes:
        refuse_choice(f"says of {theme.code!r}", theme.says, Says, problems)
        refuse_choice(f"better of {theme.code!r}", theme.better, Better, problems)
        if theme.code not in names:
            problems.add(f"there is no code {theme.code!r}", mend="take a name of the codebook")
        if theme.matters is not None and not theme.matters > 0:
            problems.add(f"matters of {theme.code!r} is {theme.matters}", mend="give a number above 0")
        if theme.result is not None and theme.result not in results:
            problems.add(f"there is no result {theme.result!r}", mend=f"take one of {', '.join(results) or 'none'}")
        elif theme.result is not None and results[theme.result].estimand.outcome != theme.outcome:
            problems.add(f"result {theme.result!r} is not of {theme.outcome!r}", mend="name one of this outcome")
    wanted = {theme.code for theme in themes}
    under = {name for name in names if name in wanted or wanted & set(coded.above(name))}
    own = [s for s in coded.segments if s.code in under and (coder is None or s.coder == coder)]
    if raw := sum(segment.coder.strip().casefold() in programs for segment in own):
        problems.add(
            f"a machine coded {raw} of {len(own)} segments of these themes",
            mend="take a person's with coder=; for narratives draw a sample for people and name the corrected result",
        )
    problems.raise_if_any(DesignError)
