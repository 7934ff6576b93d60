"""Officers' events as a ratio: the Poisson regression with all dummies, CR2 worked out in full, and simulated truth.

No outside program gives CR2 for imputation; estimates are held against statsmodels.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from coresponder_causal import check, report
from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.expected_counts import expected_counts
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.poisson_effects import CountRows, poisson_effects
from coresponder_causal.design import OfficerDesign
from coresponder_causal.estimate import officer_imputation, officer_poisson
from coresponder_causal.simulate import officer_panel


def formed(frame, **options):
    given = {
        "outcome": "force",
        "dose": "calls_together",
        "exposure": "calls",
        "squad": "squad",
        "volunteered": "volunteered",
    }
    with quietly():
        return OfficerDesign.from_frame(frame, **(given | options))


def found(d, **options):
    with quietly():
        return officer_poisson(d, **options)


def panel(**options):
    given = {"seed": 6, "officers": 40, "months": 24, "squads": 4, "scale": "ratio", "effect": np.log(0.7)}
    return officer_panel(**(given | options)).frame


def dummies(frame):
    parts = [pd.get_dummies(frame[name], dtype=float).to_numpy() for name in ("officer", "month")]
    return np.hstack([parts[0], parts[1][:, 1:]])


def glm(frame, X):
    model = sm.GLM(frame["force"], X, family=sm.families.Poisson(), offset=np.log(frame["calls"]))
    return model.fit(tol=1e-14, maxiter=200)


@pytest.fixture(scope="module")
def study():
    return formed(panel(level=-0.5, fall=-0.4))


def test_expected_events_are_those_of_the_regression_with_all_dummies(study):
    """Both iterate to the same maximum; 1e-7 is what statsmodels leaves."""
    frame, free = study.source, ~(study.since >= 0)
    X = dummies(frame)
    expected = frame["calls"] * np.exp(X @ glm(frame[free], X[free]).params.to_numpy())
    tidy = found(study).tidy().set_index("term")["estimate"]
    group = frame["officer"].map(study.group)
    for term, rows in {"exposed": ~free, "assigned": ~free & (group == "assigned")}.items():
        assert tidy[term] == pytest.approx(np.log(frame["force"][rows].sum() / expected[rows].sum()), abs=1e-7)
        amount = 1000 * (frame["force"][rows].sum() - expected[rows].sum()) / frame["calls"][rows].sum()
        assert found(study, scale="difference").params[term] == pytest.approx(amount, rel=1e-6)
    assert tidy["volunteers_less_assigned"] == pytest.approx(tidy["volunteers"] - tidy["assigned"])


def test_leads_and_squad_mates_are_coefficients_among_unexposed_rows(study):
    frame, free = study.source, ~(study.since >= 0)
    result = found(replace(study, volunteered=None), leads=1, bin_width=6, peers="adjusted")
    lead = ((study.since < 0) & (study.since >= -6)).astype(float)
    for column, term in ((lead, "event_time=-6"), (frame["exposed_peers"].to_numpy(), "exposed_peers")):
        X = np.column_stack([column, dummies(frame)])[free]
        assert result.params[term] == pytest.approx(glm(frame[free], X).params.iloc[0], abs=1e-6)


def test_errors_are_cr2_of_the_derivatives_in_full():
    """Derivatives by differences of 1e-3 events, hat matrix of all dummies: 1e-4 of the standard error."""
    frame = panel(seed=3, officers=10, months=12, squads=2, rate=300.0).query("month < 9").reset_index(drop=True)
    d = replace(formed(frame), volunteered=None)
    result = found(d, leads=0, bin_width=20)
    exposed = d.since >= 0
    X = np.column_stack([exposed.astype(float), dummies(d.source)])
    fit = glm(d.source, X)
    mean, y = fit.fittedvalues.to_numpy(), d.source["force"].to_numpy(float)
    v = np.empty(len(y))
    for row in range(len(y)):
        ends = [found(replace(d, source=_moved(d, row, step)), leads=0, bin_width=20).estimate[0] for step in (1, -1)]
        v[row] = (ends[0] - ends[1]) / 2e-3
    root = np.sqrt(mean)
    hat = root[:, None] * X @ np.linalg.inv(X.T @ (mean[:, None] * X)) @ (root[:, None] * X).T
    variance = 0.0
    for officer in d.source["officer"].unique():
        own = (d.source["officer"] == officer).to_numpy()
        values, vectors = np.linalg.eigh(np.eye(own.sum()) - hat[np.ix_(own, own)])
        inverse = np.where(values > 1e-8, np.maximum(values, 1e-8) ** -0.5, 0.0)
        adjusted = vectors @ (inverse * (vectors.T @ ((y - mean) / root)[own]))
        variance += ((v * root)[own] @ adjusted) ** 2
    assert result.bse.iloc[0] == pytest.approx(np.sqrt(variance), rel=1e-4)


def _moved(d, row, step):
    source = d.source.assign(force=d.source["force"].astype(float))
    source.loc[row, "force"] += 1e-3 * step
    return source


def test_ratios_are_found_where_all_move_by_one_factor_and_amounts_there_are_told_too_small():
    """Twelve draws without an effect: volunteers start at half the rate of others and all rates fall by half."""
    ratio, amount = [], []
    for part in range(12):
        d = formed(panel(part=part, effect=0.0, level=-0.7, fall=-0.7, officers=80, squads=8))
        ratio.append(found(d).params["volunteers"])
        with quietly():
            amount.append(officer_imputation(d).params["volunteers"])
    ratio_error, amount_error = (np.std(values, ddof=1) / np.sqrt(12) for values in (ratio, amount))
    assert abs(np.mean(ratio)) < 3 * ratio_error
    assert np.mean(amount) > 3 * amount_error


def test_officers_without_an_event_before_are_needed_for_the_mean():
    """Half an event before in the mean: leaving officers without any out expects too many by 1 / (1 − e^−.5)."""
    rng, officers, periods = np.random.default_rng(2), 4000, 5
    unit, time = np.repeat(np.arange(officers), periods), np.tile(np.arange(periods), officers)
    exposed = (unit < officers // 2) & (time == periods - 1)
    counts = rng.poisson(0.125, len(unit)).astype(float)
    rows = CountRows(counts, np.ones(len(unit)), unit, time, np.empty((len(unit), 0)))
    made = expected_counts(rows, ~exposed, names=[])
    truth = 0.125 * exposed.sum()
    assert made.expected[exposed].sum() == pytest.approx(truth, rel=0.12)
    assert made.silent[exposed].mean() == pytest.approx(np.exp(-0.5), abs=0.04)
    assert (made.working > 0).all()
    alone = poisson_effects(rows.take(~exposed), names=[]).expected(rows)[exposed]
    known = np.isfinite(alone)
    assert alone[known].sum() / (0.125 * known.sum()) > 2


def test_officers_without_an_event_before_and_months_without_any_are_said():
    frame = panel(rate=40.0, effect=0.0)
    free = frame["calls_together"] == 0
    one = frame.loc[~free, "officer"].iloc[0]
    frame.loc[(frame["officer"] == one) & free | (frame["month"] == 20) & free, "force"] = 0
    with pytest.warns(IdentificationWarning) as said:
        result = officer_poisson(formed(frame))
    texts = [str(one.message) for one in said]
    assert any("exposed officers had no 'force' before: none is expected of them" in text for text in texts)
    assert any("in 1 of the periods: left out" in text for text in texts)
    kept = frame[(frame["month"] != 20) & (frame["calls"] > 0)]
    assert result.n_obs == len(kept)
    assert result.extra["counted_events"] == kept.loc[kept["calls_together"] > 0, "force"].sum()


def test_what_cannot_be_is_refused(study):
    frame = study.source
    with pytest.raises(DesignError, match="breaks 2 rules"):
        officer_poisson(formed(frame, squad=None), leads=-1, peers="adjusted")
    with pytest.raises(DesignError, match="negative values"):
        officer_poisson(formed(frame.assign(force=frame["force"] - 1.0)))
    never = frame.assign(force=np.where(study.since >= 0, 0, frame["force"]))
    with pytest.raises(EstimationError, match="no event") as refused:
        officer_poisson(formed(never))
    assert "difference" in refused.value.mend
    assert found(formed(never), scale="difference").estimate[0] < 0
    only = frame.assign(force=np.where(study.since >= 0, frame["force"], 0))
    with pytest.raises(EstimationError, match="while unexposed"):
        officer_poisson(formed(only))


def test_the_roster_and_squads_take_their_place(study):
    d = formed(panel(level=-0.5, fall=-0.4, compliance=0.6), assigned="rostered")
    intended = found(d.as_intended())
    assert intended.estimand.contrast == "ITT"
    assert not set(d.source.loc[d.source["volunteered"], "officer"]) & set(d.as_intended().source["officer"])
    assert found(d).params["assigned"] < intended.estimate[0] < -2 * intended.bse.iloc[0]
    by_officer, by_squad = (found(study, cluster=cluster) for cluster in ("officer", "squad"))
    assert by_squad.df[0] < by_officer.df[0]
    assert by_squad.estimate[0] == pytest.approx(by_officer.estimate[0])


def test_checks_and_tables_speak_in_per_cent(study):
    result = found(study)
    checks = {one.check: one for one in check.battery(result, study)}
    trends, mates = checks["officer_trends"], checks["squad_mates"]
    for one in (trends, mates):
        assert "%" in one.sentence
    own = result.tidy()[result.tidy()["event_time"] < 0]
    pd.testing.assert_frame_equal(
        check.officer_trends(result, study).table, own.reset_index(drop=True), check_exact=True
    )
    assert "%" in report.sentence(result).text
    picture = report.figure(result)
    assert picture.kind == "groups"
    assert picture.labels["y"] == "Change, %"
    assert len(report.table(result).frame) > 0
