# %% [markdown]
# # Which hours of the week should the team cover?
#
# | Question | Where do the team's hours avert most harm, how sure is that, and what does an averted event cost? |
# | --- | --- |
# | Design | Hours drawn by lot each week for two years; calls of the same hour with and without the team on duty |
# | Estimand | Events averted a year by a schedule, beyond today's (intention to treat: being on duty, not being sent) |
# | Data | Simulated city whose value of every hour is known, seed 16; nobody's data; free to use with the package |
# | Seed | 16 |
# | Budget | 40 s |
#
# The team covers about 70 of 168 hours. Most cities choose the hours with most calls. Afterwards you can choose hours
# by what they avert, say what a choice is worth on weeks that it was *not* chosen on, and see when the data say
# nothing.

# %% tags=["parameters"]
FAST = False
seed = 16
weeks = 104
draws = 100 if FAST else 1000
hours_a_week = 72

# %%
from importlib.metadata import version

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import coresponder_causal as cc

# %% [markdown]
# ## Data
#
# A city drew the team's hours by lot: each week five of the seven evenings and four of the fourteen other blocks of
# eight hours. Calls come most often in the afternoon. The team helps most late in the evening and on weekends. The city
# does not know that; the simulation does.

# %%
world = cc.simulate.hours_world(seed, weeks=weeks, variation=1.0)
display(Markdown(f"{len(world.calls):,} calls; {world.calls['harm'].mean():.0%} ended in harm; "
                 f"{len(world.schedule)} shifts, "
                 f"{world.schedule['planned_hours'].sum() / weeks:.0f} hours a week."))  # fmt: skip
world.calls.head(3)

# %% [markdown]
# ## Design
#
# The lot makes weeks alike: in some weeks an hour is covered, in others not, and nothing but chance decides. What calls
# of the same hour come to is compared between these weeks. The rules say what a schedule must keep to.

# %%
about = {"outcome": "harm", "start": "2025-01-06", "exposure": "calls"}
design = cc.design.CoverageDesign.from_tables(world.calls, world.schedule, **about)
rules = cc.decide.ShiftRules(hours=hours_a_week, lengths=(8,), exploration_hours=0)
rules

# %% [markdown]
# ## Estimate
#
# ### Does the team help everywhere the same?
#
# First the coarse question, fixed before: night, day, evening. A call is *covered* if the team was planned to be on duty
# when it came, whether or not it went.

# %%
shifts = pd.IntervalIndex.from_arrays(world.schedule["shift_start"], world.schedule["shift_end"], closed="left")
calls = world.calls[world.calls["received_at"] >= "2025-01-06"].reset_index(drop=True)
hour = calls["received_at"].dt.hour
calls = calls.assign(
    covered=shifts.get_indexer(calls["received_at"]) >= 0,
    part=pd.cut((hour - 6) % 24, [-1, 7, 15, 23], labels=["day", "evening", "night"]).astype(str),
)
by_call = cc.design.CallDesign.from_frame(calls, outcome="harm", treatment="covered", covariates=["part"])
groups = cc.decide.subgroups(by_call, pre_specified=["part"], seed=seed)
groups.table

# %%
cc.report.subgroup_picture(groups)

# %% [markdown]
# ### The schedule
#
# An hour's worth is *calls in it × what the team on duty takes off the chance of harm*. One hour of the week has few
# calls, so single hours are mostly noise. The method lets hours near each other speak for each other, as far as the
# data say that they are alike. Then it finds the shifts that avert most within the rules.

# %%
found = cc.decide.deployment(design, rules=rules, draws=draws, seed=seed)
display(Markdown(f"The schedule proposed averts **{found.gain:.0f}** more a year than today's "
                 f"(90 % from {found.gain_low:.0f} to {found.gain_high:.0f})."))  # fmt: skip
cc.report.deployment_picture(found)

# %%
cc.report.shifts_table(found)

# %% [markdown]
# ### What the choice is worth on weeks that it was not chosen on
#
# Whoever chooses the best of many hours by noisy numbers chooses lucky ones too. So the choice is made on four fifths of
# the weeks and valued on the fifth left out, five times over. This number does not rest on the model.

# %%
held = found.held_out.set_index("against")
display(Markdown("; ".join(f"against {name}: **{row['gain']:+.0f}** a year, 95 % from {row['low']:+.0f} to "
                           f"{row['high']:+.0f}" for name, row in held.iterrows()) + "."))  # fmt: skip
held

# %% [markdown]
# ### The wrong way: rank single hours
#
# Take each hour's plain difference between covered and uncovered weeks, times its calls, and keep the best blocks. The
# numbers look wonderful. They are the luck of the chosen hours.

# %%
of_week = calls["received_at"].dt.day_of_week * 24 + hour
means = calls.groupby([of_week, "covered"])["harm"].mean().unstack()
raw = (means[False] - means[True]).reindex(range(168)).fillna(0).to_numpy()
a_year = calls.groupby(of_week).size().reindex(range(168), fill_value=0).to_numpy() / weeks * 365.25 / 7
lucky = cc.decide.best_schedule((raw * a_year)[None], rules)
busy = cc.decide.best_schedule(a_year[None], rules)
best = cc.decide.best_schedule(world.value[None], rules)
true_worth = {name: float(world.value @ one.teams[:168]) for name, one in
              {"best there is": best, "ours": found.proposed, "single hours": lucky, "most calls": busy}.items()}  # fmt: skip
pd.DataFrame({"claimed": {"ours": found.averted, "single hours": lucky.value}, "true": true_worth}).round(0)

# %%
promised = lucky.value / true_worth["single hours"]
display(Markdown(f"Single hours promise **{promised:.1f}** times what they deliver. Ours promises "
                 f"{found.averted / true_worth['ours']:.2f} times, and reaches "
                 f"{true_worth['ours'] / true_worth['best there is']:.0%} of the best there is."))  # fmt: skip

# %% [markdown]
# ### What does an averted event cost?
#
# Prices below are made up for the exercise: put in your own, with their source and year. The effect is that of a covered
# call; the calls are those of a year in covered hours.

# %%
result = cc.estimate.call_aipw(by_call, contrast="ATT", seed=seed)
per_year = calls["covered"].sum() / weeks * 365.25 / 7
about_price = {"year": 2025, "source": "made up for this notebook", "payer": "city"}
prices = [
    cc.decide.Price(what="team", unit="hour", amount=150.0, quantity=hours_a_week * 365.25 / 7, enters="spent",
                    std_error=10.0, **about_price),
    cc.decide.Price(what="harm", unit="event", amount=900.0, enters="averted", std_error=200.0, **about_price),
]  # fmt: skip
money = cc.decide.cost([cc.decide.Effect(result=result, per_year=per_year)], prices, price_year=2025, seed=seed,
                       worth=range(0, 4001, 200))  # fmt: skip
display(Markdown(cc.report.cost_sentence(money, [result]).text))
money.per_event[["of", "estimate", "low", "high", "kind"]]

# %% [markdown]
# ## Check
#
# First: short computations of our own against what the package gave.

# %% tags=["check"]
parts = calls.groupby(["part", "covered"])["harm"].mean().unstack()
mix = calls.loc[calls["covered"], "part"].value_counts(normalize=True)
by_hand = ((parts[True] - parts[False]) * mix).sum()
row = result.tidy().iloc[0]
assert np.isclose(row["estimate"], by_hand, atol=0.003), "the effect on covered calls is not that within parts of the day"
spread = calls.groupby(["part", "covered"])["harm"].agg(["var", "size"])
noise = (spread["var"] / spread["size"]).unstack().sum(axis=1)
assert np.isclose(row["std_error"], np.sqrt((noise * mix**2).sum()), rtol=0.1), "the error is not that of shares"
spent = money.totals.set_index("what").loc["spent", "estimate"]
averted = -row["estimate"] * per_year
assert np.isclose(spent, 150 * hours_a_week * 365.25 / 7, atol=1e-6), "the price of the team's hours is not their number"
per_event = money.per_event.set_index("of").loc["spent", "estimate"]
assert np.isclose(per_event, spent / averted, rtol=1e-8), "the cost of an averted event is not cost over events"

# %% [markdown]
# Second: against what is true in this city.

# %% tags=["check"]
today = world.value @ found.values.today
gained = true_worth["ours"] - today
assert found.gain_low <= gained <= found.gain_high, "the interval of the gain misses the true gain"
assert held.iloc[0]["low"] <= gained <= held.iloc[0]["high"], "the gain on weeks left out misses the true gain"
assert held.iloc[0]["low"] > 0, "on weeks left out the choice is not better than today's schedule"
assert true_worth["ours"] > 0.9 * true_worth["best there is"], "the choice is far from the best there is"
assert abs(found.averted / true_worth["ours"] - 1) < 0.25, "our schedule promises far more or less than it delivers"
assert promised > 1.3, "single hours do not promise too much, as the text says"
assert true_worth["ours"] > true_worth["single hours"], "single hours choose better, against the text"
assert true_worth["ours"] > true_worth["most calls"], "the busiest hours choose better, against the text"

# %% tags=["check"]
known = pd.Series(world.averted * world.rate).groupby(lambda h: (h % 24 - 6) % 24 // 8).sum()
known = -(known / pd.Series(world.rate).groupby(lambda h: (h % 24 - 6) % 24 // 8).sum())
known.index = ["day", "evening", "night"]
table = groups.table.set_index("group")
inside = [table.loc[name, "conf_low"] <= known[name] <= table.loc[name, "conf_high"] for name in known.index]
assert all(inside), "an interval of a part of the day misses its true effect"

# %% [markdown]
# ### When the data say nothing
#
# The same city with a fixed roster, every day from noon to ten at night. No hour is covered in some weeks and uncovered
# in others. There is nothing to compare, and the method does not invent it: today's hours stay.

# %%
fixed = cc.simulate.hours_world(seed, plan="roster", weeks=weeks)
roster = cc.design.CoverageDesign.from_tables(fixed.calls, fixed.schedule, **about)
with cc.core.notes.quietly():  # its doubts are shown below
    silent = cc.decide.deployment(roster, rules=rules, draws=draws, seed=seed)
display(Markdown("\n".join(f"- {note}" for note in silent.notes[-2:])))

# %% tags=["check"]
assert silent.proposed is None, "a fixed roster was ranked"
assert not silent.values.identified.any(), "hours of a fixed roster are called identified"

# %% [markdown]
# **When not to use it.** Not with a fixed roster. Not where staff stays away when nights get rough: then the uncovered
# weeks are other weeks. Not to compare hours one by one. And the calls are taken as they came: what the team prevents
# later is not counted.

# %% [markdown]
# ## Report
#
# What more or fewer hours a week would avert, under the same rules. Shifts here last eight hours, so that a row with ten
# more hours may hold one more shift, or two, and its `per_hour` moves with that. Beyond the hours asked for, each further
# hour averts less, and in the end nothing.

# %%
found.frontier.round(1)

# %% tags=["check"]
assert (found.frontier["averted"].diff().dropna() >= 0).all(), "more hours avert fewer events"
beyond = found.frontier.query("hours >= @hours_a_week")["per_hour"]
assert beyond.is_monotonic_decreasing, "a further hour averts more than the one before, against the text"

# %%
section = cc.report.cost_section(money, [result])
next(block for block in section.blocks if isinstance(block, cc.report.Picture))

# %%
pd.Series({name: version(name) for name in ("coresponder-causal", "numpy", "pandas")}, name="version")
