"""Execution on kernels of their own: what is written, what is only tried, and how failures are named."""

import json
import os
import sys

import pytest
from typer.testing import CliRunner

import coresponder_causal
from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError, EstimationError
from coresponder_causal.notebooks import broken_rules, raise_failed, read, run
from coresponder_causal.notebooks import source as source_of_notebooks
from coresponder_causal.notebooks.executed import normal

CELLS = """\
# %% [markdown]
# # Is it?
#
# | Budget | 60 s |

# %% tags=["parameters"]
FAST = False
import os, sys, coresponder_causal
size = 1 if FAST else 2

# %%
for word in ("first", "second"):
    print(word, flush=True)
__import__("warnings").warn("said by a cell")
sys.executable.split("/")[-1], coresponder_causal.__file__.split("/")[-2], os.environ["OMP_NUM_THREADS"]

# %% tags=["check"]
assert size == 2, f"the size is {size}"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "01_pass_check.py").write_text(CELLS, encoding="utf-8")
    (folder / "02_fail_check.py").write_text(CELLS.replace("size == 2", "size == 3"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def ran(folder):
    told = []
    found = run(
        [read(path) for path in sorted(folder.glob("*.py"))], tell=lambda done, total: told.append((done, total))
    )
    assert told == [(1, 2), (2, 2)]
    return found


def test_what_passed_is_written_beside_its_source_in_one_form(ran, folder):
    passed, _ = ran
    assert passed.written == folder / "01_pass_check.ipynb"
    node = json.loads(passed.written.read_text(encoding="utf-8"))
    code = [cell for cell in node["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == [1, 2, 3]
    assert [cell["metadata"] for cell in code] == [{"tags": ["parameters"]}, {}, {"tags": ["check"]}]
    said, warned, given = code[1]["outputs"]
    assert said["text"] == ["first\n", "second\n"]
    assert warned["text"][0] == "line 3 of the cell: UserWarning: said by a cell\n"
    shown = (os.path.basename(sys.executable), coresponder_causal.__name__, "1")
    assert given["data"]["text/plain"] == [str(shown)]
    assert set(node["metadata"]) == {"kernelspec", "language_info"}
    assert not [what for what, _ in broken_rules(passed.notebook) if "output" in what or "source" in what]


def test_a_failed_check_is_named_with_notebook_cell_and_message_and_nothing_is_written(ran, folder):
    passed, failed = ran
    assert (passed.failed, failed.failed) == ("", "cell 4: AssertionError: the size is 2")
    assert failed.written is None
    assert not (folder / "02_fail_check.ipynb").exists()
    with pytest.raises(EstimationError, match=r"1\. 02_fail_check: cell 4: AssertionError: the size is 2"):
        raise_failed(ran)


def test_seconds_stand_beside_the_budget_and_more_of_them_are_a_failure(ran):
    passed = ran[0]
    assert 0 < passed.seconds < 60
    assert passed.said == f"01_pass_check: {passed.seconds:.1f} s of 60 s"
    late = type(passed)(passed.notebook, 61.0)
    with pytest.raises(EstimationError, match=r"61\.0 s of 60 s, which is over: make it faster"):
        raise_failed([late])


def test_the_quick_run_changes_the_parameter_counts_cells_alike_and_writes_nothing(ran, folder, tmp_path):
    [quick] = run([ran[0].notebook], fast=True, out=tmp_path)
    assert quick.failed == "cell 4: AssertionError: the size is 1"
    [changed] = run([ran[0].notebook], before="size = 2\nraise ValueError('before')", out=tmp_path)
    assert changed.failed == "cell 0: ValueError: before"
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_moved_on_is_told_from_what_was_executed(ran):
    path = ran[0].notebook.path
    path.write_text(CELLS.replace("size == 2", "size >= 2"), encoding="utf-8")
    told = [what for what, _ in broken_rules(read(path)) if "executed" in what]
    assert told == ["cell 4: the source is no longer what was executed (4 cells, 4 executed)"]
    path.write_text(CELLS, encoding="utf-8")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("execution_count", 5, "its cells were not executed once each, in order, from 1"),
        ("execution_count", None, "its cells were not executed once each, in order, from 1"),
        ("outputs", [{"output_type": "stream", "name": "stdout", "text": "/ho" + "me/ann/x"}], "names a local path"),
        ("outputs", [{"output_type": "stream", "name": "stdout", "text": "<F at 0x7f00aa11>"}], "names an address"),
        (
            "outputs",
            [{"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}],
            "cell 3: ended in ValueError: no",
        ),
    ],
)
def test_an_executed_notebook_of_another_form_is_named(ran, key, value, said):
    place = ran[0].written
    sound = place.read_text(encoding="utf-8")
    node = json.loads(sound)
    node["cells"][2][key] = value
    place.write_text(json.dumps(node), encoding="utf-8")
    assert any(said in what for what, _ in broken_rules(ran[0].notebook))
    place.write_text(sound, encoding="utf-8")


def test_the_one_form_is_a_fixed_point(ran):
    nbformat = pytest.importorskip("nbformat")
    content = ran[0].written.read_bytes()
    assert normal(nbformat.reads(content.decode(), as_version=4)) == content


def test_what_a_progress_bar_says_of_widgets_is_left_out_and_no_other_warning():
    formats = pytest.importorskip("nbformat").v4
    said = "/lib/site-packages/tqdm/auto.py:21: TqdmWarning: IProgress not found.\n  from .autonotebook import tqdm\n"
    streams = [formats.new_output("stream", name="stderr", text=text) for text in (said, said + "a doubt\n")]
    node = formats.new_notebook(cells=[formats.new_code_cell("1", outputs=[one]) for one in streams])
    assert [cell["outputs"] and cell["outputs"][0]["text"] for cell in json.loads(normal(node))["cells"]] == [
        [],
        ["a doubt\n"],
    ]


def test_a_large_notebook_is_refused(ran, monkeypatch):
    monkeypatch.setattr("coresponder_causal.notebooks.executed.largest", 10)
    assert any("bytes, over 10" in what for what, _ in broken_rules(ran[0].notebook))


def test_without_the_extra_one_line_says_what_to_install(folder, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(source_of_notebooks, "import_module", missing)
    with pytest.raises(DataError, match=r'pip install "coresponder-causal\[notebooks\]"'):
        read(folder / "01_pass_check.py")


def test_the_commands_say_what_they_found(ran, folder):
    checked = CliRunner().invoke(app, ["notebooks", "check", "--folder", str(folder)])
    assert checked.exit_code == 2
    assert "breaks" in checked.output
    tried = CliRunner().invoke(app, ["notebooks", "run", "02", "--fast", "--folder", str(folder)])
    assert tried.exit_code == 2
    assert "02_fail_check: cell 4: AssertionError: the size is 1" in tried.output
