"""The design of persons on waves: what it refuses, says, and sees before any estimate."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.design import WaveDesign
from coresponder_causal.design.wave_estimates import first_to_last


def frame():
    """Six officers on two waves; two rode along by the second, one is lost then."""
    rows = pd.DataFrame({"officer": np.repeat(list("abcdef"), 2), "wave": [0, 1] * 6, "rides": [0, 3, 0, 1, *[0] * 8]})
    return rows.assign(stigma=[4.0, 3, 3, 3, 2, 2, 3, 3.5, 4, 4, 3, np.nan], volunteered=["yes"] * 2 + ["no"] * 10)


def design(table=None, **options):
    given = {"outcome": "stigma", "person": "officer", "wave": "wave", "exposure": "rides"} | options
    return WaveDesign.from_frame(frame() if table is None else table, **given)


def test_how_they_stood_before_and_what_could_be_found_come_first():
    said = design(group="volunteered").describe()
    assert said.startswith("stigma of 6 persons on 2 waves (0, 1); 2 with rides by the last of theirs")
    assert "no: on the first wave 3 with later exposure, 3 without" in said
    assert "yes: on the first wave 4 with later exposure, nobody without" in said
    assert said.index("on the first wave") < said.index("would be found four times in five")


def test_who_is_lost_and_who_tells_of_no_change_is_said():
    assert design().notes == (
        "'stigma' is not known in 0 of 2 rows with exposure and 1 of 10 rows without",
        "1 of 6 persons have it on one wave or none and tell of no change",
    )
    assert design().telling().sum() == 10


def test_exposure_that_falls_or_was_there_before_is_said():
    table = frame()
    table.loc[table["officer"] == "c", "rides"] = [2, 0]
    assert design(table).notes[:2] == (
        "the exposure of 1 persons falls between waves: what was met is taken to wear off with it",
        "1 persons were exposed on their first wave already",
    )


def test_the_detectable_change_worked_by_hand():
    # Changes -1, 0 with rides 3, 1 and 0, .5, 0 without: what is left of outcome and exposure are halves of deviations
    # from the mean change; 2 · ¼ · Σ(Δx − .8)² = ½ · 6.8, 2 · ¼ · Σ(Δy + .1)² = ½ · 1.2, 10 − 5 − 1 − 1 = 3 df.
    table = frame()
    error = np.sqrt(0.5 * 1.2 / 3 / (0.5 * 6.8))
    assert design(table).detectable() == pytest.approx((3.182446 + 0.978472) * error, rel=1e-5)
    alike = table.assign(rides=table["wave"].where(table["officer"] != "x"))
    assert np.isnan(design(alike).detectable())
    assert "no change by rides can be told from one by wave" in design(alike).describe()


def test_broken_rules_are_told_together():
    table = pd.concat([frame(), frame().head(1)], ignore_index=True)
    table.loc[3, "rides"] = -1
    table.loc[1, "volunteered"] = "no"
    with pytest.raises(DesignError) as caught:
        design(table, group="volunteered")
    for part in (
        "breaks 3 rules",
        "2 rows share person and wave (rows 0, 12)",
        "'rides' is zero or",
        "changes within 1",
    ):
        assert part.replace("zero or", "negative") in str(caught.value)
    with pytest.raises(DesignError, match="there is one wave"):
        design(frame().query("wave == 0"))
    with pytest.raises(DesignError, match="'rides' changes between waves of 1 persons"):
        design(frame().assign(rides=[0, 3, *[0] * 10]))
    with pytest.raises(DesignError, match="'wave' has another role"):
        design(outcome="wave")


def test_pairs_of_the_first_and_the_last_wave():
    pairs = first_to_last(design())
    np.testing.assert_array_equal(pairs.change, [-1, 0, 0, 0.5, 0, np.nan])
    assert pairs.exposed.tolist() == [True, True, False, False, False, False]
    gone = frame().drop(index=11)  # no row at all: not asked
    assert len(first_to_last(design(gone)).change) == 5
    with pytest.raises(EstimationError, match="nobody has a score on wave 0"):
        first_to_last(design(frame().assign(wave=[0, 1] * 3 + [1, 2] * 3).query("officer != 'z'")))
