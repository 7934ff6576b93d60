"""Interrupted series against R 4.2.2: prais 1.1.4, nlme 3.1-162, sandwich 3.0-2.

The numbers and the script that made them (06_its.R) lie in the folder of outside numbers: ``its_sicily.json`` (Lopez
Bernal et al. 2017, doi:10.1093/ije/dyw098: Sicilian smoking ban) and ``its_seatbelts.json`` (R's ``Seatbelts``).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import IdentificationWarning
from coresponder_causal.core.reml import SerialDesign
from coresponder_causal.core.sandwich import heteroskedastic, newey_west
from coresponder_causal.core.serial import ols, prais_winsten

# the same closed form, numbers stored with 15 digits
CLOSED_FORM = 1e-11


def results(golden: Path, name: str) -> dict:
    return json.loads((golden / f"its_{name}.json").read_text())["results"]


def sicily(golden: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    frame = pd.read_csv(golden / "data" / "its_sicily.csv")
    slope = (frame.time - 36) * frame.smokban
    X = np.column_stack([np.ones(len(frame)), frame.time, frame.smokban, slope]).astype(float)
    return frame, (1e5 * frame.aces / frame.stdpop).to_numpy(), X


def seatbelts(golden: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    frame = pd.read_csv(golden / "data" / "its_seatbelts.csv")
    X = np.column_stack([np.ones(len(frame)), frame.t, frame.law, frame.after]).astype(float)
    return frame, np.log(frame.drivers.to_numpy(float)), X


def standard_errors(vcov: np.ndarray) -> np.ndarray:
    return np.sqrt(np.diag(vcov))


CASES = [(sicily, "sicily", "prais_rate"), (seatbelts, "seatbelts", "prais_log_drivers")]


@pytest.mark.parametrize(("series", "name", "item"), CASES, ids=["sicily", "seatbelts"])
def test_prais_winsten_iterated(golden, series, name, item):
    _, y, X = series(golden)
    expected = results(golden, name)[item]["twostep_FALSE"]
    fit = prais_winsten(y, X, tol=1e-10)
    # iterative, both to 1e-10 in rho
    assert fit.rho == pytest.approx(expected["rho"], abs=1e-9)
    np.testing.assert_allclose(fit.beta, expected["estimate"], rtol=1e-9)
    np.testing.assert_allclose(standard_errors(fit.vcov), expected["se"], rtol=1e-9)
    assert fit.iterations == len(expected["rho_path"]) - 1


@pytest.mark.parametrize(("series", "name", "item"), CASES, ids=["sicily", "seatbelts"])
def test_prais_winsten_in_two_steps(golden, series, name, item):
    _, y, X = series(golden)
    expected = results(golden, name)[item]["twostep_TRUE"]
    with pytest.warns(IdentificationWarning, match="still moved"):
        fit = prais_winsten(y, X, max_iter=1)
    assert fit.rho == pytest.approx(expected["rho"], rel=CLOSED_FORM)
    np.testing.assert_allclose(fit.beta, expected["estimate"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(standard_errors(fit.vcov), expected["se"], rtol=CLOSED_FORM)


@pytest.mark.parametrize(
    ("series", "name", "item"),
    [(sicily, "sicily", "ols_rate_segmented"), (seatbelts, "seatbelts", "ols_drivers_simple")],
    ids=["sicily", "seatbelts"],
)
def test_ordinary_least_squares_and_its_sandwiches(golden, series, name, item):
    frame, y, X = series(golden)
    expected = results(golden, name)[item]
    fit = ols(frame.drivers.to_numpy(float) if name == "seatbelts" else y, X)
    np.testing.assert_allclose(fit.beta, expected["estimate"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(standard_errors(fit.vcov), expected["se"], rtol=CLOSED_FORM)
    for kind in ("HC0", "HC1", "HC3"):
        ours = standard_errors(heteroskedastic(X, fit.residuals, kind=kind))
        np.testing.assert_allclose(ours, expected[f"se_{kind}"], rtol=CLOSED_FORM)
    for lags in (1, 3, 6, 12):
        for suffix, factor in (("", "none"), ("_adj", "n/(n-k)")):
            ours = standard_errors(newey_west(X, fit.residuals, lags=lags, small_sample=factor))
            np.testing.assert_allclose(ours, expected[f"se_NW{lags}{suffix}"], rtol=CLOSED_FORM)


def test_newey_west_of_a_poisson_regression(golden):
    frame, _, _ = sicily(golden)
    stored = results(golden, "sicily")
    expected, mean = stored["model3_quasi_harmonic"], np.array(stored["counterfactual_m3"]["fitted"])
    angle = 2 * np.pi * np.outer(frame.month, [1, 2]) / 12
    X = np.column_stack([np.ones(len(frame)), frame.smokban, frame.time, np.sin(angle), np.cos(angle)])
    root = np.sqrt(mean)
    for lags in (1, 3, 6, 12):
        ours = newey_west(root[:, None] * X, (frame.aces - mean) / root, lags=lags, small_sample="none")
        # R's Poisson iterations stop at a relative deviance change of 1e-8; the bread is of the last step but one
        np.testing.assert_allclose(standard_errors(ours), expected[f"se_NW{lags}"], rtol=1e-6)


def test_reml_ar1_agrees_with_nlme(golden):
    _, y, X = sicily(golden)
    expected = results(golden, "sicily")["gls_ar1_reml"]
    fit = SerialDesign(X, nugget=False).fit(y)
    # two iterative optimisers of one likelihood: rho to 1e-5, what depends on it alike
    assert fit.rho == pytest.approx(expected["phi"], abs=1e-5)
    np.testing.assert_allclose(fit.beta, expected["estimate"], rtol=1e-5)
    np.testing.assert_allclose(standard_errors(fit.vcov), expected["se"], rtol=1e-5)
    assert np.sqrt(fit.sigma2) == pytest.approx(expected["sigma"], rel=1e-5)
    # nlme leaves the constant ½ log|X'X| out; at the optimum an error in rho enters squared
    assert fit.loglik - np.linalg.slogdet(X.T @ X)[1] / 2 == pytest.approx(expected["loglik"], abs=1e-9)
