"""What is estimated: the contrast, for whom, over which horizon, on which scale."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimand:
    """The quantity an estimate speaks of.

    Parameters
    ----------
    contrast : str
        Name in the field's words, e.g. ``"ATT"`` or ``"ITT of coverage"``.
    outcome : str
        Column of the dictionary that is counted or averaged.
    treatment : str
        From what dose to what dose; a bundle says that it is one.
    population : str
        Units the contrast averages over.
    horizon : str
        Periods the contrast averages over.
    scale : str
        In words, e.g. ``"ratio of rates"``.
    """

    contrast: str
    outcome: str
    treatment: str
    population: str
    horizon: str
    scale: str

    def to_dict(self) -> dict[str, str]:
        """Fields by name."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"{self.contrast} of {self.treatment} on {self.outcome} in {self.population}, {self.horizon} ({self.scale})"
        )
