"""Intervals without parallel courses against R HonestDiD 0.2.7 (its C-LF and FLCI), on two published event studies.

Numbers and script (04_honest.R, 04b_honest.R) lie in the folder of outside numbers: the event study of Benzarti &
Carloni (2019) that ships with HonestDiD, and mpdta by R did 2.5.1 with a universal base. Where R's default grid ends
before its set does, the wider grid is taken, and the entries that it has not are left out.

R keeps points of a grid, draws 1,000 times for the first stage (here 20,000) and a million times for the critical value
of a biased normal (here its exact value): they differ by a step of the grid, and by 1e-3 elsewhere.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from coresponder_causal.core.honest import EventStudy, bounds
from coresponder_causal.core.honest_flci import fixed_length

PUBLISHED = ("BC_first", "BC_avg", "mpdta_CS_universal")
R_TRUNCATES = {("BC_avg", 0.0), ("BC_avg", 0.1), ("BC_avg", 0.2), ("BC_avg", 0.3)}


@pytest.fixture(scope="module")
def stored(golden):
    return json.loads((golden / "honestdid.json").read_text())["results"]


def study(item) -> EventStudy:
    beta, own = np.array(item["betahat"]), item["numPrePeriods"]
    return EventStudy(
        before=beta[:own], after=beta[own:], vcov=np.array(item["sigma"]), weights=np.array(item["l_vec"], float)
    )


@pytest.mark.parametrize("name", PUBLISHED)
def test_relative_magnitudes(stored, golden, name):
    wide = json.loads((golden / "honestdid_rm_widegrid.json").read_text())["results"]
    expected, step = (wide[name], 2e-3) if name in wide else (stored[name]["rm"], 7e-4)
    for place, size in enumerate(expected["Mbar"]):
        found = bounds(study(stored[name]), "magnitudes", size)
        assert found == pytest.approx((expected["lb"][place], expected["ub"][place]), abs=step)


@pytest.mark.parametrize("name", PUBLISHED)
def test_smoothness_by_the_conditional_test(stored, name):
    expected = stored[name]["sd_clf"]
    for place, size in enumerate(expected["M"]):
        low, high = bounds(study(stored[name]), "smoothness", size)
        assert low == pytest.approx(expected["lb"][place], abs=3e-3)
        if (name, size) in R_TRUNCATES:
            assert high > expected["ub"][place]
        else:
            assert high == pytest.approx(expected["ub"][place], abs=2e-3)


@pytest.mark.parametrize("name", PUBLISHED)
def test_smoothness_by_fixed_length(stored, name):
    """Lengths agree up to the noise of R's draws; where lengths are flat in the weights, centres may part by 1e-3."""
    expected = stored[name]["sd_flci"]
    for place, size in enumerate(expected["M"]):
        low, high = fixed_length(study(stored[name]), size, df=np.inf)
        assert (low, high) == pytest.approx((expected["lb"][place], expected["ub"][place]), abs=1e-3)
        assert high - low == pytest.approx(expected["ub"][place] - expected["lb"][place], abs=2.5e-4)
