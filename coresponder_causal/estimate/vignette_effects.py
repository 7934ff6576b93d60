"""What each feature of a described case does to the answer: average marginal component effects of a vignette trial.

Estimand: the mean change of the answer when one feature goes from its first level to another, over persons and over the
other features as they were drawn.

Needs: features drawn by lot, apart from each other and anew for every case (check: vignette_balance); answers to one
case that do not hang on the cases before.

Estimator: least squares of the answer on 1{level} of all features together, persons' means taken out of both sides.

Inference: CR2 by person, read with the degrees of freedom of Bell & McCaffrey for each term.

Breaks: what people say of a case is not what they do on a call. Where pairs of features were never drawn together, or
not apart from each other, an effect is an average over the pairs that were, and hangs on them. It says nothing of how a
feature works for one kind of person.

Reference: Hainmueller, Hopkins & Yamamoto 2014, doi:10.1093/pan/mpt024; Pustejovsky & Tipton 2018,
doi:10.1080/07350015.2016.1247004. Worked by hand, linearmodels for the estimates, and simulated truth.

Say: In cases that differed by lot, {outcome} was {estimate} higher with one feature than with the other ({interval}).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.sandwich import clustered, clustered_df
from coresponder_causal.core.within import within_units
from coresponder_causal.design.vignettes import VignetteDesign

Array = NDArray[np.float64]


@estimator(
    design=VignetteDesign,
    contrasts=("average marginal component effect",),
    reference="Hainmueller, Hopkins & Yamamoto 2014",
    checked_against="linearmodels 7 (estimate); worked by hand; simulated truth",
)
def vignette_effects(d: VignetteDesign) -> Result:
    """Mean change of the answer with each level of each feature.

    Parameters
    ----------
    d : VignetteDesign

    Returns
    -------
    Result
        Terms ``<factor>: <level>``, against the first level of the factor, in units of the answer. Several features are
        several tests: adjust them by `decide.multiplicity`.

    Raises
    ------
    EstimationError
        Features that cannot be told apart within persons.

    References
    ----------
    Hainmueller, Hopkins & Yamamoto (2014), doi:10.1093/pan/mpt024.

    Examples
    --------
    >>> frame = pd.DataFrame({"p": np.repeat(range(8), 4), "race": list("abab") * 8, "drunk": list("nnyy") * 8})
    >>> noise = 0.1 * np.random.default_rng(2).normal(size=32)
    >>> frame["arrest"] = frame["p"] + 0.5 * (frame["drunk"] == "y") + noise
    >>> d = VignetteDesign.from_frame(frame, outcome="arrest", person="p", factors=["drunk", "race"])
    >>> vignette_effects(d).params.round(2).to_dict()
    {'drunk: y': 0.51, 'race: b': -0.07}
    """
    rows = d.answered()
    used = d.source[rows]
    person = pd.factorize(used[d.person], sort=True)[0]
    named = [(factor, level) for factor in d.factors for level in d.levels(factor)[1:]]
    levels: Array = np.column_stack([(used[factor] == level).to_numpy() for factor, level in named]).astype(float)
    matrix = within_units(levels, person)
    if np.linalg.matrix_rank(matrix, tol=1e-9 * float(np.linalg.norm(matrix))) < matrix.shape[1]:
        raise EstimationError(
            "some features cannot be told apart within persons: they change together, or not at all",
            mend="leave one out, or draw them anew for every case",
        )
    y = within_units(d.values()[rows][:, None], person).ravel()
    coef: Array = np.linalg.lstsq(matrix, y, rcond=None)[0].astype(float)
    terms = [f"{factor}: {level}" for factor, level in named]
    persons = int(person.max()) + 1
    return Result(
        method="vignette_effects",
        estimand=_estimand(d, persons),
        terms=pd.DataFrame({"term": terms}),
        estimate=coef,
        vcov=clustered(matrix, y - matrix @ coef, person, kind="CR2"),
        df=np.array([clustered_df(matrix, person, contrast) for contrast in np.eye(len(coef))]),
        scale="difference",
        support=pd.DataFrame({"term": terms, "persons": persons, "events": levels.sum(axis=0), "units": persons}),
        n_obs=int(rows.sum()),
        n_units=persons,
        extra=Facts(
            {
                "untreated_units": persons,
                "periods": int(rows.sum()) / persons,
                "against": tuple(f"{factor}: {d.levels(factor)[0]}" for factor in d.factors),
                "outcome_unit": str(d.outcome).replace("_", " "),
                "interval": "t, CR2 by person",
            }
        ),
    )


def _estimand(d: VignetteDesign, persons: int) -> Estimand:
    return Estimand(
        contrast="average marginal component effect",
        outcome=str(d.outcome),
        treatment=f"another level of {', '.join(d.factors)}",
        population=f"{persons} persons and the cases drawn for them",
        horizon="one case",
        scale="units of the answer",
    )
