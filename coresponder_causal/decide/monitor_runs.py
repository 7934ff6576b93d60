"""How long control charts stay silent where nothing changes, and how soon they find a step, on worlds that are known.

``python -m coresponder_causal.decide.monitor_runs`` measures it, writes ``decide/monitor_runs.csv`` and puts it into
docs/monitoring.md. Each baseline is fitted and gets limits of its own, as a city's would; several courses of months
follow it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.control_chart import charts, fit_variances, forecast_errors
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.run_length import first_alarms
from coresponder_causal.decide.chart_limits import Calibration, calibrate_charts, longest
from coresponder_causal.design.monitored import Monitored

Array = NDArray[np.float64]
run_length, step_month = 60, 13
ratios = (1.0, 0.6, 0.75, 1.33, 1.67)
table, document = Path(__file__).with_name("monitor_runs.csv"), Path("docs", "monitoring.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A world of monthly counts.

    Parameters
    ----------
    events : float
        A month, on average.
    before : int
        Months before monitoring.
    lasting : float
        Standard deviation of the log rate's AR(1) part.
    rho : float
        Its correlation from month to month.
    """

    events: float
    before: int
    lasting: float
    rho: float


settings = (
    Setting(events=15, before=42, lasting=0.0, rho=0.0),
    Setting(events=80, before=60, lasting=0.15, rho=0.5),
)


def measured(setting: Setting, *, baselines: int, courses: int, seed: int = 1) -> pd.DataFrame:
    """Measure one setting.

    Parameters
    ----------
    setting : Setting
    baselines : int
        Histories before monitoring, each with limits of its own.
    courses : int
        Courses of months that follow each.
    seed : int

    Returns
    -------
    DataFrame
        One row per ratio of the step: ``events, before, lasting, rho, ratio, baselines, courses``; without a step
        ``mean, error, median`` months until the first false alarm and the share ``silent`` for 60 months; with one in
        the 13th month, of the courses that were silent until then, the share found ``within_6`` and ``within_12``
        months.
    """
    rng = np.random.default_rng(seed)
    runs: dict[float, list[Array]] = {ratio: [] for ratio in ratios}
    for baseline in range(baselines):
        counts = histories_of(setting, courses, rng)
        one = _series(setting, counts[0])
        made = calibrate_charts({"count": one}, run_length=run_length, seed=seed + baseline)
        for ratio in ratios:
            stepped = counts.copy()
            at = setting.before + step_month - 1
            stepped[:, at:] = counts[:, at:] if ratio == 1 else _stepped(counts[:, at:], ratio, rng)
            runs[ratio].append(_alarmed(one, stepped, made))
    return pd.DataFrame([_row(setting, ratio, np.array(found)) for ratio, found in runs.items()])


def histories_of(
    setting: Setting, courses: int, rng: np.random.Generator, *, after: int = longest * run_length
) -> Array:
    """Draw counts of one baseline and several courses of months after it in which nothing changes.

    Parameters
    ----------
    setting : Setting
    courses : int
    rng : Generator
    after : int
        Months of each course.

    Returns
    -------
    ndarray, shape (courses, before + after)

    Examples
    --------
    >>> drawn = histories_of(settings[0], 2, np.random.default_rng(1), after=6)
    >>> drawn.shape, bool((drawn[0, :42] == drawn[1, :42]).all())
    ((2, 48), True)
    """
    months = setting.before + after
    state, course = np.full(courses, rng.normal()), np.empty((courses, months))
    for month in range(months):
        shock = rng.normal(size=courses)
        shock = np.full(courses, shock[0]) if month < setting.before else shock
        state = setting.rho * state + np.sqrt(1 - setting.rho**2) * shock
        course[:, month] = state
    season = 0.15 * np.sin(2 * np.pi * np.arange(months) / 12)
    rates = setting.events * np.exp(season + setting.lasting * course - setting.lasting**2 / 2)
    counts = rng.poisson(rates).astype(float)
    counts[:, : setting.before] = counts[0, : setting.before]
    return counts


def _stepped(counts: Array, ratio: float, rng: np.random.Generator) -> Array:
    """Give counts another rate: thinned, or with more drawn beside them."""
    if ratio < 1:
        return rng.binomial(counts.astype(int), ratio).astype(float)
    return np.asarray(counts + rng.binomial(counts.astype(int), ratio - 1), float)


def _series(setting: Setting, counts: Array) -> Monitored:
    periods = pd.period_range("2010-01", periods=setting.before, freq="M").astype(str)
    since = str(pd.Period("2010-01", "M") + setting.before)
    rows = pd.DataFrame({"period": periods, "numerator": counts[: setting.before], "denominator": 1.0})
    return Monitored.from_rows(rows, label="count", since=since, share=False, ahead=longest * run_length)


def _alarmed(one: Monitored, counts: Array, made: Calibration) -> Array:
    """Month of the first alarm of every course; one beyond the horizon where there is none."""
    model = one.model(ahead=longest * run_length)
    residuals = model.residuals(counts)
    fitted = fit_variances(model, residuals[:, : one.n])
    paths = charts(forecast_errors(model, residuals, fitted))
    limits = made.limits["count"]
    return first_alarms(paths, np.array([limits.weighted, limits.summed])).astype(float)


def _row(setting: Setting, ratio: float, found: Array) -> dict[str, float]:
    """Summarise the months of first alarms, shape (baselines, courses)."""
    head = {"events": setting.events, "before": setting.before, "lasting": setting.lasting, "rho": setting.rho}
    head |= {"ratio": ratio, "baselines": float(found.shape[0]), "courses": float(found.shape[1])}
    if ratio == 1:
        by_baseline = found.mean(axis=1)
        error = float(by_baseline.std(ddof=1) / np.sqrt(len(by_baseline)))
        silent = float((found > run_length).mean())
        return head | {"mean": float(found.mean()), "error": error, "median": float(np.median(found)), "silent": silent}
    until = found[found >= step_month] - step_month + 1
    return head | {f"within_{months}": float((until <= months).mean()) for months in (6, 12)}


def page(rows: pd.DataFrame) -> str:
    """Write what was measured as the tables of docs/monitoring.md.

    Parameters
    ----------
    rows : DataFrame
        Of `measured`, of several settings.
    """
    name = rows.apply(
        lambda row: f"{row['events']:g} | {row['before']:g} | {row['lasting']:g} | {row['rho']:g}", axis=1
    )
    silent, steps = rows["ratio"].eq(1), rows["ratio"].ne(1)
    first = [
        f"| {who} | {row['mean']:.0f} ± {row['error']:.0f} | {row['median']:.0f} | {100 * row['silent']:.0f} % |"
        for who, (_, row) in zip(name[silent], rows[silent].iterrows(), strict=True)
    ]
    second = [
        f"| {who} | {row['ratio']:g} | {100 * row['within_6']:.0f} % | {100 * row['within_12']:.0f} % |"
        for who, (_, row) in zip(name[steps], rows[steps].iterrows(), strict=True)
    ]
    head = "| Events a month | Months before | Lasting spread | ρ |"
    number = f"{int(rows['baselines'].iloc[0])} baselines with {int(rows['courses'].iloc[0])} courses each"
    return "\n".join(
        [
            f"Without a change ({number}; one metric, its two charts; stated run length {run_length} months; courses "
            f"of {longest * run_length} months):\n",
            f"{head} Months to the first false alarm, mean ± error | Median | None in {run_length} months |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *first,
            f"\nWith a lasting step in month {step_month}, of the courses that were silent until then:\n",
            f"{head} Ratio of the step | Found within 6 months | Within 12 |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *second,
        ]
    )


def put_into(document: Path, part: str, text: str) -> None:
    """Replace what was measured in a page.

    Parameters
    ----------
    document : Path
    part : str
        Its name, as in ``<!-- part: begin -->``.
    text : str
    """
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    whole = document.read_text(encoding="utf-8")
    before, after = whole.split(begin)[0], whole.split(end)[1]
    write_whole(document, f"{before}{begin}\n{text}\n{end}{after}".encode())


def main(baselines: int = 40, courses: int = 25) -> None:
    """Measure every setting, and write the table and the page."""
    rows = pd.concat([measured(one, baselines=baselines, courses=courses) for one in settings], ignore_index=True)
    rows.round(4).to_csv(table, index=False)
    put_into(document, "measured", page(pd.read_csv(table)))


if __name__ == "__main__":
    main()
