"""For whom something leaves, what then holds, and what no program can guard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.support import least_shown

Audience = Literal["internal", "partner", "public"]
hidden_mark = "•"
usual_threshold = least_shown
watermark = (
    "Not for release. Internal: counts under 11 are shown; not to be passed on to anybody who may not see the records "
    "themselves."
)
limits = (
    "The gate guards what is written through it. It cannot guard what is printed or copied by other means, "
    "screenshots, free text beyond its counts, groups in which all share an answer, or what somebody already knows "
    "and holds against the page. This is not legal advice."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """For whom something is written.

    Parameters
    ----------
    audience : {"internal", "partner", "public"}
        Those who may see the records; a partner bound by an agreement; everybody.
    agreement : str, optional
        Name of the agreement, for a partner. It lifts one thing: parts of which nothing is known are passed on, said to
        be so. Counts under the threshold stay hidden.
    threshold : int
        Least count that is shown, besides zero.

    Raises
    ------
    DisclosureError
        An unknown audience, a partner without an agreement, an agreement with nobody, or a threshold under 2.

    Examples
    --------
    >>> Policy(audience="partner", agreement="county 2026-04").guarded
    True
    """

    audience: Audience = "internal"
    agreement: str | None = None
    threshold: int = usual_threshold

    def __post_init__(self) -> None:
        if self.audience not in get_args(Audience):
            raise DisclosureError(f"audience is {self.audience!r}", mend=f"take {', '.join(get_args(Audience))}")
        if (self.audience == "partner") != bool(self.agreement):
            raise DisclosureError(
                f"audience '{self.audience}' with {'no' if not self.agreement else 'an'} agreement",
                mend="a partner needs agreement='its name'; for others leave it out",
            )
        if self.threshold < 2:
            raise DisclosureError(f"a threshold of {self.threshold} hides nothing", mend="take 11, or more")

    @property
    def guarded(self) -> bool:
        """Whether small counts are hidden."""
        return self.audience != "internal"

    @property
    def banner(self) -> str:
        """What stands on top of a page, and what it cannot guard."""
        if not self.guarded:
            return watermark
        whom = "the public" if self.agreement is None else f"a partner under the agreement {self.agreement}"
        lifted = (
            "" if self.agreement is None else " By the agreement, parts of which it is not known who stands behind "
        )
        lifted += "" if self.agreement is None else "them are shown too."
        return (
            f"For {whom}. {hidden_mark} stands for a number under {self.threshold}, or one that would give such a "
            f"number away; zero is shown.{lifted} {limits}"
        )

    def small(self, count: float) -> bool:
        """Whether a count is over zero and under the threshold."""
        return 0 < count < self.threshold


inside = Policy()
"""For those who may see the records."""
