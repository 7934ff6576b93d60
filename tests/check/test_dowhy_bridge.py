"""DoWhy both ways: our methods as its estimators, its estimators on our designs, and its refuters of our results."""

import logging
import pickle
import warnings
from functools import partial

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check
from coresponder_causal.check.dowhy_bridge import assumptions, usual
from coresponder_causal.core.dowhy_rates import dowhy_rates, rates
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import (
    Arrow,
    CallInstrumentDesign,
    CausalGraph,
    GraphNode,
    SeriesDesign,
    causal_model,
    dowhy_estimate,
    dowhy_own_estimate,
    match_cardinality,
    match_coarsened,
    match_full,
    match_nearest,
    match_optimal,
    subclassify,
    weight_balance,
    weight_propensity,
)
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.dowhy_estimator import registered
from coresponder_causal.design.dowhy_model import model_frame
from coresponder_causal.estimate import call_aipw, call_difference, call_iv, dml_linear
from coresponder_causal.validity.call_worlds import call_table, shifts, start
from coresponder_causal.validity.refuters_dowhy import designs, failed, worlds

N = 400
KNOWN = ("severity", "hour", "initial_type")


def frame(seed=2):
    rng = np.random.default_rng(seed)
    severity = rng.normal(size=N)
    table = pd.DataFrame(
        {
            "call_id": [f"c{number:04d}" for number in range(N)],
            "attended": rng.random(N) < 1 / (1 + np.exp(0.4 - 0.7 * severity)),
            "severity": severity,
            "hour": rng.integers(0, 24, N),
            "initial_type": rng.choice(["disturbance", "suicide threat", "welfare check"], N),
            "person": rng.integers(0, 250, N),
        }
    )
    return table.assign(minutes=40 + 2 * severity - 2 * table["attended"] + 3 * rng.normal(size=N))


def plain(table=None, covariates=KNOWN, **stated):
    calls = frame() if table is None else table
    stated = {"outcome": "minutes", "treatment": "attended", "person": "person"} | stated
    return CallDesign.from_frame(calls, covariates=covariates, **stated)


def instrument(name="team_free"):
    table = call_table(np.random.default_rng(3), calls=4000, share=0.1)
    known = ["severity", "initial_type", "patrol_load"]
    with quietly():
        return CallInstrumentDesign.from_tables(
            table, shifts(), outcome="arrest", start=start.date(), instrument=name, covariates=known
        )


def estimated(method, design):
    with quietly():
        return method(design)


def same(estimate, result):
    row = result.tidy().iloc[0]
    assert estimate.value == row["estimate"]
    assert estimate.get_standard_error() == row["std_error"]
    assert estimate.get_confidence_intervals() == (row["conf_low"], row["conf_high"])
    assert estimate.test_stat_significance() == {"p_value": row["p_value"]}


@pytest.fixture(scope="module")
def weighted():
    return weight_propensity(plain(), scheme="ate")


@pytest.fixture(scope="module")
def result(weighted):
    return call_difference(weighted)


WAYS = {
    "as it came": lambda c: c,
    "nearest": partial(match_nearest, caliper=0.2, calipers={"severity": 1.0}, ratio=2),
    "nearest, again": partial(match_nearest, replace=True, order="random", seed=5),
    "full": match_full,
    "optimal": partial(match_optimal, caliper=0.5, contrast="ATC"),
    "cardinality": partial(match_cardinality, tolerance=0.1),
    "coarsened": partial(match_coarsened, bins={"severity": 4, "hour": [6, 12, 18]}),
    "subclasses": subclassify,
    "entropy": partial(weight_balance, contrast="ATE"),
    "treated": partial(weight_propensity, scheme="att", trim=0.1, truncate=0.99),
}


@pytest.mark.parametrize("way", WAYS)
def test_our_estimate_comes_back_from_dowhy_bit_for_bit(way):
    with quietly():
        design = WAYS[way](plain())
    result = estimated(call_difference, design)
    same(dowhy_estimate(result, design), result)


@pytest.mark.parametrize(
    "method", [call_aipw, dml_linear, partial(call_difference, scale="difference", cluster="none")]
)
def test_so_do_other_methods_and_options(method):
    result = estimated(method, plain())
    same(dowhy_estimate(result, plain()), result)


def test_calls_equal_in_columns_and_within_strata_stay_so():
    table = frame().assign(month=np.arange(N) % 4)
    design = match_nearest(plain(table, ["severity"], exact=["initial_type"], stratum="month"))
    result = call_difference(design)
    found = dowhy_estimate(result, design)
    same(found, result)
    assert sorted(found.target_estimand.get_adjustment_set()) == ["initial_type", "month", "severity"]


@pytest.mark.parametrize("name", ["team_free", "coverage_post"])
def test_an_instrument_comes_back_as_one(name):
    design = instrument(name)
    result = estimated(call_iv, design)
    found = dowhy_estimate(result, design)
    same(found, result)
    assert found.target_estimand.instrumental_variables == [name]
    assert found.target_estimand.estimands["backdoor"] is None


def test_a_causal_model_takes_our_method_by_its_name(weighted, result):
    model = causal_model(weighted)
    found = model.estimate_effect(
        model.identify_effect(),
        method_name=f"backdoor.{registered}",
        method_params={"design": weighted, "method": "call_difference", "options": {"scale": "difference"}},
        confidence_intervals=True,
        test_significance=True,
    )
    same(found, result)
    assert found.estimator.result.provenance.data == result.provenance.data
    means = result.extra
    assert found.estimator.do(1) - found.estimator.do(0) == means["mean_treated"] - means["mean_untreated"]
    assert "ATE of attended" in str(found)


def test_the_class_stands_alone_and_travels(weighted, result):
    """DoWhy's functions take the estimator itself; other processes get it by its name."""
    from coresponder_causal.design.dowhy_estimator import RegisteredEstimator

    model = causal_model(weighted)
    estimator = RegisteredEstimator(model.identify_effect(), design=weighted, method="call_difference")
    again = pickle.loads(pickle.dumps(estimator.fit(model_frame(weighted))))
    same(again.estimate_effect(model_frame(weighted)), result)


def test_its_regression_is_ours_and_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = dowhy_own_estimate(plain())
    ours = estimated(partial(call_difference, regression="shared"), plain())
    assert found.value == pytest.approx(ours.estimate[0], abs=1e-10)  # least squares both times


@pytest.mark.parametrize("scheme", ["ate", "att", "atc"])
def test_its_weights_by_the_propensity_are_ours(scheme):
    design = weight_propensity(plain(), scheme=scheme)
    found = dowhy_own_estimate(design, "propensity_weighting")
    assert found.value == pytest.approx(call_difference(design).estimate[0], abs=1e-10)  # the same sums


def test_its_linear_robustness_value_is_that_of_our_check():
    """DoWhy makes it of its own regression only; Cinelli and Hazlett's formula both times."""
    from dowhy.causal_refuters.add_unobserved_common_cause import sensitivity_linear_partial_r2

    estimate = dowhy_own_estimate(plain())
    with pytest.warns(pd.errors.Pandas4Warning, match="inplace"):  # of DoWhy's own
        found = sensitivity_linear_partial_r2(
            estimate._data,
            estimate,
            ["attended"],
            frac_strength_treatment=[1.0],  # a number alone fails
            frac_strength_outcome=[1.0],
            benchmark_common_causes=["severity"],
            significance_level=0.05,
            plot_estimate=False,
        )
    ours = check.robustness_value(None, plain()).breakdown
    assert found.stats["robustness_value_alpha"] == pytest.approx(ours, abs=1e-10)


def test_rows_and_columns_that_dowhy_changes_are_followed(weighted, result):
    """A subset, a covariate put in and another treatment give what the design of these very calls gives."""
    estimate, table = dowhy_estimate(result, weighted), frame()
    rng = np.random.default_rng(1)
    rows, noise = rng.permutation(N)[:300], rng.normal(size=N)
    data = model_frame(weighted).assign(w_random=noise, placebo=rng.permutation(table["attended"].astype(int)))
    asked = estimate.target_estimand.__deepcopy__({})
    asked.treatment_variable = ["placebo"]
    asked.set_adjustment_set([*asked.get_adjustment_set(), "w_random"])
    new = estimate.estimator.get_new_estimator_object(asked).fit(data.iloc[rows])
    direct = table.assign(w_random=noise, placebo=data["placebo"]).iloc[rows]
    other = weight_propensity(plain(direct, [*KNOWN, "w_random"], treatment="placebo"), scheme="ate")
    expected = call_difference(other)
    assert new.result.estimate[0] == pytest.approx(expected.estimate[0], abs=1e-12)
    assert new.result.bse.iloc[0] == pytest.approx(expected.bse.iloc[0], abs=1e-12)
    assert new.result.n_units == direct["person"].nunique()
    assert estimate.estimator.result.estimate[0] == result.estimate[0]  # the first stays as it was


def graph(*arrows):
    return nx.DiGraph([("attended", "minutes"), *arrows])


def test_a_graph_says_what_is_adjusted_for(weighted, result):
    needed = graph(("severity", "attended"), ("severity", "minutes"), ("hour", "minutes"), ("initial_type", "attended"))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model = causal_model(weighted, graph=needed)
        minimal = model.identify_effect(method_name="minimal-adjustment")
    assert minimal.get_backdoor_variables() == ["severity"]
    less = weight_propensity(plain(covariates=["severity"]), scheme="ate")
    params = {"design": weighted, "method": "call_difference", "options": {}}
    found = model.estimate_effect(minimal, f"backdoor.{registered}", effect_modifiers=[], method_params=params)
    assert found.value == pytest.approx(call_difference(less).estimate[0], abs=1e-12)


def test_a_hidden_cause_in_the_graph_is_an_error(weighted, result):
    hidden = "\n".join(nx.generate_gml(graph(("gravity", "attended"), ("gravity", "minutes"))))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        with pytest.raises(DesignError, match="not identified by 'backdoor'"):
            dowhy_estimate(result, weighted, graph=hidden)
    with pytest.raises(DesignError, match="no node attended"):
        dowhy_estimate(result, weighted, graph=nx.DiGraph([("treated", "minutes")]))


def causal_graph(*, hidden=False):
    """What moves attendance and minutes, by nodes of other names than the columns that measure them."""
    measured = {
        "danger": () if hidden else ("severity",),
        "came": ("attended",),
        "time": ("minutes",),
        "when": ("hour",),
    }
    pairs = [("danger", "came"), ("danger", "time"), ("when", "time"), ("came", "time")]
    return CausalGraph(
        name="own",
        title="Own",
        times=(("now", "Now"),),
        nodes=tuple(GraphNode(id=name, words=name, time="now", fields=own) for name, own in measured.items()),
        arrows=tuple(Arrow(start=start, end=end) for start, end in pairs),
    )


def test_a_causal_graph_is_read_by_the_columns_that_measure_its_nodes(weighted, result):
    model = causal_model(weighted, graph=causal_graph())
    assert model.identify_effect(method_name="minimal-adjustment").get_backdoor_variables() == ["severity"]
    direct = causal_model(weighted, graph=graph(("severity", "attended"), ("severity", "minutes"), ("hour", "minutes")))
    assert set(model._graph._graph.edges) == set(direct._graph._graph.edges)
    with pytest.raises(DesignError, match="not identified by 'backdoor'"):
        dowhy_estimate(result, weighted, graph=causal_graph(hidden=True))


def test_whom_an_estimate_speaks_of_is_the_design_s(weighted, result):
    model = causal_model(weighted)
    params = {"design": weighted, "method": "call_difference"}
    for more, said in (({"target_units": "att"}, "speaks of the ATE"), ({"treatment_value": 2}, "not at 2 and 0")):
        with pytest.raises(EstimationError, match=said):
            model.estimate_effect(model.identify_effect(), f"backdoor.{registered}", method_params=dict(params), **more)


def test_what_dowhy_cannot_hold_is_refused(weighted, result):
    estimate = dowhy_estimate(result, weighted)
    with pytest.raises(DesignError, match="not those of the design"):
        estimate.estimator.fit(model_frame(weighted).set_axis(np.arange(N) + 1))
    months = pd.DataFrame({"month": pd.period_range("2019-01", periods=24, freq="M"), "calls": range(24)})
    series = SeriesDesign.from_frame(months, outcome="calls", time="month", start="2020-07")
    with pytest.raises(DesignError, match="not of a SeriesDesign"):
        causal_model(series)
    assert {one.verdict for one in check.dowhy_refuters(result, series)} == {"not applicable"}
    with pytest.raises(DesignError, match="needs an outcome"):
        causal_model(plain(outcome=None))
    with pytest.raises(EstimationError, match="no refuter horoscope"):
        check.dowhy_refuters(result, weighted, which=["horoscope"])
    with pytest.raises(EstimationError, match="simulations=20"):
        check.dowhy_refuters(result, weighted, simulations=20)


def test_refuters_are_quiet_repeat_themselves_and_leave_the_world_as_it_was(weighted, result, capsys, caplog):
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - what DoWhy draws from
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        found = check.dowhy_refuters(result, weighted)
        again = check.dowhy_refuters(result, weighted, which=["data_subset", "dummy_outcome"])
        other = check.dowhy_refuters(result, weighted, which=["data_subset", "dummy_outcome"], seed=2)
    assert capsys.readouterr() == ("", "")
    assert not caplog.records
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    tables = {one.check.removeprefix("dowhy: "): one.table for one in found}
    assert list(tables) == list(usual)
    persons = frame()["person"].nunique()
    assert f"{N} calls of {persons} persons drawn one by one" in found[usual.index("bootstrap")].sentence
    for one, seeded in zip(again, other, strict=True):
        pd.testing.assert_frame_equal(one.table, tables[one.check.removeprefix("dowhy: ")])
        assert one.table["new_effect"].iloc[0] != seeded.table["new_effect"].iloc[0]
    near = {name: table["new_effect"].iloc[0] for name, table in tables.items()}
    error = result.bse.iloc[0]
    assert max(abs(near[name]) for name in ("placebo_treatment", "dummy_outcome")) < 0.3 * error
    for name in ("random_common_cause", "data_subset", "bootstrap"):
        assert near[name] == pytest.approx(result.estimate[0], abs=0.3 * error)
        assert tables[name]["p_value"].iloc[0] > 0.05  # draws differ from each other, or p would be 0 or 1


def test_each_strength_of_the_simulated_cause_starts_from_the_data(weighted, result):
    (found,) = check.dowhy_refuters(result, weighted, which=["unobserved_common_cause"])
    effects = found.table.pivot_table(index="flips", columns="moves", values="new_effect")
    assert (effects.diff(axis=1).iloc[:, 1:] < 0).all(axis=None)  # a stronger cause moves it further, one way
    assert (effects.loc[0.1] - effects.loc[0.1, 0.0]).abs().iloc[0] > (effects.loc[0.05, -0.2] - effects.loc[0.05, 0.0])
    assert abs(effects.loc[0.1, 0.0]) < abs(result.estimate[0])  # turned treatments alone draw it towards 0


def test_nonparametric_robustness_does_not_depend_on_the_sign(weighted):
    turned = frame().assign(minutes=lambda table: -table["minutes"])
    mirrored = weight_propensity(plain(turned), scheme="ate")
    which = ["nonparametric_sensitivity"]
    (one,) = check.dowhy_refuters(call_difference(weighted), weighted, which=which)
    (other,) = check.dowhy_refuters(call_difference(mirrored), mirrored, which=which)
    assert one.breakdown == other.breakdown
    assert 0 < one.breakdown < one.table["robustness_value"].iloc[0] < 1
    assert one.table["low"].to_numpy() == pytest.approx(-other.table["high"].to_numpy(), abs=1e-10)
    treated = weight_propensity(plain(), scheme="att")
    (not_of_it,) = check.dowhy_refuters(call_difference(treated), treated, which=which)
    assert not_of_it.verdict == "not applicable"


def test_overlap_prints_nothing_where_all_calls_have_it(capsys):
    rng = np.random.default_rng(1)
    table = frame().assign(attended=rng.random(N) < 0.5)
    design = weight_propensity(plain(table))
    (found,) = check.dowhy_refuters(call_difference(design), design, which=["overlap"])
    assert found.table[["share", "covered", "failed"]].to_numpy().tolist() == [[1.0, 1.0, False]]
    assert capsys.readouterr().out == ""


def test_an_instrument_is_refuted_too():
    design = instrument()
    result = estimated(call_iv, design)
    which = ["placebo_treatment", "random_common_cause", "overlap"]
    placebo, noise, overlap = check.dowhy_refuters(result, design, which=which)
    assert abs(placebo.table["new_effect"].iloc[0]) < result.bse.iloc[0]
    assert noise.table["new_effect"].iloc[0] == pytest.approx(result.estimate[0], abs=0.05 * result.bse.iloc[0])
    assert overlap.verdict == "not applicable"


def test_the_table_has_every_refuter_and_the_verdict_follows_it():
    table = dowhy_rates()
    assert set(table["refuter"]) == set(assumptions)
    assert all(set(rows["world"]) == set(worlds) for _, rows in table.groupby("refuter"))
    assert (table.loc[table["refuter"].isin(usual), "replications"] == designs).all()
    for name in usual[:5]:
        known = rates(name)
        assert known is not None
        assert ("nearly uninformative" in str(known)) == (not known.tells)


@pytest.mark.parametrize("world", ["sound", "hidden severity"])
def test_a_cell_of_the_table_is_made_again(world):
    again = np.mean([failed("random_common_cause", world, draw) for draw in range(3)])
    share = dowhy_rates().set_index(["refuter", "world"]).loc[("random_common_cause", world), "failed"]
    assert again * 3 <= share * designs  # the first draws are the same
