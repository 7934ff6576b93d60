"""The site holds every page, and says of every public name what it is."""

import inspect
import re
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import coresponder_causal

DOCS = Path(__file__).parents[1] / "docs"
ROOMS = {
    found.name: import_module(found.name)
    for found in walk_packages(coresponder_causal.__path__, "coresponder_causal.")
    if found.ispkg and hasattr(import_module(found.name), "__all__")
}
PUBLIC = [(room, name) for room, module in ROOMS.items() for name in module.__all__]
FOR_USERS = [(room, name) for room, name in PUBLIC if not room.startswith("coresponder_causal.core.")]


def contents(page: Path) -> set[Path]:
    """Pages that the contents of a page name, taken further through each of them."""
    found = {page}
    for block in re.findall(r"^```{toctree}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            entry = re.sub(r"^.*<(.+)>$", r"\1", line)
            if entry and not entry.startswith(":"):
                for named in page.parent.glob(f"{entry}.md"):
                    found |= contents(named.resolve())
    return found


def documented(text: str) -> set[str]:
    """Public names that a page of ``docs/api`` documents: all of a room, or one that holds a value."""
    rooms = re.findall(r"automodule:: ([\w.]+)\n +:members:", text)
    names = {f"{room}.{name}" for room in rooms for name in getattr(ROOMS.get(room), "__all__", ())}
    room = "".join(re.findall(r"currentmodule:: ([\w.]+)", text))
    return names | {f"{room}.{name}" for name in re.findall(r"py:data:: (\w+)\n", text)} | set(rooms)


def unsaid(function: object) -> list[str]:
    """Parameters that the section "Parameters" of a docstring does not name."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[\w ]+\n-+\n|\Z)", inspect.getdoc(function) or "", re.M | re.S)
    said = re.findall(r"^\*{0,2}(\w[\w*, ]*)(?= :|$)", section[1] if section else "", re.M)
    names = {name.strip(" *") for line in said for name in line.split(",")}
    return [name for name in inspect.signature(function).parameters if name not in names]


def test_every_page_is_in_the_contents() -> None:
    assert {path.resolve() for path in DOCS.rglob("*.md")} - contents(DOCS / "index.md") == set()


def test_every_public_name_has_a_page() -> None:
    pages = {name for page in (DOCS / "api").glob("*.md") for name in documented(page.read_text(encoding="utf-8"))}
    assert {f"{room}.{name}" for room, name in PUBLIC} - pages == set()


@pytest.mark.parametrize("room", sorted({room for room, _ in FOR_USERS}))
def test_every_public_function_says_what_its_parameters_are(room: str) -> None:
    found = {name: getattr(ROOMS[room], name) for home, name in FOR_USERS if home == room}
    short = {name: unsaid(entry) for name, entry in found.items() if inspect.isfunction(entry)}
    assert {name: missing for name, missing in short.items() if missing} == {}


def test_the_readers_see_what_is_missing(tmp_path: Path) -> None:
    def told(one, two, *, three):
        """Return.

        Parameters
        ----------
        one, two : int
            Numbers.
        """

    (tmp_path / "index.md").write_text("```{toctree}\n:caption: C\n\nhere\n```\n")
    (tmp_path / "here.md").write_text("text")
    assert unsaid(told) == ["three"]
    assert contents(tmp_path / "index.md") == {tmp_path / "index.md", (tmp_path / "here.md").resolve()}
    assert documented("automodule:: coresponder_causal.validity\n") == set()
