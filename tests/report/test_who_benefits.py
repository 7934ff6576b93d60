"""What the page says of whom it helps more."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.decide import heterogeneity, subgroups
from coresponder_causal.design import CallDesign
from coresponder_causal.report.drawing import drawn


def section(slope: float) -> report.specs.Section:
    rng = np.random.default_rng(1)
    night = rng.integers(0, 2, 800)
    frame = pd.DataFrame({"attended": rng.random(800) < 0.4 + 0.2 * night, "night": night, "x": rng.normal(size=800)})
    frame["minutes"] = 30 - frame["attended"] * (1 + slope * frame["x"]) + rng.normal(size=800)
    c = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["night", "x"])
    found = heterogeneity(c, effect_modifiers=["night", "x"], learner="linear", halves=3)
    assert found.support["units"].iloc[1] < found.support["units"].iloc[0] / 10
    return report.heterogeneity_section(found, subgroups(c, pre_specified=["night"]))


@pytest.mark.parametrize(("slope", "said"), [(1.0, "helps some calls more"), (0.0, "No evidence")])
def test_the_section_speaks_only_as_far_as_tests_let_it(slope: float, said: str) -> None:
    made = section(slope)
    kinds = [type(block).__name__ for block in made.blocks]
    assert kinds == ["Sentence", "Picture", "Table", "Picture", "Table", "Table"]
    assert said in made.blocks[0].text
    for picture in (made.blocks[1], made.blocks[3]):
        assert drawn(picture, "svg").startswith(b"<?xml")
    assert made.blocks[1].labels["passed"] == (slope > 0)
    assert "minutes" in made.blocks[3].alt or "night: 0" in made.blocks[3].alt
