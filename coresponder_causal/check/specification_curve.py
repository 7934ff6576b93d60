"""Whether the finding hangs on choices that could have been made otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, product
from typing import Any

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import CausalError, EstimationError
from coresponder_causal.core.headlines import Headlines, Panels, headlines
from coresponder_causal.core.inference import interval, p_value, rank_test
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, Verdict, not_applicable
from coresponder_causal.design import PanelDesign
from coresponder_causal.design.specifications import Choice, Specified, Window, donor_sets, everyone, specified

name = "specification_curve"
assumption = "The finding does not hang on choices that could have been made otherwise."
choices = (*Choice._fields, "season", "donors")
fewest_cities, level = 4, 0.05


def specification_curve(
    result: Result,
    design: PanelDesign,
    *,
    windows: Sequence[Window] = ((None, None), (36, None), (None, 24)),
    season_pairs: Sequence[int] = (1, 2),
    donors: Mapping[str, Sequence[str]] | None = None,
) -> CheckResult:
    """Estimate under every combination of stated choices, for the treated city and for each other in its place.

    Parameters
    ----------
    result : Result
        The estimate to be checked, of a method that gives its headline for many panels at once.
    design : PanelDesign
        The design it was made from.
    windows : sequence of (int or None, int or None)
        Periods kept before the start, and from it on; None: all.
    season_pairs : sequence of int
        Seasonal harmonics, beside those of the result.
    donors : mapping of str to sequence of str, optional
        Named sets of comparison cities, beside all of them.

    Returns
    -------
    CheckResult
        Combined are windows, March 2020 to June 2021 kept or left out, logs or levels, seasonal harmonics and sets of
        donors; beside these, each comparison city in turn is left out with all else as given. Contradicts when the
        estimate excludes no change and fewer than half of the specifications do on its side, or one does on the other;
        or when it does not exclude it and more than half do. ``table``: every specification, in the order of its
        change in per cent. ``course``: of the treated city and of each other in its place, the median change and the
        share of specifications that exclude no change on the median's side. Their ranks are the joint test; its p-value
        cannot go below 1/(m + 1).

    Raises
    ------
    DesignError
        A set of donors with other cities, or of fewer than three.

    References
    ----------
    Simonsohn, Simmons & Nelson (2020), Specification curve analysis, doi:10.1038/s41562-020-0912-z.

    Examples
    --------
    >>> from coresponder_causal.estimate import did_few_treated
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2017-01", periods=60, freq="M")
    >>> frame = pd.DataFrame([(c, m, rng.poisson(180)) for c in "ABCDEFG" for m in months],
    ...                      columns=["city", "month", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    >>> found = specification_curve(did_few_treated(d), d, windows=[(None, None)])
    >>> len(found.table), found.course["city"].tolist()
    (14, ['A', 'B', 'C', 'D', 'E', 'F', 'G'])
    """
    fast, options = headlines(result.method), result.provenance.option_values()
    if fast is None or design.covariates:
        return not_applicable(name, assumption, "It is for one change of one treated city, without covariates.")
    if len(design.treated_units) > 1 or len(design.comparison_units) < fewest_cities:
        return not_applicable(name, assumption, f"It needs one treated city and {fewest_cities} others or more.")
    sets = donor_sets(design, donors)
    pairs = sorted({int(options["harmonics"]), *season_pairs}) if design.season else [int(options["harmonics"])]
    try:
        with quietly(), collecting():
            made, impossible = specified(design, windows, method=result.method)
            rows = [row for each in made for row in _rows(fast, each, options, design.season, pairs, sets)]
    except CausalError as error:
        return not_applicable(name, assumption, f"The specifications cannot be fitted: {error.what}.")
    found = _with_changes(pd.DataFrame(rows))
    return _judged(result, found, str(design.treated_units[0]), impossible)


def _rows(
    fast: Headlines,
    one: Specified,
    options: Mapping[str, Any],
    season: float | None,
    pairs: Sequence[int],
    sets: Mapping[str, Sequence[str]],
) -> Iterator[dict[str, object]]:
    """Give one row for every city, donors and harmonics under one choice; panels of a size are fitted together."""
    seen = one.seen
    for pair in pairs:
        given = one.choice == Choice() and pair == options["harmonics"]
        asked = sorted(_asked(seen.cities, sets, each_out=given), key=lambda one: len(one[2]))
        for _, group in groupby(asked, key=lambda one: len(one[2])):
            same = list(group)
            courses = np.stack([one.courses(city, donors) for city, _, donors in same])
            panels = Panels(courses=courses, dose=seen.dose, positions=seen.positions, after=seen.after, season=season)
            answers = fast(panels, {**options, "harmonics": pair})
            if answers is None:
                raise EstimationError(
                    "the result is judged by ranks, or its options do not admit many panels", mend="take its defaults"
                )
            for (city, label, _), (estimate, std_error, df) in zip(same, answers.tolist(), strict=True):
                about = {"city": city, **one.choice._asdict(), "season": _harmonics(pair), "donors": label}
                numbers = {"estimate": estimate, "std_error": std_error, "df": df}
                yield about | numbers | {"given": given and label == everyone}


def _asked(
    cities: Sequence[str], sets: Mapping[str, Sequence[str]], *, each_out: bool
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Give every city in the treated one's place, the name of its donors, and the donors without it."""
    others = cities[1:]
    apart = {f"without {out}": [city for city in others if city != out] for out in others} if each_out else {}
    for city, (label, donors) in product(cities, {**sets, **apart}.items()):
        if label != f"without {city}":
            yield city, label, tuple(each for each in donors if each != city)


def _harmonics(pairs: int) -> str:
    return f"{pairs} seasonal pair{'s' * (pairs != 1)}"


def _with_changes(found: pd.DataFrame) -> pd.DataFrame:
    """Add changes in per cent, of what was expected in logs and of the mean before the start in levels."""
    logs = found["values"].eq("logs").to_numpy()
    low, high = interval(found["estimate"], found["std_error"], found["df"])
    ends = {"change": found["estimate"].to_numpy(float), "change_low": low, "change_high": high}
    changes = {key: 100 * np.where(logs, np.expm1(values), values) for key, values in ends.items()}
    return found.assign(**changes, p_value=p_value(found["estimate"] / found["std_error"], found["df"]))


def _judged(result: Result, found: pd.DataFrame, treated: str, impossible: Sequence[str]) -> CheckResult:
    own = found[found["city"] == treated].sort_values("change", kind="stable", ignore_index=True)
    numbers = ["change", "change_low", "change_high", "p_value", "estimate", "std_error", "df", "given"]
    table = own.assign(specification=own[list(choices)].agg(", ".join, axis=1))[["specification", *numbers, *choices]]
    by_city = pd.DataFrame([_summary(city, rows) for city, rows in found.groupby("city", sort=False)])
    by_city["role"] = np.where(by_city["city"] == treated, "treated", "comparison")
    by_city = by_city.sort_values("role", ascending=False, kind="stable", ignore_index=True)
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=_verdict(result, table),
        power=None,
        table=table,
        sentence=_sentence(result, table, by_city, impossible),
        course=by_city,
    )


def _summary(city: object, rows: pd.DataFrame) -> dict[str, object]:
    """Median change over a city's specifications, and the share that exclude no change on its side."""
    estimate, change = (float(rows[key].median()) for key in ("estimate", "change"))
    share = _share(rows, np.sign(estimate))
    return {"city": str(city), "median": change, "estimate": estimate, "share": share, "specifications": len(rows)}


def _share(rows: pd.DataFrame, side: float) -> float:
    return float(((rows["p_value"] < level) & (np.sign(rows["estimate"]) == side)).mean())


def _verdict(result: Result, table: pd.DataFrame) -> Verdict:
    first = result.tidy().iloc[0]
    side = float(np.sign(first["estimate"]))
    here, there = _share(table, side), _share(table, -side)
    if first["p_value"] < level:
        return "contradicts" if here < 0.5 or there > 0 else "no contradiction found"
    return "contradicts" if here + there > 0.5 else "no contradiction found"


def _sentence(result: Result, table: pd.DataFrame, by_city: pd.DataFrame, impossible: Sequence[str]) -> str:
    own, others = by_city[by_city["role"] == "treated"].iloc[0], by_city[by_city["role"] == "comparison"]
    side = float(np.sign(result.estimate[0]))
    as_found = round(_share(table, side) * len(table))
    median, share = (rank_test(float(own[key]), others[key].to_numpy(float)) for key in ("estimate", "share"))
    low, middle, high = (f"{value:+.1f} %".replace("-", "−") for value in table["change"].quantile([0.0, 0.5, 1.0]))
    apart = f" Not run: {'; '.join(impossible)}." if impossible else ""
    return (
        f"Over {len(table)} specifications the change runs from {low} to {high}, median {middle}; {as_found} exclude "
        f"no change on the side of the finding. Joint test, the same done to {len(others)} other cities: p "
        f"{median.p_value:.3f} by the median, {share.p_value:.3f} by the share that excludes no change (neither can go "
        f"below 1/{median.of} = {median.floor:.3f}).{apart}"
    )
