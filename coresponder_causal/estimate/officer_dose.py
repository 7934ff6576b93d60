"""How the change of officers' calls without the team goes with how often they worked beside it.

Estimand: the change of the outcome's rate for ten further calls beside the team, or for a doubling of them, up to some
periods before; beside it the mean effect on officer-periods in each band of the dose (level effects, ATT(d | d)). With
instrument "roster": the change for the part of the dose that the roster moved (LATE per dose).

Needs: for the bands officers who would have moved in parallel without exposure (check: officer_trends).
For the slope to be a causal response officers with more and with less dose who would have gained alike from the same
dose: strong parallel trends, which no data can show. With the instrument a roster that moves outcomes through the dose
alone, and leaves squad mates untouched (check: squad_mates): graph "officer".

Estimator: slope: weighted least squares of the rate on the lagged cumulative dose, officer and period effects; weights
are calls. Bands: imputation as in officer_imputation, averaged by thirds of the dose. bend: change of the slope from
the median dose on, in the regression with both. Instrument: (z'y)/(z'x) with what the effects leave of the rostered
dose z and of the delivered dose x, volunteers left out.

Inference: CR2 by officers with Satterthwaite df; of the instrument given the slope, as two-stage least squares. The
rostered dose itself tests that there is no effect however weak it is: `reduced_form_p_value`.

Breaks: who rides most, wants to most: a slope across officers mixes what the dose did with who takes it. The two-way
slope also gives some officer-periods negative weight, which is said. A dose that grows with time for all who are
exposed looks like a trend since the exposure. Where the roster hardly moves the dose (F below 10) the instrument says
nothing.

Reference: Callaway, Goodman-Bacon & Sant'Anna 2024, arXiv:2107.02637; de Chaisemartin & D'Haultfœuille 2020,
doi:10.1257/aer.20181169 (negative weights); Pustejovsky & Tipton 2018, doi:10.1080/07350015.2016.1247004. The slope and
its CR2 error checked against the regression with all dummies; simulated truth.

Say: For every ten further calls beside the team {outcome} on officers' own calls changed by {per_10} ({interval}).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.clustered_sums import ClusteredSums
from coresponder_causal.core.errors import DesignError, EstimationError, Problems
from coresponder_causal.core.inference import p_value
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.two_way_imputation import imputation_weights, slope_weights
from coresponder_causal.design.columns import counted
from coresponder_causal.design.officer_result import officer_result
from coresponder_causal.design.officer_rows import Cluster, OfficerRows, Weighting, officer_rows
from coresponder_causal.design.officers import OfficerDesign

Array = NDArray[np.float64]
Form = Literal["linear", "log"]
Instrument = Literal["none", "roster"]
names: dict[Form, str] = {"linear": "per_10", "log": "per_doubling"}
weak, bands = 10.0, 3


@estimator(
    design=OfficerDesign,
    setting="officer_dose",
    contrasts=("dose response", "LATE"),
    reference="Callaway, Goodman-Bacon & Sant'Anna 2024",
    checked_against="worked by hand, the regression with all dummies and simulated truth",
)
def officer_dose(
    d: OfficerDesign,
    *,
    form: Form = "linear",
    lag: int = 1,
    instrument: Instrument = "none",
    weighting: Weighting = "calls",
    cluster: Cluster = "officer",
) -> Result:
    """Change with the dose, as a slope and by bands.

    Parameters
    ----------
    d : OfficerDesign
        As it is, or `as_intended()` for the change with the rostered dose.
    form : {"linear", "log"}
        Per 10 units of the dose, or per doubling of one more than the dose.
    lag : int
        Periods by which the dose lies before the outcome; 0 counts rides of the same period.
    instrument : {"none", "roster"}
        ``"roster"`` takes the rostered dose as instrument for the delivered one.
    weighting, cluster
        As in `officer_imputation`.

    Returns
    -------
    Result
        ``per_10`` or ``per_doubling``; without an instrument also ``bend``, the change of the slope from the median
        dose on, and the bands, keyed by ``dose_from`` and ``dose_to``. ``extra``: ``negative_weight``, sum of the
        negative weights of the slope; with the instrument ``first_stage_f`` and ``reduced_form_p_value``.

    Raises
    ------
    DesignError
        Options that do not fit the design.
    EstimationError
        A dose that officer and period effects absorb.

    References
    ----------
    Callaway, Goodman-Bacon & Sant'Anna (2024), arXiv:2107.02637.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> rows = [(o, t, max(0, (1 + o % 3) * (t - 3)) * (o < 12)) for o in range(24) for t in range(16)]
    >>> frame = pd.DataFrame(rows, columns=["officer", "month", "beside"])
    >>> frame["minutes"] = 40 - 0.2 * frame["beside"] + rng.normal(size=len(frame))
    >>> d = OfficerDesign.from_frame(frame, outcome="minutes", dose="beside")
    >>> officer_dose(d, lag=0).params.round(1).iloc[:1].to_dict()
    {'per_10': -2.1}
    """
    _check(d, lag, instrument)
    drawn = d.as_intended() if instrument == "roster" else d
    rows = officer_rows(drawn, weighting=weighting, cluster=cluster)
    outcome, dose = drawn.rate()[rows.kept], drawn.lagged(drawn.dose, lag)[rows.kept]
    if instrument == "roster":
        return _instrumented(drawn, rows, outcome, _shaped(dose, form), drawn.lagged(d.dose, lag)[rows.kept], form, lag)
    x = _shaped(dose, form)
    slope, bent = _slopes(rows, outcome, dose, x, names[form])
    banded, keys, sets = _bands(d, rows, outcome)
    parts = [slope, *([bent] if bent is not None else []), banded]
    scores = np.hstack([part.scores for part, _ in parts])
    _caution(d, rows, slope[1][:, 0], x)
    terms = pd.DataFrame({"term": [names[form], *(["bend"] if bent is not None else [])]})
    behind = np.column_stack([dose > 0] * len(terms))
    return _result(
        d,
        rows,
        pd.concat([terms, keys], ignore_index=True),
        np.concatenate([weights.T @ outcome for _, weights in parts]),
        np.column_stack([behind, sets]),
        vcov=scores.T @ scores,
        df=np.concatenate([part.df for part, _ in parts]),
        lag=lag,
        facts={"dose": d.dose, "negative_weight": _negative(slope[1][:, 0], x)},
    )


def _check(d: OfficerDesign, lag: int, instrument: Instrument) -> None:
    problems = Problems("officer_dose")
    if lag < 0:
        problems.add(f"lag={lag}", mend="give a number of periods from 0 on")
    if instrument == "roster" and (d.assigned is None or d.intended):
        problems.add(
            "the roster is no instrument for itself, and is needed", mend="give assigned=, and the design as it is"
        )
    problems.raise_if_any(DesignError)


def _shaped(dose: Array, form: Form) -> Array:
    return dose / 10 if form == "linear" else np.log2(1 + dose)


def _slopes(
    rows: OfficerRows, outcome: Array, dose: Array, x: Array, name: str
) -> tuple[tuple[ClusteredSums, Array], tuple[ClusteredSums, Array] | None]:
    """Slope alone, and its change from the median dose on in the regression with both, where that can be told."""
    everywhere = np.ones(len(x), bool)
    weights = slope_weights(rows.two_way, everywhere, x[:, None], [name])
    alone = rows.sums(weights, outcome, x[:, None]), weights
    knot = float(np.median(x[dose > 0]))
    both = np.column_stack([x, np.maximum(x - knot, 0.0)])
    try:
        bent = slope_weights(rows.two_way, everywhere, both, [name, "bend"])[:, 1:]
    except EstimationError as error:
        note(f"no bend is shown: {error.what}")
        return alone, None
    return alone, (rows.sums(bent, outcome, both), bent)


def _bands(
    d: OfficerDesign, rows: OfficerRows, outcome: Array
) -> tuple[tuple[ClusteredSums, Array], pd.DataFrame, NDArray[np.bool_]]:
    """Mean effects of thirds of the exposed rows, by their dose."""
    dose = d.source[d.dose].to_numpy(float)[rows.kept]
    edges = np.unique(np.quantile(dose[rows.exposed], np.linspace(0, 1, bands + 1)[1:-1]))
    band = np.where(rows.exposed, np.searchsorted(edges, dose), -1)
    there = [number for number in np.unique(band[rows.exposed]) if len(np.unique(rows.cluster[band == number])) > 1]
    sets = np.column_stack([band == number for number in there])
    ends = [(float(dose[own].min()), float(dose[own].max())) for own in sets.T]
    keys = pd.DataFrame(
        [(f"dose={low:g} to {high:g}", low, high) for low, high in ends], columns=["term", "dose_from", "dose_to"]
    )
    weights = imputation_weights(rows.two_way, ~rows.exposed, rows.mean_over(sets))
    return (rows.sums(weights, outcome, sets.astype(float)), weights), keys, sets


def _negative(weights: Array, x: Array) -> float:
    """Sum of the negative weights that the slope gives to officer-periods' effects per unit of dose."""
    return float(np.minimum(weights * x, 0.0).sum())


def _caution(d: OfficerDesign, rows: OfficerRows, weights: Array, x: Array) -> None:
    note(
        "the slope is a causal response only if officers with more and with less dose would have gained alike from the "
        "same dose (strong parallel trends); without that the bands are effects of the doses that officers took, and "
        "their differences are not effects of more dose"
    )
    if (negative := _negative(weights, x)) < 0:
        many = int((weights * x < 0).sum())
        note(f"the slope gives {many} of {len(x)} officer-periods negative weight, {negative:.2f} in all")
    if not d.intended and d.assigned is not None:
        note("officers and sergeants chose the dose in part; what the roster drew, which is known, they did not choose")


def _instrumented(
    d: OfficerDesign, rows: OfficerRows, outcome: Array, z: Array, delivered: Array, form: Form, lag: int
) -> Result:
    """Ratio of what the rostered dose did to outcomes and to the delivered dose."""
    x, everywhere = _shaped(delivered, form), np.ones(len(z), bool)
    weights = slope_weights(rows.two_way, everywhere, z[:, None], ["rostered dose"])
    moved, reduced = float(weights[:, 0] @ x), float(weights[:, 0] @ outcome)
    if not abs(moved) > 1e-9:
        raise EstimationError("the roster does not move the delivered dose at all", mend="leave instrument= out")
    first = rows.sums(weights, x, z[:, None])
    plain = rows.sums(weights, outcome, z[:, None])
    strength = moved**2 / float(first.vcov[0, 0])
    estimate = reduced / moved
    found = rows.sums(weights / moved, outcome - estimate * x, z[:, None])
    if strength < weak:
        doubt(f"the roster hardly moves the delivered dose (F {strength:.1f}): read reduced_form_p_value alone")
    facts = {
        "dose": "the delivered dose that the roster moved",
        "first_stage_f": strength,
        "reduced_form": reduced,
        "reduced_form_p_value": float(p_value(reduced / np.sqrt(plain.vcov[0, 0]), plain.df[0])),
    }
    terms, behind = pd.DataFrame({"term": [names[form]]}), (z > 0)[:, None]
    return _result(d, rows, terms, np.array([estimate]), behind, vcov=found.vcov, df=found.df, lag=lag, facts=facts)


def _result(
    d: OfficerDesign,
    rows: OfficerRows,
    terms: pd.DataFrame,
    estimate: Array,
    sets: NDArray[np.bool_],
    *,
    vcov: Array,
    df: Array,
    lag: int,
    facts: dict[str, object],
) -> Result:
    return officer_result(
        "officer_dose",
        d,
        rows,
        terms,
        estimate,
        sets,
        vcov=vcov,
        df=df,
        contrast="LATE" if "first_stage_f" in facts else "dose response",
        treatment=f"more of {facts['dose']}",
        horizon=f"{counted(lag, d.period_name[:-1])} after the dose",
        facts={"interval": f"t({df[0]:.3g}), CR2", "lag": lag} | facts,
    )
