"""The picture of one city's course: what is drawn after the start, where the programme was not whole, and gaps."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.design import SeriesDesign
from coresponder_causal.estimate import its_arima, its_segmented, its_structural
from coresponder_causal.report.drawing import drawn
from coresponder_causal.report.drawing_course import _end_labels, _with_gaps

MONTHS = pd.period_range("2017-01", periods=72, freq="M")


def series(**options):
    calls = np.random.default_rng(1).poisson(120 * np.where(np.arange(72) < 42, 1.0, 0.8))
    frame = pd.DataFrame({"month": MONTHS, "calls": calls})
    return SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07-15", **options)


def picture(**options):
    return report.figure(its_segmented(series(**options)))


def test_a_phase_in_is_shaded_up_to_the_first_whole_period():
    for way in ("ramp", "exclude"):
        made = picture(phase_in=3, phase_in_as=way)
        # July to September; October begins at three quarters of the year.
        assert made.labels.number("whole") == pytest.approx(2020.75, abs=0.01)
        assert made.caption.endswith("Shaded grey: the programme was not yet whole.")
        assert drawn(made, "svg") != drawn(picture(), "svg")
    plain = picture()
    assert plain.labels["whole"] is None
    assert "Shaded" not in plain.caption


def test_lines_break_where_periods_were_left_out():
    data = picture(exclude=[("2018-03", "2018-04")]).data["path"]
    broken = _with_gaps(data)
    assert len(broken) == len(data) + 1
    (place,) = np.flatnonzero(broken["counterfactual"].isna())
    assert [str(month) for month in broken["time"].iloc[[place - 1, place + 1]]] == ["2018-02", "2018-05"]
    whole = picture().data["path"]
    pd.testing.assert_frame_equal(_with_gaps(whole), whole)


def test_the_fitted_course_goes_on_after_the_start():
    data = picture().data["path"]
    before = ~data["after"]
    np.testing.assert_allclose(data["fitted"][before], data["counterfactual"][before], rtol=1e-12)
    assert (data["fitted"] < data["counterfactual"])[data["after"]].any()


def test_a_band_far_beyond_the_course_is_cut_and_said():
    from dataclasses import replace

    result = its_segmented(series())
    made = report.figure(result)
    assert made.labels.number("top") == pytest.approx(1.06 * made.data["path"][["observed", "high"]].max().max())
    assert "The band is cut" not in made.caption
    wide = report.figure(replace(result, path=result.path.assign(high=1e12)))
    courses = wide.data["path"][["observed", "counterfactual", "fitted"]]
    assert wide.labels.number("top") == 3 * courses.max().max()
    assert wide.caption.endswith("The band is cut where it leaves the picture.")


@pytest.mark.filterwarnings("ignore:.*ma1 at the edge")
def test_what_the_line_and_the_band_are_of_a_forecast_and_under_differences():
    forecast = report.figure(its_structural(series()))
    assert "dashed where it is carried forward. Band: its 95 % interval, for each period by itself." in forecast.caption
    assert "fitted" not in forecast.data["path"]
    differenced = report.figure(its_arima(series(), order=(0, 1, 1)))
    assert "Line: the observed course, dashed where the effect is taken out of it. Band: its" in differenced.caption
    plain = report.figure(its_arima(series(), order=(1, 0, 0)))
    assert "Grey line: the fitted course." in plain.caption
    assert len({drawn(made, "svg") for made in (forecast, differenced, plain)}) == 3


@pytest.mark.parametrize("fitted", [True, False])
@pytest.mark.parametrize("observed_below", [True, False])
def test_labels_stand_in_the_order_in_which_the_curves_end(fitted, observed_below):
    from matplotlib.figure import Figure

    expected = np.linspace(30.0, 10.0, 18)  # a season that falls: the last dots lie above where the line ends
    dots = expected + (-1.0 if observed_below else 1.0)
    data = pd.DataFrame({"observed": dots, "counterfactual": expected, "after": True})
    axes = Figure().add_subplot()
    axes.set_ylim(0, 40)
    _end_labels(axes, data.assign(fitted=dots, observed=expected) if fitted else data)
    heights = {text.get_text(): text.xy[1] for text in axes.texts}
    assert (heights["observed"] < heights["expected\nwithout it"]) == observed_below
    assert abs(heights["observed"] - heights["expected\nwithout it"]) == pytest.approx(0.15 * 40)
