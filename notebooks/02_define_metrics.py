# %% [markdown]
# # What is each number divided by?
#
# | Question | Which share of calls does the team take over, and how sure is that number? |
# | --- | --- |
# | Design | One year of calls of one city, described; no comparison and no effect |
# | Estimand | Shares of calls, each with its numerator, its denominator and the people behind it |
# | Data | Simulated city `west_sac_like`, seed 2, and 13 printed counts of one published analysis; free to use |
# | Seed | 2 for the city, 20 for the repetitions |
# | Budget | 60 s |
#
# Two people can compute a “diversion rate” from the same calls, differ by a factor of ten, and both be right. They divide
# by different things. Afterwards you can name what a number is divided by, give it an interval that knows that people
# call more than once, and tell a change of the world from a change of the form.

# %% tags=["parameters"]
FAST = False
seed, repetition_seed, year = 2, 20, 2022
repetitions = 60 if FAST else 400

# %%
from importlib.metadata import version

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import coresponder_causal as cc
from coresponder_causal.plan import denominators

pd.set_option("display.max_colwidth", None)

# %% [markdown]
# ## Data
#
# All tables of the simulated city, cut to the city itself. `calls` is the table that most metrics count.

# %%
world = cc.simulate.world("west_sac_like", seed=seed)
everything = {name: world.tables[name] for name in ("calls", "outcomes", "schedule", "cities", "contacts", "narratives")}
own = everything["calls"].query("city == 'West Sacramento'").reset_index(drop=True)
tables = everything | {"calls": own}
calls = own[own["received_at"].dt.year == year]
display(Markdown(f"{len(own):,} calls in six years, {len(calls):,} of them in {year}."))

# %% [markdown]
# ## Design
#
# ### One team, many diversion rates
#
# Decide three things before you count. *Which calls could the team have taken?* All, or those about a crisis? *When?* At
# any hour, or in the hours it works? *What is taken over?* The team was sent; it came; it came and nobody was arrested or
# taken to hospital. Here are the counts.

# %%
crisis = ~calls["initial_type"].isin(["disturbance", "family_conflict"])
on, came = calls["team_on_duty"], calls["attended"]
settled = came & ~calls["arrest"] & ~calls["hold"] & ~calls["ed_transport"]
counts = {
    "all_calls": len(calls), "crisis": crisis.sum(), "crisis_on_duty": (crisis & on).sum(),
    "came": came.sum(), "came_crisis": (came & crisis).sum(), "settled": settled.sum(),
}  # fmt: skip
pd.Series(counts, name="calls").to_frame()

# %% [markdown]
# Each definition names its numerator and its denominator, as expressions of these counts and in words.

# %%
ways = [
    ("settled", "all_calls", "the team came and settled it there", "all calls"),
    ("came", "all_calls", "the team came", "all calls"),
    ("came_crisis", "crisis", "the team came to a crisis call", "crisis calls"),
    ("came_crisis", "crisis_on_duty", "the team came to a crisis call", "crisis calls while on duty"),
    ("settled", "came", "the team came and settled it there", "calls the team came to"),
]
definitions = [
    cc.data.Definition(name=f"{n}", numerator=above, denominator=below, counts=said, divides_by=of)
    for n, (above, below, said, of) in enumerate(ways, start=1)
]
rates = cc.data.rates(counts, definitions)
rates.round(1)

# %%
cc.report.rates_picture(rates, title=f"One team, one year, {len(rates)} rates")

# %% [markdown]
# None of these is wrong. The fourth is about the team: of what it could take, how much does it take? The first is about
# the city: how much police work is gone? Only the *same* definition can be compared over time or between cities.
#
# It is not only a made-up problem. One published analysis prints the counts for these seven rates of one team.

# %%
said, published = denominators.example()
display(Markdown(f"The {said['source']} gives everything from {published['percent'].min():.0f} % to {published['percent'].max():.0f} %."))
published[["name", "counts", "divides_by", "percent"]].round(1)

# %% [markdown]
# ### Fifty metrics, defined once
#
# So that nobody has to decide this anew, each metric of the catalogue says what is counted, of what, and how it misleads.

# %%
catalogue = cc.data.metric_catalogue()
entry = catalogue["M07"]
display(Markdown(f"**{entry.name}**: {entry.definition} Counted: {entry.numerator}. Of: {entry.denominator}. *{entry.bias}*"))

# %% [markdown]
# ## Estimate
#
# One call computes every metric that the tables allow. `divided_by` is part of the number. Where a field is missing,
# `lacks` names it; no number is made up.

# %%
found = cc.data.metrics(tables, period="all")
wanted = ["M01", "M06", "M07", "M15", "M28"]
columns = ["metric", "part", "value", "conf_low", "conf_high", "divided_by", "design_effect"]
shown = found[found["metric"].isin(wanted) & found["statistic"].eq("proportion")]
shown[columns].round(3)

# %%
lacking = found[found["lacks"].ne("")]
text = (
    f"{found.loc[found['lacks'].eq(''), 'metric'].nunique()} of {found['metric'].nunique()} metrics can be computed at "
    f"least in part. {len(lacking)} parts lack a field, such as `{lacking['lacks'].iloc[0]}`."
)
display(Markdown(text))

# %% [markdown]
# ### People call more than once
#
# An interval for a share usually takes calls as independent, like tosses of a coin. They are not: the person who was
# back within a season will be back again. Look at the `design_effect` of M28. It says by what factor the variance is
# larger than that of coins. The number of *independent* calls is the number of calls divided by it.

# %%
again = found.query("metric == 'M28' and part == 'within 90 days'").iloc[0]
coins = cc.core.inference.wilson(again["numerator"], again["denominator"])
text = (
    f"{again['numerator']:,.0f} of {again['denominator']:,.0f} calls had another call of the same person within 90 days: "
    f"{again['value']:.1%}. As tosses of a coin the interval is {coins[0]:.1%} to {coins[1]:.1%}; knowing that persons "
    f"repeat it is {again['conf_low']:.1%} to {again['conf_high']:.1%}, as if there were "
    f"{again['denominator'] / again['design_effect']:,.0f} calls."
)
display(Markdown(text))

# %% [markdown]
# Is the wider interval right, or only wider? Draw many towns in which persons differ in how likely their calls end with
# an arrest, and count how often each interval holds the true share.

# %%
def town(number):
    lot = np.random.default_rng([repetition_seed, number])
    person = np.repeat(np.arange(300), lot.geometric(1 / 4, 300))
    frame = pd.DataFrame({"received_at": pd.date_range("2022-01-01", periods=len(person), freq="37min")})
    return frame.assign(call_id=range(len(person)), city="Davis", person=person, arrest=lot.random(len(person)) < lot.beta(1, 4, 300)[person])


# %%
rows = []
for number in range(repetitions):
    frame = town(number).assign(initial_type="suicide_threat", final_type="suicide_threat")
    one = cc.data.metrics({"calls": frame}, period="all", only=["M15"]).iloc[0]
    low, high = cc.core.inference.wilson(one["numerator"], one["denominator"])
    rows.append({"coins": low <= 1 / 5 <= high, "persons": one["conf_low"] <= 1 / 5 <= one["conf_high"]})
held = pd.DataFrame(rows).mean()
display(Markdown(f"In {repetitions} towns the interval for coins holds the truth in {held['coins']:.0%}, the other in {held['persons']:.0%}."))

# %% [markdown]
# ### A number that stands still can hide two changes
#
# Here is the share of crisis calls with a report, month by month. (M16 counts reports among its outcomes.) It looks as if
# nothing had happened.

# %%
monthly = cc.data.metrics(tables, period="month", only=["M16"]).query("part == 'report filed'")
cc.report.trend_picture(monthly, title="Crisis calls with a report", start="2020-07-15")

# %% [markdown]
# The register of breaks knows of a new report form. Cut at its date, and count calls with and without the team apart.

# %%
breaks = world.tables["breaks"].query("city == 'West Sacramento'")
form_date = str(breaks["date"].iloc[0])[:10]
cut = {"period": "all", "only": ["M16"], "start": form_date}
whole = cc.data.metrics(tables, **cut).query("part == 'report filed'").set_index("phase")["value"]
apart = cc.data.metrics(tables, **cut, by=["attended"]).query("part == 'report filed'")
reports = apart.pivot(index="attended", columns="phase", values="value").rename_axis(index="team on scene")
reports.mul(100).round(1)

# %%
text = (
    f"The register says: *{breaks['what'].iloc[0]}*. On calls without the team the share rose from {reports.loc['no', 'before']:.0%} "
    f"to {reports.loc['no', 'from the start']:.0%}: that is the form. The team, which files few reports, came to more calls "
    f"than before. Together: {whole['before']:.1%} before, {whole['from the start']:.1%} after."
)
display(Markdown(text))

# %% [markdown]
# Neither change is one of what happened to people. So look into the register of breaks before you show a trend
# (notebook 03 fills it), and prefer outcomes that no form can change.
#
# ## Check
#
# First, the rates again, without the package.

# %% tags=["check"]
by_hand = [100 * counts[above] / counts[below] for above, below, *_ in ways]
assert np.allclose(rates["percent"], by_hand, atol=1e-8), "a rate is not its numerator over its denominator"
assert rates["percent"].max() > 5 * rates["percent"].min(), "definitions should matter more than this"
assert round(published["percent"].max()) == 20 and round(published["percent"].min()) == 2, "printed rates differ"

# %% [markdown]
# The denominator of most metrics: calls whose first or last type is about a crisis, or that were flagged as such. And the
# share of them with an arrest.

# %% tags=["check"]
other = {"disturbance", "family_conflict"}
eligible = ~own["initial_type"].isin(other) | ~own["final_type"].isin(other) | own["crisis_flagged"]
arrests = found.query("metric == 'M15'").iloc[0]
assert arrests["denominator"] == eligible.sum(), "the denominator is not what its words say"
assert arrests["value"] == own.loc[eligible, "arrest"].mean(), "the share of arrests is not the plain share"
assert f"{eligible.sum():,}" in arrests["divided_by"], "the number does not name what it was divided by"

# %% [markdown]
# Its interval: the variance of the share when all calls of one person move together, computed from sums by person; then
# Wilson's interval for that many independent calls.

# %% tags=["check"]
sums = own[eligible].assign(error=own["arrest"] - arrests["value"]).groupby("person")["error"].sum()
n, p = eligible.sum(), arrests["value"]
effect = (sums**2).sum() / n**2 * len(sums) / (len(sums) - 1) / (p * (1 - p) / n)
size, z = n / effect, 1.959963984540054
middle, half = p + z**2 / (2 * size), z * np.sqrt(p * (1 - p) / size + z**2 / (4 * size**2))
low, high = (middle - half) / (1 + z**2 / size), (middle + half) / (1 + z**2 / size)
assert abs(arrests["design_effect"] - effect) < 1e-8, "the design effect is not that of persons"
assert np.allclose([arrests["conf_low"], arrests["conf_high"]], [low, high], atol=1e-8), "the interval is not Wilson's"

# %% [markdown]
# How often the intervals hold, and the two ways to be wrong that this notebook warns of.

# %% tags=["check"]
assert held["persons"] >= 0.88, "the interval that knows of persons holds the truth too seldom"
assert held["coins"] < held["persons"] - 0.05, "taking calls as coins did no harm: the example teaches nothing"
assert again["design_effect"] > 1.5, "people who call again should make the interval wider"
rise = reports.loc["no", "from the start"] - reports.loc["no", "before"]
quiet = own[eligible & ~own["attended"]]
after_form = quiet["received_at"] >= form_date
assert abs(rise - quiet["report_filed"].groupby(after_form).mean().diff().iloc[-1]) < 1e-8, "the cut is not at the form"
assert rise > 2 * abs(whole["from the start"] - whole["before"]), "the whole should hide what its parts show"
assert reports.loc["yes"].max() < reports.loc["no"].min() - 0.1, "the team should file fewer reports"

# %% [markdown]
# A metric that nobody knows, and a count that is not there, are refused; the message says what to write instead.

# %% tags=["check"]
said = []
for attempt in (
    lambda: cc.data.metrics(tables, only=["M99"]),
    lambda: cc.data.rates({"came": 3}, definitions[:1]),
):
    try:
        attempt()
    except cc.core.errors.DataError as error:
        said.append(str(error))
assert len(said) == 2 and "M01 to M50" in said[0] and "all_calls" in said[1], "wrong input was not refused in words"

# %% [markdown]
# ## Report
#
# A metric leaves the city by the page of metrics, which keeps back counts of one to ten. By month and for rare outcomes
# that is most of them. The share of cells that may not be shown is itself worth knowing before you promise a dashboard.

# %%
by_month = cc.data.metrics(tables, period="month", only=["M12", "M15", "M17", "M19"])
small = by_month.groupby("metric")["small"].mean().mul(100).round(0)
names = {metric: catalogue[metric].name for metric in small.index}
small.rename(names).rename("percent of months that may not be shown").to_frame()

# %% [markdown]
# Report longer periods, or fewer groups, rather than many hidden cells. And do not use a metric as an effect: a share that
# fell says nothing of why. That is what the designs of the next notebooks are for.

# %%
for name in ("coresponder_causal", "numpy", "pandas"):
    print(name, version(name))
