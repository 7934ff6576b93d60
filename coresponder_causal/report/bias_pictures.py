"""Pictures of how much hidden bias a finding survives."""

from __future__ import annotations

from typing import NamedTuple

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.report.check_pictures import course_of
from coresponder_causal.report.specs import Picture


def contour(check: CheckResult) -> Picture:
    """Draw the estimate that an omitted variable would leave, by its partial R² with treatment and outcome.

    Parameters
    ----------
    check : CheckResult
        Of ``check.robustness_value``.

    Returns
    -------
    Picture
        ``data["grid"]``: ``r2dz, r2yz, estimate, bound`` (of the interval, nearer to nothing); ``data["marks"]``: the
        estimate as it is and with benchmarks, ``r2dz, r2yz, label`` (empty where it is not named).
    """
    known, course = check.table.dropna(subset=["estimate"]).reset_index(drop=True), course_of(check)
    far = (known["r2dz"] > 0.05 * course["r2dz"].max()) | (known["r2yz"] > 0.05 * course["r2yz"].max())
    last = far & ~known["benchmark"].duplicated(keep="last")
    label = known["times"].map("{:g} × ".format) + known["benchmark"].str.replace("_", " ")
    return Picture(
        title="How strong would an omitted variable have to be?",
        caption="Lines: the estimate it would leave, by the share of what is left of treatment and outcome that it "
        "explains. Dashed: the interval reaches no effect. Thick: the estimate does. Points: as strong as covariates "
        "are, the strongest named where they leave the corner.",
        alt=f"Contours of the adjusted estimate over two shares. {check.sentence}",
        kind="contour",
        data={
            "grid": course,
            "marks": known[["r2dz", "r2yz"]].assign(label=label.where(last, "")),
        },
        labels=Facts({"x": "Share of the treatment explained", "y": "Share of the outcome explained"}),
        support=check.support,
    )


class _Told(NamedTuple):
    """Words of a picture of growing bias, and the size that is none."""

    title: str
    caption: str
    x: str
    y: str
    limit: float = 0.0
    none_at: float = 1.0


_hidden = "How much hidden bias does the finding survive?"
_told = {
    "rosenbaum": _Told(
        _hidden,
        "Line: the largest two-sided p-value that hidden odds of treatment so many times apart in matched sets allow.",
        "Hidden odds of treatment, times apart",
        "Largest p-value",
        limit=0.05,
    ),
    "marginal_sensitivity": _Told(
        _hidden,
        "Dark: the differences that hidden causes of that strength allow. Light: with 95 % intervals.",
        "Hidden factor on the odds of treatment",
        "Difference",
    ),
    "honest": _Told(
        "What if courses were not parallel?",
        "Dark: the effects that moves of the courses' difference allow, so many times as large after the start as the "
        "largest before it. Light: with 95 % intervals, for the largest move before it is estimated too.",
        "Moves after the start, times the largest before",
        "Effect",
        none_at=0.0,
    ),
}


def growing_bias(check: CheckResult) -> Picture:
    """Draw what is left of a finding as bias grows, with the size at which it is lost.

    Parameters
    ----------
    check : CheckResult
        Of ``check.rosenbaum``, ``check.marginal_sensitivity`` or ``check.honest``.

    Returns
    -------
    Picture
        ``data["curve"]``: ``size`` and either ``value``, the largest p-value, or ``low, high, conf_low, conf_high``.
    """
    course, lost, told = course_of(check), check.breakdown, _told[check.check]
    marked = lost is not None and told.none_at < lost <= float(course["size"].max())
    reach = 2.2 * lost if marked and lost is not None and "value" not in course else float("inf")
    return Picture(
        title=told.title,
        caption=f"{told.caption} Marked: where the finding is lost." if marked else told.caption,
        alt=f"A curve over growing bias. {check.sentence}",
        kind="bias",
        data={"curve": course[course["size"] <= reach]},
        labels=Facts({"x": told.x, "y": told.y, "limit": told.limit, "breakdown": lost if marked else None}),
        support=check.support,
    )
