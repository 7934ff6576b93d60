"""Pictures of checks that look at a series period by period, or at calls by their probability of treatment."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.privacy import Counts
from coresponder_causal.report.specs import Picture
from coresponder_causal.report.time_axis import positions


def residuals(check: CheckResult) -> Picture:
    """Draw the standardised residuals in time, and their autocorrelations.

    Parameters
    ----------
    check : CheckResult
        Of ``check.residual_autocorrelation``.

    Returns
    -------
    Picture
        ``data["residuals"]``: ``time, position, residual``; ``data["lags"]``: ``lag, autocorrelation, bound``.
    """
    course = course_of(check)
    return Picture(
        title="Does what the method leaves unexplained look like chance?",
        caption="Above: standardised residuals. Below: their correlation with themselves so many periods earlier; "
        "about one bar in twenty leaves the shaded bounds by chance.",
        alt=f"Residuals in time and a bar for each of {len(check.table)} lags. {check.sentence}",
        kind="residuals",
        data={
            "residuals": course.assign(position=positions(course["time"])),
            "lags": check.table[["lag", "autocorrelation", "bound"]],
        },
        labels=Facts({"calendar": not pd.api.types.is_numeric_dtype(course["time"])}),
        support=check.support,
    )


def breaks(check: CheckResult) -> Picture:
    """Draw the test of a break at every date.

    Parameters
    ----------
    check : CheckResult
        Of ``check.break_date``.

    Returns
    -------
    Picture
        ``data["dates"]``: ``time, position, statistic, inside, start`` (from the programme's start on).
    """
    course = course_of(check)
    position = positions(course["time"])
    step = float(np.median(np.diff(position)))
    return Picture(
        title="Where would the data put a break by themselves?",
        caption="Line: F statistic of one break at that date. Shaded: dates that fit about as well as the best, the "
        f"dot. p {check.table['p_value'].iloc[0]:.3f}.",
        alt=f"One value for each of {len(course)} dates. {check.sentence}",
        kind="breaks",
        data={"dates": course.assign(position=position)},
        labels=Facts(
            {
                "start": float(position[course["start"]].min()) - step / 2,
                "step": step,
                "calendar": not pd.api.types.is_numeric_dtype(course["time"]),
            }
        ),
        support=check.support,
    )


def common_support(check: CheckResult) -> Picture:
    """Draw how the calls of both arms spread over the probability of treatment, as they came and in the comparison.

    Parameters
    ----------
    check : CheckResult
        Of ``check.overlap``.

    Returns
    -------
    Picture
        ``data["bins"]``: ``arm, low, high, calls, before, after``, shares of the arm's calls and of its weight.
    """
    course = course_of(check)
    bins, given = course.drop(columns="given"), course["given"].iloc[0]
    return Picture(
        title="Could calls of every kind have gone either way?",
        caption="Calls by the probability of treatment given what was known: treated above the line, untreated below. "
        "Outline: as they came. Filled: their weight in the comparison. Filled on one side alone: compared with none.",
        alt=f"Two histograms back to back. {check.sentence}",
        kind="support",
        data={"bins": bins},
        labels=Facts({"x": "Probability of treatment", "y": "Share of its arm, %"}),
        support=bins[["calls"]],
        counts=(
            Counts(
                family=f"{bins['calls'].sum()} calls by arm and probability of treatment given {given}",
                frame=bins.assign(bin=bins["low"].map("{:.4f}".format)),
                dimensions=("arm", "bin"),
                count="calls",
                part="bins",
            ),
        ),
    )


def sums_of_calls(check: CheckResult) -> Picture:
    """Draw what whole shifts, and hours of a free team, show beside what attended calls say of them.

    Parameters
    ----------
    check : CheckResult
        Of ``check.displacement``.

    Returns
    -------
    Picture
        ``data["cities"]``: two rows for each comparison, ``city`` (its words), ``role, effect, low, high``.
    """
    seen = {"effect": "estimate", "low": "conf_low", "high": "conf_high"}
    said = {"effect": "calls_say", "low": "calls_say_low", "high": "calls_say_high"}
    rows = [
        {"city": label, "role": role} | {name: row[column] for name, column in columns.items()}
        for row in check.table.to_dict("records")
        for label, role, columns in (
            (str(row["comparison"]), "treated", seen),
            ("the same by attended calls alone", "comparison", said),
        )
    ]
    return Picture(
        title="Do attended calls add up to what whole shifts show?",
        caption=f"{check.assumption} {check.sentence}",
        alt=f"Two estimates for each of {len(check.table)} comparisons. {check.sentence}",
        kind="forest",
        data={"cities": pd.DataFrame(rows)},
        labels=Facts({"x": "Change per eligible call", "percent": False}),
        support=check.support,
    )


def placebos(check: CheckResult) -> Picture:
    """Draw how the estimates of placebo treatments spread, and where the estimate lies.

    Parameters
    ----------
    check : CheckResult
        Of ``check.placebo_treatment``.

    Returns
    -------
    Picture
        ``data["bins"]``: ``low, high, placebos``.
    """
    estimates = course_of(check)["estimate"].to_numpy(float)
    many, edges = np.histogram(estimates, bins="auto")
    return Picture(
        title="Does the method find nothing where there is nothing?",
        caption="Bars: estimates when like calls exchange their treatments. They should centre on zero, and the "
        f"estimate should lie outside them. {check.sentence}",
        alt=f"A histogram of {len(estimates)} placebo estimates and a line at the estimate. {check.sentence}",
        kind="placebos",
        data={"bins": pd.DataFrame({"low": edges[:-1], "high": edges[1:], "placebos": many})},
        labels=Facts({"estimate": float(check.table.set_index("what")["found"]["estimate"])}),
        support=check.support,
    )


def course_of(check: CheckResult) -> pd.DataFrame:
    """Return what a check draws; refused where it draws nothing."""
    if check.course is None:
        raise EstimationError(f"the check {check.check} draws nothing", mend="show it with report.table")
    return check.course
