"""The commands for files: what they show, write and refuse, and that no value of a cell is among it."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import coresponder_causal as cc
from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError, DisclosureError


def invoke(*arguments: object):
    return CliRunner().invoke(app, ["privacy", *map(str, arguments)])


@pytest.fixture
def rows(tmp_path) -> Path:
    frame = pd.DataFrame(
        {
            "city": ["Davis", "Davis", "Woodland"],
            "phone": ["916-555-0134", None, None],
            "band": ["18-24", "18-24", "25-34"],
            "hold": [1, 0, 1],
            "text": ["Maria Lopez called.", "All calm.", "He named okonkwo."],
        }
    )
    frame.to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path / "rows.csv"


def test_scan_lists_violations_and_ends_with_one(rows, tmp_path):
    ran = invoke("scan", rows, "--statement", tmp_path / "sign.txt")
    assert ran.exit_code == 1
    assert "rows.csv: violations of 45 CFR 164.514(b)(2)(i), letters A, B, D." in ran.output
    assert "0134" not in ran.output
    assert "Maria" not in ran.output
    assert ran.output.count("row 0 is the first below the heading") == 1
    assert "not written while violations stand" in ran.output
    assert not (tmp_path / "sign.txt").exists()
    pd.DataFrame({"hold": [1, 0]}).to_csv(tmp_path / "plain.csv", index=False)
    clean = invoke("scan", tmp_path / "plain.csv", "--statement", tmp_path / "sign.txt")
    assert clean.exit_code == 0
    assert "actual knowledge" in (tmp_path / "sign.txt").read_text()
    assert "no violation found by these checks" in clean.output
    assert invoke("scan", rows, "--role", "hold=nonsense").exit_code == 2
    unequal = invoke("scan", rows, "--role", "hold")
    assert (unequal.exit_code, "write column=role" in unequal.output) == (2, True)
    assert invoke("scan", rows, "--census", "1990").exit_code == 2
    (tmp_path / "names.txt").write_bytes(b"Mu\xf1oz\n")
    latin = invoke("scan", rows, "--known", tmp_path / "names.txt")
    assert (latin.exit_code, "save it as UTF-8" in latin.output) == (2, True)
    assert invoke("scan", tmp_path / "absent.csv").exit_code == 2


def test_limited_writes_the_table_and_the_agreement(rows, tmp_path):
    out = tmp_path / "out"
    ran = invoke("limited", rows, "--purpose", "research", "--out", out)
    assert ran.exit_code == 0, ran.output
    assert pd.read_csv(out / "rows.csv").columns.tolist() == ["city", "band", "hold"]
    assert (out / "agreement.txt").read_text().count("[ ]") == 7
    assert invoke("limited", rows, "--purpose", "sale", "--out", tmp_path / "sold").exit_code == 2
    again = ("limited", rows, "--purpose", "research", "--out", out)
    assert invoke(*again).exit_code == 2
    assert invoke(*again, "--force").exit_code == 0


def test_expert_tells_sizes_of_classes(rows):
    ran = invoke("expert", rows, "--quasi", "band", "--sensitive", "hold", "--population", "1000")
    assert ran.exit_code == 0, ran.output
    assert "3 rows by band: k = 1" in ran.output
    assert "Pitman's formula" in ran.output


def test_redact_then_sign_then_quote(rows, tmp_path):
    out = tmp_path / "out"
    (tmp_path / "names.txt").write_text("Thessaly Okonkwo\n")
    ran = invoke("redact", rows, "--column", "text", "--out", out, "--known", tmp_path / "names.txt")
    assert ran.exit_code == 0, ran.output
    assert "Maria" not in ran.output + (out / "redacted.json").read_text() + (out / "report.txt").read_text()
    done = cc.privacy.read_redacted(out)
    assert done.texts == ("[PERSON 1] called.", "All calm.", "He named [PERSON 1].")
    with pytest.raises(DataError, match=r"no sign_off\.json"):
        cc.privacy.read_sign_off(out)
    word = ("--reader", "A. Reader", "--date", "2026-03-02")
    assert invoke("sign", out, *word, "--missed", 1, "--read", "all").exit_code == 2
    assert invoke("sign", out, *word, "--missed", 0, "--read", "one").exit_code == 2
    assert not (out / "sign_off.json").exists()
    signed = invoke("sign", out, *word, "--missed", 0, "--read", "0,2")
    assert signed.exit_code == 0, signed.output
    found = cc.privacy.quotes(done, cc.privacy.read_sign_off(out), [(0, 0, 10)], of_original=False)
    assert found["text"].tolist() == ["[PERSON 1]"]
    assert invoke("redact", rows, "--column", "absent", "--out", tmp_path / "none").exit_code == 2
    written = (out / "redacted.json").read_bytes()
    assert invoke("redact", rows, "--column", "text", "--out", out).exit_code == 2
    assert (out / "redacted.json").read_bytes() == written
    assert invoke("redact", rows, "--column", "text", "--out", out, "--force").exit_code == 0


def test_changed_texts_are_refused(rows, tmp_path):
    invoke("redact", rows, "--column", "text", "--out", tmp_path / "out")
    path = tmp_path / "out" / "redacted.json"
    content = json.loads(path.read_text())
    content["texts"][1] = "Maria Lopez"
    path.write_text(json.dumps(content))
    with pytest.raises(DisclosureError, match="changed after"):
        cc.privacy.read_redacted(tmp_path / "out")
