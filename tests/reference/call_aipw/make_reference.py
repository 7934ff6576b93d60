"""Write doubleml.json beside this file; needs doubleml, see the versions in it.

Calls are drawn here. Folds are the remainder of a person's number by five: whole persons, and equally many in each, as
DoubleML gives folds equal weight and not calls. Regressions have no penalty, and their searches go on to the end.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

KNOWN, FOLDS = ["severity", "prior"], 5


def drawn(n=1200):
    """Calls of persons with habits of their own; the effect grows with severity."""
    rng = np.random.default_rng(20200715)
    person = np.concatenate([np.arange(n // 3), rng.integers(0, n // 3, n - n // 3)])
    severity, prior = rng.normal(size=n), rng.poisson(1.0, n).astype(float)
    habit = 3 * rng.normal(size=n // 3)[person]
    attended = (rng.random(n) < 1 / (1 + np.exp(0.8 - 0.7 * severity - 0.2 * prior))).astype(float)
    minutes = 30 + 3 * severity + 2 * prior + habit - attended * (4 + severity) + rng.normal(size=n)
    arrest = (rng.random(n) < 1 / (1 + np.exp(0.5 - 0.5 * severity + 0.8 * attended))).astype(float)
    table = {"severity": severity, "prior": prior, "person": person, "attended": attended}
    return pd.DataFrame(table | {"minutes": minutes, "arrest": arrest})


def fitted(frame, outcome, contrast):
    """Estimate and error clustered by person: of the interactive model, or for ATO of the partially linear one."""
    import doubleml
    from sklearn.linear_model import LinearRegression, LogisticRegression

    data = doubleml.DoubleMLData(frame, outcome, "attended", KNOWN, cluster_cols="person")
    logistic = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    if contrast == "ATO":
        model = doubleml.DoubleMLPLR(data, LinearRegression(), logistic, n_folds=FOLDS)
    else:
        expected = logistic if outcome == "arrest" else LinearRegression()
        score = {"ATE": "ATE", "ATT": "ATTE"}[contrast]
        model = doubleml.DoubleMLIRM(data, expected, logistic, n_folds=FOLDS, score=score)
    person = frame["person"].to_numpy()
    parts = [np.flatnonzero(person % FOLDS == number) for number in range(FOLDS)]
    splits = [(np.setdiff1d(np.arange(len(frame)), own), own) for own in parts]
    whole = [([np.unique(person[train])], [np.unique(person[test])]) for train, test in splits]
    model.set_sample_splitting([splits], all_smpls_cluster=[whole])
    model.fit()
    return {"estimate": float(model.coef[0]), "std_error": float(model.se[0])}


def main():
    frame = drawn()
    asked = [("minutes", "ATE"), ("minutes", "ATT"), ("minutes", "ATO"), ("arrest", "ATE"), ("arrest", "ATT")]
    content = {
        "versions": {name: version(name) for name in ("doubleml", "scikit-learn", "numpy", "scipy")},
        "results": {f"{outcome} {contrast}": fitted(frame, outcome, contrast) for outcome, contrast in asked},
    }
    Path(__file__).with_name("doubleml.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
