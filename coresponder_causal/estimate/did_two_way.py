"""Difference-in-differences by least squares with unit and time effects, with its clustered interval kept on a lead.

Estimand: the mean change of the treated units' outcome per full dose from the start on, over what it would have been
without the programme (ATT); with one start, or an effect that is the same for all units at all times.

Needs: units that would have changed alike without the programme (check: pretrends, pre_period, placebo_cities); no unit
that carries the finding (check: leave_one_out); at least five treated and ten untreated clusters.

Estimator: the coefficient b of D_it in y_it = a_i + g_t + b D_it + c'x_it, y the outcome, its rate per exposure or the
log of that rate. With month-of-year effects g_m(t), which absorb no change between years, the dose of the treated also
enters for every unit, as common_change.

Inference: t(G − 1) with CR1 standard errors over G clusters and the factor of a named program, or CR2 with
Bell–McCaffrey df. "wild" takes the p-value and the interval from the wild cluster bootstrap of that t with Webb's
weights, its samples made under the tested value (WCR) or at the estimate (WCU); where there are no more samples than
were asked for, all are taken. The size measured for such a test at that number of clusters is said beside every
result. With one treated unit, "permutation" ranks |b| among those of the untreated units, each treated in turn with
the treated one left out; the standard error is then the root mean square of theirs, and p cannot go below 1/(m + 1).

Breaks: with one treated city, whose own noise neither the standard error nor the bootstrap can see: clustered errors
and WCU reject far too often, WCR hardly ever, also where there is an effect. Take did_prediction_interval. With several
starts and effects that grow or differ, where weights can be negative: take a group-time estimator.

Reference: Bertrand, Duflo & Mullainathan 2004, doi:10.1162/003355304772839588; Cameron & Miller 2015,
doi:10.3368/jhr.50.2.317; Conley & Taber 2011, doi:10.1162/REST_a_00049; MacKinnon, Nielsen & Webb 2023,
doi:10.1002/jae.2969. Numbers checked against R fixest 0.14.2, the bootstrap's against wildboottest 0.3.2.

Say: In {city}, {outcome} changed by {mean_post} against the comparison units ({interval}).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError, Problems
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.few_clusters import clustered_size
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.numbered import numbered
from coresponder_causal.core.prediction_facts import ranked
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.regressors import log_rate
from coresponder_causal.core.result import Result
from coresponder_causal.core.sandwich import Convention
from coresponder_causal.core.two_way import Wild, two_way_clustered, two_way_fit, two_way_wild
from coresponder_causal.design.clusters import licence
from coresponder_causal.design.columns import counted
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
TimeEffects = Literal["period", "month_of_year"]
few_events, most_zeros = 10, 0.05


class _Judged(NamedTuple):
    """Covariance and df of the terms that an inference speaks of, what is said of it, its placebos or its samples."""

    vcov: Array
    df: Array
    facts: Facts
    placebo: Array | None = None
    wild: Array | None = None


@estimator(
    design=PanelDesign,
    setting="adopters",
    contrasts=("ATT",),
    reference="Cameron & Miller 2015",
    checked_against="R fixest 0.14.2, linearmodels 7.1, wildboottest 0.3.2",
)
def did_two_way(
    d: PanelDesign,
    *,
    time_effects: TimeEffects = "period",
    cluster_convention: Convention = "fixest",
    kind: Literal["CR1", "CR2"] = "CR1",
    log: bool = False,
    per: float = 1.0,
    inference: Literal["auto", "cluster", "wild", "permutation"] = "auto",
    wild: Wild = "WCR",
    replications: int = 1999,
    seed: int = 1,
) -> Result:
    """Difference-in-differences by least squares with unit and time effects.

    Parameters
    ----------
    d : PanelDesign
        Its covariates enter linearly; its weights weight the squares; its cluster (default: the unit) holds units.
    time_effects : {"period", "month_of_year"}
        One effect for each period, or for each of the twelve months with a change from the start on that is common to
        all units. Month-of-year effects need months, one start and one dose.
    cluster_convention : {"fixest", "linearmodels", "stata", "none"}
        Small-sample factor of CR1, see `coresponder_causal.core.sandwich.clustered`.
    kind : {"CR1", "CR2"}
        CR2 needs no factor and brings its own df.
    log : bool
        Whether the outcome, a count, enters as the log of its rate; otherwise as it is, or per exposure.
    per : float
        Units of exposure of the rate, e.g. 100000 residents.
    inference : {"auto", "cluster", "wild", "permutation"}
        ``"auto"`` refuses fewer than five treated or ten untreated clusters; ``"cluster"`` gives the clustered interval
        there too, with the rejection rate measured for it, and ``"wild"`` that of the wild cluster bootstrap, of the
        dose alone; ``"permutation"`` is for one treated unit.
    wild : {"WCR", "WCU"}
        Bootstrap samples under the tested value, or at the estimate.
    replications : int
        Bootstrap samples.
    seed : int
        Seed of their weights.

    Returns
    -------
    Result
        Terms ``mean_post``, then ``common_change`` with month-of-year effects, then the covariates.

    Raises
    ------
    DesignError
        If units change cluster, log rates are asked of negative values, or month-of-year effects of a design without
        months or with several starts: the message says what to take.
    EstimationError
        With few clusters unless asked for, when effects absorb a term, which is named, when the bootstrap is asked for
        with CR2 or fewer than 19 samples, and when permutation is asked of several treated units, of clusters that hold
        several units, or beside covariates.

    References
    ----------
    Cameron & Miller (2015), doi:10.3368/jhr.50.2.317; Bell & McCaffrey (2002), Survey Methodology 28(2):169;
    MacKinnon, Nielsen & Webb (2023), doi:10.1002/jae.2969; Webb (2023), doi:10.1111/caje.12661.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(c, t, rng.normal() + 2 * (c < 6 and t >= 4)) for c in range(20) for t in range(8)],
    ...                      columns=["city", "t", "y"])
    >>> d = PanelDesign.from_frame(frame, outcome="y", unit="city", time="t", treated=list(range(6)), start=4)
    >>> r = did_two_way(d)
    >>> round(float(r.estimate[0]), 2), r.extra["interval"]
    (2.33, 't(19), clustered by city: CR1, factor of fixest')
    """
    if inference == "wild" and kind != "CR1":
        raise EstimationError(f"the wild bootstrap is of the t with CR1 errors, not {kind}", mend="leave kind= out")
    table, regressors, kept = _rows(d, time_effects, log, per)
    _say_staggered(d)
    fit = two_way_fit(table, regressors)
    vcov, df = two_way_clustered(fit, table, kind=kind, convention=cluster_convention)
    std_error = float(np.sqrt(vcov[0, 0]))
    label = f"clustered by {d.cluster or d.unit}: {kind if kind == 'CR2' else f'CR1, factor of {cluster_convention}'}"
    if inference == "permutation":
        judged = _by_ranks(_placebo(d, time_effects, log, per), std_error, label, kind)
    elif inference == "wild":
        samples = two_way_wild(fit, table, std_error=std_error, wild=wild, replications=replications, seed=seed)[None]
        label = f"wild bootstrap ({wild}) of {samples.shape[1] - 1} samples, {label}"
        judged = _Judged(vcov[:1, :1], df[:1], licence(d, kept, asked=True, kind=wild, interval=label), wild=samples)
    else:
        interval = f"t({df[0]:.3g}), {label}"
        judged = _Judged(vcov, df, licence(d, kept, asked=inference == "cluster", kind=kind, interval=interval))
    regressors = regressors.iloc[:, : len(judged.df)]
    return Result(
        method="did_two_way",
        estimand=_estimand(d, log, per),
        terms=pd.DataFrame({"term": list(regressors)}),
        estimate=fit.estimate[: len(judged.df)],
        vcov=judged.vcov,
        df=judged.df,
        placebo=judged.placebo,
        wild=judged.wild,
        scale="log_ratio" if log else "difference",
        support=_support(d, kept, regressors),
        n_obs=len(table),
        n_units=table["unit"].nunique(),
        extra=Facts(
            {
                "city": ", ".join(map(str, d.treated_units[:5])),
                "start": d.start,
                "time_effects": time_effects,
                "outcome_unit": _unit(d, per),
                "clusters": table["cluster"].nunique(),
            }
            | dict(judged.facts)
        ),
    )


def _rows(
    d: PanelDesign, time_effects: TimeEffects, log: bool, per: float
) -> tuple[pd.DataFrame, pd.DataFrame, NDArray[np.bool_]]:
    """Rows that inform the estimate, their regressors, and which rows of the design they are."""
    if not per > 0 or (per != 1 and (log or d.exposure is None)):
        raise EstimationError(f"per={per:g} goes with rates per exposure", mend="leave per= out, or bring an exposure")
    table, regressors = _table(d, time_effects, log, per), _regressors(d, time_effects)
    kept = _informative(table)
    if not kept.all():
        table, regressors = table[kept], regressors[kept]
    if d.covariates:
        _refuse_held(table, regressors[list(d.covariates)])
    return table, regressors, kept


def _refuse_held(table: pd.DataFrame, covariates: pd.DataFrame) -> None:
    """Refuse covariates that the effects of units or of time hold already, and say what takes them."""
    problems = Problems("did_two_way")
    for column, why, mend in (
        (
            "unit",
            "unit effects, as it never changes within a unit",
            "take did_group_time, which compares units alike in it",
        ),
        ("effect", "time effects, as it is the same for all units at any time", "leave it out"),
    ):
        each = covariates.groupby(table[column].to_numpy()).nunique()
        for name in covariates.columns[(each <= 1).all()]:
            problems.add(f"'{name}' is absorbed by the {why}", mend=mend)
    problems.raise_if_any(EstimationError)


def _placebo(d: PanelDesign, time_effects: TimeEffects, log: bool, per: float) -> Array:
    """Estimates for the untreated units, each in the treated one's place and the treated one left out."""
    wrong = {
        f"{len(d.treated_units)} units are treated": len(d.treated_units) != 1,
        f"clusters are those of '{d.cluster}', not the units": d.cluster is not None,
        f"the design has covariates ({', '.join(d.covariates)})": bool(d.covariates),
        f"{len(d.comparison_units)} units are untreated": len(d.comparison_units) < 3,
    }
    if any(wrong.values()):
        found = ", ".join(what for what, is_so in wrong.items() if is_so)
        raise EstimationError(
            f"permutation ranks one treated unit among untreated ones; {found}",
            mend="ask for inference='cluster', or leave units, cluster or covariates out",
        )
    rows = (_rows(d.pretending(unit), time_effects, log, per) for unit in d.comparison_units)
    return np.array([two_way_fit(table, regressors).estimate[0] for table, regressors, _ in rows])


def _by_ranks(others: Array, std_error: float, label: str, kind: Literal["CR1", "CR2"]) -> _Judged:
    """Judge the dose by the estimates of the untreated units."""
    vcov, facts = np.array([[np.mean(others**2)]]), _unused(others, std_error, label, kind)
    return _Judged(vcov, np.array([float(len(others))]), facts, placebo=others[None, :] / np.sqrt(vcov))


def _unused(placebo: Array, std_error: float, label: str, kind: Literal["CR1", "CR2"]) -> Facts:
    """Facts of the rank test, and why the clustered standard error is not used."""
    size, spread = clustered_size(1, len(placebo), kind=kind), float(np.sqrt(np.mean(placebo**2)))
    note(
        f"the standard error {label}, {std_error:.4g}, is not used, nor a p-value from it: {size}; untreated units' "
        f"estimates spread by {spread:.4g}"
    )
    facts = {
        "clustered_std_error": std_error,
        "measured_size": size.size,
        "measured_at": (size.treated, size.comparison),
    }
    return Facts(dict(ranked(placebo)) | facts)


def _say_staggered(d: PanelDesign) -> None:
    starts = d.cohort.nunique()
    if starts > 1:
        doubt(
            f"units start at {starts} different times: two-way effects also compare later with earlier starters, which "
            "misleads where effects grow or differ"
        )


def _table(d: PanelDesign, time_effects: TimeEffects, log: bool, per: float) -> pd.DataFrame:
    """Return unit, position, time effect, cluster, weight and outcome of every row."""
    if time_effects == "month_of_year" and d.freq != "M":
        raise DesignError(f"month-of-year effects were asked of {d.period_name}", mend="take time_effects='period'")
    positions, units = d.axis.positions, pd.factorize(d.source[d.unit])[0]
    return pd.DataFrame(
        {
            "unit": units,
            "position": positions,
            "effect": positions if time_effects == "period" else positions % 12,
            "cluster": units if d.cluster is None else pd.factorize(d.source[d.cluster])[0],
            "weight": 1.0 if d.weights is None else d.source[d.weights].to_numpy(float),
            "outcome": _outcome(d, log, per),
        }
    )


def _outcome(d: PanelDesign, log: bool, per: float) -> Array:
    values = d.source[d.outcome].to_numpy(float)
    exposure = np.ones(len(values)) if d.exposure is None else d.source[d.exposure].to_numpy(float)
    if not log:
        return np.asarray(values / (exposure / per))
    negative = int((values < 0).sum())
    if negative:
        raise DesignError(f"'{d.outcome}' has {negative} negative values and no log", mend="leave log= out")
    zeros = int((values == 0).sum())
    if zeros:
        say = doubt if zeros > most_zeros * len(values) else note
        say(f"{zeros} of {len(values)} rows without events: half an event was put in their place")
    low = pd.Series(values).groupby(d.source[d.unit].to_numpy()).mean().loc[lambda mean: mean < few_events]
    if len(low):
        doubt(f"fewer than {few_events} events a period in {len(low)} units: log rates are biased down")
    return log_rate(values, exposure)


def _regressors(d: PanelDesign, time_effects: TimeEffects) -> pd.DataFrame:
    columns = {"mean_post": d.dose}
    if time_effects == "month_of_year":
        columns["common_change"] = _common_change(d)
    return pd.DataFrame(columns | {name: d.source[name].to_numpy(float) for name in d.covariates})


def _common_change(d: PanelDesign) -> Array:
    """Dose of the treated in each period, for every unit."""
    treated = d.source[d.unit].isin(d.treated_units).to_numpy()
    doses = pd.Series(d.dose[treated]).groupby(d.axis.positions[treated]).agg(["min", "max"])
    differing = int((doses["max"] > doses["min"]).sum())
    if differing:
        raise DesignError(
            f"treated units have different doses in {differing} {d.period_name}: no change is common to all",
            mend="take time_effects='period'",
        )
    common = doses["max"].reindex(d.axis.positions)
    lacking = common.index[common.isna()].nunique()
    if lacking:
        raise DesignError(f"{lacking} {d.period_name} are missing for the treated", mend="take time_effects='period'")
    return common.to_numpy(float)


def _informative(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Mark rows with weight that are not alone in their unit or time effect; say what is left out."""
    kept = np.array(table["weight"] > 0)
    if not kept.all():
        note(f"left out: {counted(int((~kept).sum()), 'row')} without weight")
    weighted = int(kept.sum())
    while True:
        left = np.flatnonzero(kept)
        codes = [numbered(table[column].to_numpy()[left])[0] for column in ("unit", "effect")]
        alone = np.logical_or(*(np.bincount(own)[own] == 1 for own in codes))
        if not alone.any():
            break
        kept[left[alone]] = False
    if kept.sum() < weighted:
        note(f"left out: {counted(weighted - int(kept.sum()), 'row')} alone in a unit or time effect")
    return kept


def _support(d: PanelDesign, kept: NDArray[np.bool_], regressors: pd.DataFrame) -> pd.DataFrame:
    """Events behind each term where the outcome counts them: of the dose those under it, of other terms all."""
    values = d.source[d.outcome].to_numpy(float)[kept]
    counts = bool(np.all((values >= 0) & (values == np.round(values))))
    behind = [(regressors["mean_post"] > 0).to_numpy(), *[np.ones(len(values), bool)] * (regressors.shape[1] - 1)]
    return pd.DataFrame(
        {
            "term": list(regressors),
            "persons": np.nan,
            "events": [float(values[rows].sum()) if counts else np.nan for rows in behind],
            "units": d.source.loc[kept, d.unit].nunique(),
        }
    )


def _unit(d: PanelDesign, per: float) -> str:
    """Name the unit of the outcome."""
    rate = f" per {f'{per:,.0f} ' if per != 1 else ''}{d.exposure}" if d.exposure else ""
    return f"{str(d.outcome).replace('_', ' ')}{rate}"


def _estimand(d: PanelDesign, log: bool, per: float) -> Estimand:
    some = ", ".join(map(str, d.treated_units[:5])) + (", …" if len(d.treated_units) > 5 else "")
    after = np.unique(d.axis.positions[d.axis.positions >= d.start_position])
    rate = _unit(d, per) if d.exposure else "units of the outcome"
    return Estimand(
        contrast="ATT",
        outcome=str(d.outcome),
        treatment=d.treatment,
        population=some,
        horizon=f"{len(after)} {d.period_name} from {d.start}",
        scale="ratio of rates" if log else rate,
    )
