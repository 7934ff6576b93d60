"""Bins, subclasses and the largest balanced sample: by hand, by trying every sample, and what each refuses."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, IdentificationWarning
from coresponder_causal.core.stratum_weights import StratumShares, stratum_weights
from coresponder_causal.design import CallDesign, match_cardinality, match_coarsened, subclassify
from coresponder_causal.design.coarsening import coarse


def calls(n: int = 40, seed: int = 1, **columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rng.integers(18, 70, n), "load": rng.normal(size=n)})
    frame["kind"] = rng.choice(["welfare", "suicide"], n)
    frame["attended"] = (rng.random(n) < 0.4).astype(int)
    return frame.assign(**columns)


def design(frame: pd.DataFrame, *covariates: str, **roles: object) -> CallDesign:
    return CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=list(covariates), **roles)


@pytest.mark.parametrize(
    ("how", "bins"),
    [(2, [0, 0, 0, 1, 1]), ([3.0, 8.0], [0, 0, 1, 2, 2]), ("q2", [0, 0, 1, 1, 1]), (None, [1.0, 2.0, 3.0, 8.0, 9.0])],
)
def test_bins_are_closed_on_the_left(how, bins):
    assert coarse(pd.Series([1.0, 2.0, 3.0, 8.0, 9.0]), how).tolist() == [str(number) for number in bins]


def test_sturges_cuts_into_bins_of_equal_width():
    x = pd.Series(np.arange(32.0))
    assert len(set(coarse(x, "sturges"))) == 6  # ⌈log2 32 + 1⌉


@pytest.mark.parametrize("contrast", ["ATT", "ATE", "ATC"])
def test_within_bins_both_kinds_weigh_what_the_calls_asked_for_do(contrast):
    d = match_coarsened(design(calls(400), "age", "kind"), bins={"age": [30, 50]}, contrast=contrast)
    w, sets, treated = d.adjustment.weights, d.adjustment.sets, d.treated
    assert len(set(sets)) == 6
    meant = {"ATT": treated, "ATC": ~treated, "ATE": np.ones(400, bool)}[contrast]
    for number in set(sets):
        inside = sets == number
        for arm in (treated, ~treated):
            assert w[inside & arm].sum() == pytest.approx((inside & meant).sum())
    assert d.contrast == contrast


def test_calls_without_a_counterpart_are_left_out_and_said():
    frame = pd.DataFrame({"attended": [1, 1, 1, 0, 0], "age": [20, 60, 61, 21, 22]})
    with pytest.warns(IdentificationWarning, match="2 of 3 treated calls are in bins without a counterpart"):
        d = match_coarsened(design(frame, "age"), bins={"age": [40]})
    assert d.contrast == "ATM"
    assert d.adjustment.weights.tolist() == [1, 0, 0, 0.5, 0.5]
    assert d.adjustment.sets.tolist() == [0, -1, -1, 0, 0]


def test_bins_that_there_are_not_are_listed_together():
    with pytest.raises(DesignError) as refused:
        match_coarsened(
            design(calls(), "age", "load", "kind"), bins={"age": 1, "load": "q", "kind": 3, "other": 2}, contrast="ATX"
        )
    for said in (
        "bins 1 for age",
        "bins 'q' for load",
        "bins for 'kind', which is text",
        "'other', which is no",
        "ATX",
    ):
        assert said in str(refused.value)
    apart = pd.DataFrame({"attended": [1, 1, 0, 0], "age": [20, 21, 60, 61]})
    with pytest.raises(DesignError, match="none of 2 bins holds calls of both kinds"):
        match_coarsened(design(apart, "age"), bins={"age": 2})


def test_subclasses_hold_equal_numbers_of_those_asked_for():
    d = subclassify(design(calls(2000), "age", "load"), subclasses=5)
    p, treated, w = d.propensity().probability, d.treated, d.adjustment.weights
    limits = np.quantile(p[treated], np.linspace(0, 1, 6))[1:-1]
    number = np.searchsorted(limits, p, side="right")
    for s in range(5):
        assert w[~treated & (number == s)].sum() == pytest.approx((treated & (number == s)).sum())
    sizes = np.bincount(number[treated])
    assert sizes.max() - sizes.min() <= 1


def test_subclasses_refuse_what_they_cannot_do():
    with pytest.raises(DesignError) as refused:
        subclassify(design(calls(), "age", exact=["kind"]), subclasses=1, contrast="ATX")
    for said in ("'ATX'", "subclasses=1", "kept equal in kind"):
        assert said in str(refused.value)
    with pytest.raises(DesignError, match="holds no"):
        subclassify(design(calls(30), "age", "load"), subclasses=15)


@pytest.mark.parametrize("whom", ["ATT", "ATE", "ATC"])
def test_slopes_are_derivatives_and_the_influence_of_shares_is_that_of_adding_a_call(whom):
    """The influence of a call through the shares, against the change when its weight grows a little."""
    rng = np.random.default_rng(3)
    strata, treated, y = rng.integers(0, 3, 90), rng.random(90) < 0.4, rng.normal(size=90)

    def weighted_sum(sampling: np.ndarray) -> float:
        found = stratum_weights(treated, strata, whom, sampling)
        return float(found.weights @ y)  # the calls' own weight held: only the shares move

    ones, step = np.ones(90), 1e-6
    found = stratum_weights(treated, strata, whom, ones)
    ours = StratumShares(treated=treated, strata=strata, sampling=ones).influence_through(found.slope * y)
    by_hand = [(weighted_sum(ones + step * (np.arange(90) == i)) - weighted_sum(ones)) / step for i in range(90)]
    np.testing.assert_allclose(ours, by_hand, atol=1e-4)


def best_by_trying(frame: pd.DataFrame, names: list[str], tolerance: float, ratio: int) -> int:
    """Size of the largest balanced sample, by trying every one."""
    treated = frame["attended"].to_numpy(bool)
    x = frame[names].to_numpy(float)
    x = (x - x[treated].mean(axis=0)) / x[treated].std(axis=0, ddof=1)
    best = 0
    for chosen in product([False, True], repeat=len(frame)):
        kept = np.array(chosen)
        one, other = kept & treated, kept & ~treated
        if not one.any() or other.sum() != ratio * one.sum() or kept.sum() <= best:
            continue
        if (np.abs(x[one].mean(axis=0) - x[other].mean(axis=0)) <= tolerance + 1e-9).all():
            best = int(kept.sum())
    return best


@pytest.mark.parametrize(("seed", "ratio", "tolerance"), [(1, 1, 0.1), (2, 1, 0.3), (3, 2, 0.2), (4, 1, 0.6)])
def test_no_balanced_sample_is_larger(seed, ratio, tolerance):
    frame = calls(13, seed)
    d = match_cardinality(design(frame, "age", "load"), tolerance=tolerance, ratio=ratio)
    w, treated = d.adjustment.weights, d.treated
    assert w.sum() == best_by_trying(frame, ["age", "load"], tolerance, ratio)
    assert w[~treated].sum() == ratio * w[treated].sum()
    assert "the balanced sample holds" in d.notes[-1]


def test_every_treated_call_can_be_kept_and_groups_stay_equal():
    frame = calls(300, 5)
    whole = match_cardinality(design(frame, "age", "load", "kind"), tolerance=0.02, keep="treated")
    w, treated = whole.adjustment.weights, whole.treated
    assert w[treated].all()
    assert whole.contrast == "ATT"
    spread = frame.loc[treated, "age"].std()
    far = frame.loc[treated, "age"].mean() - frame.loc[~treated & (w > 0), "age"].mean()
    assert abs(far) <= 0.02 * spread + 1e-9
    grouped = match_cardinality(design(frame, "age", "load", exact=["kind"]), tolerance=0.1)
    kept = frame[grouped.adjustment.weights > 0]
    assert kept.groupby("kind")["attended"].mean().tolist() == [0.5, 0.5]


def test_cardinality_refuses_what_it_cannot_do():
    with pytest.raises(DesignError) as refused:
        match_cardinality(design(calls(), "age"), tolerance=0, ratio=0, keep="all", seconds=-1)
    for said in ("tolerance=0", "ratio=0", "'all'", "seconds=-1"):
        assert said in str(refused.value)
    apart = pd.DataFrame({"attended": [1, 1, 0, 0], "age": [20, 22, 60, 62]})
    with pytest.raises(DesignError, match="no sample has means within"):
        match_cardinality(design(apart, "age"))
