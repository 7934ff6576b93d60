"""How often the fixed looks together find an effect where there is none, on the worlds of `decide.monitor_runs`.

``python -m coresponder_causal.decide.look_runs`` measures it, writes ``decide/look_runs.csv`` and puts it into
docs/monitoring.md.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from coresponder_causal.core.notes import quietly
from coresponder_causal.decide.confirmatory_looks import look_calendar, take_look
from coresponder_causal.decide.monitor_runs import Setting, document, histories_of, put_into, settings

months, planned = (6, 12, 24), 0.05
first_month = "2010-01"
table = Path(__file__).with_name("look_runs.csv")


def measured(setting: Setting, *, histories: int, seed: int = 1) -> dict[str, float]:
    """Take every look on histories without an effect.

    Parameters
    ----------
    setting : Setting
    histories : int
    seed : int

    Returns
    -------
    dict
        ``events, before, lasting, rho, histories``; ``decided``, the share of histories in which any look decides,
        ``first``, in which the first one does, and ``once``, in which the last look alone would at 5 %; ``error``, the
        Monte-Carlo error of a share of 5 %.

    Examples
    --------
    >>> sorted(measured(settings[0], histories=2))[:4]
    ['before', 'decided', 'error', 'events']
    """
    rng = np.random.default_rng(seed)
    start = str((pd.Period(first_month, "M") + setting.before).start_time.date())
    calendar = look_calendar(start, months, level=1 - planned)
    periods = pd.period_range(first_month, periods=setting.before + months[-1], freq="M").astype(str)
    found = []
    for _ in range(histories):
        (counts,) = histories_of(setting, 1, rng, after=months[-1])
        rows = pd.DataFrame({"period": periods, "numerator": counts, "denominator": 1.0})
        with quietly():
            looks = [
                take_look(rows, start=start, until=str(until), nominal=float(nominal), label="count")
                for until, nominal in zip(calendar["until"], calendar["nominal"], strict=True)
            ]
        decides = [bool(look["decides"]) for look in looks]
        found.append((any(decides), decides[0], float(str(looks[-1]["p_value"])) <= planned))
    decided, first, once = np.mean(found, axis=0)
    head = {"events": setting.events, "before": setting.before, "lasting": setting.lasting, "rho": setting.rho}
    error = np.sqrt(planned * (1 - planned) / histories)
    return head | {"histories": histories, "decided": decided, "first": first, "once": once, "error": error}


def page(rows: pd.DataFrame) -> str:
    """Write what was measured as the table of docs/monitoring.md.

    Parameters
    ----------
    rows : DataFrame
        Of `measured`, one a setting.
    """
    spread = 100 * float(rows["error"].iloc[0])
    lines = [
        f"| {row['events']:g} | {row['before']:g} | {row['lasting']:g} | {row['rho']:g} | {100 * row['decided']:.1f} % "
        f"| {100 * row['first']:.1f} % | {100 * row['once']:.1f} % |"
        for row in rows.to_dict("records")
    ]
    looks, percent = f"{', '.join(map(str, months[:-1]))} and {months[-1]}", f"{100 * planned:g} %"
    return "\n".join(
        [
            f"Without an effect ({int(rows['histories'].iloc[0]):,} histories each; looks after {looks} months; "
            f"planned {percent}, Monte-Carlo error of such a share {spread:.1f} points):\n",
            "| Events a month | Months before | Lasting spread | ρ | Any look decides | The first does | One look "
            f"at the end, at {percent} |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *lines,
        ]
    )


def main(histories: int = 400) -> None:
    """Measure every setting, and write the table and the page."""
    rows = pd.DataFrame([measured(one, histories=histories) for one in settings])
    rows.round(4).to_csv(table, index=False)
    put_into(document, "looks", page(pd.read_csv(table)))


if __name__ == "__main__":
    main()
