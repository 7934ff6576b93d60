"""How an interval behaved in a simulated cell, and the cell in words."""

from __future__ import annotations

from dataclasses import dataclass

from coresponder_causal.core.inference import rejection_rate_limit

least_coverage, nominal = 0.93, 0.05
words = {
    "treated": "{:g} treated",
    "comparison": "{:g} comparison cities",
    "rho": "ρ = {:g}",
    "tau": "τ = {:g}",
    "treated_noise": "month shocks of the treated city × {:g}",
    "events": "{:g} events a period",
    "periods": "{:g} periods",
    "calls": "{:g} calls",
    "share": "share treated {:g}",
    "adjustment": "{}",
}
_of_officers = {"comparison": "{:g} comparison officers"}
_of_waves = {"treated": "{:g} exposed persons", "comparison": "{:g} others", "periods": "{:g} waves"}
own_words = {
    "adopters": {"comparison": "{:g} comparison units"},
    **dict.fromkeys(("officers", "officer_dose"), _of_officers),
    "officer_counts": _of_officers | {"events": "{:g} events of an officer a period"},
    **dict.fromkeys(("waves", "ordinal_waves", "lost_waves"), _of_waves),
    "vignettes": {"comparison": "{:g} persons", "periods": "{:g} cases each"},
}
worlds = {
    "volatile": "where the treated city's drift and noise are twice the others'",
    "funnel": "where the treated city records 30 % less from the start on",
    "hidden severity": "where severity that nobody recorded decides who is attended",
    "off duty": "where calls received off duty stand among the unattended",
    "contaminated": "where some comparison cities started too",
    "pandemic": "where calls fell in 2020 and recovered",
    "hour profile moved": "where calls, and severer ones, moved into the covered hours",
    "load left out": "where the patrol load, which takes the team and moves outcomes, was left out",
    "holding": "where calls were held until the team came on",
    "takers chosen": "where lenient call takers got the calls that were severer than was recorded",
    "links missed": "where the linkage finds four in five",
    "lost by what is hidden": "where calls whose outcome is known differ by what nobody recorded",
    "one arm linked better": "where the linkage finds treated calls more often",
    "one arm jails more": "where calls without the team led to custody five times as often",
    "volunteers drift": "where volunteers were on another course already",
    "one factor for all": "where volunteers had lower rates and all rates fell by one factor",
    "takers alike": "where call takers hardly differ, so that the instrument is weak,",
    "small city": "where the treated city is much smaller than the others",
    "chosen by course": "where persons who were about to change anyway were exposed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How a method's 95 % interval behaved in the simulated cell nearest to a result.

    Parameters
    ----------
    method, term : str
        What was measured.
    setting : str
        Setting of the cell.
    cell : tuple of (name, value)
        Its coordinates.
    coverage, coverage_error : float
        Share of intervals that held the truth, and its Monte-Carlo standard error.
    size, size_error : float
        Share of 5 % tests that found an effect where there is none.
    replications : int
        Replications behind them.
    outside : tuple of str
        In what the result lies outside all that was measured; empty where it does not.
    """

    method: str
    term: str
    setting: str
    cell: tuple[tuple[str, float | str], ...]
    coverage: float
    coverage_error: float
    size: float
    size_error: float
    replications: int
    outside: tuple[str, ...] = ()

    @property
    def licensed(self) -> bool:
        """Whether the result lies within what was measured."""
        return not self.outside

    @property
    def short(self) -> bool:
        """Whether coverage is below .93 by two Monte-Carlo errors, or size above .05 by three."""
        too_often = self.size > rejection_rate_limit(nominal, self.replications, 3)
        return self.coverage + 2 * self.coverage_error < least_coverage or too_often

    @property
    def where(self) -> str:
        """The cell in words."""
        return ", ".join(word_of(self.setting, name).format(value) for name, value in self.cell)

    def __str__(self) -> str:
        behaved = (
            f"in simulated worlds nearest to this one ({self.where}) the 95 % interval covered the truth "
            f"{100 * self.coverage:.1f} % of the time (± {100 * self.coverage_error:.1f})"
        )
        return behaved if self.licensed else f"not licensed: {'; '.join(self.outside)}; {behaved}"


def word_of(setting: str, name: str) -> str:
    """Give the words of a coordinate in a setting, with a place for its value."""
    return own_words.get(setting, {}).get(name, words[name])
