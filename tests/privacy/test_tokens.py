"""Tokens: spellings that agree, keys that do not show, and what an attacker with a list of names can and cannot do."""

import copy
import hashlib
import json
import logging
import pickle
import stat
import traceback

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import privacy
from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.notes import collecting
from coresponder_causal.privacy.county_return import Key, plain_date, plain_name, sound

KEY = Key(bytes(range(32)), "example", "2026")
NAMES = {"first": "first", "last": "last", "birth": "born"}
LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))
ONSETS = [*"bcdfghjklmnprstvw", "br", "cr", "dr", "gr", "st", "tr", "ch", "sh", "th"]
VOWELS, ENDS = [*"aeiou", "ae", "ia", "ou"], ["", "", "n", "r", "s", "l", "t", "z", "ck", "son", "ez", "man"]


def words(rng, number, syllables):
    """Distinct made-up names."""
    found = set()
    while len(found) < number:
        parts = (rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(rng.choice(syllables)))
        found.add("".join(parts) + rng.choice(ENDS))
    return rng.permutation(sorted(found))


def voters(rng, number):
    """A list of voters: few first names, many last names, both with a long tail."""
    tail = {many: (1 / (np.arange(many) + 10)) / (1 / (np.arange(many) + 10)).sum() for many in (800, 6000)}
    born = pd.Timestamp("1935-01-01") + pd.to_timedelta(rng.integers(0, 365 * 70, number), unit="D")
    return pd.DataFrame(
        {
            "first": rng.choice(words(rng, 800, [1, 2]), number, p=tail[800]),
            "last": rng.choice(words(rng, 6000, [2, 2, 3]), number, p=tail[6000]),
            "born": born.strftime("%Y-%m-%d"),
        }
    )


def mistyped(rng, word):
    """One letter left out, put in, replaced or moved."""
    place, kind = rng.integers(len(word)), rng.integers(4)
    if kind == 3:
        place = rng.integers(max(len(word) - 1, 1))
        return word[:place] + word[place + 1 : place + 2] + word[place] + word[place + 2 :]
    return word[:place] + ("" if kind == 0 else rng.choice(LETTERS)) + word[place + (kind != 1) :]


@pytest.fixture(scope="module")
def towns():
    """Fifty-four thousand voters; fifteen hundred of them called, each name mistyped with chance .3."""
    rng = np.random.default_rng(1)
    listed = voters(rng, 54_000)
    who = rng.choice(len(listed), 1500, replace=False)
    called = listed.iloc[who].reset_index(drop=True)
    for column in ("first", "last"):
        hit = rng.random(len(called)) < 0.3
        called[column] = [
            mistyped(rng, name) if wrong else name for name, wrong in zip(called[column], hit, strict=True)
        ]
    return called, listed, who


@pytest.fixture(scope="module")
def coded(towns):
    called, listed, _ = towns
    return tuple(privacy.tokens(side, key=KEY, **NAMES) for side in (called, listed))


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("García-López, Jr.", "garcialopez"),
        ("GARCIA LOPEZ", "garcialopez"),
        ("O’Brien III", "obrien"),
        ("Weiß", "weiss"),
        ("Sørensen", "sorensen"),
        ("Łukasz", "lukasz"),
        ("D'Angelo", "dangelo"),
        ("de la Cruz", "delacruz"),
        ("Junior", "junior"),
        ("李 小龙", "李小龙"),
        ("  ", ""),
    ],
)
def test_spellings_of_one_name_agree(written, plain):
    assert plain_name(written) == plain


@pytest.mark.parametrize(
    ("written", "day_first", "read"),
    [
        ("1980-02-03", False, ("1980-02-03", False)),
        ("1980-02-03 00:00:00", False, ("1980-02-03", False)),
        ("19800203", False, ("1980-02-03", False)),
        ("2/3/1980", False, ("1980-02-03", True)),
        ("2/3/1980", True, ("1980-03-02", True)),
        ("13.2.1980", False, ("1980-02-13", False)),
        ("2/13/1980", True, ("1980-02-13", False)),
        ("3/3/1980", False, ("1980-03-03", False)),
        ("3 Feb 1980", False, ("1980-02-03", False)),
        ("February 3, 1980", False, ("1980-02-03", False)),
        ("2/30/1980", False, ("", False)),
        ("2/3/80", False, ("", False)),
        ("unknown", False, ("", False)),
    ],
)
def test_notations_of_one_date_agree_and_two_readings_are_told(written, day_first, read):
    assert plain_date(written, day_first=day_first) == read


def test_soundex_is_that_of_the_national_archives():
    """Examples of the US National Archives' page on the Soundex indexing system."""
    examples = {"washington": "W252", "lee": "L000", "gutierrez": "G362", "pfister": "P236", "jackson": "J250"}
    examples |= {"tymczak": "T522", "ashcraft": "A261"}
    assert {name: sound(name).upper() for name in examples} == examples


def test_what_cannot_be_read_and_what_reads_two_ways_is_noted():
    people = pd.DataFrame(
        {"first": ["Ana", None, "Bo"], "last": ["Ruiz", "Cole", "Dean"], "born": ["2/3/1980", "x", None]}
    )
    with collecting() as notes:
        made = privacy.tokens(people, key=KEY, **NAMES)
    assert (made.iloc[1:] == "").all(axis=None)
    assert notes == [
        "2 of 3 rows have no token: a name or a birth date is missing or cannot be read",
        "1 birth dates could be read two ways: the month was taken to come first",
    ]
    assert privacy.link_tokens(made, made)[["left", "right"]].values.tolist() == [[0, 0]]  # empty tokens link nobody


def test_each_combination_forgives_its_own_error():
    told = {
        "Ana Ruiz 1980-02-03": 5,
        "Ruiz Ana 1980-02-03": 1,  # either order
        "Ana Ruiz 1980-03-02": 1,  # day and month
        "Anna Ruiz 1980-02-03": 2,  # sound and initial
        "Ana Ruis 1980-02-03": 1,  # sound
        "Amalia Ruiz 1980-02-03": 1,  # initial
        "Ana Rudd 1980-02-03": 0,
        "Ana Ruiz 1981-02-03": 0,
    }
    people = pd.DataFrame([text.split() for text in told], columns=["first", "last", "born"])
    made = privacy.tokens(people, key=KEY, **NAMES)
    agreeing = (made == made.iloc[0]).sum(axis=1)
    assert agreeing.tolist() == list(told.values())
    assert made.stack().nunique() == made.size - sum(many for many in list(told.values())[1:])


def test_five_tokens_find_again_whom_typing_errors_would_lose(towns, coded):
    """Measured elsewhere with errors of another kind: one keyed digest .495, five .798, no false match.

    Two of 54,000 voters who share a birth date, a last name and an initial do occur: one link in a thousand is wrong.
    """
    who = towns[2]
    pairs = privacy.link_tokens(*coded)
    right = pairs["right"].to_numpy() == who[pairs["left"].to_numpy()]
    recall = pairs.loc[right, "left"].nunique() / len(who)
    one = (coded[0]["token_1"].to_numpy() == coded[1]["token_1"].to_numpy()[who]).mean()
    assert (~right).mean() < 0.002
    assert abs(recall - 0.798) < 3 * np.sqrt(2 * 0.798 * 0.202 / len(who))
    assert abs(one - 0.495) < 3 * np.sqrt(2 * 0.495 * 0.505 / len(who))
    strict = privacy.link_tokens(*coded, rule="two")
    assert set(strict["agreeing"]) == set(pairs["agreeing"]) - {1}
    assert one < len(strict) / len(who) < recall
    assert (strict["right"].to_numpy() == who[strict["left"].to_numpy()]).all()


def test_a_list_of_voters_opens_unkeyed_digests_and_not_keyed_ones(towns, coded):
    called, listed, who = towns

    def unkeyed(people):
        spelt = people["first"] + "|" + people["last"] + "|" + people["born"]
        return [hashlib.sha256(text.encode()).hexdigest() for text in spelt]

    table = dict(zip(unkeyed(listed), listed.index, strict=True))
    opened = [table.get(code) for code in unkeyed(called)]
    spelt_right = (called == listed.iloc[who].reset_index(drop=True)).all(axis=1)
    assert [opened[row] for row in np.flatnonzero(spelt_right)] == who[spelt_right].tolist()
    for secret in (bytes(32), bytes(range(1, 33))):  # the attacker has our program and guesses a key
        guessed = privacy.tokens(listed.iloc[who], key=Key(secret, "example", "2026"), **NAMES)
        assert privacy.link_tokens(coded[0], guessed).empty
        assert not set(coded[0].stack()) & set(table)


def test_several_links_of_one_row_are_told():
    people = pd.DataFrame({"first": ["Ana", "Anna"], "last": ["Ruiz"] * 2, "born": ["1980-02-03"] * 2})
    made = privacy.tokens(people, key=KEY, **NAMES)
    with collecting() as notes:
        pairs = privacy.link_tokens(made, made.iloc[:1])
    assert pairs[["left", "right", "agreeing"]].values.tolist() == [[0, 0, 5], [1, 0, 2]]
    assert pairs["strongest"].tolist() == [
        "first name, last name, birth date",
        "sound of first and last name, birth date",
    ]
    assert notes == ["1 rows on the right are linked to more than one row of the other side"]


def test_rules_and_tables_that_do_not_exist_are_refused():
    with pytest.raises(DisclosureError, match="rule='all' is not a choice"):
        privacy.link_tokens(pd.DataFrame(), pd.DataFrame(), rule="all")
    with pytest.raises(DisclosureError, match="no token columns"):
        privacy.link_tokens(pd.DataFrame(), pd.DataFrame())
    with pytest.raises(DisclosureError, match="column 'born' is missing"):
        privacy.tokens(pd.DataFrame({"first": [], "last": []}), key=KEY, **NAMES)


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "project.key"
    privacy.new_key(path, project="crisis team", period="2026")
    return path


def test_a_key_is_random_private_and_never_written_over(key_file, tmp_path):
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    held = json.loads(key_file.read_text())["key"]
    assert len(bytes.fromhex(held)) == 32
    with collecting() as notes:
        other = privacy.new_key(
            tmp_path / "next.key", project="crisis team", period="2027", replaces=privacy.read_key(key_file)
        )
    first = privacy.read_key(key_file)
    assert notes == [f"key {other.id} takes the place of {first.id}: token lists of the two do not link"]
    assert first.digest("a") != other.digest("a")
    with pytest.raises(DisclosureError, match="never written over"):
        privacy.new_key(key_file, project="crisis team", period="2026")
    assert json.loads(key_file.read_text())["key"] == held
    with pytest.raises(DisclosureError, match="more than letters"):
        privacy.new_key(tmp_path / "third.key", project='"}, evil', period="2026")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_key_that_others_may_read_is_refused(key_file, mode):
    key_file.chmod(mode)
    with pytest.raises(DisclosureError, match="can be read by others") as caught:
        privacy.read_key(key_file)
    assert "chmod 600" in caught.value.mend


def test_the_key_shows_nowhere(key_file, caplog):
    held = json.loads(key_file.read_text())["key"]
    key = privacy.read_key(key_file)
    forms = (held, held.upper(), repr(bytes.fromhex(held)), repr(list(bytes.fromhex(held))))
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("coresponder_causal").warning("using %r", key)
    shown = [repr(key), str(key), f"{key}", key.id, caplog.text]
    for spoil in ("", "zz", held[:-2], held + "00"):
        key_file.write_text(json.dumps({"format": "strata-key-1", "key": spoil, "project": "a", "period": "b"}))
        with pytest.raises(DisclosureError) as caught:
            privacy.read_key(key_file)
        shown += [str(caught.value), "".join(traceback.format_exception(caught.value))]
        assert caught.value.__context__ is None or caught.value.__suppress_context__
    key_file.write_text(held)
    with pytest.raises(DisclosureError) as caught:
        privacy.read_key(key_file)
    shown.append("".join(traceback.format_exception(caught.value)))
    assert [text for text in shown if any(form in text or form[:16] in text for form in forms)] == []
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="does not pickle"):
            take(key)
