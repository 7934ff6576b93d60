"""Change of a score within persons, by what they met between waves.

Estimand: the change of the outcome per unit of exposure, within persons, beyond the change common to all.

Needs: persons exposed more would have changed as the others did (check: wave_leads); whoever stays away from a wave
does not differ in change by exposure (check: wave_attrition).

Estimator: β in y_it = a_i + w_t + β x_it + e_it, by least squares, persons' means taken out; `by` gives each group of
persons a β of its own, two groups also their difference.

Inference: CR2 by person, read with the degrees of freedom of Bell & McCaffrey for each term.

Breaks: where persons choose their exposure for how they are about to change: persons' levels are taken out, their
courses are not. With exposure that starts at different waves and effects that grow, earlier starters serve as a
comparison for later ones. Scores pressed against an end of their scale cannot change further: take officer_ordinal.

Reference: Bell & McCaffrey 2002, Survey Methodology 28(2):169; Pustejovsky & Tipton 2018,
doi:10.1080/07350015.2016.1247004. Worked by hand, linearmodels for β, and simulated truth.

Say: Among {population}, {outcome} changed by {change} per unit of exposure more than without ({interval}).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import doubt
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.sandwich import clustered, clustered_df
from coresponder_causal.core.within import levels_but_first, within_units
from coresponder_causal.design.wave_estimates import course, estimand, facts
from coresponder_causal.design.waves import WaveDesign

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@estimator(
    design=WaveDesign,
    contrasts=("within-person change",),
    reference="Bell & McCaffrey 2002; Pustejovsky & Tipton 2018",
    checked_against="linearmodels 7 (estimate); worked by hand; simulated truth",
)
def wave_change(d: WaveDesign, *, by: str | None = None) -> Result:
    """Change within persons per unit of exposure, with person and wave effects.

    Parameters
    ----------
    d : WaveDesign
    by : str, optional
        Column that is the same on all waves of a person, such as who volunteered: a change for each of its levels.

    Returns
    -------
    Result
        One term ``change`` in units of the outcome; with ``by`` terms ``change, <level>`` and, of two levels,
        ``difference``. ``path``: mean scores by wave of those exposed on any and of others. ``extra`` holds the spread
        of scores on the first wave, ``sd_first``.

    Raises
    ------
    EstimationError
        A column ``by`` that is missing or changes within persons; exposure that cannot be told from the wave.

    References
    ----------
    Pustejovsky & Tipton (2018), doi:10.1080/07350015.2016.1247004.

    Examples
    --------
    >>> frame = pd.DataFrame({"p": np.repeat(range(6), 2), "wave": [0, 1] * 6, "rode": [0, 1] * 3 + [0, 0] * 3})
    >>> frame["y"] = [3.0, 2.0, 4.0, 3.5, 3.0, 2.0, 3.0, 3.0, 2.0, 2.5, 4.0, 4.0]
    >>> d = WaveDesign.from_frame(frame, outcome="y", person="p", wave="wave", exposure="rode")
    >>> round(float(wave_change(d).estimate[0]), 4)
    -1.0
    """
    rows = d.telling()
    person, wave = d.codes(rows)
    exposures, names = _by(d, rows, by)
    matrix = within_units(np.column_stack([exposures, levels_but_first(wave)]), person)
    y = within_units(d.values()[rows][:, None], person).ravel()
    if np.linalg.matrix_rank(matrix, tol=1e-9 * float(np.linalg.norm(matrix))) < matrix.shape[1]:
        raise EstimationError(
            f"'{d.exposure}' cannot be told from the wave: it changes alike for all who tell of change",
            mend="bring persons who were not exposed, or were at another time",
        )
    coef = np.linalg.lstsq(matrix, y, rcond=None)[0]
    contrasts, terms = _contrasts(names, matrix.shape[1])
    vcov = clustered(matrix, y - matrix @ coef, person, kind="CR2")
    _caution(contrasts, vcov, terms, float(np.ptp(d.values()[rows])))
    first = d.values()[~d.source.duplicated(d.person).to_numpy()]
    return Result(
        method="wave_change",
        estimand=estimand(d, "within-person change", "units of the outcome"),
        terms=pd.DataFrame({"term": terms}),
        estimate=contrasts @ coef,
        vcov=contrasts @ vcov @ contrasts.T,
        df=np.array([clustered_df(matrix, person, contrast) for contrast in contrasts]),
        scale="difference",
        support=_support(exposures, person, terms),
        path=course(d, rows),
        n_obs=int(rows.sum()),
        n_units=int(person.max()) + 1,
        extra=Facts(facts(d, rows) | {"sd_first": float(np.nanstd(first, ddof=1)), "interval": "t, CR2 by person"}),
    )


def _caution(contrasts: Array, vcov: Array, terms: list[str], span: float) -> None:
    """Say of which terms the answers leave no residual, so that no error of theirs is seen."""
    errors = np.sqrt(np.diag(contrasts @ vcov @ contrasts.T))
    if exact := [term for term, error in zip(terms, errors, strict=True) if not error > 1e-9 * span]:
        doubt(
            f"{', '.join(exact)}: persons exposed alike changed exactly alike, so that chance is unseen: neither "
            "interval nor p-value says anything"
        )


def _by(d: WaveDesign, rows: Flags, by: str | None) -> tuple[Array, list[str]]:
    """Exposure in one column, or in one for each level of a column of persons."""
    x = d.exposures()[rows]
    if by is None:
        return x[:, None], ["change"]
    kinds = d.source.groupby(d.person)[by].nunique(dropna=False) if by in d.source else pd.Series([0])
    if (kinds != 1).any() or d.source[by].isna().any():
        raise EstimationError(
            f"wave_change: by={by!r} is no column that is known, and stays the same, within persons",
            mend="name one, such as who volunteered",
        )
    labels = d.source.loc[rows, by].astype(str).to_numpy()
    levels = sorted(set(labels[x > 0]))
    return np.column_stack([np.where(labels == level, x, 0.0) for level in levels]), [
        f"change, {level}" for level in levels
    ]


def _support(exposures: Array, person: NDArray[np.intp], terms: list[str]) -> pd.DataFrame:
    """Count the exposed persons, and their answers, behind each term; behind a difference those of the smaller side."""
    exposed = exposures > 0
    found = pd.DataFrame({"persons": [len(np.unique(person[own])) for own in exposed.T], "events": exposed.sum(axis=0)})
    if len(terms) > len(found):
        found.loc[len(found)] = found.min()
    return found.assign(units=found["persons"]).assign(term=terms)[["term", "persons", "events", "units"]]


def _contrasts(names: list[str], width: int) -> tuple[Array, list[str]]:
    """Weights of the coefficients for each term."""
    rows = np.eye(len(names), width)
    if len(names) != 2:
        return rows, names
    return np.vstack([rows, rows[0] - rows[1]]), [*names, "difference"]
