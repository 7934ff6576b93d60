"""What a programme costs for what it averts: by hand, and against the normal law."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.result import Result
from coresponder_causal.decide import Effect, Posts, Price, cost


def result(outcome="arrest", estimate=-0.04, error=0.01, *, method="call_difference", df=np.inf, **more):
    about = Estimand(
        contrast="ATT",
        outcome=outcome,
        treatment="attended",
        population="calls",
        horizon="one call",
        scale="difference",
    )
    return Result(
        method=method, estimand=about, terms=pd.DataFrame({"term": ["att"]}), estimate=np.array([estimate]),
        vcov=np.array([[error**2]]), df=np.array([df]), scale=more.pop("scale", "difference"), n_obs=1000, n_units=1000,
        **more,
    )  # fmt: skip


def price(what="team", amount=100.0, *, enters="spent", payer="city", year=2021, **more):
    return Price(what=what, unit="hour", amount=amount, year=year, source="example", payer=payer, enters=enters, **more)


team = price(amount=100.0, quantity=3640.0, std_error=10.0)
arrest = price("arrest", 2000.0, enters="averted", std_error=300.0)
many = Effect(result=result(), per_year=2500.0, officer_hours=3.0)  # 100 averted a year, standard error 25


def total(found, what):
    return found.totals.set_index("what").loc[what]


def test_account_by_hand():
    posts = Posts(posts=5, hours=1700, filled=0.2)
    prices = [
        team,
        arrest,
        price("officer hour", 80.0, enters="officer_hour"),
        price("funding of the posts", 150000.0, enters="freed", quantity=5),
        price("training", 10000.0, once=True),
    ]
    found = cost([many], prices, price_year=2021, horizon_years=2, discount=0.05, posts=posts)
    span = 1 + 1 / 1.05
    assert total(found, "spent")["estimate"] == pytest.approx(364000 * span + 10000)
    assert total(found, "freed")["estimate"] == pytest.approx(750000 * span)
    hours = span * (300 - 1700)
    assert total(found, "officer_hours")["estimate"] == pytest.approx(hours)
    net = 364000 * span + 10000 - 750000 * span - span * 100 * 2000 - 80 * hours
    assert total(found, "net_cost")["estimate"] == pytest.approx(net)


def test_acceptability_is_the_normal_one():
    found = cost(
        [many], [team, price("arrest", 2000.0, enters="averted")], price_year=2021, worth=[0, 1000, 2000, 4000]
    )
    # λE − C = (λ + 2000) E − K, E ~ N(100, 25²), K ~ N(364000, 36400²) nearly
    worth = np.array([0, 1000, 2000, 4000])
    mean, error = (worth + 2000) * 100 - 364000, np.hypot((worth + 2000) * 25, 36400)
    assert found.acceptability["low"].to_numpy() == pytest.approx(stats.norm.cdf(mean / error), abs=0.012)
    assert (found.acceptability["low"] == found.acceptability["high"]).all()


def test_cost_per_event_has_fiellers_set():
    spent = cost([many], [team], price_year=2021).per_event.set_index("of").loc["spent"]
    for end in (spent["low"], spent["high"]):
        assert abs(364000 - end * 100) / np.hypot(36400, 25 * end) == pytest.approx(stats.norm.isf(0.025))
    assert spent["estimate"] == pytest.approx(3640)
    assert spent["said"] == ""


def test_savings_move_with_the_effect():
    net = cost([many], [team, arrest], price_year=2021).per_event.set_index("of").loc["net_cost"]
    variance = 36400**2 + (2000 * 25) ** 2 + (100 * 300) ** 2
    covariance = -2000 * 25**2
    end = net["high"]
    spread = np.sqrt(variance + end**2 * 625 - 2 * end * covariance)
    assert abs(164000 - end * 100) / spread == pytest.approx(stats.norm.isf(0.025))


def test_no_upper_limit_where_no_effect_is_possible():
    weak = Effect(result=result(error=0.03), per_year=2500.0)
    said = cost([weak], [team], price_year=2021).per_event
    assert (said["kind"] != "interval").all()
    assert said["said"].str.contains("no finite upper limit").all()


def test_a_set_gives_a_range():
    wide = result(
        estimate=-0.03, error=0.0, kind="set", set_low=np.array([-0.04]), set_high=np.array([-0.02]),
        set_spread=np.array([[0.002, 0.002]]),
    )  # fmt: skip
    found = cost([Effect(result=wide, per_year=2500.0)], [price(quantity=3640.0)], price_year=2021, worth=[5000])
    spent = found.per_event.iloc[0]
    assert np.isnan(spent["estimate"])
    assert spent["kind"] == "interval"
    assert spent["low"] < 3640 < 7280 < spent["high"]
    assert (spent["averted"], spent["averted_to"]) == pytest.approx((50, 100))
    assert found.acceptability.iloc[0]["low"] < 0.05 < 0.95 < found.acceptability.iloc[0]["high"]
    crossing = result(
        estimate=0.0, error=0.0, kind="set", set_low=np.array([-0.04]), set_high=np.array([0.04])
    )  # fmt: skip
    crossed = cost([Effect(result=crossing, per_year=2500.0)], [team], price_year=2021).per_event
    assert crossed["said"].str.contains("no finite upper limit").all()


def test_tornado_by_hand():
    found = cost([many], [price(quantity=3640.0, low=90.0, high=120.0), arrest], price_year=2021).tornado.set_index(
        "what"
    )
    assert found.loc["team", ["net_low", "net_high"]].tolist() == pytest.approx([127600, 236800])
    events = 100 - 25 * stats.norm.isf(0.025)
    assert found.loc["arrest averted a year", "net_low"] == pytest.approx(364000 - 2000 * events)
    assert found.loc["arrest averted a year", "break_even"] == pytest.approx(182)
    assert found.loc["saved by one arrest", "break_even"] == pytest.approx(3640)
    width = (found["net_high"] - found["net_low"]).abs()
    assert width.is_monotonic_decreasing


def test_perspective_and_what_it_leaves_out():
    jail = price("arrest", 900.0, enters="averted", payer="county")
    city = cost([many], [team, jail], price_year=2021)
    everyone = cost([many], [team, jail], price_year=2021, perspective="society")
    assert total(city, "net_cost")["estimate"] - total(everyone, "net_cost")["estimate"] == pytest.approx(90000)
    assert any("borne by others than the city" in said and "arrest" in said for said in city.notes)


def test_money_of_other_years_needs_an_index():
    old = price(year=2019)
    with pytest.raises(DesignError, match="money of 2019"):
        cost([many], [old], price_year=2021)
    found = cost([many], [old], price_year=2021, index={2019: 200.0, 2021: 220.0})
    assert total(found, "spent")["estimate"] == pytest.approx(110)


@pytest.mark.parametrize("shared", [0.0, 0.9])
def test_effects_of_the_same_calls_move_together(shared):
    rng, n = np.random.default_rng(3), 4000
    units = pd.Index(np.arange(n), name="call")
    first, other = rng.standard_normal((2, n))
    made = {"arrest": first, "hold": shared * first + np.sqrt(1 - shared**2) * other}
    effects = [
        Effect(
            result=result(name, error=0.01, influence=Influence(left=psi[:, None], right=np.ones((1, 1)), unit=units)),
            per_year=2500.0,
        )
        for name, psi in made.items()
    ]
    prices = [team, price("arrest", 2000.0, enters="averted"), price("hold", 2000.0, enters="averted")]
    found = cost(effects, prices, price_year=2021)
    error = np.hypot(36400, 2000 * 25 * np.sqrt(2 + 2 * shared))
    net = total(found, "net_cost")
    assert (net["high"] - net["low"]) / 3.92 == pytest.approx(error, rel=0.04)
    assert not any("unknown correlation" in said for said in found.notes)


def test_unknown_correlation_gives_the_wider_answer():
    effects = [many, Effect(result=result("hold"), per_year=2500.0)]
    prices = [team, price("arrest", 2000.0, enters="averted"), price("hold", 2000.0, enters="averted")]
    found = cost(effects, prices, price_year=2021)
    net = total(found, "net_cost")
    assert (net["high"] - net["low"]) / 3.92 == pytest.approx(np.hypot(36400, 2000 * 25 * 2), rel=0.03)
    assert any("unknown correlation" in said for said in found.notes)


def test_ranks_are_left_out_and_said():
    ranked = Effect(result=result(placebo=np.ones((1, 9))), per_year=2500.0)
    with pytest.raises(DesignError, match="ranks among placebos"):
        cost([ranked], [team], price_year=2021)


def test_officer_hours_by_averted_event_have_fiellers_set():
    """H/E with H = 3 E − f · 8500, E ~ (100, 25²) and f ~ (.2, .05²): both ends solve (H − λE)² = t² Var(H − λE)."""
    spread = 0.05 * 3.92 / 2
    posts = Posts(posts=5, hours=1700, filled=0.2, filled_low=0.2 - spread, filled_high=0.2 + spread)
    found = cost([many], [team], price_year=2021, posts=posts).per_event.set_index("of").loc["officer_hours"]
    assert found["estimate"] == pytest.approx((300 - 1700) / 100)
    assert found["said"] == "takes more officer-hours than it releases"
    for end in (found["low"], found["high"]):
        error = np.hypot((3 - end) * 25, 8500 * 0.05)
        assert abs(300 - 1700 - end * 100) / error == pytest.approx(stats.norm.isf(0.025))


@pytest.mark.parametrize(
    ("filled", "said"), [(0.0, ""), (0.03, "may release officer-hours, or take them"), (0.2, "takes more")]
)
def test_officer_hours_go_both_ways(filled, said):
    posts = Posts(posts=5, hours=1700, filled=filled)
    found = cost([many], [team], price_year=2021, posts=posts)
    hours = found.per_event.set_index("of").loc["officer_hours"]
    assert hours["said"].startswith(said)
    assert bool(said) == bool(hours["said"])
    row = total(found, "officer_hours")
    assert row["estimate"] == pytest.approx(300 - 8500 * filled)
    chance = found.both.groupby("hours")["low"].sum()
    assert chance.sum() == pytest.approx(1)
    assert chance["released"] == pytest.approx(stats.norm.cdf((300 - 8500 * filled) / 75), abs=0.01)


def test_money_and_hours_move_together():
    """C = 200000 − 2000 E and H = 3 E − 300 are both better than zero exactly if E > 100."""
    posts = Posts(posts=1, hours=300, filled=1.0)
    prices = [price(amount=200000.0), price("arrest", 2000.0, enters="averted")]
    both = cost([many], prices, price_year=2021, posts=posts).both.set_index(["money", "hours"])["low"]
    assert both["saved", "released"] == pytest.approx(0.5, abs=0.01)
    assert both["cost", "taken"] == pytest.approx(0.5, abs=0.01)
    assert both["saved", "taken"] == both["cost", "released"] == 0


def test_vacant_posts_stand_in_the_tornado():
    """Net cost moves by hours of a whole year × price of an hour × share filled; without a range from none to all."""
    worth = price("officer hour", 80.0, enters="officer_hour")
    for posts, ends in (
        (Posts(posts=5, hours=1700, filled=0.2), (0.0, 1.0)),
        (Posts(posts=5, hours=1700, filled=0.2, filled_low=0.1, filled_high=0.4), (0.1, 0.4)),
    ):
        found = cost([many], [team, worth], price_year=2021, posts=posts)
        row = found.tornado.set_index("what").loc["posts that would have been filled, share"]
        assert (row["at_low"], row["at_high"]) == ends
        assert row["net_low"] == pytest.approx(364000 - 80 * (300 - 8500 * ends[0]))
        assert row["net_high"] == pytest.approx(364000 - 80 * (300 - 8500 * ends[1]))
        assert any("filled 20 % of the time is taken as exact" in said for said in found.notes) == (ends == (0.0, 1.0))


def test_the_share_filled_is_drawn_by_beta():
    posts = Posts(posts=1, hours=1, filled=0.3, filled_low=0.1, filled_high=0.5)
    made = posts.drawn(200000, np.random.default_rng(1))
    assert made.mean() == pytest.approx(0.3, abs=0.001)
    assert made.std() == pytest.approx(0.4 / 3.92, abs=0.001)
    assert 0 < made.min() < made.max() < 1


def test_posts_that_cannot_be_are_refused_with_every_rule():
    with pytest.raises(DesignError, match=r"breaks 2 rules"):
        Posts(posts=-1, hours=1700, filled=1.2)
    with pytest.raises(DesignError, match="one end of a range"):
        Posts(posts=5, hours=1700, filled=0.2, filled_low=0.1)
    with pytest.raises(DesignError, match="cannot be that uncertain"):
        Posts(posts=5, hours=1700, filled=0.01, filled_low=0.0, filled_high=1.0)


def test_a_rise_is_nothing_averted():
    more = Effect(result=result(estimate=0.04), per_year=2500.0)
    said = cost([more], [team], price_year=2021).per_event["said"]
    assert said.str.startswith("there were more").all()


def test_every_price_is_listed_with_its_year_and_source():
    old = price("training", 10000.0, year=2019, once=True)
    jail = price("arrest", 900.0, enters="averted", payer="county")
    listed = cost([many], [team, old, jail], price_year=2021, index={2019: 200.0, 2021: 220.0}).prices.set_index("what")
    assert listed["factor"].tolist() == pytest.approx([1.0, 1.1, 0.0])
    assert listed["counted"].tolist() == [True, True, False]
    assert listed["source"].eq("example").all()
