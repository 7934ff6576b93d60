"""The bare import is light, and no room drags in a library that only some of its functions need."""

import subprocess
import sys

import pytest

HEAVY = ("dowhy", "duckdb", "econml", "ibis", "linearmodels", "matplotlib.pyplot", "openpyxl", "pandera")
HEAVY += ("sklearn", "statsmodels")
ROUNDS = 3


def fresh_python(code: str) -> str:
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def loaded_by(code: str) -> list[str]:
    names = fresh_python(f"{code}\nimport sys\nprint(*(name for name in {HEAVY!r} if name in sys.modules))")
    return names.split()


def seconds_to_import(module: str) -> float:
    return float(
        fresh_python(f"from time import perf_counter as now\nstart = now()\nimport {module}\nprint(now() - start)")
    )


@pytest.mark.parametrize(
    "code",
    [
        "import coresponder_causal",
        "import coresponder_causal as cc\nfor room in cc.__all__: getattr(cc, room)",
    ],
    ids=["bare", "every room"],
)
def test_no_heavy_library_is_loaded(code: str) -> None:
    assert loaded_by(code) == []


def test_the_probe_sees_a_heavy_library() -> None:
    assert loaded_by("import duckdb") == ["duckdb"]


def test_the_bare_import_costs_no_more_than_pandas() -> None:
    # Interleaved, and the fastest of each: whatever else the machine does can only add to a time. The bare import is
    # lazy and takes a few milliseconds; 1.3 is the contract, so that a room loaded by mistake is what fails here.
    times = [(seconds_to_import("coresponder_causal"), seconds_to_import("pandas")) for _ in range(ROUNDS)]
    ours, pandas = (min(column) for column in zip(*times, strict=True))
    assert ours <= 1.3 * pandas, f"{ours:.3f} s against {pandas:.3f} s for pandas"


def test_rooms_are_listed_and_a_misspelt_one_is_named() -> None:
    import coresponder_causal as cc

    assert set(cc.__all__) <= set(dir(cc))
    with pytest.raises(AttributeError, match="'estimates'; its rooms are check, core, data"):
        _ = cc.estimates
