"""Pictures with one row, or one point, for each of several estimates: designs, covariates, times since the start."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.core.support import smallest
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.decide import Pooled
from coresponder_causal.report import words
from coresponder_causal.report.against import description
from coresponder_causal.report.effects import effects
from coresponder_causal.report.specs import Picture

small_difference = 0.1


def across(results: Sequence[Result]) -> Picture:
    """Draw the headlines of several designs on one axis of percent changes.

    Parameters
    ----------
    results : sequence of Result
        Those on another scale than ratios are counted in the caption and left out.

    Returns
    -------
    Picture
        ``data["cities"]``: ``city`` (name of the design and outcome), ``role, effect, low, high`` on the log scale; an
        interval that has no end is drawn to the edge.

    Raises
    ------
    EstimationError
        If fewer than two results are ratios; show them with ``report.table``.
    """
    ratios = [result for result in results if result.scale == "log_ratio" and result.kind == "point"]
    if len(ratios) < 2:
        raise EstimationError(
            f"{len(ratios)} of {len(results)} results are ratios: nothing to compare", mend="show them in a table"
        )
    rows = pd.DataFrame([_headline(result) for result in ratios])
    rows["role"] = np.where(np.arange(len(rows)) == 0, "treated", "comparison")
    left_out = len(results) - len(ratios)
    said = f" {left_out} in other units {'is' if left_out == 1 else 'are'} not drawn." if left_out else ""
    return Picture(
        title="What each design says",
        caption="Points: estimates. Bars: 95 % intervals, each of the kind its design gives; they answer different "
        f"questions, so that they need not agree.{said}",
        alt=_row_by_row(rows),
        kind="forest",
        data={"cities": rows},
        labels=Facts({"x": "Change, or difference between calls", "percent": True}),
        support=headlines(ratios),
    )


def of_designs(
    rows: pd.DataFrame, *, outcome: str, support: pd.DataFrame | None, pooled: Pooled | None = None
) -> Picture:
    """Draw all designs of one outcome on one axis of percent changes, below what they give together.

    Parameters
    ----------
    rows : DataFrame
        ``city`` (name of the design), ``role`` ("treated" where no check contradicts it, else "comparison"), ``effect,
        low, high`` on the log scale, those that stand first.
    outcome : str
        In words.
    support : DataFrame or None
        What stands behind each row.
    pooled : Pooled, optional

    Returns
    -------
    Picture
        As of `across`; the pooled value is the first row.
    """
    shown, behind, said = rows, support, ""
    if pooled is not None:
        name = f"All together\nadjusted for bias, {len(pooled.methods)} designs"
        first = {"city": name, "effect": pooled.estimate, "low": pooled.low, "high": pooled.high, "role": "treated"}
        shown = pd.concat([pd.DataFrame([first]), shown], ignore_index=True)
        least = smallest(support)
        behind = None if support is None or least is None else pd.concat([least, support], ignore_index=True)
        said = " First: all that may be pooled, each adjusted for its elicited bias."
    return Picture(
        title=f"What each design says of {outcome}",
        caption="Points: percent changes. Bars: 95 % intervals, each of the kind its design gives. Grey: a check "
        f"contradicts the design.{said}",
        alt=_row_by_row(shown),
        kind="forest",
        data={"cities": shown},
        labels=Facts({"x": f"Change of {outcome} with the programme", "percent": True}),
        support=behind,
    )


def _row_by_row(rows: pd.DataFrame) -> str:
    """Say what the picture shows, a sentence for each design."""
    pairs = zip(rows["city"], rows["effect"].to_numpy(float), strict=True)
    said = (f"{' '.join(name.split())}: {words.percent(100 * np.expm1(effect))}." for name, effect in pairs)
    return " ".join(["One row per design.", *said])


def headlines(results: Sequence[Result]) -> pd.DataFrame | None:
    """Return what stands behind the first term of each result, a row each; None where it is not known of all.

    Parameters
    ----------
    results : sequence of Result
    """
    known = [result.support.head(1) for result in results if result.support is not None]
    return pd.concat(known, ignore_index=True) if len(known) == len(results) else None


def _headline(result: Result) -> dict[str, object]:
    row = result.tidy().iloc[0]
    about = " (description)" if row["term"] == description else ""
    name = f"{words.named(result)}\n{words.outcome(result)}{about}"
    return {"city": name, "effect": row["estimate"], "low": row["conf_low"], "high": row["conf_high"]}


def love(check: CheckResult) -> Picture:
    """Draw how far treated and untreated calls differ in each covariate, before and after adjustment.

    Parameters
    ----------
    check : CheckResult
        Of ``check.balance``.

    Returns
    -------
    Picture
        ``data["balance"]``: ``covariate, before, after``, standardised mean differences without sign, the largest
        before adjustment first. Covariates only, without the outcome that they predict.

    References
    ----------
    Love plot: Stuart, Lee & Leacy (2013), doi:10.1016/j.jclinepi.2013.01.013.
    """
    table = check.table[check.table["kind"] != "prognosis"]
    rows = pd.DataFrame(
        {
            "covariate": table["covariate"].str.replace("_", " "),
            "before": table["smd_before"].abs(),
            "after": table["smd_after"].abs(),
        }
    ).sort_values("before", ascending=False, kind="stable")
    support = check.support if check.support is None else check.support.loc[rows.index].reset_index(drop=True)
    return Picture(
        title="Are the calls alike that are compared?",
        caption="Hollow: standardised difference of means as the calls came. Filled: after adjustment. The line marks "
        f"{small_difference:g} standard deviations, beyond which a difference is usually not called small.",
        alt=f"One row per covariate. {check.sentence}",
        kind="love",
        data={"balance": rows.reset_index(drop=True)},
        labels=Facts({"x": "Standardised difference of means", "small": small_difference}),
        support=support,
    )


def events(result: Result) -> Picture:
    """Draw average effects by the time since the start.

    Parameters
    ----------
    result : Result
        Keyed by ``event_time``, as ``aggregate(..., by="event_time")`` gives it; terms of several periods state their
        number in ``extra["bin_width"]`` and their base in ``extra["base"]``.

    Returns
    -------
    Picture
        ``data["events"]``: ``event_time, position, estimate, low, high``, joint bands where the result has them; the
        base has estimate 0 and no ends.
    """
    shown = effects(result).assign(event_time=result.terms["event_time"])
    tidy = result.tidy()
    joint = {"band_low", "band_high"} <= set(tidy)
    if joint and result.scale != "log_ratio":
        shown = shown.assign(conf_low=tidy["band_low"], conf_high=tidy["band_high"])
    own = shown["event_time"].notna() & ~shown["term"].eq("overall")
    rows = shown[own]
    rows = rows.rename(columns={"conf_low": "low", "conf_high": "high"})
    rows = rows[["event_time", "estimate", "low", "high"]].astype(float)
    base, width = result.extra.number("base"), result.extra.number("bin_width")
    if np.isfinite(base):
        rows = pd.concat([rows, pd.DataFrame({"event_time": [base], "estimate": [0.0]}, index=[-1])]).sort_values(
            "event_time"
        )
    behind = smallest(result.support)
    if result.support is not None and len(result.support) == len(own):
        behind = result.support[own.to_numpy()].reindex(rows.index)
    rows["position"] = rows["event_time"] + (width - 1) / 2 if width > 1 else rows["event_time"]
    periods = words.capital(str(result.extra.get("period_name", "periods")))
    bars = f"95 % {'joint band' if joint else 'interval'}"
    return Picture(
        title=f"Effect on {words.outcome(result)} by the time since the start",
        caption=_events_caption(bars, rows, based=bool(np.isfinite(base))),
        alt=f"One point per period since the start, from {rows['event_time'].min():g} to {rows['event_time'].max():g}.",
        kind="events",
        data={"events": rows[["event_time", "position", "estimate", "low", "high"]].reset_index(drop=True)},
        labels=Facts(
            {
                "x": f"{periods} since the start{f', in spans of {width:g}' * (width > 1)}",
                "step": 2 * width if width > 1 else None,
                "y": words.capital(f"effect, {shown['unit'].iloc[0]}"),
            }
        ),
        support=behind,
    )


def _events_caption(bars: str, rows: pd.DataFrame, *, based: bool) -> str:
    before = " Before the start there should be no effect." if rows["event_time"].min() < 0 else ""
    hollow = " Hollow: the time that all is measured against." if based else ""
    return f"Points: mean effect over the units seen at that time. Bars: {bars} of each.{before}{hollow}"
