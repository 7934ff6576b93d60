"""What the checks of a finding say together: how many, what they contradict, and what could still change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.verdict import CheckResult, known
from coresponder_causal.report.specs import Fold, Sentence, of_nobody
from coresponder_causal.report.tables import numbers_of

hangs_most = 3


def weighed(checks: Sequence[CheckResult]) -> Sentence:
    """Say in one paragraph what checks found, in the order of what they could change.

    Parameters
    ----------
    checks : sequence of CheckResult
        As `check.battery` orders them.

    Returns
    -------
    Sentence
        Names and verdicts alone, behind which nobody stands; ``numbers``: checks by verdict.

    Examples
    --------
    >>> import pandas as pd
    >>> def one(check, verdict, power, weight):
    ...     return CheckResult(check=check, assumption="", verdict=verdict, power=power, table=pd.DataFrame(),
    ...                        sentence="", could_change=weight)
    >>> print(weighed([one("balance", "contradicts", None, 1.0), one("placebo_dates", "cannot tell", 0.2, 0.8)]))
    Checks made: 2 (contradicts: 1, cannot tell: 1). Contradicted by balance. Too weak to see a violation as large as \
the estimate more often than not: placebo dates.
    """
    counts = Counter(one.verdict for one in checks)
    said = ", ".join(f"{verdict}: {number}" for verdict, number in counts.items())
    broken = [one for one in checks if one.verdict == "contradicts"]
    weak = [one for one in checks if one.verdict == "cannot tell" and one.power is not None]
    rest = [one for one in checks if one not in [*broken, *weak] and one.verdict != "not applicable"]
    unknown = [one for one in rest if not (known(one.power) or known(one.moves) or known(one.breakdown))]
    parts = [
        f"Checks made: {len(checks)} ({said}).",
        f"Contradicted by {_listed(broken)}." if broken else "",
        f"Too weak to see a violation as large as the estimate more often than not: {_listed(weak)}." if weak else "",
        f"Of the others the conclusion hangs most on {_listed(rest[:hangs_most])}." if len(rest) > 1 else "",
        f"How much could pass unseen is not known of {_listed(unknown)}." if unknown else "",
    ]
    numbers = Facts({str(verdict): number for verdict, number in counts.items()})
    return Sentence(text=" ".join(part for part in parts if part), numbers=numbers, support=of_nobody)


def _listed(checks: Iterable[CheckResult]) -> str:
    names = [one.check.replace("_", " ") for one in checks]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def numbers_behind(checks: Iterable[CheckResult]) -> tuple[Fold, ...]:
    """Fold the numbers behind each check that has any.

    Parameters
    ----------
    checks : iterable of CheckResult
    """
    return tuple(
        Fold(label=f"The numbers behind “{check.check.replace('_', ' ')}”", table=numbers_of(check))
        for check in checks
        if len(check.table)
    )
