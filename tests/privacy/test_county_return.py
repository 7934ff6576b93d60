"""The county's file: alone with the standard library, it returns counts, never a row, and none that is small."""

import ast
import csv
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from coresponder_causal import privacy
from coresponder_causal.privacy import county_return
from coresponder_causal.privacy.county_return import Counts, Head, Person, Refusal, Row, merged, shown, tokens_of

SOURCE = Path(county_return.__file__)
TREE = ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 9))
RETURNED = {
    "format", "project", "period", "key", "by", "follow", "agreeing", "smallest", "epsilon", "noise_variance",
    "persons", "linked", "cells",
}  # fmt: skip
FIRST, LAST = "Canaria", "Vogelsang"  # in every file of the county, and to be found in none that leaves


def person(number):
    born = np.datetime64("1950-01-01") + 7 * number
    return Person(f"{FIRST}{number % 23}", f"{LAST}{number}", str(born))


def write_tokens(path, key, rows, **stated):
    head = {"format": "strata-tokens-1", "key": key.id, "by": "quarter", "follow": 1, "agreeing": 1} | stated
    with path.open("w", newline="") as file:
        file.write(f"# {json.dumps(head)}\n")
        writer = csv.writer(file)
        writer.writerow(["arm", "stratum", "period", *county_return.token_columns])
        for number, arm, stratum in rows:
            tokens = tokens_of(county_return.Person(*map(normal, person(number))), key)
            writer.writerow([arm, stratum, "2021-Q3", *tokens])


def normal(text):
    return text if text[:4].isdigit() else county_return.plain_name(text)


def write_records(path, numbers, day="2021-08-15"):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(county_return.record_columns)
        writer.writerows([person.first.upper(), person.last, person.birth, day] for person in map(person, numbers))


@pytest.fixture
def county(tmp_path):
    """Two strata of 120 persons, half of them treated; in each cell 20 are connected, 30 in the treated ones."""
    rows = [(number, number % 2, 1 + number // 120) for number in range(240)]
    served = [number for number, arm, stratum in rows if number % 120 < (60 if arm else 40)]
    folder = tmp_path / "county"
    folder.mkdir()
    key = privacy.new_key(folder / "project.key", project="crisis team", period="2021")
    write_tokens(folder / "tokens.csv", key, rows)
    write_records(folder / "records.csv", served)
    privacy.county_file(folder / "county_return.py")
    return folder


def arguments(folder, *more):
    given = {"--tokens": "tokens.csv", "--records": "records.csv", "--key": "project.key"}
    return [*(part for name, file in given.items() for part in (name, str(folder / file))), *map(str, more)]


def alone(folder, *more):
    """Run the file in an interpreter that has no packages, no environment and another working folder.

    Without ``--out`` a copy of the folder takes the return and the marks.
    """
    if "--out" not in more:
        with tempfile.TemporaryDirectory() as copied:
            there = Path(shutil.copytree(folder, Path(copied) / "county"))
            return alone(there, *more, "--out", there / "looked.json")
    command = [sys.executable, "-I", "-S", str(folder / "county_return.py"), *arguments(folder, *more)]
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=False)


def test_it_needs_the_standard_library_alone_and_python_3_9():
    imported = {
        name.partition(".")[0]
        for node in ast.walk(TREE)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names
    assert not any(isinstance(node, ast.Match) for node in ast.walk(TREE))


def test_it_runs_without_packages_and_shows_what_it_writes(county):
    bare = subprocess.run([sys.executable, "-I", "-S", "-c", "import numpy"], capture_output=True, check=False)
    assert bare.returncode != 0  # nothing is installed for the interpreter that runs it
    done = alone(county, "--out", county / "returned.json")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (county / "returned.json").read_text()
    said = json.loads(done.stdout)
    assert set(said) == RETURNED
    assert [tuple(cell.values()) for cell in said["cells"]] == [
        ([1], 0, 60, 20), ([1], 1, 60, 30), ([2], 0, 60, 20), ([2], 1, 60, 30),
    ]  # fmt: skip
    assert (said["persons"], said["linked"], said["epsilon"]) == (240, 100, None)
    assert stat.S_IMODE((county / "returned.json").stat().st_mode) == 0o600


def test_nothing_of_a_row_is_written_or_shown(county):
    done = alone(county, "--out", county / "returned.json")
    secret = json.loads((county / "project.key").read_text())["key"]
    with (county / "tokens.csv").open() as file:
        file.readline()
        tokens = {line[name] for line in csv.DictReader(file) for name in county_return.token_columns}
    assert len(tokens) > 1000
    left = [
        done.stdout,
        done.stderr,
        *((county / name).read_text() for name in ("returned.json", "project.key.answered")),
    ]
    for text in left:
        assert FIRST.lower() not in text.lower()
        assert LAST.lower() not in text.lower()
        assert secret not in text
        assert not any(token in text for token in tokens)


def test_only_the_statement_and_the_marks_are_ever_written():
    """Whoever reads the file finds two writers: the screens, and `write_private`, called with these two texts alone."""
    calls = [node for node in ast.walk(TREE) if isinstance(node, ast.Call)]
    named = Counter(ast.unparse(node.func) for node in calls)
    assert sum(many for name, many in named.items() if "write" in name and name.startswith("sys.std")) == 4
    assert [ast.unparse(node) for node in calls if ast.unparse(node.func) == "write_private"] == [
        "write_private(ledger, '\\n'.join(marks) + '\\n')",
        "write_private(asked.out, text)",
    ]
    others = [name for name in named if "write" in name and not name.startswith("sys.std")]
    assert sorted(others) == ["file.write", "write_private"]
    opened = [
        ast.unparse(node)
        for node in calls
        if ast.unparse(node.func).endswith(".open") and "os." not in ast.unparse(node)
    ]
    assert all("'w" not in text and "'a" not in text for text in opened)
    assert named["os.fdopen"] == named["os.open"] == 1
    assert "print" not in named


@pytest.mark.parametrize(
    ("persons", "connected", "may"),
    [
        (0, 0, True), (60, 0, False), (60, 1, False), (60, 10, False), (60, 11, True), (60, 49, True), (60, 50, False),
        (60, 60, False), (22, 11, True), (21, 11, False), (10, 0, False), (1, 0, False), (1, 1, False),
    ],
)  # fmt: skip
def test_a_cell_is_shown_if_neither_those_with_nor_those_without_are_few(persons, connected, may):
    """All connected would tell of everybody in the cell; none connected, of one person among others made up."""
    assert shown(persons, connected) is may


def counts(*cells):
    """Counts of strata 1, 2, … from (persons, connected) without and with the treatment."""
    persons = {(level, arm): pair[0] for level, pairs in enumerate(cells, 1) for arm, pair in enumerate(pairs)}
    hits = {(level, arm): pair[1] for level, pairs in enumerate(cells, 1) for arm, pair in enumerate(pairs)}
    return Counts(list(range(1, len(cells) + 1)), Counter(persons), Counter(hits), sum(hits.values()))


GOOD = ((60, 20), (60, 20))


@pytest.mark.parametrize(
    ("cells", "groups"),
    [
        ((GOOD, GOOD), [(1,), (2,)]),
        ((GOOD, ((60, 4), (60, 20)), GOOD), [(1, 2), (3,)]),
        ((((90, 30), (60, 20)), ((60, 4), (60, 20)), GOOD), [(1,), (2, 3)]),  # the smaller neighbour
        ((((60, 20), (60, 55)), GOOD, GOOD), [(1, 2), (3,)]),
        ((((60, 4), (60, 20)), ((60, 4), (60, 20)), GOOD), [(1, 2, 3)]),  # eight together are still few
        ((GOOD, ((60, 20), (0, 0))), [(1,), (2,)]),
    ],
)
def test_strata_with_small_cells_are_merged_with_a_neighbour(cells, groups):
    assert merged(counts(*cells), noisy=False) == groups


def test_where_all_strata_together_are_small_nothing_is_returned():
    with pytest.raises(Refusal, match="with all strata in one"):
        merged(counts(((60, 2), (60, 20)), ((60, 2), (60, 20))), noisy=False)
    assert merged(counts(((60, 2), (60, 20)), ((60, 2), (60, 20))), noisy=True) == [(1,), (2,)]


@pytest.mark.parametrize("connected", [0, 1])
def test_one_person_among_others_made_up_is_hidden_whether_connected_or_not(connected):
    """The attack: of the others nobody can be connected, so that none or one is the person's own answer."""
    assert merged(counts(GOOD, ((12, connected), (60, 20)), GOOD), noisy=False) == [(1, 2), (3,)]


def test_a_stratum_for_each_person_tells_of_nobody(county):
    """The attack: whoever cuts the strata cuts them so fine that a cell is a person."""
    key = privacy.read_key(county / "project.key")
    write_tokens(county / "tokens.csv", key, [(number, number % 2, number) for number in range(240)])
    done = alone(county)
    assert done.returncode == 0, done.stderr
    for noisy in ((), ("--epsilon", "1")):
        cells = json.loads(alone(county, *noisy).stdout)["cells"]
        assert all(cell["persons"] == 0 or cell["persons"] >= 11 for cell in cells)
        assert noisy or all(shown(cell["persons"], cell["connected"]) for cell in cells)


def test_small_cells_are_refused_where_merging_is_not_wanted(county):
    write_records(county / "records.csv", [*range(60), *range(120, 124)])
    assert json.loads(alone(county).stdout)["cells"][0]["strata"] == [1, 2]
    refused = alone(county, "--small", "refuse")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "a cell is below 11 with 2 strata" in refused.stderr
    assert "fewer strata" in refused.stderr


def test_a_person_is_counted_once_also_under_another_spelling(county):
    """The attack: the same list less one person gives that person by subtraction."""
    key = privacy.read_key(county / "project.key")
    assert alone(county, "--out", county / "returned.json").returncode == 0
    write_tokens(county / "tokens.csv", key, [(number, number % 2, 1) for number in range(1, 240)])
    again = alone(county, "--out", county / "second.json")
    assert (again.returncode, again.stdout) == (2, "")
    assert "239 of 239 persons were counted in an earlier return of this key" in again.stderr
    assert not (county / "second.json").exists()
    spelt = [line.split(",") for line in (county / "tokens.csv").read_text().splitlines()]
    spelt[2][3:7] = ["f" * 32, "e" * 32, "d" * 32, "c" * 32]  # of one person a single token is left
    for line in spelt[3:]:
        line[3:] = [os.urandom(16).hex() for _ in county_return.token_columns]
    (county / "tokens.csv").write_text("\n".join(",".join(line) for line in spelt[:2] + spelt[2:]) + "\n")
    assert "1 of 239 persons were counted" in alone(county).stderr
    assert "is there already" in alone(county, "--out", county / "returned.json").stderr


def test_nothing_is_shown_without_marking_who_was_counted(county):
    """The attack: counts on the screen, a person less in the list, and counts again."""
    with pytest.raises(SystemExit):
        county_return.county_return(arguments(county))
    lost = alone(county, "--out", county / "absent" / "returned.json")
    assert (lost.returncode, lost.stdout) == (2, "")
    assert not (county / "project.key.answered").exists()  # so that mending the path is enough
    assert alone(county, "--out", county / "returned.json").returncode == 0
    assert len((county / "project.key.answered").read_text().split()) == 240 * 5


STRAY = ["Ann,Stray,1990-01-01,2021-08-01", '"Ann,Stray,1990-01-01,2021-08-01']


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([STRAY[1]], "beginning in lines 2 "),  # swallows all the rest
        ([STRAY[0], '"Ann,Stray,1990-01-01,2021-08-01', 'Bo,"Stray",1990-01-01,2021-08-01'], "beginning in lines 3 "),
        ([STRAY[1], '",Stray,1990-01-01,2021-08-01'], "1 records of"),  # two lines become one record
        (['Ann,"""Stray""",1990-01-01,2021-08-01'], "beginning in lines 2 "),
        (["Ann,Stray,Jr,1990-01-01,2021-08-01", STRAY[0], "Ann,Stray"], "2 records of"),
    ],
)
def test_records_that_run_into_each_other_are_refused_by_their_lines(county, lines, said):
    head, *rest = (county / "records.csv").read_text().splitlines()
    (county / "records.csv").write_text("\n".join([head, *lines, *rest]) + "\n")
    done = alone(county)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Stray" not in done.stderr


def test_blank_lines_and_more_columns_are_no_matter(county):
    lines = (county / "records.csv").read_text().splitlines()
    before = alone(county).stdout
    (county / "records.csv").write_text("\n\n".join(f'1,{line},"a, b"' for line in lines) + "\n\n")
    assert alone(county).stdout == before != ""


def test_linked_persons_are_told_only_where_that_tells_of_no_few(county):
    assert json.loads(alone(county).stdout)["linked"] == 100
    records = (county / "records.csv").read_text()
    for late, told in ((3, None), (15, 115)):
        write_records(county / "late.csv", range(100, 100 + late), day="2030-01-01")  # known, and not in time
        more = "".join((county / "late.csv").read_text().splitlines(keepends=True)[1:])
        (county / "records.csv").write_text(records + more)
        assert json.loads(alone(county).stdout)["linked"] == told


@pytest.mark.parametrize(
    ("day", "counts_as"),
    [("2021-06-30", 0), ("2021-07-01", 100), ("2021-12-31", 100), ("2022-01-01", 0), ("8/15/2021", 100)],
)
def test_a_service_counts_in_the_period_and_in_those_after_it(county, day, counts_as):
    rows = [(number, number % 2, 1 + number // 120) for number in range(240)]
    served = [number for number, arm, _ in rows if number % 120 < (60 if arm else 40)]
    write_records(county / "records.csv", served, day=day)
    done = alone(county)
    if counts_as:
        assert sum(cell["connected"] for cell in json.loads(done.stdout)["cells"]) == counts_as
    else:
        assert (done.returncode, done.stdout) == (2, "")
        assert "below 11 with all strata in one" in done.stderr


def test_a_record_belongs_to_one_row_whatever_the_other_records_are():
    """So that one person's records move one count by one at most."""
    key = county_return.Key(bytes(32), "example", "2021")
    people = [
        Person("ana", "ruiz", "1980-02-03"),
        Person("anna", "ruiz", "1980-02-03"),
        Person("bo", "dean", "1990-01-01"),
    ]
    rows = [Row(tokens_of(one, key), 0, 1, 8086) for one in people]
    seen = [
        tokens_of(Person(*one), key)
        for one in [("ana", "ruiz", "1980-02-03"), ("alma", "ruiz", "1980-02-03"), ("x", "y", "1980-02-03")]
    ]
    assert list(county_return.owners(rows, seen, 1)) == [(0, False), (0, True), (-1, False)]
    assert list(county_return.owners(rows, seen[::-1], 1)) == [(-1, False), (0, True), (0, False)]
    assert list(county_return.owners(rows, seen, 2)) == [(0, False), (-1, False), (-1, False)]
    services = {seen[0]: {"2021-08-01"}, seen[1]: {"2021-08-02"}}
    found, said = county_return.counted(Head("quarter", 1, 1), rows, services)
    assert (found.linked, dict(found.connected)) == (1, {(1, 0): 1})
    assert said.startswith("1 identities agree with several rows")


@pytest.mark.parametrize("epsilon", ["1", "0.5", "1/4"])
def test_noise_has_the_law_it_says(epsilon):
    draws = np.array([county_return.noise(Fraction(epsilon)) for _ in range(3000)])
    variance = county_return.noise_variance(float(Fraction(epsilon)))
    assert abs(draws.mean()) < 5 * np.sqrt(variance / len(draws))
    assert draws.var() == pytest.approx(variance, rel=5 * np.sqrt(5 / len(draws)))  # the fourth moment is below six
    q = np.exp(-float(Fraction(epsilon)) / 2)
    none = (1 - q) / (1 + q)
    assert (draws == 0).mean() == pytest.approx(none, abs=5 * np.sqrt(none / len(draws)))


def test_noisy_counts_say_so_and_hide_the_linked(county):
    said = json.loads(alone(county, "--epsilon", "0.5").stdout)
    assert (said["epsilon"], said["linked"]) == (0.5, None)
    assert said["noise_variance"] == pytest.approx(county_return.noise_variance(0.5))
    assert [cell["persons"] for cell in said["cells"]] == [60] * 4
    assert len({alone(county, "--epsilon", "0.5").stdout for _ in range(3)}) > 1
    for wrong in ("0", "2", "-1"):
        assert "outside 0 to 1" in alone(county, f"--epsilon={wrong}").stderr
    for wrong in ("x", "1/0"):
        refused = alone(county, "--epsilon", wrong)
        assert (refused.returncode, refused.stderr.splitlines()[0]) == (2, "epsilon is no number")


WINDOWS = ",".join(county_return.record_columns).encode() + b"\nJos\xe9,Ruiz,1990-01-01,2021-08-01\n"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "project.key").chmod(0o644), "can be read by others"),
        (lambda folder: (folder / "tokens.csv").write_text("arm,stratum\n"), "is not a token list"),
        (lambda folder: (folder / "records.csv").write_text("name\nx\n"), "has no column first_name, last_name"),
        (lambda folder: (folder / "records.csv").unlink(), "No such file"),
        (lambda folder: (folder / "records.csv").write_text(""), "is empty"),
        (lambda folder: (folder / "records.csv").write_bytes(WINDOWS), "is not written in UTF-8"),
        (lambda folder: rewritten(folder, "\n1,1,", '\n"1,1,'), "is not a token list"),
        (lambda folder: rewritten(folder, "strata-tokens-1", "strata-tokens-9"), "another version"),
        (lambda folder: rewritten(folder, '"key": "', '"key": "x'), "with another key"),
        (lambda folder: rewritten(folder, "2021-Q3", "July"), "is not a token list"),
        (lambda folder: rewritten(folder, "\n1,", "\n2,"), "arms other than 0 and 1"),
    ],
)
def test_what_cannot_be_used_is_said_without_a_trace(county, spoil, said):
    spoil(county)
    done = alone(county, "--out", county / "returned.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (county / "returned.json").exists()
    assert not (county / "project.key.answered").exists()


def rewritten(folder, old, new):
    path = folder / "tokens.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
