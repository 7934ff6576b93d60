"""The page about other jurisdictions: ``python -m coresponder_causal.validity.consortium_page`` measures and writes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coresponder_causal.core.files import write_whole
from coresponder_causal.validity.consortium import suppression_loss

measured, place = Path(__file__).with_name("consortium.csv"), Path("docs/jurisdictions.md")
introduction = """\
# Other jurisdictions

This page is written by `python -m coresponder_causal.validity.consortium_page`, which measures its table anew.

One city cannot tell what its programme is from what the city is. Several can, and they need not show each other a
row: each city estimates at home, and of each effect only the estimate θ, its variance v and the counts behind it
travel.

## The commands

```sh
coresponder-causal participate example CONSORTIUM.toml                       # what everybody estimates: agreed on first
coresponder-causal participate check TABLES --consortium CONSORTIUM.toml     # in each city: fit to take part?
coresponder-causal participate release STUDY.toml --consortium CONSORTIUM.toml --out release.json
coresponder-causal participate pool RELEASES... --out page                   # where they come together
```

`check` lists every point to be mended, that of the registers included, and ends with exit code 1 while one is open.
`release` runs the city's study where its rows are. `pool` also takes CONSORTIUM.toml, which names a release for each
city, or a study that is run on the spot.

## What travels

A release is one JSON file: for each effect the outcome, method, contrast, scale, θ, v, degrees of freedom, the counts
on both sides of the comparison, the cities it was compared with, what the outcome means in that city, and how many
doubts stand beside it in the city's own report. No row, no series and no text of a note. It ends with the SHA-256 of
what stands above it: a changed file is refused. The hash does not say who wrote the file, so the first digits are
said by telephone.

An effect stays at home when a count on either side of its comparison is 1 to 10, when one could be worked out from an
earlier release (with `--ledger`), or when it is not known who stands behind it. What was withheld is named; how many
stood behind it is not. Without a ledger nothing is known of earlier releases: a city that releases month by month
keeps one.

## What may be compared

`metric_systems` of the data dictionary says for each city and outcome what is counted, among which, once per what,
recorded where and from which threshold on. All five agree: same definition. Some differ and the table
`metric_bridges` turns each into the other, with a ratio and how well it is known: bridged. One has no bridge: not
comparable, and the city is left out of that outcome. Nobody registered it: not known, and left out unless
`--take-unknown` is given, which is a doubt on the page. A bridge multiplies a difference and widens its interval. It
leaves a ratio as it is, which is right only if the share that is counted stayed the same over time: the register of
breaks says where it did not.

`programmes` and `breaks` are registers too. `check` finds dates that contradict each other, programmes of one model
that run twice, fields that nobody has, cities that the table of cities lacks, and documented entries without a
document. Which cities may be compared *with* is chosen before outcomes are seen, by `design.donor_pool`.

## How effects are put together

Random effects: variance between cities by REML, the mean with Hartung and Knapp's standard error (never smaller than
that of the weights alone) and m − 1 degrees of freedom, and a prediction interval with m − 2 for one more city. The
prediction interval is the answer for a city that thinks about a programme; the mean is the answer for nobody in
particular. Since the second stage needs θ and v alone, the numbers are those that the same rows in one place would
give, to the last digits.

Not to be used for cities that were evaluated by each other's rows. Comparison cities that stand behind several
effects are found and doubted: their errors move together. With two cities there is no prediction interval, with three
to five it is wide, and rightly so.

## What withholding costs
"""
reading = """\
Simulated consortia: events before and after the start are Poisson, sizes of cities vary, the true mean of the log
ratios is −0.25. Withheld is what has a count of 1 to 10 on a side. *Every city* is what nobody may see; *admitted by
size* asks of a city an expected number of events before the start that was known beforehand (residents times a rate
of other cities). Bias, root mean square error and width of the 95 % interval are on the log scale; *too few* is the
share of consortia in which fewer than two cities are left.
"""
advice = """\
A city falls out more easily when its events fell, so what is left makes falls look smaller. Part of the bias in the
smallest cities is there without withholding too: a log ratio of few counts has one. Count coarser (all force, not
each kind; two years, not one) until most cities release, or admit cities by their size, which is stated in the
protocol before anybody counts. The page of `pool` names what was withheld.
"""


def consortium_page(table: pd.DataFrame) -> str:
    """Return the page.

    Parameters
    ----------
    table : DataFrame
        As `suppression_loss` gives it.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> consortium_page(suppression_loss(mean_before=[60.0], replications=5)).splitlines()[0]
    '# Other jurisdictions'
    """
    head = ["expected events", "rule", "cities left", "too few", "bias", "RMSE", "covered", "width"]
    rows = [
        [
            f"{row['mean_before']:.0f}", str(row["rule"]), f"{row['cities_left']:.1f} of {row['cities']:.0f}",
            *(f"{row[name]:.3f}".replace("-", "−") for name in ("too_few", "bias", "rmse", "covered", "width")),
        ]
        for row in table.to_dict("records")
    ]  # fmt: skip
    lines = [f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *rows]]
    many = f"{int(table['replications'].iloc[0]):,} consortia in each row."
    return "\n".join([introduction, reading, *lines, "", many, "", advice])


def main() -> None:
    """Measure anew, keep the table, and write the page."""
    table = suppression_loss(replications=400)
    write_whole(measured, table.round(6).to_csv(index=False, lineterminator="\n").encode())
    write_whole(place, consortium_page(pd.read_csv(measured)).encode())


if __name__ == "__main__":
    main()
