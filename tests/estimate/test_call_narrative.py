"""What machines coded of all and hands of a sample: by hand, against derivatives, and in a seeded study."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import estimate
from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import numbers_of
from coresponder_causal.design import CallDesign, PartlyKnownDesign, double_sampling, weight_propensity
from coresponder_causal.validity.partly_known_worlds import engaged, machine_coded

RNG = np.random.default_rng(12)
FRAME = engaged(RNG, 300, 0.4, 0.1).assign(
    weight=0.5 + RNG.random(300), chance=np.where(RNG.random(300) < 0.5, 0.6, 0.3)
)
FRAME["machine"] = machine_coded(RNG, FRAME)
FRAME["by_hand"] = FRAME["engaged"].where(RNG.random(300) < FRAME["chance"])


def arm(treated, coded, left):
    """Calls coded by hand, as (machine, hand): how many, and how many others the machine coded no and yes."""
    rows = [(machine, hand) for (machine, hand), many in coded.items() for _ in range(many)]
    rows += [(machine, np.nan) for machine in (0, 1) for _ in range(left[machine])]
    return pd.DataFrame(rows, columns=["machine", "by_hand"]).assign(attended=treated)


def design(frame, **columns):
    plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=[])
    return PartlyKnownDesign.from_calls(
        plain, outcome="machine", **({"reviewed": "by_hand", "chance": "chance"} | columns)
    )


WITH = arm(1, {(1, 1): 10, (1, 0): 6, (0, 0): 20, (0, 1): 4}, (60, 60))
WITHOUT = arm(0, {(1, 1): 12, (1, 0): 2, (0, 0): 24, (0, 1): 2}, (80, 40))
BY_HAND = pd.concat([WITH, WITHOUT], ignore_index=True).assign(chance=0.25)


def test_hands_correct_the_machine():
    """With: 76/160 − 4 · 2/160, without: 54/160 − 4 · 0; variances from sums of squares of Ỹ."""
    result = estimate.call_narrative(design(BY_HAND))
    means = 76 / 160 - 4 * 2 / 160, 54 / 160
    assert result.estimate[0] == pytest.approx(means[0] - means[1], abs=1e-12)
    squares = 60 + 10 + 6 * 9 + 4 * 16, 40 + 12 + 2 * 9 + 2 * 16  # Ỹ: 1 uncoded and coded, −3, 4, otherwise 0
    by_hand = sum(total / 160**2 - mean**2 / 160 for total, mean in zip(squares, means, strict=True))
    assert result.vcov[0, 0] == pytest.approx(by_hand * 320 / 318, rel=1e-10)
    assert result.extra["difference_by_machine"] == pytest.approx((76 - 54) / 160)
    assert (result.extra["coded"], result.kind) == (80, "point")


def test_a_tuned_code_is_the_mean_of_each_level_and_needs_no_units():
    """With equal chances and weights the line through two levels is the share of yes within each."""
    result = estimate.call_narrative(design(BY_HAND), code="tuned")
    first = 76 / 160 * 10 / 16 + 84 / 160 * 4 / 24
    second = 54 / 160 * 12 / 14 + 106 / 160 * 2 / 26
    assert result.estimate[0] == pytest.approx(first - second, abs=1e-12)
    assert result.extra["slope_treated"] == pytest.approx(10 / 16 - 4 / 24)
    other = estimate.call_narrative(design(BY_HAND.assign(machine=3 + 5 * BY_HAND["machine"])), code="tuned")
    assert other.estimate[0] == pytest.approx(result.estimate[0], abs=1e-12)


@pytest.mark.parametrize("code", ["given", "tuned"])
def test_with_every_call_coded_by_hand_it_is_the_difference_of_calls(code):
    frame = FRAME.assign(by_hand=FRAME["engaged"], chance=1.0)
    stated = {"treatment": "attended", "covariates": ["severity"], "person": "person"}
    with quietly():
        plain, full = (
            weight_propensity(CallDesign.from_frame(frame, outcome=outcome, **stated), scheme="att")
            for outcome in (None, "engaged")
        )
        usual = estimate.call_difference(full)
        result = estimate.call_narrative(
            PartlyKnownDesign.from_calls(plain, outcome="machine", reviewed="by_hand", chance="chance"), code=code
        )
    assert result.estimate[0] == pytest.approx(usual.estimate[0], abs=1e-12)
    assert result.vcov[0, 0] == pytest.approx(usual.vcov[0, 0], rel=1e-10)


def weighted(frame, **stated):
    with quietly():
        plain = CallDesign.from_frame(
            frame, outcome=None, treatment="attended", covariates=["severity", "night"], weights="weight", **stated
        )
        comparison = weight_propensity(plain, scheme="overlap")
        return estimate.call_narrative(
            PartlyKnownDesign.from_calls(comparison, outcome="machine", reviewed="by_hand", chance="chance")
        )


def test_influence_is_the_derivative_in_a_calls_weight():
    """Through the propensity and the hand's codes; central differences of size 1e-5."""
    result, n = weighted(FRAME), len(FRAME)
    psi = result.influence.rows()[:, 0] / np.sqrt(n / (n - 2)) / n
    coded = np.flatnonzero(FRAME["by_hand"].notna() & (FRAME["by_hand"] != FRAME["machine"]))[:3]
    for row in (0, 7, 100, *coded):
        up, down = (
            weighted(FRAME.assign(weight=FRAME["weight"] * (1 + sign * 1e-5 * (FRAME.index == row))))
            for sign in (1, -1)
        )
        assert psi[row] == pytest.approx((up.estimate[0] - down.estimate[0]) / 2e-5, abs=1e-7)


def test_persons_are_clusters():
    alone, together = weighted(FRAME), weighted(FRAME, person="person")
    assert together.estimate[0] == pytest.approx(alone.estimate[0], rel=1e-12)
    sums = together.influence.by_cluster().to_numpy()
    np.testing.assert_allclose(together.vcov, sums.T @ sums / len(FRAME) ** 2, rtol=1e-12)
    assert together.df[0] == FRAME["person"].nunique() - 1


def test_the_machine_alone_misleads_and_with_hands_it_says_more_than_they_do_alone():
    """3,000 calls, half treated, truth 0.05 on 0.30; the machine finds 0.92 and 0.80 of the true and 0.12 and 0.05 of
    the others, hands code a tenth; 200 draws, each bound three Monte-Carlo errors wide at least.

    Expected by the formula: machine 0.125, hands alone with standard error 0.054, both 0.039.
    """
    rng, n, draws = np.random.default_rng(39), 3_000, 200
    rows = []
    for _ in range(draws):
        frame = pd.DataFrame({"attended": np.arange(n) % 2 == 0, "chance": 0.1})
        frame["engaged"] = (rng.random(n) < 0.30 + 0.05 * frame["attended"]).astype(float)
        frame["machine"] = machine_coded(rng, frame)
        frame["by_hand"] = frame["engaged"].where(rng.random(n) < 0.1)
        with quietly():
            result = numbers_of("call_narrative", design(frame), {})
            tuned = numbers_of("call_narrative", design(frame), {"code": "tuned"})
        hands, machines = (
            frame.groupby("attended")[name].agg(["mean", "var", "count"]) for name in ("by_hand", "machine")
        )
        for_machine, for_hands = (np.sqrt((own["var"] / own["count"]).sum()) for own in (machines, hands))
        naive = machines.loc[True, "mean"] - machines.loc[False, "mean"]
        both = result.estimate[0], float(np.sqrt(result.vcov[0, 0]))
        rows.append((*both, tuned.estimate[0], float(np.sqrt(tuned.vcov[0, 0])), naive, for_machine, for_hands))
    value, error, tuned, tuned_error, naive, naive_error, hands_error = np.array(rows).T

    def held(estimates, errors):
        return float(np.mean(np.abs(estimates - 0.05) < 1.96 * errors))

    by_chance = 3 * np.sqrt(0.95 * 0.05 / draws)
    assert abs(value.mean() - 0.05) < 3 * value.std() / np.sqrt(draws)
    assert abs(tuned.mean() - 0.05) < 3 * tuned.std() / np.sqrt(draws)
    assert min(held(value, error), held(tuned, tuned_error)) > 0.95 - by_chance
    assert naive.mean() == pytest.approx(0.125, abs=3 * naive.std() / np.sqrt(draws))
    assert held(naive, naive_error) < 0.05
    assert error.mean() == pytest.approx(0.039, abs=0.001)
    assert hands_error.mean() == pytest.approx(0.054, abs=0.001)
    assert error.mean() == pytest.approx(value.std(), rel=3 / np.sqrt(2 * draws))


def test_designs_that_do_not_say_the_chance_are_refused():
    stated = design(BY_HAND)
    for column, text in (("reviewed", "what hands coded"), ("chance", "with which chance")):
        with pytest.raises(EstimationError, match=text):
            estimate.call_narrative(replace(stated, **{column: None}))
    none = BY_HAND["by_hand"].isna() & (BY_HAND.index % 10 == 0)
    odd = BY_HAND.assign(
        chance=BY_HAND["chance"].where(~none, 0.0), machine=BY_HAND["machine"].mask(BY_HAND.index == 3)
    )
    odd["drawn"] = odd["by_hand"].notna() & (odd.index != 0) | (odd.index == 50)
    with pytest.raises(EstimationError) as caught:
        estimate.call_narrative(design(odd, drawn="drawn"))
    said = str(caught.value)
    assert f"{int(none.sum())} calls have no chance above 0" in said
    for text in (
        "1 calls have no code by the machine",
        "1 calls were drawn and not",
        "1 calls were coded by hand and not",
    ):
        assert text in said
    unsaid = BY_HAND.assign(chance=BY_HAND["chance"].mask(BY_HAND.index == 5))
    with pytest.raises(EstimationError, match="1 calls have no chance above 0"):
        estimate.call_narrative(design(unsaid))


def test_few_codes_and_chances_that_do_not_fit_are_doubted():
    bare = BY_HAND.assign(by_hand=BY_HAND["by_hand"].where(BY_HAND["attended"] == 0))
    with pytest.raises(EstimationError, match="hands coded none of the calls with attended"):
        estimate.call_narrative(design(bare))
    some = BY_HAND.assign(by_hand=BY_HAND["by_hand"].where((BY_HAND["attended"] == 0) | (BY_HAND.index < 9)))
    with pytest.warns(IdentificationWarning, match="hands coded 9 of the calls with attended"):
        estimate.call_narrative(design(some.assign(chance=0.15)))
    with pytest.warns(IdentificationWarning, match=r"80 calls coded by hand do not fit chances that add to 160\.0"):
        estimate.call_narrative(design(BY_HAND.assign(chance=0.5)))


def test_what_the_designer_drew_is_as_precise_as_it_said():
    """The number for a standard error of 0.06 with an error in ten; 100 draws, never below it by more than chance."""
    rng, n = np.random.default_rng(8), 1_200
    estimates, errors = [], []
    for seed in range(100):
        frame = pd.DataFrame({"attended": rng.random(n) < 0.3, "night": rng.random(n) < 0.4})
        truth = (rng.random(n) < 0.30 + 0.05 * frame["attended"] + 0.1 * frame["night"]).astype(float)
        frame["machine"] = machine_coded(rng, frame.assign(engaged=truth))
        plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
        first = PartlyKnownDesign.from_calls(plain, outcome="machine")
        sample = double_sampling(first, std_error=0.06, wrong=0.1, stratum="night", seed=seed)
        read = frame.join(sample.frame.set_index("row"))
        read["by_hand"] = truth.where(read["drawn"])
        with quietly():
            result = numbers_of("call_narrative", design(read, drawn="drawn"), {})
        estimates.append(result.estimate[0] - truth.groupby(frame["attended"]).mean().diff().iloc[-1])
        errors.append(float(np.sqrt(result.vcov[0, 0])))
    assert sample.std_error <= 0.06
    assert 0 < sample.cells["drawn"].sum() < n / 2
    assert len(sample.frame) == n
    assert abs(np.mean(estimates)) < 3 * np.std(estimates) / np.sqrt(100)
    assert np.std(estimates) < 0.06 * (1 + 3 / np.sqrt(200))
    assert np.mean(errors) == pytest.approx(0.06, abs=0.005)


def test_a_draw_of_narratives_needs_errors_to_expect_and_a_code_of_every_call():
    coded = design(BY_HAND, reviewed=None, chance=None)
    with pytest.raises(DesignError, match="wrong=0 is no share"):
        double_sampling(coded, number=40, wrong=0, seed=1)
    blank = design(BY_HAND.assign(machine=BY_HAND["machine"].mask(BY_HAND.index == 3)), reviewed=None, chance=None)
    with pytest.raises(DesignError, match="the machine coded nothing of 1 calls"):
        double_sampling(blank, number=40, wrong=0.1, seed=1)


def twice(share=1.0, seed=3):
    """The calls of `FRAME` with what a second hand read of a share of those that the first read."""
    rng = np.random.default_rng(seed)
    turned = rng.random(300) < np.where(FRAME["attended"] == 1, 0.2, 0.1)
    again = FRAME["by_hand"].where(~turned, 1 - FRAME["by_hand"])
    return FRAME.assign(again=again.where(rng.random(300) < share))


def test_with_all_read_twice_the_mean_of_both_codes_stands_for_the_code():
    """By hand: the means of f + (R/π)(Y − f) with Y the mean, the first, the second, the smaller, the larger code."""
    frame = twice()
    result = estimate.call_narrative(design(frame, reviewed_again="again"))
    first, second, treated = frame["by_hand"], frame["again"], frame["attended"] == 1

    def difference(code, other=None):
        told = [
            (frame["machine"] + ((own - frame["machine"]) / frame["chance"]).fillna(0.0))[arm].mean()
            for own, arm in ((code, treated), (code if other is None else other, ~treated))
        ]
        return told[0] - told[1]

    wanted = [difference((first + second) / 2), difference(first), difference(second)]
    np.testing.assert_allclose(result.estimate, wanted, atol=1e-12)
    assert result.terms["term"].tolist() == ["effect", "first_reader", "second_reader"]
    alone = estimate.call_narrative(design(frame))
    assert alone.terms["term"].tolist() == ["effect"]
    assert (alone.estimate[0], alone.vcov[0, 0]) == pytest.approx((wanted[1], result.vcov[1, 1]), rel=1e-12)
    mean_code = estimate.call_narrative(design(frame.assign(by_hand=first.where(first == second)), reviewed="by_hand"))
    assert mean_code.extra["coded"] < result.extra["coded"]
    low, high = np.fmin(first, second), np.fmax(first, second)
    assert result.extra["least_by_readers"] == pytest.approx(difference(low, high), abs=1e-12)
    assert result.extra["most_by_readers"] == pytest.approx(difference(high, low), abs=1e-12)
    assert result.extra["disputed"] == pytest.approx((first != second)[first.notna()].mean())
    assert any("two hands differ on" in said for said in result.notes)


def test_influence_of_a_second_reader_is_the_derivative_in_a_calls_weight():
    frame = twice(0.6).assign(weight=1.0)
    made, step = estimate.call_narrative(design(frame, reviewed_again="again")), 1e-5
    rows = made.influence.rows() / len(frame)
    for place in (0, 7, 150, 299):
        moved = [frame.assign(weight=frame["weight"].where(frame.index != place, 1 + sign * step)) for sign in (-1, 1)]
        less, more = (
            estimate.call_narrative(
                PartlyKnownDesign.from_calls(
                    CallDesign.from_frame(
                        one, outcome=None, treatment="attended", covariates=[], weights="weight"
                    ),
                    outcome="machine", reviewed="by_hand", chance="chance", reviewed_again="again",
                )
            ).estimate
            for one in moved
        )  # fmt: skip
        scale = np.sqrt(300 / 299 * 299 / 298)
        np.testing.assert_allclose(rows[place, :], scale * (more - less) / (2 * step), atol=1e-6)


def test_a_second_reader_of_a_part_is_unbiased_for_the_mean_of_both_and_its_interval_holds_it():
    """400 draws of 1,200 calls, a third read, half of these twice; the second reader codes yes for 15 % more."""
    rng, inside, errors = np.random.default_rng(8), [], []
    for _ in range(400):
        n = 1200
        arm = rng.random(n) < 0.5
        truth = rng.random(n) < 0.3 + 0.1 * arm
        more = rng.random(n) < 0.15 * arm
        first, second = truth.astype(float), (truth | more).astype(float)
        read = rng.random(n) < 1 / 3
        frame = pd.DataFrame({"attended": arm.astype(int), "machine": np.where(rng.random(n) < 0.2, 1 - first, first)})
        frame = frame.assign(by_hand=np.where(read, first, np.nan), chance=1 / 3)
        frame["again"] = np.where(read & (rng.random(n) < 0.5), second, np.nan)
        with quietly():
            row = estimate.call_narrative(design(frame, reviewed_again="again"), code="tuned").tidy().iloc[0]
        true = 0.1 + 0.5 * 0.15 * 0.6
        errors.append(row["estimate"] - true)
        inside.append(row["conf_low"] <= true <= row["conf_high"])
    assert abs(np.mean(errors)) < 3 * np.std(errors) / 20
    assert 0.92 <= np.mean(inside) <= 0.98


def test_readers_that_lead_to_different_findings_are_doubted_and_codes_of_the_second_alone_refused():
    frame = twice()
    against = frame.assign(again=frame["by_hand"].mask(frame["by_hand"].notna(), 1.0 * (frame["attended"] == 0)))
    with pytest.warns(IdentificationWarning, match="do not lead to the same finding"):
        estimate.call_narrative(design(against, reviewed_again="again"))
    stray = frame.assign(again=frame["again"].where(frame.index != frame.index[frame["by_hand"].isna()][0], 1.0))
    with pytest.raises(DesignError, match="'again' is filled and 'by_hand' blank in 1 row"):
        design(stray, reviewed_again="again")
    one_arm = frame.assign(again=frame["again"].where(frame["attended"] == 1))
    with pytest.raises(EstimationError, match="two hands coded none of the calls without attended"), quietly():
        estimate.call_narrative(design(one_arm, reviewed_again="again"))
