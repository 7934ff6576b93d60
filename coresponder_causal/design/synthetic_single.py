"""One treated unit against its synthetic control: placebos, shifts, donors left out, and the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.conformal import Conformal
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import note
from coresponder_causal.core.result import Result
from coresponder_causal.core.synthetic import Comparison, Synthetic, each_left_out, one_and_placebos
from coresponder_causal.design.panel import PanelDesign
from coresponder_causal.design.synthetic_judged import Judged, by_placebos, by_ranks, by_shifts, pooled_errors
from coresponder_causal.design.synthetic_panel import SyntheticPanel
from coresponder_causal.design.synthetic_result import fit_facts, left_out_range, synthetic_result
from coresponder_causal.design.synthetic_terms import Averages

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
SingleInference = Literal["placebo", "ranks", "conformal"]
fewest_to_rank, fewest_shifts = 19, 8


def single_result(
    d: PanelDesign,
    panel: SyntheticPanel,
    terms: Averages,
    fit: Callable[[Comparison], Synthetic],
    shifted: Callable[[Rows, int], Conformal],
    *,
    method: str,
    intercept: bool,
    inference: SingleInference,
    facts: Mapping[str, object],
) -> Result:
    """Fit the treated unit and its placebos and put the result together.

    Parameters
    ----------
    d : PanelDesign
    panel : SyntheticPanel
        With one treated unit.
    terms : Averages
    fit : callable
        Gives synthetic controls of a comparison.
    shifted : callable
        Tests constant effects in the last so many of some rows by cyclic shifts.
    method : str
    intercept : bool
        Whether controls may be shifted by a constant.
    inference : {"placebo", "ranks", "conformal"}
    facts : mapping
        Options of the method.
    """
    compared = one_and_placebos(1 + panel.m)
    found, one = fit(compared), Comparison(compared.targets[:1], compared.copies[:1])
    errors = pooled_errors([found.gaps], panel, intercept=intercept)
    low, high = left_out_range(fit(each_left_out(one, np.flatnonzero(found.weights[0]))).gaps, terms)
    about = fit_facts(d, panel, found.gaps, found.weights[0, 1:], errors=errors, intercept=intercept)
    judged: Judged
    if inference == "placebo":
        judged = by_placebos([found.gaps], errors, panel, terms)
    elif inference == "ranks":
        if panel.m < fewest_to_rank:
            note(f"ranks among {panel.m} placebos: p-values cannot go below 1/{panel.m + 1}, so none reaches 5 %")
        judged = by_ranks([found.gaps], errors, terms)
    else:
        judged = _by_shifts(panel, terms, shifted)
    return synthetic_result(
        d,
        panel,
        terms,
        judged,
        method=method,
        gap=found.gaps[0],
        facts={"inference": inference, **facts, **about, "left_out_low": low, "left_out_high": high},
    )


def _by_shifts(panel: SyntheticPanel, terms: Averages, shifted: Callable[[Rows, int], Conformal]) -> Judged:
    """Test each term with the periods before the start and its own."""
    (cohort,) = panel.cohorts
    before = np.flatnonzero(cohort.before)
    if "held_out" in terms.terms["term"].tolist():
        raise EstimationError(
            "cyclic shifts fit weights to all periods, also to those that backdate= holds out",
            mend="leave backdate= out, or take inference='placebo'",
        )
    if len(before) < fewest_shifts:
        raise EstimationError(
            f"{len(before)} periods before the start, of which {fewest_shifts} are needed for cyclic shifts",
            mend="take inference='placebo', or bring a longer time before the start",
        )
    spans = [np.flatnonzero(row) for row in terms.weights[0]]
    return by_shifts([shifted(np.append(before, span), len(span)) for span in spans], len(before) + len(spans[0]))
