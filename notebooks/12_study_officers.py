# %% [markdown]
# # Do officers change after working beside the team?
#
# | Question | Do officers who rode with a clinician arrest less on calls *without* one, and do they think otherwise? |
# | --- | --- |
# | Design | Each officer before and after the first call with the team, against officers not yet exposed; survey waves |
# | Estimand | Effect of having worked beside the team on arrests in crisis calls without it, for those exposed (ATT) |
# | Data | Simulated city `riding_along`, seed 12, larger; nobody's data; free to use with the package |
# | Seed | 12 |
# | Budget | 90 s |
#
# If a ride teaches something that lasts, a team of two improves calls it never attends. That would be the cheapest
# part of the programme, or an illusion: officers who come forward were different before. Afterwards you can tell the
# two apart, say before you start how small a change your force could show, and treat silence in a survey with care.

# %% tags=["parameters"]
FAST = False
seed, monthly_calls = 12, 1000.0
replications = 6 if FAST else 40

# %%
from importlib.metadata import version

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from IPython.display import Markdown, display

import coresponder_causal as cc

# %% [markdown]
# ## Data
#
# Four tables: the calls, the units sent to them (which say whose call it was), shifts shared with the team, officers.

# %%
config = cc.simulate.WorldConfig(n_comparison=1, monthly_calls=monthly_calls)
world = cc.simulate.world("riding_along", seed=seed, config=config)
calls, tables = world.treated_calls, world.tables
rides, officers = tables["rides"], tables["officers"]
rides.head(3)

# %% [markdown]
# Some officers **volunteered**; others were **assigned** by a roster. The two must never be thrown together before one
# has looked at how they differed when nobody had ridden yet.

# %%
officers.groupby("volunteered")[["crisis_training_hours"]].agg(["size", "mean"]).round(1)

# %% [markdown]
# ## Design
#
# One row per officer and month: crisis calls on which the officer came first and **the team was not there**, and the
# arrests among them. Calls with the team are left out, since there the clinician is at work, not the lesson. The first
# call beside the team makes an officer exposed, from that month on.

# %%
shared = (tables["units"], rides, officers)
design = cc.design.OfficerDesign.from_tables(calls, *shared, outcome="arrest")
design.baseline().round(2)

# %% [markdown]
# Volunteers arrested less *before* they ever rode. A comparison of those who rode with those who did not finds that,
# and calls it learning.
#
# **How small an effect could this force show?** The answer depends on the number of officers, not of calls, and it
# belongs before the estimate: it uses the months before the exposure only.

# %%
power = design.detectable()
display(Markdown(f"In this force: {power.words()}."))

# %% [markdown]
# ## Estimate
#
# First the comparison that is made most often: months after an officer's ride against all others in the same months.

# %%
rode = (design.source["calls_together"] > 0).astype(int)
table = design.source.assign(rode=rode, rate=design.rate(), month=design.source["month"].astype(str))
table = table[table["calls"] > 0]
naive = smf.wls("rate ~ rode + C(month)", table, weights=table["calls"]).fit().params["rode"]
display(Markdown(f"Those who rode arrest in **{-naive:.0f}** fewer of 1,000 calls than those who have not (yet)."))

# %% [markdown]
# Now each officer against *herself*, and the change held against officers not yet exposed in the same months. The model
# is fitted to unexposed months only and says how many arrests each exposed month would have had. Counts of arrests are
# small and rates differ by a factor between officers, so the effect is a ratio.

# %%
ratio = cc.estimate.officer_poisson(design)
ratio.tidy(scale="ratio").iloc[:4][["term", "estimate", "conf_low", "conf_high", "p_value"]].round(3)

# %% [markdown]
# In the simulated city we may ask what the same calls would have been had no officer learnt anything.

# %%
untaught = cc.design.OfficerDesign.from_tables(world.truth.full.untaught(calls), *shared, outcome="arrest")
truth = cc.validity.learnt(design, untaught).set_index("group")
truth.round(3)

# %%
fewer = cc.estimate.officer_poisson(design, scale="difference").params["exposed"]
text = f"Truth: {truth.loc['exposed', 'effect']:.0f} per 1,000 calls. Each officer against herself: {fewer:.0f}. "
display(Markdown(text + f"Those who rode against those who did not: {naive:.0f}."))

# %%
cc.report.figure(ratio)

# %% [markdown]
# The points before zero are the test of the design: both groups should run along zero there. The points after zero get
# less and less certain, as fewer officers have ridden for that long.
#
# ### Do they think otherwise? Four survey waves
#
# An answer is missing for a reason. So the table gets **one row for each officer and wave at which the officer was
# asked**, answered or not; otherwise nobody can say what silence might hide. A low stigma score is good.

# %%
waves = tables["officer_waves"]
opened = waves.groupby("wave")["date"].min()
at_work = officers[officers["officer"].isin(tables["units"]["officer"])]
asked = at_work[["officer", "volunteered"]].merge(opened.reset_index(), how="cross")
first_ride = rides[rides["calls_together"] > 0].groupby("officer")["shift_start"].min()
asked["ride"] = (asked["officer"].map(first_ride) < asked["date"]).astype(int)
answers = waves.loc[waves["consent"], ["officer", "wave", "stigma_score"]]
asked = asked.drop(columns="date").merge(answers, on=["officer", "wave"], how="left")
asked.groupby("wave")[["ride", "stigma_score"]].agg({"ride": "sum", "stigma_score": ["count", "mean"]}).round(2)

# %%
survey = cc.design.WaveDesign.from_frame(
    asked, outcome="stigma_score", person="officer", wave="wave", exposure="ride", group="volunteered"
)
change = cc.estimate.wave_change(survey)
change.tidy()[["term", "estimate", "conf_low", "conf_high", "p_value"]].round(3)

# %%
known_truth = world.truth.full.waves.query("score == 'stigma_score' and wave == wave.max()").iloc[0]
lesson = known_truth["effect"] * known_truth["asked"] / asked.query("wave == wave.max()")["ride"].sum()
display(Markdown(f"Truth, for an officer who has ridden by the last wave: {lesson:.2f} points."))

# %%
cc.report.figure(change)

# %% [markdown]
# And if those who kept silent are those who did not change? Two pairs of bounds: the worst case supposes nothing; the
# other supposes that riding moves willingness to answer one way only. They compare the first wave with the last.

# %%
bounds = {
    "worst case": cc.estimate.wave_bounds(survey, method="worst case", least=1.0, most=5.0),
    "one-way": cc.estimate.wave_bounds(survey, method="lee"),
}
pd.DataFrame({name: {"low": b.set_low[0], "high": b.set_high[0]} for name, b in bounds.items()}).T.round(2)

# %% [markdown]
# ## Check
#
# Trends before, mates in the squad who talk about what they learnt, officers who left:

# %%
plain = cc.estimate.officer_imputation(design)
found = [cc.check.officer_trends(ratio, design), cc.check.squad_mates(plain, design)]
found += [cc.check.officer_leavers(plain, design), cc.check.wave_attrition(change, survey)]
for one in found:
    display(Markdown(f"- **{one.check}**, {one.verdict}: {one.sentence}"))

# %% [markdown]
# "Cannot tell" is not "passed": with so few officers a spread of the lesson through squads would not be seen.
#
# **Does the method keep its promise?** One city proves nothing. Draw many forces in which volunteers start 60 events
# below the others and riding takes 30 away, and count how often the interval holds the truth.

# %%
drawn = []
for number in range(replications):
    force = cc.simulate.officer_panel(seed=seed, part=number, level=-60.0, effect=-30.0)
    one = cc.design.OfficerDesign.from_frame(force.frame, outcome="force", exposure="calls", dose="calls_together")
    fit = cc.estimate.officer_imputation(one, leads=0, bin_width=48).tidy().iloc[0]
    months = one.source.assign(rode=(one.source["calls_together"] > 0).astype(int), rate=one.rate()).query("calls > 0")
    simple = smf.wls("rate ~ rode + C(month)", months, weights=months["calls"]).fit().params["rode"]
    held = fit["conf_low"] < force.mean_effect() < fit["conf_high"]
    drawn.append((fit["estimate"] - force.mean_effect(), held, simple - force.mean_effect()))
errors = pd.DataFrame(drawn, columns=["error of the design", "interval holds the truth", "error of who rode"])
errors.astype(float).agg(["mean", "std"]).round(2)

# %% [markdown]
# Now the assertions. The headline is worked out a second time with ordinary regression: fit officers and months on
# unexposed rows, predict the exposed ones, average what is left by calls.

# %% tags=["check"]
before = table.query("rode == 0")
after = table[(table["rode"] == 1) & table["officer"].isin(before["officer"])]
line = smf.wls("rate ~ C(officer) + C(month)", before, weights=before["calls"]).fit()
by_hand = np.average(after["rate"] - line.predict(after), weights=after["calls"])
assert abs(by_hand - plain.params["exposed"]) < 1e-6, "another program imputes another mean change"
row = ratio.tidy(scale="ratio").set_index("term").loc["exposed"]
assert row["conf_low"] < truth.loc["exposed", "ratio"] < row["conf_high"], "the interval misses the true ratio"
assert row["conf_high"] < 1, "the change should be told from none"
assert naive < truth.loc["exposed", "effect"] - 10, "who rode should look far better than the lesson"

# %% tags=["check"]
assert abs(errors["error of the design"].mean()) < 4 * errors["error of the design"].sem() + 1, "the design is off"
assert errors["interval holds the truth"].mean() >= 0.8, "the interval holds the truth too seldom"
assert errors["error of who rode"].mean() < -5, "who rode against who did not should be far off"
known = asked.dropna()
line = smf.ols("stigma_score ~ ride + C(officer) + C(wave)", known)
within = line.fit(cov_type="cluster", cov_kwds={"groups": pd.factorize(known["officer"])[0]})
assert abs(within.params["ride"] - change.estimate[0]) < 1e-8, "another program finds another change of scores"
assert 0.7 < change.bse["change"] / within.bse["ride"] < 1.4, "the standard error is far from that of another program"
row = change.tidy().iloc[0]
assert row["conf_low"] < lesson < row["conf_high"], "the interval misses the true change of scores"
low, high = bounds["worst case"].set_low[0], bounds["worst case"].set_high[0]
assert low < bounds["one-way"].set_low[0] <= bounds["one-way"].set_high[0] < high, "the one-way bounds are no narrower"

# %% tags=["check"]
try:
    cc.design.WaveDesign.from_frame(asked, outcome="stigma_score", person="officer", wave="date", exposure="ride")
except Exception as refused:
    told = str(refused)
else:
    told = ""
assert "date" in told, "a column that is not there should be refused by name"

# %% [markdown]
# ## Report

# %%
display(Markdown(f"> {cc.report.sentence(ratio)}"))
display(Markdown(f"> {cc.report.sentence(change)}"))

# %% [markdown]
# **When not to use this.** With a handful of officers exposed no method helps: look at `detectable()` first. Where
# everybody rode in the same month nobody is left to compare with. Never hand scores by name to an employer: who rode
# and what they answered are joined at the university alone (`docs/waves.md`), and only means of eleven or more leave.
#
# ## Exercises
#
# Replace `None` by your answer and run the cell and the one below it.
#
# **1.** Do officers who rode also bring fewer people to hospital against their will? Give the ratio of holds counted to
# holds expected for all exposed officers (`outcome="hold"`).

# %%
answer = None

# %% tags=["exercise"]
holds = cc.estimate.officer_poisson(cc.design.OfficerDesign.from_tables(calls, *shared, outcome="hold"))
right = np.exp(holds.params["exposed"])
assert answer is None or abs(answer - right) < 0.01, "not yet: the estimate is a log; take np.exp of it"
"no answer yet" if answer is None else "right"

# %% [markdown]
# **2.** How many of those asked in the last wave gave no stigma score?

# %%
answer = None

# %% tags=["exercise"]
right = int(asked.query("wave == wave.max()")["stigma_score"].isna().sum())
assert answer is None or answer == right, "not yet: count the rows of `asked` whose score is missing, in one wave"
"no answer yet" if answer is None else "right"

# %% [markdown]
# **3.** A colleague says: "take everybody's arrests from July 2020 on and compare volunteers with assigned officers".
# By how many arrests per 1,000 calls did volunteers differ from those never exposed *before* anybody rode?

# %%
answer = None

# %% tags=["exercise"]
start = design.baseline().query("what == 'arrest before'").set_index("group")["mean"]
right = start["volunteers"] - start["never_exposed"]
assert answer is None or abs(answer - right) < 1, "not yet: look at the rows 'arrest before' of design.baseline()"
"no answer yet" if answer is None else "right: that much is there before any lesson"

# %%
names = ("coresponder_causal", "numpy", "pandas", "statsmodels")
print("\n".join(f"{name} {version(name)}" for name in names))
