"""Calls to which the team is sent by what is known of them, in beats that differ: regressions, matching, weights."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import expit

from coresponder_causal import estimate
from coresponder_causal.design import CallDesign, match_nearest, weight_propensity
from coresponder_causal.validity.safety_question import Call, Drawn, Question, draws, fewer, fewest, headline, ours

calls, beats, night_share, effect = 1500, 25, 0.4, -0.1
usual_odds, severity_odds, night_odds = -0.8, 0.8, 0.5
beat_sent_sd, beat_arrest_sd = 0.8, 0.5
Town = Drawn[CallDesign]
known = ["severity", "night"]
adjusted = "arrest ~ attended + severity + night"


def towns(effect: float = 0.0) -> Iterator[Town]:
    """Draw calls of a town, as frames of ``beat, severity, night, attended, arrest``.

    Examples
    --------
    >>> one = next(towns())
    >>> one.frame["beat"].nunique(), len(one.frame)
    (25, 1500)
    """
    for number in range(draws):
        yield _drawn(np.random.default_rng([1, number]), effect)


def _drawn(rng: np.random.Generator, effect: float) -> Town:
    beat, severity = rng.integers(0, beats, calls), rng.normal(size=calls)
    night = (rng.random(calls) < night_share).astype(int)
    sent, held = (sd * rng.normal(size=beats)[beat] for sd in (beat_sent_sd, beat_arrest_sd))
    odds = usual_odds + severity_odds * severity + night_odds * night
    attended = (rng.random(calls) < expit(odds + sent)).astype(int)
    arrest = (rng.random(calls) < np.clip(expit(odds + held) + effect * attended, 0, 1)).astype(int)
    frame = pd.DataFrame({"beat": beat, "severity": severity, "night": night, "attended": attended, "arrest": arrest})
    design = CallDesign.from_frame(frame, outcome="arrest", treatment="attended", covariates=known, person="beat")
    return Drawn(frame, design)


def _statsmodels(drawn: Town, model: str, formula: str, by_beat: bool = False) -> float:
    import statsmodels.formula.api as smf

    said = {"disp": 0} if model == "logit" else {}
    groups = {"cov_type": "cluster", "cov_kwds": {"groups": drawn.frame["beat"]}} if by_beat else {}
    return float(getattr(smf, model)(formula, drawn.frame).fit(**said, **groups).pvalues["attended"])


def _feols(drawn: Town) -> float:
    import pyfixest

    return float(pyfixest.feols(f"{adjusted} | beat", drawn.frame).pvalue()["attended"])


def _pymatchit(drawn: Town) -> float:
    import statsmodels.formula.api as smf
    from pymatchit import MatchIt

    with redirect_stdout(io.StringIO()):
        model = MatchIt(drawn.frame, method="nearest")
        model.fit("attended ~ severity + night")
    pairs = model.matches()[["treated_index", "control_index"]].to_numpy(np.int64)
    return float(smf.ols("arrest ~ attended", drawn.frame.iloc[pairs.ravel()]).fit().pvalues["attended"])


def _dowhy(drawn: Town) -> float:
    from dowhy import CausalModel

    frame = drawn.frame.assign(attended=drawn.frame["attended"] == 1)
    logging.getLogger("dowhy").setLevel(logging.ERROR)
    model = CausalModel(frame, treatment="attended", outcome="arrest", common_causes=known)
    found = model.identify_effect(proceed_when_unidentifiable=True)
    fit = model.estimate_effect(found, method_name="backdoor.linear_regression", test_significance=True)
    return float(fit.test_stat_significance()["p_value"][0])


def _econml(drawn: Town) -> float:
    from econml.dr import LinearDRLearner

    arrest, attended, before = (drawn.frame[name].to_numpy(float) for name in ("arrest", "attended", known))
    fit = LinearDRLearner(random_state=1).fit(arrest, attended, X=None, W=before)
    return float(fit.ate_inference().pvalue())


town = Question(
    "Calls of one town, in beats",
    f"{calls} calls in {beats} beats. The team goes to severe calls and by night, which lead to an arrest more often: "
    f"both are recorded, log odds {severity_odds:g} and {night_odds:g} of either. Beats differ in how often the team "
    f"is sent and, for other reasons, in how often people are arrested (deviations {beat_sent_sd:g} and "
    f"{beat_arrest_sd:g} of log odds). Where something happens, the team makes an arrest {100 * abs(effect):g} points "
    "less likely.",
    towns,
    effect,
    (
        Call(
            "statsmodels",
            'logit("arrest ~ attended").fit()',
            partial(_statsmodels, model="logit", formula="arrest ~ attended"),
        ),
        Call("statsmodels", f'logit("{adjusted}").fit()', partial(_statsmodels, model="logit", formula=adjusted)),
        Call("statsmodels", f'ols("{adjusted}").fit()', partial(_statsmodels, model="ols", formula=adjusted)),
        Call(
            "statsmodels",
            'the same, fit(cov_type="cluster") by beat',
            partial(_statsmodels, model="ols", formula=adjusted, by_beat=True),
        ),
        Call("pyfixest", f'feols("{adjusted} | beat")', _feols),
        Call("pymatchit-causal", 'MatchIt(method="nearest"), t test', _pymatchit, fewer),
        Call("dowhy", 'estimate_effect("backdoor.linear_regression")', _dowhy, fewer),
        Call("econml", "LinearDRLearner().fit(Y, T, W=W)", _econml, fewest),
        Call(ours, "call_aipw(d)", lambda one: headline(estimate.call_aipw(one.design)), fewer),
        Call(
            ours,
            "call_difference(match_nearest(d, caliper=0.2))",
            lambda one: headline(estimate.call_difference(match_nearest(one.design, caliper=0.2))),
        ),
        Call(
            ours,
            "call_difference(match_nearest(d))",
            lambda one: headline(estimate.call_difference(match_nearest(one.design))),
        ),
        Call(
            ours,
            'call_difference(weight_propensity(d, scheme="att"))',
            lambda one: headline(estimate.call_difference(weight_propensity(one.design, scheme="att"))),
        ),
        Call(
            ours,
            'call_difference(weight_propensity(d, scheme="overlap"))',
            lambda one: headline(estimate.call_difference(weight_propensity(one.design, scheme="overlap"))),
        ),
    ),
)
