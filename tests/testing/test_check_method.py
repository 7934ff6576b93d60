"""The contract finds what is wrong with methods that somebody wrote: each breaks one rule."""

import importlib.util
import sys
from pathlib import Path

import pytest

from coresponder_causal.core import registry
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.estimate import _template
from coresponder_causal.testing import check_method, example_of

SOURCE = Path(_template.__file__).read_text(encoding="utf-8").replace("series_mean_change", "tried_mean")


@pytest.fixture
def written(tmp_path):
    """Write the template under another name with one place changed, and load it."""
    name = f"tried_{tmp_path.name}"

    def load(old="", new=""):
        assert old in SOURCE
        path = tmp_path / f"{name}.py"
        path.write_text(SOURCE.replace(old, new, 1), encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module.tried_mean

    yield load
    sys.modules.pop(name, None)
    registry.METHODS.pop("tried_mean", None)
    registry._functions.pop("tried_mean", None)


def found(fn):
    table = check_method(fn, strict=False).table
    return dict(table.loc[~table["keeps"], ["rule", "found"]].itertuples(index=False, name=None))


def test_a_sound_method_passes_every_rule(written):
    checked = check_method(written())
    assert checked.passed
    assert checked.method == "tried_mean"
    assert list(checked.table) == ["rule", "keeps", "found"]
    assert len(checked.table) > 20


CHANGES = {
    "a draw without a seed": (
        "estimate=fit.beta[1:]",
        "estimate=fit.beta[1:] + np.random.default_rng().normal(size=1)",
        "repeats",
        "draw from a seed",
    ),
    "a changed design": (
        "    fit = ols(y, matrix)\n",
        "    d.source.loc[0, d.outcome] = d.source.loc[0, d.outcome] + 1\n    fit = ols(y, matrix)\n",
        "input is left alone",
        "changes the design",
    ),
    "an option by place": ("*, lags: int = 3", "lags: int = 3", "options by keyword", "lags is not keyword-only"),
    "an estimate without its unit": (
        "estimate=fit.beta[1:]",
        "estimate=fit.beta[1:] + 1.0",
        "unit of the outcome",
        "another estimate than it should",
    ),
    "a standard error without its unit": (
        'small_sample="n/(n-k)")[1:, 1:]',
        'small_sample="n/(n-k)")[1:, 1:] + 1.0',
        "unit of the outcome",
        "another standard error",
    ),
    "another name": ('method="tried_mean"', 'method="tried"', "result with terms", "called tried, not tried_mean"),
    "no support": (
        'support=pd.DataFrame({"term": ["mean_change"], "persons": np.nan, "events": y[d.after].sum(), "units": 1}),',
        "",
        "result with terms",
        "no support",
    ),
    "no interval": (
        ', "interval": "t(n − k), Newey–West"',
        "",
        "result with terms",
        "does not say which interval it has",
    ),
    "a sentence about a term that is not there": (
        "{mean_change}",
        "{mean_chance}",
        "complete card",
        "places that its result does not fill: mean_chance",
    ),
    "no doi": ("doi:10.2307/1913610", "Econometrica", "complete card", "no source by doi"),
    "no such check": ("(check: pre_period,", "(check: crystal_ball,", "checks that exist", "crystal_ball"),
    "a print": (
        "    fit = ols(y, matrix)\n",
        "    fit = ols(y, matrix)\n    print('fitted')\n",
        "one public function",
        "",
    ),
    "a crash": ("    fit = ols(y, matrix)\n", "    fit = ols(y, matrix[:, :0])\n", "result with terms", "it ends in"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_broken_rule_is_named(written, change):
    old, new, rule, said = CHANGES[change]
    assert said in found(written(old, new))[rule]


def test_a_standard_error_of_half_its_size_passes_as_the_docs_say(written):
    assert check_method(written('small_sample="n/(n-k)")[1:, 1:]', 'small_sample="n/(n-k)")[1:, 1:] / 4.0')).passed


def test_all_broken_rules_stand_in_one_error(written):
    fn = written('method="tried_mean"', 'method="tried"')
    with pytest.raises(EstimationError, match="tried_mean breaks") as caught:
        check_method(fn)
    assert "result with terms: its result is called tried, not tried_mean" in caught.value.what


def test_one_fault_that_breaks_many_rules_is_told_once(written):
    fn = written('small_sample="n/(n-k)")[1:, 1:]', 'small_sample="n/(n-k)")[1:, 1:] * -1.0')
    with pytest.raises(EstimationError, match="breaks 1 rule") as caught:
        check_method(fn)
    assert caught.value.what.count("no finite estimate") == 1
    assert "result with terms, " in caught.value.what


def test_a_function_that_nobody_registered_is_refused():
    with pytest.raises(EstimationError, match="'len' is not a registered method"):
        check_method(len)


def test_a_design_without_example_asks_for_one():
    with pytest.raises(EstimationError, match="no example of a TarotDesign"):
        example_of("TarotDesign")
