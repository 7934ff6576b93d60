"""What the abstracts of Compton and others (2014) print of CIT training, and what follows from it.

Part I, Psychiatric Services 65(4):517–522, doi:10.1176/appi.ps.201300107: 586 officers, 251 of them trained; d = .71 of
de-escalation skills and .57 of referral decisions (psychosis), both p < .001. Part II, 65(4):523–529,
doi:10.1176/appi.ps.201300108: 1,063 encounters of 91 trained and 89 other officers; odds ratios of verbal engagement
2.00 (p = .016), referral or transport 1.70 (p = .026), arrest .47 (p = .007).

The abstracts print neither means and standard deviations, from which d could be made again, nor counts of encounters,
from which the odds ratios could. Those are in the papers' tables, which are not at hand, so that neither is recomputed
here. What can be: that printed sizes, numbers and p-values agree, and the intervals that they imply.
"""

import numpy as np
import pytest

from coresponder_causal.core.inference import critical, deviate, minimum_detectable_effect, p_value

TRAINED, OTHERS = 251, 335
ODDS = {"verbal engagement": (2.00, 0.016), "referral or transport": (1.70, 0.026), "arrest": (0.47, 0.007)}
IMPLIED = {"verbal engagement": (1.14, 3.52), "referral or transport": (1.07, 2.71), "arrest": (0.27, 0.81)}


@pytest.mark.parametrize("d", [0.71, 0.57])
def test_printed_differences_and_numbers_have_the_printed_p_value(d):
    t = d * np.sqrt(TRAINED * OTHERS / (TRAINED + OTHERS))
    assert float(p_value(t, TRAINED + OTHERS - 2)) < 0.001
    rounded_down = (d - 0.005) * np.sqrt(TRAINED * OTHERS / (TRAINED + OTHERS))
    assert float(p_value(rounded_down, TRAINED + OTHERS - 2)) < 0.001


@pytest.mark.parametrize("outcome", ODDS)
def test_odds_ratios_and_p_values_imply_intervals_that_leave_out_one(outcome):
    ratio, p = ODDS[outcome]
    error = abs(np.log(ratio)) / float(deviate(p))
    low, high = np.exp(np.log(ratio) + np.array([-1, 1]) * critical(np.inf) * error)
    assert (low, high) == pytest.approx(IMPLIED[outcome], abs=0.006)
    assert not low <= 1 <= high


def test_a_city_of_74_officers_could_not_have_found_the_smaller_of_the_two_among_so_few():
    """Half of 74 trained: a cross-section finds a difference of .66 standard deviations four times in five."""
    error = np.sqrt(2 / 37)
    assert minimum_detectable_effect(error, 72) == pytest.approx(0.66, abs=0.005)
