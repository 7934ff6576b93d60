# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Did calls change when the programme started, against the city's own past?
#
# | | |
# | --- | --- |
# | Question | Did monthly calls change in July 2020, against the course they were on? |
# | Design | One city in time, 72 months, 42 of them before the start (interrupted time series) |
# | Estimand | Mean log ratio of calls over the months after the start, against the city's own earlier course |
# | Data | Simulated city, preset `west_sac_like` with changed sizes (below); no rights needed |
# | Seed | 4 (the city), 1 and up (the repetitions) |
# | Budget | 60 s |
#
# Many cities have nothing but their own monthly counts. This notebook shows how to read a change in them, why the usual
# interval is far too narrow, and when one city alone can answer nothing. Afterwards you can fit, check and report such a
# series, and say when not to.

# %% tags=["parameters"]
FAST = False
seed = 4
repetitions = 100 if FAST else 300

# %% [markdown]
# The programme starts on 15 July 2020. We need the package, arrays and tables, and a way to show sentences whose numbers
# come from code.

# %%
from importlib.metadata import version

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import coresponder_causal as cc

# %% [markdown]
# ## Data
#
# The city is simulated, so that we know what the programme did: it made calls rarer by a fifth, at all hours. There is
# no pandemic in this first city, and no other change on the day of the start. Months are shaken by shocks that last: a
# busy month is followed by a busy month. That is what real series of calls look like.

# %%
sizes = {"covid_amplitude": 0, "tau": 0, "rho": 0.7, "ar_sd": 0.12, "n_comparison": 1, "monthly_calls": 400}
config = cc.simulate.WorldConfig(city_effect=np.log(0.8), **sizes)
world = cc.simulate.world("west_sac_like", seed=seed, config=config)
truth = world.truth.city_log_ratio
city = world.panel_counts.query("city == 'West Sacramento'")
city.tail(3)

# %% [markdown]
# ## Design
#
# A design says what is compared before anything is estimated: which column is counted, when the programme started, and
# that the year has a season. Calls are set against the population. July 2020 was under the programme for 17 of its 31
# days; the design gives it that share.

# %%
columns = {"outcome": "calls", "time": "month", "exposure": "population"}
design = cc.design.SeriesDesign.from_frame(city, start="2020-07-15", **columns)
design.describe()

# %% [markdown]
# ## Estimate
#
# Segmented regression draws a line through the months before the start, with a yearly wave, and asks how far the months
# after it lie off that line, carried forward. The errors are modelled as what they are: a part that lasts from month to
# month, and a part that does not. Both are estimated by restricted maximum likelihood. We let the level change, not the
# slope: the programme is known to work from one day on.

# %%
result = cc.estimate.its_segmented(design, slope_change=False)
result.tidy(scale="ratio").query("term == 'mean_post'")

# %% [markdown]
# The picture shows the months as counted and the course that the model expects without a programme.

# %%
cc.report.figure(result)

# %% [markdown]
# ### The wrong way: errors as if months had nothing to do with each other
#
# Least squares gives a similar estimate, and an interval that takes every month for new information. It is not: with
# shocks that last, 30 months hold far fewer than 30 independent ones.

# %%
naive = cc.estimate.its_segmented(design, errors="ols", slope_change=False)
both = pd.concat({"shocks that last": result.tidy().head(1), "independent months": naive.tidy().head(1)})
both[["estimate", "std_error", "conf_low", "conf_high"]]

# %%
ratio = naive.bse["mean_post"] / result.bse["mean_post"]
display(Markdown(
    f"Least squares states {100 * ratio:.0f} % of the standard error. The model puts the correlation of the lasting part "
    f"from one month to the next at {result.extra['rho']:.2f}, and {100 * result.extra['phi']:.0f} % of the variance of a "
    f"month into that part."
))

# %% [markdown]
# ### By hand
#
# Nothing here is magic, so we compute it again. The regressors: a constant, a line, the share of each month after the
# start, and two waves a year.

# %%
months = np.arange(72) - 42  # July 2020 is month 0
dose = np.where(months < 0, 0, 1.0)
dose[42] = 17 / 31
waves = [wave(2 * np.pi * k * months / 12) for k in (1, 2) for wave in (np.sin, np.cos)]
X = np.column_stack([np.ones(72), months, dose, *waves])
y = np.log(city["calls"] / city["population"]).to_numpy()

# %% [markdown]
# Generalised least squares with the estimated persistence: months that are near each other share part of their error.
# The effect of a month is its dose times the coefficient; the mean over the months after the start is the estimate.

# %%
rho, phi = result.extra["rho"], result.extra["phi"]
V = phi * rho ** np.abs(months[:, None] - months) + (1 - phi) * np.eye(72)
bread = np.linalg.inv(X.T @ np.linalg.solve(V, X))
beta = bread @ X.T @ np.linalg.solve(V, y)
left = y - X @ beta
variance = left @ np.linalg.solve(V, left) / (72 - X.shape[1]) * bread
by_hand = dose[42:].mean() * np.array([beta[2], np.sqrt(variance[2, 2])])
by_ols = dose[42:].mean() * np.linalg.lstsq(X, y, rcond=None)[0][2]

# %% [markdown]
# ## Check
#
# ### Does the interval hold?
#
# One city shows nothing about an interval. We draw the city again and again, with other shocks and the same truth, and
# count how often each 95 % interval holds the truth.

# %%
drawn = [cc.simulate.world("west_sac_like", seed=s, config=config) for s in range(1, repetitions + 1)]
one_city = [w.panel_counts.query("city == 'West Sacramento'") for w in drawn]
designs = [cc.design.SeriesDesign.from_frame(one, start="2020-07-15", **columns) for one in one_city]
rows = [
    cc.estimate.its_segmented(d, errors=errors, slope_change=False).tidy().head(1).assign(errors=errors)
    for d in designs
    for errors in ("reml-nugget", "newey-west", "ols")
]
fits = pd.concat(rows, ignore_index=True)
fits["holds"] = fits["conf_low"].le(truth) & fits["conf_high"].ge(truth)

# %%
coverage = fits.groupby("errors")["holds"].agg(share="mean", repetitions="size")
coverage["monte_carlo_error"] = np.sqrt(coverage["share"] * (1 - coverage["share"]) / coverage["repetitions"])
spread = fits.groupby("errors")["estimate"].std()
coverage["stated_over_true_spread"] = fits.groupby("errors")["std_error"].mean() / spread
coverage

# %%
display(Markdown(
    f"Intervals with shocks that last held the truth in {100 * coverage.share['reml-nugget']:.0f} % of "
    f"{repetitions} cities; those of least squares in {100 * coverage.share['ols']:.0f} %, those of Newey and West in "
    f"{100 * coverage.share['newey-west']:.0f} %. Correcting the standard errors afterwards is not enough in series as "
    f"short as these."
))

# %% [markdown]
# ### Would the method have found a change before there was one?
#
# We move the start to made-up dates in the time before the real one. Nothing happened there, so that a method that finds
# a change there would find one anywhere.

# %%
placebo = {"its_segmented": cc.check.placebo_dates(result, design), "ols": cc.check.placebo_dates(naive, design)}
for one in placebo.values():
    display(Markdown(f"**{one.verdict}** {one.sentence}"))

# %% [markdown]
# ### The season
#
# The simulated year has a wave. Left out, it goes into the errors, and a start in July is compared with a time before it
# that holds more winters.

# %%
seasonless = cc.estimate.its_segmented(design, harmonics=0, slope_change=False)
pd.concat({"two waves": result.tidy().head(1), "no season": seasonless.tidy().head(1)})[["estimate", "std_error"]]

# %% [markdown]
# ### When the pandemic falls on the start
#
# Now the world as it was: the pandemic began four months before the programme, and it faded for two years. The same
# regression, on the same kind of city. In this world the truth is known too.

# %%
pandemic = cc.simulate.world("covid_heavy", seed=seed)
own = pandemic.panel_counts.query("city == 'West Sacramento'")
covid_design = cc.design.SeriesDesign.from_frame(own, start="2020-07-15", **columns)
covid = cc.estimate.its_segmented(covid_design, slope_change=False)
moved = cc.check.covid_interval(covid, covid_design)
display(Markdown(f"**{moved.verdict}** {moved.sentence}"))

# %%
display(Markdown(
    f"The programme changed calls by {100 * np.expm1(pandemic.truth.city_log_ratio):.0f} %. What the series says depends "
    f"on which months of the pandemic are left in. No choice among them is the right one: the series cannot tell the "
    f"pandemic from the programme. **Do not use this design when something else happened at the same time**; take "
    f"comparison cities (notebook 07), or hours that the team covers and hours that it does not (notebook 05)."
))

# %% [markdown]
# ### What must hold
#
# The cell below fails if the method, or this text about it, is wrong.

# %% tags=["check"]
held, error = coverage["share"], coverage["monte_carlo_error"]
row = result.tidy().iloc[0]
assert abs(row["estimate"] - by_hand[0]) < 1e-8, "the estimate is not that of generalised least squares by hand"
assert abs(row["std_error"] - by_hand[1]) < 1e-8, "the standard error is not that of generalised least squares by hand"
assert abs(naive.params["mean_post"] - by_ols) < 1e-8, "least squares by hand gives another estimate"
assert row["conf_low"] < truth < row["conf_high"] < 0, "the interval of this city does not hold the truth, or holds zero"
assert held["reml-nugget"] > 0.95 - 3 * np.sqrt(0.95 * 0.05 / repetitions), "the interval holds too rarely"
assert held["ols"] + 3 * error["ols"] < 0.95, "independent errors did not fail, though the text says so"
assert held["ols"] < held["reml-nugget"], "independent errors hold more often than the model of the errors"
bias = fits.query("errors == 'reml-nugget'")["estimate"].mean() - truth
assert abs(bias) < 4 * spread["reml-nugget"] / np.sqrt(repetitions), "the estimates are not centred on the truth"

# %% tags=["check"]
course = {name: one.course["called"].mean() for name, one in placebo.items()}
assert course["its_segmented"] <= course["ols"], "the model of the errors calls more made-up starts a change"
assert moved.verdict == "contradicts", "the months of the pandemic decide, and the check does not say so"
assert any("pandemic" in note for note in covid.notes), "the result does not say that the pandemic is in it"
try:
    cc.design.SeriesDesign.from_frame(pd.concat([city, city]), start="2020-07-15", **columns)
except cc.core.errors.DesignError as refused:
    assert "mend" in str(refused), "the refusal does not say what to do"
else:
    raise AssertionError("months that occur twice were not refused")

# %% [markdown]
# ## Report
#
# One sentence for a council, made from the result. It claims a change only when the interval leaves out "no change".

# %%
cc.report.sentence(result)

# %% [markdown]
# What the result says about itself: where the method was measured on worlds like this one, and what is in doubt.

# %%
display(Markdown("\n".join(f"- {note}" for note in result.notes)))

# %% [markdown]
# Use this design with 36 months or more, ten events a month or more, and nothing else at the start. Say in the report
# that the design *describes*: a change against the city's own past is the programme's only if nothing else came.

# %% [markdown]
# ## Exercises
#
# Replace `None` by your answer and run the cell and the one below it. Three numbers, none of which needs more than two
# lines of code. This function reads your answer:

# %%
def marked(answer, right, look):
    if answer is None:
        return "no answer yet"
    return "right" if np.isclose(answer, right, rtol=1e-3, atol=1e-6) else f"not yet: {look}"


# %% [markdown]
# **1.** By how many per cent did calls change in the months after the start, by the estimate with shocks that last? A
# fall is a negative number.

# %% tags=["exercise"]
answer_1 = None

# %%
right_1 = 100 * np.expm1(result.params["mean_post"])
marked(answer_1, right_1, "the estimate is a log ratio; a ratio of one is no change, and a fall is negative")

# %% [markdown]
# **2.** The team trained from July to September 2020 and was whole from October on. Give the design a `phase_in` of
# three months, in which the dose rises. What is `mean_post` then (a log ratio, level change only)?

# %% tags=["exercise"]
answer_2 = None

# %%
phased = cc.design.SeriesDesign.from_frame(city, start="2020-07-15", phase_in=3, **columns)
right_2 = cc.estimate.its_segmented(phased, slope_change=False).params["mean_post"]
marked(answer_2, right_2, "pass phase_in=3 to from_frame, and keep slope_change=False")

# %% [markdown]
# **3.** What share of the 24 or fewer made-up starts would least squares call a change at the 5 % level? See
# `placebo["ols"].course`.

# %% tags=["exercise"]
answer_3 = None

# %%
right_3 = placebo["ols"].course["called"].mean()
marked(answer_3, right_3, "the column called is true where a test without correction finds a change; take its mean")

# %% [markdown]
# The marking itself is checked: it takes what is right, and neither a near miss nor a wrong sign.

# %% tags=["check"]
for right in (right_1, right_2, right_3):
    assert marked(right, right, "") == "right", "a right answer is not taken"
    assert marked(1.01 * right, right, "look again") == "not yet: look again", "a near miss is taken"
    assert marked(-right, right, "look again") == "not yet: look again", "a wrong sign is taken"
assert not np.isclose(right_2, result.params["mean_post"], rtol=1e-3), "a phase-in changes nothing in this city"

# %% [markdown]
# The versions with which these numbers were made:

# %%
{name: version(name) for name in ("coresponder_causal", "numpy", "pandas")}
