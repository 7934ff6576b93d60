"""The record that a study follows from the call on."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coresponder_causal import decide
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.design import CoverageDesign
from coresponder_causal.plan.study import Study


def funnel_of(study: Study, tables: Mapping[str, pd.DataFrame]) -> decide.Decomposed | None:
    """Decompose the change of the record that the block [funnel] of a study names; None without such a block.

    Parameters
    ----------
    study : Study
    tables : mapping of DataFrame
        Validated tables.

    Raises
    ------
    DesignError, EstimationError
        As of `CoverageDesign.from_tables` and `decide.funnel`, with the name of the block.
    """
    if study.funnel is None:
        return None
    try:
        d = CoverageDesign.from_tables(
            tables["calls"],
            tables["schedule"],
            outcome=study.funnel["record"],
            treated=str(study.city),
            start=study.start,
            start_between=study.start_between,
            exposure="calls",
        )
        return decide.funnel(d, **study.funnel)
    except (DesignError, EstimationError) as error:
        raise type(error)(f"[funnel]: {error.what}", mend=error.mend) from error
