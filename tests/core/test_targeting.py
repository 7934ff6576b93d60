"""Rankings tested on held-out calls: by hand, by another formula, by half-samples, and against a known truth."""

import numpy as np
import pytest

from coresponder_causal.core.inference import over_partitions
from coresponder_causal.core.targeting import projection, ranked_groups, ranking_worth


def drawn(seed: int, n: int = 400, slope: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores whose effect is ``slope`` x, and the priority x."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return 2 + slope * x + 2 * rng.normal(size=n), np.ones(n), x


def spread(influence: np.ndarray) -> float:
    return float(np.sqrt((influence**2).sum()) / len(influence))


@pytest.mark.parametrize("weighting", ["autoc", "qini"])
def test_the_worth_of_a_ranking_is_the_area_below_its_curve(weighting: str) -> None:
    value, tilt, priority = drawn(1)
    sorted_values = value[np.argsort(-priority)]
    q = (np.arange(400 * 200) + 0.5) / (400 * 200)
    means = np.interp(q, np.arange(401) / 400, np.append(0, np.cumsum(sorted_values))) / 400 / q - value.mean()
    area = float((means if weighting == "autoc" else q * means).mean())
    assert ranking_worth(value, tilt, priority, weighting).estimate[0] == pytest.approx(area, abs=2e-4)  # type: ignore[arg-type]


@pytest.mark.parametrize("weighting", ["autoc", "qini"])
def test_its_influence_is_its_derivative_by_the_weight_of_a_row(weighting: str) -> None:
    value, tilt, priority = drawn(2, 40)
    psi = ranking_worth(value, tilt, priority, weighting).influence[:, 0]  # type: ignore[arg-type]
    for row in (0, 7, 39):
        ends = []
        for step in (1e-6, -1e-6):
            weight = tilt + step * (np.arange(40) == row)
            ends.append(ranking_worth(value * weight, weight, priority, weighting).estimate[0])  # type: ignore[arg-type]
        assert psi[row] / 40 == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize(("weighting", "truth"), [("autoc", 0.9032), ("qini", 0.2821)])
def test_its_interval_holds_the_truth(weighting: str, truth: float) -> None:
    """Of a normal effect with unit slope: ∫ φ(z_q)/q dq and ∫ φ(z_q) dq = 1/(2√π); 600 draws of 400 rows."""
    held = []
    for seed in range(600):
        found = ranking_worth(*drawn(seed), weighting)  # type: ignore[arg-type]
        held.append(abs(found.estimate[0] - truth) < 1.96 * spread(found.influence))
    assert 0.92 < np.mean(held) < 0.975


def test_half_samples_agree_with_the_influence() -> None:
    value, tilt, priority = drawn(5, 1000)
    rng, whole = np.random.default_rng(1), ranking_worth(*drawn(5, 1000), "autoc")
    halves = [rng.permutation(1000)[:500] for _ in range(400)]
    again = [ranking_worth(value[half], tilt[half], priority[half], "autoc").estimate[0] for half in halves]
    assert np.std(again) == pytest.approx(spread(whole.influence), rel=0.12)  # √2 Monte-Carlo errors are 5 %


def test_equal_priorities_are_worth_nothing_and_rows_without_tilt_share_places() -> None:
    value, tilt, priority = drawn(3, 50)
    flat = ranking_worth(value, tilt, np.zeros(50), "autoc")
    assert flat.estimate[0] == 0
    assert not flat.influence.any()
    half = (np.arange(50) % 2).astype(float)
    found = ranking_worth(value, half, priority, "autoc")
    assert np.isfinite(found.estimate[0])
    assert found.influence.sum() == pytest.approx(0, abs=1e-9)


def test_blp_and_groups_are_those_of_econml() -> None:
    tester = pytest.importorskip("econml.validate.drtester")
    value, tilt, priority = drawn(4, 500)
    peer = tester.DRTester(model_regression=None, model_propensity=None, cate=None)
    peer.n_treat, peer.treatments = 1, np.array([0, 1])
    peer.dr_val_, peer.cate_preds_val_, peer.cate_preds_train_ = value[:, None], priority[:, None], priority[:, None]
    peer.dr_train_, peer.ate_val = value[:, None], np.array([value.mean()])
    own = projection(value, tilt, np.column_stack([tilt, priority]))
    assert own.estimate[1] == pytest.approx(float(peer.evaluate_blp().params[0]), rel=1e-10)
    gates = peer.evaluate_cal(n_groups=5).plot_data_dict[1]["gate"].to_numpy()[::-1]
    groups = np.eye(5)[ranked_groups(priority, tilt, 5, seed=1)]
    assert projection(value, tilt, groups).estimate == pytest.approx(gates, rel=1e-10)


def test_regressors_that_determine_each_other_give_no_number() -> None:
    value, tilt, _ = drawn(6, 20)
    assert np.isnan(projection(value, tilt, np.ones((20, 2))).estimate).all()


def test_a_half_without_an_estimate_counts_against_a_finding() -> None:
    estimates = np.array([[3.0], [np.nan], [np.nan]])
    found = over_partitions(estimates, np.ones((3, 1)), np.full(3, 99.0), side="greater")
    assert found.p_value[0] == 1
    assert found.estimate[0] == 3
