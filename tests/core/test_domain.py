"""The look-up of measured domains, on tables made here; and what the shipped table must hold."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core import domain
from coresponder_causal.core.domain import Measured, nearest, summary
from coresponder_causal.core.inference import rejection_rate_limit
from coresponder_causal.core.notes import Doubt
from coresponder_causal.core.registry import METHODS, measured, not_measured
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import did_prediction_interval
from coresponder_causal.simulate import world
from coresponder_causal.validity.coverage import columns

UNREMEMBERED = domain._candidates.__wrapped__  # what is remembered is of the shipped table


def row(**given):
    blank = dict.fromkeys(columns)
    known = {"method": "m", "options": "{}", "term": "mean_post", "setting": "city", "effect": 0.0, "replications": 400}
    known |= {"failures": 0, "coverage": 0.95, "coverage_error": 0.011, "rejection": 0.05, "rejection_error": 0.011}
    return blank | known | given


def use(monkeypatch, rows):
    table = pd.DataFrame(rows, columns=columns)
    numeric = [name for name in (*domain.sizes, *domain.steps, "effect", "treated_noise") if name in table]
    monkeypatch.setattr(domain, "measured_table", lambda: table.assign(**table[numeric].astype(float)))
    monkeypatch.setattr(domain, "_candidates", UNREMEMBERED)


GRID = [
    row(comparison=m, rho=rho, events=events, coverage=0.90 + m / 1000 + rho / 100)
    for m in (5, 10) for rho in (0.4, 0.8) for events in (6, 60)
]  # fmt: skip


@pytest.fixture
def grid(monkeypatch):
    use(monkeypatch, GRID)


@pytest.mark.parametrize(
    ("here", "cell"),
    [
        ({"comparison": 6, "rho": 0.45, "events": 9}, (5, 0.4, 6)),
        ({"comparison": 9, "rho": 0.7, "events": 40}, (10, 0.8, 60)),
        ({"comparison": 5, "rho": 0.8, "events": 20}, (5, 0.8, 60)),  # 20 is nearer to 60 than to 6 in doublings
    ],
)
def test_the_nearest_cell_is_found(grid, here, cell):
    found = nearest("m", here, "mean_post")
    assert tuple(dict(found.cell)[name] for name in ("comparison", "rho", "events")) == cell
    assert found.licensed
    assert found.coverage == pytest.approx(0.90 + cell[0] / 1000 + cell[1] / 100)


def test_an_inference_with_an_interval_of_its_own_is_held_against_its_own_rows(monkeypatch):
    wild = row(options='{"inference": "wild"}', comparison=5, coverage=0.99)
    use(monkeypatch, [row(options='{"inference": "cluster"}', comparison=5, coverage=0.6), wild])
    for inference, coverage in (("cluster", 0.6), ("auto", 0.6), ("wild", 0.99)):
        found = nearest("m", {"comparison": 5}, "mean_post", options={"inference": inference, "seed": 3})
        assert (found.coverage, found.licensed) == (coverage, True)
    free = nearest("m", {"comparison": 5}, "mean_post", options={"inference": "wild", "wild": "WCU"})
    assert (free.coverage, free.outside) == (0.99, ("wild='WCU' was not measured",))


def test_among_cells_alike_in_all_that_is_known_the_worst_is_taken(grid):
    assert nearest("m", {"comparison": 10}, "mean_post").coverage == pytest.approx(0.914)


@pytest.mark.parametrize(
    ("here", "said"),
    [
        ({"comparison": 4}, "4 comparison cities, 5 to 10 were measured"),
        ({"comparison": 11}, "11 comparison cities, 5 to 10 were measured"),
        ({"events": 3}, "3 events a period, 6 to 60 were measured"),
        ({"rho": 0.9}, "ρ = 0.9, 0.4 to 0.8 were measured"),
    ],
)
def test_outside_the_table_is_said(grid, here, said):
    found = nearest("m", here, "mean_post")
    assert found.outside == (said,)
    assert str(found).startswith(f"not licensed: {said}; in simulated worlds nearest")


def test_an_upper_limit_beyond_the_table_is_inside_while_the_lower_one_is(grid):
    """An 80 % upper limit lies above the truth four times in five: beyond the table only if the lower one is too."""
    assert nearest("m", {"rho": 0.97, "rho_lower": 0.5}, "mean_post").licensed
    assert not nearest("m", {"rho": 0.97, "rho_lower": 0.9}, "mean_post").licensed


def test_a_coordinate_the_table_does_not_have_is_passed_over(grid):
    assert nearest("m", {"comparison": 5, "tau": 7.0}, "mean_post").licensed


def test_options_choose_the_rows(monkeypatch):
    use(monkeypatch, [row(comparison=5), row(comparison=5, options='{"errors": "ols"}', coverage=0.5)])
    assert nearest("m", {"comparison": 5}, "mean_post").coverage == 0.95
    assert nearest("m", {"comparison": 5}, "mean_post", options={"errors": "ols"}).coverage == 0.5
    assert nearest("m", {"comparison": 5}, "mean_post", options={"seed": 3}).licensed
    other = nearest("m", {"comparison": 5}, "mean_post", options={"errors": "hac"})
    assert (other.coverage, other.outside) == (0.95, ("errors='hac' was not measured",))


def test_only_sound_worlds_of_the_own_setting_without_effect_count(monkeypatch):
    use(monkeypatch, [row(comparison=5), row(comparison=5, world="funnel", coverage=0.0),
                      row(comparison=5, effect=-0.2, coverage=0.1), row(comparison=5, coverage=None),
                      row(comparison=5, options='{"log": true}', setting="series", coverage=0.2)])  # fmt: skip
    assert domain.domain_rows("m")["coverage"].tolist() == [0.95]


def test_an_adjustment_that_was_not_measured_is_said(monkeypatch):
    use(monkeypatch, [row(setting="calls", calls=300, adjustment=name) for name in ("match_nearest", "weights")])
    assert nearest("m", {"calls": 300, "adjustment": "weights"}, "effect").licensed
    assert nearest("m", {"calls": 300, "adjustment": "none"}, "effect").outside == ("'none' was not measured",)


def test_a_method_without_rows_has_no_domain(grid):
    assert nearest("unknown", {"comparison": 5}, "mean_post") is None
    assert summary("unknown") is None


@pytest.mark.parametrize(
    ("coverage", "size", "short"),
    [(0.95, 0.05, False), (0.91, 0.05, False), (0.90, 0.05, True), (0.95, 0.08, False), (0.95, 0.09, True)],
)
def test_short_is_beyond_monte_carlo_error(monkeypatch, coverage, size, short):
    """.93 − 2·.011 = .908, and .05 + 3·√(.05·.95/400) = .0827."""
    use(monkeypatch, [row(comparison=5, coverage=coverage, rejection=size)])
    assert nearest("m", {"comparison": 5}, "mean_post").short is short


def test_the_summary_counts_cells_and_names_the_worst(grid):
    text = summary("m")
    assert "5 to 10 comparison cities, ρ = 0.4 to 0.8, 6 to 60 events a period" in text
    assert "held in 8 of 8 cells" in text  # .909 is not below .93 by more than two errors
    assert "90.9 % (± 1.1) in the worst cell (5 comparison cities, ρ = 0.4" in text


def test_a_result_says_what_was_measured_and_doubts_where_it_fell_short(monkeypatch):
    counts = world(seed=1).panel_counts
    design = PanelDesign.from_frame(
        counts, outcome="calls", unit="city", time="month", treated="West Sacramento", start="2020-07-15"
    )
    told = {}
    for share in (0.95, 0.5):
        use(monkeypatch, [row(method="did_prediction_interval", comparison=10, coverage=share)])
        (told[share],) = [text for text in did_prediction_interval(design).notes if "simulated worlds" in text]
    assert told[0.95] == (
        "in simulated worlds nearest to this one (10 comparison cities) the 95 % interval covered the truth 95.0 % of "
        "the time (± 1.1)"
    )
    assert not isinstance(told[0.95], Doubt)
    assert isinstance(told[0.5], Doubt)
    use(monkeypatch, [row(method="did_prediction_interval", comparison=30)])
    (outside,) = [text for text in did_prediction_interval(design).notes if "simulated worlds" in text]
    assert outside.startswith("not licensed: 10 comparison cities, 30 was measured; ")
    assert isinstance(outside, Doubt)
    use(monkeypatch, [])
    assert not_measured in did_prediction_interval(design).notes


def shipped(method, **where):
    rows = domain.domain_rows(method)
    for name, value in where.items():
        rows = rows[rows[name] == value] if not callable(value) else rows[value(rows[name])]
    assert len(rows)
    return rows


def test_rejections_by_a_coordinate_are_means_over_its_cells(monkeypatch):
    cells = [(0.0, 0.04), (0.1, 0.10), (0.1, 0.20)]
    rows = [row(tau=tau, comparison=5 * i, rejection=share) for i, (tau, share) in enumerate(cells)]
    others = [row(tau=0.1, term="a level", rejection=0.9), row(tau=0.1, options='{"weights": "x"}', rejection=0.9)]
    use(monkeypatch, [*others, *rows, row(tau=0.1, effect=-0.25, rejection=0.9)])
    assert domain.rejections("m", "mean_post", by="tau") == pytest.approx({0.0: 0.04, 0.1: 0.15})
    assert domain.rejections("m", "unheard of", by="tau") == {0.1: 0.9}
    assert domain.rejections("nobody", "mean_post", by="tau") == {}


def test_the_shipped_table_has_the_schema_and_no_cell_twice():
    table = domain.measured_table()
    assert list(table) == columns
    keys = table[[name for name in columns[: columns.index("replications")]]]
    assert not keys.duplicated().any()
    rates = table[["coverage", "rejection"]].dropna()
    assert rates.apply(lambda column: column.between(0, 1)).all(axis=None)
    assert (table["coverage_error"].dropna() > 0).all()
    assert (table["replications"] >= 200).all()


def within_size(rows):
    limits = [rejection_rate_limit(0.05, int(n), 3) for n in rows["replications"] - rows["failures"]]
    return rows["rejection"] <= limits


def test_the_city_default_holds_its_size_in_every_measured_cell_of_its_domain():
    """Its card: five comparison cities, ten events a month or more, a treated city no more volatile than they are."""
    rows = shipped("did_prediction_interval", events=lambda events: events >= 10)
    alike = rows[rows["treated_noise"] == 1]
    assert within_size(alike).all(), alike[~within_size(alike)].to_string()
    assert alike["rejection"].mean() <= 0.05
    assert rows["rejection"].mean() <= 0.05


def test_twice_the_month_shocks_of_the_others_cost_little():
    """Outside the stated domain; where they persist (ρ = .8) and cities do not drift, size is about .07."""
    rows = shipped("did_prediction_interval", events=lambda events: events >= 10, treated_noise=2)
    assert rows["rejection"].mean() <= 0.065
    assert (rows["rejection"] - 3 * rows["rejection_error"] <= 0.07).all()
    where = (rows["rho"] == 0.8) & (rows["tau"] == 0) & (rows["events"] == 25) & (rows["comparison"] == 10)
    (corner,) = rows.loc[where, "rejection"]
    assert 0.05 < corner < 0.10


def test_the_hours_headline_holds_its_size_from_sixty_events_on():
    rows = shipped("call_coverage", term="triple_difference", events=lambda events: events >= 60)
    assert within_size(rows).all(), rows[~within_size(rows)].to_string()
    assert rows["rejection"].mean() <= 0.05
    loud = rows[(rows["events"] >= 150) & (rows["tau"] >= 0.06)]
    assert (loud["rejection"] <= 0.07 + 2 * loud["rejection_error"]).all()


def power_rows():
    table = domain.measured_table()
    own = (table["method"] == "did_prediction_interval") & (table["effect"] == -0.25) & table["world"].isna()
    return table[own].set_index(["events", "tau", "comparison"])["rejection"]


# METHODS' independent measurement at 3,000 replications: log −.25 at 5, 10 and 15 comparison cities.
POWER = {(25, 0.1): (0.254, 0.365, 0.394), (25, 0.0): (0.394, 0.650, 0.709),
         (25, 0.2): (0.138, 0.178, 0.185), (8, 0.1): (0.175, 0.227, 0.260)}  # fmt: skip


def test_power_is_that_of_an_independent_measurement():
    """Within .05, and two Monte-Carlo errors of 400 replications (.048 at one half)."""
    power = power_rows()
    wanted = {(*where, m): share for where, row in POWER.items() for m, share in zip((5, 10, 15), row, strict=True)}
    found = {key: (power[key], share) for key, share in wanted.items() if key in power.index}
    assert len(found) >= 6
    room = {key: 0.05 + 2 * np.sqrt(share * (1 - share) / 400) for key, (_, share) in found.items()}
    assert all(abs(ours - theirs) <= room[key] for key, (ours, theirs) in found.items()), found


def test_the_break_is_shown_as_the_break():
    table = domain.measured_table()
    volatile = table[(table["world"] == "volatile") & (table["method"] == "did_prediction_interval")]
    assert len(volatile) == 3
    assert (volatile.sort_values("comparison")["rejection"].to_numpy()[1:] > 0.07).all()
    assert (volatile["coverage"] < 0.95).all()


def test_the_evidence_table_prints_the_coverage_of_the_nearest_cell():
    from coresponder_causal.report import table

    counts = world(seed=1).panel_counts
    design = PanelDesign.from_frame(
        counts, outcome="calls", unit="city", time="month", treated="West Sacramento", start="2020-07-15"
    )
    result = did_prediction_interval(design)
    found = measured(result)
    assert isinstance(found, Measured)
    (shown,) = table(result).frame["measured"]
    assert shown.startswith(f"{100 * found.coverage:.1f} % ± ")
    assert METHODS["did_prediction_interval"].domain.startswith("domain: measured in")


@pytest.mark.parametrize(("method", "term"), [("did_gap", "mean_post"), ("its_conformal", "mean_first_6_months")])
def test_a_gap_is_licensed_where_cities_do_not_drift_apart_alone(method, term):
    rows = shipped(method, term=term)
    still, drifting = rows[rows["tau"] == 0], rows[(rows["tau"] == 0.2) & (rows["events"] == 400)]
    assert within_size(still).all(), still.to_string()
    assert (still["coverage"] >= 0.93).all()
    assert (drifting["rejection"] > 0.25).all()  # an independent measurement of such tests gave .15 to .45
    assert len(drifting) == 2


def test_each_way_to_judge_one_change_a_city_is_held_against_its_own_rows():
    t_test = shipped("did_few_treated", options="{}")
    assert within_size(t_test[t_test["treated_noise"] == 1]).all(), t_test.to_string()
    shifts = shipped("did_few_treated", options='{"inference": "permutation"}')
    assert (shifts.loc[shifts["tau"] > 0, "rejection"] > 0.1).all()  # a step at the start is not a shifted course
    rearranged = shipped("did_few_treated", options='{"inference": "hagemann"}')
    assert (rearranged.loc[rearranged["comparison"] <= 10, "rejection"] == 0).all()  # it needs thirteen cities
    assert within_size(rearranged).all()
    here = {"comparison": 10, "treated": 1, "events": 25.0, "rho": 0.4, "tau": 0.1}
    found = {
        way: domain.nearest("did_few_treated", here, "mean_post", options=options)
        for way, options in (
            ("t", {}),
            ("shifts", {"inference": "permutation"}),
            ("ranks", {"inference": "conley-taber"}),
            ("rolling", {"adjust": "demean"}),
        )
    }
    assert found["shifts"].size > 0.1 > found["t"].size
    assert dict(found["ranks"].cell) | {"comparison": 25, "treated": 1} == dict(found["ranks"].cell)
    assert found["ranks"].licensed
    assert found["rolling"].licensed


def test_sparse_counts_hold_their_size_where_the_treated_city_is_no_noisier():
    rows = shipped("did_prediction_interval", options='{"likelihood": "poisson"}')
    assert rows["events"].max() < 5
    alike = rows[rows["treated_noise"] == 1]
    assert within_size(alike).all(), alike.to_string()
    assert alike["coverage"].mean() >= 0.94
