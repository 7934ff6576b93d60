# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What did programmes do in cities that started them at different times?
#
# | | |
# | --- | --- |
# | Question | Did calls change in twenty cities that started programmes between 2021 and 2022? |
# | Design | Cities that start at four different dates and cities that never do, by half-years (staggered adoption) |
# | Estimand | Mean effect on the cities that started, over their time since the start (ATT, log ratio of rates) |
# | Data | Simulated cities, presets `staggered_consortium` and `staggered`; no rights needed |
# | Seed | 1 (the cities), 1 and up (the repetitions) |
# | Budget | 60 s |
#
# One city is one story. Several cities together could say what such programmes do, if their different starting dates are
# handled rightly. This notebook shows why the regression that everybody knows goes wrong when effects grow, what to take
# instead, how to show the effect over time, and what to do when programmes pause or end.

# %% tags=["parameters"]
FAST = False
seed = 1
repetitions = 30 if FAST else 200

# %%
from importlib.metadata import version

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import coresponder_causal as cc

# %% [markdown]
# ## Data
#
# Forty simulated cities; twenty of them start programmes of their own, five every half-year. The effect grows for a year
# and then stays. The first city, whose programme changed in the middle of a half-year and after an earlier one, is left
# out here: notebook 07 is about it.

# %%
world = cc.simulate.world("staggered_consortium", seed=seed)
months = world.panel_counts.query("city != 'West Sacramento'")
months = months.merge(world.truth.city_effects, on=["city", "month"])  # the true effects, to check against
starts = pd.to_datetime(world.tables["programmes"].groupby("city")["start_earliest"].min())

# %% [markdown]
# Calls of a half-year are counted together: fewer and steadier numbers. Half-years are numbered from the first one of
# 2017. The outcome is the log of calls per resident. The register of programmes says in which half-year each city started; cities that are not in it never did.

# %%
months["half"] = 2 * (months["month"].dt.year - 2017) + (months["month"].dt.month > 6)
months["cohort"] = months["city"].map(2 * (starts.dt.year - 2017) + (starts.dt.month > 6))
halves = months.groupby(["city", "half"], as_index=False).agg(
    calls=("calls", "sum"), population=("population", "first"), truth=("log_ratio", "mean"), cohort=("cohort", "first")
)
halves["log_calls"] = np.log(halves["calls"] / halves["population"])
halves.groupby("cohort", dropna=False)["city"].nunique().rename("cities").to_frame()

# %% [markdown]
# ## Design
#
# The design names the column of the first treated period; a missing value means never.

# %%
columns = {"outcome": "log_calls", "unit": "city", "time": "half", "season": None}
design = cc.design.PanelDesign.from_frame(halves, cohort="cohort", **columns)
treated = halves["half"].ge(halves["cohort"])
truth = halves.loc[treated, "truth"].mean()
design.describe()

# %% [markdown]
# ## Estimate
#
# ### Group by group
#
# The safe way is slow and simple. Take the cities that started in one half-year. Compare their change since the half-year
# before with that of the cities that never started. Do this for every group and every later half-year, then average.

# %%
cells = cc.estimate.did_group_time(design)
cells.tidy()[["cohort", "time", "event_time", "estimate", "std_error"]].query("event_time >= 0")

# %% [markdown]
# The average over all treated cities and half-years, and the average by time since the start.

# %%
overall = cc.estimate.aggregate(cells, by="overall")
course = cc.estimate.aggregate(cells, by="event_time")
overall.tidy()

# %%
cc.report.figure(course)

# %% [markdown]
# Points before the start should lie around no effect; points after it show how the effect grew.

# %% [markdown]
# ### By hand
#
# One cell is a difference of two means of changes, and its standard error comes from the spread of these changes in the
# two groups. The average weights every cell by its number of cities.

# %%
wide = halves.pivot(index="city", columns="half", values="log_calls")
group = halves.groupby("city")["cohort"].first()


def cell(g, t):
    change = wide[t] - wide[g - 1]
    ours, never = change[group == g], change[group.isna()]
    spread = sum(((one - one.mean()) ** 2).sum() / len(one) ** 2 for one in (ours, never))
    return ours.mean() - never.mean(), np.sqrt(spread)


# %%
after = cells.tidy().query("event_time >= 0")
by_hand = np.array([cell(g, t) for g, t in zip(after["cohort"], after["time"], strict=True)])
sizes = after["cohort"].map(group.value_counts())
overall_by_hand = np.average(by_hand[:, 0], weights=sizes)

# %% [markdown]
# ### By imputation
#
# The other safe way: learn city and period effects from untreated rows alone, predict what the treated rows would have
# been, and average the difference. It uses all half-years before the start, not only the last one. That is more precise
# where courses are steady, and further off where cities drift.

# %%
imputed = cc.estimate.did_imputation(design)
untreated = halves[~treated]
dummies = pd.get_dummies(halves[["city", "half"]].astype(str), dtype=float).to_numpy()
effects = np.linalg.lstsq(dummies[~treated], untreated["log_calls"], rcond=None)[0]
imputed_by_hand = (halves["log_calls"] - dummies @ effects)[treated].mean()

# %% [markdown]
# Beside them: cohorts in one saturated regression, and stacks of clean comparisons. The latter speaks only of the time
# since the start that *every* group has reached, here the first half-year. The effect was still small then: it answers
# another question, and is not wrong.

# %%
stacked = cc.estimate.did_stacked(design)
safe = {"group by group": overall, "imputation": imputed, "one regression": cc.estimate.did_interaction(design)}
safe["stacks (first half-year only)"] = stacked
shown = pd.concat({name: one.tidy().head(1) for name, one in safe.items()}).droplevel(1)
shown[["estimate", "std_error", "conf_low", "conf_high"]]

# %% [markdown]
# ### The wrong way
#
# One regression with city and period effects and one switch for "has a programme". Where all cities start at once it is
# right. With different dates it also compares cities that start late with cities that started early, as if these were
# untreated. When effects grow, the early ones go on falling, and the late ones seem not to.

# %%
two_way = cc.estimate.did_two_way(design)
pairs = cc.check.bacon(two_way, design)
pairs.table.groupby("kind").agg(weight=("weight", "sum"), smallest=("estimate", "min"), largest=("estimate", "max"))

# %%
display(Markdown(f"{pairs.sentence} In this panel, half of whose cities never start, little weight lies there."))

# %% [markdown]
# ## Check
#
# ### Where early cities carry more weight
#
# A textbook panel, in which fewer units never start and effects grow from period to period without an end. We draw it
# again and again; the true mean effect of each draw is known. What a fit doubts was said above and is not said again.

# %%
def drawn(s):
    panel = cc.simulate.staggered(seed=s, units=120, confounding=0)
    panel["effect"] = cc.simulate.staggered_effect(panel["first_treated"], panel["t"])
    return panel


panels = [drawn(s) for s in range(1, repetitions + 1)]
textbook = {"outcome": "y", "unit": "id", "time": "t", "cohort": "first_treated"}
many = [cc.design.PanelDesign.from_frame(panel, **textbook) for panel in panels]
truths = [panel.loc[panel["t"] >= panel["first_treated"], "effect"].mean() for panel in panels]

# %%
with cc.core.notes.quietly():
    made = {
        "two-way": [cc.estimate.did_two_way(d).tidy().head(1) for d in many],
        "group by group": [cc.estimate.aggregate(cc.estimate.did_group_time(d)).tidy().head(1) for d in many],
        "imputation": [cc.estimate.did_imputation(d).tidy().head(1) for d in many],
    }
fits = pd.concat({name: pd.concat(rows, ignore_index=True) for name, rows in made.items()}, names=["method", "draw"])
fits["off"] = fits["estimate"] - np.tile(truths, len(made))
fits["holds"] = fits["off"].abs() <= (fits["conf_high"] - fits["conf_low"]) / 2
summary = fits.groupby("method")[["off", "holds"]].mean()
summary

# %%
share = -100 * summary.loc["two-way", "off"] / np.mean(truths)
display(Markdown(
    f"The two-way regression misses {share:.0f} % of the effect, on average, and its 95 % interval holds the truth in "
    f"{100 * summary.loc['two-way', 'holds']:.0f} % of the draws; group by group it is "
    f"{100 * summary.loc['group by group', 'holds']:.0f} %, by imputation {100 * summary.loc['imputation', 'holds']:.0f} %."
))

# %% [markdown]
# ### Were courses parallel before?
#
# The test looks at half-years before the start. Not finding anything is weak comfort: see the power it states.

# %%
earlier = cc.check.pretrends(overall, design)
display(Markdown(f"**{earlier.verdict}** {earlier.sentence}"))

# %% [markdown]
# ### Programmes that pause or end
#
# Now every unit of a textbook panel switches its programme off after two periods. A start date no longer says who is
# treated. Methods that take one would go on counting units as treated; given the path itself, they refuse.

# %%
paused = drawn(seed)
paused["on"] = paused["t"].between(paused["first_treated"], paused["first_treated"] + 1).astype(float)
paused["y"] += 1.5 * paused["on"] - paused["effect"]  # the effect is there while the programme is
by_path = cc.design.PanelDesign.from_frame(paused, outcome="y", unit="id", time="t", path="on")
try:
    cc.estimate.did_group_time(by_path)
except cc.core.errors.DesignError as refused:
    said = str(refused)
display(Markdown(said.replace("\n", "<br>")))

# %% [markdown]
# The estimator for switches compares units whose treatment changed with those whose did not yet. Its first row is the
# effect per period under treatment. By time since the change the effect must fade when the programmes end.

# %%
switching = cc.estimate.did_switching(by_path)
wrong_start = cc.estimate.aggregate(cc.estimate.did_group_time(cc.design.PanelDesign.from_frame(paused, **textbook)))
switching.tidy().query("event_time.isna() or event_time >= 0")[["term", "estimate", "std_error"]]

# %% [markdown]
# ### What must hold

# %% tags=["check"]
assert np.allclose(after["estimate"], by_hand[:, 0], atol=1e-10), "a cell is not the difference of mean changes"
assert np.allclose(after["std_error"], by_hand[:, 1], atol=1e-10), "a cell's standard error is not that by hand"
assert abs(overall.estimate[0] - overall_by_hand) < 1e-10, "the average does not weight cells by their cities"
assert abs(imputed.params["overall"] - imputed_by_hand) < 1e-8, "imputation by hand gives another estimate"
row = overall.tidy().iloc[0]
assert row["conf_low"] < truth < row["conf_high"] < 0, "the interval does not hold the truth, or holds zero"
switch = np.outer(treated.to_numpy(float), [1])
two_way_by_hand = np.linalg.lstsq(np.hstack([switch, dummies]), halves["log_calls"], rcond=None)[0][0]
assert abs(two_way.params["mean_post"] - two_way_by_hand) < 1e-8, "the two-way coefficient by dummies differs"
assert abs(pairs.table["weight"].sum() - 1) < 1e-9, "the weights of the pairs do not add up"
parts = pairs.table["weight"] @ pairs.table["estimate"]
assert abs(parts - two_way_by_hand) < 1e-8, "the pairs do not add up to the two-way coefficient"

# %% tags=["check"]
noise = fits.groupby("method")["off"].std() / np.sqrt(repetitions)
assert summary.loc["two-way", "off"] < -5 * noise["two-way"], "two-way does not fall short, though the text says so"
assert summary.loc["two-way", "holds"] < 0.75, "the two-way interval holds, though the text says it does not"
for name in ("group by group", "imputation"):
    assert abs(summary.loc[name, "off"]) < 4 * noise[name], f"{name} is off on average"
    assert summary.loc[name, "holds"] > 0.95 - 4 * np.sqrt(0.95 * 0.05 / repetitions), f"{name} holds too rarely"
late = course.tidy().set_index("event_time")["estimate"]
assert late[2] < late[1] < late[0] < 0, "the effect does not grow with the time since the start"
assert stacked.estimate[0] > overall.estimate[0], "stacks of the first half-year show no smaller effect"

# %% tags=["check"]
first = switching.tidy().iloc[0]
assert first["conf_low"] < 1.5 < first["conf_high"], "the estimator for switches misses the effect while treated"
assert wrong_start.conf_int().iloc[0]["conf_high"] < 1.5, "a start date alone does not miss the effect"
assert "did_switching" in said, "a treatment that ends was not refused with what to take"

# %% [markdown]
# ## Report

# %%
cc.report.sentence(overall)

# %%
display(Markdown("\n".join(f"- {note}" for note in overall.notes)))

# %% [markdown]
# Do not use these methods with fewer than ten cities that start: their intervals are then too narrow, and
# `did_few_treated` is made for that. Do not use them when cities start *because* calls had begun to rise or fall. And say
# which average is reported: of all treated half-years, of the first year, or of cities that have been watched for as long.

# %%
{name: version(name) for name in ("coresponder_causal", "numpy", "pandas")}
