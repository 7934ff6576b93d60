"""Printed counts of co-responder programmes, read by our estimators and kernels: which convention gives which digits.

Scott 2000, doi:10.1176/appi.ps.51.9.1153: 40 of 73 against 16 of 58 emergencies managed without the hospital. Heslin et
al. 2016 (Sussex street triage): 194 detentions in the half year before, 118 in that after; 119 and 56 of them in police
custody. Bailey et al. 2022, doi:10.1176/appi.ps.202000864: arrest, odds ratio .48 (.25 to .92). The counts and Bailey's
ratio are printed; differences, ratios and intervals are computed from them, in closed forms, to the digits stated.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from coresponder_causal.core.count_regression import fit_counts
from coresponder_causal.core.evalue import evalues
from coresponder_causal.core.inference import critical, interval, p_value
from coresponder_causal.core.logit import logit
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CallDesign, SeriesDesign
from coresponder_causal.estimate import call_difference, its_rare

SCOTT = {1: (40, 33), 0: (16, 42)}


def scott():
    kinds = [pd.DataFrame({"team": arm, "home": [1.0] * yes + [0.0] * no}) for arm, (yes, no) in SCOTT.items()]
    return pd.concat(kinds, ignore_index=True)


def test_scott_difference():
    """The printed digits take p (1 − p)/n in each arm and the normal; call_difference counts n − 2 and takes t(129)."""
    design = CallDesign.from_frame(scott(), outcome="home", treatment="team", covariates=[])
    with quietly():
        found = call_difference(design)
    n = 131
    plain = float(found.bse.iloc[0]) * np.sqrt((n - 2) / n)
    assert plain == pytest.approx(np.sqrt(sum(a * b / (a + b) ** 3 for a, b in SCOTT.values())), rel=1e-10)
    low, high = interval(found.estimate[0], plain, np.inf)
    assert [round(float(x), 3) for x in (found.estimate[0], low, high)] == [0.272, 0.110, 0.434]
    ours = found.tidy().loc[0, ["conf_low", "conf_high"]].to_numpy(float)
    assert ours[0] < low < high < ours[1]
    assert np.abs(ours - [low, high]).max() < 0.003


def test_scott_odds_ratio():
    """A logit and Wald's interval on the log scale, the inverse information as variance: Woolf's."""
    table = scott()
    fit = logit(np.column_stack([np.ones(131), table["team"]]), table["home"].to_numpy())
    error = np.sqrt(np.linalg.inv(131 * fit.information)[1, 1])
    assert error == pytest.approx(np.sqrt(sum(1 / a + 1 / b for a, b in SCOTT.values())), rel=1e-7)
    found = np.exp([fit.coef[1], *interval(fit.coef[1], error, np.inf)])
    assert [round(float(x), 2) for x in found] == [3.18, 1.52, 6.65]


@pytest.mark.parametrize(
    ("before", "after", "printed"), [(194, 118, [0.608, 0.484, 0.765]), (119, 56, [0.471, 0.343, 0.647])]
)
def test_sussex_rate_ratios(before, after, printed):
    """A Poisson regression and Wald's interval give the digits; its_rare's is exact (scipy's binomial) and wider."""
    counts = np.concatenate([np.full(6, before // 6), np.full(6, after // 6)])
    counts[[5, 11]] += before % 6, after % 6
    rows = np.column_stack([np.ones(12), np.arange(12) > 5])
    fit = fit_counts(counts.astype(float), rows, exposure=np.ones(12))
    error = np.sqrt(np.linalg.inv(fit.rows.T @ fit.rows)[1, 1])
    assert error == pytest.approx(np.sqrt(1 / before + 1 / after), rel=1e-8)
    found = np.exp([fit.beta[1], *interval(fit.beta[1], error, np.inf)])
    assert [round(float(x), 3) for x in found] == printed
    frame = pd.DataFrame({"month": pd.period_range("2013-05", periods=12, freq="M"), "held": counts})
    design = SeriesDesign.from_frame(frame, outcome="held", time="month", start="2013-11", season=None)
    with quietly():
        ours = its_rare(design).tidy(scale="ratio").loc[0, ["estimate", "conf_low", "conf_high"]].to_numpy(float)
    share = np.array(binomtest(after, before + after).proportion_ci(method="exact"))
    assert ours == pytest.approx([after / before, *share / (1 - share)], rel=1e-9)
    assert ours[1] < printed[1] < printed[2] < ours[2]
    assert np.abs(ours - found).max() < 0.02


def test_bailey_error_p_value_and_e_value():
    """The error is the printed interval's width over 2 · 1.96; E-values take odds of a rare outcome for its risk."""
    low, high = np.log([0.25, 0.92])
    error = float((high - low) / (2 * critical(np.inf)))
    assert round(error, 3) == 0.332
    assert round(float(p_value(np.log(0.48) / error, np.inf)), 3) == 0.027
    found = evalues(0.48, 0.25, 0.92, measure="odds ratio", common=False)
    assert (round(found.point, 2), round(found.limit, 2)) == (3.59, 1.39)
