"""Officer-months from the tables of the data dictionary: calls without the team, and the time spent beside it."""

from __future__ import annotations

from typing import Literal

Counted = Literal["primary", "share"]


def officer_months() -> None:
    """To come."""
