"""Calls just inside and just outside the hours of the team, after the start against before it.

Estimand: the mean effect of the team's presence on the calls near the clock time at which it comes on (or goes off) for
which it hung on that time (LATE; ATT where the team came to no call outside its hours). Beside it the
intention-to-treat effect of the hours themselves at that time; this alone where nobody recorded who was attended.

Needs: calls one by one, from before and after the start, some hundreds within two hours of the boundary on each of four
sides; whatever else changes at that clock time, a change of patrol shifts above all, changes by as much before the
start as after it; nothing bends sharply within the bandwidth (check: placebo_boundaries); calls that are sent as they
come, without waiting for the team (check: holding), or the ratio read with its Anderson–Rubin set.

Estimator: straight lines in the minutes from the boundary on either side of it, before and after the start, weighted by
1 − |minutes|/bandwidth; itt is the jump of the outcome at the boundary after the start less the jump before it, the
first stage that of the treatment, and the headline is their ratio: weighted two-stage least squares with the instrument
inside × after. Calls in the donut around the boundary are left out: stamps of receipt are heaped and imprecise there.

Inference: scores summed by week, t(G − 1), as calls of a shift share its shocks and minutes are heaped; the
Anderson–Rubin set and the effective F of the first stage. The honest interval widens for the largest bias that lines
can have if every side bends as much as the most bent of the four parabolas fitted within twice the bandwidth: this
holds for heaped minutes too.

Breaks: few calls lie near a boundary: the standard error is several times that of call_iv (docs/call_designs.md), and
it corroborates, never leads. The jump after the start alone (contrast "discontinuity") takes the change of patrol
shifts at the same clock time for the team. Calls held until the team comes on have it although they were received
before: the first stage is then small (the ratio still holds, read the Anderson–Rubin set). A patrol schedule that moved
with the start; a programme that changed which calls are made or typed near the boundary.

Reference: Grembi, Nannicini & Troiano 2016, doi:10.1257/app.20150076; Picchetti, Pinto & Shinoki 2024,
doi:10.48550/arXiv.2405.18531; Kolesár & Rothe 2018, doi:10.1257/aer.20160945. Checked against statsmodels 0.15 and
linearmodels 7.1.

Say: At the hour at which the team comes on, {outcome} of the calls it attended changed by {estimate} ({interval}).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import boundary as kernels
from coresponder_causal.core.domain import measured_table
from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.two_stage import TwoStage
from coresponder_causal.core.two_stage_spread import (
    Errors,
    Spread,
    anderson_rubin,
    clustered_spread,
    errors_of,
    say_few,
    say_strength,
    strength,
)
from coresponder_causal.design.coverage import CoverageDesign
from coresponder_causal.design.coverage_boundary import Boundary, attended, boundary_calls, side_of, sides

Array = NDArray[np.float64]
few_calls, heaped = 100, 2 * len(kernels.round_minutes) / 60


class _Ask(NamedTuple):
    """What is asked for: the options of the estimator."""

    boundary: Boundary
    bandwidth: float
    donut: float
    kernel: kernels.Kernel
    contrast: Literal["difference", "discontinuity"]


@estimator(
    design=CoverageDesign,
    contrasts=("ATT", "LATE", "ITT of coverage"),
    reference="Grembi, Nannicini & Troiano 2016; Picchetti, Pinto & Shinoki 2024; Kolesár & Rothe 2018",
    checked_against="statsmodels 0.15, linearmodels 7.1",
    setting="boundary",
)
def call_boundary(
    d: CoverageDesign,
    *,
    boundary: Boundary = "opening",
    bandwidth: float = 120.0,
    donut: float = 10.0,
    kernel: kernels.Kernel = "triangular",
    contrast: Literal["difference", "discontinuity"] = "difference",
) -> Result:
    """Jump of an outcome of calls where the team comes on or goes off, after the start less before it.

    Parameters
    ----------
    d : CoverageDesign
        Formed of the table of calls, not of counts.
    boundary : {"opening", "closing"}
        Where covered hours begin, or where they end; effects are those of the team in either case.
    bandwidth : float
        Minutes on either side. Two hours by default: at one hour the standard error is much larger, and over four
        hours the lines must bend with the day; ``docs/call_designs.md`` holds what was measured of all three.
    donut : float
        Minutes around the boundary that are left out.
    kernel : {"triangular", "uniform"}
        Weights of the calls by their distance.
    contrast : {"difference", "discontinuity"}
        After less before; or the jump after the start alone, which is in doubt.

    Returns
    -------
    Result
        Terms ``att`` (``late`` where some calls outside the team's hours had it) and ``itt``, in units of the outcome;
        ``itt`` alone where the calls do not say which the team attended. ``extra`` holds the first stage, effective F
        and Anderson–Rubin set as in `call_iv`; the headline at half and at twice the bandwidth (``half_estimate,
        half_std_error, double_estimate, double_std_error``); ``bend`` (departure from a straight line over the
        bandwidth), ``worst_bias, honest_low, honest_high``; the number of different clock minutes and the share of
        calls stamped at a full quarter of an hour. ``path`` holds means by 15 minutes and the fitted lines.

    Raises
    ------
    DesignError
        A design of counts: form it of the table of calls.
    EstimationError
        Options that fit no window; a side without calls; a boundary that does not move the treatment.

    References
    ----------
    Grembi, Nannicini & Troiano (2016), doi:10.1257/app.20150076.

    Examples
    --------
    >>> from coresponder_causal.validity.boundary_worlds import boundary_design
    >>> d = boundary_design(np.random.default_rng(1), calls=13_000)
    >>> call_boundary(d).terms["term"].tolist()
    ['att', 'itt']
    """
    ask = _Ask(boundary, float(bandwidth), float(donut), kernel, contrast)
    _refuse_no_window(ask)
    every = boundary_calls(d, boundary, within=2 * ask.bandwidth)
    every = every[every["after"]] if contrast == "discontinuity" else every
    rows = _within(every, ask.bandwidth, ask)
    _refuse_empty_sides(rows, ask)
    fit = _fitted(d, rows, ask.bandwidth, ask)
    spread = clustered_spread(fit, rows["week"], by="week")
    errors = errors_of(fit, spread)
    recorded = attended in rows
    terms = [*([_headline(rows)] if recorded else []), "itt"]
    facts = _facts(d, rows, spread, ask) | _other_bandwidths(d, every, ask) | _honest(every, rows, fit, errors, ask)
    if recorded:
        found = anderson_rubin(fit, spread, errors.late)
        say_strength(fit, spread, found)
        facts |= strength(fit, spread, found)
    _say(rows, ask)
    say_few(spread)
    kept = slice(None) if recorded else slice(1, None)
    return Result(
        method="call_boundary",
        estimand=_estimand(d, rows, terms[0], ask),
        terms=pd.DataFrame({"term": terms}),
        estimate=np.array([fit.late, fit.itt])[kept],
        vcov=np.array([[errors.late**2, np.nan], [np.nan, errors.itt**2]])[kept, kept],
        df=np.array([errors.late_df, errors.itt_df])[kept],
        scale="difference",
        support=_support(d, rows, terms),
        path=kernels.binned(
            every[["y", "minutes", "after", "inside"]], bandwidth=ask.bandwidth, donut=ask.donut, kernel=kernel
        ),
        n_obs=len(rows),
        n_units=spread.units,
        extra=Facts(facts),
    )


def _refuse_no_window(ask: _Ask) -> None:
    problems = Problems("call_boundary")
    if not 0 < ask.bandwidth <= 720:
        problems.add(f"bandwidth={ask.bandwidth:g} is not between 0 and 720 minutes", mend="give minutes, e.g. 120")
    if not 0 <= ask.donut < ask.bandwidth:
        problems.add(
            f"donut={ask.donut:g} is not between 0 and the bandwidth", mend="give fewer minutes than the bandwidth"
        )
    problems.raise_if_any(EstimationError)


def _within(rows: pd.DataFrame, bandwidth: float, ask: _Ask) -> pd.DataFrame:
    return rows[kernels.near(rows["minutes"].to_numpy(float), bandwidth=bandwidth, donut=ask.donut)]


def _refuse_empty_sides(rows: pd.DataFrame, ask: _Ask) -> None:
    """Refuse a window with a side of fewer than three calls; doubt one of few."""
    many = np.bincount(side_of(rows), minlength=4)
    wanted = range(4) if ask.contrast == "difference" else range(2, 4)
    said = ", ".join(f"{many[side]} {sides[side]}" for side in wanted)
    where = f"within {ask.bandwidth:g} minutes of the {ask.boundary}"
    fewest = min(int(many[side]) for side in wanted)
    if fewest < 3:
        raise EstimationError(f"too few calls {where}: {said}", mend="widen the bandwidth, or bring a longer time")
    if fewest < few_calls:
        doubt(f"few calls {where}: {said}; fewer than {few_calls} on a side tell little")


def _fitted(d: CoverageDesign, rows: pd.DataFrame, bandwidth: float, ask: _Ask) -> TwoStage:
    """Fit the lines; where the treatment is not recorded the hours themselves stand for it."""
    inside, after = (rows[name].to_numpy(bool) for name in ("inside", "after"))
    known = d.covariate_frame().loc[rows.index] if d.covariates else None
    return kernels.local_linear(
        rows["y"].to_numpy(float),
        rows[attended].to_numpy(float) if attended in rows else (inside & after).astype(float),
        rows["minutes"].to_numpy(float),
        inside=inside,
        after=after,
        bandwidth=bandwidth,
        kernel=ask.kernel,
        covariates=known,
    )


def _headline(rows: pd.DataFrame) -> str:
    """Name the ratio: the ATT where no call had the treatment outside the team's hours."""
    return "att" if _elsewhere(rows).empty else "late"


def _elsewhere(rows: pd.DataFrame) -> pd.DataFrame:
    """Treated calls outside the team's hours."""
    return rows[rows[attended].astype(bool) & ~(rows["inside"] & rows["after"])]


def _say(rows: pd.DataFrame, ask: _Ask) -> None:
    """Say what the contrast leans on."""
    if ask.contrast == "discontinuity":
        doubt(f"the jump after the start alone takes whatever else changes at that hour for the team{_measured_bias()}")
    else:
        note("few calls lie near a boundary: this corroborates other designs and does not lead")
    if (share := kernels.stamps(rows["received"]).heaped) > heaped:
        note(
            f"{100 * share:.0f} % of these calls are stamped at a full quarter of an hour: read the honest interval too"
        )
    if attended in rows and not (elsewhere := _elsewhere(rows)).empty:
        planned, after = elsewhere["planned"], elsewhere["after"]
        kinds = {
            "before the start in shifts planned then (an earlier programme)": planned & ~after,
            "after it in shifts planned at other hours": planned & after,
            "outside planned shifts, as when calls are held for the team": ~planned,
        }
        each = ", ".join(f"{int(of.sum())} {kind}" for kind, of in kinds.items() if of.any())
        note(
            f"{len(elsewhere)} of {int(rows[attended].sum())} attended calls near the {ask.boundary} were received "
            f"outside the team's hours, {each}: the ratio speaks of calls whose attendance hung on the hour"
        )


def _measured_bias() -> str:
    """Say by how much the jump after the start alone was off where patrols change shifts at the same time."""
    table = measured_table()
    alone = table["options"].str.contains('"contrast": "discontinuity"', regex=False)
    rows = table[(table["method"] == "call_boundary") & alone & (table["effect"] != 0)]
    where = {True: "where patrols change shifts at that hour too", False: "and calls are held for the team as well"}
    said = [
        f"bias {row['bias']:+.3f} of an effect of {row['effect']:+.3f} {where[pd.isna(row['world'])]}"
        for row in rows.sort_values("world", na_position="first").to_dict("records")
    ]
    return f"; measured: {', '.join(said)}" if said else ""


def _facts(d: CoverageDesign, rows: pd.DataFrame, spread: Spread, ask: _Ask) -> dict[str, object]:
    assert d.calls is not None  # refused above
    own = d.calls[d.calls["city"] == d.treated]
    recorded = {"share_treated": float(own[attended].astype(float).mean())} if attended in own else {}
    stamps = kernels.stamps(rows["received"])
    return {
        "city": d.treated,
        "start": d.start,
        "treatment": attended if recorded else d.treatment,
        "outcome_unit": f"{str(d.outcome).replace('_', ' ')} per call",
        "yes_or_no": bool(rows["y"].isin([0.0, 1.0]).all()),
        "calls": len(own),
        **recorded,
        "boundary": ask.boundary,
        "contrast": ask.contrast,
        "bandwidth": ask.bandwidth,
        "donut": ask.donut,
        "kernel": ask.kernel,
        "cluster": spread.by,
        "clusters": spread.units,
        "interval": f"t({spread.units - 1}), clusters: week",
        "distinct_minutes": stamps.distinct,
        "heaped_share": stamps.heaped,
    }


def _other_bandwidths(d: CoverageDesign, every: pd.DataFrame, ask: _Ask) -> dict[str, object]:
    """Headline at half and at twice the bandwidth."""
    found: dict[str, object] = {}
    for name, factor in (("half", 0.5), ("double", 2.0)):
        rows = _within(every, factor * ask.bandwidth, ask)
        try:
            fit = _fitted(d, rows, factor * ask.bandwidth, ask)
            errors = errors_of(fit, clustered_spread(fit, rows["week"], by="week"))
        except EstimationError as error:
            note(f"no estimate at {name} the bandwidth: {error.what}")
            continue
        found |= {f"{name}_estimate": fit.late, f"{name}_std_error": errors.late, f"{name}_calls": len(rows)}
    return found


def _honest(every: pd.DataFrame, rows: pd.DataFrame, fit: TwoStage, errors: Errors, ask: _Ask) -> dict[str, object]:
    """Interval of the headline that allows for the largest bend seen within twice the bandwidth."""
    wide = _within(every, 2 * ask.bandwidth, ask)
    left = wide["y"] - (fit.late * wide[attended] if attended in wide else 0.0)
    bend = kernels.curvature(left.to_numpy(float), wide["minutes"].to_numpy(float), side_of(wide))
    minutes = rows["minutes"].to_numpy(float)
    weights = kernels.weights(minutes, bandwidth=ask.bandwidth, kernel=ask.kernel)
    bias = kernels.worst_bias(fit, weights, minutes, side_of(rows), bend) / abs(fit.first_stage)
    low, high = kernels.honest_interval(fit.late, errors.late, errors.late_df, bias)
    return {"bend": bend * ask.bandwidth**2 / 2, "worst_bias": bias, "honest_low": low, "honest_high": high}


def _support(d: CoverageDesign, rows: pd.DataFrame, terms: list[str]) -> pd.DataFrame:
    assert d.calls is not None  # refused above
    mine = [rows[rows[attended] == 1] if term != "itt" else rows for term in terms]
    return pd.DataFrame(
        {
            "term": terms,
            "persons": [d.calls.loc[part.index, d.person].nunique() if d.person else np.nan for part in mine],
            "events": [part["y"].sum() for part in mine],
            "units": [len(part) for part in mine],
        }
    )


def _estimand(d: CoverageDesign, rows: pd.DataFrame, term: str, ask: _Ask) -> Estimand:
    whose = {"att": "calls the team attended", "late": "calls whose attendance hung on the hour", "itt": "calls"}[term]
    side = "after the start less before" if ask.contrast == "difference" else "after the start alone"
    return Estimand(
        contrast={"att": "ATT", "late": "LATE", "itt": "ITT of coverage"}[term],
        outcome=str(d.outcome),
        treatment=f"the team on against off at the {ask.boundary} of covered hours, {side}",
        population=f"{whose} near the {ask.boundary} in {d.treated}",
        horizon=f"calls received {rows['received'].min():%Y-%m-%d} to {rows['received'].max():%Y-%m-%d}",
        scale="difference of means",
    )
