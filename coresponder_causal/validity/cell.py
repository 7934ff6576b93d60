"""One cell of the study: a stated process in which the truth is known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

from coresponder_causal.core.method_card import Setting

World = Literal[
    "",
    "volatile",
    "contaminated",
    "funnel",
    "pandemic",
    "hidden severity",
    "off duty",
    "small city",
    "hour profile moved",
    "load left out",
    "holding",
    "takers chosen",
    "takers alike",
    "links missed",
    "lost by what is hidden",
    "one arm linked better",
    "one arm jails more",
    "volunteers drift",
    "one factor for all",
    "chosen by course",
]
Adjustment = Literal[
    "match_nearest",
    "match_nearest replace",
    "match_optimal",
    "match_full",
    "match_coarsened",
    "match_cardinality",
    "subclassify",
    "weight_propensity att",
    "weight_propensity overlap",
    "weight_propensity ate",
    "weight_propensity atc",
    "weight_propensity matching",
    "weight_propensity att boosted",
    "weight_balance att",
    "weight_balance atc",
    "weight_balance entropy ate",
    "weight_balance cbps ate",
    "weight_balance tilting ate",
    "coverage_post",
    "team_free",
    "no covariates",
    "covariates",
    "call_taker",
    "3 strata",
    "5 strata",
    "10 strata",
    "5 strata ε = 1",
    "5 strata ε = 0.25",
    "3 strata with scores",
    "5 strata with scores",
    "10 strata with scores",
    "5 strata with scores ε = 1",
    "5 strata with scores ε = 0.5",
    "5 strata with scores ε = 0.25",
    "four in five known",
    "half known",
    "a quarter drawn",
    "half drawn",
    "one link in ten missed",
    "one link in five missed",
    "a tenth coded",
    "a quarter coded",
]
coordinate_names = (
    "comparison", "treated", "periods", "events", "rho", "nugget", "tau", "treated_noise", "growth", "calls", "share",
    "adjustment",
)  # fmt: skip
whole_names = ("comparison", "treated", "periods", "calls")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One process, by its coordinates; those that its setting does not have are None.

    Parameters
    ----------
    setting : Setting
        One city in time; the same with few events; one treated city among others; the same by covered and uncovered
        hours; several treated units; calls; calls that nothing has adjusted; calls of a town with a team on duty;
        half-days covered by lot; calls near the hours of a team; calls of a treated city and others, by covered and
        uncovered hours; persons counted by strata at two agencies; calls with outcomes known of some, followed up by a
        second sample, linked, or coded by a machine and a sample by hand; calls and what came after them; officers in
        time, their counts, and their dose; persons' scores on several waves, their answers in order, scores that some
        do not give on the last wave; answers to drawn cases.
    world : str
        ``""`` where the methods' assumptions hold. Otherwise what breaks them: the treated city has twice the τ and the
        AR deviation of the others ("volatile"); three of ten comparison cities start a programme too ("contaminated");
        outcomes are recorded 30 % less often in the treated city ("funnel"); calls fall in 2020 and recover
        ("pandemic"); hidden severity draws the team ("hidden severity"); calls received off duty stand among the
        untreated ("off duty"); the treated city has 2 events a month, the others 40, and all fall by half
        ("small city"); calls move into the covered hours, and severer ones ("hour profile moved"); the patrol load,
        which takes the team and moves outcomes, is not adjusted for ("load left out"); four in ten calls of the
        40 minutes before the team comes on are held for it ("holding"); lenient call takers get the calls that are
        severer than was recorded ("takers chosen"), or call takers hardly differ ("takers alike"); the linkage of two
        agencies finds four in five ("links missed"); calls whose outcome is known differ from others by what nobody
        recorded, or persons leave by what they would have said ("lost by what is hidden"); the linkage finds treated
        calls more often ("one arm linked better"); calls that the team does not attend lead to custody five times as
        often, where nobody called again ("one arm jails more"); officers who volunteer are on another course already
        ("volunteers drift"), or volunteers have lower rates and all of them fall by one factor ("one factor for all");
        persons who were about to change anyway met the team ("chosen by course").
    effect : float
        The truth, in logs of rates; for adopters and calls in standard deviations of the outcome; for calls with an
        instrument or at a boundary as the change of the chance of an arrest on attended calls, for calls by hours on
        covered ones; for strata as the change of the chance of being connected, for calls partly known of engaging;
        after calls as the change of the chance of a repeat; of officers in events per 1,000 calls, of their counts in
        logs of ratios, for their dose by ten calls beside the team; over waves in units of the score, of answers in log
        odds.
    comparison, treated : int
        Cities, units or persons without and with treatment; of cities one where it is not said, and otherwise each
        starts half a year after the one before; of officers those who are never exposed and those who are, about;
        persons who answer drawn cases.
    periods : int
        Months, of which about 58 % lie before the start; for half-days covered by lot, weeks of the trial; waves;
        cases drawn for a person.
    events : float
        Mean count a month in the treated city, or of an officer in the middle; for half-days covered by lot, a week
        without coverage.
    rho : float
        Month-to-month correlation of the persistent shocks; of calls by hours or with an instrument week-to-week, of
        covered hours alone.
        For half-days covered by lot 0 is a Poisson count, and another value that of shocks of deviation one half from
        half-day to half-day.
    nugget : float
        Share of the latent variance that is new each month.
    tau : float
        Standard deviation between cities of the structural step at the start (hours: of covered against uncovered; of
        calls by hours in standard deviations of the outcome).
    treated_noise : float
        Factor on the treated city's persistent shocks.
    growth : float
        Growth of the effect a period, as a share of its first size.
    calls : int
        Calls; of calls by hours those of the treated city; for strata persons.
    share : float
        Share of them that is treated.
    adjustment : str
        How calls are made comparable, or their instrument; of calls by hours whether they are adjusted for severity,
        which then moves outcomes the more from the start on; for strata how many, whether the police's mean scores of
        the cells are taken, and the noise of the counts; of calls partly known how much is known.

    Examples
    --------
    >>> cell = Cell(setting="city", comparison=10, periods=72, events=25, rho=0.4, tau=0.1, treated_noise=1)
    >>> cell.key
    'city comparison=10 periods=72 events=25 rho=0.4 tau=0.1 treated_noise=1 effect=0'
    """

    setting: Setting
    world: World = ""
    effect: float = 0.0
    comparison: int | None = None
    treated: int | None = None
    periods: int | None = None
    events: float | None = None
    rho: float | None = None
    nugget: float | None = None
    tau: float | None = None
    treated_noise: float | None = None
    growth: float | None = None
    calls: int | None = None
    share: float | None = None
    adjustment: Adjustment | None = None

    @property
    def coordinates(self) -> dict[str, float | str]:
        """Coordinates that the setting has, by name."""
        return {name: value for name in coordinate_names if (value := getattr(self, name)) is not None}

    @property
    def key(self) -> str:
        """The cell in one line, the same in every session."""
        stated = [f"{name}={_plain(value)}" for name, value in self.coordinates.items()]
        return " ".join([self.setting, *([self.world] if self.world else []), *stated, f"effect={_plain(self.effect)}"])

    @property
    def seed(self) -> int:
        """Seed of the cell: a hash of its key without the effect, so that null and effect share their draws."""
        digest = hashlib.sha256(replace(self, effect=0.0).key.encode()).digest()
        return int.from_bytes(digest[:4], "big")

    def row(self) -> dict[str, object]:
        """Return setting, world, coordinates and effect as columns of the table; blank where there is none."""
        return {"setting": self.setting, "world": self.world or None} | {
            name: getattr(self, name) for name in (*coordinate_names, "effect")
        }


def _plain(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
