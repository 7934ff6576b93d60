"""Weights that make covariate means equal by construction: entropy balancing, balancing propensities, tilting."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.balancing import Balanced, Contrast, covariate_balancing, entropy, tilting
from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.over_identified import over_identified
from coresponder_causal.core.propensity import standardised
from coresponder_causal.design.adjustment import Adjustment
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.weight_propensity import contrasts
from coresponder_causal.design.weighted import weighted

Method = Literal["entropy", "cbps", "tilting"]
Moments = Literal[1, 2, 3]


def weight_balance(
    c: CallDesign,
    *,
    method: Method = "entropy",
    contrast: Contrast = "ATT",
    moments: Moments = 1,
    tolerance: float = 0.0,
    over: bool = False,
) -> CallDesign:
    """Weight calls so that the means of their covariates are equal, without looking at any outcome.

    Parameters
    ----------
    c : CallDesign
        Its ``exact`` columns cannot be kept equal by weights; a note says so.
    method : {"entropy", "cbps", "tilting"}
        Entropy balancing: weights exp(x'γ), the nearest to equal ones. Covariate balancing propensity score: inverse
        probabilities of one logit. Inverse probability tilting: of a logit for each arm. For ATT and ATC the three are
        the same; for ATE they differ.
    contrast : {"ATT", "ATE", "ATC"}
        Whose means the arms take: the treated calls', all calls', the untreated calls'. With ``"cbps"`` for ATE the
        arms are equal in means that need not be those of all calls.
    moments : {1, 2, 3}
        Highest power of the numbers among the covariates whose means are balanced too.
    tolerance : float
        Largest difference left between an arm's mean and what it should be, in standard deviations over all calls;
        for entropy balancing, where no weights make means equal or only very uneven ones do.
    over : bool
        For ``"cbps"``: meet the equations of the likelihood too, as far as both can be met, by two-step GMM. Means are
        then no longer equal, and what is left has the sign of the difference before: with hundreds of calls a bias of
        the size of the standard error. It is here to be compared with the literature.

    Returns
    -------
    CallDesign
        With an adjustment whose contrast is the one asked for.

    Raises
    ------
    DesignError
        If options do not exist or do not go together, or the design is adjusted already.
    EstimationError
        If no weights make the means equal: leave out or merge covariates, or give a tolerance.

    Notes
    -----
    Standard errors count that the weights, and the means they aim at, are estimated.

    Not to be used where calls of an arm hardly reach what they are given the means of: few calls then carry the weight,
    which a note tells, and equal means hide that nothing like them was there. Equal means are not equal distributions:
    where an outcome bends in a covariate, ask for more moments. Difference within a tolerance stays in the estimate.

    References
    ----------
    Hainmueller (2012), doi:10.1093/pan/mpr025; Imai & Ratkovic (2014), doi:10.1111/rssb.12027; Graham, Pinto & Egel
    (2012), doi:10.1093/restud/rdr047; Wang & Zubizarreta (2020), doi:10.1093/biomet/asz050 (tolerance).

    Examples
    --------
    >>> frame = pd.DataFrame({"attended": [1, 0, 0, 0] * 10 + [1, 1, 1, 0] * 10, "night": [0] * 40 + [1] * 40})
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    >>> weight_balance(c).adjustment.weights[[0, 1, 40, 43]].round(6).tolist()
    [1.0, 0.333333, 1.0, 3.0]
    """
    c.require_plain("weight_balance")
    _require_options(method, contrast=contrast, moments=moments, tolerance=tolerance, over=over)
    frame = _with_powers(c.covariate_frame(reference_levels=False), moments)
    matrix, _, _ = standardised(frame.to_numpy(float), list(map(str, frame)))
    with collecting() as notes:
        found = _balanced(matrix, c, method=method, contrast=contrast, tolerance=tolerance, over=over)
        if over:
            note("covariate means are equal only as far as the likelihood lets them: what is left biases the estimate")
        if tolerance:
            note(f"covariate means may differ from those aimed at by {tolerance:g} standard deviations")
    adjustment = Adjustment(
        method="weight_balance",
        contrast=contrast,
        options=Facts(
            {"scheme": _scheme(method, contrast, tolerance, over=over), "method": method, "moments": moments}
            | ({"tolerance": tolerance} if tolerance else {})
            | ({"over": over} if over else {})
        ),
        weights=found.weights,
        model=found.model,
    )
    return weighted(c, adjustment, notes)


def _require_options(method: str, *, contrast: str, moments: int, tolerance: float, over: bool) -> None:
    problems = Problems("weight_balance")
    for name, value, hint in (
        ("method", method, Method),
        ("contrast", contrast, Contrast),
        ("moments", moments, Moments),
    ):
        if value not in get_args(hint):
            choices = ", ".join(map(str, get_args(hint)))
            open_ = "; weights of calls that might have gone either way are weight_propensity's scheme='overlap'"
            problems.add(
                f"{name}={value!r} is not a choice", mend=f"choose from {choices}{open_ if value == 'ATO' else ''}"
            )
    if isinstance(tolerance, bool) or not (isinstance(tolerance, (int, float)) and 0 <= tolerance < 1):
        problems.add(f"tolerance={tolerance!r}", mend="give standard deviations, from 0 to less than 1")
    elif tolerance and method != "entropy":
        problems.add(f"tolerance={tolerance:g} with method={method!r}", mend="use method='entropy'")
    if over and method != "cbps":
        problems.add(f"over=True with method={method!r}", mend="use method='cbps'")
    problems.raise_if_any(DesignError)


def _balanced(
    matrix: NDArray[np.float64], c: CallDesign, *, method: Method, contrast: Contrast, tolerance: float, over: bool
) -> Balanced:
    treated, sampling = c.treated, c.sampling_weights()
    if over:
        scheme = next(name for name, its in contrasts.items() if its == contrast)
        return over_identified(matrix, treated, sampling, scheme)
    if method == "entropy":
        return entropy(matrix, treated, sampling, contrast, tolerance=tolerance)
    return (covariate_balancing if method == "cbps" else tilting)(matrix, treated, sampling, contrast)


def _scheme(method: Method, contrast: Contrast, tolerance: float, *, over: bool) -> str:
    """Name weights by what makes them others: for ATT and ATC the methods agree."""
    differs = contrast == "ATE" or over or tolerance
    words = [method if differs else "", contrast.lower(), "over" if over else "", "tolerance" if tolerance else ""]
    return " ".join(filter(None, words))


def _with_powers(frame: pd.DataFrame, moments: int) -> pd.DataFrame:
    """Covariates and their powers, of each as many as its values can tell apart."""
    standard = (frame - frame.mean()) / frame.std(ddof=0)
    powers = {
        f"{name}, power {power}": standard[name] ** power
        for name in frame
        for power in range(2, min(moments, frame[name].nunique() - 1) + 1)
    }
    return frame.assign(**powers)
