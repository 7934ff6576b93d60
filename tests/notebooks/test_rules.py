"""Each rule of the notebooks, broken once on a tiny notebook that keeps them all."""

import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.notebooks import broken_rules, check, read, sources

SOUND = """\
# %% [markdown]
# # Do two halves make a whole?
#
# | Question | Do two halves make a whole? |
# | --- | --- |
# | Design | none |
# | Estimand | the whole |
# | Data | made up here; free |
# | Seed | 1 |
# | Budget | 30 s |
#
# A whole is wanted in every kitchen.

# %% tags=["parameters"]
FAST = False
halves = 2 if FAST else 4

# %% [markdown]
# ## Data
# ## Design
# ## Estimate
# See doi:10.2307/1913610.

# %%
whole = halves / 2

# %% [markdown]
# ## Check

# %% tags=["check"]
assert whole > 0, "the whole is positive"
assert whole == int(whole), "the whole is whole"
assert whole <= halves, "the whole is not more than its halves"
assert 2 * whole == halves, f"two halves make {whole}"

# %% [markdown]
# ## Report
# ## Exercises

# %%
from importlib.metadata import version

{name: version(name) for name in ("coresponder_causal", "numpy", "pandas")}
"""
PLAIN, REASON = "whole = halves / 2", "# A whole is wanted in every kitchen."
UNEXECUTED = "has not been executed"


def broken(folder, old="", new=""):
    """Rules that the notebook breaks with one place changed, but that it was not executed."""
    assert old in SOUND
    path = folder / "06_halve_whole.py"
    path.write_text(SOUND.replace(old, new, 1), encoding="utf-8")
    return [what for what, _ in broken_rules(read(path)) if what != UNEXECUTED]


def test_a_sound_notebook_breaks_no_rule(tmp_path):
    assert broken(tmp_path) == []
    assert read(tmp_path / "06_halve_whole.py").budget == 30


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("# # Do two halves make a whole?", "# # Two halves", "cell 1: does not open with a question"),
        ("# | Seed | 1 |\n", "", "cell 1: its table has the rows Question, Design, Estimand, Data, Budget"),
        ("# | Seed | 1 |", "# | Seed | |", "cell 1: its table has the rows"),
        ("30 s |", "half a minute |", "cell 1: the budget 'half a minute' is not whole seconds"),
        (f"#\n{REASON}\n", "", "cell 1: does not say why"),
        ("# ## Design\n# ## Estimate", "# ## Estimate\n# ## Design", "its headings are Data, Estimate, Design"),
        ("# ## Exercises", "# ## Data", "its headings are Data, Design, Estimate, Check, Report, Data"),
        ("# ## Check", "# ### Check", "its headings are Data, Design, Estimate, Report"),
        ('tags=["parameters"]', "", "has 0 cells tagged 'parameters'"),
        ("FAST = False\n", "seed = 1\nFAST = False\n", "cell 2: the parameters do not begin with 'FAST = False'"),
        ("wanted in", "wanted 0.93 times in", "cell 1: the text holds the decimal 0.93"),
        ("wanted in", "wanted $p = .05$ in", "cell 1: the text holds the decimal .05"),
        ("wanted in", "wanted `2.5` in", "cell 1: the text holds the decimal 2.5"),
        (PLAIN, f"{PLAIN}\nMarkdown(f'{{whole:.1f}} of 4.5')", "cell 4: the shown text holds the decimal 4.5"),
        (PLAIN, "\n".join([PLAIN] * 16), "cell 4: has 16 lines of code, over 15"),
        (PLAIN, "def f():\n" + "    1\n" * 5 + PLAIN, "cell 4: f has 6 lines, over 5"),
        (PLAIN, f"import warnings\n{PLAIN}", "cell 4: warnings hides warnings"),
        (PLAIN, f"{PLAIN}\nw.simplefilter('ignore')", "cell 4: simplefilter hides warnings"),
        (PLAIN, f"{PLAIN}\nfrom urllib.request import urlopen", "cell 4: urllib reaches for the network"),
        (PLAIN, f"{PLAIN}\npd.read_csv('https://example.net/a.csv')", "cell 4: reads https://example.net/a.csv"),
        (
            PLAIN,
            f"{PLAIN}\nfrom coresponder_causal.core.errors import DataError",
            "imports coresponder_causal.core",
        ),
        (PLAIN, "%time halves", "cell 4: is not Python"),
        ('assert whole > 0, "the whole is positive"\n', "", "has 3 assertions in cells tagged 'check'"),
        ('tags=["check"]', "", "has 0 assertions in cells tagged 'check'"),
        (', "the whole is positive"', "", "cell 6: 'assert whole > 0' has no message in words"),
        ('"the whole is positive"', '"positive"', "cell 6: 'assert whole > 0' has no message in words"),
        ("assert whole > 0,", "assert True,", "cell 6: 'assert True' cannot fail"),
        ('assert whole > 0, "the whole is positive"', 'assert (whole > 0, "is positive")', "has no message in words"),
        ('"numpy", ', "", "its last cell does not show versions: lacks numpy"),
    ],
)
def test_a_broken_rule_is_named_with_its_cell(tmp_path, old, new, said):
    assert any(said in what for what in broken(tmp_path, old, new))


def test_numbers_that_code_gives_and_addresses_of_papers_are_no_typed_decimals(tmp_path):
    shown = "display(Markdown(f'{0.5 * whole:.2f} of {halves}'))"
    assert broken(tmp_path, PLAIN, f"{PLAIN}\n{shown}") == []
    assert broken(tmp_path, "doi:10.2307/1913610", "[a paper](https://example.net/v1.2) of 1,000 rows") == []


def test_all_broken_rules_stand_in_one_error_with_notebook_and_mend(tmp_path):
    for name in ("06_halve_whole", "07_join_halves"):
        (tmp_path / f"{name}.py").write_text(SOUND.replace("wanted in", "wanted 0.93 times in"), encoding="utf-8")
    (tmp_path / "draft.py").write_text("", encoding="utf-8")
    (tmp_path / "06_other_one.ipynb").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="breaks 6 rules") as caught:
        check(tmp_path)
    for said in (
        "06_halve_whole, cell 1: the text holds the decimal 0.93: let code give the number",
        "07_join_halves, has not been executed: run it",
        "06_other_one.ipynb belongs to no notebook: delete it, or give it its source",
        "draft.py belongs to no notebook: call it as in 06_read_series",
    ):
        assert said in caught.value.what
    with pytest.raises(DataError, match="06_halve_whole breaks 2 rules"):
        check(tmp_path, ["06"])


def test_two_notebooks_do_not_share_a_number(tmp_path):
    for name in ("06_halve_whole", "06_join_halves"):
        (tmp_path / f"{name}.py").write_text(SOUND, encoding="utf-8")
    with pytest.raises(DataError, match="two notebooks have the number 06"):
        check(tmp_path)


def test_a_name_that_fits_none_lists_what_is_there(tmp_path):
    with pytest.raises(DataError, match="holds no notebooks"):
        sources(tmp_path)
    (tmp_path / "06_halve_whole.py").write_text(SOUND, encoding="utf-8")
    assert [one.name for one in sources(tmp_path, ["06"])] == ["06_halve_whole"]
    with pytest.raises(DataError, match="no notebook is called 08") as caught:
        sources(tmp_path, ["06", "08"])
    assert "06_halve_whole" in caught.value.mend
