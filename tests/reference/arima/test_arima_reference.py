"""ARIMA and unobserved components against R 4.2.2 (arima, forecast 8.20), statsmodels and published fits.

Numbers and script (06_its.R) lie in the folder of outside numbers. Series: quetiapine (Schaffer et al. 2021,
doi:10.1186/s12874-021-01235-8: step −3285, ramp −1397), R's ``UKDriverDeaths`` and ``Seatbelts`` (catalogue v19, v20)
and the Nile (Durbin & Koopman 2012, section 2.10; catalogue v18).
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from coresponder_causal.core.arma import fit_arma
from coresponder_causal.core.arma_process import Order
from coresponder_causal.core.series_forecast import at_point
from coresponder_causal.design import SeriesDesign
from coresponder_causal.estimate import its_arima

# R starts differences from a prior of variance 1e6 times the data's, this package differences: the maxima lie 3e-4 of a
# log-likelihood apart. Both climb numerically.
DIFFUSE = 1e-3
AIRLINE = (2, 1, 0, 0, 1, 1)
few_periods = pytest.mark.filterwarnings(
    "ignore:.* periods after the start:coresponder_causal.core.errors.IdentificationWarning"
)


def stored(golden, item):
    return json.loads((golden / "its_quetiapine.json").read_text())["results"][item]


def quetiapine(golden):
    frame = pd.read_csv(golden / "data" / "its_quetiapine.csv")
    frame["month"] = pd.period_range("2011-01", periods=48, freq="M")
    return SeriesDesign.from_frame(frame, outcome="dispensings", time="month", start="2014-01")


@few_periods
@pytest.mark.parametrize("item", ["arima_210_011_ML", "auto_arima"])
def test_quetiapine_by_r(golden, item):
    """R's standard errors are those of the inverse information, without n/(n − k); its ramp is 1 in the first month."""
    expected = stored(golden, item)
    fit = its_arima(quetiapine(golden), effects=("step", "ramp"), order=AIRLINE, link="identity")
    assert fit.terms["term"].tolist()[:3] == ["mean_post", "level_change", "slope_change"]
    step = fit.combine([[0, 1, -1, 0, 0]], pd.DataFrame({"term": ["step"]}))
    coefficients = [step.estimate[0], fit.estimate[2], *(fit.extra.number(name) for name in ("ar1", "ar2", "sma1"))]
    names = ["step", "ramp", "ar1", "ar2", "sma1"]
    np.testing.assert_allclose(coefficients, [expected["coef"][name] for name in names], rtol=DIFFUSE)
    assert fit.extra.number("loglik") == pytest.approx(expected["loglik"], abs=DIFFUSE)
    assert fit.extra.number("aicc") == pytest.approx(expected["aicc"], abs=2 * DIFFUSE)
    n, k = 48 - 13, 5
    errors = np.sqrt(np.array([step.vcov[0, 0], fit.vcov[2, 2]]) * (n - k) / n)
    np.testing.assert_allclose(errors, [expected["se"]["step"], expected["se"]["ramp"]], rtol=DIFFUSE)
    assert (fit.extra["climbs_to_the_top"], fit.df[0]) == (4, n - k)


@few_periods
def test_quetiapine_as_published(golden):
    """Printed without decimals: −3285 and −1397; a search in raw units is known to end at a step of −1849."""
    fit = its_arima(quetiapine(golden), effects=("step", "ramp"), order=AIRLINE, link="identity")
    assert round(fit.estimate[1] - fit.estimate[2]) == -3285
    assert round(fit.estimate[2]) == -1397


def test_the_time_before_the_start_by_r(golden):
    expected = stored(golden, "pre_only")
    y = pd.read_csv(golden / "data" / "its_quetiapine.csv")["dispensings"].to_numpy(float)[:36]
    fit = fit_arma(y, np.empty((36, 0)), Order(*AIRLINE, 12), positions=np.arange(36.0))
    assert fit.loglik == pytest.approx(expected["loglik"], abs=DIFFUSE)
    np.testing.assert_allclose(list(fit.parameters.values()), list(expected["coef"].values()), rtol=DIFFUSE)


def test_the_published_model_of_drivers_killed_and_injured(golden):
    """Catalogue v20, before 1983, log10: ar .4378, sar .6281, mean 3.2274, σ² .00157, log-likelihood 300.85."""
    y = np.log10(pd.read_csv(golden / "data" / "its_seatbelts.csv")["drivers"].to_numpy(float)[:168])
    fit = fit_arma(y, np.ones((168, 1)), Order(1, 0, 0, 1, 0, 0, 12), positions=np.arange(168.0))
    printed = [*fit.parameters.values(), fit.beta[0]]
    np.testing.assert_allclose(printed, [0.4378, 0.6281, 3.2274], atol=5e-5)
    assert (round(fit.loglik, 2), round(fit.sigma2, 5)) == (300.85, 0.00157)


def test_the_published_law_of_seat_belts(golden):
    """Catalogue v19: level and season deterministic, errors white: law −.19714."""
    frame = pd.read_csv(golden / "data" / "its_seatbelts.csv")
    frame["petrol"] = np.log(frame["PetrolPrice"])
    d = SeriesDesign.from_frame(frame, outcome="drivers", time="t", start=170, season=12, controls=["petrol"])
    fit = its_arima(d, effects=("step",), order=(0, 0, 0), harmonics="dummies", trend=False)
    assert fit.estimate[1] == pytest.approx(-0.19714, abs=5e-6)  # printed with five decimals


def test_the_published_variances_of_the_nile(golden):
    """Catalogue v18: noise 15099, steps 1469.1, log-likelihood −632.54, where the likelihood is flat to 1e-6."""
    y = pd.read_csv(golden / "data" / "nile.csv")["y"].to_numpy(float)

    def told(phi):
        return at_point(y, np.ones((100, 1)), np.arange(100.0), rho=np.nan, phi=phi, component="local")

    best = minimize_scalar(
        lambda phi: -told(phi).loglik, bounds=(0.001, 0.9), method="bounded", options={"xatol": 1e-9}
    )
    assert told(1469.1 / (15099 + 1469.1)).loglik == pytest.approx(-best.fun, abs=1e-6)
    sigma2 = told(best.x).sigma2
    np.testing.assert_allclose([sigma2 * (1 - best.x), sigma2 * best.x], [15099, 1469.1], rtol=1e-4)
    assert -best.fun == pytest.approx(-632.54, abs=0.01)


def by_statsmodels(y, X, order, seasonal):
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    return SARIMAX(y, exog=X, order=order, seasonal_order=seasonal, simple_differencing=True)


@pytest.mark.parametrize(
    "order",
    [Order(1, 0, 0), Order(2, 0, 1), Order(1, 1, 1), Order(1, 0, 0, 1, 0, 0, 12), Order(0, 1, 1, 0, 1, 1, 12)],
    ids=str,
)
def test_the_likelihood_is_that_of_statsmodels(order):
    """At our maximum; the same closed form, theirs by the Kalman filter."""
    rng = np.random.default_rng(4)
    y, X = rng.standard_normal(90).cumsum() + 0.3 * np.tile(rng.standard_normal(15), 6), rng.standard_normal((90, 2))
    fit = fit_arma(y, X, order, positions=np.arange(90.0))
    kinds = {
        kind: [v for name, v in fit.parameters.items() if name.rstrip("0123456789") == kind]
        for kind in ("ar", "ma", "sar", "sma")
    }
    theirs = by_statsmodels(y, X, order[:3], (*order[3:6], order.season if any(order[3:6]) else 0))
    at = [*fit.beta, *kinds["ar"], *kinds["ma"], *kinds["sar"], *kinds["sma"], fit.sigma2]
    assert theirs.loglike(at) == pytest.approx(fit.loglik, abs=1e-7)


def test_standard_errors_are_those_of_the_approximate_information_of_statsmodels():
    """With cov_type="approx", the inverse of a numerical Hessian of all parameters together."""
    rng = np.random.default_rng(5)
    u = np.convolve(rng.standard_normal(130), 0.7 ** np.arange(30))[10:130]
    X = np.column_stack([np.ones(120), np.arange(120) >= 70])
    fit = fit_arma(2.0 + u, X, Order(1, 0, 1), positions=np.arange(120.0))
    theirs = by_statsmodels(2.0 + u, X, (1, 0, 1), (0, 0, 0, 0))
    smoothed = theirs.smooth([*fit.beta, *fit.parameters.values(), fit.sigma2], cov_type="approx")
    # theirs by complex steps, ours by central differences
    np.testing.assert_allclose(np.sqrt(np.diag(fit.vcov)), smoothed.bse[:2], rtol=1e-5)


@pytest.mark.parametrize("component", ["ar1", "local"])
def test_the_forecast_is_that_of_statsmodels_at_the_same_variances(component):
    """Mean and variance, the level's start and the constant diffuse; the same closed form by the Kalman filter."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    rng = np.random.default_rng(6)
    y, n, phi, rho = 5 + rng.standard_normal(60).cumsum() / 4, 84, 0.4, 0.7
    told = at_point(y, np.ones((n, 1)), np.arange(float(n)), rho=rho, phi=phi, component=component)
    noise, share = told.sigma2 * (1 - phi), told.sigma2 * phi
    if component == "local":
        model, at = UnobservedComponents(y, "llevel", use_exact_diffuse=True), [noise, share]
    else:
        model = UnobservedComponents(y, level=True, irregular=True, autoregressive=1, use_exact_diffuse=True)
        at = [noise, share * (1 - rho**2), rho]
    theirs = model.smooth(at).get_forecast(n - len(y))
    np.testing.assert_allclose(told.mean[len(y) :], theirs.predicted_mean, rtol=1e-8)
    np.testing.assert_allclose(np.diag(told.scale), theirs.var_pred_mean, rtol=1e-8)
