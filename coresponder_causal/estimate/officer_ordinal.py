"""Odds of a higher answer within persons, by what they met between waves: fixed-effects ordered logit.

Estimand: the odds ratio of a higher answer per unit of exposure, within persons, beyond the change common to all.

Needs: persons exposed more would have changed as the others did (check: wave_leads); whoever stays away from a wave
does not differ in change by exposure (check: wave_attrition); one odds ratio for all cuts of the scale (the fact
parallel_p tests it).

Estimator: blow up and cluster. Every person is copied for each cut c of the scale, z_it = 1{y_it > c}; one β in the
conditional logits of all copies together, P(z_i | Σ_t z_it) ∝ exp(Σ_t z_it (w_t + β x_it)), which no level of a person
and no cut enters.

Inference: scores summed within persons over all their copies; V = H⁻¹ Σ_i s_i s_i' H⁻¹ times G/(G − 1), t(G − 1), G
persons whose answers change.

Breaks: persons whose answers never change tell nothing, and the result does not speak of them: their number is said.
With few who change, odds ratios are too far from 1. Where persons choose their exposure for how they are about to
change it is biased as every comparison of changes. An odds ratio is no change of a score: for that take wave_change.

Reference: Baetschmann, Staub & Winkelmann 2015, doi:10.1111/rssa.12090; Das & van Soest 1999,
doi:10.1016/S0167-2681(99)00062-1. Point checked against statsmodels 0.15 (ConditionalLogit on the copies); variance
worked by hand, simulated truth.

Say: Among {population} whose answers changed, the odds of a higher answer on {outcome} were multiplied by {log_odds}
per unit of exposure ({interval}).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.conditional_logit import ConditionalFit, conditional_logit
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.inference import wald_test
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.within import levels_but_first, within_units
from coresponder_causal.design.wave_estimates import estimand, facts, support
from coresponder_causal.design.waves import WaveDesign

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
least_persons, few = 10, 20


@estimator(
    design=WaveDesign,
    contrasts=("within-person odds ratio",),
    reference="Baetschmann, Staub & Winkelmann 2015",
    checked_against="statsmodels 0.15 (point); worked by hand; simulated truth",
    setting="ordinal_waves",
)
def officer_ordinal(d: WaveDesign) -> Result:
    """Within-person odds ratio of a higher answer per unit of exposure.

    Parameters
    ----------
    d : WaveDesign
        Of a score or an answer of which only the order counts.

    Returns
    -------
    Result
        One term ``log_odds``. ``extra`` holds the persons whose answers change and never change (``informative,
        never``), the copies used, and ``parallel_p``, the p-value that the odds ratio is the same at all cuts.

    Raises
    ------
    EstimationError
        Fewer than three persons whose answers change; exposure that cannot be told from the wave among them, or tells
        higher from lower answers without error.

    References
    ----------
    Baetschmann, Staub & Winkelmann (2015), doi:10.1111/rssa.12090.

    Examples
    --------
    >>> rng, person, wave = np.random.default_rng(3), np.repeat(np.arange(80), 3), np.tile([0, 1, 2], 80)
    >>> rode = ((person < 40) & (wave > 0)).astype(float)
    >>> latent = rng.normal(0, 2, 80)[person] + 1.0 * rode + rng.logistic(size=240)
    >>> frame = pd.DataFrame({"p": person, "wave": wave, "rode": rode, "y": np.digitize(latent, [-2, 0, 2])})
    >>> d = WaveDesign.from_frame(frame, outcome="y", person="p", wave="wave", exposure="rode")
    >>> officer_ordinal(d).tidy(scale="ratio")[["estimate", "conf_low", "conf_high"]].round(2).values.tolist()
    [[4.6, 1.33, 15.98]]
    """
    rows = d.telling()
    person, wave = d.codes(rows)
    matrix, y = np.column_stack([d.exposures()[rows], levels_but_first(wave)]), d.values()[rows]
    cuts = np.unique(y)[:-1]
    changes = _changes(d, matrix, y, person)
    fit = _fit(matrix, y, person, cuts)
    influence = _influence(fit, len(cuts))
    informative, everybody = int(changes.sum()), len(changes)
    note(f"answers of {everybody - informative} of {everybody} persons never change: the odds ratio is of the others")
    if informative < few:
        doubt(f"answers of {informative} persons change: odds ratios are then too far from 1")
    vcov = influence.T @ influence * informative / (informative - 1)
    parallel = _parallel(matrix, y, person, cuts)
    if parallel < 0.05:
        doubt(f"the odds ratio differs between cuts of the scale (p = {parallel:.3f}): one number does not say it")
    return Result(
        method="officer_ordinal",
        estimand=estimand(d, "within-person odds ratio", "odds ratio of a higher answer"),
        terms=pd.DataFrame({"term": ["log_odds"]}),
        estimate=fit.coef[:1],
        vcov=vcov[:1, :1],
        df=np.array([informative - 1.0]),
        scale="log_ratio",
        support=support(d, ["log_odds"], rows).assign(persons=informative),
        n_obs=int(rows.sum()),
        n_units=everybody,
        extra=Facts(
            facts(d, rows)
            | {"informative": informative, "never": everybody - informative, "copies": int(fit.informative.sum())}
            | {"cuts": len(cuts), "parallel_p": parallel, "interval": "t(G − 1), by person over all cuts"}
        ),
    )


def _changes(d: WaveDesign, matrix: Array, y: Array, person: Codes) -> NDArray[np.bool_]:
    """Persons whose answers change; refused where they are few or all were exposed alike."""
    numbered = pd.Series(y).groupby(person)
    changes = (numbered.max() > numbered.min()).to_numpy()
    if changes.sum() < 3:
        raise EstimationError(f"the answers of {int(changes.sum())} persons change", mend="bring more persons or waves")
    kept = changes[person]
    inside = within_units(matrix[kept], np.unique(person[kept], return_inverse=True)[1])
    if np.linalg.matrix_rank(inside, tol=1e-9 * float(np.linalg.norm(inside))) < matrix.shape[1]:
        raise EstimationError(
            f"'{d.exposure}' cannot be told from the wave among persons whose answers change",
            mend="bring persons who were not exposed, or were at another time",
        )
    return np.asarray(changes, bool)


def _fit(matrix: Array, y: Array, person: Codes, cuts: Array) -> ConditionalFit:
    """Conditional logit of all copies together: the copy of person i for cut c is unit c · persons + i."""
    persons = int(person.max()) + 1
    unit = np.concatenate([person + persons * place for place in range(len(cuts))])
    yes = np.concatenate([y > cut for cut in cuts])
    return conditional_logit(np.tile(matrix, (len(cuts), 1)), yes, unit)


def _influence(fit: ConditionalFit, cuts: int) -> Array:
    """Influence of each person on the coefficients, over all copies, shape (persons, k)."""
    scores = fit.scores.reshape(cuts, -1, len(fit.coef)).sum(axis=0)
    return np.asarray(np.linalg.solve(fit.information, scores.T).T, float)


def _parallel(matrix: Array, y: Array, person: Codes, cuts: Array) -> float:
    """P-value that the odds ratio is the same at all cuts at which ten persons or more change; NaN below two cuts."""
    found: list[tuple[float, Array]] = []
    for cut in cuts:
        try:
            fit = conditional_logit(matrix, y > cut, person)
        except EstimationError:
            continue
        if fit.informative.sum() >= least_persons:
            found.append((float(fit.coef[0]), _influence(fit, 1)[:, 0]))
    if len(found) < 2:
        return float("nan")
    influence = np.column_stack([own for _, own in found])
    contrast = np.eye(len(found))[1:] - np.eye(len(found))[:1]
    apart = contrast @ np.array([coef for coef, _ in found])
    return wald_test(apart, contrast @ influence.T @ influence @ contrast.T, np.inf).p_value
