"""Whether who stayed away from the last wave hangs on exposure, or on the first score otherwise by exposure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import interval, p_value, wald_test
from coresponder_causal.core.inference import power as power_of
from coresponder_causal.core.result import Result
from coresponder_causal.core.sandwich import heteroskedastic
from coresponder_causal.core.verdict import CheckResult, judged, not_applicable
from coresponder_causal.design.wave_estimates import first_to_last
from coresponder_causal.design.waves import WaveDesign

name = "wave_attrition"
assumption = "Who answered the last wave does not hang on exposure."
notable, few = 0.15, 10


def wave_attrition(result: Result | None, design: WaveDesign) -> CheckResult:
    """Regress having answered the last wave on exposure, the first score, and both together.

    Parameters
    ----------
    result : Result or None
        Not looked at: who answers is a matter of the design.
    design : WaveDesign
        With a row for everybody asked, also where no answer came.

    Returns
    -------
    CheckResult
        Contradicts where exposure, alone or with the first score, tells who answered at 5 % (F test, HC3). Its power
        is that of seeing a difference of 15 points in the share that answers. The table has one row per term: ``term,
        estimate, std_error, p_value, conf_low, conf_high``, shares per standard deviation of the first score. What
        attrition could have done to the estimate is what `wave_bounds` says.

    Examples
    --------
    >>> frame = pd.DataFrame({"p": np.repeat(range(80), 2), "wave": [0, 1] * 80, "rode": [0, 1] * 40 + [0, 0] * 40})
    >>> frame["y"] = np.random.default_rng(1).normal(size=160)
    >>> frame.loc[(frame["wave"] == 1) & (frame["rode"] == 1) & (frame["p"] % 2 == 0), "y"] = np.nan
    >>> d = WaveDesign.from_frame(frame, outcome="y", person="p", wave="wave", exposure="rode")
    >>> wave_attrition(None, d).verdict
    'contradicts'
    """
    try:
        pairs = first_to_last(design)
    except EstimationError as error:
        return not_applicable(name, assumption, f"{error.what}.")
    answered, n = np.isfinite(pairs.change), len(pairs.first)
    lost = int((~answered).sum())
    if lost == 0:
        return not_applicable(name, assumption, "Everybody with a first score who has a row on the last wave answered.")
    if min(int(pairs.exposed.sum()), int((~pairs.exposed).sum())) < few:
        return not_applicable(name, assumption, f"Fewer than {few} persons were exposed, or were not.")
    score = (pairs.first - pairs.first.mean()) / pairs.first.std()
    matrix = np.column_stack([np.ones(n), pairs.exposed, score, pairs.exposed * score])
    coef = np.linalg.lstsq(matrix, answered.astype(float), rcond=None)[0]
    vcov = heteroskedastic(matrix, answered - matrix @ coef, kind="HC3")
    test = wald_test(coef[[1, 3]], vcov[np.ix_([1, 3], [1, 3])], n - 4)
    spread = np.diag(vcov)
    errors = np.sqrt(np.where(spread > 1e-18, spread, np.nan))  # where all of a kind answered nothing varies
    able = float(power_of(notable, errors[1], n - 4))
    low, high = interval(coef, errors, n - 4)
    table = pd.DataFrame(
        {
            "term": ["unexposed at the mean first score", "exposed", "first score", "exposed × first score"],
            "estimate": coef,
            "std_error": errors,
            "p_value": p_value(coef / errors, n - 4),
            "conf_low": low,
            "conf_high": high,
        }
    )
    shares = [answered[arm].mean() for arm in (pairs.exposed, ~pairs.exposed)]
    sentence = (
        f"Of those exposed {100 * shares[0]:.0f} % answered the last wave, of the others {100 * shares[1]:.0f} %; "
        f"exposure, alone or with the first score, tells who did at p = {test.p_value:.3f}. A difference of "
        f"{100 * notable:.0f} points would be seen with probability {able:.2f}."
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=test.p_value < 0.05, power=able),
        power=able,
        table=table,
        sentence=sentence,
        support=pd.DataFrame({"persons": [n], "events": [lost]}),
    )
