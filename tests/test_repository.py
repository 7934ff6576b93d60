"""What may be in the repository, and what its files must agree on."""

import re
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from coresponder_causal.core.version import VERSION

ROOT = Path(__file__).parents[1]
FOLDERS = {"coresponder_causal", "data_dictionary", "docs", "notebooks", "reproductions", "tests", ".ci"}
FILES = {
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "requirements-engines.lock",
    "requirements.lock",
}
TABLE_SUFFIXES = {
    ".dta",
    ".feather",
    ".gz",
    ".parquet",
    ".pkl",
    ".rda",
    ".rdata",
    ".rds",
    ".sav",
    ".xls",
    ".xlsx",
    ".zip",
}
LARGEST = 1_000_000
ENGINES = {"spark", "cluster"}  # large: a lock of their own, on top of the lock
BESIDE_THE_LOCK = {"redact", "peers", *ENGINES}

# Spelt in halves, so that this file does not find itself.
REGISTRY_HOSTS = (
    "pypi." + "org",
    "pythonhosted." + "org",
    "conda." + "anaconda",
    "npmjs." + "org",
    "proxy.golang." + "org",
)
MACHINE_PATH = re.compile(
    r"(?<![\w.])/(?:" + "|".join(("ho" + "me", "Us" + "ers", "ro" + "ot", "wo" + "rk", "tm" + "p")) + r")/"
)


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("needs a git checkout: an unpacked archive does not say what is tracked")
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def below(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def misplaced(names: list[str]) -> list[str]:
    heads = ((name, *name.split("/", 1)) for name in names)
    return [name for name, head, *rest in heads if head not in (FOLDERS if rest else FILES)]


def betrayals(text: str) -> list[str]:
    """Registry hosts and machine paths in a text, as ``line: what``."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        found += [f"{number}: package registry {host}" for host in REGISTRY_HOSTS if host in line.lower()]
        found += [f"{number}: machine path {match[0]}" for match in MACHINE_PATH.finditer(line)]
    return found


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(text: str) -> dict[str, int]:
    """Distributions of a lock, each with the smallest number of hashes that one of its pins has."""
    pins: dict[str, int] = {}
    for pin in re.split(r"\n(?=\w)", text):
        if name := re.match(r"([\w.-]+)==", pin):
            hashes = len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", pin))
            pins[normal(name[1])] = min(hashes, pins.get(normal(name[1]), hashes))
    return pins


def project() -> Mapping[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_everything_is_in_a_place_that_the_house_has() -> None:
    assert misplaced([below(path) for path in tracked()]) == []


def test_no_file_names_a_registry_or_a_machine() -> None:
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="replace")
        found += [f"{below(path)}:{what}" for what in betrayals(text)]
    assert found == []


def test_no_data_of_others_and_nothing_large_is_tracked() -> None:
    paths = tracked()
    assert [below(path) for path in paths if path.suffix.lower() in TABLE_SUFFIXES] == []
    assert [below(path) for path in paths if path.stat().st_size > LARGEST] == []


@pytest.mark.parametrize("name", ["stray.txt", "scratch/notes.md", "lib/coresponder_causal/x.py"])
def test_a_misplaced_file_is_found(name: str) -> None:
    assert misplaced([name, "README.md", "docs/methods.md"]) == [name]


def test_registries_and_machine_paths_are_found() -> None:
    assert betrayals("fine\nsee https://" + REGISTRY_HOSTS[0]) == [f"2: package registry {REGISTRY_HOSTS[0]}"]
    assert betrayals("open('/ho" + "me/ann/calls.csv')") == ["1: machine path /ho" + "me/"]
    assert betrayals("https://example.net/wares/home.html and docs/tmp/x") == []


def test_one_version_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[([^\]]+)\]", changelog, re.MULTILINE)
    assert newest is not None
    assert {project()["version"], citation["version"], newest[1]} == {VERSION}


def test_the_citation_has_what_the_format_requires() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["message"]
    assert citation["license"] == project()["license"]
    assert citation["title"]
    assert all(author.get("name") or author.get("family-names") for author in citation["authors"])


def test_the_lock_holds_every_dependency_with_hashes() -> None:
    wanted = [
        *project()["dependencies"],
        *(
            item
            for name, extra in project()["optional-dependencies"].items()
            if name not in BESIDE_THE_LOCK
            for item in extra
        ),
    ]
    names = {normal(re.match(r"[\w.-]+", requirement)[0]) for requirement in wanted}
    pins = locked((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    assert names - set(pins) == set(), "run the command at the top of requirements.lock again"
    assert [name for name, hashes in pins.items() if not hashes] == []


def test_the_engines_lock_holds_both_engines_and_agrees_with_the_lock() -> None:
    texts = {
        name: (ROOT / name).read_text(encoding="utf-8") for name in ("requirements.lock", "requirements-engines.lock")
    }
    engines = locked(texts["requirements-engines.lock"])
    wanted = {item for name in ENGINES for item in project()["optional-dependencies"][name]}
    names = {normal(re.match(r"[\w.-]+", requirement)[0]) for requirement in wanted}
    assert names - set(engines) == set(), "run the command at the top of requirements-engines.lock again"
    assert [name for name, hashes in engines.items() if not hashes] == []
    pins, others = (dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)) for text in texts.values())
    assert {name: version for name, version in others.items() if pins.get(name, version) != version} == {}


def test_the_lock_reader_sees_a_pin_without_a_hash() -> None:
    hashed = f" \\\n    --hash=sha256:{'a' * 64}\n"
    text = f"# made\nOne.Two==1 ; x < '3'{hashed}    # via z\nOne.Two==2\nthree==3{hashed}"
    assert locked(text) == {"one-two": 0, "three": 1}


def test_the_readme_says_how_to_run_and_test() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("run", "test"):
        assert re.search(rf"^<!-- command: {name} -->\n+```\w*\n[^`]+\n```$", readme, re.MULTILINE), name
