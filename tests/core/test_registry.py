"""What the register does once for every estimator."""

import json
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Barrier
from types import ModuleType
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core import registry
from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.method_card import headings
from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.core.result import Result
from coresponder_causal.design import PanelDesign, SeriesDesign
from coresponder_causal.estimate import did_prediction_interval, its_segmented

CARD = """A mean, for these tests.

Estimand: the mean of the values.

Needs: values (check: none).

Estimator: Σx/n,
over two lines.

Inference: none.

Breaks: always.

Reference: nobody.

Say: The mean is {mean}.
"""


@dataclass(frozen=True)
class Values:
    """The smallest design."""

    values: tuple[float, ...]
    outcome: str | None = "x"
    fingerprint: str = "f" * 64
    notes: tuple[str, ...] = ("said when the design was formed",)


def mean(
    d: Values,
    *,
    kind: Literal["plain", "doubtful"] = "plain",
    pairs: Literal[0, 1] | None = None,
    cut: tuple[int, ...] = (1, 2),
    seed: int | None = None,
) -> Result:
    """Mean of the values."""
    note("said on the way")
    note("said on the way")
    if kind == "doubtful":
        doubt(f"{len(d.values)} values are few")
    about = Estimand(contrast="mean", outcome="x", treatment="-", population="-", horizon="-", scale="-")
    return Result(
        method="mean",
        estimand=about,
        terms=pd.DataFrame({"term": ["mean"]}),
        estimate=[np.mean(d.values)],
        vcov=[[1.0]],
        df=[9.0],
        scale="difference",
        n_obs=1,
        n_units=1,
    )


def in_a_file(card, monkeypatch):
    """Put the function into a module whose docstring is ``card``, as an estimator's file has it."""
    module = ModuleType("file_of_the_mean", card)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(mean, "__module__", module.__name__)
    module.__dict__.update({"Values": Values, "Literal": Literal, "Result": Result})
    return mean


@pytest.fixture
def clean(monkeypatch):
    """A register that forgets what a test enters."""
    monkeypatch.setattr(registry, "METHODS", dict(registry.METHODS))
    monkeypatch.setattr(registry, "_functions", dict(registry._functions))
    return monkeypatch


@pytest.fixture
def registered(clean):
    marked = registry.estimator(design=Values, contrasts=("mean",), reference="nobody", checked_against="a hand")
    return marked(in_a_file(CARD, clean))


def test_the_card_is_read_from_the_file(registered):
    card = registry.METHODS["mean"]
    assert (card.title, card.design, card.contrasts) == ("A mean, for these tests.", "Values", ("mean",))
    assert dict(card.sections)["Estimator"] == "Σx/n, over two lines."
    assert [heading for heading, _ in card.sections] == list(headings)
    assert card.to_markdown().splitlines()[:3] == ["## `mean`", "", "A mean, for these tests."]
    assert registered.__doc__ == "Mean of the values."


@pytest.mark.parametrize(
    ("card", "missing"),
    [
        (CARD.replace("Breaks: always.", ""), "Breaks"),
        (CARD.replace("Say: The mean is {mean}.", "Say:"), "Say"),
        ("No card at all.", "Estimand, Needs, Estimator, Inference, Breaks, Reference, Say"),
        (None, "Estimand, Needs"),
    ],
)
def test_a_card_with_a_missing_heading_is_refused(clean, card, missing):
    marked = registry.estimator(design=Values, contrasts=("mean",), reference="nobody", checked_against="a hand")
    with pytest.raises(EstimationError, match=f"the card of mean lacks {missing}"):
        marked(in_a_file(card, clean))


def test_notes_come_in_order_and_once(registered):
    assert registered(Values((1.0, 2.0))).notes == (
        "said when the design was formed", "said on the way", registry.not_measured
    )  # fmt: skip


def test_provenance_holds_every_option_and_the_seed(registered):
    about = registered(Values((1.0,)), seed=7, cut=(3,)).provenance
    assert json.loads(about.options) == {"kind": "plain", "pairs": None, "cut": [3], "seed": 7}
    assert about.option_values() == {"kind": "plain", "pairs": None, "cut": (3,), "seed": 7}
    assert (about.design, about.data, about.seed) == ("Values", "f" * 64, 7)
    assert registered(Values((1.0,))).provenance.seed is None


def test_a_doubt_warns_and_is_noted(registered):
    with pytest.warns(IdentificationWarning, match="2 values are few"):
        result = registered(Values((1.0, 2.0)), kind="doubtful")
    assert "2 values are few" in result.notes


@pytest.mark.parametrize(
    ("options", "said", "mend"),
    [
        ({"kind": "Plain"}, "mean: kind='Plain' is not a choice", "choose kind from 'plain', 'doubtful'"),
        ({"pairs": 2}, "mean: pairs=2 is not a choice", "choose pairs from 0, 1, None"),
        ({"kind": None}, "kind=None is not a choice", "choose kind from"),
        ({"pears": 1}, "mean has no option pears", "its options are kind, pairs, cut, seed"),
    ],
)
def test_a_choice_that_does_not_exist_is_refused(registered, options, said, mend):
    with pytest.raises(EstimationError, match=said) as caught:
        registered(Values((1.0,)), **options)
    assert mend in caught.value.mend


def test_true_is_not_the_choice_one(registered):
    with pytest.raises(EstimationError, match="pairs=True"):
        registered(Values((1.0,)), pairs=True)


def test_what_is_not_the_design_is_refused(registered):
    with pytest.raises(DesignError, match="mean takes a Values, not a str") as caught:
        registered("values")
    assert caught.value.mend == "build one with coresponder_causal.design.Values"
    with pytest.raises(DesignError, match="mean needs an outcome"):
        registered(Values((1.0,), outcome=None))


def test_notes_of_runs_in_threads_do_not_mix(registered):
    meeting = Barrier(8, timeout=30)

    class Meeting(tuple):
        """Values that let no run go on before all runs are under way."""

        def __len__(self):
            meeting.wait()
            return super().__len__()

    with ThreadPoolExecutor(8) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        jobs = [pool.submit(registered, Values(Meeting((1.0,) * k)), kind="doubtful") for k in range(1, 9)]
        found = [job.result().notes for job in jobs]
    assert found == [
        ("said when the design was formed", "said on the way", f"{k} values are few", registry.not_measured)
        for k in range(1, 9)
    ]


def test_an_estimator_inside_another_keeps_its_notes_to_itself(registered):
    with collecting() as outer:
        note("outside")
        inner = registered(Values((1.0,)))
        note("after")
    assert outer == ["outside", "after"]
    assert "outside" not in inner.notes


def months_of(seed, n=48):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"month": pd.period_range("2018-01", periods=n, freq="M"), "calls": rng.poisson(90, n)})


def series(seed=1):
    return SeriesDesign.from_frame(months_of(seed), outcome="calls", time="month", start="2020-01")


def test_refit_repeats_the_result_with_its_own_options():
    first = its_segmented(series(), errors="prais-winsten", horizons=(3, 6), harmonics=1, slope_change=False)
    again = registry.refit(first, series())
    assert again.to_json() == first.to_json()
    assert "effect_at_3_months" in again.terms["term"].tolist()


def test_refit_on_another_design_is_the_estimator_there():
    first = its_segmented(series(), link="identity")
    assert registry.refit(first, series(seed=2)).to_json() == its_segmented(series(seed=2), link="identity").to_json()


def test_refit_changes_the_options_it_has_and_passes_over_others():
    first = its_segmented(series())
    changed = registry.refit(first, series(), options={"errors": "ols", "no_such_option": 1})
    assert changed.to_json() == its_segmented(series(), errors="ols").to_json()


def test_refit_of_a_panel_follows_the_design():
    frame = pd.concat([months_of(k).assign(city=name) for k, name in enumerate("ABCDEFG")])
    design = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-01")
    first = did_prediction_interval(design)
    assert registry.refit(first, design).to_json() == first.to_json()
    fewer = registry.refit(first, design.without("G"))
    assert (fewer.n_units, first.n_units) == (6, 7)
    assert fewer.provenance.data != first.provenance.data


def test_refit_notes_doubts_without_warning_again(registered):
    with pytest.warns(IdentificationWarning):
        first = registered(Values((1.0, 2.0)), kind="doubtful")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = registry.refit(first, Values((3.0, 4.0)))
    assert "2 values are few" in again.notes
    with pytest.warns(IdentificationWarning):
        registered(Values((1.0, 2.0)), kind="doubtful")


def test_refit_of_a_stranger_names_what_to_import():
    stranger = replace(its_segmented(series()), method="its_nobody_wrote")
    with pytest.raises(EstimationError, match="'its_nobody_wrote' is not a registered method") as caught:
        registry.refit(stranger, series())
    assert caught.value.mend == "import coresponder_causal.estimate"


def test_refit_refuses_the_wrong_design():
    first = its_segmented(series())
    with pytest.raises(DesignError, match="takes a SeriesDesign"):
        registry.refit(first, Values((1.0,)))


def test_a_result_from_text_can_be_refitted():
    first = its_segmented(series(), horizons=(6,))
    assert registry.refit(Result.from_json(first.to_json()), series()).to_json() == first.to_json()
