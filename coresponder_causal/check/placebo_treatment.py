"""Whether the method finds nothing where the treatment is drawn again among like calls."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.exchange import Cells, cells_of, exchangeable, exchanged, expected, groups
from coresponder_causal.core.inference import holm, p_value, simulated_p_value, yes_count_tail
from coresponder_causal.core.inference import power as power_of
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.core.registry import numbers_again
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, judged, not_applicable
from coresponder_causal.design import CallDesign, CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.design.adjusted_again import adjusted_again
from coresponder_causal.design.covariates import labels

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Exchange = Literal["blocks", "calls"]
name = "placebo_treatment"
assumption = "Drawn again among calls of the same hours and persons with as many calls, the treatment does nothing."
received, enough, most_by_chance, nominal = "received_at", 2 / 3, 1 / 8, 0.05


class _Blocks(NamedTuple):
    """Within what treatments are exchanged, in words, and the cells of the calls kept."""

    words: str
    calls: CallDesign
    cells: Cells


def placebo_treatment(
    result: Result,
    design: CallDesign | SeriesDesign | PanelDesign | CoverageDesign,
    *,
    draws: int = 99,
    exchange: Exchange = "blocks",
    seed: int = 1,
) -> CheckResult:
    """Let like calls exchange their treatments many times, and estimate each time as the result was estimated.

    Parameters
    ----------
    result : Result
        Of calls; its first term is looked at.
    design : CallDesign
        The design it was made from; matching or weighting is made again in every draw.
    draws : int
        Number of placebos.
    exchange : {"blocks", "calls"}
        Whole persons with as many calls exchange the sequence of their treatments, within hours of the week (of the
        first call) and the columns in which matched calls are equal. Where fewer than two thirds of the calls have a
        partner, or there are so many groups that chance alone puts more than an eighth of the variance of treatment
        between them, hours of the week are taken together to quarter days of working days and of weekends, then left
        out.
        ``"calls"``: call by call across all of them, as is usual elsewhere. That sees neither confounding by the hour
        or by the person, nor that calls of a person are alike: it hardly ever contradicts.
    seed : int
        Of the draws.

    Returns
    -------
    CheckResult
        Contradicts when, at 5 % after Holm's correction, the placebos do not centre on nothing (hour or person
        confounds, and the method leaves it in) or more than 5 % of them are significant (the standard error is too
        small). Its table has a row for each: ``what, found, expected, p_value, p_holm``, and a row for the estimate
        among the placebos. Its power is that of seeing the centre if all of the estimate were such confounding.
        ``course``: the placebo estimates.

    Notes
    -----
    The estimate is taken off the outcomes of the treated calls first, so that a true effect does not move the centre.
    With λ the share of the variance of treatment that lies between blocks, of B exchanges the mean has the variance
    λ(1 − λ)s² + v/B where nothing confounds: s is the standard error of the placebos, v their variance.

    References
    ----------
    Winkler, Webster, Vidaurre, Nichols & Smith (2015), doi:10.1016/j.neuroimage.2015.05.092 (exchange of whole blocks).

    Examples
    --------
    >>> from coresponder_causal.estimate import call_difference
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"attended": rng.random(400) < 0.4, "minutes": rng.normal(size=400), "person": range(400)})
    >>> d = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=[], person="person")
    >>> found = placebo_treatment(call_difference(d), d, draws=39)
    >>> found.verdict, found.table["what"].tolist()
    ('no contradiction found', ['centre', 'significant', 'estimate'])
    """
    if not isinstance(design, CallDesign) or result.kind == "set":
        return not_applicable(name, assumption, "It needs a design of calls and an estimate that is no set.")
    blocks = _blocks(_without_effect(result, design), exchange)
    treated = blocks.calls.treated
    if not exchangeable(blocks.cells, treated).any():
        return not_applicable(name, assumption, "No two calls that are alike in hour and person differ in treatment.")
    rng = np.random.default_rng(seed)
    found, failed = [], ""
    for _ in range(draws):
        try:
            found.append(_estimate(result, design, blocks.calls, exchanged(blocks.cells, treated, rng)))
        except CausalError as error:
            failed = error.what
    if len(found) < draws / 2:
        return not_applicable(name, assumption, f"The method cannot be fitted to most of the placebos: {failed}.")
    between = float(np.var(expected(blocks.cells, treated)) / np.var(treated))
    return _judged(result, design, blocks, np.array(found), between, draws)


def _without_effect(result: Result, design: CallDesign) -> CallDesign:
    """Take the estimate off the outcomes of the treated calls."""
    y, effect = design.outcome_values(), float(result.estimate[0])
    bare = y * np.exp(-effect) if result.scale == "log_ratio" else y - effect
    kept = np.where(design.treated, bare, y)
    return replace(design, source=design.source.assign(**{str(design.outcome): kept}), adjustment=None)


def _blocks(calls: CallDesign, exchange: Exchange) -> _Blocks:
    """Choose the finest blocks in which enough calls have a partner, and keep the calls that have one."""
    if received in calls.source:
        calls = replace(calls, source=calls.source.sort_values(received, kind="stable", ignore_index=True))
    if exchange == "calls":
        every = np.arange(len(calls.source))
        return _Blocks("calls one by one across all hours", calls, cells_of(every, np.zeros(len(every), np.int64)))
    for words, hours in _hours(calls):  # noqa: B007
        named = [hours, *(labels(calls.source[column]) for column in calls.equal_in)]
        block = np.asarray(pd.DataFrame(dict(enumerate(named))).groupby(list(range(len(named)))).ngroup(), np.int64)
        persons = np.asarray(calls.persons, np.int64)
        cells = cells_of(persons, block)
        partnered = exchangeable(cells, calls.treated)
        if partnered.mean() >= enough and groups(cells) <= most_by_chance * len(partnered):
            break
    kept = replace(calls, source=calls.source[partnered].reset_index(drop=True))
    whom = "persons with as many calls" if calls.person else "calls"
    within = [words, *(f"equal {column}" for column in calls.equal_in)]
    said = f"{whom} within {' and '.join(word for word in within if word) or 'the whole table'}"
    return _Blocks(said, kept, cells_of(persons[partnered], block[partnered]))


def _hours(calls: CallDesign) -> list[tuple[str, Codes]]:
    """Blocks of hours, the finest first."""
    none = ("", np.zeros(len(calls.source), np.int64))
    if received not in calls.source:
        return [none]
    times = pd.DatetimeIndex(pd.to_datetime(calls.source[received]))
    hour, weekend = times.hour.to_numpy(np.int64), (times.day_of_week >= 5).astype(np.int64)
    week = times.day_of_week.to_numpy(np.int64) * 24 + hour
    return [("hours of the week", week), ("quarter days and weekends", weekend * 4 + hour // 6), none]


def _estimate(result: Result, design: CallDesign, calls: CallDesign, drawn: NDArray[np.bool_]) -> tuple[float, ...]:
    """Estimate, standard error and degrees of freedom with drawn treatments."""
    placebo = replace(calls, source=calls.source.assign(**{calls.treatment: drawn}))
    with quietly(), collecting():
        again = adjusted_again(placebo, design)
    fit = numbers_again(result, again)
    return float(fit.estimate[0]), float(np.sqrt(fit.vcov[0, 0])), float(fit.df[0])


def _judged(
    result: Result, design: CallDesign, blocks: _Blocks, found: Array, between: float, draws: int
) -> CheckResult:
    estimate, std_error, df = found.T
    centre, spread, usual = float(estimate.mean()), float(estimate.std(ddof=1)), float(np.median(std_error))
    unsure = float(np.sqrt(between * (1 - between) * usual**2 + spread**2 / len(found)))
    significant = int((p_value(estimate / std_error, df) < nominal).sum())
    own = float(result.tidy()["statistic"].iloc[0])
    rows = [
        ("centre", centre, 0.0, float(p_value(centre / unsure, np.inf))),
        ("significant", significant / len(found), nominal, yes_count_tail(significant, [nominal], [len(found)])),
    ]
    table = pd.DataFrame(rows, columns=["what", "found", "expected", "p_value"])
    table["p_holm"] = holm(table["p_value"])
    rejects = bool((table["p_holm"] < nominal).any())
    among = simulated_p_value(abs(own), np.abs(estimate - centre) / std_error)
    placed = {"what": "estimate", "found": float(result.estimate[0]), "expected": centre, "p_value": among}
    table = pd.concat([table, pd.DataFrame([placed])], ignore_index=True)
    able = float(power_of((1 - between) * float(result.estimate[0]), unsure, np.inf))
    lost = f" {draws - len(found)} could not be fitted." if len(found) < draws else ""
    sentence = (
        f"{len(found)} placebos in which {blocks.words} exchanged their treatments ({len(blocks.calls.source)} of "
        f"{len(design.source)} calls have a partner) centre on {centre / usual:+.2f} standard errors "
        f"(p {table['p_holm'][0]:.3f} after Holm's correction) and {100 * significant / len(found):.0f} % of them are "
        f"significant at 5 % (p {table['p_holm'][1]:.3f}); their standard deviation is {spread / usual:.2f} of the "
        f"standard error. The estimate among them: p {among:.3f}. Confounding by these blocks as large as the estimate "
        f"would be seen with probability {able:.2f}.{lost}"
    ).replace("-", "−")
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=rejects, power=able),
        power=able,
        table=table,
        sentence=sentence,
        course=pd.DataFrame({"placebo": np.arange(1, len(found) + 1), "estimate": estimate, "std_error": std_error}),
    )
