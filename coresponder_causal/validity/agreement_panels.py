"""Panels that many programs are tried on: counties with minimum wages, states with a tobacco or a castle law."""

from __future__ import annotations

from coresponder_causal import estimate
from coresponder_causal.validity import agreement_data as data
from coresponder_causal.validity import agreement_peers as peers
from coresponder_causal.validity.agreement_data import Answer, answer
from coresponder_causal.validity.agreement_question import Asked, Question, Why, first, stored, term, without_draws

r_did, r_fixest, r_imputation = "did_mpdta_grid", "fixest_feols_sunab", "didimputation"
r_synthdid, county = "synthdid_prop99", ("lemp", "countyreal")
nested = (
    "It counts the fixed effects of units within clusters as parameters, which makes errors larger, and has no factor "
    "for the number of clusters; ours is the other way round."
)
uncorrelated = (
    "Its error of the mean takes the effects of different years as uncorrelated, although the same counties stand "
    "behind them."
)
gardner = "Errors of a second regression on the effect; ours holds each effect against the mean of its start and year."
one_stack = (
    "Errors of one regression of the stack, with one intercept for all starts; ours holds units against the mean of "
    "their group in their own comparison. With a single start, as where before=2, both are the same."
)
early = "Its solver stops early by default; the call below it lets it go on."


def _overall(*covariates: str) -> Answer:
    return first(estimate.aggregate(estimate.did_group_time(data.county_design(*covariates)), by="overall"))


counties = (
    Question(
        "mpdta",
        "Average effect, counties without a rise as comparison",
        'aggregate(did_group_time(d), by="overall")',
        _overall,
        (
            stored("R did", r_did, "dr|nevertreated|nocov", "aggte.simple.overall_att", "aggte.simple.overall_se"),
            Asked("csdid", 'ATTgt(..., "lemp~1"), aggte("simple")', lambda: peers.csdid_counties("lemp~1")),
            Asked(
                "diff-diff", "CallawaySantAnna()", lambda: peers.staggered("CallawaySantAnna", data.counties(), *county)
            ),
        ),
    ),
    Question(
        "mpdta",
        "The same, given population",
        'aggregate(did_group_time(d with "lpop"), by="overall")',
        lambda: _overall("lpop"),
        (
            stored("R did", r_did, "dr|nevertreated|lpop", "aggte.simple.overall_att", "aggte.simple.overall_se"),
            Asked("csdid", 'ATTgt(..., "lemp~lpop"), aggte("simple")', lambda: peers.csdid_counties("lemp~lpop")),
            Asked(
                "diff-diff",
                'CallawaySantAnna(), covariates=["lpop"]',
                lambda: peers.staggered("CallawaySantAnna", data.counties(), *county, covariates=["lpop"]),
                Why("convention", "It divides the weights of the comparison by the number treated, not by their sum."),
            ),
        ),
    ),
    Question(
        "mpdta",
        "Two-way fixed effects, errors by county",
        'did_two_way(d, inference="cluster")',
        lambda: first(estimate.did_two_way(data.county_design(), inference="cluster")),
        (
            stored("R fixest", r_fixest, "mpdta_twfe"),
            Asked(
                "pyfixest",
                'feols("lemp ~ post | countyreal + year"), CRV1',
                lambda: peers.pyfixest("lemp ~ post | countyreal + year", data.counties(), "countyreal", "post"),
            ),
            Asked(
                "linearmodels",
                "PanelOLS with both effects, clustered by entity",
                peers.linearmodels_counties,
                Why("convention", nested),
            ),
        ),
    ),
    Question(
        "mpdta",
        "Imputation, all treated county-years",
        "did_imputation(d, leads=0, leave_one_out=False)",
        lambda: first(estimate.did_imputation(data.county_design(), leads=0, leave_one_out=False)),
        (
            stored("R didimputation", r_imputation, "mpdta_static", "estimate", "std.error"),
            Asked("diff-diff", "ImputationDiD()", lambda: peers.staggered("ImputationDiD", data.counties(), *county)),
            Asked(
                "diff-diff",
                "TwoStageDiD()",
                lambda: peers.staggered("TwoStageDiD", data.counties(), *county),
                Why("convention", gardner),
            ),
        ),
    ),
    Question(
        "mpdta",
        "Changes of the treatment, their first year",
        "did_switching(d), event_time=0",
        lambda: term(estimate.did_switching(data.county_design()), "event_time=0"),
        (
            Asked(
                "diff-diff",
                "ChaisemartinDHaultfoeuille()",
                lambda: peers.switching_counties(first_alone=True),
                Why(
                    "convention",
                    "Squares about the means of starts, without ours' factor c / (c − 1).",
                ),
            ),
        ),
    ),
    Question(
        "mpdta",
        "Changes of the treatment, all years",
        "did_switching(d)",
        lambda: first(estimate.did_switching(data.county_design())),
        (
            Asked(
                "diff-diff",
                "ChaisemartinDHaultfoeuille(), L_max=4",
                lambda: peers.switching_counties(first_alone=False),
                Why("bug", uncorrelated),
            ),
        ),
    ),
    Question(
        "mpdta",
        "Stacked comparisons, one year before to one after",
        "did_stacked(d, before=1, after=1)",
        lambda: first(estimate.did_stacked(data.county_design(), before=1, after=1)),
        (
            Asked(
                "diff-diff",
                'StackedDiD(vcov_type="hc2_bm")',
                peers.stacked_counties,
                Why("convention", one_stack),
            ),
        ),
    ),
    Question(
        "mpdta",
        "Saturated regression of Sun and Abraham",
        'did_interaction(d, small_sample="fixest"), overall',
        lambda: term(estimate.did_interaction(data.county_design(), small_sample="fixest"), "overall"),
        (
            stored("R fixest", r_fixest, "mpdta_sunab_att"),
            Asked("diff-diff", "SunAbraham()", lambda: peers.staggered("SunAbraham", data.counties(), *county)),
        ),
    ),
)
states = (
    Question(
        "Prop 99",
        "Synthetic difference in differences",
        "synth_did(d, log=False)",
        lambda: without_draws(estimate.synth_did(data.smoking(), log=False)),
        (
            stored("R synthdid", r_synthdid, "synthdid", "estimate", why=Why("solver", early)),
            stored(
                "R synthdid",
                r_synthdid,
                "synthdid_tight",
                "estimate",
                why=Why("solver", "Its steps come near the optimum; ours solves for it."),
            ),
            Asked(
                "synthdid-py",
                "synthdid_estimate(Y, N0, T0)",
                lambda: peers.synthdid_smoking("synthdid_estimate"),
                Why("solver", early),
            ),
            Asked(
                "diff-diff",
                "SyntheticDiD(seed=1)",
                peers.smoking,
                Why("solver", "It follows R's solver, with R's early stop."),
            ),
        ),
    ),
    Question(
        "Prop 99",
        "The same, root mean square of the placebos: every other state in turn",
        'synth_did(d, log=False).extra["placebo_std_error"]',
        lambda: answer(estimate.synth_did(data.smoking(), log=False).extra.number("placebo_std_error")),
        (
            Asked(
                "synthdid-py",
                "synthdid_estimate(Y, N0, T0) of each other state",
                peers.synthdid_placebos,
                Why("solver", "Its solver stops early by default."),
            ),
        ),
    ),
    Question(
        "Prop 99",
        "Synthetic control, outcomes alone",
        "synth_control(d, log=False, demean=False)",
        lambda: without_draws(estimate.synth_control(data.smoking(), log=False, demean=False)),
        (
            Asked(
                "synthdid-py",
                "sc_estimate(Y, N0, T0)",
                lambda: peers.synthdid_smoking("sc_estimate"),
                Why("solver", early),
            ),
            stored("R synthdid", r_synthdid, "sc", "estimate", why=Why("solver", early)),
            stored(
                "R synthdid",
                r_synthdid,
                "sc_tight",
                "estimate",
                why=Why(
                    "solver", "Its steps come near the optimum; the weights of ours fit the years before more closely."
                ),
            ),
        ),
    ),
    Question(
        "Prop 99",
        "Difference in differences",
        'did_two_way(d, inference="cluster")',
        lambda: without_draws(estimate.did_two_way(data.smoking(), inference="cluster")),
        (stored("R synthdid", r_synthdid, "did", "estimate"),),
    ),
    Question(
        "castle",
        "Two-way fixed effects, unweighted",
        'did_two_way(d, inference="cluster")',
        lambda: first(estimate.did_two_way(data.castle_design(), inference="cluster")),
        (
            stored("R bacondecomp", "bacondecomp", "castle_l_homicide", "twfe"),
            Asked(
                "pyfixest",
                'feols("l_homicide ~ post | state + year"), CRV1',
                lambda: peers.pyfixest("l_homicide ~ post | state + year", data.castle(), "state", "post"),
            ),
        ),
    ),
    Question(
        "castle",
        "Imputation, all treated state-years",
        "did_imputation(d, leads=0, leave_one_out=False)",
        lambda: first(estimate.did_imputation(data.castle_design(), leads=0, leave_one_out=False)),
        (
            stored("R didimputation", r_imputation, "castle_static", "estimate", "std.error"),
            Asked(
                "diff-diff",
                "ImputationDiD()",
                lambda: peers.staggered("ImputationDiD", data.castle(), "l_homicide", "state"),
            ),
            Asked(
                "diff-diff",
                "TwoStageDiD()",
                lambda: peers.staggered("TwoStageDiD", data.castle(), "l_homicide", "state"),
                Why("convention", gardner),
            ),
            Asked("pyfixest", "did2s(...), by state", peers.did2s_castle, Why("convention", gardner)),
        ),
    ),
)
