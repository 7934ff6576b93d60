"""A randomised schedule as files: the table, the calendar file and the page that explains them."""

from __future__ import annotations

from pathlib import Path

from coresponder_causal import report
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.folders import folder_beside
from coresponder_causal.design import SwitchbackCalendar
from coresponder_causal.report.tables import plain
from coresponder_causal.validity import SwitchbackPower


def write_switchback(calendar: SwitchbackCalendar, out: Path, *, power: SwitchbackPower | None = None) -> list[Path]:
    """Write a drawn calendar: ``schedule.csv``, ``calendar.ics`` and ``index.html``.

    Parameters
    ----------
    calendar : SwitchbackCalendar
    out : Path
        Folder.
    power : SwitchbackPower, optional
        What the trial can find, shown on the page.

    Returns
    -------
    list of Path
    """
    agenda = calendar.to_ics()
    page = report.switchback_page(calendar, power)
    with folder_beside(out) as made:
        written = [
            report.write(plain(calendar.frame, title="Schedule"), made / "schedule.csv"),
            write_whole(made / "calendar.ics", agenda.encode()),
            report.write(page, made),
        ]
    return [out / path.name for path in written]
