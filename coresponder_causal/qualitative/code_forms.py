"""Forms on which two people code drawn narratives without knowing whose they are, and what comes back of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.qualitative.answered_forms import answers
from coresponder_causal.qualitative.code_sample import NarrativeSample
from coresponder_causal.qualitative.scale_agreement import rating_agreement
from coresponder_causal.qualitative.wording import plain

coders = ("first", "second")
form_head = ("id", "text", "code", "remark")


def coding_key(sample: NarrativeSample, narratives: pd.DataFrame, *, overlap: float = 1.0) -> pd.DataFrame:
    """Give the narratives of drawn calls blind ids, and say who codes which.

    Parameters
    ----------
    sample : NarrativeSample
    narratives : DataFrame
        The table that was drawn from.
    overlap : float
        Share of the drawn calls, by lot, that the second person codes too.

    Returns
    -------
    DataFrame
        The key, for those who draw alone: ``id``, ``call_id``, ``author``, ``row`` of the narratives, and for each
        coder the place on the form, missing where the narrative is not on it. Ids are in an order of their own.

    Raises
    ------
    DataError
        An overlap outside 0 to 1, or that gives the second person fewer than two calls.

    Examples
    --------
    >>> from coresponder_causal.qualitative import draw_narratives
    >>> calls = pd.DataFrame({"call_id": list("abcd"), "attended": [True, False] * 2,
    ...                       "received_at": pd.Timestamp("2021-03-01")})
    >>> told = pd.DataFrame({"call_id": list("abcd"), "author": "o1", "text": "Calm.", "crisis_coded": [True] * 4})
    >>> key = coding_key(draw_narratives(told, calls, number=4, seed=1), told, overlap=0.5)
    >>> key["id"].tolist(), int(key["second"].notna().sum())
    (['N0001', 'N0002', 'N0003', 'N0004'], 2)
    """
    calls = sample.frame.loc[sample.frame["drawn"], "call_id"].to_numpy()
    twice = round(overlap * len(calls))
    if not 0 < overlap <= 1 or twice < 2:
        mend = "give the second person a share of the calls, two at least: 0.25"
        raise DataError(f"overlap={overlap} of {len(calls)} calls", mend=mend)
    rng = np.random.default_rng([sample.seed, 1])
    again = set(rng.choice(calls, twice, replace=False))
    rows = np.flatnonzero(narratives["call_id"].isin(calls) & narratives["text"].notna())
    rows = rng.permutation(rows)
    told = narratives.iloc[rows]
    key = pd.DataFrame(
        {
            "id": [f"N{number:04d}" for number in range(1, len(rows) + 1)],
            "call_id": told["call_id"].to_numpy(),
            "author": told["author"].to_numpy() if "author" in told else "",
            "row": rows,
        }
    )
    for coder, mine in zip(coders, (set(calls), again), strict=True):
        on = key["call_id"].isin(mine).to_numpy()
        place = np.full(len(key), np.nan)
        place[on] = rng.permutation(int(on.sum())) + 1
        key[coder] = pd.array(place, dtype="Int64")
    return key


def coding_form(key: pd.DataFrame, texts: Sequence[str], coder: str) -> pd.DataFrame:
    """Form of one coder: ``id, text``, and ``code`` and ``remark`` to fill, in that coder's order.

    Parameters
    ----------
    key : DataFrame
        As `coding_key` gives it.
    texts : sequence of str
        Redacted texts, one for each row of the key.
    coder : {"first", "second"}
    """
    form = pd.DataFrame({"id": key["id"], "text": [plain(text) for text in texts], "code": "", "remark": ""})
    mine = form[key[coder].notna().to_numpy()]
    order = key.loc[mine.index, coder].astype(int).sort_values().index
    ordered: pd.DataFrame = mine.loc[order].reset_index(drop=True)
    return ordered


def read_codes(key: pd.DataFrame, forms: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Read what both coders wrote.

    Parameters
    ----------
    key : DataFrame
        As `coding_key` gave it.
    forms : mapping of {"first", "second"} to DataFrame
        The filled forms, in whatever order their rows are now.

    Returns
    -------
    DataFrame
        One row for each row of the key: ``first`` and ``second``, yes or no, missing where it was not on the form.

    Raises
    ------
    DataError
        Listing every broken row of both forms: ids that are none of the form's, that come twice or are gone, codes that
        are neither yes nor no, and rows without a code.
    """
    problems, found = Problems("the filled forms"), {}
    for coder in coders:
        found[coder] = answers(forms[coder], key.loc[key[coder].notna(), "id"], f"{coder} form", problems)
    problems.raise_if_any(DataError)
    codes = {coder: key["id"].map(found[coder]).where(key[coder].notna()).astype("boolean") for coder in coders}
    return pd.DataFrame(codes, index=key.index)


def coder_agreement_of(codes: pd.DataFrame) -> pd.DataFrame:
    """Agreement of the two coders on what both coded, and how common the code is to each.

    Parameters
    ----------
    codes : DataFrame
        As `read_codes` gives it.

    Returns
    -------
    DataFrame
        ``statistic`` (prevalence of either, percent, kappa, ac1, alpha), ``estimate, conf_low, conf_high, units``.
    """
    both = codes[codes.notna().all(axis=1)]
    rows = [
        {"statistic": f"prevalence, {coder} coder", "estimate": float(both[coder].mean()), "units": len(both)}
        for coder in coders
    ]
    return pd.concat([pd.DataFrame(rows), rating_agreement(both.astype(float))], ignore_index=True)


def with_codes(
    narratives: pd.DataFrame, sample: NarrativeSample, key: pd.DataFrame, codes: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write what people coded into the narratives, and for each call what the design "narrative" of a study asks for.

    Parameters
    ----------
    narratives : DataFrame
        The table that was drawn from.
    sample, key, codes
        As `draw_narratives`, `coding_key` and `read_codes` gave them.

    Returns
    -------
    narratives : DataFrame
        With the hand's code in place of the machine's where it was drawn, ``coded_by``, ``sampling_probability`` and
        ``second_coder_code``.
    calls : DataFrame
        One row per call that could be drawn: ``call_id``, the machine's code as ``<code>_by_machine``,
        ``first_reader``, ``second_reader`` (yes if any narrative of the call is), ``reading_chance`` and
        ``reading_drawn``.
    """
    chance = narratives["call_id"].map(sample.frame.set_index("call_id")["chance"])
    table = narratives.assign(
        **{name: narratives.get(name) for name in (sample.code, "coded_by", "second_coder_code")},
        sampling_probability=chance.where(narratives["text"].notna()).astype("Float64"),
    )
    table[sample.code] = table[sample.code].astype("boolean")
    table["second_coder_code"] = pd.array([pd.NA] * len(table), dtype="boolean")
    by_machine = table[sample.code].notna()
    table["coded_by"] = by_machine.map({True: "machine", False: None}).astype(object)
    rows = table.index[key["row"].to_numpy()]
    table.loc[rows, sample.code] = codes["first"].to_numpy()
    table.loc[rows, "second_coder_code"] = codes["second"].to_numpy()
    table.loc[rows, "coded_by"] = "hand"
    each = codes.assign(call_id=key["call_id"]).groupby("call_id").max()
    frame = sample.frame.rename(columns={"machine": f"{sample.code}_by_machine", "chance": "reading_chance"})
    for coder in coders:
        frame[f"{coder}_reader"] = frame["call_id"].map(each[coder]).astype("boolean")
    head = ["call_id", f"{sample.code}_by_machine", "first_reader", "second_reader", "reading_chance"]
    return table, frame.rename(columns={"drawn": "reading_drawn"})[[*head, "reading_drawn"]]
