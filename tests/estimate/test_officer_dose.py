"""Officers by their dose: the regression with all dummies, the instrument, and the truth of simulated worlds."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, IdentificationWarning
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.sandwich import clustered, clustered_df
from coresponder_causal.design import OfficerDesign
from coresponder_causal.estimate import officer_dose
from coresponder_causal.simulate import officer_panel


def formed(frame, **options):
    given = {"outcome": "force", "dose": "calls_together", "exposure": "calls", "volunteered": "volunteered"}
    with quietly():
        return OfficerDesign.from_frame(frame, **(given | {"assigned": "rostered"} | options))


@pytest.fixture(scope="module")
def frame():
    return officer_panel(seed=9, officers=80, months=36, squads=8, effect=0.0, per_call=-8.0, compliance=0.6).frame


def dense(d, x):
    """√w times the regressor and all dummies, and √w times the rate."""
    rows = d.source
    root = np.sqrt(rows["calls"].to_numpy(float))[:, None]
    dummies = [pd.get_dummies(rows[name]).to_numpy(float) for name in ("officer", "month")]
    return root * np.hstack([x[:, None], dummies[0], dummies[1][:, 1:]]), root[:, 0] * d.rate()


def test_slope_error_and_df_are_those_of_the_regression_with_all_dummies(frame):
    d = formed(frame[frame["officer"] < 30])
    x = d.lagged("calls_together", 1) / 10
    X, y = dense(d, x)
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    result = officer_dose(d)
    assert result.estimate[0] == pytest.approx(beta[0], rel=1e-9)
    vcov = clustered(X, y - X @ beta, d.source["officer"], kind="CR2")
    assert result.bse.iloc[0] == pytest.approx(np.sqrt(vcov[0, 0]), rel=1e-8)
    contrast = np.eye(1, X.shape[1])[0]
    assert result.df[0] == pytest.approx(clustered_df(X, d.source["officer"], contrast), rel=1e-8)


def test_the_truth_is_found_by_slope_bands_and_roster(frame):
    d = formed(frame)
    result = officer_dose(d)
    assert abs(result.params["per_10"] + 8) < 3 * result.bse["per_10"]
    assert abs(result.params["bend"]) < 3 * result.bse["bend"]
    bands = result.tidy().query("dose_from == dose_from")
    assert len(bands) == 3
    assert (bands["estimate"].diff().dropna() < 0).all()
    exposed = frame[frame["calls_together"] > 0]
    last = bands.iloc[-1]
    own = exposed[exposed["calls_together"].between(last["dose_from"], last["dose_to"])]
    dose = (
        own["calls_together"].mean() - 3
    )  # about three calls a month come after those that the month could learn from
    assert last["estimate"] == pytest.approx(-0.8 * dose, abs=3 * last["std_error"])
    by_roster = officer_dose(d, instrument="roster")
    assert abs(by_roster.params["per_10"] + 8) < 3 * by_roster.bse["per_10"]


def test_the_instrument_is_the_ratio_of_two_reduced_forms(frame):
    d = formed(frame)
    drawn = d.as_intended()
    result, reduced = officer_dose(d, instrument="roster"), officer_dose(drawn)
    delivered = officer_dose(drawn.with_outcome("delivered")) if "delivered" in drawn.source else None
    assert delivered is None
    x = drawn.lagged("calls_together", 1) / 10
    X, y = dense(drawn, drawn.lagged("rostered", 1) / 10)
    first = np.linalg.lstsq(X, np.sqrt(drawn.calls()) * x, rcond=None)[0][0]
    assert result.estimate[0] == pytest.approx(reduced.params["per_10"] / first, rel=1e-9)
    assert result.extra["reduced_form_p_value"] == pytest.approx(reduced.pvalues["per_10"], rel=1e-9)
    assert result.extra.number("first_stage_f") > 10
    assert result.estimand.contrast == "LATE"
    assert y.shape == (len(drawn.source),)


def test_who_rides_most_misleads_the_slope_but_not_the_roster():
    """Volunteers fall by themselves and ride longest; nothing was learnt."""
    own = officer_panel(
        seed=9, officers=80, months=36, squads=8, effect=0.0, trend=-4.0, volunteers=0.4, never=0.5
    ).frame
    low, high = officer_dose(formed(own)).conf_int().loc["per_10"]
    assert high < 0
    low, high = officer_dose(formed(own), instrument="roster").conf_int().iloc[0]
    assert low < 0 < high


def test_what_the_slope_rests_on_is_said(frame):
    notes = " ".join(officer_dose(formed(frame)).notes)
    assert "strong parallel trends" in notes
    assert "negative weight" in notes
    assert "what the roster drew, which is known, they did not choose" in notes


def test_negative_weights_sum_as_stated(frame):
    """Σ v_it x_it = 1, of which the negative part is stated."""
    d = formed(frame[frame["officer"] < 30])
    x = d.lagged("calls_together", 1) / 10
    X, _ = dense(d, x)
    weights = np.linalg.pinv(X)[0] * np.sqrt(d.calls()) * x
    assert weights.sum() == pytest.approx(1.0)
    assert officer_dose(d).extra["negative_weight"] == pytest.approx(weights[weights < 0].sum(), rel=1e-6)


def test_a_doubling_is_a_slope_in_logs(frame):
    d = formed(frame[frame["officer"] < 30])
    X, y = dense(d, np.log2(1 + d.lagged("calls_together", 0)))
    result = officer_dose(d, form="log", lag=0)
    assert result.params["per_doubling"] == pytest.approx(np.linalg.lstsq(X, y, rcond=None)[0][0], rel=1e-9)


def test_a_roster_that_moves_nothing_is_a_doubt_and_a_missing_one_an_error(frame):
    rng = np.random.default_rng(1)
    drawn = frame[["officer", "month"]].assign(sent=rng.random(len(frame)) < 0.05)
    noise = frame.assign(rostered=drawn.groupby("officer")["sent"].cumsum().astype(float))
    with pytest.warns(IdentificationWarning, match="hardly moves"):
        officer_dose(formed(noise), instrument="roster")
    with pytest.raises(DesignError, match="the roster is no instrument for itself"):
        officer_dose(formed(frame, assigned=None), instrument="roster")
    with pytest.raises(DesignError, match="breaks 2 rules"):
        officer_dose(formed(frame).as_intended(), instrument="roster", lag=-1)
