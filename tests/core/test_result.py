"""The one result: what it shows, refuses, combines, and carries through text."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.provenance import Provenance
from coresponder_causal.core.reml import SerialDesign
from coresponder_causal.core.result import Result

ABOUT = Estimand(
    contrast="ATT",
    outcome="calls",
    treatment="0 to 70 hours",
    population="one city",
    horizon="30 months",
    scale="ratio of rates",
)
VCOV = np.array([[0.04, 0.01, 0.0], [0.01, 0.09, 0.0], [0.0, 0.0, 0.25]])


def made(**changes):
    """A result of three log ratios, the last one shown in events of 200."""
    content = {
        "method": "example",
        "estimand": ABOUT,
        "terms": pd.DataFrame({"group": ["a", "b", "b"], "term": ["mean_post", "level_change", "averted"]}),
        "estimate": np.array([-0.2, 0.5, 0.1]),
        "vcov": VCOV,
        "df": np.array([9.0, 4.0, np.inf]),
        "scale": "log_ratio",
        "event_base": np.array([np.nan, np.nan, 200.0]),
        "n_obs": 72,
        "n_units": 11,
        "extra": Facts({"rho": 0.4, "interval": "t"}),
        "notes": ("said once",),
    }
    return Result(**(content | changes))


def two_terms(**changes):
    content = {
        "terms": pd.DataFrame({"term": ["one", "two"]}),
        "estimate": np.array([1.0, 2.0]),
        "vcov": np.array([[1.0, 0.5], [0.5, 4.0]]),
        "df": np.array([10.0, 6.0]),
        "scale": "difference",
        "event_base": None,
    }
    return made(**(content | changes))


def with_influence(n=40, clustered=False, thin=False):
    """Two means and their influence functions."""
    rng = np.random.default_rng(7)
    scores = rng.normal(size=(n, 2))
    scores -= scores.mean(axis=0)
    cluster = pd.Index(np.repeat(np.arange(n // 4), 4)) if clustered else None
    left = sparse.csr_array(scores) if thin else scores
    psi = Influence(left=left, right=np.array([[1.0, 0.5], [0.0, 2.0]]), unit=pd.RangeIndex(n), cluster=cluster)
    sums = psi.rows() if not clustered else psi.by_cluster().to_numpy()
    return two_terms(influence=psi, vcov=sums.T @ sums / n**2)


def test_tidy_by_hand():
    # t tables: 2.262157 at 9 df, 2.776445 at 4, 1.959964 at ∞; standard errors .2, .3, .5.
    tidy = made().tidy()
    assert list(tidy) == [
        "group", "term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"
    ]  # fmt: skip
    first, second, events = tidy.itertuples(index=False)
    assert (first.group, first.term, first.estimate, first.std_error, first.statistic) == (
        "a", "mean_post", -0.2, 0.2, -1.0
    )  # fmt: skip
    assert (first.conf_low, first.conf_high) == pytest.approx((-0.2 - 2.262157 * 0.2, -0.2 + 2.262157 * 0.2), rel=1e-6)
    assert first.p_value == pytest.approx(2 * stats.t.sf(1.0, 9), rel=1e-12)
    assert second.conf_low == pytest.approx(0.5 - 2.776445 * 0.3, rel=1e-6)
    # 200·(e^.1 − 1) events; its bounds are those of the log ratio, turned into events; SE by the delta method.
    assert events.estimate == pytest.approx(200 * np.expm1(0.1), rel=1e-12)
    assert events.std_error == pytest.approx(200 * np.exp(0.1) * 0.5, rel=1e-12)
    assert events.conf_high == pytest.approx(200 * np.expm1(0.1 + 1.959964 * 0.5), rel=1e-6)
    assert events.statistic == pytest.approx(0.2, rel=1e-12)


def test_tidy_as_ratio():
    plain, ratio = made().tidy(), made().tidy(scale="ratio")
    for column in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(ratio[column][:2], np.exp(plain[column][:2]), rtol=1e-12)
        assert ratio[column][2] == plain[column][2]  # events are events on either scale
    np.testing.assert_allclose(ratio["std_error"][:2], np.exp([-0.2, 0.5]) * [0.2, 0.3], rtol=1e-12)
    np.testing.assert_array_equal(ratio[["statistic", "p_value"]], plain[["statistic", "p_value"]])
    with pytest.raises(EstimationError, match="difference, not a ratio"):
        two_terms().tidy(scale="ratio")


def test_level_widens_the_interval():
    # t tables at 9 df: 1.833113 (90 %), 3.249836 (99 %).
    for level, critical in ((0.90, 1.833113), (0.99, 3.249836)):
        row = made().conf_int(level).loc["mean_post"]
        assert row["conf_high"] - row["conf_low"] == pytest.approx(2 * critical * 0.2, rel=1e-6)


def test_sets_show_their_bounds():
    shown = two_terms(kind="set", set_low=[0.5, 1.0], set_high=[1.5, 3.0], scale="log_ratio").tidy(scale="ratio")
    np.testing.assert_allclose(shown[["set_low", "set_high"]], np.exp([[0.5, 1.5], [1.0, 3.0]]), rtol=1e-12)


def test_a_certain_estimate_has_an_infinite_statistic_and_no_warning():
    row = two_terms(vcov=np.diag([0.0, 4.0])).tidy().iloc[0]
    assert row["statistic"] == np.inf
    assert row["p_value"] == 0


def test_labelled_views_and_glance():
    result = made()
    assert result.params["level_change"] == 0.5
    assert result.bse["mean_post"] == 0.2
    assert result.pvalues.index.tolist() == ["mean_post", "level_change", "averted"]
    about = result.glance().iloc[0]
    assert (about["method"], about["outcome"], about["rho"], about["notes"], about["n_obs"]) == (
        "example", "calls", 0.4, 1, 72
    )  # fmt: skip


def test_text_shows_terms_facts_and_notes():
    text = made().summary()
    for part in ("example: ATT of 0 to 70 hours on calls", "mean_post", "72 rows, 11 units", "rho = 0.4", "note: said"):
        assert part in text
    assert str(made()).splitlines()[0] == "example · calls (log_ratio)"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"estimate": np.zeros(2)}, r"estimate has shape \(2,\), not \(3,\)"),
        ({"vcov": np.eye(2)}, r"vcov has shape \(2, 2\), not \(3, 3\)"),
        ({"df": np.ones((3, 1))}, "df has shape"),
        ({"event_base": np.ones(1)}, "event_base has shape"),
        ({"set_low": np.ones(4)}, "set_low has shape"),
        ({"terms": pd.DataFrame({"name": list("abc")})}, "has no terms"),
        ({"kind": "set"}, "set without bounds"),
        ({"estimate": [np.nan, 0.0, 0.0]}, "no finite estimate, variance or df for mean_post"),
        ({"estimate": [0.0, np.inf, 0.0]}, "for level_change"),
        ({"vcov": np.diag([1.0, -1.0, 1.0])}, "for level_change"),
        ({"vcov": np.diag([1.0, 1.0, np.nan])}, "for averted"),
        ({"df": [9.0, 0.0, np.nan]}, "for level_change, averted"),
    ],
)
def test_what_must_not_be_read_as_a_number_is_refused(changes, said):
    with pytest.raises(EstimationError, match=said):
        made(**changes)


def test_no_terms_at_all_are_refused():
    with pytest.raises(EstimationError, match="has no terms"):
        made(terms=pd.DataFrame({"term": []}), estimate=[], vcov=np.empty((0, 0)), df=[], event_base=None)


def test_the_caller_s_arrays_and_frames_stay_the_caller_s():
    estimate, terms = np.array([-0.2, 0.5, 0.1]), pd.DataFrame({"term": list("abc")}, index=[5, 6, 7])
    result = made(estimate=estimate, terms=terms)
    estimate[0], terms.loc[5, "term"] = 99.0, "changed"
    assert result.estimate[0] == -0.2
    assert result.terms["term"].tolist() == ["a", "b", "c"]
    assert result.terms.index.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="read-only"):
        result.vcov[0, 0] = 1.0
    with pytest.raises(AttributeError):
        result.scale = "difference"


def test_a_pickled_copy_is_read_only_too():
    copy = pickle.loads(pickle.dumps(made()))
    assert copy.to_json() == made().to_json()
    with pytest.raises(ValueError, match="read-only"):
        copy.estimate[0] = 1.0


def test_combine_by_hand():
    # 2·1 − 2 = 0 with variance 4·1 − 2·2·.5 + 4 = 6; the mean 1.5 with (1 + 2·.5 + 4)/4 = 1.5. Smallest df of the two.
    combined = two_terms().combine([[2.0, -1.0], [0.5, 0.5], [1.0, 0.0]], pd.DataFrame({"term": list("xyz")}))
    np.testing.assert_allclose(combined.estimate, [0.0, 1.5, 1.0])
    np.testing.assert_allclose(np.diag(combined.vcov), [6.0, 1.5, 1.0])
    assert combined.vcov[0, 1] == pytest.approx(2 * 0.5 * 1 + (2 * 0.5 - 0.5) * 0.5 - 0.5 * 4)
    np.testing.assert_array_equal(combined.df, [6.0, 6.0, 10.0])
    assert combined.notes == two_terms().notes
    assert combined.provenance == two_terms().provenance


def test_combined_df_is_that_of_the_contrast_in_the_fit():
    rng = np.random.default_rng(2)
    t = np.arange(40.0)
    X = np.column_stack([np.ones(40), t >= 20, np.maximum(t - 20, 0), np.sin(t)])
    noise = np.zeros(40)
    for i in range(1, 40):
        noise[i] = 0.6 * noise[i - 1] + rng.normal()
    fit = SerialDesign(X).fit(noise)
    pick = np.eye(4)[1:3]
    result = two_terms(
        estimate=pick @ fit.beta,
        vcov=pick @ fit.vcov @ pick.T,
        df=[fit.record.df(row, fit.vcov) for row in pick],
        variance_record=fit.record.transform(pick),
    )
    weights = np.array([[1.0, 12.0], [1.0, -3.0], [0.0, 1.0]])
    combined = result.combine(weights, pd.DataFrame({"term": list("abc")}))
    direct = [fit.record.df(row, fit.vcov) for row in weights @ pick]
    np.testing.assert_allclose(combined.df, direct, rtol=1e-10)
    assert np.ptp(direct[:2]) > 0.1  # contrasts of one fit do have df of their own
    again = combined.combine([[0.5, 0.5, 0.0]], pd.DataFrame({"term": ["d"]}))
    expected = fit.record.df(np.array([0.5, 0.5]) @ weights[:2] @ pick, fit.vcov)
    assert again.df[0] == pytest.approx(expected, rel=1e-10)


def test_events_do_not_combine_with_log_ratios():
    with pytest.raises(EstimationError, match="terms in events do not combine"):
        made().combine([[1.0, 0.0, 0.5]], pd.DataFrame({"term": ["x"]}))
    fine = made().combine([[1.0, -1.0, 0.0]], pd.DataFrame({"term": ["x"]}))
    assert fine.event_base is None
    assert fine.estimate[0] == pytest.approx(-0.7)


def test_terms_without_a_joint_covariance_do_not_combine():
    apart = two_terms(vcov=np.array([[1.0, np.nan], [np.nan, 4.0]]))
    with pytest.raises(EstimationError, match="no finite estimate, variance or df for difference"):
        apart.combine([[1.0, -1.0]], pd.DataFrame({"term": ["difference"]}))
    alone = apart.combine([[0.0, 3.0]], pd.DataFrame({"term": ["trebled"]}))
    assert alone.vcov[0, 0] == 36.0
    with pytest.raises(EstimationError, match="no joint covariance was estimated for one, two"):
        apart.wald()
    assert apart.wald(["two"]).df_num == 1


def test_each_of_two_terms_without_a_joint_covariance_may_be_scaled():
    apart = two_terms(vcov=np.array([[1.0, np.nan], [np.nan, 4.0]]))
    both = apart.combine(np.diag([2.0, 3.0]), pd.DataFrame({"term": ["doubled", "trebled"]}))
    np.testing.assert_allclose(np.diag(both.vcov), [4.0, 36.0])
    assert np.isnan(both.vcov[0, 1])


def test_a_combination_of_sets_does_not_keep_their_bounds():
    bounded = two_terms(kind="set", set_low=[0.5, 1.0], set_high=[1.5, 3.0])
    with pytest.raises(EstimationError, match="set"):
        bounded.combine([[0.0, 1.0], [1.0, 0.0]], pd.DataFrame({"term": ["two", "one"]}))


@pytest.mark.parametrize("weights", [[[1.0]], [[1.0, 2.0, 3.0]], [1.0, 2.0, 3.0]])
def test_weights_of_another_length_are_refused(weights):
    with pytest.raises(EstimationError, match="weights"):
        two_terms().combine(weights, pd.DataFrame({"term": ["x"]}))


def test_weights_and_names_must_be_as_many():
    with pytest.raises(EstimationError, match="shape"):
        two_terms().combine(np.eye(2), pd.DataFrame({"term": ["x"]}))


@pytest.mark.parametrize("thin", [False, True])
def test_influence_travels_through_combinations(thin):
    result = with_influence(thin=thin)
    weights = np.array([[1.0, -2.0], [0.5, 0.5]])
    combined = result.combine(weights, pd.DataFrame({"term": list("ab")}))
    np.testing.assert_allclose(combined.influence.rows(), result.influence.rows() @ weights.T, rtol=1e-12)
    np.testing.assert_allclose(combined.influence.gram(), combined.vcov, rtol=1e-10)


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("thin", [False, True])
def test_estimated_weights_add_their_influence(clustered, thin):
    result = with_influence(clustered=clustered, thin=thin)
    n, weights = result.influence.n, np.array([[0.3, 0.7]])
    extra = np.random.default_rng(8).normal(size=(n, 1))
    combined = result.combine(weights, pd.DataFrame({"term": ["overall"]}), weight_influence=extra)
    psi = result.influence.rows() @ weights.T + extra
    sums = np.add.reduceat(psi, np.arange(0, n, 4)) if clustered else psi
    np.testing.assert_allclose(combined.vcov, sums.T @ sums / n**2, rtol=1e-10)
    assert combined.vcov[0, 0] != pytest.approx(float((weights @ result.vcov @ weights.T)[0, 0]), rel=1e-3)


def test_estimated_weights_need_influence():
    with pytest.raises(EstimationError, match="carries no influence functions"):
        two_terms().combine([[1.0, 1.0]], pd.DataFrame({"term": ["x"]}), weight_influence=np.ones((5, 1)))


def test_wald_leaves_events_out_and_uses_the_smallest_df():
    test = made().wald()
    estimate, vcov = np.array([-0.2, 0.5]), VCOV[:2, :2]
    assert test.statistic == pytest.approx(estimate @ np.linalg.inv(vcov) @ estimate / 2, rel=1e-10)
    assert (test.df_num, test.df_den) == (2, 4.0)
    assert test.p_value == pytest.approx(stats.f.sf(test.statistic, 2, 4), rel=1e-12)
    assert made().wald(["mean_post"]).statistic == pytest.approx(1.0)


@pytest.mark.parametrize("terms", [["no_such_term"], ["mean_post", "no_such_term"]])
def test_wald_names_terms_that_do_not_exist(terms):
    with pytest.raises(EstimationError, match="no_such_term"):
        made().wald(terms)


def full():
    """Every field filled, with what JSON does not know: periods, dates, missing values, infinities."""
    months = pd.PeriodIndex(["2020-06", "2020-07"], freq="M")
    return made(
        kind="set",
        set_low=np.array([-1.0, -np.inf, 0.1]),
        set_high=np.array([1 / 3, 1.0, np.inf]),
        support=pd.DataFrame({"term": ["mean_post"], "persons": [np.nan], "events": [12], "units": [1]}),
        path=pd.DataFrame(
            {
                "time": months,
                "day": pd.to_datetime(["2020-06-01", None]),
                "observed": [0.1 + 0.2, np.nan],
                "treated": [False, True],
            }
        ),
        cities=pd.DataFrame({"city": ["Chico", None], "events": pd.array([1, None], dtype="Int64")}),
        variance_record=SerialDesign(np.ones((6, 1)))
        .fit(np.array([1.0, 2, 4, 3, 1, 0]))
        .record.transform(np.ones((3, 1))),
        extra=Facts({"kappa_star": np.inf, "floor": np.nan, "who": None, "months": (1, 2), "deep": (("a", 1.5), ())}),
        notes=("one", "two “quoted” <b>"),
        provenance=Provenance(design="SeriesDesign", data="ab" * 32, options='{"lags": 3}', seed=5),
    )


def test_json_gives_every_field_back_to_the_last_digit():
    result = full()
    again = Result.from_json(result.to_json())
    assert again.to_json() == result.to_json()
    for name in ("estimate", "vcov", "df", "event_base", "set_low", "set_high"):
        np.testing.assert_array_equal(getattr(again, name), getattr(result, name), err_msg=name)
    for name in ("terms", "support", "path", "cities"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(result, name), check_exact=True, obj=name)
    for name in ("method", "estimand", "scale", "kind", "n_obs", "n_units", "notes", "provenance"):
        assert getattr(again, name) == getattr(result, name), name
    assert list(again.extra) == list(result.extra)
    assert again.extra["kappa_star"] == np.inf
    assert np.isnan(again.extra["floor"])
    assert (again.extra["who"], again.extra["months"], again.extra["deep"]) == (None, (1, 2), (("a", 1.5), ()))
    contrast = np.array([1.0, -1.0, 0.5])
    assert again.variance_record.df(contrast, VCOV) == result.variance_record.df(contrast, VCOV)


def test_json_is_text_that_any_reader_takes():
    text = full().to_json()
    for word in ("NaN", "Infinity"):
        assert f": {word}" not in text
        assert f"[{word}" not in text
        assert f", {word}" not in text
    assert "influence" not in text


def test_facts_in_tuples_may_be_infinite():
    result = made(extra=Facts({"bounds": (-np.inf, 0.5)}))
    assert Result.from_json(result.to_json()).extra["bounds"] == (-np.inf, 0.5)


def test_public_leaves_the_units_behind():
    result = with_influence()
    assert result.public().influence is None
    assert result.public().to_json() == result.to_json()
    pd.testing.assert_frame_equal(result.public().tidy(), result.tidy(), check_exact=True)


def test_html_escapes_what_it_shows():
    hostile = "<img src=x>"
    shown = replace(made(), notes=(hostile,), method=hostile)._repr_html_()
    assert "<img" not in shown
    assert shown.count("&lt;img src=x&gt;") == 2


def test_a_joint_critical_value_adds_bands_that_a_combination_does_not_keep():
    banded = made(extra=Facts({"critical_value": 3.0}))
    tidy = banded.tidy()
    np.testing.assert_allclose(tidy["band_high"][:2] - tidy["estimate"][:2], 3.0 * tidy["std_error"][:2], rtol=1e-12)
    np.testing.assert_allclose(tidy["estimate"][:2] - tidy["band_low"][:2], 3.0 * tidy["std_error"][:2], rtol=1e-12)
    assert "band_low" not in made().tidy()
    weights = np.eye(len(banded.terms))[:1]
    assert "critical_value" not in banded.combine(weights, banded.terms.iloc[:1]).extra


def test_ranks_take_the_place_of_t_where_placebos_are_given():
    placebo = np.array([np.linspace(-2.5, 2.4, 39), np.linspace(0.1, 1.0, 39), np.full(39, 9.0)])
    ranked = made(placebo=placebo)
    tidy, plain = ranked.tidy(), made().tidy()
    pd.testing.assert_series_equal(tidy["std_error"], plain["std_error"])
    # of 40 statistics two may lie further out at 5 %: the second largest placebo is the limit
    assert ranked.critical().tolist() == pytest.approx([np.sort(np.abs(row))[-2] for row in placebo])
    assert tidy["conf_low"][0] == pytest.approx(-0.2 - 0.2 * np.sort(np.abs(placebo[0]))[-2])
    further = np.sum(np.abs(placebo[0]) >= 1.0)  # the statistic is −.2 / .2
    assert tidy["p_value"][0] == (1 + further) / 40
    assert tidy["p_value"][2] == 1.0
    with pytest.raises(EstimationError, match="ranks among placebos do not combine"):
        ranked.combine(np.array([[1.0, 0.0, 0.0]]), pd.DataFrame({"term": ["x"]}))
    with pytest.raises(EstimationError, match="placebo has shape"):
        made(placebo=placebo[:2])


def test_few_placebos_never_reach_the_level_and_survive_text():
    few = made(placebo=np.tile([0.1, -0.2, 0.3], (3, 1)))
    assert np.isinf(few.tidy()["conf_high"][:2]).all()
    assert few.tidy()["p_value"].tolist() == [0.25, 0.25, 0.75]  # .1/.5 ties with the second
    again = Result.from_json(few.to_json())
    pd.testing.assert_frame_equal(again.tidy(), few.tidy())
    assert np.isfinite(few.tidy(level=0.7)["conf_low"]).all()
