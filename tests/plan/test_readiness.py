"""Readiness on tables that grow: what each set can answer is worked out here from the definitions, by hand."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import plan
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.inference import minimum_detectable_effect
from coresponder_causal.plan import detectable
from coresponder_causal.plan.detectable import Monthly
from coresponder_causal.plan.questions import questions
from coresponder_causal.simulate import world

# Fields of the simulated calls: types at both ends, who attended, whether on duty, how it ended, minutes, a person.
# With them alone these metrics can be computed; M16 through reports filed, M10 and M46 and M47 through minutes.
OF_CALLS = ["M01", "M03", "M06", "M07", "M10", "M12", "M15", "M16", "M17", "M19", "M28", "M29", "M46", "M47"]
# The simulated outcomes add the link within 30 days, the follow-up of calls and the days in custody.
OF_OUTCOMES = ["M24", "M27", "M31"]
# The contacts made below add what one row of a team's log holds.
OF_CONTACTS = ["M20", "M21", "M22", "M23", "M48", "M49", "M50"]
# One field of calls each opens these; beat, perceived race, housing and language each open the equity of reach.
ONE_MORE = {
    "calls.crisis_on_scene", "calls.closed_without_dispatch", "calls.co_responder_arrived_at", "calls.units_arrived",
    "calls.injury", "calls.restraint", "calls.complaint", "calls.perceived_race", "calls.unhoused", "calls.language",
    "calls.beat", "calls.co_responder_requested_at", "calls.recorded_at",
}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> dict[str, pd.DataFrame]:
    tables = dict(world("west_sac_like", seed=1).tables)
    tables["calls"] = tables["calls"][tables["calls"]["city"] == "West Sacramento"].reset_index(drop=True)
    tables["outcomes"] = tables["outcomes"][tables["outcomes"]["call_id"].isin(tables["calls"]["call_id"])]
    met = tables["calls"][tables["calls"]["attended"]]
    yes = dict.fromkeys(
        ["engaged", "plan_made", "remained_in_community", "referral_made", "referral_accepted", "clinician_present",
         "joint_arrival", "follow_up_reached_72h", "police_called_back"], True,
    )  # fmt: skip
    tables["contacts"] = pd.DataFrame(
        {"contact_id": met["call_id"], "city": met["city"], "contact_at": met["received_at"], "origin": "911",
         "recorded_at": met["cleared_at"], "transported_to": "none", "end_point": "engaged", **yes}
    )  # fmt: skip
    return tables


def folder(made: dict[str, pd.DataFrame], path: Path, *names: str, **changed: pd.DataFrame) -> Path:
    for name in names:
        made[name].to_csv(path / f"{name}.csv", index=False)
    for name, frame in changed.items():
        frame.to_csv(path / f"{name}.csv", index=False)
    return path


def ready(path: Path, **options) -> plan.Readiness:
    return plan.readiness(plan.read_folder(path).tables, **options)


def able(table: pd.DataFrame, answer: str = "now") -> list[str]:
    return table.loc[table["answer"].eq(answer)].iloc[:, 0].tolist()


def test_calls_alone(made, tmp_path: Path) -> None:
    found = ready(folder(made, tmp_path, "calls"))
    assert able(found.metrics) == OF_CALLS
    assert able(found.designs) == ["series", "calls"]
    assert able(found.questions) == [
        "Do attended calls end differently from like calls?", "Does the team reach the calls in its hours?",
        "What does it cost in officer time?", "Do people call again?",
    ]  # fmt: skip
    assert set(found.next_fields["field"]) == ONE_MORE
    assert (
        "Not known when the programme started: give --start DATE; until then half of the months count." in found.lines
    )


def test_calls_and_schedule_open_the_covered_hours_and_no_metric(made, tmp_path: Path) -> None:
    """The simulated calls say themselves whether the team was on duty."""
    found = ready(folder(made, tmp_path, "calls", "schedule"))
    assert able(found.metrics) == OF_CALLS
    assert able(found.designs) == ["hours", "series", "calls"]
    assert "Do covered hours differ from other hours?" in able(found.questions)


def test_without_the_flag_the_schedule_opens_what_needs_covered_hours(made, tmp_path: Path) -> None:
    """M06 by the part at all hours; M07 and M46 need covered hours. The flag alone would open both."""
    bare = made["calls"].drop(columns="team_on_duty")
    found = ready(folder(made, tmp_path, calls=bare))
    assert able(found.metrics) == [name for name in OF_CALLS if name not in ("M07", "M46")]
    row = found.next_fields.set_index("field").loc["calls.team_on_duty"]
    assert row["metrics"] == "M07; M46"
    assert row["questions"] == "Does the team reach the calls in its hours?"
    both = ready(folder(made, tmp_path, "schedule"))
    assert able(both.metrics) == OF_CALLS


def test_the_counts_of_one_city(made, tmp_path: Path) -> None:
    one = made["city_panel"][made["city_panel"]["city"].eq("Davis")]
    found = ready(folder(made, tmp_path, city_panel=one))
    assert able(found.metrics) == []
    assert able(found.designs) == ["series"]
    assert able(found.questions) == []
    assert found.designs.set_index("design").loc["cities", "why"] == "1 city with counts; it needs 3"
    assert found.next_fields.empty


def test_the_counts_of_many_cities_and_their_programmes(made, tmp_path: Path) -> None:
    """The register knows two programmes of one city, the last from 15 July 2020 on: one city that starts is too few."""
    found = ready(folder(made, tmp_path, "city_panel", "programmes"))
    assert able(found.designs) == ["cities", "series"]
    assert able(found.questions) == ["Did the city change against other cities?"]
    assert found.designs.set_index("design").loc["adopters", "why"].startswith("1 of 11 cities start within the months")
    assert "Start of the programme as in the register: 2020-07-15." in found.lines
    two = pd.concat([made["programmes"], made["programmes"].tail(1).assign(city="Davis")])
    assert "adopters" in able(
        ready(folder(made, tmp_path, "city_panel", programmes=two), city="West Sacramento").designs
    )


def test_many_cities_without_a_register_ask_which_city(made, tmp_path: Path) -> None:
    found = ready(folder(made, tmp_path, "city_panel"))
    assert able(found.designs) == []
    assert "Not known which of 11 cities has the programme: name it with --city." in found.lines
    assert able(ready(tmp_path, city="West Sacramento").designs) == ["cities", "series"]


def test_outcomes_and_contacts_add_what_happened_afterwards(made, tmp_path: Path) -> None:
    found = ready(folder(made, tmp_path, "calls", "schedule", "outcomes", "contacts"))
    assert able(found.metrics) == sorted([*OF_CALLS, *OF_OUTCOMES, *OF_CONTACTS])
    assert "Were people connected to support?" in able(found.questions)
    assert "Is what happened on record in time?" in able(found.questions)
    opened = set(found.next_fields["field"])
    linked = {"admitted_24h", "engaged_90d", "booked_365d", "ems_365d", "psychiatric_90d", "died_365d"}
    # Housing of calls no longer stands alone: M26 needs the move, too, which is a second field.
    assert opened == (ONE_MORE - {"calls.recorded_at"}) | {f"outcomes.{name}" for name in linked}


def test_single_fields_are_ranked_by_what_they_open_over_what_they_cost(made, tmp_path: Path) -> None:
    """Beat: automatic, opens one metric and one question, 2 / 1. Race: a tap, two metrics and a question, 3 / 2."""
    fields = ready(folder(made, tmp_path, "calls")).next_fields
    worth = fields["unlocks"] / fields["burden"].map({"auto": 1, "one tap": 2, "form": 4, "linked": 8})
    assert worth.is_monotonic_decreasing
    shown = fields.set_index("field")
    assert shown.loc["calls.beat", ["burden", "unlocks"]].tolist() == ["auto", 2]
    assert shown.loc["calls.perceived_race", ["burden", "metrics"]].tolist() == ["one tap", "M43; M44"]
    assert fields["field"].tolist()[:3] == ["calls.beat", "calls.recorded_at", "calls.perceived_race"]


def test_a_broken_field_is_to_be_mended_and_the_rest_goes_on(made, tmp_path: Path) -> None:
    calls = made["calls"].astype({"arrest": object})
    calls.loc[:4, "arrest"] = "perhaps"
    found = ready(folder(made, tmp_path, calls=calls))
    assert able(found.metrics, "mend first") == ["M15"]
    assert "calls" in able(found.designs, "mend first")
    row = found.quality.iloc[0]
    assert (row["table"], row["field"], row["count"]) == ("calls", "arrest", 5)
    assert "calls.arrest: not a yes or no (5)" in plan.screen(found)


def test_a_broken_key_takes_its_table_out(made, tmp_path: Path) -> None:
    twice = pd.concat([made["calls"], made["calls"].head(3)])
    found = ready(folder(made, tmp_path, calls=twice))
    assert able(found.metrics) == []
    assert "M15" in able(found.metrics, "mend first")
    assert able(found.designs) == []
    assert found.quality["rule"].tolist() == ["duplicated key"]


def test_counts_that_are_broken_are_to_be_mended_where_the_calls_of_one_city_do_not_do(made, tmp_path: Path) -> None:
    twice = pd.concat([made["city_panel"], made["city_panel"].head(3)])
    found = ready(folder(made, tmp_path, "calls", city_panel=twice))
    assert "cities" in able(found.designs, "mend first")
    assert "mend first: city_panel.calls, city_panel.city, city_panel.month\n" in plan.screen(found)


def test_an_empty_column_is_not_there(made, tmp_path: Path) -> None:
    found = ready(folder(made, tmp_path, calls=made["calls"].assign(arrest=None)))
    assert "M15" in able(found.metrics, "after one field")


def test_files_that_are_no_table_and_columns_nobody_knows_are_named(made, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    for name in ("STUDY.toml", "DATA_DICTIONARY.md"):  # which `init` writes beside tables
        (tmp_path / name).write_text("")
    made["calls"].head(50).assign(shoe_size=1).to_csv(tmp_path / "calls.csv", index=False)
    made["calls"].head(5).to_csv(tmp_path / "old_calls.csv", index=False)
    read = plan.read_folder(tmp_path)
    assert read.lines == ("Not read, since no table has that name: notes.txt, old_calls.csv.",)
    assert "Extra columns in calls: shoe_size." in plan.readiness(read.tables).lines


def test_every_kind_of_file_is_read(made, tmp_path: Path) -> None:
    made["calls"].head(400).to_parquet(tmp_path / "calls.parquet")
    made["schedule"].head(20).to_excel(tmp_path / "schedule.xlsx", index=False)
    made["programmes"].to_csv(tmp_path / "programmes.tsv", sep="\t", index=False)
    assert set(plan.read_folder(tmp_path).tables) == {"calls", "schedule", "programmes"}


@pytest.mark.parametrize("wrong", ["nowhere", "empty", "twice"])
def test_a_folder_that_cannot_be_read_says_why(made, tmp_path: Path, wrong: str) -> None:
    place = tmp_path / "data"
    if wrong != "nowhere":
        place.mkdir()
    if wrong == "twice":
        made["programmes"].to_csv(place / "programmes.csv", index=False)
        made["programmes"].to_csv(place / "programmes.tsv", sep="\t", index=False)
    said = {
        "nowhere": "there is no folder",
        "empty": "named after a table",
        "twice": "two files for the table programmes",
    }
    with pytest.raises(DataError, match=said[wrong]):
        plan.read_folder(place)


def test_a_wrong_start_or_city_is_refused(made) -> None:
    tables = {"calls": made["calls"].head(3000)}
    with pytest.raises(DataError, match="--start is 'soon'"):
        plan.readiness(tables, start="soon")
    with pytest.raises(DataError, match="city 'Atlantis' is not in the tables"):
        plan.readiness(tables, city="Atlantis")


def test_the_smallest_fall_of_one_series_is_the_closed_form() -> None:
    """48 months of exactly 100 calls, start after 24: no noise beyond Poisson, variance 1/2400 + 1/2400, 20 df."""
    months = pd.period_range("2018-01", periods=48, freq="M")
    counts = pd.DataFrame({"Davis": np.full(48, 100.0)}, index=months)
    found = detectable.of_series(Monthly(counts=counts, city="Davis", start=pd.Timestamp("2020-01-01")))
    expected = -100 * np.expm1(-minimum_detectable_effect(np.sqrt(2 / 2400), 20))
    assert found.change == pytest.approx(expected, rel=1e-12)
    assert found.assumes.startswith("24 months before the start, 24 after; 100 calls a month")


def test_what_happened_after_the_start_is_not_read() -> None:
    rng = np.random.default_rng(3)
    months = pd.period_range("2017-01", periods=72, freq="M")
    counts = pd.DataFrame(rng.poisson(80, (72, 6)).astype(float), index=months, columns=list("abcdef"))
    later = counts.copy()
    later.iloc[48:] = rng.permuted(later.iloc[48:].to_numpy(), axis=0)
    start = pd.Timestamp("2021-01-01")
    for form in (detectable.of_series, detectable.of_cities):
        one, other = (form(Monthly(counts=table, city="a", start=start)) for table in (counts, later))
        assert one.change == pytest.approx(other.change, rel=1e-12)


def test_the_difference_of_calls_is_the_closed_form() -> None:
    """100 attended, 400 others of which 40 end in arrest: √(.1 · .9 · (1/100 + 1/400)) times the normal's 2.80."""
    calls = pd.DataFrame(
        {"attended": [True] * 100 + [False] * 400, "arrest": [False] * 100 + [True] * 40 + [False] * 360}
    )
    found = detectable.of_calls(calls)
    assert found is not None
    assert found.change == pytest.approx(100 * 2.8015851 * np.sqrt(0.09 * (1 / 100 + 1 / 400)), rel=1e-7)


def test_every_question_is_bound_to_something() -> None:
    assert all(question.designs or question.metrics for question in questions)


def test_the_simulated_city_is_ready_in_time_and_fits_on_a_screen() -> None:
    folder = plan.simulated_folder()
    begun = time.perf_counter()
    found = plan.readiness(folder.tables)
    assert time.perf_counter() - begun < 10
    assert plan.screen(found).count("\n") < 45


def test_page_and_tables_are_written(made, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    found = ready(folder(made, tmp_path / "data", "calls", "schedule"))
    written = plan.write_readiness(found, tmp_path / "out")
    page = written[0].read_text(encoding="utf-8")
    assert "Not for release" in page
    assert "<script" not in page
    assert {path.name for path in written[1:]} == {"questions.csv", "metrics.csv", "designs.csv", "next_fields.csv"}
    assert len(pd.read_csv(tmp_path / "out" / "metrics.csv")) == 50


def test_a_handful_of_calls_is_no_design(made, tmp_path: Path) -> None:
    few = made["calls"][made["calls"]["attended"].fillna(False).astype(bool)].head(29)
    many = made["calls"][~made["calls"]["attended"].fillna(True).astype(bool)].head(60)
    found = ready(folder(made, tmp_path, "calls", calls=pd.concat([few, many])))
    answer, why = found.designs.set_index("design").loc["calls", ["answer", "why"]]
    assert answer != "now"
    assert why == "fewer than 30 attended or 30 other calls"


def test_the_readme_shows_what_the_simulated_city_gives() -> None:
    said = " ".join(plan.screen(plan.readiness(plan.simulated_folder().tables)).split())
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    shown = readme.split("$ coresponder-causal readiness our_tables\n")[1].split("```")[0].strip().splitlines()
    assert len(shown) == 10
    assert [line for line in shown if " ".join(line.split()) not in said] == []
