"""Estimators of persons on waves: by hand, against linearmodels and statsmodels, and where they fail."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coresponder_causal import check, report
from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.ordered_logit import ordered_logit
from coresponder_causal.design import WaveDesign
from coresponder_causal.estimate import officer_ordinal, wave_bounds, wave_change
from coresponder_causal.report import drawing
from coresponder_causal.validity.cell import Cell
from coresponder_causal.validity.wave_worlds import persons_on_waves


def of(frame, outcome="score"):
    with quietly():
        return WaveDesign.from_frame(frame, outcome=outcome, person="person", wave="wave", exposure="met")


def drawn(setting="waves", seed=1, **options):
    cell = Cell(setting=setting, **({"treated": 40, "comparison": 40, "periods": 3} | options))
    return persons_on_waves(np.random.default_rng(seed), cell)


def test_two_waves_are_a_difference_of_mean_changes_with_unequal_variances():
    # With two waves CR2 by person is the two-sample error Σ s²/n, and its df that of Welch where groups are as large.
    rng = np.random.default_rng(2)
    change = {True: rng.normal(-0.5, 1.0, 12), False: rng.normal(0.0, 0.3, 12)}
    both = np.concatenate([change[True], change[False]])
    frame = pd.DataFrame({"person": np.repeat(np.arange(24), 2), "wave": [0, 1] * 24})
    frame["met"] = ((frame["person"] < 12) & (frame["wave"] == 1)).astype(float)
    frame["score"] = np.where(frame["wave"] == 1, 3 + both[frame["person"]], 3.0)
    found = wave_change(of(frame))
    assert found.estimate[0] == pytest.approx(change[True].mean() - change[False].mean(), abs=1e-12)
    variances = [values.var(ddof=1) / 12 for values in change.values()]
    assert found.vcov[0, 0] == pytest.approx(sum(variances), rel=1e-10)
    assert found.df[0] == pytest.approx(22, rel=1e-9)  # Bell & McCaffrey suppose equal variances


def test_changes_that_are_exactly_alike_leave_chance_unseen():
    frame = pd.DataFrame({"person": np.repeat(np.arange(24), 2), "wave": [0, 1] * 24})
    frame["met"] = ((frame["person"] < 12) & (frame["wave"] == 1)).astype(float)
    frame["score"] = frame["person"] / 7 - 0.4 * frame["met"] + 0.1 * frame["wave"]
    with pytest.warns(IdentificationWarning, match="change: persons exposed alike changed exactly alike"):
        wave_change(of(frame))
    assert not any("exactly alike" in said for said in wave_change(of(drawn())).notes)


def test_bounds_of_scores_that_nobody_lost_are_one_difference_with_its_error_by_hand():
    """Σ of squares over n² in each arm, times n/(n − 2) of all: both ends are the difference of mean changes."""
    frame = drawn(periods=2)
    wide = frame.pivot(index="person", columns="wave", values="score")
    change, met = (wide[1] - wide[0]), frame.groupby("person")["met"].max() > 0
    with quietly():
        found = wave_bounds(of(frame), method="worst case")
    expected = change[met].mean() - change[~met].mean()
    assert found.set_low[0] == pytest.approx(expected, abs=1e-12)
    assert found.set_high[0] == pytest.approx(expected, abs=1e-12)
    squares = sum(((own - own.mean()) ** 2).sum() / len(own) ** 2 for own in (change[met], change[~met]))
    assert found.set_spread[0] ** 2 == pytest.approx(np.full(2, squares * len(change) / (len(change) - 2)), rel=1e-10)


def test_answers_turned_around_have_the_odds_turned_around_and_the_same_test_of_one_number_for_all_cuts():
    frame = drawn("ordinal_waves", treated=200, comparison=200, effect=0.7)
    turned = frame.assign(score=-frame["score"])
    with quietly():
        one, other = (officer_ordinal(of(each)) for each in (frame, turned))
    assert one.extra["cuts"] > 2
    assert other.estimate[0] == pytest.approx(-one.estimate[0], abs=1e-8)
    assert other.extra["parallel_p"] == pytest.approx(one.extra["parallel_p"], rel=1e-6)


def test_the_change_is_that_of_linearmodels():
    from linearmodels.panel import PanelOLS

    frame = drawn()
    frame["score"] = frame["score"].mask(np.random.default_rng(3).random(len(frame)) < 0.1)
    known = frame.dropna().set_index(["person", "wave"])
    peer = PanelOLS(known["score"], known[["met"]], entity_effects=True, time_effects=True).fit()
    assert wave_change(of(frame)).estimate[0] == pytest.approx(float(peer.params["met"]), abs=1e-10)


def test_kinds_of_persons_and_their_difference():
    frame = drawn(effect=-0.4)
    frame["sought"] = np.where(frame["person"] % 4 < 2, "volunteered", "assigned")
    frame.loc[(frame["sought"] == "volunteered") & (frame["met"] > 0), "score"] -= 1.0
    found = wave_change(of(frame), by="sought")
    assert found.terms["term"].tolist() == ["change, assigned", "change, volunteered", "difference"]
    assert found.estimate[2] == pytest.approx(found.estimate[0] - found.estimate[1])
    assert found.estimate[2] == pytest.approx(1.0, abs=0.35)
    persons = frame[frame["met"] > 0].groupby("sought")["person"].nunique()
    assert found.support["persons"].tolist() == [persons["assigned"], persons["volunteered"], persons.min()]
    few = frame.assign(sought=np.where(frame["person"] % 40 < 2, "volunteered", "assigned"))
    assert wave_change(of(few), by="sought").support["persons"].iloc[1:].max() <= 4
    blank = frame.assign(sought=frame["sought"].where(frame["person"] > 2))
    for bad, by in ((frame, "wave"), (frame, "nowhere"), (blank, "sought")):
        with pytest.raises(EstimationError, match=f"by='{by}' is no column that is known, and stays the same"):
            wave_change(of(bad), by=by)


def test_exposure_of_all_at_once_is_refused():
    frame = drawn().assign(met=lambda t: (t["wave"] > 0).astype(float))
    for method, outcome in ((wave_change, "score"), (officer_ordinal, "answer")):
        frame["answer"] = np.digitize(frame["score"], [-0.5, 0.5])
        with pytest.raises(EstimationError, match="'met' cannot be told from the wave"), quietly():
            method(of(frame, outcome))


def test_persons_levels_are_taken_out_where_cross_sections_mislead():
    """Who meets the team stands half a deviation apart before; a comparison of last scores takes that for effect."""
    naive, within = [], []
    for seed in range(40):
        frame = drawn(seed=seed)
        last = frame[frame["wave"] == 2]
        naive.append(last[last["met"] > 0]["score"].mean() - last[last["met"] == 0]["score"].mean())
        within.append(wave_change(of(frame)).estimate[0])
    assert np.mean(naive) == pytest.approx(0.3, abs=0.1)
    assert np.mean(within) == pytest.approx(0.0, abs=0.05)


def test_ordered_answers_recover_their_odds_where_a_pooled_fit_does_not():
    """Three Monte-Carlo errors of 800 and 800 persons; those who meet the team stand .75 log odds apart before."""
    for effect in (0.0, 0.7):
        frame = drawn("ordinal_waves", treated=800, comparison=800, effect=effect)
        found = officer_ordinal(of(frame))
        assert found.estimate[0] == pytest.approx(effect, abs=3 * 0.11)
    frame = drawn("ordinal_waves", treated=800, comparison=800)
    matrix = np.column_stack([frame["met"], frame["wave"] == 1, frame["wave"] == 2]).astype(float)
    pooled = ordered_logit(matrix, frame["score"].to_numpy(float))
    assert pooled.coef[0] > 3 * np.sqrt(pooled.vcov[0, 0])


def test_copies_and_cluster_worked_through_by_hand():
    """Point: the score of statsmodels' conditional likelihood of all copies is zero there. Variance: written out."""
    from statsmodels.discrete.conditional_models import ConditionalLogit

    frame = drawn("ordinal_waves", treated=25, comparison=25, effect=0.7)
    with quietly():
        found = officer_ordinal(of(frame))
    copies = pd.concat([frame.assign(z=(frame["score"] > cut).astype(int), cut=cut) for cut in (1, 2, 3, 4)])
    copies["copy"] = copies["cut"] * 1000 + copies["person"]
    copies = copies[copies.groupby("copy")["z"].transform("nunique") == 2]
    matrix = np.column_stack([copies["met"], copies["wave"] == 1, copies["wave"] == 2]).astype(float)
    model = ConditionalLogit(copies["z"].to_numpy(), matrix, groups=copies["copy"].to_numpy())
    peer = model.fit(method="newton", disp=0)
    assert found.estimate[0] == pytest.approx(peer.params[0], abs=1e-4)  # its search stops early
    assert found.extra["copies"] == copies["copy"].nunique()

    beta, k = np.array([found.estimate[0], *peer.params[1:]]), 3
    scores, bread = {}, np.zeros((k, k))
    for copy, rows in copies.groupby("copy"):
        x, z = matrix[(copies["copy"] == copy).to_numpy()], rows["z"].to_numpy()
        orders = [np.array(bits) for bits in np.ndindex(*(2,) * len(z)) if sum(bits) == z.sum()]
        sums = np.array([order @ x for order in orders])
        weight = np.exp(sums @ beta) / np.exp(sums @ beta).sum()
        person = copy % 1000
        scores[person] = scores.get(person, 0.0) + z @ x - weight @ sums
        bread += (sums * weight[:, None]).T @ sums - np.outer(weight @ sums, weight @ sums)
    meat = sum(np.outer(own, own) for own in scores.values()) * len(scores) / (len(scores) - 1)
    inverse = np.linalg.inv(bread)
    assert found.extra["informative"] == len(scores)
    assert found.vcov[0, 0] == pytest.approx((inverse @ meat @ inverse)[0, 0], rel=1e-3)


def test_those_whose_answers_never_change_are_counted_and_do_not_move_it():
    frame = drawn("ordinal_waves", treated=60, comparison=60)
    still = pd.DataFrame(
        {"person": np.repeat(np.arange(500, 530), 3), "wave": [0, 1, 2] * 30, "met": 0.0, "score": 5.0}
    )
    with quietly():
        alone, beside = (officer_ordinal(of(table)) for table in (frame, pd.concat([frame, still], ignore_index=True)))
    assert beside.extra["never"] == alone.extra["never"] + 30
    assert beside.estimate[0] == pytest.approx(alone.estimate[0], abs=1e-9)
    assert beside.vcov[0, 0] == pytest.approx(alone.vcov[0, 0], rel=1e-9)
    said = f"answers of {beside.extra['never']} of 150 persons never change: the odds ratio is of the others"
    assert said in beside.notes


def test_odds_that_differ_between_cuts_are_doubted():
    rng, n = np.random.default_rng(5), 600
    person, wave = np.repeat(np.arange(n), 2), np.tile([0, 1], n)
    met = ((person < 300) & (wave == 1)).astype(float)
    latent = rng.normal(size=n)[person] + rng.logistic(size=2 * n)
    score = 1.0 + (latent > -1) + (latent + 2.0 * met > 1)  # only the upper cut moves
    frame = pd.DataFrame({"person": person, "wave": wave, "met": met, "score": np.where(latent <= -1, 1.0, score)})
    with pytest.warns(UserWarning, match="the odds ratio differs between cuts"):
        found = officer_ordinal(of(frame))
    assert found.extra["parallel_p"] < 0.01


def lost():
    """Four exposed and four others from 3 to 2, 1, 3, 3 and to 3, 4, 3 and unknown; the scale is 1 to 5."""
    frame = pd.DataFrame({"person": np.repeat(np.arange(8), 2), "wave": [0, 1] * 8})
    frame["met"] = ((frame["person"] < 4) & (frame["wave"] == 1)).astype(float)
    return frame.assign(score=[3, 2, 3, 1, 3, 3, 3, 3, 3, 3, 3, 4, 3, 3, 3, np.nan])


def test_bounds_worked_by_hand():
    # Exposed: −1, −2, 0, 0. Others: 0, 1, 0, unknown. Lee trims a quarter of the exposed: mean of all but the highest
    # −1, of all but the lowest −1/3, less 1/3. Worst case: −3/4 less (0 + 1 + 0 + 2)/4 and less (0 + 1 + 0 − 2)/4.
    with quietly():
        lee, worst = wave_bounds(of(lost())), wave_bounds(of(lost()), method="worst case", least=1, most=5)
        by_data = wave_bounds(of(lost()), method="worst case")
    assert (lee.set_low[0], lee.set_high[0]) == pytest.approx((-4 / 3, -2 / 3))
    assert (worst.set_low[0], worst.set_high[0]) == pytest.approx((-0.75 - 0.75, -0.75 + 0.25))
    assert by_data.set_low[0] == pytest.approx(-0.75 - 0.5)
    assert "lost scores are taken to lie among those given: from 1 to 4" in by_data.notes
    assert (lee.extra["known_exposed"], lee.extra["known_others"]) == (1.0, 0.75)
    with pytest.raises(EstimationError, match="scores lie beyond 2 to 5"), quietly():
        wave_bounds(of(lost()), method="worst case", least=2, most=5)


def test_bounds_the_other_way_round_are_mirrored():
    frame = lost().assign(met=lambda t: ((t["person"] >= 4) & (t["wave"] == 1)).astype(float))
    with quietly():
        one, other = wave_bounds(of(lost())), wave_bounds(of(frame))
    assert (other.set_low[0], other.set_high[0]) == pytest.approx((-one.set_high[0], -one.set_low[0]))
    few = lost()
    few.loc[[11, 13], "score"] = np.nan
    with pytest.raises(EstimationError, match="4 exposed and 1 other persons answered"), quietly():
        wave_bounds(of(few))


def test_a_course_of_their_own_is_seen_before_exposure():
    """Half of those exposed are so on the last wave only: their course shows on the wave before."""
    for world, verdicts in (("chosen by course", {"contradicts"}), ("", {"no contradiction found", "cannot tell"})):
        d = of(drawn(treated=160, comparison=80, world=world, effect=-0.3))
        assert check.wave_leads(wave_change(d), d).verdict in verdicts
    two = of(drawn(periods=2))
    assert check.wave_leads(wave_change(two), two).verdict == "not applicable"


def test_leaving_by_exposure_is_seen():
    gone = of(drawn("lost_waves", treated=150, comparison=150, periods=2, adjustment="half known"))
    found = check.wave_attrition(None, gone)
    assert found.verdict == "contradicts"
    assert found.table["term"].tolist()[1] == "exposed"
    whole = of(drawn(periods=2))
    assert check.wave_attrition(None, whole).verdict == "not applicable"


def test_the_picture_shows_the_means_of_both_groups_on_every_wave():
    frame = drawn(treated=30, comparison=25, effect=-0.5)
    picture = report.figure(wave_change(of(frame)))
    path = picture.data["path"].set_index(["treated", "time"])
    assert path["persons"].tolist() == [25, 30] * 3
    others = frame[(frame["person"] >= 30) & (frame["wave"] == 1)]["score"]
    assert path.loc[(False, 1.0), "observed"] == pytest.approx(others.mean())
    low, high = stats.t.interval(0.95, 24, others.mean(), stats.sem(others))
    assert tuple(path.loc[(False, 1.0), ["low", "high"]]) == pytest.approx((low, high))
    assert drawing.drawn(picture, "svg").startswith(b"<?xml")


def test_the_battery_and_the_sentences():
    d = of(drawn(effect=-0.6))
    found = check.battery(wave_change(d), d)
    assert {one.check for one in found} == {"wave_leads", "wave_attrition"}
    said = report.sentence(wave_change(d)).text
    assert said.startswith("Within persons, score changed by −0.")
    assert "per unit of met, beyond what changed for all (95 % interval −" in said
    ordinal = of(drawn("ordinal_waves", treated=200, comparison=200, effect=0.9))
    assert (
        "the odds of a higher answer on score were multiplied by 2." in report.sentence(officer_ordinal(ordinal)).text
    )
    with quietly():
        bounded = report.sentence(wave_bounds(of(lost())))
    assert bounded.text.startswith(
        "Whatever those who did not answer would have said, score changed by between −1.33 and"
    )
    assert dict(bounded.numbers)["set_high"] == pytest.approx(-2 / 3)
