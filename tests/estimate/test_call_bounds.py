"""Bounds by hand, on published counts, and against truth: on every draw without sampling error, else in intervals."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import estimate, report
from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.registry import numbers_of
from coresponder_causal.design import CallDesign, PartlyKnownDesign

KNOWN = [1.0] * 5 + [0.0] * 3 + [np.nan] * 2 + [1.0] * 2 + [0.0] * 4 + [np.nan] * 4
TWENTY = pd.DataFrame({"attended": [1] * 10 + [0] * 10, "engaged": KNOWN, "area": ["a", "b"] * 10})


def design(frame=TWENTY, outcome="engaged", **stated):
    plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=[])
    return PartlyKnownDesign.from_calls(plain, outcome=outcome, **stated)


def ends(result):
    return float(result.set_low[0]), float(result.set_high[0])


def test_worst_case_by_hand():
    """With: 5 to 7 of 10; without: 2 to 6 of 10."""
    result = estimate.call_bounds(design())
    assert ends(result) == pytest.approx((-0.1, 0.5), abs=1e-12)
    assert result.estimate[0] == pytest.approx(0.2, abs=1e-12)
    assert result.kind == "set"
    assert "'engaged' is not known of 2 of 10 calls with attended and 4 of 10 calls without attended" in result.notes
    spread = [np.sqrt(20 / 18 * (p * (1 - p) + q * (1 - q)) / 10) for p, q in ((0.5, 0.6), (0.7, 0.2))]
    np.testing.assert_allclose(result.set_spread, [spread], rtol=1e-12)


def test_trimming_by_hand():
    """Known are .8 and .6: p = 1/4 of the eight with the team, two of them; without it two of six engaged."""
    result = estimate.call_bounds(design(), method="lee")
    assert ends(result) == pytest.approx((3 / 6 - 2 / 6, 5 / 6 - 2 / 6), abs=1e-12)
    turned = estimate.call_bounds(design(TWENTY.assign(attended=1 - TWENTY["attended"])), method="lee")
    assert ends(turned) == pytest.approx((-3 / 6, -1 / 6), abs=1e-12)
    assert "known either way" in result.estimand.population


def test_levels_that_are_unknown_do_the_most_harm():
    """Area a, with: two of five engaged … ; the first call with it, engaged, and one without it, not engaged, may lie
    in it or not."""
    frame = TWENTY.assign(area=[None, *["b"] * 4, *["a"] * 5, *["a"] * 5, *["b"] * 4, None])
    frame["engaged"] = [
        1.0,
        *[0.0] * 4,
        1.0,
        1.0,
        0.0,
        0.0,
        np.nan,
        1.0,
        0.0,
        0.0,
        0.0,
        np.nan,
        1.0,
        1.0,
        0.0,
        0.0,
        0.0,
    ]
    result = estimate.call_bounds(design(frame), method="horowitz-manski", by="area")
    place = result.terms["term"].tolist().index("effect, a")
    with_least, with_most = 2 / 5, 4 / 6
    without_least, without_most = 1 / 6, 2 / 5
    assert result.set_low[place] == pytest.approx(with_least - without_most, abs=1e-12)
    assert result.set_high[place] == pytest.approx(with_most - without_least, abs=1e-12)
    assert "2 calls of unknown level count where they do most harm" in result.notes
    assert result.terms["term"].tolist() == ["effect", "effect, a", "effect, b"]


def test_few_calls_and_ends_without_spread_are_said():
    few = TWENTY.iloc[[0, 1, 5, 6, 8, 10, 12, 13, 16]].reset_index(drop=True)
    with pytest.warns(IdentificationWarning, match="9 calls: the standard error is hardly known"):
        estimate.call_bounds(design(few))
    sure = TWENTY.assign(engaged=TWENTY["engaged"].where(TWENTY["area"] == "a", 0.0))
    with pytest.warns(IdentificationWarning, match="does not vary, so that its error is not known: effect, b"):
        estimate.call_bounds(design(sure), method="horowitz-manski", by="area")


def test_a_stated_range_is_taken():
    frame = TWENTY.assign(minutes=10 * TWENTY["engaged"] + 5)
    assert ends(estimate.call_bounds(design(frame, "minutes"))) == pytest.approx((-1.0, 5.0))
    wider = design(frame, "minutes", least=0.0, most=30.0)
    assert ends(estimate.call_bounds(wider)) == pytest.approx(((80 + 0) / 10 - (60 - 20) / 10 - 16 + 4, 14 - 4.0))


def test_published_counts_and_how_many_lost_would_turn_them():
    """Scott 2000: 40 of 73 against 16 of 58 (difference .272, .110 to .434), all known.

    The printed interval takes p (1 − p)/n for the variance of each share, ours that times n/(n − 2) with n = 131. If
    u calls of each kind had been lost beside them, the worst case is (40)/(73 + u) − (16 + u)/(58 + u).
    """
    counts = {1: (40, 33), 0: (16, 42)}

    def frame(lost):
        kinds = [pd.DataFrame({"attended": arm, "y": [1.0] * hits + [0.0] * misses + [np.nan] * lost})
                 for arm, (hits, misses) in counts.items()]  # fmt: skip
        return pd.concat(kinds, ignore_index=True)

    result = estimate.call_bounds(design(frame(0), "y"))
    assert result.set_low[0] == result.set_high[0]
    half = 1.959964 * np.sqrt(result.vcov[0, 0] * 129 / 131)
    assert result.estimate[0] == pytest.approx(0.272, abs=5e-4)
    assert result.estimate[0] + np.array([-half, half]) == pytest.approx([0.110, 0.434], abs=5e-4)
    low = {u: ends(estimate.call_bounds(design(frame(u), "y")))[0] for u in (17, 18)}
    assert low[17] == pytest.approx(40 / 90 - 33 / 75, abs=1e-12)
    assert low[18] == pytest.approx(40 / 91 - 34 / 76, abs=1e-12)
    assert low[17] > 0 > low[18]


def both_ways(rng, n=400):
    """Everybody with and without the treatment, so that nothing is drawn: outcome, knowledge and area of each way."""
    hidden = rng.normal(size=n)
    without = rng.random(n) < 1 / (1 + np.exp(-hidden))
    changed = np.where(rng.random(n) < 0.3, rng.random(n) < 0.5, without)
    lot, more = rng.random(n), rng.random() * 0.4
    seen_without = lot < 0.3 + 0.3 / (1 + np.exp(-hidden))
    seen_with = lot < 0.3 + more + 0.3 / (1 + np.exp(-hidden))
    area = np.where(rng.random(n) < 0.5 + 0.1 * np.sign(hidden), "a", "b")
    y = np.concatenate([changed, without]).astype(float)
    seen = np.concatenate([seen_with, seen_without])
    frame = pd.DataFrame(
        {"attended": np.repeat([1, 0], n), "engaged": np.where(seen, y, np.nan), "area": np.tile(area, 2)}
    )
    frame["noted"] = frame["area"].mask(rng.random(2 * n) < 0.15 + 0.1 * (y == 1))
    always = seen_with & seen_without
    effect = changed.astype(float) - without
    truths = {"all": effect.mean(), "always": effect[always].mean()}
    return frame, truths | {level: effect[area == level].mean() for level in "ab"}


def test_without_sampling_error_bounds_hold_the_truth_on_every_draw():
    rng = np.random.default_rng(5)
    for _ in range(60):
        frame, truth = both_ways(rng)
        d = design(frame)
        low, high = ends(numbers_of("call_bounds", d, {"method": "manski", "by": None}))
        assert low <= truth["all"] <= high
        low, high = ends(numbers_of("call_bounds", d, {"method": "lee", "by": None}))
        assert low - 1e-12 <= truth["always"] <= high + 1e-12
        found = numbers_of("call_bounds", d, {"method": "horowitz-manski", "by": "noted"})
        bounds = dict(zip(found.terms["term"], zip(found.set_low, found.set_high, strict=True), strict=True))
        for level in "ab":
            least, most = bounds[f"effect, {level}"]
            assert least <= truth[level] <= most


def test_intervals_hold_a_truth_at_the_very_end_of_its_set():
    """Every unknown outcome is the worst: there the interval covers least. 400 draws, Monte-Carlo error .011."""
    rng, held = np.random.default_rng(6), []
    for _ in range(400):
        treated = rng.random(300) < 0.5
        y = (rng.random(300) < np.where(treated, 0.5, 0.4)).astype(float)
        gone = rng.random(300) < np.where(treated, 0.4 * (y == 0), 0.4 * (y == 1))
        frame = pd.DataFrame({"attended": treated, "engaged": np.where(gone, np.nan, y)})
        row = numbers_of("call_bounds", design(frame), {"method": "manski", "by": None}).tidy().iloc[0]
        held.append(row["conf_low"] <= 0.1 <= row["conf_high"])
    assert 0.93 <= np.mean(held) <= 0.975


def test_intervals_of_trimming_hold_a_truth_at_the_very_end_of_its_set():
    """Whoever is known through the treatment alone engaged: all of them are what is trimmed. 400 draws."""
    rng, held = np.random.default_rng(8), []
    for _ in range(400):
        treated, kind = rng.random(300) < 0.5, rng.random(300)
        y = (rng.random(300) < np.where(treated, 0.5, 0.4)).astype(float)
        y = np.where((kind > 0.6) & treated, 1.0, y)
        seen = kind < np.where(treated, 0.8, 0.6)
        frame = pd.DataFrame({"attended": treated, "engaged": np.where(seen, y, np.nan)})
        row = numbers_of("call_bounds", design(frame), {"method": "lee", "by": None}).tidy().iloc[0]
        held.append(row["conf_low"] <= 0.1 <= row["conf_high"])
    assert 0.93 <= np.mean(held) <= 0.975


def test_levels_narrow_trimming_and_say_when_knowledge_moves_both_ways():
    rng = np.random.default_rng(7)
    area = np.repeat(["a", "b"], 2000)
    attended = np.tile([1, 0], 2000)
    y = (rng.random(4000) < np.where(area == "a", 0.9, 0.1)).astype(float)
    gone = rng.random(4000) < np.where(attended == 1, 0.1, 0.4)
    frame = pd.DataFrame({"attended": attended, "engaged": np.where(gone, np.nan, y), "area": area})
    plain, within = (estimate.call_bounds(design(frame), method="lee", by=by) for by in (None, "area"))
    assert np.diff(ends(within))[0] < 0.5 * np.diff(ends(plain))[0]
    gone = rng.random(4000) < np.where((attended == 1) == (area == "a"), 0.1, 0.4)
    mixed = frame.assign(engaged=np.where(gone, np.nan, y))
    with pytest.warns(IdentificationWarning, match="knowledge moves both ways"):
        estimate.call_bounds(design(mixed), method="lee", by="area")


def test_columns_that_do_not_go_with_a_method_are_refused():
    for options in ({"by": "area"}, {"method": "horowitz-manski"}, {"method": "lee", "by": "nowhere"}):
        with pytest.raises(EstimationError, match="by=") as caught:
            estimate.call_bounds(design(), **options)
        assert "a column of the calls" in caught.value.mend
    lonely = TWENTY.assign(area=["only with"] * 10 + ["b"] * 10)
    with pytest.raises(EstimationError, match="no calls of both kinds"):
        estimate.call_bounds(design(lonely), method="horowitz-manski", by="area")


def test_a_set_is_read_in_words_and_in_the_table():
    result = estimate.call_bounds(design())
    said = report.sentence(result)
    assert "lies between −10.0 and +50.0 per 100 calls" in said.text
    assert "its direction cannot be told" in said.text
    assert said.numbers["set_low"] == pytest.approx(-0.1)
    shown = report.table(result).frame.iloc[0]
    assert np.isnan(shown["estimate"])
    assert (shown["conf_low"], shown["conf_high"]) == tuple(result.conf_int().iloc[0])
