"""Whether officers were on the same course before they worked beside the team: volunteers and assigned apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.inference import power
from coresponder_causal.core.pretrend_power import Pretrend, pretrend
from coresponder_causal.core.registry import run_method
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, as_change, judged, not_applicable
from coresponder_causal.design.officer_words import imputed_by
from coresponder_causal.design.officers import OfficerDesign

name = "officer_trends"
assumption = "Before their exposure officers were on the course of those not yet or never exposed."
nominal = 0.05


def officer_trends(result: Result, design: OfficerDesign) -> CheckResult:
    """Test the spans of time before the exposure, jointly in each group of officers.

    Parameters
    ----------
    result : Result
        Of officer_imputation or officer_poisson, whose leads are tested; without leads they are those of its defaults,
        and for another method those of officer_imputation.
    design : OfficerDesign

    Returns
    -------
    CheckResult
        Contradicts where the F test of a group (CR2, at the mean of its leads' df) rejects at 5 % over the number of
        groups; cannot tell where a mean of all leads as large as the mean effect would be seen with probability below
        one half. The sentence says which steady drift each test would find four times in five. Volunteers who were on
        another course already are not mended by officer effects.

    References
    ----------
    Roth (2022), doi:10.1257/aeri.20210236, on how little a test of leads shows that does not reject.

    Examples
    --------
    >>> from coresponder_causal.estimate import officer_imputation
    >>> from coresponder_causal.simulate import officer_panel
    >>> frame = officer_panel(seed=1, officers=48, months=24, squads=6, trend=6.0).frame
    >>> d = OfficerDesign.from_frame(frame, outcome="force", dose="calls_together", exposure="calls",
    ...                              volunteered="volunteered")
    >>> officer_trends(officer_imputation(d), d).verdict
    'contradicts'
    """
    try:
        fit = result if _has_leads(result) else run_method(imputed_by(result.method), design, {})
    except (DesignError, EstimationError) as error:
        return not_applicable(name, assumption, f"Leads cannot be fitted: {error.what.splitlines()[0]}.")
    if not _has_leads(fit):
        return not_applicable(name, assumption, "No span before the exposure can be told from the time before it.")
    leads = _leads(fit)
    groups = dict(sorted({str(group): rows for group, rows in leads.groupby("group").groups.items()}.items()))
    tested = {group: _joint(fit, rows.to_numpy()) for group, rows in groups.items()}
    every = np.isin(np.arange(len(fit.terms)), leads.index) / len(leads)
    mean = fit.combine(every, pd.DataFrame({"term": ["mean of the leads"]}))
    able = float(power(float(fit.estimate[0]), np.sqrt(mean.vcov[0, 0]), mean.df[0]))
    rejects = any(found.test.p_value < nominal / len(tested) for found in tested.values())
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=rejects, power=able),
        power=able,
        table=fit.tidy().loc[leads.index].reset_index(drop=True),
        sentence=" ".join([*(_said(group, found, design, fit.scale) for group, found in tested.items()), _able(able)]),
        support=None if fit.support is None else fit.support.loc[leads.index].reset_index(drop=True),
    )


def _leads(fit: Result) -> pd.DataFrame:
    return fit.terms[(fit.terms["event_time"] < 0).fillna(False).to_numpy(bool)]


def _has_leads(fit: Result) -> bool:
    return "event_time" in fit.terms and len(_leads(fit)) > 0


def _joint(fit: Result, rows: np.ndarray) -> Pretrend:
    vcov, width = fit.vcov[np.ix_(rows, rows)], fit.extra.number("bin_width")
    since = fit.terms["event_time"].iloc[rows].to_numpy(float)
    return pretrend(fit.estimate[rows], vcov, float(fit.df[rows].mean()), since - since.min() + width)


def _said(group: str, found: Pretrend, design: OfficerDesign, scale: str) -> str:
    test = found.test
    return (
        f"{group.capitalize()}: F({test.df_num}, {test.df_den:.1f}) = {test.statistic:.2f} (p {test.p_value:.3f}) of "
        f"their leads; a steady drift of {as_change(found.usual, scale)} a {design.period_name[:-1]} over them "
        "would be found four times in five."
    )


def _able(able: float) -> str:
    return f"A mean of the leads as large as the mean effect would be seen with probability {able:.2f}."
