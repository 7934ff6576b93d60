"""Call takers as an instrument: whose calls are kept, what is said of the others, what is refused."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, IdentificationWarning
from coresponder_causal.core.leniency import leniency
from coresponder_causal.design import CallInstrumentDesign
from coresponder_causal.validity.call_worlds import call_table, shifts, start


@cache
def calls():
    return call_table(np.random.default_rng(6), calls=6000, share=0.1, takers="chance")


def design(frame=None, **changed):
    stated = {"outcome": "arrest", "start": start.date(), "instrument": "call_taker", "covariates": ["severity"]}
    return CallInstrumentDesign.from_tables(calls() if frame is None else frame, shifts(), **(stated | changed))


def test_calls_on_duty_of_takers_with_thirty_or_more_are_compared():
    d = design()
    on_duty = calls()[calls()["team_on_duty"]]
    many = on_duty["call_taker"].value_counts()
    assert len(d.source) == many[many >= 30].sum()
    assert d.timing["call_taker"].nunique() == (many >= 30).sum() >= 20
    assert d.source["team_on_duty"].all()


def test_the_instrument_is_what_other_calls_of_the_same_hours_say():
    d = design()
    months = pd.get_dummies(d.timing["month"], drop_first=True, dtype=float).reset_index(drop=True)
    expected = leniency(
        d.calls.treated.astype(float), d.source["call_taker"], strata=d.timing["hour_of_week"], regressors=months
    )
    np.testing.assert_allclose(d.z(), expected, atol=1e-12)
    np.testing.assert_array_equal(d.strata(), d.timing["hour_of_week"])
    assert [name for name in d.regressors() if not str(name).startswith("month_")] == ["severity"]
    assert d.encouraged().mean() == pytest.approx(0.5, abs=0.01)


def test_it_speaks_of_calls_that_hung_on_their_taker():
    d = design()
    assert (d.contrast, d.one_sided, d.outside) == ("LATE", False, 0)
    assert "taken by" in d.describe()
    assert any("it is taken to be chance who takes a call" in text for text in d.notes)
    with pytest.raises(DesignError, match="after the start"):
        d.before_start()


def test_calls_without_a_code_and_rare_takers_are_counted():
    frame = calls().astype({"call_taker": float})
    duty = np.flatnonzero(frame["team_on_duty"])
    frame.loc[duty[:40], "call_taker"] = np.nan
    frame.loc[duty[40:50], "call_taker"] = 99.0
    notes = design(frame).notes
    assert "40 calls without a code of their call taker are left out" in notes
    assert any(text.endswith("call takers with fewer than 30 each are left out") for text in notes)


def test_few_takers_are_doubted_and_one_alone_is_refused():
    with pytest.warns(IdentificationWarning, match="5 call takers: of fewer than 10"):
        design(calls().assign(call_taker=np.arange(len(calls())) % 5))
    with pytest.raises(DesignError, match="1 call takers took 30 calls on duty or more"):
        design(calls().assign(call_taker="A"))
    with pytest.raises(DesignError, match="column 'call_taker' is missing"):
        design(calls().drop(columns="call_taker"))


def test_the_fingerprint_follows_the_takers():
    other = calls().assign(call_taker=calls()["call_taker"].to_numpy()[::-1])
    assert design(other).fingerprint != design().fingerprint
