"""The floors of the house: who may import whom, read from the syntax tree of every module, never from an import."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "coresponder_causal"

# From the ground up; rooms on one floor do not import each other.
FLOORS = (
    ("core",),
    ("data",),
    ("simulate", "privacy"),
    ("qualitative",),
    ("design",),
    ("estimate",),
    ("check",),
    ("validity",),
    ("decide",),
    ("report",),
    ("plan",),
    ("reproduce", "notebooks", "testing", "bench"),
    ("cli",),
)
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
ONE_FILE_EACH = {"estimate": "estimators", "check": "checks"}
DOORS = {"estimate": {"__init__"}, "check": {"__init__", "battery", "refute"}}  # which know all files of their room
P_VALUES = PurePosixPath(PACKAGE, "core", "inference")
METHOD_LIBRARIES = {"statsmodels", "linearmodels", "econml", "dowhy", "sklearn"}
ALLOWED_BELOW = {("qualitative", "sklearn")}  # themes of texts
HEAVY = METHOD_LIBRARIES | {"matplotlib", "ibis", "duckdb", "openpyxl", "pandera"}


@dataclass(frozen=True)
class Module:
    """One source file, named by its path below the repository."""

    path: PurePosixPath
    tree: ast.Module

    @property
    def room(self) -> str:
        room = self.path.with_suffix("").parts[1]
        return "cli" if room.startswith("cli_") or room == "__main__" else room

    @property
    def package(self) -> tuple[str, ...]:
        return self.path.parent.parts


@dataclass(frozen=True)
class Import:
    """One imported name in full, and whether importing the module runs it."""

    line: int
    target: str
    at_import: bool

    @property
    def top(self) -> str:
        return self.target.partition(".")[0]


def imports(module: Module, node: ast.AST | None = None, at_import: bool = True) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node or module.tree):
        if isinstance(child, ast.Import):
            yield from (Import(child.lineno, alias.name, at_import) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            source = imported_package(module, child)
            yield from (Import(child.lineno, f"{source}.{alias.name}", at_import) for alias in child.names)
        else:
            deferred = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) or is_for_type_checkers(child)
            yield from imports(module, child, at_import and not deferred)


def imported_package(module: Module, statement: ast.ImportFrom) -> str:
    if not statement.level:
        return str(statement.module)
    parents = module.package[: len(module.package) - statement.level + 1]
    return ".".join((*parents, statement.module) if statement.module else parents)


def is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


Found = Iterator[tuple[int, str]]


def upward(module: Module) -> Found:
    if module.room not in FLOOR:
        yield 1, f"room {module.room!r} stands on no floor: give it one in {Path(__file__).name}"
        return
    for item in imports(module):
        if item.top != PACKAGE or module.room == "cli":
            continue
        target = item.target.removeprefix(f"{PACKAGE}.").partition(".")[0]
        if target != module.room and FLOOR.get(target, len(FLOORS)) >= FLOOR[module.room]:
            yield item.line, f"{module.room} imports {item.target}, which is not below it"


def sideways(module: Module) -> Found:
    if module.room not in ONE_FILE_EACH or module.path.stem in DOORS[module.room]:
        return
    for item in imports(module):
        package, room, name = [*item.target.split("."), "", ""][:3]
        if (package, room) == (PACKAGE, module.room) and name != module.path.stem:
            yield item.line, f"{ONE_FILE_EACH[room]} do not import each other ({item.target}): what two need is core's"


def heavy(module: Module) -> Found:
    for item in imports(module):
        if item.top in HEAVY and item.at_import:
            yield item.line, f"{item.top} is imported with the module: import it inside the function that needs it"
        below = FLOOR.get(module.room, 0) < FLOOR["design"] and (module.room, item.top) not in ALLOWED_BELOW
        if item.top in METHOD_LIBRARIES and below:
            yield item.line, f"{item.top} is for design and above, not for {module.room}"
        if item.top == "matplotlib" and module.room != "report":
            yield item.line, "only report draws: hand it a picture to draw"


def p_values(module: Module) -> Found:
    if P_VALUES in module.path.parents:
        return
    imported = ((item.line, f"{item.target}.") for item in imports(module))
    read = ((node.lineno, f"{ast.unparse(node)}.") for node in ast.walk(module.tree) if isinstance(node, ast.Attribute))
    for line, name in chain(imported, read):
        if name.startswith("scipy.stats."):
            yield line, "scipy.stats: tests and their distributions live in core/inference/"


def manners(module: Module) -> Found:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno, "print() in the library: return the text, or note() it"
        if isinstance(node, ast.ExceptHandler) and catches_everything(node):
            yield node.lineno, "an except that catches everything: name the error"
    for function in public_functions(module.tree):
        if function.args.kwarg:
            yield function.lineno, f"{function.name} takes **{function.args.kwarg.arg}: a misspelt option would vanish"


def catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or ast.unparse(kind) in {"Exception", "BaseException"} for kind in caught)


def public_functions(scope: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in scope.body:
        if isinstance(node, ast.ClassDef):
            yield from public_functions(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node


def violations(path: str, source: str) -> list[str]:
    module = Module(PurePosixPath(path), ast.parse(source))
    front_door = module.path == PurePosixPath(PACKAGE, "__init__.py")
    rules = (heavy, p_values, manners) if front_door else (upward, sideways, heavy, p_values, manners)
    found = sorted(set(chain.from_iterable(rule(module) for rule in rules)))
    return [f"{path}:{line}: {what}" for line, what in found]


def test_every_module_keeps_to_its_floor() -> None:
    files = sorted((ROOT / PACKAGE).rglob("*.py"))
    assert len(files) > len(FLOORS)
    found = [
        line
        for file in files
        for line in violations(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("path", "source", "said"),
    [
        ("core/bad.py", "from coresponder_causal.data import panel", "core imports coresponder_causal.data.panel"),
        ("core/bad.py", "def f():\n    from ..report import table", "2: core imports coresponder_causal.report.table"),
        ("core/bad.py", "import coresponder_causal as cc", "core imports coresponder_causal, which is not below"),
        ("design/bad.py", "from coresponder_causal import estimate", "design imports coresponder_causal.estimate"),
        ("privacy/bad.py", "import coresponder_causal.simulate.world", "which is not below it"),
        ("attic/bad.py", "", "room 'attic' stands on no floor"),
        ("estimate/bad.py", "from .its_segmented import its_segmented", "estimators do not import each other"),
        ("estimate/bad.py", "from . import did_two_by_two", "estimators do not import each other"),
        ("estimate/battery.py", "from . import did_two_by_two", "estimators do not import each other"),
        ("check/bad.py", "from coresponder_causal.check.honest import honest", "checks do not import each other"),
        ("estimate/bad.py", "import statsmodels.api as sm", "statsmodels is imported with the module"),
        (
            "data/bad.py",
            "try:\n    import duckdb\nexcept ImportError:\n    raise",
            "duckdb is imported with the module",
        ),
        ("data/bad.py", "def f():\n    import sklearn", "sklearn is for design and above, not for data"),
        ("estimate/bad.py", "def f():\n    from matplotlib import pyplot", "only report draws"),
        ("estimate/bad.py", "from scipy import stats", "scipy.stats: tests and their distributions"),
        ("estimate/bad.py", "import scipy\nP = scipy.stats.norm", "2: scipy.stats: tests and their distributions"),
        ("plan/bad.py", "def f():\n    print('done')", "2: print() in the library"),
        ("plan/bad.py", "try:\n    f()\nexcept:\n    pass", "3: an except that catches everything"),
        ("plan/bad.py", "try:\n    f()\nexcept (OSError, Exception):\n    pass", "catches everything"),
        ("plan/bad.py", "class C:\n    def f(self, **options): ...", "2: f takes **options"),
    ],
)
def test_the_walk_finds_what_it_forbids(path: str, source: str, said: str) -> None:
    found = violations(f"{PACKAGE}/{path}", source)
    assert len(found) == 1
    assert said in found[0]
    assert found[0].startswith(f"{PACKAGE}/{path}:")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("core/good.py", "from coresponder_causal.core.errors import DataError\nfrom . import notes"),
        ("core/inference/student.py", "from scipy import stats"),
        ("data/good.py", "def f():\n    import ibis"),
        ("estimate/good.py", "from ..design.series import SeriesDesign\nfrom scipy import linalg"),
        ("estimate/good.py", "def f():\n    import sklearn\ndef _f(**kept): ..."),
        ("estimate/good.py", "if TYPE_CHECKING:\n    from sklearn.base import BaseEstimator"),
        ("estimate/__init__.py", "from coresponder_causal.estimate.its_segmented import its_segmented"),
        ("check/__init__.py", "from coresponder_causal.check.balance import balance"),
        ("check/battery.py", "from coresponder_causal.check.balance import balance"),
        ("report/good.py", "def f():\n    import matplotlib.pyplot as plt"),
        ("cli.py", "import coresponder_causal as cc"),
        ("__init__.py", "from coresponder_causal import core, plan"),
    ],
)
def test_the_walk_lets_honest_modules_pass(path: str, source: str) -> None:
    assert violations(f"{PACKAGE}/{path}", source) == []
