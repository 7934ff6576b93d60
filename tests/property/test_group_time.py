"""Properties of group-time effects that hold for any panel."""

from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate.aggregate import aggregate
from coresponder_causal.estimate.did_group_time import did_group_time

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")

# one example is up to four fits of some 10 ms
quick = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def panels(draw):
    """Panels of 12–30 units in 5 periods with one to three cohorts of at least two units and four never treated."""
    sizes = draw(st.lists(st.integers(2, 6), min_size=1, max_size=3))
    starts = draw(st.permutations([2, 3, 4]))[: len(sizes)]
    never = draw(st.integers(4, 12))
    first = np.concatenate([np.repeat(starts, sizes), np.full(never, np.nan)])
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = len(first)
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), 5),
            "t": np.tile(np.arange(1, 6), n),
            "first": np.repeat(first, 5),
            "y": rng.normal(size=5 * n),
        }
    )


def fit(frame, **options):
    return did_group_time(PanelDesign.from_frame(frame, outcome="y", unit="id", time="t", cohort="first"), **options)


@quick
@given(panels(), st.sampled_from(["never", "not_yet"]), st.sampled_from(["dr", "dr_improved", "ipw", "reg"]))
def test_without_covariates_a_cell_is_the_difference_of_mean_changes(frame, control, method):
    result = fit(frame, control=control, method=method)
    wide = frame.pivot(index="id", columns="t", values="y")
    first = frame.groupby("id")["first"].first()
    for row, found, variance in zip(result.terms.itertuples(), result.estimate, np.diag(result.vcov), strict=True):
        base = row.cohort - 1 if row.time >= row.cohort else row.time - 1
        others = first.isna() if control == "never" else (first.isna() | (first > row.time)) & (first != row.cohort)
        change = wide[row.time] - wide[base]
        one, two = change[first == row.cohort], change[others]
        assert abs(found - (one.mean() - two.mean())) < 1e-10
        expected = one.var(ddof=0) / len(one) + two.var(ddof=0) / len(two)
        assert abs(variance - expected) < 1e-9 * max(expected, 1)


@quick
@given(panels(), st.floats(-50, 50), st.floats(0.1, 20))
def test_effects_take_on_the_scale_of_the_outcome_and_no_shift(frame, shift, factor):
    one, other = fit(frame), fit(frame.assign(y=shift + factor * frame["y"]))
    np.testing.assert_allclose(other.estimate, factor * one.estimate, rtol=0, atol=1e-9 * factor)
    np.testing.assert_allclose(np.diag(other.vcov), factor**2 * np.diag(one.vcov), rtol=1e-7, atol=1e-14)


@quick
@given(panels(), st.integers(1, 4))
def test_an_effect_added_is_an_effect_found_in_every_average(frame, added):
    lifted = frame.assign(y=frame["y"] + added * (frame["t"] >= frame["first"]))
    fits = [fit(each) for each in (frame, lifted)]
    for by in ("overall", "event_time", "cohort", "time"):
        before, after = (aggregate(each, by=by) for each in fits)
        moved = after.estimate - before.estimate
        events = after.terms["event_time"].fillna(0).to_numpy(float) if by == "event_time" else np.zeros(len(moved))
        np.testing.assert_allclose(moved, np.where(events >= 0, added, 0.0), atol=1e-9)


@quick
@given(panels())
def test_averages_of_influence_functions_have_mean_zero_and_give_the_variance(frame):
    result = fit(frame)
    for by in ("overall", "event_time", "cohort", "time"):
        average = aggregate(result, by=by)
        psi = average.influence.rows()
        assert np.abs(psi.mean(axis=0)).max() < 1e-9
        np.testing.assert_allclose(average.vcov, psi.T @ psi / len(psi) ** 2, rtol=1e-8, atol=1e-14)


@quick
@given(panels(), st.integers(0, 2**32 - 1))
def test_missing_rows_never_give_a_number_that_is_not_finite(frame, seed):
    kept = frame[np.random.default_rng(seed).random(len(frame)) > 0.15]
    starts = kept.groupby("id")["t"].min() < kept.groupby("id")["first"].first().fillna(np.inf)
    kept = kept[kept["id"].map(starts)]
    assume(kept["first"].notna().any() and kept["first"].isna().any() and kept["t"].min() == 1)
    with quietly(), suppress(EstimationError):  # where no cell is left that is said, not estimated
        result = fit(kept, panel=False)
        assert np.isfinite(result.estimate).all()
        assert np.isfinite(result.tidy()[["estimate", "std_error", "p_value"]].to_numpy(float)).all()
