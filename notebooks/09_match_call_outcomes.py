# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Did calls that the team attended end otherwise than like calls that it did not?
#
# | | |
# | --- | --- |
# | Question | When the team came, were people arrested less often than they would have been on the same call? |
# | Design | Calls received while the team was on duty and free, attended or not, made alike by what was known before dispatch |
# | Estimand | Mean difference in the share arrested, over the attended calls (ATT) |
# | Data | Simulated city, presets `west_sac_like` (dispatch by what was recorded) and `selective_dispatch`; no rights needed |
# | Seed | 1 (the city), 11 and up (the repetitions) |
# | Budget | 120 s |
#
# Attended calls are not like others: the team is sent to some kinds of call and not to others. This notebook makes calls
# alike by matching, by weighting and by two models, shows how to see whether it worked, and shows the one thing that no
# balance can show: what was not written down. Afterwards you know when such a comparison may be believed.

# %% tags=["parameters"]
FAST = False
seed = 1
repetitions = 8 if FAST else 40
repeats = 2 if FAST else 10  # how often the doubly robust estimator draws its folds

# %%
from importlib.metadata import version

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import coresponder_causal as cc

# %% [markdown]
# ## Data
#
# One row per call. In this first city dispatch goes by what is recorded: type, priority, hour, how busy patrol is. How bad
# a call really is has no part in it beyond that. We set that; in a real city nobody knows it.

# %%
sizes = {"monthly_calls": 400, "n_comparison": 1}
world = cc.simulate.world("west_sac_like", seed=seed, config=cc.simulate.WorldConfig(selection=0, **sizes))
calls = world.treated_calls.query("received_at >= '2020-07-15'")
schedule = world.tables["schedule"]
truth_of = world.truth.effects.query("estimand == 'att' and group == 'all'").set_index("outcome")["true"]
truth = truth_of["arrest"]
calls[["call_id", "hour", "initial_type", "priority", "prior_contacts", "patrol_load", "attended", "arrest"]].head(3)

# %% [markdown]
# ## Design
#
# ### What must be adjusted for
#
# Not everything that is there. A causal graph says what moves what. It tells which columns close the back doors between
# "team attends" and "arrest", and which must not be touched because the team moves them.

# %%
graph = cc.design.CausalGraph.named("call")
honest = graph.identify("attended", "arrest")
cc.report.graph_picture(graph, treatment="attended", outcome="arrest", adjusted=honest.adjusted)

# %% [markdown]
# Blue is the effect. Everything in a double frame is adjusted for, and still a back door stays open, in orange: how bad a
# call is moves both whether the team comes and how it ends, and stands in no column. So the effect does not follow from
# adjusting, whatever we adjust for, and the graph says so. In the first simulated city
# we know that this arrow is not there, nor those to whether the team is asked for and from where a call is.

# %%
absent = [("severity", "attended"), ("severity", "asked_for"), ("place", "attended")]
lucky = graph.with_changes(remove=absent).identify("attended", "arrest", there=list(calls.columns))
display(Markdown(f"**As cities are.** Identified: {honest.identified}. Left open: {honest.open_path}."))
words = ", ".join(f"“{graph.words(name)}”" for name in lucky.backdoor[0])
display(Markdown(f"**As this one is.** Identified: {lucky.identified}. Adjust for: {words}."))

# %% [markdown]
# ### Which calls could have gone either way
#
# Only calls that came in while the team was on duty and free. All others had no choice. The design counts what it leaves
# out. Calls of one person are not independent, so the person is named too.

# %%
known = ["hour", "initial_type", "priority", "prior_contacts", "patrol_load"]
stated = {"treatment": "attended", "person": "person", "which": "all"}
design = cc.design.CallDesign.from_tables(calls, schedule, outcome="arrest", covariates=known, **stated)
display(Markdown("\n".join(f"- {part}" for part in design.describe().split("; "))))

# %% [markdown]
# What comes after dispatch is refused, with the way by which the team moves it. Adjusting for it would take away part of
# the effect.

# %%
try:
    cc.design.CallDesign.from_tables(calls, outcome="arrest", covariates=[*known, "minutes_on_scene"], **stated)
except cc.core.errors.DesignError as refused:
    said = str(refused)
display(Markdown(said.replace("\n", "<br>")))

# %% [markdown]
# ### Making calls alike, before outcomes are looked at
#
# *Weighting* counts an unattended call the more, the likelier it was to be attended. *Matching* gives every attended call
# the nearest unattended one, and drops those without one near enough. Neither looks at the outcome.

# %%
weighted = cc.design.weight_propensity(design, scheme="att")
matched = cc.design.match_nearest(design, caliper=0.2)
overlap_weighted = cc.design.weight_propensity(design, scheme="overlap")
balance = cc.check.balance(None, weighted)
cc.report.figure(balance)

# %% [markdown]
# Every point should lie near the middle after weighting. And there must be calls of both kinds for every kind of call:

# %%
overlap = cc.check.overlap(None, weighted)
display(Markdown(f"**{overlap.verdict}** {overlap.sentence}"))
cc.report.figure(overlap)

# %% [markdown]
# ## Estimate
#
# First the calls that could have gone either way as they came, without adjusting. Then the adjusted ones. The last uses
# two models, of who is attended and of who is arrested: it is right if one of them is.

# %%
results = {
    "as they came": cc.estimate.call_difference(design),
    "weighted": cc.estimate.call_difference(weighted),
    "matched": cc.estimate.call_difference(matched),
    "overlap weights": cc.estimate.call_difference(overlap_weighted),
    "doubly robust": cc.estimate.call_aipw(design, repeats=repeats),
}
table = pd.concat({name: one.tidy() for name, one in results.items()}).droplevel(1)
table["estimand"] = [one.estimand.contrast for one in results.values()]
table[["estimand", "estimate", "std_error", "conf_low", "conf_high"]]

# %%
result = results["weighted"]
everything = calls["arrest"][calls["attended"]].mean() - calls["arrest"][~calls["attended"]].mean()
display(Markdown(
    f"In truth the team changed the share arrested by {100 * truth:.1f} points. Against all other calls the difference is "
    f"{100 * everything:.1f} points; weighted it is {100 * result.estimate[0]:.1f}."
))

# %% [markdown]
# The contrasts differ on purpose. ATT speaks of the attended calls; ATO of those whose treatment was an open question;
# ATM of those that found their like. Say which one is reported.

# %% [markdown]
# ### By hand
#
# The probability of being attended, by logistic regression (Newton's steps); the weights; the difference.

# %%
rows = design.source
types = pd.get_dummies(rows["initial_type"], drop_first=True, dtype=float)
X = np.column_stack([np.ones(len(rows)), rows[["hour", "priority", "prior_contacts", "patrol_load"]], types]).astype(float)
D, y = rows["attended"].to_numpy(float), rows["arrest"].to_numpy(float)
slopes = np.zeros(X.shape[1])
for _ in range(12):
    p = 1 / (1 + np.exp(-X @ slopes))
    information = X.T @ (X * (p * (1 - p))[:, None])
    slopes += np.linalg.solve(information, X.T @ (D - p))
w = p / (1 - p) * (1 - D)
m1, m0 = y[D == 1].mean(), w @ y / w.sum()

# %% [markdown]
# Its standard error adds up, person by person, what every call moves: the mean of its arm, and the estimated weights.

# %%
direct = D * (y - m1) / D.sum() - w * (y - m0) / w.sum()
by_weights = -(w * (y - m0) / w.sum()) @ X
influence = direct + (X * (D - p)[:, None]) @ np.linalg.solve(information, by_weights)
per_person = pd.Series(influence).groupby(rows["person"].to_numpy()).sum()
n, G = len(rows), len(per_person)
error_by_hand = np.sqrt((per_person**2).sum() * G / (G - 1) * (n - 1) / (n - 2))

# %% [markdown]
# DoWhy, asked through the same graph of columns, comes to the same number: it hands the estimate back to this package.

# %%
again = cc.design.dowhy_estimate(result, weighted)
display(Markdown(f"By this package {result.estimate[0]:.6f}, through DoWhy {again.value:.6f}."))

# %% [markdown]
# ## Check
#
# ### In many cities
#
# One city shows little. We draw others, with the same kind of dispatch, and count.

# %%
def of_city(s):
    city = cc.simulate.world("west_sac_like", seed=s, config=cc.simulate.WorldConfig(selection=0, **sizes))
    after = city.treated_calls.query("received_at >= '2020-07-15'")
    d = cc.design.CallDesign.from_tables(after, city.tables["schedule"], outcome="arrest", covariates=known, **stated)
    return d, city.truth.effects.query("estimand == 'att' and group == 'all' and outcome == 'arrest'")["true"].item()


# %%
with cc.core.notes.quietly():
    cities = [of_city(s) for s in range(11, 11 + repetitions)]
    fits = {
        "as they came": [cc.estimate.call_difference(d).tidy() for d, _ in cities],
        "weighted": [cc.estimate.call_difference(cc.design.weight_propensity(d, scheme="att")).tidy() for d, _ in cities],
    }
fits = pd.concat({name: pd.concat(made, ignore_index=True) for name, made in fits.items()}, names=["how", "city"])
fits["truth"] = [t for _, t in cities] * 2
fits["off"] = fits["estimate"] - fits["truth"]
fits["holds"] = fits["conf_low"].le(fits["truth"]) & fits["conf_high"].ge(fits["truth"])
fits.groupby("how")[["off", "holds"]].mean()

# %%
off, noise = fits.groupby("how")["off"].mean(), fits.groupby("how")["off"].std() / np.sqrt(repetitions)
display(Markdown(
    f"Over {repetitions} cities the plain comparison is off by {100 * off['as they came']:.2f} points on average (± "
    f"{100 * noise['as they came']:.2f}), the weighted one by {100 * off['weighted']:.2f} (± {100 * noise['weighted']:.2f})."
))

# %% [markdown]
# ### When dispatch sees what no table holds
#
# Now a city in which the team is sent to the severest calls. The same columns, the same balance, and an answer that is
# wrong.

# %%
hidden = cc.simulate.world("selective_dispatch", seed=seed, config=cc.simulate.WorldConfig(selection=2, **sizes))
later = hidden.treated_calls.query("received_at >= '2020-07-15'")
both = {"outcome": "arrest", "covariates": known, **stated}
blind = cc.design.weight_propensity(
    cc.design.CallDesign.from_tables(later, hidden.tables["schedule"], **both), scheme="att"
)
wrong = cc.estimate.call_difference(blind)
hidden_effects = hidden.truth.effects.query("estimand == 'att' and group == 'all'").set_index("outcome")["true"]
wrong.tidy().assign(truth=hidden_effects["arrest"])

# %%
blind_balance = cc.check.balance(wrong, blind)
placebo = {"first city": cc.check.placebo_exposure(result, weighted), "second city": cc.check.placebo_exposure(wrong, blind)}
display(Markdown(f"**Balance: {blind_balance.verdict}** {blind_balance.sentence}"))
display(Markdown(f"**A placebo: {placebo['second city'].verdict}** {placebo['second city'].sentence}"))

# %% [markdown]
# Balance finds nothing, because balance can only speak of what was recorded. The placebo finds it: calls that a *free*
# team left are milder than calls that a *busy* team could not take, though nobody attended either. Who was left was
# chosen.
#
# How strong would something hidden have to be to explain the finding away? These say it for the first city:

# %%
evalue = cc.check.evalue(result, weighted)
robust = cc.check.robustness_value(result, weighted)
for one in (evalue, robust):
    display(Markdown(f"**{one.check}** {one.sentence}"))

# %% [markdown]
# ### What must hold

# %% tags=["check"]
row = result.tidy().iloc[0]
assert abs(row["estimate"] - (m1 - m0)) < 1e-8, "the weighted difference by hand is another"
assert abs(row["std_error"] - error_by_hand) < 1e-8, "the standard error by hand, clustered by person, is another"
assert again.value == result.estimate[0], "DoWhy's number is not that of the method"
assert row["conf_low"] < truth < row["conf_high"] < 0, "the interval does not hold the truth, or holds zero"
for name in ("matched", "doubly robust", "overlap weights"):
    one = table.loc[name]
    assert one["conf_low"] < truth < one["conf_high"], f"{name}: the interval does not hold the truth"
assert everything < truth, "comparing with all other calls does not overstate the effect, though the text says so"
free = calls.query("team_on_duty and not team_busy")
assert list(rows["call_id"]) == list(free["call_id"]), "the design does not hold the calls of a team on duty and free"
pairs = matched.adjustment.pairs
treated_less_match = y[pairs[:, 0]].mean() - y[pairs[:, 1]].mean()
assert abs(results["matched"].estimate[0] - treated_less_match) < 1e-10, "the matched difference by hand is another"

# %% tags=["check"]
assert abs(off["weighted"]) < 4 * noise["weighted"], "weighted estimates are not centred on the truth"
assert abs(off["as they came"]) > abs(off["weighted"]), "weighting brings calls no nearer to the truth"
held = fits.groupby("how")["holds"].mean()["weighted"]
assert held > 0.95 - 4 * np.sqrt(0.95 * 0.05 / repetitions), "the weighted interval holds too rarely"
assert balance.table["smd_after"].abs().max() < 0.1 < balance.table["smd_before"].abs().max(), "weights do not balance"
assert not honest.identified and honest.hidden == ("severity",), "the graph does not name what is hidden"
assert lucky.identified and "label" in lucky.backdoor[0], "without the arrow from severity nothing is identified"
assert "minutes_on_scene" in said and "after dispatch" in said, "a column from after dispatch was not refused"
assert wrong.tidy()["conf_low"][0] > hidden_effects["arrest"], "hidden severity does not mislead, though the text says so"
assert blind_balance.verdict == "no contradiction found", "balance sees what was not recorded"
assert placebo["second city"].verdict == "contradicts", "the placebo does not find the hidden selection"
assert placebo["first city"].verdict != "contradicts", "the placebo finds selection where there is none"

# %% [markdown]
# ## Report

# %%
cc.report.sentence(result)

# %%
display(Markdown("\n".join(f"- {note}" for note in result.notes)))

# %% [markdown]
# Do not report such a comparison alone. Dispatchers and officers hear and see what no table holds, and in real cities they
# send the team by it. Report it beside designs that need no such belief: hours that the team covers (notebook 05), and
# what a busy team could not attend. If they disagree, believe those.

# %%
{name: version(name) for name in ("coresponder_causal", "numpy", "pandas", "dowhy")}
