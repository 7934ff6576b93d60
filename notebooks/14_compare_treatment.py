# %% [markdown]
# # Are people treated alike, whoever they seem to be, and does the first call say what is found?
#
# | Question | At which stage are calls treated unlike by perceived race, and how often is a crisis written as one? |
# | --- | --- |
# | Design | Calls that are alike up to a stage, compared at that stage; first labels against what was found on scene |
# | Estimand | Gap in shares between groups as perceived, stage by stage; share of all crises written as a crisis |
# | Data | Simulated calls with a bias of known size, and the simulated city `biased_labels`, seed 14; free to use |
# | Seed | 14 |
# | Budget | 40 s |
#
# A city asks whether its team reaches everybody. A gap alone does not say who made it: the caller, the call taker, the
# dispatcher or the officer. Afterwards you can look for the stage at which it begins, name three ways in which a
# bias hides, and say how often the first call names a crisis although nobody looked at half of the calls.

# %% tags=["parameters"]
FAST = False
seed = 14
n = 20_000 if FAST else 30_000
many = 100_000 if FAST else 400_000
caller_bias = 0.3
trained = 0.2

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
# Groups are what a person was **perceived as**. Nobody was asked who they are. First we take calls in which the bias
# is put in by us, at one place only: a stranger who calls about somebody in need more often tells of a "disturbance"
# if the person seems to be of the group. Call takers, dispatch and officers treat all alike.

# %%
calls = cc.simulate.biased_calls(calls=n, caller_bias=caller_bias, seed=seed)
shown = ["received_at", "caller_type", "group", "initial_type", "final_type", "attended", "arrest"]
calls[shown].head(4)

# %% [markdown]
# The same generator, asked for very many calls, tells what is true. It is not used by any estimate below.

# %%
large = cc.simulate.biased_calls(calls=many, caller_bias=caller_bias, seed=seed + 1)
of_group = large["group"] == "group"
share = large.groupby("group")[["attended", "arrest"]].mean()
true_gap = share.loc["group"] - share.loc["reference"]
share.assign(calls=large.groupby("group").size())

# %% [markdown]
# ## Design
#
# Three questions are often mixed up. Each needs another comparison.
#
# 1. **What happened to whom?** All calls of one group against all of the other. Nothing is made alike.
# 2. **What is left among calls alike in what we allow to differ?** What is allowed is a choice of values. It must
#    be made before anybody looks.
# 3. **At which stage do calls that were alike until then begin to differ?**

# %%
about = {"group": "group", "reference": "reference"}
outcome = {"worse": ["disturbance"], "outcome": "arrest"}
asked = {"outcome": "arrest", "treatment": "attended", "covariates": ["hour", "initial_type"], "person": "person"}
design = cc.design.CallDesign.from_frame(calls, **asked)
design.describe()

# %% [markdown]
# ## Estimate
#
# ### What happened to whom
#
# People of the group are arrested more often. Officers did nothing wrong here: they met more calls that had been
# written as a disturbance. The gap is real for those who live through it, and it says nothing about its cause.

# %%
rates = cc.decide.disparity_rates(design, **about)
gap = rates.tidy().iloc[0]
display(Markdown(f"Arrests, of 100 calls: **{100 * gap['estimate']:+.1f}** in the group, 95 % interval "
                 f"{100 * gap['conf_low']:+.1f} to {100 * gap['conf_high']:+.1f}."))  # fmt: skip
rates.tidy()[["term", "estimate", "conf_low", "conf_high"]]

# %% [markdown]
# ### The stage at which it begins
#
# Now each stage is looked at among calls that are alike in all that went before. Written: calls found to be the same.
# Officers: calls written the same, found the same, and with the same team.

# %%
stages = cc.decide.where_bias(calls, **about, **outcome)
stages.table[["stage", "gap", "conf_low", "conf_high", "p_holm", "verdict"]]

# %%
display(Markdown(f"Treated unlike by: **{', '.join(stages.enters_with())}**. That is the only stage in which a bias "
                 "was put in."))  # fmt: skip

# %% [markdown]
# ### A rule that sees no group can still pass a bias on
#
# Dispatch never sees who the person seems to be. It sees the label, and sends the team less often to a disturbance.
# Compare the team's presence in two ways: among calls *written* the same, and among calls *found* to be the same.

# %%
as_written = cc.decide.similar_calls(calls, **about, outcome="attended", alike=["initial_type", "hour"])
as_found = cc.decide.similar_calls(calls, **about, outcome="attended", alike=["final_type", "hour"])
both = pd.concat([as_written, as_found], keys=["written the same", "found the same"]).droplevel(1)
both[["gap", "conf_low", "conf_high", "matched", "left_out"]]

# %% [markdown]
# Among calls written the same there is no gap. That is true, and misleading: the label itself carries the bias. Whoever
# holds the label constant **explains the bias away**. Among calls in the same need, people of the group get the
# team less often. A label that others wrote is a proxy of the group.

# %%
display(Markdown(f"Of 100 calls in the same need the team came to **{-100 * both['gap'].iloc[1]:.1f}** fewer of the "
                 f"group. Written the same: {100 * both['gap'].iloc[0]:+.1f}."))  # fmt: skip

# %% [markdown]
# ### When the group is not written down
#
# Often the perceived race of a person is missing, and it is written down sooner when there was an arrest. Then no
# adjustment helps. Bounds say what the gap can be, whoever the unknown persons are. They are wide because they are
# honest.

# %%
partly = cc.simulate.biased_calls(calls=n, caller_bias=caller_bias, recorded=0.6, seed=seed)
bounds = cc.decide.unknown_group(partly, outcome="arrest", **about).iloc[0]
known = partly.dropna(subset=["group"]).groupby("group")["arrest"].mean()
display(Markdown(f"Unknown: {bounds['unknown'] / bounds['calls']:.0%} of calls. Gap in arrests between "
                 f"{100 * bounds['set_low']:+.0f} and {100 * bounds['set_high']:+.0f} of 100. Known calls alone would "
                 f"say {100 * (known['group'] - known['reference']):+.1f}."))  # fmt: skip

# %% [markdown]
# ### How often is a crisis written as one?
#
# Now the other half of the question. Call takers write a label; whether it *was* a crisis is known only where somebody
# went. People go sooner to calls written as a crisis. So among the calls that were looked at, labels look better
# than they are. The correction lets calls that were looked at stand for like calls that were not.

# %%
first = cc.simulate.first_calls(calls=n, trained=trained, seed=seed)
agreement = cc.decide.concordance(first, met_by=["night"])
agreement.table.set_index("measure")[["as_recorded", "estimate", "conf_low", "conf_high"]]

# %%
cc.report.agreement_picture(agreement)

# %% [markdown]
# ### Did training help?
#
# In July 2022 call takers were trained. The corrected share is followed month by month; the mean after training is
# held against the mean before. Single call takers are never shown, only how far they differ.

# %%
course = cc.decide.agreement_after_training(first, start="2022-07-01", met_by=["night"], trend=False)
course.table

# %%
cc.report.course_picture(course)

# %% [markdown]
# ### What is one more question to the caller worth?
#
# Callers can be asked things. Which answer tells most about the need? The gain is how much better calls are ranked
# by need with the answer than without it, tried on other people's calls.

# %%
items = ["told_self_harm", "told_weapon"]
gain = cc.decide.triage_gain(first, items=items, met_by=["night"], thresholds=[0.3], seed=seed)
ranks = gain.table[gain.table["measure"] == "auc"].set_index("item")
ranks[["without", "gain", "conf_low", "conf_high"]]

# %% [markdown]
# ## Check
#
# The truth is known, so each claim can be tested. First: the numbers against short computations of our own.

# %% tags=["check"]
plain = calls.groupby("group")["arrest"].mean()
assert np.isclose(gap["estimate"], plain["group"] - plain["reference"], atol=1e-10), "the gap is not one of two shares"
need = calls[calls["final_type"] == "welfare_check"]
own = need.assign(y=need["initial_type"] == "disturbance", x=need["group"] == "group").astype({"y": float, "x": float})
label_fit = smf.ols("y ~ x + C(caller_type)", own).fit()
row = stages.table.set_index("stage").loc["callers and call takers"]
assert np.isclose(row["gap"], label_fit.params["x"], atol=1e-8), "the gap of a stage is not that within cells"
by_person = label_fit.get_robustcov_results("cluster", groups=own["person"])
error = by_person.bse[by_person.model.exog_names.index("x")]
assert np.isclose(row["std_error"], error, rtol=0.02), "the error of a stage is not one by persons"

# %% [markdown]
# Second: against the truth, and the wrong ways miss it by what the text says.

# %% tags=["check"]
assert gap["conf_low"] <= true_gap["arrest"] <= gap["conf_high"], "the interval misses the true gap in arrests"
assert stages.enters_with() == ("callers and call takers",), "another stage than the true one is named"
officers = stages.table.set_index("stage").loc["officers"]
assert officers["conf_low"] < 0 < officers["conf_high"], "officers are said to differ although they do not"
came = large.groupby(["final_type", "group"])["attended"].mean().unstack()
mix = large.loc[of_group, "final_type"].value_counts(normalize=True)
true_reach = ((came["group"] - came["reference"]) * mix).sum()
assert both["conf_low"].iloc[1] <= true_reach <= both["conf_high"].iloc[1], "the true gap in reach is missed"
assert both["conf_high"].iloc[1] < 0, "calls in the same need show no gap"
assert both["conf_high"].iloc[0] > 0 > both["conf_low"].iloc[0], "the label does not hide the gap, as the text says"
assert bounds["set_low"] <= true_gap["arrest"] <= bounds["set_high"], "the bounds miss the true gap"

# %% [markdown]
# Third: first calls. What the records alone say must be too good; the correction must hold the truth.

# %% tags=["check"]
found = agreement.table.set_index("measure").loc["sensitivity"]
cells = first.groupby(["initial_type", "night"])["crisis_on_scene"].agg(["size", lambda c: c.mean()])
crises = cells["size"] * cells.iloc[:, 1].astype(float)
by_hand = crises.loc["mental_health_crisis"].sum() / crises.sum()
assert np.isclose(found["estimate"], by_hand, atol=1e-8), "calls that were looked at do not stand for like calls"
crisis = first["crisis_truly"].astype(bool)
truly = (first.loc[crisis, "initial_type"] == "mental_health_crisis").mean()
assert found["conf_low"] <= truly <= found["conf_high"], "the corrected share misses the true one"
assert found["as_recorded"] > found["conf_high"], "records alone are not too good, as the text says"

# %% tags=["check"]
change = course.table.iloc[0]
after = first["received_at"] >= "2022-07-01"
by_time = first[crisis].groupby(after)["initial_type"].agg(lambda label: (label == "mental_health_crisis").mean())
assert abs(change["estimate"] - by_time.diff().iloc[-1]) < 0.02, "the change is not that of all crises at the training"
assert change["conf_low"] <= trained <= change["conf_high"], "the effect of training is missed"
assert change["conf_low"] > 0, "training is not found"
assert ranks.loc["told_self_harm", "conf_low"] > 0, "the answer that tells most is worth nothing"
assert ranks.loc["told_self_harm", "gain"] > ranks.loc["told_weapon", "gain"], "another answer is worth more"

# %% [markdown]
# ### Where this fails: officers who write what they expected
#
# The simulated city has a bias in its labels too. But its officers often leave the type as it was sent to them. Then
# the bias is also in what was "found", and the same method sees only a part of it. It still names the right
# stage; its size is too small. A city should draw some calls by lot and have them read again.

# %%
city = cc.simulate.world("biased_labels", seed=seed)
seen = city.detailed_calls.dropna(subset=["perceived_race"])
seen = seen.assign(perceived=np.where(seen["perceived_race"] == "white", "white", "other"))
in_need = seen["final_type"].isin(["welfare_check", "mental_health_crisis", "homelessness"])
strangers = seen["caller_type"].isin(["resident", "bystander", "business"])
city_stages = cc.decide.where_bias(
    seen[in_need & strangers].reset_index(drop=True), group="perceived", reference="white", **outcome
)
city_label = city_stages.table.iloc[0]
true_bias = city.truth.full.labels.set_index("group").loc["all", "bias"]
display(Markdown(f"True bias in labels **{true_bias:.2f}**, seen {city_label['gap']:.2f} "
                 f"({city_label['conf_low']:.2f} to {city_label['conf_high']:.2f})."))  # fmt: skip

# %% tags=["check"]
assert "callers and call takers" in city_stages.enters_with(), "the stage is not named in the city"
assert "officers" not in city_stages.enters_with(), "officers of the city are blamed"
assert city_label["gap"] > 0, "the bias is not seen in the city"
assert city_label["conf_high"] < true_bias, "the gap is not too small in the city, as the text says"

# %% [markdown]
# **When not to use it.** Not about a single officer, call taker or call. Not with a dozen events in a group. Not where
# nobody knows what was found. And never with the group guessed from a name or a street.

# %% [markdown]
# ## Report
#
# One call asks the questions of every outcome. Two of them it can answer here. What is left among calls alike in what we
# allow needs a design that compares calls one by one, and none was given: it says so. No gap after a contact is told
# without the bounds on who was met at all. The page's section is made of it.

# %%
whole = cc.decide.fairness(calls, **about, outcomes=["arrest"], worse=["disturbance"], seed=seed)
line = cc.report.fairness_line(cc.report.Treated(found=(whole,)))
display(Markdown(f"> {line.text}"))
display(Markdown(f"Not told: {whole.refused[0]}."))
whole.table()[["outcome", "quantity", "gap", "low", "high", "calls"]]

# %% tags=["check"]
assert whole.outcomes[0].bounds is not None, "a gap after a contact is told without its bounds"
assert any("calls alike" in text for text in whole.refused), "a question that was not asked is not named"

# %%
section = cc.report.fairness_section(cc.report.Treated(found=(whole,)))
next(block for block in section.blocks if isinstance(block, cc.report.Picture))

# %%
pd.Series({name: version(name) for name in ("coresponder-causal", "numpy", "pandas", "statsmodels")}, name="version")
