"""The reproductions by name: what each computes, and which take minutes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coresponder_causal.reproduce import courses, experiments, printed_counts, textbooks
from coresponder_causal.reproduce.castle import castle
from coresponder_causal.reproduce.denver import denver
from coresponder_causal.reproduce.medicaid import medicaid
from coresponder_causal.reproduce.minimum_wage import minimum_wage
from coresponder_causal.reproduce.placebo_simulations import placebo_simulations
from coresponder_causal.reproduce.prop99 import prop99


@dataclass(frozen=True, slots=True)
class Paper:
    """One reproduction.

    Parameters
    ----------
    name : str
        Its folder below ``reproductions``.
    run : callable
        Computes the items; raises `NotInstalled` where its data are not there.
    slow : bool
        Whether it takes minutes.
    """

    name: str
    run: Callable[[], dict[str, float]]
    slow: bool = False


papers = (
    Paper("prop99", prop99),
    Paper("castle", castle),
    Paper("fatalities", textbooks.fatalities),
    Paper("guns", textbooks.guns),
    Paper("houses", textbooks.houses),
    Paper("zones", textbooks.zones),
    Paper("traffic", textbooks.traffic),
    Paper("training", textbooks.training),
    Paper("donors", textbooks.donors),
    Paper("job_training", experiments.job_training),
    Paper("classes", experiments.classes),
    Paper("titanic", experiments.titanic),
    Paper("smokers", experiments.smokers),
    Paper("nile", courses.nile),
    Paper("drivers", courses.drivers),
    Paper("drinking_age", courses.drinking_age),
    Paper("minimum_wage", minimum_wage),
    Paper("medicaid", medicaid),
    Paper("placebo_simulations", placebo_simulations, slow=True),
    Paper("denver", denver),
    Paper("eugene", printed_counts.eugene),
    Paper("scott", printed_counts.scott),
    Paper("sussex", printed_counts.sussex),
    Paper("keown", printed_counts.keown),
    Paper("bailey", printed_counts.bailey),
    Paper("e_values", printed_counts.e_values),
)


def folder() -> Path:
    """Find the reproductions inside the installed package, or at the top of a checkout.

    Examples
    --------
    >>> (folder() / "prop99" / "published.csv").is_file()
    True
    """
    package = Path(__file__).parents[1]
    inside = package / "reproductions"
    return inside if inside.is_dir() else package.parent / "reproductions"
