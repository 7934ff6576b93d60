"""Redaction keeps no identifier that it finds, names none that it took out, and quotes nothing that nobody has read."""

import importlib.util
from math import comb
from pathlib import Path

import pandas as pd
import pytest

import coresponder_causal as cc
from coresponder_causal.core.errors import DataError, DisclosureError
from coresponder_causal.core.notes import collecting
from coresponder_causal.privacy.measured_page import measured_page
from coresponder_causal.privacy.recognisers import recognise
from coresponder_causal.privacy.redaction_study import measured, narratives, study
from coresponder_causal.privacy.sign_off import SignOff

TEXT = "RP Maria Lopez (916-555-0134) said Lopez's son Daniel fled to 1200 Merkley Ave. Maria waits; J. Xu knows."


def signed(done: cc.privacy.Redacted, read: list[int]) -> SignOff:
    return cc.privacy.sign_off(done, reader="A. Reader, records", date="2026-03-02", read=read, missed=0)


def test_pseudonyms_are_the_same_throughout_a_document_and_start_anew_in_the_next() -> None:
    done = cc.privacy.redact([TEXT, "Daniel Lopez."])
    assert done.texts == (
        "RP [PERSON 1] ([PHONE 1]) said [PERSON 1]'s son [PERSON 2] fled to [ADDRESS 1]. "
        "[PERSON 1] waits; [PERSON 3] knows.",
        "[PERSON 1].",
    )


def test_spans_say_where_and_by_which_recogniser_and_never_what() -> None:
    done = cc.privacy.redact([TEXT])
    assert [TEXT[start:end] for start, end in done.spans[["start", "end"]].values.tolist()] == [
        "Maria Lopez",
        "916-555-0134",
        "Lopez",
        "Daniel",
        "1200 Merkley Ave",
        "Maria",
        "J. Xu",
    ]
    assert set(done.spans["by"]) == {"names", "rules", "names+places"}
    for shown in (repr(done), str(done), done.report(), done.spans.to_string()):
        for piece in ("Maria", "Lopez", "0134", "Merkley", "Daniel", "Xu", "waits"):
            assert piece not in shown
    assert "Not legal advice" in done.report()


def test_known_names_and_places_are_taken_out_however_they_are_written() -> None:
    text = "talked to okonkwo at guinda, then thessaly"
    assert cc.privacy.redact([text]).texts == (text,)
    done = cc.privacy.redact([text], known=["Thessaly Okonkwo"], places=["Guinda"])
    assert done.texts == ("talked to [PERSON 1] at [PLACE 1], then [PERSON 2]",)


@pytest.mark.parametrize(
    ("text", "known", "left"),
    [
        ("spoke with DR LEE. ok", "Lee", "spoke with DR [PERSON 1]. ok"),
        ("LEE said", "Lee", "[PERSON 1] said"),
        ("it was lee; May and the sleet stayed", "May Lee", "it was [PERSON 1]; [PERSON 2] and the sleet stayed"),
        ("QUINONES left", "Quiñones", "[PERSON 1] left"),
        ("then Quin\u0303ones left", "QUINONES", "then [PERSON 1] left"),
        ("o’brien left", "O'Brien", "[PERSON 1] left"),
        ("LOPEZ-VEGA'S dog", "García-López", "[PERSON 1]'S dog"),
        ("then xu left", "Xu", "then [PERSON 1] left"),
        ("the doctor of k 44, not k 445", "K 44", "the doctor of [PERSON 1], not k 445"),
        ("the doctor of la paz", "Dr. de la Cruz", "the doctor of la paz"),
    ],
)
def test_what_is_known_always_goes(text: str, known: str, left: str) -> None:
    assert cc.privacy.redact([text], known=[known]).texts == (left,)


def test_words_stay() -> None:
    text = "He was calm. The officers will call back in the morning; no weapon was seen. Safety plan made."
    assert cc.privacy.redact([text]).texts == (text,)


def test_missing_texts_are_said_and_others_refused_without_showing_them() -> None:
    with collecting() as notes:
        assert cc.privacy.redact(pd.Series(["ok", None])).texts == ("ok", "")
    assert notes == ["1 of 2 documents have no text"]
    with pytest.raises(DataError, match="document 1 is no text but a int") as caught:
        cc.privacy.redact(["ok", 5550134])
    assert "5550134" not in str(caught.value)
    with pytest.raises(DataError, match="no such recognisers"):
        cc.privacy.redact(["ok"], recognisers="model")


def test_the_digest_freezes_the_texts() -> None:
    first, again = cc.privacy.redact([TEXT]), cc.privacy.redact([TEXT])
    assert first.sha256 == again.sha256 != cc.privacy.redact([TEXT + " "]).sha256


def test_nothing_is_quoted_without_a_reader() -> None:
    done = cc.privacy.redact([TEXT, "All calm."])
    with pytest.raises(DisclosureError, match="nobody has read"):
        cc.privacy.quotes(done, None, [(0, 0, 2)])
    with pytest.raises(DisclosureError, match="for other texts"):
        cc.privacy.quotes(done, signed(cc.privacy.redact(["All calm.", "x"]), [0]), [(0, 0, 2)])
    with pytest.raises(DisclosureError, match=r"1 documents have not been read by a person \(0\)"):
        cc.privacy.quotes(done, signed(done, [1]), [(0, 0, 2), (1, 0, 3)])
    tampered = cc.privacy.Redacted(
        texts=("Maria Lopez", "x"), spans=done.spans, recognisers=done.recognisers, sha256=done.sha256
    )
    with pytest.raises(DisclosureError, match="for other texts"):
        cc.privacy.quotes(tampered, signed(done, [0, 1]), [(0, 0, 2)])
    with pytest.raises(DataError, match="passage 0 is not inside document 1"):
        cc.privacy.quotes(done, signed(done, [1]), [(1, 4, 40)])


@pytest.mark.parametrize(
    ("passage", "quoted"),
    [
        ("said", "said"),
        ("Maria Lopez (916", "[PERSON 1] ([PHONE 1]"),
        ("opez's son", "[PERSON 1]'s son"),
        ("fled to 1200", "fled to [ADDRESS 1]"),
        ("waits; J. Xu knows.", "waits; [PERSON 3] knows."),
        (TEXT, None),
    ],
)
def test_passages_of_the_original_are_found_in_the_redacted_text(passage: str, quoted: str | None) -> None:
    done = cc.privacy.redact([TEXT])
    start = TEXT.rindex(passage) if passage.startswith("opez") else TEXT.index(passage)
    found = cc.privacy.quotes(done, signed(done, [0]), [(0, start, start + len(passage))])
    assert found["text"].tolist() == [done.texts[0] if quoted is None else quoted]
    redacted = cc.privacy.quotes(done, signed(done, [0]), [(0, 0, 13)], of_original=False)
    assert redacted["text"].tolist() == ["RP [PERSON 1]"]


def test_a_sign_off_needs_a_person_a_date_and_a_count_of_nothing() -> None:
    done = cc.privacy.redact(["a", "b"])
    with pytest.raises(DataError, match="nobody is named"):
        cc.privacy.sign_off(done, reader=" ", date="2026-03-02", read=[0], missed=0)
    with pytest.raises(DataError, match="no date"):
        cc.privacy.sign_off(done, reader="A", date="in March", read=[0], missed=0)
    for read in ([], [2], [-1]):
        with pytest.raises(DataError, match="not named rightly"):
            cc.privacy.sign_off(done, reader="A", date="2026-03-02", read=read, missed=0)
    with pytest.raises(DisclosureError, match="found 2 identifiers in 1 documents"):
        cc.privacy.sign_off(done, reader="A", date="2026-03-02", read=[1], missed=2)
    with pytest.raises(DataError, match="-1 identifiers found"):
        cc.privacy.sign_off(done, reader="A", date="2026-03-02", read=[1], missed=-1)
    with pytest.raises(TypeError, match="missed"):
        cc.privacy.sign_off(done, reader="A", date="2026-03-02", read=[1])


@pytest.mark.parametrize(("n", "of"), [(1, 2), (5, 40), (30, 30), (59, 1000)])
def test_what_a_sample_without_a_find_says_of_the_rest(n: int, of: int) -> None:
    # By counting: the largest number of bad documents that n drawn of all miss with probability 0.05 or more.
    largest = max(bad for bad in range(of - n + 1) if comb(of - bad, n) / comb(of, n) >= 0.05)
    word = SignOff(sha256="", reader="A", date="2026-03-02", read=tuple(range(n)), of=of)
    assert word.at_most == pytest.approx(largest / of, abs=1e-12)


def test_documents_to_read_are_drawn_by_lot() -> None:
    done = cc.privacy.redact(["x"] * 50)
    drawn = cc.privacy.reading_sample(done, size=10, seed=1)
    assert drawn == cc.privacy.reading_sample(done, size=10, seed=1) != cc.privacy.reading_sample(done, size=10, seed=2)
    assert len(set(drawn)) == 10
    with pytest.raises(DataError, match="60 of 50"):
        cc.privacy.reading_sample(done, size=60, seed=1)


def test_recall_on_planted_identifiers_is_what_the_shipped_table_says() -> None:
    shipped = pd.read_csv(measured)
    ours = study(replications=2, seed=4).query("kind != 'false alarm'").groupby("part")[["planted", "rules"]].sum()
    there = shipped.query("kind != 'false alarm'").groupby("part")[["planted", "rules"]].sum()
    for part in ("documents", "held_out"):
        # Two replications of some hundred spans: three standard errors of the share.
        shares = [table.loc[part, "rules"] / table.loc[part, "planted"] for table in (ours, there)]
        assert shares[0] == pytest.approx(shares[1], abs=3 * (0.25 / ours.loc[part, "planted"]) ** 0.5), part
    numbers = shipped.query("kind in ['ssn', 'phone', 'email', 'mrn', 'plate', 'plan', 'ip']")
    assert (numbers["rules"] == numbers["planted"]).all()
    assert (shipped.query("kind != 'false alarm'")["both"] >= shipped.query("kind != 'false alarm'")["rules"]).all()


def test_what_is_planted_is_in_the_text() -> None:
    for _, text, planted in narratives(replications=1, seed=2):
        assert all(0 <= one.start < one.end <= len(text) for one in planted)
        assert [one.start for one in planted] == sorted(one.start for one in planted)


def test_presidio_is_asked_for_by_name_and_its_absence_is_said() -> None:
    if importlib.util.find_spec("presidio_analyzer") is None:
        with pytest.raises(DataError, match="presidio needs presidio_analyzer") as caught:
            cc.privacy.redact(["x"], recognisers="rules and presidio")
        assert caught.value.__suppress_context__
    else:
        text = "then thessaly said that Thessaly Okonkwo left"
        done = cc.privacy.redact([text], recognisers="rules and presidio")
        assert len(done.spans) >= len(recognise(text, eager=True))


def test_the_page_of_what_was_measured_is_the_one_that_its_tables_make() -> None:
    page = Path(__file__).parents[2] / "docs" / "identifiers.md"
    assert page.read_text(encoding="utf-8") == measured_page()
