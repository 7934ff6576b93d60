"""The published two-way coefficients of arrests in Denver and six counties around it, January 2019 to December 2020.

The published fits: arrests per 100,000 people, county effects, effects of the twelve months of the year, a step common
to all counties from June 2020 on and one of Denver's own; standard errors clustered by county with the factor of
linearmodels, n/(n − rank) = 168/148 (7 + 12 − 1 effects and two steps); t with 148 degrees of freedom. Our intervals
take t(7 − 1): seven clusters do not hold 148 independent pieces. The placebo fits are those of the 17 months before the
start, with a made-up start in February 2020: 119 rows, 99 degrees of freedom.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.inference import interval, p_value, rank_test
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate.did_two_way import did_two_way

DENVER, START = "08031", "2020-06-01"
TERMS = {"mean_post": "post_treatment:treatment", "common_change": "post_treatment"}
few = pytest.mark.filterwarnings("ignore:nearest measured case:coresponder_causal.core.errors.IdentificationWarning")


@pytest.fixture(scope="module")
def folder(data_dir):
    found = data_dir / "duke_star_arrests"
    if not found.is_dir():
        pytest.skip("needs CORESPONDER_DATA with duke_star_arrests")
    return found


@pytest.fixture(scope="module")
def arrests(folder):
    return pd.read_csv(folder / "aggregated_nonviolent_arrest.csv", dtype={"fips_state_county_code": str})


def design(arrests, outcome="arrest_rate_gt_arrests", treated=DENVER):
    return PanelDesign.from_frame(
        arrests, outcome=outcome, unit="fips_state_county_code", time="date", treated=treated, start=START
    )


def as_published(d):
    return did_two_way(d, time_effects="month_of_year", cluster_convention="linearmodels", inference="cluster")


def assert_printed(value, printed, what):
    """Require that a value, rounded as the printed one, is that one."""
    decimals = len(printed.partition(".")[2])
    assert float(f"{value:.{decimals}f}") == float(printed), what


def assert_table_reproduced(printed, fitted, df):
    """Require every number of a published table: coefficients, standard errors, t, p and bounds."""
    assert len(printed) == 14
    for outcome, rows in printed.groupby("independent variable"):
        result = fitted(outcome)
        assert result.n_obs == df + 20
        for term, published in TERMS.items():
            row = rows.set_index("coefficient name").loc[published]
            estimate, error = result.params[term], result.bse[term]
            low, high = interval(estimate, error, df)
            ours = (estimate, error, estimate / error, p_value(estimate / error, df), low, high)
            for value, column in zip(ours, ("coef", "std err", "t", "p-value", "0.025", "0.975"), strict=True):
                assert_printed(value, row[column], (outcome, term, column))


@few
def test_all_published_coefficients_to_the_printed_digit(folder, arrests):
    printed = pd.read_csv(folder / "regression_results.csv", dtype=str)
    assert_table_reproduced(printed, lambda outcome: as_published(design(arrests, outcome)), 148)


@few
def test_all_published_placebo_coefficients_to_the_printed_digit(folder, arrests):
    printed = pd.read_csv(folder / "placebo_test.csv", dtype=str)
    february = pd.Period("2020-02", "M").ordinal
    assert_table_reproduced(
        printed, lambda outcome: as_published(design(arrests, outcome).before_start(start=february)), 99
    )


@few
def test_linearmodels_gives_the_same_standard_errors(arrests):
    from linearmodels.panel import PanelOLS

    result = as_published(design(arrests))
    frame = arrests.assign(month=arrests["month"].str.lower(), date=pd.to_datetime(arrests["date"]))
    frame["both"] = frame["post_treatment"] * frame["treatment"]
    frame = frame.set_index(["fips_state_county_code", "date"])
    fit = PanelOLS(
        frame["arrest_rate_gt_arrests"],
        frame[["both", "post_treatment"]],
        entity_effects=True,
        other_effects=frame[["month"]].astype("category"),
    ).fit(cov_type="clustered", cluster_entity=True)
    # One closed form by two routes: agreement to rounding.
    np.testing.assert_allclose(result.estimate, fit.params, rtol=1e-10)
    np.testing.assert_allclose(result.vcov, fit.cov, rtol=1e-9)


@few
def test_denver_ranks_fourth_of_seven(arrests):
    """The published total arrests, with every county called treated in turn: permutation p 4/7."""
    counties = sorted(arrests["fips_state_county_code"].unique())
    estimates = {county: as_published(design(arrests, treated=county)).estimate[0] for county in counties}
    own = estimates.pop(DENVER)
    rank = rank_test(own, list(estimates.values()))
    assert (rank.rank, rank.of) == (4, 7)
    assert rank.p_value == pytest.approx(4 / 7, rel=1e-12)
    # with Denver left out of the other counties' comparisons, as the estimator does it, the rank is the same
    ranked = did_two_way(design(arrests), time_effects="month_of_year", inference="permutation")
    assert ranked.pvalues["mean_post"] == pytest.approx(4 / 7, rel=1e-12)
    assert f"{ranked.extra['clustered_std_error']:.2f}" != f"{ranked.bse['mean_post']:.2f}"


def test_the_published_interval_is_not_given_unasked(arrests):
    with pytest.raises(EstimationError, match="1 treated and 6 untreated clusters") as caught:
        did_two_way(design(arrests), time_effects="month_of_year")
    assert "did_prediction_interval" in caught.value.mend
    with pytest.warns(IdentificationWarning, match="rejected 32 % of the time at 5 comparison clusters"):
        result = as_published(design(arrests))
    assert result.extra["measured_size"] == 0.32
    assert result.df.tolist() == [6.0, 6.0]
    assert result.pvalues["mean_post"] > p_value(result.estimate[0] / result.bse["mean_post"], 148)


@few
def test_month_of_year_and_period_effects_agree_in_a_balanced_panel(arrests):
    d = design(arrests)
    monthly, by_year = did_two_way(d, inference="cluster", cluster_convention="none"), as_published(d)
    assert monthly.estimate[0] == pytest.approx(by_year.estimate[0], rel=1e-10)
    assert monthly.bse["mean_post"] * np.sqrt(168 / 148) == pytest.approx(by_year.bse["mean_post"], rel=1e-10)
