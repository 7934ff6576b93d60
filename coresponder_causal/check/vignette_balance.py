"""Whether the features of described cases were drawn apart from each other, and answered alike."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from coresponder_causal.core.inference import holm, homogeneity_p_value
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design.vignettes import VignetteDesign

name = "vignette_balance"
assumption = "The features of the cases were drawn by lot, apart from each other."


def vignette_balance(result: Result | None, design: VignetteDesign) -> CheckResult:
    """Test every pair of features for levels that go together, and each for answers that were not given.

    Parameters
    ----------
    result : Result or None
        Not looked at: what was drawn is a matter of the design.
    design : VignetteDesign

    Returns
    -------
    CheckResult
        Contradicts where, after Holm's correction, a pair of features is dependent at 5 % (Pearson's χ²), or whether an
        answer was given hangs on a feature. The table has one row for each: ``what, p_value, p_holm``.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"p": np.repeat(range(50), 4), "race": rng.choice(["a", "b"], 200)})
    >>> frame["y"] = rng.normal(size=200)
    >>> frame["drunk"] = np.where(rng.random(200) < 0.7, frame["race"], "a")
    >>> d = VignetteDesign.from_frame(frame, outcome="y", person="p", factors=["drunk", "race"])
    >>> vignette_balance(None, d).verdict
    'contradicts'
    """
    tables = {
        f"{one} and {other}": pd.crosstab(design.source[one], design.source[other])
        for one, other in combinations(design.factors, 2)
    }
    known = np.isfinite(design.values())
    if not known.all():
        tables |= {f"answered, by {one}": pd.crosstab(design.source[one], known) for one in design.factors}
    if not tables:
        return not_applicable(name, assumption, "One feature was drawn, and everybody answered.")
    found = pd.DataFrame(
        {"what": list(tables), "p_value": [homogeneity_p_value(table.to_numpy(float)) for table in tables.values()]}
    )
    found["p_holm"] = holm(found["p_value"])
    broken = found.loc[found["p_holm"] < 0.05, "what"].tolist()
    told = "; ".join(broken) if broken else "none"
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict="contradicts" if broken else "no contradiction found",
        power=None,
        table=found,
        sentence=f"Of {len(found)} tests {len(broken)} reject at 5 % after Holm's correction ({told}).",
        support=pd.DataFrame({"persons": [design.persons], "events": [len(design.source)]}),
    )
