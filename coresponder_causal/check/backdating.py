"""Whether a synthetic control goes on following the treated unit in a year that its weights did not see."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.inference import power
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, judged, not_applicable
from coresponder_causal.design import PanelDesign

name = "backdating"
assumption = "The synthetic control would have gone on following the treated unit without the programme."
largest_share = 1 / 3  # of the time before the start that is held out at most


def backdating(result: Result, design: PanelDesign) -> CheckResult:
    """Fit the weights to all but the last year before the start and look at that year.

    Parameters
    ----------
    result : Result
        Of a method with the option ``backdate``; its first term is looked at.
    design : PanelDesign

    Returns
    -------
    CheckResult
        Contradicts when the mean gap in the year held out is told from zero at 5 %. Its table has the estimate as it
        is, the estimate with those weights, and the gap of the year held out; ``moves`` is by how many standard errors
        the estimate changes.

    References
    ----------
    Abadie (2021), doi:10.1257/jel.20191450, section 5 (backdating).

    Examples
    --------
    >>> from coresponder_causal.core.notes import quietly
    >>> from coresponder_causal.estimate import synth_control
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2017-01", periods=60, freq="M")
    >>> frame = pd.DataFrame([(c, m, rng.poisson(300 + 100 * np.sin(m.month))) for c in "ABCDEF" for m in months],
    ...                      columns=["city", "month", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    >>> backdating(synth_control(d), d).table["fit"].tolist()
    ['as it is', 'without the last 12 months', 'the last 12 months themselves']
    """
    if "backdate" not in result.extra:
        return not_applicable(name, assumption, "The method fits no weights to the time before the start.")
    before = len(np.unique(design.axis.positions[design.axis.positions < design.start_position]))
    held = int(min(round(design.season or before / 4), before * largest_share))
    try:
        again = refit(result, design, options={"backdate": held})
    except CausalError as error:
        return not_applicable(name, assumption, f"It cannot be made: {error.what}.")
    rows = again.tidy()
    gap = rows[rows["term"] == "held_out"].iloc[0]
    said = f"the last {held} {design.period_name}"
    table = rows[rows["term"].isin(["mean_post", "held_out"])].assign(fit=[f"without {said}", f"{said} themselves"])
    kept = ["fit", "estimate", "std_error", "conf_low", "conf_high", "p_value"]
    own = result.tidy().iloc[[0]].assign(fit="as it is")
    estimate, std_error = float(result.estimate[0]), float(np.sqrt(result.vcov[0, 0]))
    able = float(power(estimate, float(gap["std_error"]), float(again.df[-1])))
    moves = abs(float(again.estimate[0]) - estimate) / std_error
    rejects = bool(gap["p_value"] < 0.05)
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=rejects, power=able),
        power=able,
        table=pd.concat([own[kept], table[kept]], ignore_index=True),
        sentence=(
            f"With weights that did not see {said} before the start the mean gap in these is {gap['estimate']:.3g} "
            f"(p = {gap['p_value']:.2f}); one as large as the estimate would be seen with probability {able:.2f}. The "
            f"estimate itself moves by {moves:.1f} of its standard errors."
        ),
        moves=moves,
    )
