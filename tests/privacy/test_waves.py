"""Survey waves and the employer: two folders and what passes between them, and what an employer cannot find out."""

import json
import shutil
import stat

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal import plan, privacy
from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError, DisclosureError
from coresponder_causal.core.notes import collecting
from coresponder_causal.privacy.wave_return import not_reported

OFFICERS = 74
SCORES = ("stigma_score", "burnout_score")


def employer_tables(rng):
    """Seventy-four officers: half never ride, few ride often; squads of 20, 20, 20, 14 but one of 4."""
    number = [f"PD-{1000 + k}" for k in range(OFFICERS)]
    squad = ["A"] * 20 + ["B"] * 20 + ["C"] * 20 + ["D"] * 10 + ["E"] * 4
    officers = pd.DataFrame({"officer": number, "city": "Ours", "squad": squad, "role": "patrol"})
    dose = np.repeat([0, 3, 9, 40], [30, 22, 17, 5])
    rng.shuffle(dose)
    rows = [
        (officer, f"S{k % 2}", "Ours", f"2026-{2 + k % 4:02}-{1 + k // 4:02} 08:00", 1 + (calls > 20) * 3)
        for officer, calls in zip(number, dose, strict=True)
        for k in range(calls if calls < 20 else calls // 4)
    ]
    rides = pd.DataFrame(rows, columns=["officer", "staff", "city", "shift_start", "calls_together"])
    return (
        officers,
        rides.assign(shift_end=rides["shift_start"].str.replace("08:00", "16:00"), assignment="roster"),
        dose,
    )


def answered(invitations, rng, waves=(0, 1), silent=()):
    """Answers of everybody but those who are silent from the second wave on."""
    base = rng.uniform(1.5, 4.5, (len(invitations), len(SCORES)))
    made = []
    for wave in waves:
        scores = np.clip(np.round((base + rng.normal(0, 0.8, base.shape)) * 4) / 4, 1, 5)
        rows = invitations[["answers"]].rename(columns={"answers": "officer"}).assign(wave=wave, date="2026-01-05")
        rows = rows.assign(**dict(zip(SCORES, scores.T, strict=True)), instrument="own_officer_v1", consent="yes")
        made.append(rows[~invitations["person"].isin(silent if wave else ())])
    return pd.concat(made, ignore_index=True)


@pytest.fixture
def parties(tmp_path):
    """Two folders: the police's and the university's, with their own tables."""
    police, university = tmp_path / "police", tmp_path / "university"
    police.mkdir()
    university.mkdir()
    officers, rides, dose = employer_tables(np.random.default_rng(3))
    officers.to_csv(police / "officers.csv", index=False)
    rides.to_csv(police / "rides.csv", index=False)
    officers[["officer"]].to_csv(university / "roster.csv", index=False)
    return police, university, dose


def invoke(*given):
    done = CliRunner().invoke(app, ["waves", *map(str, given)])
    return done, " ".join(done.output.replace("│", "").split())


def up_to_the_answers(police, university):
    key = university / "wave.key"
    assert invoke("key", key, "--project", "team", "--period", "2026")[0].exit_code == 0
    assert invoke("codes", university / "roster.csv", "--key", key, "--out", university / "codes")[0].exit_code == 0
    shutil.copy(university / "codes" / "to_employer" / "codes.csv", police)
    done, said = invoke(
        "dose", police / "rides.csv", police / "officers.csv", "--codes", police / "codes.csv",
        "--since", "2026-01-10", "--until", "2026-07-01", "--out", police / "groups.csv",
    )  # fmt: skip
    assert done.exit_code == 0, said
    shutil.copy(police / "groups.csv", university)
    return key, said


def test_the_round_trip_in_two_folders(parties):
    police, university, _ = parties
    key, said = up_to_the_answers(police, university)
    assert "bands of fewer than 11 officers were merged; those that leave: 0, 1 to 5, 6 or more" in said
    assert "squad: groups of fewer than 11 officers, and as many more as that takes, are 'others'" in said
    invitations = pd.read_csv(university / "codes" / "kept" / "invitations.csv")
    answers = answered(invitations, np.random.default_rng(5), silent=invitations["person"][:9].tolist())
    answers.to_csv(university / "answers.csv", index=False)
    joined = university / "joined.csv"
    done, said = invoke("join", university / "groups.csv", university / "answers.csv", "--key", key, "--out", joined)
    assert done.exit_code == 0, said
    done, said = invoke("return", joined, "--key", key, "--employer", "City Police", "--out", university / "out")
    assert done.exit_code == 0, said
    assert sorted(path.name for path in (university / "out").iterdir()) == ["index.html", "means.csv"]
    table = pd.read_csv(university / "out" / "means.csv", comment="#")
    assert len(table) == 2 * (1 + 3 + 4)
    assert table["said"].isin(["reported", not_reported]).all()
    assert (table["change"].isna() == (table["said"] == not_reported)).all()
    page = (university / "out" / "index.html").read_text(encoding="utf-8")
    assert "Calls answered with the team" in page
    assert "6 or more" in page
    truth = changes(answers, "stigma_score")
    shown = table.loc[(table["score"] == "Stigma") & (table["group"] == "Everybody"), "change"].item()
    assert abs(shown - truth.mean()) <= 0.05 + 1e-9


def changes(answers, score):
    wide = answers.pivot(index="officer", columns="wave", values=score).dropna()
    return wide[1] - wide[0]


def test_what_goes_each_way_holds_no_key_no_answer_and_no_date(parties):
    police, university, dose = parties
    key, _ = up_to_the_answers(police, university)
    secret = json.loads(key.read_text())["key"]
    invitations = pd.read_csv(university / "codes" / "kept" / "invitations.csv", dtype=str)
    groups = (police / "groups.csv").read_text()
    for text in (groups, (police / "codes.csv").read_text()):
        assert secret not in text
        assert not any(code in text for code in invitations["answers"])
    assert "PD-" not in groups
    assert "2026" not in groups
    head, *rows = groups.splitlines()
    assert set(json.loads(head.lstrip("# "))) == {"format", "key", "person", "between"}
    assert rows[0] == "code,band,squad"
    assert [row.split(",")[0] for row in rows[1:]] == sorted(row.split(",")[0] for row in rows[1:])
    assert len(rows) - 1 == OFFICERS == len(dose)
    sizes = pd.DataFrame([row.split(",") for row in rows[1:]])
    for column in (1, 2):
        assert sizes[column].value_counts().min() >= 11
    for path in (key, police / "groups.csv", *university.glob("codes/*/*.csv")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_key_is_refused_at_every_step(parties, tmp_path):
    police, university, _ = parties
    key, _ = up_to_the_answers(police, university)
    other, both = university / "other.key", tmp_path / "strata.key"
    invoke("key", other, "--project", "team", "--period", "2027")
    privacy.new_key(both, project="team", period="2026")
    invitations = pd.read_csv(university / "codes" / "kept" / "invitations.csv")
    answers = answered(invitations, np.random.default_rng(5))
    answers.to_csv(university / "answers.csv", index=False)
    given = ("join", university / "groups.csv", university / "answers.csv", "--out", university / "joined.csv")
    done, said = invoke(*given, "--key", other)
    assert done.exit_code == 2
    assert "the groups were made with the key" in said
    done, said = invoke(*given, "--key", both)
    assert done.exit_code == 2
    assert (
        "is not a key of this version and use" in said
    )  # both agencies hold a key of strata: it must never code answers
    assert not (university / "joined.csv").exists()
    with pytest.raises(DisclosureError, match="is not a key of this version and use"):
        privacy.read_key(key)
    strange = answers.assign(officer=answers["officer"].str[::-1])
    with pytest.raises(DisclosureError, match="none of 148 answers belongs to one of 74 codes"):
        privacy.link_waves(
            strange, privacy.read_groups(university / "groups.csv"), key=privacy.read_key(key, use="waves")
        )
    assert invoke(*given, "--key", key)[0].exit_code == 0
    done, said = invoke("return", university / "joined.csv", "--key", other, "--employer", "x", "--out", tmp_path / "o")
    assert done.exit_code == 2
    assert "the waves were linked with the key" in said
    assert not (tmp_path / "o").exists()


def test_a_file_by_another_hand_is_refused(parties):
    police, university, _ = parties
    up_to_the_answers(police, university)
    file = university / "groups.csv"
    head, names, first, *rest = file.read_text().splitlines()
    for lines in (
        [],
        ["code", "1"],
        [head, names, first, first, *rest],
        [head, names, first + ",", *rest],
        [head, names, first.rpartition(",")[0], *rest],
        [head.replace("[0, 1]", "[0]"), names, first, *rest],
    ):
        file.write_text("\n".join(lines))
        with pytest.raises(DisclosureError, match=r"not a file of the kind|holds a code twice"):
            privacy.read_groups(file)


def test_no_consent_no_use_and_twice_in_a_wave_is_refused(parties):
    police, university, _ = parties
    key_file, _ = up_to_the_answers(police, university)
    key, groups = privacy.read_key(key_file, use="waves"), privacy.read_groups(university / "groups.csv")
    invitations = pd.read_csv(university / "codes" / "kept" / "invitations.csv")
    answers = answered(invitations, np.random.default_rng(5))
    unsaid = answers.assign(consent=["no"] * 3 + [None] * 2 + ["yes"] * (len(answers) - 5))
    with collecting() as said:
        linked = privacy.link_waves(unsaid, groups, key=key)
    assert "5 of 148 answers are left out: consent is not recorded as given" in said
    assert len(linked.frame) == 143
    assert {"date", "consent", "code"}.isdisjoint(linked.frame)
    with pytest.raises(DisclosureError, match="1 answers of somebody who answered in that wave before"):
        privacy.link_waves(pd.concat([answers, answers.head(1)]), groups, key=key)


def codes_of(people):
    return privacy.Codes("ab12cd34", pd.DataFrame({"person": people, "code": [f"c{one}" for one in people]}))


def shifts(calls):
    rows = [(who, f"S{k}", "2026-02-01 08:00", many) for who, times, many in calls for k in range(times)]
    return pd.DataFrame(rows, columns=["officer", "staff", "shift_start", "calls_together"])


def test_dose_counts_a_shift_with_two_of_the_team_once_and_says_what_is_missing():
    people = [str(k) for k in range(26)]
    rides = shifts([(one, 2, 4) for one in people[:12]] + [(people[12], 1, None), ("99", 1, 3)])
    late = shifts([(people[13], 1, 9)]).assign(shift_start="2026-07-01 00:00")
    with collecting() as said:
        made = privacy.dose_groups(
            pd.concat([rides, late]), pd.DataFrame({"officer": [*people, "unlisted"]}), codes=codes_of(people),
            since="2026-01-01", until="2026-07-01", apart=(),
        )  # fmt: skip
    assert made.frame["band"].value_counts().to_dict() == {"0": 14, "1 or more": 12}
    assert said == [
        "1 of 27 on the list have no code of the university and are left out",
        "1 officers with shared shifts are not among those asked and are left out",
        "1 shared shifts of 1 officers have no number of calls and count as none",
        "bands of fewer than 11 officers were merged; those that leave: 0, 1 or more",
    ]


def test_squads_of_few_are_pooled_or_left_out():
    people = [str(k) for k in range(30)]
    given = {"codes": codes_of(people), "since": "2026-01-01", "until": "2026-07-01"}
    rides = shifts([(one, 1, 3) for one in people[:15]])
    squads = {"pooled": ["a"] * 12 + ["b"] * 13 + ["c"] * 5, "small": ["a"] * 8 + ["b"] * 8 + ["c"] * 14}
    made = {
        name: privacy.dose_groups(rides, pd.DataFrame({"officer": people, "squad": labels}), **given).frame
        for name, labels in squads.items()
    }
    assert made["pooled"]["squad"].value_counts().to_dict() == {"others": 17, "b": 13}
    assert made["small"]["squad"].value_counts().to_dict() == {"others": 16, "c": 14}
    with collecting() as said:
        none = privacy.dose_groups(rides, pd.DataFrame({"officer": people, "squad": people}), **given)
    assert none.columns == ("band",)
    assert "squad is left out: its groups are of fewer than 11 officers" in said


def test_all_that_is_wrong_with_a_dose_is_said_at_once():
    with pytest.raises(DisclosureError, match="breaks 4 rules") as caught:
        privacy.dose_groups(
            pd.DataFrame({"officer": ["1"]}), pd.DataFrame({"officer": ["1"]}), codes=codes_of(["1"]),
            since="2026-07-01", until="soon", between=(1, 1), bands=(5, 2), apart=(),
        )  # fmt: skip
    for what in ("rides has no column", "no days in order", "bands are [5, 2]", "between is 1, 1"):
        assert what in str(caught.value)
    people = [str(k) for k in range(10)]
    with pytest.raises(DisclosureError, match="10 officers have codes: no band of 11 can be formed"):
        privacy.dose_groups(
            shifts([("1", 1, 2)]), pd.DataFrame({"officer": people}), codes=codes_of(people),
            since="2026-01-01", until="2026-07-01", apart=(),
        )  # fmt: skip


def test_a_team_of_four_is_never_reported_alone(tmp_path):
    """Four clinicians, fourteen dispatchers, five others: of none but the dispatchers, and then not of everybody."""
    roles = ["clinician"] * 4 + ["dispatcher"] * 14 + ["other"] * 5
    people = pd.DataFrame({"staff": [str(k) for k in range(23)], "role": roles})
    key = privacy.new_key(tmp_path / "wave.key", project="team", period="2026", use="waves")
    issued = privacy.issue_codes(people, key=key, person="staff")
    codes = privacy.Codes(key.id, issued[["person", "code"]])
    with collecting() as said:
        groups = privacy.role_groups(people, codes=codes)
    assert said == ["role of fewer than 11 persons, not reported alone at this n: clinician, other"]
    rng = np.random.default_rng(2)
    rows = [
        pd.DataFrame({"staff": issued["answers"], "wave": wave, "safety_score": rng.uniform(1, 5, 23), "consent": True})
        for wave in (0, 1)
    ]
    rows[1] = rows[1][~issued["person"].isin(["4", "22"])]
    linked = privacy.link_waves(pd.concat(rows), groups, key=key)
    made = privacy.wave_return(linked, key=key, ledger=privacy.Ledger(tmp_path / "left")).frame.set_index("label")
    assert made.loc[["clinician", "other"], "said"].eq(not_reported).all()
    assert made.loc[["clinician", "other"], ["change", "low", "high"]].isna().all(axis=None)
    assert sorted(made.loc[["all", "dispatcher"], "said"]) == sorted([not_reported, "reported"])


@pytest.fixture
def staff(tmp_path):
    """Four clinicians, 24 dispatchers and 15 others, all of whom answered twice."""
    people = pd.DataFrame({"staff": range(43), "role": ["clinician"] * 4 + ["dispatcher"] * 24 + ["other"] * 15})
    key = privacy.new_key(tmp_path / "wave.key", project="team", period="2026", use="waves")
    issued = privacy.issue_codes(people, key=key, person="staff")
    groups = privacy.role_groups(people, codes=privacy.Codes(key.id, issued[["person", "code"]]))
    rng = np.random.default_rng(2)
    rows = [
        pd.DataFrame({"staff": issued["answers"], "wave": wave, "safety_score": rng.uniform(1, 5, 43), "consent": True})
        for wave in (0, 1)
    ]
    return privacy.link_waves(pd.concat(rows), groups, key=key), key, privacy.Ledger(tmp_path / "left")


def test_the_page_says_what_is_not_reported_and_names_the_agreement(staff, tmp_path):
    linked, key, ledger = staff
    made, (page, table) = plan.return_waves(
        linked, tmp_path / "out", key=key, ledger=ledger, employer="County Health", agreement="county 2026-04"
    )
    text = page.read_text(encoding="utf-8")
    for said in ("agreement county 2026-04", "On a scale from 1 to 5; high is safer.", "40 or more", not_reported):
        assert said in text
    assert len(made.frame) == len(pd.read_csv(table)) == 4
    with pytest.raises(DataError, match="is not empty"):
        plan.return_waves(linked, tmp_path / "out", key=key, ledger=ledger, employer="County Health")


def test_of_two_returns_at_once_the_second_is_refused(staff, tmp_path):
    """Each alone is held against a ledger without the other."""
    linked, key, ledger = staff
    first, second = (privacy.wave_return(linked, key=key, ledger=ledger) for _ in range(2))
    privacy.record_return(first, ledger, content=b"", name="first")
    with pytest.raises(DisclosureError, match="another release was recorded"):
        privacy.record_return(second, ledger, content=b"", name="second")


def test_what_could_not_be_written_counts_as_returned_and_leaves_no_file(staff, tmp_path, monkeypatch):
    """Twice in the ledger hides too much; once too few gives somebody away."""
    linked, key, ledger = staff

    def full(*_given, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("coresponder_causal.report.write_all", full)
    with pytest.raises(OSError, match="No space"):
        plan.return_waves(linked, tmp_path / "out", key=key, ledger=ledger, employer="County Health")
    assert not (tmp_path / "out").exists()
    assert len(ledger.cells()["staff_waves.safety_score"]) == 2


def test_linked_waves_are_read_as_they_were_written(staff, tmp_path):
    linked, _, _ = staff
    path = privacy.write_linked(linked, tmp_path / "joined.csv")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = privacy.read_linked(path)
    pd.testing.assert_frame_equal(again.frame[list(linked.frame)], linked.frame, check_dtype=False)
    pd.testing.assert_frame_equal(again.asked, linked.asked, check_dtype=False)
    assert (again.groups, again.scores, again.between, str(again)) == (
        linked.groups, linked.scores, linked.between, str(linked),
    )  # fmt: skip
    assert repr(linked) == "LinkedWaves(43 persons, waves 0 and 1, 86 answers)"


def test_codes_of_a_list_are_refused_where_it_is_unclear(tmp_path):
    key = privacy.new_key(tmp_path / "wave.key", project="team", period="2026", use="waves")
    with pytest.raises(DisclosureError, match="breaks 2 rules") as caught:
        privacy.issue_codes(pd.DataFrame({"officer": ["1", "1 ", None, "2"]}), key=key)
    assert "1 rows without a number (rows 2)" in str(caught.value)
    assert "who stands there before (rows 1)" in str(caught.value)
    made = [privacy.issue_codes(pd.DataFrame({"officer": ["7", "8"]}), key=key) for _ in range(2)]
    pd.testing.assert_frame_equal(*made)
