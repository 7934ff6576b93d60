"""Whether officers who never worked beside the team changed as their squad mates did."""

from __future__ import annotations

import numpy as np

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.inference import power
from coresponder_causal.core.registry import by_default, run_method
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, as_change, judged, not_applicable
from coresponder_causal.design.officer_words import imputed_by, peers_column
from coresponder_causal.design.officers import OfficerDesign

name = "squad_mates"
assumption = "What squad mates learnt did not change officers who had not worked beside the team themselves."


def squad_mates(result: Result, design: OfficerDesign) -> CheckResult:
    """Let the share of exposed squad mates move the outcomes of unexposed officers.

    Parameters
    ----------
    result : Result
        Of officer_poisson: as a ratio; else as a difference by officer_imputation.
    design : OfficerDesign
        With squads. Exposure of the mates is used, not their outcomes, which would depend on each other.

    Returns
    -------
    CheckResult
        Contradicts where the change on unexposed officers' calls, as all their squad mates become exposed, differs from
        zero at 5 %; ``moves``: how far the mean effect moves when it is allowed for, in standard errors.

    References
    ----------
    Manski (1993), doi:10.2307/2298123, on outcomes of peers that reflect each other; Clarke (2017), Estimating
    difference-in-differences in the presence of spillovers, MPRA 81604.

    Examples
    --------
    >>> from coresponder_causal.estimate import officer_imputation
    >>> from coresponder_causal.simulate import officer_panel
    >>> frame = officer_panel(seed=1, officers=48, months=24, squads=6).frame
    >>> d = OfficerDesign.from_frame(frame, outcome="force", dose="calls_together", exposure="calls")
    >>> squad_mates(officer_imputation(d), d).verdict
    'not applicable'
    """
    if design.squad is None:
        return not_applicable(name, assumption, "The design has no squads.")
    try:
        method = imputed_by(result.method)
        own = result.method == method and by_default(result, design)
        plain = result if own else run_method(method, design, {})
        fit = run_method(method, design, {"peers": "adjusted"})
    except (DesignError, EstimationError) as error:
        return not_applicable(name, assumption, f"Squad mates cannot be allowed for: {error.what.splitlines()[0]}.")
    chosen = fit.terms["term"].isin([peers_column, fit.terms["term"].iloc[0]]).to_numpy()
    table = fit.tidy()[chosen].reset_index(drop=True)
    peers = table[table["term"] == peers_column].iloc[0]
    place = int(np.flatnonzero(fit.terms["term"] == peers_column)[0])
    effect, std_error = float(plain.estimate[0]), float(np.sqrt(plain.vcov[0, 0]))
    able = float(power(effect, float(peers["std_error"]), float(fit.df[place])))
    moved, before, allowed = (
        as_change(float(value), fit.scale) for value in (peers["estimate"], effect, fit.estimate[0])
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=bool(peers["p_value"] < 0.05), power=able),
        power=able,
        table=table,
        sentence=f"With all squad mates exposed the outcome of an unexposed officer moved by "
        f"{moved} (p {peers['p_value']:.3f}); allowing for it takes the mean effect from {before} to {allowed}. A move "
        f"as large as the effect would be seen with probability {able:.2f}.",
        support=None if fit.support is None else fit.support[chosen].reset_index(drop=True),
        moves=abs(float(fit.estimate[0]) - effect) / std_error,
    )
