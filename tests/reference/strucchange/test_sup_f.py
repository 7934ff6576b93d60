"""One break at an unknown date against R 4.2.2, strucchange 1.5.3 (``Fstats``, ``sctest``, ``breakpoints``).

The numbers and the script that made them (06_its.R) lie in the folder of outside numbers: ``strucchange_nile.json`` and
``its_seatbelts.json``.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.inference import sup_f_p_value
from coresponder_causal.core.structural_break import candidates, one_break, steps

# the same closed form, numbers stored with 15 digits
CLOSED_FORM = 1e-10


def results(golden, name):
    return json.loads((golden / f"{name}.json").read_text())["results"]


def level_break(y, *, trim=0.15):
    at = candidates(len(y), trim)
    added = steps(np.arange(float(len(y))), at.astype(float), slope=False)
    return at, one_break(y, np.ones((len(y), 1)), added, trim=trim)


@pytest.fixture(scope="module")
def drivers(golden):
    return np.log(pd.read_csv(golden / "data" / "its_seatbelts.csv")["drivers"].to_numpy(float))


def test_the_nile_breaks_in_1898(golden):
    expected = results(golden, "strucchange_nile")
    frame = pd.read_csv(golden / "data" / "nile.csv")
    at, found = level_break(frame["y"].to_numpy(float))
    assert found.statistics.max() == pytest.approx(expected["supF"], rel=CLOSED_FORM)
    # R counts the years before the break, here it is the first row after it
    assert at[found.place] == expected["breakpoint"]
    assert frame["year"][at[found.place] - 1] == expected["break_year"]
    # both tails are rounding errors of 1: R stops at the spacing of doubles
    assert found.p_asymptotic < 1e-15
    assert expected["p"] < 1e-15
    assert found.p_value == pytest.approx(1 / 1000)


def test_dates_of_the_nile_lie_in_the_range_of_strucchange(golden):
    """R inverts Bai's law of the date with a variance on each side, we the likelihood ratio: 25–32 against 26–29."""
    low, best, high = results(golden, "strucchange_nile")["ci"]
    at, found = level_break(pd.read_csv(golden / "data" / "nile.csv")["y"].to_numpy(float))
    kept = at[found.inside]
    assert low <= kept.min() <= best <= kept.max() <= high
    assert kept.tolist() == [26, 27, 28, 29]


def test_f_statistics_at_every_date(golden, drivers):
    expected = results(golden, "its_seatbelts")["supF_mean"]
    at, found = level_break(drivers)
    np.testing.assert_allclose(found.statistics, expected["Fstats"], rtol=CLOSED_FORM)
    assert at[found.place] == expected["breakpoint"]


def test_f_statistics_when_every_coefficient_breaks(golden, drivers):
    expected = results(golden, "its_seatbelts")["supF_lagged"]
    y, X = drivers[12:], np.column_stack([np.ones(180), drivers[11:191], drivers[:180]])
    at = candidates(180, 0.1)
    found = one_break(y, X, (np.arange(180) >= at[:, None])[:, :, None] * X, trim=0.1)
    np.testing.assert_allclose(found.statistics, expected["Fstats"], rtol=CLOSED_FORM)
    assert at[found.place] == expected["breakpoint"]
    # Hansen's polynomials were fitted to the tail simulated on 1,000 steps, which is .0071 ± .0006 here and grows with
    # the steps (.0084 ± .0006 on 3,000): R gives .0067, the tail in closed form .0082.
    assert expected["supF_p"] == pytest.approx(0.0067, abs=5e-5)
    assert found.p_asymptotic == pytest.approx(expected["supF_p"], abs=0.002)


@pytest.mark.parametrize(("statistic", "df", "level"), [(7.17, 1, 0.1), (8.85, 1, 0.05), (12.35, 1, 0.01)])
def test_critical_values_as_printed(statistic, df, level):
    """Andrews (1993), table I: simulated on finite steps, so that a digit of the level may differ."""
    assert sup_f_p_value(statistic, df, trim=0.15) == pytest.approx(level, rel=0.07)
