"""Pictures of how much hidden bias a finding survives."""

from __future__ import annotations

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


def growing_bias(check: CheckResult) -> Picture:
    """Draw what is left of a finding as hidden bias grows, with the size at which it is lost.

    Parameters
    ----------
    check : CheckResult
        Of ``check.rosenbaum`` or ``check.marginal_sensitivity``.

    Returns
    -------
    Picture
        ``data["curve"]``: ``size`` and either ``value``, the largest p-value, or ``low, high, conf_low, conf_high``.
    """
    matched = check.check == "rosenbaum"
    course, lost = course_of(check), check.breakdown
    marked = lost is not None and 1 < lost <= float(course["size"].max())
    reach = 2.2 * lost if marked and lost is not None and not matched else float("inf")
    caption = (
        "Line: the largest two-sided p-value that hidden odds of treatment so many times apart in matched sets allow."
        if matched
        else "Dark: the differences that hidden causes of that strength allow. Light: with 95 % intervals."
    )
    return Picture(
        title="How much hidden bias does the finding survive?",
        caption=f"{caption} Marked: where the finding is lost." if marked else caption,
        alt=f"A curve over growing hidden bias. {check.sentence}",
        kind="bias",
        data={"curve": course[course["size"] <= reach]},
        labels=Facts(
            {
                "x": "Hidden odds of treatment, times apart" if matched else "Hidden factor on the odds of treatment",
                "y": "Largest p-value" if matched else "Difference",
                "limit": 0.05 if matched else 0.0,
                "breakdown": lost if marked else None,
            }
        ),
        support=check.support,
    )
