"""Write wild_bootstrap.json beside this file; needs wildboottest, pyfixest and diff-diff, see the versions in it.

The bootstrap is that of wildboottest, on factors that are written down; what pyfixest hands it for a fit with unit and
time effects is the same with a dummy for each. Bell & McCaffrey's errors are those of diff-diff.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

COLUMN, SAMPLES = 1, 199
POINTS = {"rademacher": [-1.0, 1.0], "webb": [-(1.5**0.5), -1.0, -(0.5**0.5), 0.5**0.5, 1.0, 1.5**0.5]}


def bootstrap(X, y, cluster, multipliers, impose_null):
    """Bootstrap t's and p-values of one coefficient, with the small-sample factor of Stata."""
    from wildboottest.wildboottest import WildboottestCL

    R = np.eye(X.shape[1])[COLUMN]
    run = WildboottestCL(X=X, Y=y, cluster=cluster, R=R, B=len(multipliers), seed=1, parallel=False)
    run.get_scores(bootstrap_type="11", impose_null=impose_null)
    run.v = multipliers.T
    for step in (run.get_numer, run.get_denom, run.get_tboot, run.get_vcov, run.get_tstat):
        step()
    found = {"t": float(run.t_stat), "samples": run.t_boot.tolist()}
    for name, kind in (("symmetric", "two-tailed"), ("equal", "equal-tailed")):
        run.get_pvalue(pval_type=kind)
        found[name] = float(run.pvalue)
    return found


def main():
    import pyfixest
    from diff_diff.linalg import compute_robust_vcov

    rng = np.random.default_rng(20)
    clusters, n = 12, 150
    cluster = np.sort(rng.integers(clusters, size=n))
    X = np.column_stack([np.ones(n), rng.normal(size=n) + rng.normal(size=clusters)[cluster], rng.normal(size=n)])
    y = X @ [1.0, 0.3, -0.5] + rng.normal(size=clusters)[cluster] + rng.normal(size=n)
    drawn = {name: rng.choice(points, size=(SAMPLES, clusters)) for name, points in POINTS.items()}
    residuals = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    vcov, df = compute_robust_vcov(X, residuals, cluster, vcov_type="hc2_bm", return_dof=True)
    units, times = 9, 6
    panel = pd.DataFrame({"unit": np.repeat(np.arange(units), times), "t": np.tile(np.arange(times), units)})
    panel = panel.assign(d=((panel["unit"] < 4) & (panel["t"] >= 3)) * 1.0, y=rng.normal(size=units * times))
    fit = pyfixest.feols("y ~ d | unit + t", panel, vcov={"CRV1": "unit"})
    said, samples = fit.wildboottest(param="d", reps=SAMPLES, seed=5, return_bootstrapped_t_stats=True)
    signs = np.random.default_rng(5).choice([-1, 1], size=units * SAMPLES).reshape(units, SAMPLES).T
    content = {
        "versions": {name: version(name) for name in ("wildboottest", "pyfixest", "diff-diff", "numpy", "numba")}
        | {"python": sys.version.split()[0]},
        "data": {"X": X.tolist(), "y": y.tolist(), "cluster": cluster.tolist()},
        "multipliers": {name: values.tolist() for name, values in drawn.items()},
        "results": {
            f"{name} {wild}": bootstrap(X, y, cluster, values, wild == "WCR")
            for name, values in drawn.items()
            for wild in ("WCR", "WCU")
        },
        "cr2": {"vcov": np.asarray(vcov).tolist(), "df": np.asarray(df).tolist()},
        "panel": {
            "rows": panel.to_dict("list"),
            "signs": signs.tolist(),
            "t": float(said["t value"]),
            "p": float(said["Pr(>|t|)"]),
            "samples": samples.tolist(),
        },
    }
    Path(__file__).with_name("wild_bootstrap.json").write_text(json.dumps(content) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
