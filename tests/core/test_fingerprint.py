"""A fingerprint is of the rows, however many of them are hashed together."""

import numpy as np
import pandas as pd

from coresponder_causal.core import fingerprint as made
from coresponder_causal.core.fingerprint import fingerprint


def test_rows_hashed_apart_give_the_same_fingerprint(monkeypatch):
    frame = pd.DataFrame(
        {
            "calls": np.arange(11.0),
            "city": list("abcdefghijk"),
            "kind": pd.Categorical(list("xyxyxyxyxyx")),
            "note": pd.Series(["said", None] * 5 + ["said"], dtype=object),
        }
    )
    whole = fingerprint(frame, frame["city"], pd.Index(frame["calls"]))
    monkeypatch.setattr(made, "at_once", 3)
    assert fingerprint(frame, frame["city"], pd.Index(frame["calls"])) == whole
    assert fingerprint(frame.iloc[::-1], frame["city"], pd.Index(frame["calls"])) != whole
