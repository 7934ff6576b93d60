"""The page that compares cities: what they say together, side by side, what may be compared, what was left out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.second_stage import SecondStage
from coresponder_causal.decide.federated import Federated, Question
from coresponder_causal.report import words
from coresponder_causal.report.cities_picture import cities_picture, comparable_picture, title_of
from coresponder_causal.report.page import simulated_banner
from coresponder_causal.report.specs import Block, Bullets, Column, Page, Section, Sentence, Table, of_nobody

how = (
    "Every city estimated its effect at home. What came here of each is the effect, its variance and how many stand "
    "behind it: no row, no series, no name. Put together by random effects: REML between cities, Hartung and Knapp's "
    "interval for the mean, and a prediction interval for another city.",
    "The mean is the average of these cities' effects. It is not what any city must expect: for that read the "
    "prediction interval, and whether the cities are like yours.",
    "A city of which too few events stood behind an effect sent none. If few events were left after the start in "
    "those, the mean misses the largest falls.",
    "A release ends with a hash, which shows that a file was changed, not who wrote it: compare its first digits with "
    "the city by telephone.",
)


def comparison_page(found: Federated, *, title: str | None = None) -> Page:
    """Put what several cities released on one page.

    Parameters
    ----------
    found : Federated
    title : str, optional

    Returns
    -------
    Page
    """
    together = [one for one in found.questions if one.found is not None]
    grid = comparable_picture(found)
    side: list[Block] = [cities_picture(found), *(cities_table(one) for one in together)]
    compared: list[Block] = [*([] if grid is None else [grid]), *_differences(found)]
    sections = (
        Section(title="The cities side by side", blocks=tuple(side)),
        Section(title="Do they count the same thing?", blocks=tuple(compared)),
        Section(title="What must be read beside it", blocks=(Bullets(items=tuple(_remarks(found))),)),
        Section(title="Who released what", blocks=(releases_table(found), *_withheld(found))),
        Section(title="How it was put together", blocks=(Bullets(items=tuple(map(_plain, how))),)),
    )
    return Page(
        title=title or "Several cities compared",
        subtitle=f"{len(found.releases)} cities: {', '.join(one.city for one in found.releases)}",
        banners=(simulated_banner,) if found.simulated else (),
        finding=tuple(sentence for one in together for sentence in together_sentences(one)),
        sections=sections,
    )


def together_sentences(question: Question) -> Iterator[Sentence]:
    """Say the mean of the cities, how far they differ, and what another city may expect.

    Parameters
    ----------
    question : Question
        Of which two cities or more were put together.
    """
    found = question.found
    assert found is not None  # who has none is not told
    used = question.cities[question.cities["used"]]
    many, support = len(used), pd.DataFrame({"events": [float(used["support"].min())]})
    yield Sentence(
        text=f"{title_of(question)}, {many} cities: on average {_shown(found.estimate, question)} "
        f"(95 % interval {_shown(found.low, question)} to {_shown(found.high, question)}).",
        numbers=Facts({"estimate": found.estimate, "low": found.low, "high": found.high, "cities": many}),
        support=support,
    )
    if np.isfinite(found.predicted_low):
        yield Sentence(
            text=f"In another city of this kind it would lie between {_shown(found.predicted_low, question)} and "
            f"{_shown(found.predicted_high, question)}; {_differ(found)}.",
            numbers=Facts({"predicted_low": found.predicted_low, "predicted_high": found.predicted_high}),
            support=support,
        )


def cities_table(question: Question) -> Table:
    """List the cities of one question with their effects and their share in the mean."""
    rows = question.cities
    percent = question.scale == "log_ratio"
    effects = {name: 100 * np.expm1(rows[name]) if percent else rows[name] for name in ("estimate", "low", "high")}
    without = 100 * np.expm1(rows["without"].astype(float)) if percent else rows["without"].astype(float)
    frame = rows.assign(**effects, without=without, weight=rows["weight"].astype(float) * 100)
    unit = "%" if percent else question.words
    return Table(
        title=title_of(question),
        frame=frame.sort_values("estimate", kind="stable", ignore_index=True),
        columns=(
            Column("city", "City"),
            Column("verdict", "Definition"),
            Column("estimate", f"Effect, {unit}", "signed"),
            Column("low", "From", "signed"),
            Column("high", "To", "signed"),
            Column("weight", "Share in the mean, %", "number"),
            Column("without", f"Mean without it, {unit}", "signed"),
            Column("support", "Fewest behind it", "whole"),
        ),
        note="Intervals of 95 %. A city without a share is not put together with the others; why is said below.",
        support=pd.DataFrame({"events": frame.sort_values("estimate", kind="stable")["support"].astype(float)}),
    )


def definitions_table(found: Federated) -> Table:
    """List the pairs of cities whose definitions differ or are not known, each once."""
    pairs = found.verdicts[found.verdicts["city"] < found.verdicts["other"]]
    apart = pairs[pairs["why"] != ""]
    counted = pairs["verdict"].value_counts()
    said = ", ".join(f"{many} {verdict}" for verdict, many in counted.items())
    return Table(
        title="Definitions that differ",
        frame=apart.reset_index(drop=True),
        columns=(
            Column("metric", "Outcome"),
            Column("city", "City"),
            Column("other", "Other city"),
            Column("verdict", "May be compared"),
            Column("why", "What differs"),
        ),
        note=f"Of {len(pairs)} pairs: {said}." if len(pairs) else "",
        support=of_nobody,
    )


def releases_table(found: Federated) -> Table:
    """List the releases, with what shows that they were not changed."""
    rows = [
        {
            "city": one.city,
            "effects": len(one.effects),
            "withheld": len(one.withheld),
            "doubts": sum(effect.doubts for effect in one.effects),
            "version": one.version,
            "sha256": one.sha256[:16] or "run here",
        }
        for one in found.releases
    ]
    return Table(
        title="Releases",
        frame=pd.DataFrame(rows),
        columns=(
            Column("city", "City"),
            Column("effects", "Effects", "whole"),
            Column("withheld", "Withheld", "whole"),
            Column("doubts", "Doubts in its own report", "whole"),
            Column("version", "Program"),
            Column("sha256", "Hash begins with", inside=True),
        ),
        support=of_nobody,
    )


def _differences(found: Federated) -> Iterator[Block]:
    if (found.verdicts["why"] != "").any():
        yield definitions_table(found)
    else:
        yield _plain("Every pair of cities has registered the same definition of every outcome.")


def _withheld(found: Federated) -> Iterator[Block]:
    said = [
        _plain(f"{one.city}: {outcome.replace('_', ' ')}, {words.method(method).lower()}, {why}.")
        for one in found.releases
        for outcome, method, why in one.withheld
    ]
    if said:
        yield Bullets(items=tuple(said))


def _remarks(found: Federated) -> Iterator[Sentence]:
    for question in found.questions:
        if question.found is None:
            yield _plain(f"{title_of(question)}: fewer than two cities can be put together.")
        for note in question.notes:
            yield _plain(f"{title_of(question)}: {note}.")
    if not any(question.notes for question in found.questions):
        yield _plain("Nothing was said while the cities were put together.")


def _plain(text: str) -> Sentence:
    return Sentence(text=text, support=of_nobody)


def _shown(value: float, question: Question) -> str:
    return words.percent(100 * np.expm1(value)) if question.scale == "log_ratio" else words.signed(value)


def _differ(found: SecondStage) -> str:
    if found.tau == 0:
        return f"the cities differ no more than chance makes them (homogeneity p = {words.p_value(found.q_p_value)})"
    return (
        f"true effects differ between cities by a standard deviation of {words.number(found.tau)} "
        f"({words.number(found.tau_low)} to {words.number(found.tau_high)}) on the scale of estimation"
    )
