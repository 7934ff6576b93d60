"""Group-time effects against R 4.2.2: did 2.5.1 (commit 71ba8a5) and DRDID 1.2.3, analytic standard errors.

The numbers and the scripts that made them (01_did.R, 02_did_family.R) lie in the folder of outside numbers:
``did_mpdta_grid``, ``did_mpdta_variants``, ``did_mpdta_bootstrap``, ``did_sim`` and ``drdid_lalonde``. R includes the
base period of a universal base as a zero without standard error; here it is left out.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from coresponder_causal.core.drdid import TwoByTwo, cross_section_effect, panel_effect
from coresponder_causal.core.resampling import multiplier_draws, simultaneous_critical_value
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate.aggregate import aggregate
from coresponder_causal.estimate.did_group_time import did_group_time

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")

# Closed forms agree to 1e-14; with covariates R's logit, which iterates, is felt at 6e-11 in effects and 2e-9 in
# standard errors.
EFFECT, STD_ERROR = 1e-8, 1e-6
TYPES = {"overall": "simple", "event_time": "dynamic", "cohort": "group", "time": "calendar"}


@cache
def results(golden: Path, name: str) -> dict:
    return json.loads((golden / f"{name}.json").read_text())["results"]


@cache
def table(golden: Path, name: str) -> pd.DataFrame:
    frame = pd.read_csv(golden / "data" / f"{name}.csv")
    frame["row"] = range(len(frame))
    return frame


def mpdta(golden, *covariates, name="mpdta", where=None, unit="countyreal", **columns):
    frame = table(golden, name)
    frame = frame if where is None else frame[where(frame)]
    frame = frame.assign(lpop2=frame.lpop**2, cohort=frame["first.treat"].where(frame["first.treat"] > 0))
    return PanelDesign.from_frame(
        frame, outcome="lemp", unit=unit, time="year", cohort="cohort", covariates=covariates, **columns
    )


def assert_cells(result, expected):
    """Every cell R estimates, with its standard error; and no others."""
    tidy = result.tidy().set_index(["cohort", "time"])
    rows = zip(expected["group"], expected["t"], expected["att"], expected["se"], strict=True)
    estimated = [row for row in rows if row[3] is not None]
    assert sorted(tidy.index) == sorted((g, t) for g, t, _, _ in estimated)
    for g, t, att, se in estimated:
        assert tidy.estimate[g, t] == pytest.approx(att, rel=0, abs=EFFECT)
        assert tidy.std_error[g, t] == pytest.approx(se, rel=STD_ERROR)
    assert result.n_units == expected["n"]


def assert_averages(result, expected):
    for by, kind in TYPES.items():
        there = expected["aggte"][kind]
        tidy = aggregate(result, by=by).tidy().set_index("term")
        assert tidy.estimate["overall"] == pytest.approx(there["overall_att"], rel=0, abs=EFFECT)
        assert tidy.std_error["overall"] == pytest.approx(there["overall_se"], rel=STD_ERROR)
        values = zip(there["egt"] or [], there["att_egt"] or [], there["se_egt"] or [], strict=True)
        estimated = [value for value in values if value[2] is not None]
        assert list(tidy.index) == ["overall", *(f"{by}={value}" for value, _, _ in estimated)]
        for value, att, se in estimated:
            assert tidy.estimate[f"{by}={value}"] == pytest.approx(att, rel=0, abs=EFFECT)
            assert tidy.std_error[f"{by}={value}"] == pytest.approx(se, rel=STD_ERROR)


@pytest.mark.parametrize("covariates", ["nocov", "lpop"])
@pytest.mark.parametrize("control", ["nevertreated", "notyettreated"])
@pytest.mark.parametrize("method", ["dr", "ipw", "reg"])
def test_grid_of_methods_and_comparison_groups(golden, method, control, covariates):
    expected = results(golden, "did_mpdta_grid")[f"{method}|{control}|{covariates}"]
    design = mpdta(golden, *(["lpop"] if covariates == "lpop" else []))
    result = did_group_time(design, control="never" if control == "nevertreated" else "not_yet", method=method)
    assert_cells(result, expected)
    assert_averages(result, expected)
    before = result.terms.loc[result.terms.event_time < 0, "term"].tolist()
    test = result.wald(before)
    assert test.statistic * test.df_num == pytest.approx(expected["W"][0][0], rel=STD_ERROR)


def whole(frame):
    return frame.groupby("countyreal")["year"].transform("size") == 5


VARIANTS = {
    "universal|dr|nocov": ([], {}, {"base": "universal"}),
    "universal|dr|lpop|notyet": (["lpop"], {}, {"base": "universal", "control": "not_yet"}),
    "anticipation1|dr|nocov": ([], {}, {"anticipation": 1}),
    "anticipation1|universal|notyet|lpop": (
        ["lpop"],
        {},
        {"anticipation": 1, "base": "universal", "control": "not_yet"},
    ),
    "weights_lpop|dr|nocov": ([], {"weights": "lpop"}, {}),
    "weights_lpop|reg|lpop": (["lpop"], {"weights": "lpop"}, {"method": "reg"}),
    "cov_quadratic|dr": (["lpop", "lpop2"], {}, {}),
    "clustered_state_analytic|dr|nocov": ([], {"cluster": "state"}, {}),
    "no_never_treated|notyet|dr|nocov": ([], {"where": lambda f: f["first.treat"] > 0}, {"control": "not_yet"}),
    "unbalanced_true|dr|nocov": ([], {"name": "mpdta_unbalanced"}, {}),
    "unbalanced_true|reg|lpop|notyet": (
        ["lpop"],
        {"name": "mpdta_unbalanced"},
        {"method": "reg", "control": "not_yet"},
    ),
    "unbalanced_false|dr|nocov": ([], {"name": "mpdta_unbalanced", "where": whole}, {}),
    "rcs_mpdta|dr|nocov": ([], {"unit": "row"}, {"panel": False}),
}


@pytest.mark.parametrize("key", VARIANTS)
def test_variants(golden, key):
    covariates, columns, options = VARIANTS[key]
    result = did_group_time(mpdta(golden, *covariates, **columns), **options)
    expected = results(golden, "did_mpdta_variants")[key]
    assert_cells(result, expected)
    assert_averages(result, expected)


@pytest.mark.parametrize(
    ("key", "options"),
    [("balance_e=1", {"balance": 1}), ("min_e=-1,max_e=2", {"min_event_time": -1, "max_event_time": 2})],
)
def test_event_times_balanced_and_cut(golden, key, options):
    tidy = aggregate(did_group_time(mpdta(golden)), by="event_time", **options).tidy()
    expected = results(golden, "did_mpdta_variants")[f"dynamic|{key}"]
    assert tidy.event_time[1:].tolist() == expected["egt"]
    np.testing.assert_allclose(tidy.estimate, [expected["overall_att"], *expected["att_egt"]], rtol=0, atol=EFFECT)
    np.testing.assert_allclose(tidy.std_error, [expected["overall_se"], *expected["se_egt"]], rtol=STD_ERROR)


def test_influence_functions_unit_by_unit(golden):
    expected = table(golden, "mpdta_inffunc_dr_never_nocov").set_index("countyreal").drop(columns="row")
    result = did_group_time(mpdta(golden))
    names = [f"g{g}_t{t}" for g, t in zip(result.terms.cohort, result.terms.time, strict=True)]
    ours = pd.DataFrame(result.influence.rows(), index=result.influence.unit, columns=names)
    np.testing.assert_allclose(ours.loc[expected.index, expected.columns], expected, rtol=0, atol=1e-10)


def simulated(golden, kind, covariates):
    frame = table(golden, f"did_sim_{kind}")
    frame = frame.assign(cohort=frame.G.where(frame.G > 0))
    unit = "id" if kind == "panel" else "row"
    return PanelDesign.from_frame(
        frame, outcome="Y", unit=unit, time="period", cohort="cohort", covariates=["X"] if covariates == "X" else []
    )


SIMULATED = [
    *[f"panel|{method}|X" for method in ("dr", "ipw", "reg")],
    *[f"rcs|{method}|X|notyet" for method in ("ipw", "reg")],
    *[f"rcs|{method}|nocov|never" for method in ("dr", "ipw", "reg")],
]


def estimated(golden, key):
    kind, method, covariates, *control = key.split("|")
    return did_group_time(
        simulated(golden, kind, covariates),
        method=method,
        panel=kind == "panel",
        control="not_yet" if control == ["notyet"] else "never",
    )


@pytest.mark.parametrize("key", SIMULATED)
def test_simulated_panel_and_cross_sections(golden, key):
    result, expected = estimated(golden, key), results(golden, "did_sim")[key]
    assert_cells(result, expected)
    assert_averages(result, expected)


# DRDID 1.2.3 adds, in cross-sections, the influence of the outcome line of the period before with the sign of the
# period after. Ours is the numerical derivative of the estimate (tests/core/test_drdid.py). With that one sign turned
# over our standard errors are theirs, which proves that nothing else differs.
def as_drdid_has_it(outcome, after, treated, covariates, *, weights=None, method="dr"):
    effect = cross_section_effect(outcome, after, treated, covariates, weights=weights, method=method)
    w = np.ones(len(outcome)) if weights is None else weights
    x = np.column_stack([np.ones(len(outcome)), covariates])
    gamma = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ gamma))
        gamma += np.linalg.solve((x * (w * p * (1 - p))[:, None]).T @ x, x.T @ (w * (treated - p)))
    before, there = w * ~treated * ~after, w * treated * ~after
    information = (x * before[:, None]).T @ x / len(outcome)
    residual = outcome - x @ np.linalg.solve(information, x.T @ (before * outcome) / len(outcome))
    odds = before * np.exp(x @ gamma)
    gap = there @ x / there.sum() - odds @ x / odds.sum()
    line = before * residual * (x @ np.linalg.solve(information, gap))
    return TwoByTwo(effect.att, effect.influence - 2 * line)


def test_one_sign_explains_the_difference_in_cross_sections(golden, monkeypatch):
    module = sys.modules["coresponder_causal.design.group_time"]
    monkeypatch.setattr(module, "cross_section_effect", as_drdid_has_it)
    variants = results(golden, "did_mpdta_variants")
    assert_cells(estimated(golden, "rcs|dr|X|notyet"), results(golden, "did_sim")["rcs|dr|X|notyet"])
    assert_cells(did_group_time(mpdta(golden, "lpop", unit="row"), panel=False), variants["rcs_mpdta|dr|lpop"])
    unbalanced = did_group_time(mpdta(golden, "lpop", name="mpdta_unbalanced"))
    assert_cells(unbalanced, variants["unbalanced_true|dr|lpop"])
    assert_averages(unbalanced, variants["unbalanced_true|dr|lpop"])


def test_effects_and_nearly_the_standard_errors_where_that_sign_matters(golden):
    expected = results(golden, "did_sim")["rcs|dr|X|notyet"]
    tidy = estimated(golden, "rcs|dr|X|notyet").tidy().set_index(["cohort", "time"])
    for g, t, att, se in zip(expected["group"], expected["t"], expected["att"], expected["se"], strict=True):
        assert tidy.estimate[g, t] == pytest.approx(att, rel=0, abs=EFFECT)
        assert tidy.std_error[g, t] == pytest.approx(se, rel=0.02)


def interquartile(draws):
    """R's bootstrap standard error."""
    high, low = np.quantile(draws, [0.75, 0.25], axis=0, method="inverted_cdf")
    return (high - low) / (norm.ppf(0.75) - norm.ppf(0.25))


# 25,000 draws on both sides: the interquartile range that R divides by has a Monte-Carlo error of 0.7 % a term and
# side, the quantile itself 0.4 %; and 29 clusters give few distinct draws. Measured: at most 1.5 %. R's multipliers are
# Rademacher's: with Mammen's our critical values under clusters are 6 to 14 % larger than its.
@pytest.mark.parametrize("cluster", ["unit", "state"])
@pytest.mark.parametrize("covariates", ["nocov", "lpop"])
def test_critical_values_of_joint_bands(golden, covariates, cluster):
    expected = results(golden, "did_mpdta_bootstrap")[f"{covariates}|{cluster}|25000"]
    chosen = ["lpop"] if covariates == "lpop" else []
    result = did_group_time(mpdta(golden, *chosen, cluster=None if cluster == "unit" else "state"))
    bands = [(result.influence, expected["crit"])]
    for by in ("event_time", "cohort", "time"):
        averages = aggregate(result, by=by)
        rows = averages.influence.transform(np.eye(len(averages.terms))[1:])  # R leaves the overall row out
        bands.append((rows, expected["aggte"][TYPES[by]]["crit"]))
    for influence, crit in bands:
        draws = multiplier_draws(influence, replications=25_000, seed=8675309)
        assert simultaneous_critical_value(draws, interquartile(draws)) == pytest.approx(crit, rel=0.02)


NSW = ["age", "educ", "black", "married", "nodegree", "hisp", "re74"]
KERNELS = {"dr": "drdid|trad", "dr_improved": "drdid|imp", "ipw": "ipwdid|norm=TRUE", "reg": "ordid"}


@pytest.mark.parametrize("covariates", ["nocov", "cov"])
@pytest.mark.parametrize("method", KERNELS)
def test_earnings_of_trainees_against_survey_comparisons(golden, method, covariates):
    frame = table(golden, "nsw_eval_cps_long")
    wide = frame.pivot(index="id", columns="year", values="re")
    people = frame.drop_duplicates("id").set_index("id").loc[wide.index]
    x = people[NSW].to_numpy(float)[:, : None if covariates == "cov" else 0]
    effect = panel_effect((wide[1978] - wide[1975]).to_numpy(), people.tr.to_numpy() == 1, x, method=method)
    expected = results(golden, "drdid_lalonde")[f"{KERNELS[method]}|{covariates}"]
    n = len(effect.influence)
    # effects are dollars, about 1,000: 1e-8 of their size
    assert effect.att == pytest.approx(expected["att"], rel=0, abs=1e-5)
    assert np.sqrt(effect.influence @ effect.influence) / n == pytest.approx(expected["se"], rel=STD_ERROR)


@pytest.mark.parametrize("method", KERNELS)
def test_doubly_robust_cross_sections(golden, method):
    frame = table(golden, "drdid_sim_rc")
    given = (frame.y.to_numpy(), frame.post.to_numpy() == 1, frame.d.to_numpy() == 1)
    x = frame[["x1", "x2", "x3", "x4"]].to_numpy()
    key = {"dr": "trad", "dr_improved": "imp"}.get(method, KERNELS[method])
    expected = results(golden, "drdid_lalonde")[f"sim_rc|{key}"]
    effect = cross_section_effect(*given, x, method=method)
    assert effect.att == pytest.approx(expected["att"], rel=0, abs=1e-7)  # outcomes are about 300
    shown = as_drdid_has_it(*given, x) if method == "dr" else effect
    n = len(frame)
    assert np.sqrt(shown.influence @ shown.influence) / n == pytest.approx(expected["se"], rel=STD_ERROR)
