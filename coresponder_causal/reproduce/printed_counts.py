"""Co-responder programmes from the counts and ratios that their papers print."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.count_regression import fit_counts
from coresponder_causal.core.evalue import evalues
from coresponder_causal.core.inference import critical, interval, p_value
from coresponder_causal.core.logit import logit
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CallDesign
from coresponder_causal.estimate import call_difference
from coresponder_causal.plan.denominators import example


def scott() -> dict[str, float]:
    """Emergencies managed without the hospital: 40 of 73 with the team, 16 of 58 without."""
    arms = {1: (40, 33), 0: (16, 42)}
    table = pd.concat(
        [pd.DataFrame({"team": arm, "home": [1.0] * yes + [0.0] * no}) for arm, (yes, no) in arms.items()],
        ignore_index=True,
    )
    with quietly():
        fit = call_difference(CallDesign.from_frame(table, outcome="home", treatment="team", covariates=[]))
    error = float(fit.bse.iloc[0]) * np.sqrt((len(table) - 2) / len(table))  # p (1 − p)/n in each arm
    low, high = interval(float(fit.estimate[0]), error, np.inf)
    odds = logit(np.column_stack([np.ones(len(table)), table["team"]]), table["home"].to_numpy())
    woolf = float(np.sqrt(np.linalg.inv(len(table) * odds.information)[1, 1]))
    ratio = np.exp([odds.coef[1], *interval(float(odds.coef[1]), woolf, np.inf)])
    shares = 100 * table.groupby("team")["home"].mean()
    return {
        "percent with the team": float(shares.loc[1]),
        "percent without": float(shares.loc[0]),
        "difference": float(fit.estimate[0]),
        "difference low": float(low),
        "difference high": float(high),
        "odds ratio": float(ratio[0]),
        "odds ratio low": float(ratio[1]),
        "odds ratio high": float(ratio[2]),
    }


def sussex() -> dict[str, float]:
    """Detentions under section 136 in half a year before and after: all 194 and 118, in police custody 119 and 56."""
    found: dict[str, float] = {}
    for name, (before, after) in {"all": (194, 118), "custody": (119, 56)}.items():
        ratio = _rate_ratio(before, after)
        found[f"{name} percent"] = 100 * (ratio[0] - 1)
        found |= dict(zip((f"{name} ratio", f"{name} low", f"{name} high"), ratio, strict=True))
    return found


def _rate_ratio(before: int, after: int) -> list[float]:
    """Poisson regression of two halves of a year, and Wald's interval; two periods each, as it needs more than two."""
    counts = np.array([before // 2, before - before // 2, after // 2, after - after // 2], float)
    rows = np.column_stack([np.ones(4), [0.0, 0, 1, 1]])
    fit = fit_counts(counts, rows, exposure=np.ones(4))
    error = float(np.sqrt(np.linalg.inv(fit.rows.T @ fit.rows)[1, 1]))
    return [float(x) for x in np.exp([fit.beta[1], *interval(float(fit.beta[1]), error, np.inf)])]


def keown() -> dict[str, float]:
    """Detentions a year per 100,000 people: 59.8 before, 26.4 in the first year of the team."""
    return {"percent": 100 * (26.4 / 59.8 - 1)}


def bailey() -> dict[str, float]:
    """Arrest at the scene, odds ratio .48 (.25 to .92): error, p-value and E-values."""
    low, high = np.log([0.25, 0.92])
    error = float((high - low) / (2 * critical(np.inf)))
    hidden = evalues(0.48, 0.25, 0.92, measure="odds ratio", common=False)
    return {
        "standard error": error,
        "p-value": float(p_value(np.log(0.48) / error, np.inf)),
        "E-value": hidden.point,
        "E-value of the limit": hidden.limit,
    }


def e_values() -> dict[str, float]:
    """Worked examples: smoking and lung cancer in the R package's pages, breastfeeding in the paper."""
    smoking, feeding = evalues(10.73, 8.02, 14.36), evalues(3.9, 1.8, 8.7)
    return {
        "smoking point": smoking.point,
        "smoking limit": smoking.limit,
        "feeding point": feeding.point,
        "feeding limit": feeding.limit,
    }


def eugene() -> dict[str, float]:
    """Seven rates of one team from thirteen printed counts."""
    found = example()[1]
    return {f"rate {name}": float(percent) for name, percent in zip(found["name"], found["percent"], strict=True)}
