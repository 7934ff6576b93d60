"""Calls of other programs, each on the data of a benchmark, and its numbers in the order of ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.bench.case import Answer, Array, Run


def diff_diff(frame: pd.DataFrame, covariates: list[str] | None = None, drawn: int = 0) -> Run:
    """Estimate group-time effects by diff-diff."""
    import diff_diff as program

    frame = frame.assign(first=frame["first"].fillna(0).astype(int))

    def call() -> Any:  # noqa: ANN401
        model = program.CallawaySantAnna(n_bootstrap=drawn, seed=1)
        return model.fit(frame, outcome="y", unit="unit", time="t", first_treat="first", covariates=covariates)

    def answer(made: Any) -> Answer:  # noqa: ANN401
        found = [made.group_time_effects[cell] for cell in sorted(made.group_time_effects)]
        errors = "drawn_std_errors" if drawn else "std_errors"
        return {"estimates": [one["effect"] for one in found], errors: [one["se"] for one in found]}

    return Run(call, answer)


def csdid(frame: pd.DataFrame, covariates: str = "") -> Run:
    """Estimate group-time effects by csdid."""
    from csdid.att_gt import ATTgt

    frame = frame.assign(first=frame["first"].fillna(0).astype(int))
    formula = f"y~{covariates}" if covariates else None

    def call() -> Any:  # noqa: ANN401
        model = ATTgt(yname="y", gname="first", idname="unit", tname="t", data=frame, xformla=formula)
        return model.fit(est_method="dr", bstrap=False).results

    def answer(made: Any) -> Answer:  # noqa: ANN401
        rows = pd.DataFrame({name: made[name] for name in ("group", "year", "att", "se")}).sort_values(
            ["group", "year"]
        )
        return {"estimates": rows["att"].tolist(), "std_errors": rows["se"].tolist()}

    return Run(call, answer)


def feols(frame: pd.DataFrame) -> Run:
    """Fit two-way effects by pyfixest."""
    import pyfixest

    return Run(
        lambda: pyfixest.feols("y ~ d | unit + t", frame, vcov={"CRV1": "unit"}),
        lambda made: {"estimates": made.coef().tolist(), "std_errors": made.se().tolist()},
    )


def panel_ols(frame: pd.DataFrame) -> Run:
    """Fit two-way effects by linearmodels."""
    from linearmodels.panel import PanelOLS

    table = frame.set_index(["unit", "t"])

    def call() -> Any:  # noqa: ANN401
        model = PanelOLS(table["y"], table[["d"]], entity_effects=True, time_effects=True)
        return model.fit(cov_type="clustered", cluster_entity=True)

    return Run(call, lambda made: {"estimates": made.params.tolist()})


def wildboottest(frame: pd.DataFrame, samples: int) -> Run:
    """Draw wildboottest's samples, with dummies of units and periods."""
    import statsmodels.api as sm
    from wildboottest.wildboottest import wildboottest as program

    dummies = pd.get_dummies(frame[["unit", "t"]].astype("category"), drop_first=True, dtype=float)
    X = pd.concat([frame[["d"]], pd.Series(1.0, frame.index, name="constant"), dummies], axis=1)

    def call() -> tuple[Array, float]:
        model = sm.OLS(frame["y"], X)
        options = {"weights_type": "webb", "seed": 1, "parallel": False, "show": False}
        found = program(model, param="d", B=samples, cluster=frame["unit"], **options)
        return model.fit().params.to_numpy()[:1], float(found["p-value"].iloc[0])

    return Run(call, lambda made: {"estimates": made[0].tolist(), "p_values": [made[1]]})


def synthdid(data: tuple[Array, int], *, method: str) -> Run:
    """Weight units, or units and periods, by synthdid-py, each comparison unit in turn as a placebo."""
    from synthdid import sc_estimate, synthdid_estimate

    values, before = data
    estimate = {"sc": sc_estimate, "sdid": synthdid_estimate}[method]
    controls = values[:, 1:].T

    def call() -> list[float]:
        orders = [np.r_[np.delete(np.arange(len(controls)), j), j] for j in range(len(controls))]
        tables = [np.vstack([controls, values[:, 0]]), *(controls[order] for order in orders)]
        return [float(estimate(table, len(table) - 1, before)) for table in tables]

    return Run(call, lambda made: {"estimates": made[:1], "placebo_spread": [float(np.std(made[1:]))]})


def diff_diff_synthetic(data: tuple[Array, int]) -> Run:
    """Weight units and periods by diff-diff, with as many random placebos as there are comparison units."""
    import diff_diff as program

    values, before = data
    periods, units = values.shape
    frame = pd.DataFrame(
        {"unit": np.tile(np.arange(units), periods), "t": np.repeat(np.arange(periods), units), "y": values.ravel()}
    )
    frame["treated"] = (frame["unit"] == 0).astype(int)

    def call() -> Any:  # noqa: ANN401
        model = program.SyntheticDiD(variance_method="placebo", n_bootstrap=units - 1, seed=1)
        after = list(range(before, periods))
        return model.fit(frame, outcome="y", treatment="treated", unit="unit", time="t", post_periods=after)

    return Run(call, lambda made: {"estimates": [float(made.att)]})


def nearest(frame: pd.DataFrame, known: list[str], caliper: float) -> Run:
    """Match by pymatchit-causal, with its propensity."""
    from pymatchit import MatchIt

    def call() -> Any:  # noqa: ANN401
        model = MatchIt(frame, method="nearest", link="linear.logit", caliper=caliper)
        model.fit(f"attended ~ {' + '.join(known)}")
        return model.matches()[["treated_index", "control_index"]].to_numpy(np.int64)

    return Run(call, pairs_of)


def nearest_alone(frame: pd.DataFrame, score: pd.Series, caliper: float) -> Run:
    """Match by pymatchit-causal, given the scores."""
    from pymatchit.matchers import NearestNeighborMatcher

    def answer(made: Any) -> Answer:  # noqa: ANN401
        pairs = [(unit, control) for unit, controls in made[0].items() for control in controls]
        return pairs_of(np.array(pairs, np.int64))

    return Run(lambda: NearestNeighborMatcher(caliper=caliper).match(frame["attended"], score), answer)


def pairs_of(pairs: NDArray[np.int64]) -> Answer:
    """Order pairs of treated and comparison rows by the treated row."""
    return {"pairs": pairs[np.argsort(pairs[:, 0])].ravel().astype(float).tolist()}


def least_squares(data: tuple[Array, Array], lags: int) -> Run:
    """Fit least squares with Newey–West errors by statsmodels."""
    import statsmodels.api as sm

    counts, X = data
    y = np.log(counts)
    return Run(
        lambda: sm.OLS(y, X).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}),
        lambda made: {"estimates": made.params[2:4].tolist(), "std_errors": made.bse[2:4].tolist()},
    )


def poisson(data: tuple[Array, Array]) -> Run:
    """Fit a Poisson regression with a dispersion by statsmodels."""
    import statsmodels.api as sm

    counts, X = data
    return Run(
        lambda: sm.GLM(counts, X, family=sm.families.Poisson()).fit(scale="X2", tol=1e-12),
        lambda made: {"estimates": made.params[2:4].tolist(), "std_errors": made.bse[2:4].tolist()},
    )
