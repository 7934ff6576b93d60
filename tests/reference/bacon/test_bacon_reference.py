"""Pairs of cohorts against R bacondecomp 0.1.3 (commit ec99dd0); numbers and script in ``bacondecomp``."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.bacon import bacon_pairs

TABLES = {
    "castle_l_homicide": ("bacon_castle", "l_homicide", "state", "year", lambda f: f["post"]),
    "math_reform": ("bacon_math_reform", "incearn_ln", "state", "class", lambda f: f["reform_math"]),
    "divorce_suicide_female": (
        "bacon_divorce",
        "suiciderate_elast_jag",
        "st",
        "year",
        lambda f: (f["year"] >= f["divyear"]).astype(int),
    ),
}
NAMES = {
    "Treated vs Untreated": "against never treated",
    "Earlier vs Later Treated": "earlier against later",
    "Later vs Earlier Treated": "later against earlier",
    "Later vs Always Treated": "later against always treated",
}
never = 99999  # how R writes it


@pytest.mark.parametrize("key", TABLES)
def test_every_pair_with_its_weight(golden, key):
    file, outcome, unit, time, treated = TABLES[key]
    wanted = {outcome, unit, time, "post", "reform_math", "divyear", "sex"}
    frame = pd.read_csv(golden / "data" / f"{file}.csv", usecols=lambda name: name in wanted)
    if file == "bacon_divorce":
        frame = frame[(frame["sex"] == 2) & frame[outcome].notna()]
    frame = frame[[outcome, unit, time]].assign(on=treated(frame))
    wide, on = (frame.pivot(index=unit, columns=time, values=column) for column in (outcome, "on"))
    periods = wide.columns.tolist()
    start = np.where(on.any(axis=1), on.to_numpy().argmax(axis=1), len(periods))
    starts = np.unique(start)
    mean = np.stack([wide.to_numpy()[start == s].mean(axis=0) for s in starts])
    ours = bacon_pairs(mean, np.array([(start == s).sum() for s in starts], float), starts)
    labels = np.array([periods[s] if s < len(periods) else never for s in starts])
    ours = ours.assign(treated=labels[ours["treated"]], comparison=labels[ours["comparison"]])
    found = json.loads((golden / "bacondecomp.json").read_text())["results"][key]
    theirs = pd.DataFrame(found["rows"]).rename(columns={"untreated": "comparison", "type": "kind"})
    theirs = theirs.assign(kind=theirs["kind"].map(NAMES), comparison=theirs["comparison"].fillna(never).astype(int))
    keys = ["treated", "comparison", "kind"]
    both = ours.merge(theirs, on=keys, suffixes=("", "_r"), how="outer")
    assert len(both) == len(ours) == len(theirs)
    np.testing.assert_allclose(both["estimate"], both["estimate_r"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(both["weight"], both["weight_r"], rtol=0, atol=1e-12)
    assert (ours["estimate"] * ours["weight"]).sum() == pytest.approx(found["sum_w_est"], abs=1e-10)
