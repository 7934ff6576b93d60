"""Methods that other packages bring, from made-up packages in a folder of their own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from coresponder_causal.estimate import _template

FOUND = """
import json, sys, warnings
import pandas as pd
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    import coresponder_causal as cc
    listed = sorted(set(cc.METHODS) - set(cc.estimate.__all__))
frame = pd.DataFrame({"week": range(40), "y": [float(t % 2 + 5 * (t >= 20)) for t in range(40)]})
series = cc.design.SeriesDesign.from_frame(frame, outcome="y", time="week", start=20)
from coresponder_causal.core.registry import refit, run_method
result = run_method("brought_mean", series, {})
doubts = sorted(str(one.message) for one in said if one.category.__name__ == "IdentificationWarning")
same = cc.estimate.brought_mean(series).to_json() == refit(result, series).to_json()
print(json.dumps([listed, doubts, result.method, float(result.estimate[0]), same]))
"""


def package(folder: Path, name: str, entry: str, source: str) -> None:
    """Write a distribution of one module and one entry point."""
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(f"[coresponder_causal.methods]\n{entry}\n", encoding="utf-8")
    (folder / f"{name}.py").write_text(source, encoding="utf-8")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    template = Path(_template.__file__).read_text(encoding="utf-8")
    package(folder, "good", "brought_mean = good:brought_mean", template.replace("series_mean_change", "brought_mean"))
    package(folder, "torn", "torn_mean = torn:torn_mean", "import a_library_that_nobody_has\n")
    package(folder, "bare", "bare_mean = bare:bare_mean", "def bare_mean(d):\n    return d\n")
    package(
        folder, "same", "its_segmented = same:its_segmented", template.replace("series_mean_change", "its_segmented")
    )
    path = [str(folder), str(Path(__file__).parents[2])]
    code = f"import sys; sys.path[:0] = {path!r}\n{FOUND}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_a_method_of_another_package_is_listed_and_runs_by_name(told):
    listed, _, method, estimate, same = told
    assert listed == ["brought_mean"]
    assert (method, estimate) == ("brought_mean", pytest.approx(5.0))
    assert same


def test_what_cannot_be_loaded_is_named_with_its_package_and_stops_nothing(told):
    bare, same, torn = told[1]
    assert bare == (
        "the method 'bare_mean' of bare is not a method of that name: put @estimator(...) above the function"
    )
    assert "the method 'torn_mean' of torn cannot be loaded: ModuleNotFoundError" in torn
    assert "a method called its_segmented is there already, in coresponder_causal.estimate.its_segmented" in same


def test_a_name_that_nobody_brings_is_an_attribute_error():
    from coresponder_causal import estimate

    with pytest.raises(AttributeError, match="'its_segmentd', nor does another package"):
        _ = estimate.its_segmentd
