"""People and one city: earnings after training, drivers and seat belts, one simulated city among ten."""

from __future__ import annotations

from typing import Literal

from coresponder_causal import estimate
from coresponder_causal.design import match_nearest, weight_propensity
from coresponder_causal.validity import agreement_data as data
from coresponder_causal.validity import agreement_peers as peers
from coresponder_causal.validity.agreement_data import Answer
from coresponder_causal.validity.agreement_question import (
    Asked,
    Question,
    Why,
    first,
    p_value,
    stored,
    term,
    without_draws,
)

r_drdid, r_matchit, r_weightit, r_belts = "drdid_lalonde", "matchit_lalonde", "weightit_lalonde", "its_seatbelts"
counts_cities = "It counts the fixed effects of cities as parameters, which makes errors larger; ours does not."
Method = Literal["dr", "dr_improved", "ipw", "reg"]
raised = "It raises small propensities to its pscore_trim; most people of the survey have smaller ones."
raised_too = f"{raised} And it divides the weights of the comparison by the number treated, not by their sum."
ties = "Trainees, and controls, whose scores are equal it takes in another order."
two_periods = "Told of two periods, not of months, it counts fewer parameters, which makes errors smaller."
not_unique = (
    "With more months before the start than cities many weights of months fit; each search ends at another one."
)
two_points = "It draws weights of two points by default; ours has Webb's six, which few clusters need."
no_error = "HC1, its default, gives the one treated city no error of its own: its residual is nought."
no_clusters = "Its errors take the months of a city as independent of each other."


def _of_trainees(method: Method, words: str, key: str, named: str = "", why: Why | None = None) -> Question:
    """Ask for the earnings of trainees beside people asked in a survey."""
    code = f'CallawaySantAnna(estimation_method="{named}")'
    others = (Asked("diff-diff", code, lambda: peers.trainees(named), why),) if named else ()
    return Question(
        "Lalonde (trainees and survey)",
        f"Earnings in difference, {words}, seven covariates",
        f'did_group_time(d, method="{method}")',
        lambda: first(estimate.did_group_time(data.trainee_design(*data.trainee_facts), method=method)),
        (stored("R DRDID", r_drdid, f"{key}|cov", "att", "se"), *others),
    )


earnings = (
    _of_trainees("dr", "doubly robust", "drdid|trad", "dr", Why("convention", raised_too)),
    _of_trainees("dr_improved", "improved doubly robust", "drdid|imp"),
    _of_trainees("ipw", "weighted", "ipwdid|norm=TRUE", "ipw", Why("convention", raised)),
    _of_trainees("reg", "by regression", "ordid", "reg"),
    Question(
        "Lalonde (MatchIt's rows)",
        "Nearest neighbours by the propensity, one to one",
        'call_difference(match_nearest(d, distance="probability"), cluster="none")',
        lambda: first(estimate.call_difference(match_nearest(data.lalonde(), distance="probability"), cluster="none")),
        (
            stored("R MatchIt", r_matchit, "nn_ps_1to1", "effect.att_unadj", "effect.se_HC1"),
            Asked(
                "pymatchit-causal",
                'MatchIt(method="nearest"), difference of means',
                peers.lalonde,
                Why("convention", ties),
            ),
        ),
    ),
    Question(
        "Lalonde (MatchIt's rows)",
        "Weights for the treated",
        'call_difference(weight_propensity(d, scheme="att"))',
        lambda: first(estimate.call_difference(weight_propensity(data.lalonde(), scheme="att"))),
        (
            stored(
                "R WeightIt",
                r_weightit,
                "ps_ATT",
                "effect",
                "se_M_est",
                why=Why("convention", "Its error has no factor for small samples; ours has n / (n − 2)."),
            ),
        ),
    ),
)


def _belts(lags: int) -> Answer:
    fit = estimate.its_segmented(
        data.driver_design(), errors="newey-west", lags=lags, harmonics="dummies", slope_change=True
    )
    return term(fit, "level_change")


series = (
    Question(
        "Seatbelts",
        "Change of level, least squares, Newey and West with twelve lags",
        'its_segmented(d, errors="newey-west", lags=12, harmonics="dummies", slope_change=True)',
        lambda: _belts(12),
        (
            stored("R sandwich", r_belts, "ols_log_drivers", "estimate.2", "se_NW12_adj.2"),
            Asked(
                "statsmodels",
                "ols(...).fit(HAC, maxlags=12, use_correction=True)",
                lambda: peers.belts("HAC", corrected=True),
            ),
            Asked(
                "statsmodels",
                "ols(...).fit(HAC, maxlags=12)",
                lambda: peers.belts("HAC"),
                Why("convention", "Its default has no factor for small samples."),
            ),
        ),
    ),
    Question(
        "Seatbelts",
        "Change of level, errors of order one",
        'its_segmented(d, harmonics="dummies", slope_change=True)',
        lambda: term(
            estimate.its_segmented(data.driver_design(), harmonics="dummies", slope_change=True), "level_change"
        ),
        (
            Asked(
                "statsmodels",
                "ols(...).fit()",
                lambda: peers.belts("plain"),
                Why(
                    "convention",
                    "Least squares with independent months. Ours fits by restricted likelihood with months alike.",
                ),
            ),
        ),
    ),
)


def _two_way(name: str, number: int) -> Question:
    """Ask for two-way effects of one panel."""
    frame = data.cities()[number].frame
    return Question(
        name,
        "Two-way fixed effects of log rates, errors by city",
        'did_two_way(d, log=True, inference="cluster")',
        lambda: first(estimate.did_two_way(data.city_design(number), log=True, inference="cluster")),
        (
            Asked(
                "pyfixest",
                'feols("rate ~ d | city + month"), CRV1 by city',
                lambda: peers.pyfixest("rate ~ d | city + month", frame, "city", "d"),
            ),
            Asked(
                "statsmodels",
                'ols("rate ~ d + C(city) + C(month)"), clustered by city',
                lambda: peers.statsmodels_city(frame, clustered=True),
                Why("convention", counts_cities),
            ),
            Asked(
                "statsmodels",
                "the same without clusters",
                lambda: peers.statsmodels_city(frame, clustered=False),
                Why("convention", no_clusters),
            ),
            Asked(
                "diff-diff",
                "DifferenceInDifferences()",
                lambda: peers.city_two_way(frame, "DifferenceInDifferences"),
                Why("convention", no_clusters),
            ),
            Asked(
                "diff-diff",
                'TwoWayFixedEffects(), time="post"',
                lambda: peers.city_two_way(frame, "TwoWayFixedEffects"),
                Why("convention", two_periods),
            ),
        ),
    )


def _wild(name: str, number: int) -> Question:
    """Ask for the wild bootstrap of the same regression."""
    frame = data.cities()[number].frame
    return Question(
        name,
        "The same, p-value of the restricted wild bootstrap by city",
        'did_two_way(d, log=True, inference="wild")',
        lambda: p_value(estimate.did_two_way(data.city_design(number), log=True, inference="wild")),
        (
            Asked("wildboottest", "wildboottest()", lambda: peers.wild(frame), Why("convention", two_points)),
            Asked(
                "wildboottest",
                'wildboottest(weights_type="webb")',
                lambda: peers.wild(frame, "webb"),
                Why("lot", "Other draws of the same weights."),
            ),
        ),
    )


def _changes(name: str, number: int) -> Question:
    """Ask for one change a city, the treated one's against the others'."""
    frame = data.cities()[number].frame
    return Question(
        name,
        "Change of the city's mean log rate against others' changes",
        "did_few_treated(d)",
        lambda: first(estimate.did_few_treated(data.city_design(number))),
        (
            Asked("diff-diff", 'LWDiD(vcov_type="classical")', lambda: peers.lee_wooldridge(frame, "classical")),
            Asked("diff-diff", "LWDiD()", lambda: peers.lee_wooldridge(frame), Why("convention", no_error)),
        ),
    )


def _poisson(name: str, number: int) -> Question:
    """Ask for two-way effects of counts."""
    frame = data.cities()[number].frame
    return Question(
        name,
        "Poisson regression with both effects",
        'did_poisson(d, effects="pooled", inference="cluster")',
        lambda: first(estimate.did_poisson(data.city_design(number), effects="pooled", inference="cluster")),
        (
            Asked(
                "pyfixest",
                'fepois("calls ~ d | city + month"), CRV1 by city',
                lambda: peers.pyfixest("calls ~ d | city + month", frame, "city", "d", counts=True),
            ),
        ),
    )


def _synthetic(name: str, number: int) -> Question:
    """Ask for weights on cities and months."""
    frame = data.cities()[number].frame
    return Question(
        name,
        "Synthetic difference in differences of log rates",
        "synth_did(d)",
        lambda: without_draws(estimate.synth_did(data.city_design(number))),
        (
            Asked(
                "synthdid-py",
                "synthdid_estimate(Y, N0, T0)",
                lambda: peers.synthdid_city(frame),
                Why("solver", not_unique),
            ),
            Asked(
                "diff-diff",
                "SyntheticDiD(seed=1)",
                lambda: peers.city_synthetic(frame),
                Why("solver", not_unique),
            ),
        ),
    )


def one_city() -> tuple[Question, ...]:
    """Ask about every panel that is shown."""
    asked = (_two_way, _wild, _changes, _poisson, _synthetic)
    return tuple(
        question(f"One city among ten, panel {number + 1}", number)
        for number in range(data.panels_shown)
        for question in asked
    )
