"""The files of a run of monitoring: its page and pictures, with the metrics and the quality of the same tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from coresponder_causal import report
from coresponder_causal.data.quality import Quality
from coresponder_causal.decide.monitoring import Monitoring
from coresponder_causal.plan.describe import City, metric_specs
from coresponder_causal.plan.monitored_metrics import Chosen
from coresponder_causal.privacy import Policy
from coresponder_causal.report.gate import passed
from coresponder_causal.report.metric_counts import metric_counts
from coresponder_causal.report.metrics_page import months_in
from coresponder_causal.report.specs import Picture, Spec


def publish_monitoring(
    made: Monitoring,
    found: City,
    monthly: pd.DataFrame,
    checked: Quality,
    out: Path,
    *,
    chosen: Mapping[str, Chosen],
) -> list[Path]:
    """Write the page and pictures of monitoring, the metrics and the quality: all that leaves together.

    Parameters
    ----------
    made : Monitoring
    found : City
        Its policy says for whom.
    monthly : DataFrame
        Its metrics by month.
    checked : Quality
    out : Path
        Folder.
    chosen : mapping of str to Chosen

    Returns
    -------
    list of Path
        The page first.

    Notes
    -----
    For others than those inside a metric is drawn only where every one of its months may be shown: a chart carries each
    month on into the next, so that one that is hidden could be reckoned from its neighbours.
    """
    policy, inside = found.policy, not found.policy.guarded
    beside: dict[Path, Spec] = {
        **metric_specs(found, monthly, out / "metrics", policy),
        out / "quality": report.quality_page(checked),
        out / "quality" / "breaks.csv": report.breaks_table(checked),
        out / "alarms.csv": report.alarm_table(made),
    }
    pictures = {name: _picture(made, name, one, monthly) for name, one in chosen.items()}
    if not inside:
        pictures = _whole(pictures, made, list(beside.values()), policy, found)
    page = report.monitor_page(
        made, city=found.name, pictures=pictures, inside=inside, simulated=found.simulated, sensitive=found.sensitive
    )
    drawn: dict[Path, Spec] = {out / "charts" / f"{name.replace(' ', '_')}.svg": one for name, one in pictures.items()}
    return report.write_all({out: page, **beside, **drawn}, policy=policy, ledger=found.ledger, into=out)


def _picture(made: Monitoring, name: str, one: Chosen, monthly: pd.DataFrame) -> Picture:
    """Picture of a metric with the counts behind its months."""
    series = made.series[name]
    rows = one.rows.set_index("period").loc[series.months].reset_index()
    counts = metric_counts(rows, months=months_in(monthly), part="path", beside=monthly)
    return report.control_picture(made, name, counts=counts)


def _whole(
    pictures: Mapping[str, Picture], made: Monitoring, beside: list[Spec], policy: Policy, found: City
) -> dict[str, Picture]:
    """Pictures of which the gate takes no point away, beside all else that leaves."""
    least = policy.threshold
    kept = {name: one for name, one in pictures.items() if _large(made, name, least)}
    earlier = None if found.ledger is None else found.ledger.cells()
    while kept:
        through = passed([*beside, *kept.values()], policy, earlier=earlier).specs[len(beside) :]
        lost = [
            name
            for (name, one), left in zip(kept.items(), through, strict=True)
            if not isinstance(left, Picture) or any(len(left.data[part]) < len(one.data[part]) for part in one.data)
        ]
        if not lost:
            break
        kept = {name: one for name, one in kept.items() if name not in lost}
    return kept


def _large(made: Monitoring, name: str, least: int) -> bool:
    """Whether every month has events enough, and enough without one."""
    one = made.series[name]
    others = one.exposure - one.counts if one.share else one.counts
    return bool(one.counts.min() >= least and others.min() >= least)
