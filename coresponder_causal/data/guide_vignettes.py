"""Made-up first calls for dispatchers, their features and the guide beside them drawn by lot."""

from __future__ import annotations

from string import Template

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.data.folder import folder, written
from coresponder_causal.data.guides import GuideLanguage, refuse_other_guide

answers = ("questions_asked", "label", "send_team")


def guide_vignettes(*, call_takers: int, cases: int, seed: int, language: GuideLanguage = "en") -> pd.DataFrame:
    """Draw made-up first calls for a number of call-takers.

    Parameters
    ----------
    call_takers : int
        At least 4.
    cases : int
        For each; an even number, at least 4: in half of them, drawn by lot, the guide lies beside.
    seed : int
        Of the lot.
    language : {"en", "es"}

    Returns
    -------
    DataFrame, shape (call_takers * cases, 9)
        ``call_taker`` (1, 2, …), ``case``, features ``guide`` ("no", "yes"), ``perceived``, ``sign`` and ``home``,
        ``text`` to be read, and three columns to fill in: ``questions_asked`` (of the six, 0 to 6), ``label`` (a code
        of ``calls.initial_type``) and ``send_team`` (0 or 1).

    Raises
    ------
    DesignError
        Numbers too small or odd, or another language, all listed.

    Notes
    -----
    Analyse by `design.VignetteDesign` with ``factors=["guide", "perceived", "sign", "home"]`` and
    `estimate.vignette_effects`. What is learnt from the guide stays when it is put away, which draws its effect towards
    none. What people say of a case is not what they do on a call: read it beside metric M04.

    Examples
    --------
    >>> drawn = guide_vignettes(call_takers=4, cases=4, seed=1)
    >>> len(drawn), drawn.groupby("call_taker")["guide"].apply(lambda guide: (guide == "yes").sum()).tolist()
    (16, [2, 2, 2, 2])
    """
    refuse_other_guide("dispatcher", language)
    problems = Problems("vignettes")
    if call_takers < 4:
        problems.add(f"{call_takers} call-takers", mend="ask at least 4")
    if cases < 4 or cases % 2:
        problems.add(f"{cases} cases for each", mend="take an even number, at least 4")
    problems.raise_if_any(DesignError)
    spec = written(folder() / "guides" / "vignettes.yaml")
    rng = np.random.default_rng(seed)
    beside = rng.permuted(np.tile(np.arange(cases) % 2, (call_takers, 1)), axis=1).ravel()
    drawn = pd.DataFrame(
        {
            "call_taker": np.repeat(np.arange(call_takers) + 1, cases),
            "case": np.tile(np.arange(cases) + 1, call_takers),
            "guide": np.where(beside == 1, "yes", "no"),
        }
    )
    for name, levels in spec["features"].items():
        drawn[name] = rng.choice(list(levels), len(drawn))
    features = spec["features"]
    text = Template(f"$first {spec['text'][language]}")
    first = {"yes": spec["beside"][language], "no": spec["alone"][language]}
    drawn["text"] = [
        text.substitute({name: features[name][row[name]][language] for name in features}, first=first[row["guide"]])
        for row in drawn.to_dict("records")
    ]
    return drawn.assign(**dict.fromkeys(answers, ""))
