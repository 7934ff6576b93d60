# %% [markdown]
# # What do we fix before anybody has seen an outcome?
#
# | Question | What will be compared, could it tell, and what will count as an answer? |
# | --- | --- |
# | Design | A plan for one city among ten, frozen before outcomes from the start on are read |
# | Estimand | The change of calls in the city from July 2020 on; before that, the change that the plan can find |
# | Data | Simulated city `west_sac_like`, seed 4, written to a folder as files; nobody's data; free to use |
# | Seed | 4 for the city, 1 for the redraws |
# | Budget | 120 s |
#
# Whoever may choose the comparison after seeing the result can find almost anything. A plan that was frozen first takes
# that choice away, from friends and foes of the programme alike. Afterwards you can write such a plan, see whether it
# could tell at all, close it, and show later whether you kept it.

# %% tags=["parameters"]
FAST = False
seed, redraw_seed, start = 4, 1, "2020-07-15"
replications = 20 if FAST else 120

# %%
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from scipy import stats

import coresponder_causal as cc

pd.set_option("display.max_colwidth", None)

# %% [markdown]
# ## Data
#
# A study lies in a folder: tables as files, and `STUDY.toml`, which says which city, which start, which outcomes, which
# designs. Here are three tables of the simulated city.

# %%
world = cc.simulate.world("west_sac_like", seed=seed)
folder = tempfile.TemporaryDirectory()
here = Path(folder.name)
kinds = world.tables["control_series"].groupby(["city", "month", "series"], as_index=False)["count"].sum()
for name, table in {"control_series": kinds, **{n: world.tables[n] for n in ("city_panel", "programmes")}}.items():
    table.to_csv(here / f"{name}.csv", index=False)
kinds["series"].unique().tolist()

# %% [markdown]
# The study as one would write it first: one design, the comparison with other cities.

# %%
control = kinds["series"].iloc[0]
text = f"""
[study]
title = "A city's plan"
simulated = true
[tables]
city_panel = "city_panel.csv"
programmes = "programmes.csv"
control_series = "control_series.csv"
"""
text += f'[treated]\ncity = "West Sacramento"\nstart = "{start}"\n'
text += f'[outcomes]\nprimary = "calls"\ncontrols = ["{control}"]\n[designs]\nrun = ["cities"]\n'
file = here / "STUDY.toml"
written = file.write_text(text)

# %% [markdown]
# ## Design
#
# ### Why should the team change anything?
#
# A *logic model* says by which steps: what goes in, what is done, what comes of it, and which metric would show each step.
# The package ships one to edit. It is checked like data: an outcome without a metric, or one that your tables cannot
# compute, is found.

# %%
model = cc.plan.LogicModel.shipped()
there = {name: set(pd.read_csv(here / f"{name}.csv", nrows=1).columns) for name in ("city_panel", "programmes")}
open_ends = model.check(there)
display(Markdown(f"The model has {len(model.nodes)} boxes and {len(model.links)} arrows. With these tables {len(open_ends)} of its claims could not be looked at:"))
open_ends.groupby("node").size().rename("open claims").to_frame().head(4)

# %% [markdown]
# A city that has only monthly counts can see the last step, fewer calls, and none of the steps on the way there. Notebook
# 01 says which field to collect next.
#
# ### The plan
#
# `write_example_plan` writes `PLAN.toml` beside the study, with every key explained and the study's own designs filled in.
# You then change it. Reading it lists every rule that it breaks.

# %%
study = cc.plan.read_study(file)
plan_file = cc.plan.write_example_plan(study)
try:
    cc.plan.planned(file)
except cc.core.errors.DataError as error:
    broken = str(error)
display(Markdown("\n".join(f"> {line}" for line in broken.splitlines())))

# %% [markdown]
# One design alone can never *support* a finding, because nothing could contradict it. So the city's own course in time is
# added as a second design, and the plan is written anew.

# %%
designs = '["cities", "series"]\n' + "".join(f'[{name}]\noutcomes = ["calls", "arrest"]\n' for name in ("cities", "series"))
written = file.write_text(text.replace('["cities"]\n', designs))
study = cc.plan.read_study(file)
plan_file = cc.plan.write_example_plan(study, force=True)
stated = cc.plan.planned(file)
rule = stated.plan.decision
display(Markdown(f"Smallest change that matters, as a ratio: {rule.smallest_effect}. Confidence: {rule.level:.0%}."))

# %% [markdown]
# ### Before the freeze outcomes stay closed
#
# `planned` has read the months before the start, and only these. To ask for the rest is refused.

# %%
try:
    cc.plan.read_tables(study)
except cc.core.errors.DataError as error:
    closed = str(error)
last_month = stated.before["city_panel"]["month"].max()
display(Markdown(f"Last month that was read: {last_month}. Asked for more, it says: *{closed.splitlines()[0]}.*"))

# %% [markdown]
# ## Estimate
#
# ### Could this plan tell?
#
# The months before the start say how noisy counts are and how far cities drift apart. From that follows, without any
# outcome, which fall each design finds four times in five.

# %%
chances = cc.plan.operating_characteristics(stated.plan, study, stated.before, seed=redraw_seed)
chances.designs[["outcome", "design", "std_error", "df", "found"]].round(3)

# %% [markdown]
# And which verdict the plan's rule would then give, if the true change were so and so? This is the table to read *before*
# signing.

# %%
verdicts = ["fewer", "more", "no meaningful effect", "consistent, not established", "uninformative"]
calls_table = chances.table[chances.table["outcome"].eq("Calls for service")].set_index("change")[verdicts]
calls_table.mul(100).round(0).rename_axis("true change, percent")

# %%
display(Markdown("> " + chances.conditions[0]))

# %% [markdown]
# Read the first column. As the plan stands it will *never* say “fewer”, however much calls fall: both designs start from
# the same months of the same city, so they are one witness and not two. It is good to learn that now. The remedy is a
# design with another assumption, such as the hours that the team covers (notebook 05). We go on with this plan to see how
# freezing works.
#
# ### The same by redrawing
#
# The formula can be checked: fit the noise of the months before, draw new cities from it, put in a fall, and count how
# often it is found. No outcome from the start on is read for this either. The notice in red is no error: the register of
# programmes knows of an earlier, smaller programme, so that the months before were not quite without a team.

# %%
ahead = cc.plan.designs_ahead(study)["cities"]
power = cc.validity.power(ahead.design, effects=(-10.0, -20.0, -30.0), replications=replications, seed=redraw_seed)
cc.report.power_picture(power)

# %%
formula = chances.designs["found"].iloc[0]
text = (
    f"The formula says a fall of {formula:.0f} %, redrawing says {abs(power.mde):.0f} %. Both are right about something else: "
    "the formula takes the best guess of how far cities drift apart, redrawing the upper limit of that guess, because a "
    "few years show drift badly. Plan with the larger number."
)
display(Markdown(text))

# %% [markdown]
# ### Freeze
#
# Freezing writes `PLAN.frozen.json`: the plan, what of the study decides its results, the code, and the hash of every
# table from before the start. From now on outcomes can be read.

# %%
record = cc.plan.freeze(stated.plan, study, stated.before, by="Lead evaluator")
(state,) = cc.plan.read_record(record)
tables, quality = cc.plan.read_tables(study)
display(Markdown(f"Read after the freeze: up to {tables['city_panel']['month'].max()}. The record holds {', '.join(sorted(state))}."))

# %%
evaluation = cc.plan.run(study, tables, quality)
first = evaluation.results[0]
cc.report.sentence(first)

# %%
truth = world.truth.city_log_ratio
low, high = first.conf_int().iloc[0]
text = (
    f"In truth the programme changed calls by {np.expm1(truth):+.0%}. The interval, {np.expm1(low):+.0%} to "
    f"{np.expm1(high):+.0%}, holds that."
)
display(Markdown(text))

# %% [markdown]
# ### What if somebody changes the plan now?
#
# A larger “smallest change that matters” would be convenient. The door closes again, and says what changed.

# %%
plan_text = plan_file.read_text()
written = plan_file.write_text(plan_text.replace("smallest_effect = 0.85", "smallest_effect = 0.95", 1))
try:
    cc.plan.read_tables(cc.plan.read_study(file))
except cc.core.errors.DataError as error:
    noticed = str(error)
display(Markdown("\n".join(f"> {line}" for line in noticed.splitlines())))

# %% [markdown]
# Plans may change for good reasons. Then an *amendment* says who changed what and why, and the plan is frozen once more.
# The old state stays in the record, and the new one is sealed with its hash.

# %%
amendment = '\n[[amendment]]\non = 2020-08-01\nwho = "Lead evaluator"\nwhat = "smallest effect"\nwhy = "the council asked for it"\n'
with plan_file.open("a") as opened:
    written = opened.write(amendment)
again = cc.plan.planned(file)
record = cc.plan.freeze(again.plan, again.study, again.before, by="Lead evaluator")
states = cc.plan.read_record(record)
pd.DataFrame({"state": range(1, len(states) + 1), "changes": [", ".join(map(str, one.get("changes", []))) for one in states]})

# %% [markdown]
# ### Deviations are found, not declared
#
# Somebody drops the last six months, and one comparison city's count for a month of 2018 is “corrected”.

# %%
panel = tables["city_panel"]
fewer = panel[panel["month"] < "2022-07"]
touched = fewer.assign(calls=fewer["calls"] + (fewer["month"].eq("2018-03") & fewer["city"].eq("Chico")))
as_planned = cc.plan.deviations(evaluation, tables)
departed = cc.plan.deviations(evaluation, tables | {"city_panel": touched})
departed

# %% [markdown]
# ## Check
#
# Before the freeze nothing from the start on was read, and whoever asked was refused.

# %% tags=["check"]
assert last_month == pd.Period(start, "M") - 1, "months from the start on were read before the freeze"
assert "not frozen" in closed, "outcomes could be read before the freeze"
assert "never be supported" in broken, "a plan of one design was accepted"
assert "smallest_effect" in noticed and "changed after the freeze" in noticed, "a changed plan was not noticed"

# %% [markdown]
# The fall found four times in five, by hand from the standard error and its degrees of freedom.

# %% tags=["check"]
one = chances.designs.query("design == 'cities' and outcome == 'Calls for service'").iloc[0]
reach = stats.t.ppf(0.975, one["df"]) + stats.t.ppf(0.8, one["df"])
assert abs(one["found"] - 100 * (1 - np.exp(-reach * one["std_error"]))) < 1e-8, "the fall found is not as stated"
assert np.allclose(calls_table.sum(axis=1), 1, atol=1e-8), "the chances of the verdicts do not add up"
answered = chances.table.groupby("outcome")["change"].nunique()
assert len(answered) == 2 and answered.nunique() == 1, "calls and arrests are not told for the same true changes"
assert abs(power.mde) > formula, "redrawing should be the more careful of the two"
assert calls_table["fewer"].max() == 0, "one witness was counted as two"
no_effect = calls_table["no meaningful effect"]
assert no_effect.loc[0] > 0.5 > no_effect.loc[-30], "the rule should tell nothing from a large fall"

# %% [markdown]
# The estimate, against the truth and against the plain difference of log rates: after less before, here less elsewhere.

# %% tags=["check"]
spread = panel.assign(rate=np.log(panel["calls"] / panel["population"] / panel["days"]))
spread = spread.pivot(index="month", columns="city", values="rate").astype(float)
change = spread[spread.index >= "2020-08"].mean() - spread[spread.index < "2020-07"].mean()
others = change.drop("West Sacramento")
simple, se = change["West Sacramento"] - others.mean(), first.bse.iloc[0]
assert low <= truth <= high, "the interval misses the truth"
assert abs(first.estimate[0] - simple) < se / 4, "the estimate is far from the plain difference of means"
assert 0.6 < se / (others.std() * np.sqrt(1 + 1 / len(others))) < 1.6, "the standard error does not fit the cities' spread"

# %% [markdown]
# As planned nothing is reported; what was done behind the plan's back is, and nothing else. The record cannot be edited.

# %% tags=["check"]
elements = set(departed["element"]) - set(as_planned["element"])
assert elements == {"months from the start on", "data from before the start: city_panel.sha256"}, "other departures were found"
assert states[0]["sha256"] == states[1]["previous"], "the amended state does not continue the first"
edited = record.read_text().replace("Lead evaluator", "Somebody else", 1)
written = record.write_text(edited)
try:
    cc.plan.read_record(record)
except cc.core.errors.DataError as error:
    tampered = str(error)
assert "changed after it was frozen" in tampered, "an edited record was accepted"

# %% [markdown]
# ## Report
#
# Every page of a frozen study begins with whether it was run as planned. This is what a reader sees first.

# %%
as_planned if len(as_planned) else Markdown("Everything was run as planned.")

# %% [markdown]
# Do not freeze a plan that the table above says cannot tell; mend it first. Do not freeze after you have seen the
# outcomes and call it a plan: write `[[seen]]` for each outcome that is known, so that readers can judge. And a plan
# keeps honest people honest: whoever holds the files can open them with another program.

# %%
folder.cleanup()
for name in ("coresponder_causal", "numpy", "pandas", "scipy"):
    print(name, version(name))
