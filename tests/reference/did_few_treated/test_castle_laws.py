"""The rolling transformation against Lee & Wooldridge's castle laws: 50 states, 21 of them with five starts, 2000–2010.

Printed in their section 7.2 (doi:10.2139/ssrn.4516518), and a Stata run of their script (`reg ydot_bar d, vce(hc3)`),
both as the test suite of the Python package lwdid records them; the paper itself was not at hand. Data: castle of the R
package bacondecomp, homicides over population.

Conventions: a state's outcome less its mean, or line, before a start, averaged from the start on; of the states without
a law the mean of these over the starts, weighted by how many states start then; classical or HC3 errors of the
regression on the treatment, t(N − 2).
"""

import pandas as pd
import pytest

from coresponder_causal.core.notes import quietly
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import did_few_treated

PRINTED = {"demean": ("0.092", "1.50"), "detrend": ("0.067", "1.21")}


@pytest.fixture(scope="module")
def castle(golden):
    frame = pd.read_csv(golden / "data" / "bacon_castle.csv")
    return PanelDesign.from_frame(
        frame, outcome="homicide_c", unit="state", time="year", cohort="effyear", exposure="population"
    )


def fitted(castle, adjust, inference):
    with quietly():
        return did_few_treated(castle, adjust=adjust, inference=inference)


@pytest.mark.parametrize("adjust", PRINTED)
def test_printed_digits(castle, adjust):
    effect, t = PRINTED[adjust]
    robust = fitted(castle, adjust, "hc3")
    assert f"{robust.estimate[0]:.3f}" == effect
    assert f"{robust.estimate[0] / robust.bse.iloc[0]:.2f}" == t
    assert robust.df.tolist() == [48.0]


def test_printed_errors(castle):
    plain = fitted(castle, "demean", "lee-wooldridge")
    assert f"{plain.bse.iloc[0]:.3f}" == "0.057"
    assert f"{plain.estimate[0] / plain.bse.iloc[0]:.2f}" == "1.61"
    assert f"{fitted(castle, 'detrend', 'hc3').bse.iloc[0]:.3f}" == "0.055"


def test_stata(castle):
    """Seven digits were recorded: half a unit of the last."""
    robust = fitted(castle, "demean", "hc3")
    assert robust.estimate[0] == pytest.approx(0.0917454, abs=5e-8)
    assert robust.bse.iloc[0] == pytest.approx(0.0611743, abs=5e-8)
