"""Monitoring: what is kept, what is said of corrected months, what an alarm says first, and what leaves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal import plan
from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError, DesignError
from coresponder_causal.decide import alarm_checks, alarms, calibrate_charts, chart, look_calendar, take_look
from coresponder_causal.decide.chart_limits import Limits
from coresponder_causal.design.monitored import Monitored
from coresponder_causal.plan.monitor_history import add_state, read_history

months = [str(month) for month in pd.period_range("2018-01", periods=48, freq="M")]
terms = plan.Terms(since="2021-01", metrics=("M15",), run_length=12, confirm="M15", looks=(6, 12))


def some_calls(until: str = "2021-12", *, share: float = 0.3, later: float = 0.3) -> pd.DataFrame:
    """Sixty calls about a crisis a month, of which a share ends in an arrest, another one from July 2021 on."""
    rng, rows = np.random.default_rng(1), []
    for month in pd.period_range("2018-01", until, freq="M"):
        days = rng.integers(0, month.days_in_month, 60)
        days[:2] = 0, month.days_in_month - 1
        at = month.start_time + pd.to_timedelta(np.sort(days), unit="D") + pd.Timedelta(hours=12)
        rows.append(
            pd.DataFrame(
                {"received_at": at, "arrest": rng.random(60) < (later if month >= pd.Period("2021-07", "M") else share)}
            )
        )
    calls = pd.concat(rows, ignore_index=True)
    head = {"call_id": [f"c{i}" for i in range(len(calls))], "city": "Davis"}
    return calls.assign(**head, initial_type="mental_health_crisis", final_type="mental_health_crisis")


def a_city(calls: pd.DataFrame, **more: object) -> plan.City:
    return plan.City(name="Davis", tables={"calls": calls}, start="2021-01-01", **more)


def run(calls: pd.DataFrame, out: Path, asked: plan.Terms = terms, **more: object) -> plan.Seen:
    return plan.monitor(a_city(calls, **more), out, terms=asked, on=pd.Timestamp("2022-01-05").date())


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Path:
    """A folder after one run on the months until November 2021."""
    out = tmp_path_factory.mktemp("city") / "monitoring"
    run(some_calls("2021-11"), out)
    return out


def test_the_same_months_change_nothing_and_a_corrected_one_is_said(first: Path) -> None:
    history = first.with_name("monitoring.history.json")
    before = {path: path.read_bytes() for path in [history, *first.rglob("*.*")]}
    again = run(some_calls("2021-11"), first)
    assert again.written == ()
    assert "Nothing is new since 2021-11" in again.said[0]
    assert {path: path.read_bytes() for path in before} == before
    assert history.stat().st_mode & 0o077 == 0
    calls = some_calls("2021-12")
    wrong = calls.index[(calls["received_at"] >= "2021-03-01") & ~calls["arrest"]][0]
    calls.loc[wrong, "arrest"] = True
    said = run(calls, first)
    corrected = "Arrest at the incident, 2021-03: events"
    assert any(f"Corrected since the last run: {corrected}" in line for line in said.said)
    states = json.loads(history.read_text())["states"]
    assert [state["until"] for state in states] == ["2021-11", "2021-12"]
    assert states[0] == json.loads(before[history])["states"][0]  # only added to
    assert [look["look"] for look in states[1]["looks"]] == [1, 2]
    assert states[1]["looks"][0] == states[0]["looks"][0]  # taken once, though March was corrected since
    assert states[1]["calibration"] == states[0]["calibration"]  # limits stay while the months before do
    assert corrected in (first / "index.html").read_text()


def test_other_terms_and_an_edited_history_are_refused(first: Path) -> None:
    with pytest.raises(DataError, match="the terms of monitoring are fixed since its first run\n  run_length: 12 → 24"):
        run(some_calls("2021-11"), first, plan.Terms(since="2021-01", metrics=("M15",), run_length=24))
    history = first.with_name("edited.history.json")
    history.write_text(
        first.with_name("monitoring.history.json").read_text().replace('"until": "2021-11"', '"until": "2021-10"')
    )
    with pytest.raises(DataError, match="does not match its hash"):
        plan.monitor(a_city(some_calls("2021-11")), first, terms=terms, history=history)


def test_a_month_that_is_not_whole_is_left_out(tmp_path: Path) -> None:
    calls = some_calls("2021-12")
    seen = run(calls[calls["received_at"] < "2021-12-20"], tmp_path / "m")
    assert any("2021-12 is left out" in line for line in seen.said)
    assert json.loads((tmp_path / "m.history.json").read_text())["states"][0]["until"] == "2021-11"


def test_a_public_folder_has_no_chart_with_small_months(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    public = {"policy": plan.policy_for("public", None), "sensitive": False}
    run(some_calls(share=0.15, later=0.15), small, **public)
    page = (small / "index.html").read_text()
    assert "a chart would give away" in page
    assert "Month by month" not in page
    assert not (small / "charts").exists()
    assert not list(small.rglob("*history*"))
    run(some_calls(share=0.5, later=0.5), large, **public)
    assert (large / "charts" / "M15.svg").is_file()


def test_terms_that_cannot_be_are_refused_together(tmp_path: Path) -> None:
    found = plan.City(name="Davis", tables={"calls": some_calls("2020-12")})
    with pytest.raises(DataError, match=r"(?s)breaks 3 rules.*neither a start.*looks and the metric"):
        plan.monitor(found, tmp_path / "m", terms=plan.Terms(looks=(6, 12)))
    with pytest.raises(DataError, match="'M99' does not count by month here"):
        run(some_calls("2021-03"), tmp_path / "m", plan.Terms(since="2021-01", metrics=("M99",)))
    with pytest.raises(DataError, match="before 2022-05"):
        plan.monitor(a_city(some_calls("2021-03")), tmp_path / "m", terms=terms, until="2022-05")
    told = CliRunner().invoke(app, ["monitor", "--looks", "six"])
    assert told.exit_code == 2
    assert "write 6,12,24" in told.output


def a_series(events: np.ndarray, **more: object) -> Monitored:
    periods = months[: len(events)]
    rows = pd.DataFrame({"period": periods, "numerator": events, "denominator": 100.0})
    return Monitored.from_rows(rows, label="Holds", since="2021-01", share=False, **more)


def test_a_step_is_found_with_its_delay_and_raises_one_alarm() -> None:
    events = np.random.default_rng(4).poisson(40.0, 48).astype(float)
    made = calibrate_charts({"M17": a_series(events, ahead=180)}, run_length=60, histories=200)
    assert made.measured > 60 - 3 * made.error
    limits = made.limits["M17"]
    assert alarms({"M17": chart(a_series(events), Limits(weighted=4, summed=8))}).empty
    stepped = events.copy()
    stepped[40:] = np.random.default_rng(5).poisson(64.0, 8)  # May 2021
    for alone in ("weighted", "summed"):
        high = Limits(**{"weighted": 99.0, "summed": 99.0, alone: getattr(limits, alone)})
        assert set(chart(a_series(stepped), high)["beyond"]) == {"", alone}
    raised = alarms({"M17": chart(a_series(stepped), limits)})
    found = raised[raised["side"].eq("more")]
    assert len(found) == 1
    assert "2021-05" <= found["month"].iloc[0] <= "2021-08"


def test_a_documented_break_is_learned_and_raises_no_alarm() -> None:
    stepped = np.random.default_rng(4).poisson(40.0, 48).astype(float)
    stepped[40:] *= 2
    limits = Limits(weighted=2.7, summed=4.2)
    assert len(alarms({"M17": chart(a_series(stepped), limits)})) == 1
    assert alarms({"M17": chart(a_series(stepped, breaks={"2021-05-01": "new form"}), limits)}).empty


def test_too_little_before_is_refused() -> None:
    rows = pd.DataFrame({"period": months[30:], "numerator": 2.5, "denominator": 9.0})
    with pytest.raises(
        DesignError, match=r"(?s)breaks 2 rules.*not whole numbers.*6 months before 2021-01, 24 are needed"
    ):
        Monitored.from_rows(rows, label="Force", since="2021-01")


class Found:
    """Quality with a form that changed in May 2021."""

    breaks = pd.DataFrame(columns=["table", "field", "what", "date"])
    drift = pd.DataFrame({"table": ["calls"], "field": ["arrest"], "what": ["new code"], "date": ["2021-05-03"]})


def test_an_alarm_points_to_the_form_then_to_the_log_then_to_hours_and_last_to_the_effect() -> None:
    raised = pd.DataFrame({"metric": ["M15"], "month": ["2021-06"], "until": ["2021-06"]})
    told = alarm_checks(raised, fields={"M15": ("calls.arrest",)}, quality=Found(), tables={})
    assert told["points"].tolist() == [False, True, False, False, False]
    assert "From 3 May 2021 on" in told["found"].iloc[1]
    assert told["found"].iloc[-1] == "Settle 2 first."
    other = alarm_checks(raised, fields={"M15": ("calls.hold",)}, quality=Found(), tables={})
    assert other["points"].tolist() == [False, False, False, False, True]
    assert "does not read" in other["found"].iloc[1]
    calls = some_calls("2021-06")
    gone = calls["received_at"].between("2021-06-10", "2021-06-20")
    shifts = pd.DataFrame({"shift_start": pd.date_range("2020-01-01", "2021-06-30", freq="D"), "delivered_hours": 8.0})
    shifts.loc[shifts["shift_start"] >= "2021-06-01", "delivered_hours"] = 1.0
    late = alarm_checks(raised, fields={}, quality=Found(), tables={"calls": calls[~gone], "schedule": shifts})
    assert late["points"].tolist() == [False, False, True, True, False]
    assert "30 hours were delivered; 224 to 248" in late["found"].iloc[3]


def test_looks_are_taken_once_and_none_after_one_that_decides(tmp_path: Path) -> None:
    asked = plan.Terms(since="2021-01", metrics=("M15",), run_length=12, confirm="M15", looks=(9, 12))
    calls = some_calls("2021-12", share=0.5, later=0.5)
    fewer = calls["arrest"] & (calls["received_at"] >= "2021-01-01") & (np.arange(len(calls)) % 5 > 0)
    calls["arrest"] = calls["arrest"] & ~fewer
    run(calls, tmp_path / "m", asked)
    looks = json.loads((tmp_path / "m.history.json").read_text())["states"][0]["looks"]
    assert [look["decides"] for look in looks] == ["fewer"]
    assert looks[0]["high"] < 1
    assert looks[0]["until"] == "2021-09"
    assert "an earlier one decided" in (tmp_path / "m" / "index.html").read_text()


def test_a_look_uses_the_months_until_it_alone() -> None:
    rows = pd.DataFrame({"period": months, "numerator": np.random.default_rng(1).poisson(40, 48), "denominator": 100.0})
    calendar = look_calendar("2021-01-01", [6, 12])
    until, nominal = calendar.loc[0, ["until", "nominal"]]
    later = rows.assign(numerator=rows["numerator"].where(rows["period"] <= until, 400))
    asked = {"start": "2021-01-01", "until": until, "nominal": nominal, "label": "Holds"}
    assert take_look(rows, **asked) == take_look(later, **asked)
    with pytest.raises(DesignError, match=r"months after the start are \[12, 6\]"):
        look_calendar("2021-01-01", [12, 6])


def test_a_write_that_breaks_off_loses_nothing_of_the_history(tmp_path: Path, monkeypatch) -> None:
    file = add_state(tmp_path / "kept.json", [], {"months": {}, "until": "2021-01"})
    before, states = file.read_bytes(), read_history(file)
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("no room left")))
    with pytest.raises(OSError, match="no room left"):
        add_state(file, states, {"months": {}, "until": "2021-02"})
    assert file.read_bytes() == before
    monkeypatch.undo()
    add_state(file, states, {"months": {}, "until": "2021-02"})
    assert [state["until"] for state in read_history(file)] == ["2021-01", "2021-02"]
    cut = json.loads(file.read_text())
    file.write_text(json.dumps({"states": cut["states"][1:]}))
    with pytest.raises(DataError, match="does not match its hash"):
        read_history(file)
