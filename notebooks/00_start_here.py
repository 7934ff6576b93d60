# %% [markdown]
# # Does sending a clinician with the police help, and how would you know?
#
# | Question | Did calls to the police change in the city that started a co-responder programme? |
# | --- | --- |
# | Design | One city with the programme beside ten without, and covered beside other hours of the week |
# | Estimand | The city's log ratio of calls, with the programme over without it, from the start on |
# | Data | Simulated city, preset `west_sac_like` with the seed below; made by the package, free to use |
# | Seed | 1 |
# | Budget | 30 s |
#
# A city council wants one sentence. This notebook walks the whole way to that sentence once, on a city whose true effect
# is known, so that you see what can go wrong. Afterwards you can read a result, and you know which notebook answers
# which question.

# %% tags=["parameters"]
FAST = False
seed = 1
cities_drawn = 20 if FAST else 200

# %% [markdown]
# The package is one corridor: **data → design → estimate → check → decide → report**. Each word is a room, and each
# room is a few lines. `cc.simulate` stands beside it and makes cities whose truth we know.

# %%
from importlib.metadata import version

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import coresponder_causal as cc

# %% [markdown]
# ## Data
#
# We draw a city. `panel_counts` holds one row per city and month: how many calls, and how many people lived there.
# With your own tables, `cc.data.panel` makes the same table from single calls.

# %%
world = cc.simulate.world("west_sac_like", seed=seed)
panel = world.panel_counts
truth = world.truth.city_log_ratio
panel[["city", "month", "calls", "population"]].tail(3)

# %% [markdown]
# Here we also know the true effect. Outside a simulation nobody ever does.

# %%
display(Markdown(
    f"The table has {panel['city'].nunique()} cities and {panel['month'].nunique()} months. The programme made calls "
    f"in its city rarer by {-100 * np.expm1(truth):.1f} %. Everything below tries to find that number without being told."
))

# %% [markdown]
# ## Design
#
# A design says who is compared with whom, when, and for which outcome. It is fixed before anything is estimated, and
# cannot be changed afterwards. Whatever is wrong with the table is said here, all of it at once.

# %%
named = {"outcome": "calls", "unit": "city", "time": "month", "exposure": "population"}
started = {"treated": "West Sacramento", "start": "2020-07-15"}
cities = cc.design.PanelDesign.from_frame(panel, **named, **started)
cities.describe()

# %% [markdown]
# The same calls allow another comparison. The team works certain hours of the week. If it does something, covered hours
# should change more than the others.

# %%
hours = cc.design.CoverageDesign.from_tables(
    world.hours, world.tables["schedule"], outcome="calls", start=started["start"]
)
hours.describe()

# %% [markdown]
# ## Estimate
#
# An estimator takes a design and gives a `Result`. Two designs, two results, and they answer two different questions:
# the change of the whole city, and the change of covered hours against the rest.

# %%
city_result = cc.estimate.did_prediction_interval(cities)
hours_result = cc.estimate.call_coverage(hours)
city_result.tidy(scale="ratio")

# %% [markdown]
# **How to read it.** The first row is the headline. `estimate` is a ratio: below one means fewer calls than without the
# programme. The interval from `conf_low` to `conf_high` holds what the data cannot tell apart. Read the p-value last, for
# good reason: it says nothing about how large a change is.

# %%
cc.report.sentence(city_result).text

# %% [markdown]
# Two pictures show the same. In the first, time runs from left to right: the dots are the city over the others,
# the band is what they let us expect of it without a programme.

# %%
cc.report.figure(city_result, kind="path")

# %% [markdown]
# In the second each city is one row. The shaded range is where the city with the programme would land if the programme
# changed nothing. Cities without any programme moved by as much: that is why the sentence above is so careful.

# %%
cc.report.figure(city_result)

# %% [markdown]
# Every result carries notes. They name what was measured about its method, and what casts doubt on it. Read them before
# you quote the number.

# %%
list(city_result.notes) + list(hours_result.notes)

# %% [markdown]
# ## Check
#
# What would a quick analysis say? It divides the city's calls after the start by those before, and takes the usual
# interval for counts. Cities drift for reasons that have nothing to do with the programme, and that interval does not
# know it. One city cannot show this, so we draw many.

# %%
def quick(counts):
    own = counts.query("city == @started['treated']")[["month", "calls", "population"]].astype({"month": str})
    after, before = (own.loc[kept].sum() for kept in (own["month"] > "2020-07", own["month"] < "2020-07"))
    change = np.log(after["calls"] / after["population"] * before["population"] / before["calls"])
    return change, 2 * np.sqrt(1 / after["calls"] + 1 / before["calls"])


def drawn(number):
    counts = cc.simulate.world("west_sac_like", seed=number).panel_counts
    found = cc.estimate.did_prediction_interval(cc.design.PanelDesign.from_frame(counts, **named, **started))
    low, high = found.conf_int().loc["mean_post"]
    return (*quick(counts), found.estimate[0], low, high)

# %% [markdown]
# For each drawn city we note what both ways say, and whether their intervals hold the truth.

# %%
columns = ["quick", "margin", "estimate", "low", "high"]
many = pd.DataFrame([drawn(number) for number in range(1, cities_drawn + 1)], columns=columns)
quick_holds = ((many["quick"] - truth).abs() <= many["margin"]).mean()
ours_holds = many["low"].lt(truth).mul(many["high"].gt(truth)).mean()
display(Markdown(
    f"Of {cities_drawn} cities the quick interval held the truth in {100 * quick_holds:.0f} %, "
    f"the prediction interval in {100 * ours_holds:.0f} %. Both call themselves intervals at 95 %."
))

# %% [markdown]
# This is the idea of the whole package: an interval is a promise, and the promise is measured.
#
# Then the result itself is attacked. `battery` runs the checks that fit the design and puts those first that could change
# the answer most. The best that a check can say is "no contradiction found".

# %%
checks = cc.check.battery(city_result, cities)
cc.report.table(*checks)

# %% [markdown]
# The cells that are tagged as checks, here and in every notebook, stop the notebook when what the text says is no longer
# true.

# %% tags=["check"]
error = many["estimate"] - truth
assert abs(error.mean()) < 4 * error.std() / np.sqrt(cities_drawn), "estimates over many cities miss the truth on average"
assert ours_holds >= 0.9, f"the prediction interval held the truth in {ours_holds:.0%} of cities only"
assert quick_holds < 0.6, "the quick interval was supposed to break its promise"
assert (many["high"] - many["low"]).mean() < 8 * error.std(), "intervals are far wider than estimates scatter"

# %% tags=["check"]
low, high = city_result.conf_int().loc["mean_post"]
assert low < truth < high, "the interval of the first city does not hold its truth"
assert city_result.n_obs == len(panel), "rows of the table were lost on the way to the estimate"
hours_low, hours_high = hours_result.conf_int().loc["triple_difference"]
assert hours_low < world.truth.hours_log_ratio < hours_high, "the interval of the hours does not hold their truth"
assert hours_high < 0 < high, "the hours were to show a fall that the city as a whole cannot show"

# %% [markdown]
# ## Report
#
# Both designs stand beside each other, each with what it can find at all. The hours show a fall; the city as a whole
# cannot show one of this size, since cities drift apart by more. Both are right, and a report says both.

# %%
cc.report.table(city_result, hours_result, terms="headline")

# %%
cc.report.figure(city_result, hours_result, kind="forest")

# %% [markdown]
# On the command line the same is one step. `coresponder-causal evaluate` writes a page for each reader, for the simulated
# city or, given `STUDY.toml`, for yours.
#
# ### Which notebook next
#
# | Notebook | Asks | Week |
# | --- | --- | --- |
# | 01 | What can my data answer? | 1 |
# | 02 | How are the metrics defined, and divided by what? | 1 |
# | 03 | Can the tables be trusted? | 2 |
# | 04 | How is an evaluation planned and closed before outcomes are seen? | 2 |
# | 05 | What do the covered hours show? | 3 |
# | 06 | What does one city's own course show? | 3 |
# | 07 | What do comparison cities add? | 4 |
# | 08 | What if many cities start at different times? | 4 |
# | 09 | Do calls with the team end otherwise than like calls without? | 5 |
# | 10 | What follows after the call? | 5 |
# | 11 | What would overturn the result? | 6 |
# | 12 | Do officers change? | 6 |
# | 13 | Do the words of people agree with the numbers? | 7 |
# | 14 | Is reach equal between groups, and what does the first call decide? | 7 |
# | 15 | What may leave, and how do agencies learn without sharing rows? | 8 |
# | 16 | Which hours should the team cover? | 8 |
# | 17 | What does the evidence say together? | 9 |
# | 18 | How do I add a method of my own? | 10 |
#
# The weeks are a path for a student project. Each week: run the notebook, do its exercises where it has some, then repeat
# it on tables of your own, or on another simulated city (`cc.simulate.presets()` lists them). At the end stands a report
# that somebody else can compute again.
#
# ## Exercises
#
# Draw the city with another seed and predict, before you run the cell, whether the sentence for the council changes.
# Then name, from the notes alone, the one reason for which you would not yet believe the result of the hours.

# %% [markdown]
# These versions gave the numbers above.

# %%
packages = ("coresponder_causal", "numpy", "pandas")
{name: version(name) for name in packages}
