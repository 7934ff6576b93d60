"""How often each refuter of DoWhy failed designs that are sound, and designs that are not: a table.

The rows are in dowhy_rates.csv beside this file; `coresponder_causal.validity.refuters_dowhy` measures them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

sound, seldom, often = "sound", 0.1, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Shares of simulated designs that a refuter failed.

    Parameters
    ----------
    false_alarms : float
        Share of sound designs.
    power : float
        The largest share of the designs of any broken world.
    world : str
        That world.
    hidden : float
        Share of the designs where what drives dispatch is not recorded.
    replications : int
        Designs of each world.
    """

    false_alarms: float
    power: float
    world: str
    hidden: float
    replications: int

    @property
    def tells(self) -> bool:
        """Whether it fails broken designs often in some world, and sound ones seldom."""
        return self.power >= often and self.false_alarms <= seldom

    def __str__(self) -> str:
        worst = (
            f", at most {100 * self.power:.0f} % in any broken world ({self.world})"
            if self.power
            else ", none in any world"
        )
        said = (
            f"of {self.replications} simulated designs each it failed {100 * self.false_alarms:.0f} % of sound ones "
            f"and {100 * self.hidden:.0f} % where what drives dispatch was hidden{worst}"
        )
        return said if self.tells else f"{said}: nearly uninformative"


@cache
def rates(refuter: str) -> Rates | None:
    """Look up how a refuter behaved; None where it was not measured.

    Parameters
    ----------
    refuter : str
        Its name in `coresponder_causal.check.dowhy_refuters`.

    Examples
    --------
    >>> rates("random_common_cause").tells
    False
    """
    table = dowhy_rates()
    rows = table[table["refuter"] == refuter].set_index("world")["failed"]
    if sound not in rows:
        return None
    broken = rows.drop(sound)
    return Rates(
        false_alarms=float(rows[sound]),
        power=float(broken.max()),
        world=str(broken.idxmax()),
        hidden=float(rows["hidden severity"]),
        replications=int(table.loc[table["refuter"] == refuter, "replications"].min()),
    )


@cache
def dowhy_rates() -> pd.DataFrame:
    """Return the table that ships with the package: ``refuter, world, failed, replications``."""
    return pd.read_csv(Path(__file__).with_name("dowhy_rates.csv"))
