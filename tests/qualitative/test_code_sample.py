"""Narratives drawn by lot, coded on forms by two people, read back, and used by a study's design."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from coresponder_causal import estimate, plan
from coresponder_causal.cli import app
from coresponder_causal.core.allocation import allocated
from coresponder_causal.core.errors import DataError, DesignError
from coresponder_causal.core.notes import quietly
from coresponder_causal.data import read_table
from coresponder_causal.design import CallDesign, PartlyKnownDesign
from coresponder_causal.qualitative import coding_key, draw_narratives, read_codes, with_codes


def town(n: int = 600, seed: int = 3) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Calls, their narratives as a machine coded them (more wrong with the team), and what a person would code."""
    rng = np.random.default_rng(seed)
    attended = rng.random(n) < 0.4
    crisis = rng.random(n) < 0.3 + 0.1 * attended
    machine = np.where(crisis, rng.random(n) < 0.9, rng.random(n) < np.where(attended, 0.35, 0.05))
    ids = pd.Index([f"C{i:04d}" for i in range(n)])
    times = pd.Timestamp("2021-01-01 08:00") + pd.to_timedelta(np.arange(n) * 10, unit="h")
    calls = pd.DataFrame({"call_id": ids, "city": "Davis", "received_at": times, "attended": attended})
    calls = calls.assign(initial_type="welfare_check", priority=rng.integers(1, 4, n), team_on_duty=True)
    text = [f"Maria Lopez {'heard voices' if yes else 'wanted a ride'}." for yes in crisis]
    told = pd.DataFrame({"call_id": ids, "author": "o1", "text": text, "crisis_coded": machine, "coded_by": "machine"})
    return calls, told, pd.Series(crisis, index=ids)


def test_optimum_is_neymans_and_proportional_is_the_same_chance():
    wanted, sizes = np.array([0.3, 0.1, 0.2]), np.array([400, 500, 600])
    assert allocated(wanted, sizes, 120, "optimum").tolist() == [60, 20, 40]
    assert allocated(wanted, sizes, 150, "proportional").tolist() == [40, 50, 60]


def test_every_call_has_a_known_chance_and_the_lot_is_that_of_its_seed():
    calls, told, _ = town()
    with quietly():
        sample = draw_narratives(told, calls, number=120, seed=8)
        again = draw_narratives(told, calls, number=120, seed=8)
        other = draw_narratives(told, calls, number=120, seed=9)
    frame = sample.frame
    assert frame["drawn"].sum() == 120
    assert frame["chance"].between(0, 1, inclusive="right").all()
    assert frame["chance"].sum() == pytest.approx(120)
    np.testing.assert_allclose(frame.groupby("cell")["drawn"].mean(), frame.groupby("cell")["chance"].first())
    pd.testing.assert_frame_equal(frame, again.frame)
    assert (frame["drawn"] != other.frame["drawn"]).any()
    assert sample.by == ("machine", "arm", "month")
    with quietly():
        coarse = draw_narratives(told, calls, number=20, seed=8)
    assert coarse.by == ("machine", "arm", "year")


def test_the_optimum_reads_more_where_the_machine_errs():
    calls, told, _ = town()
    with quietly():
        sample = draw_narratives(
            told, calls, number=100, by=["machine", "arm"], allocation="optimum", wrong=(0.4, 0.05), seed=1
        )
    chance = sample.cells.set_index("cell")["chance"]
    assert (chance.filter(like="machine yes") > 1.5 * chance.filter(like="machine no").max()).all()


def test_a_sample_that_cannot_be_is_refused_with_all_that_is_wrong():
    calls, told, _ = town(60)
    with pytest.raises(
        DesignError, match=r"(?s)breaks 4 rules.*by='week'.*allocation='neyman'.*wrong=.*no column text"
    ):
        draw_narratives(
            told.drop(columns="text"), calls, number=9, by=["week"], allocation="neyman", wrong=(0, 1), seed=1
        )
    with pytest.raises(DesignError, match="61 of 60 calls"):
        draw_narratives(told, calls, number=61, seed=1)
    with pytest.raises(DesignError, match="4 calls for"):
        draw_narratives(told, calls, number=4, by=["machine", "arm", "month"], seed=1)


def test_broken_rows_of_both_forms_are_listed_together():
    calls, told, _ = town(60)
    with quietly():
        key = coding_key(draw_narratives(told, calls, number=20, seed=1), told, overlap=0.5)
    first = pd.DataFrame({"id": key["id"], "code": "yes"})
    second = pd.DataFrame({"id": key.loc[key["second"].notna(), "id"], "code": "No "}).reset_index(drop=True)
    assert read_codes(key, {"first": first, "second": second})["second"].notna().sum() == len(second) == 10
    first.loc[0, "code"], first.loc[1, "code"], first.loc[2, "id"] = "maybe", None, "N9999"
    second.loc[1, "id"] = second.loc[0, "id"]
    with pytest.raises(DataError) as caught:
        read_codes(key, {"first": first, "second": second})
    message = str(caught.value)
    assert "breaks 6 rules" in message
    for said in ("1 rows have an id that is not on it (rows N9999)", "1 rows have no code (rows N0002)",
                 "1 answers are neither yes nor no (rows N0001)", "first form: 1 rows are gone (rows N0003)",
                 "2 rows have an id that comes twice", "second form: 1 rows are gone"):  # fmt: skip
        assert said in message


def test_all_narratives_of_a_drawn_call_are_coded_and_a_call_is_a_yes_if_any_is():
    calls, told, _ = town(40)
    both = pd.concat([told, told.assign(author="o2", crisis_coded=False)], ignore_index=True)
    with quietly():
        sample = draw_narratives(both, calls, number=16, by=["arm"], seed=2)
        key = coding_key(sample, both)
    assert len(key) == 32
    assert key["id"].is_unique
    assert key["first"].tolist() != key["second"].tolist()
    codes = pd.DataFrame({"first": key["author"].eq("o2"), "second": False}).astype("boolean")
    table, each = with_codes(both, sample, key, codes)
    assert each.set_index("reading_drawn").loc[True, "first_reader"].all()
    assert not each["second_reader"].any()
    assert each.loc[~each["reading_drawn"], "first_reader"].isna().all()
    hand = table["coded_by"].eq("hand")
    assert hand.sum() == 32
    assert (table.loc[hand, "crisis_coded"] == table.loc[hand, "author"].eq("o2")).all()
    assert table["sampling_probability"].notna().all()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    calls, told, _ = town()
    calls.to_csv(tmp_path / "calls.csv", index=False)
    told.to_csv(tmp_path / "narratives.csv", index=False)
    return tmp_path


def invoke(*arguments: object):
    return CliRunner().invoke(app, ["code-sample", *map(str, arguments)])


def fill(file: Path, truth: pd.Series, key: pd.DataFrame) -> None:
    """Code a form as it comes, in the workbook itself."""
    book, answers = load_workbook(file), key.set_index("id")["call_id"].map(truth)
    for row in book["coding"].iter_rows(min_row=2):
        row[2].value = "yes" if answers[row[0].value] else "no"
    book.save(file)


def test_forms_are_written_filled_read_and_correct_the_machine(folder):
    out, truth = folder / "coding", town()[2]
    ran = invoke(folder, "--out", out, "--number", 200, "--seed", 5, "--overlap", 0.5, "--known", folder / "none")
    assert ran.exit_code != 0
    ran = invoke(folder, "--out", out, "--number", 200, "--seed", 5, "--overlap", 0.5)
    assert ran.exit_code == 0, ran.output
    assert "seed 5" in ran.output
    forms = {coder: read_table(out / f"{coder}.xlsx", sheet="coding") for coder in ("first", "second")}
    assert [len(form) for form in forms.values()] == [200, 100]
    assert list(forms["first"]) == ["id", "text", "code", "remark"]
    for form in forms.values():
        assert not form["text"].str.contains("Maria|Lopez|C0").any()
        assert form["id"].tolist() != sorted(form["id"])
    assert load_workbook(out / "first.xlsx")["codebook"]["B2"].value == "Crisis"
    assert (out / "key" / "key.csv").stat().st_mode & 0o077 == 0
    early = invoke(folder, "--read", out, "--out", folder / "early")
    assert (early.exit_code, "200 rows have no code" in early.output) == (2, True)
    key = pd.read_csv(out / "key" / "key.csv")
    fill(out / "first.xlsx", truth, key)
    fill(out / "second.xlsx", truth, key)
    ran = invoke(folder, "--read", out, "--out", folder / "coded")
    assert ran.exit_code == 0, ran.output
    assert "kappa: 1.00" in ran.output
    told = read_table(folder / "coded" / "narratives.csv")
    assert told["coded_by"].value_counts().to_dict() == {"machine": 400, "hand": 200}
    (folder / "STUDY.toml").write_text(
        '[study]\ntitle = "Narratives"\n[tables]\ncalls = "calls.csv"\noutcomes = "coded/outcomes.csv"\n'
        '[treated]\ncity = "Davis"\n[designs]\nrun = ["narrative"]\n[narrative]\ncovariates = ["priority"]\n'
        'outcomes = ["crisis_coded_by_machine"]\nreviewed = "first_reader"\nreviewed_again = "second_reader"\n'
        'chance = "reading_chance"\ndrawn = "reading_drawn"\n'
    )
    study = plan.read_study(folder / "STUDY.toml")
    with quietly():
        (result,) = plan.run(study, *plan.read_tables(study)).results
    assert result.method == "call_narrative"
    assert result.extra["coded"] == 200
    told.loc[0, "text"] = "changed"
    told.to_csv(folder / "narratives.csv", index=False)
    changed = invoke(folder, "--read", out, "--out", folder / "other")
    assert (changed.exit_code, "drawn from" in changed.output) == (2, True)


def test_over_many_lots_the_corrected_difference_is_that_of_people_and_the_machines_is_not():
    calls, told, truth = town(900, seed=11)
    attended = calls["attended"].to_numpy()
    wanted = truth.to_numpy()[attended].mean() - truth.to_numpy()[~attended].mean()
    found = []
    with quietly():
        for seed in range(60):
            sample = draw_narratives(told, calls, number=150, by=["machine", "arm"], seed=seed)
            key = coding_key(sample, told)
            codes = pd.DataFrame(dict.fromkeys(("first", "second"), key["call_id"].map(truth))).astype("boolean")
            frame = calls.assign(one=1.0).merge(with_codes(told, sample, key, codes)[1], on="call_id")
            plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=[])
            design = PartlyKnownDesign.from_calls(
                plain, outcome="crisis_coded_by_machine", reviewed="first_reader", chance="reading_chance"
            )
            result = estimate.call_narrative(design)
            found.append(float(result.estimate[0]))
    machine = result.extra["difference_by_machine"]
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - wanted) < 3 * error
    assert abs(machine - wanted) > 6 * error
