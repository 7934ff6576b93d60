"""Picture of every specification of an estimate, and table of the pool of comparison cities."""

from __future__ import annotations

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.design import DonorPool
from coresponder_causal.report import words
from coresponder_causal.report.specs import Column, Picture, Table, of_nobody

of_the_check = ("periods", "pandemic", "values", "season", "donors")
one_out = "one city left out"
role_words = {
    "donor": "compared",
    "censored": "own programme later",
    "spillover": "neighbour, set apart",
    "excluded": "left out",
}


def specifications(check: CheckResult) -> Picture:
    """Draw sorted estimates with intervals above, the choices behind each below.

    Parameters
    ----------
    check : CheckResult
        Of ``check.specification_curve``.

    Returns
    -------
    Picture
        ``data["estimates"]``: ``place, change, low, high, given``; ``data["used"]``: one row for each estimate and
        choice, ``place, row``; ``data["choices"]``: ``row, group, choice, median`` (of the estimates that made it);
        ``data["others"]``: the other cities' median changes, ``city, median``.
    """
    table = check.table.assign(place=range(len(check.table)))
    if check.course is None:
        raise EstimationError(f"the check {check.check} carries no other cities", mend="show it with report.table")
    table["donors"] = table["donors"].where(~table["donors"].str.startswith("without "), one_out)
    made = table.melt(["place", "change"], list(of_the_check), var_name="group", value_name="choice")
    varied = made.groupby("group")["choice"].transform("nunique") > 1
    made = made[varied]
    choices = made.groupby(["group", "choice"], sort=False)["change"].median().rename("median").reset_index()
    choices["order"] = choices["group"].map(of_the_check.index)
    choices = choices.sort_values(["order", "choice"], kind="stable", ignore_index=True)
    choices["row"] = choices.index + choices["order"].ne(choices["order"].shift()).cumsum() - 1
    used = made.merge(choices[["group", "choice", "row"]], on=["group", "choice"])
    estimates = table.rename(columns={"change_low": "low", "change_high": "high"})
    others = check.course[check.course["role"] == "comparison"]
    return Picture(
        title="Would other choices have led to another finding?",
        caption=f"Above: estimates under {len(table)} combinations of choices with 95 % intervals, sorted, in "
        "colour the finding. Shaded: median estimates of cities without the programme under the same choices. Below: "
        "the choices behind each estimate, and their median.",
        alt=f"One point for each of {len(table)} specifications. {check.sentence}",
        kind="specifications",
        data={
            "estimates": estimates[["place", "change", "low", "high", "given"]],
            "used": used[["place", "row"]],
            "choices": choices[["row", "group", "choice", "median"]],
            "others": others[["city", "median"]].reset_index(drop=True),
        },
        labels=Facts({"y": "Change, %"}),
        support=check.support,
    )


def donor_table(pool: DonorPool) -> Table:
    """Show who is compared, who is set apart, who is left out and why.

    Parameters
    ----------
    pool : DonorPool

    Returns
    -------
    Table
        One row a candidate: ``city, role, score, region, why``.
    """
    frame = pool.table.assign(role=pool.table["role"].map(role_words))
    frame["why"] = frame["why"].where(frame["why"].ne(""), "passes every rule that was judged")
    columns = (
        Column("city", "City"),
        Column("role", "Role"),
        Column("score", "Rules passed", "share"),
        Column("region", "Region"),
        Column("why", "Why"),
    )
    criteria = pool.criteria
    low, high = criteria.population
    note = (
        f"Chosen before outcomes were seen, for {criteria.treated} from {words.dates(str(criteria.start.date()))} on; "
        f"registers read from {words.dates(str(criteria.first.date()))} to {words.dates(str(criteria.last.date()))}; "
        f"{low:g} to {high:g} times the population. Rules passed: share of those that could be judged. Frozen as "
        f"{pool.fingerprint[:16]}."
    )
    return Table(
        title="Comparison cities",
        frame=frame[[column.name for column in columns]],
        columns=columns,
        note=note,
        support=of_nobody,
    )
