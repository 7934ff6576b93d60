# %% [markdown]
# # What did the team change in the 70 hours of the week that it covers?
#
# | Question | Did calls change in the hours with the team more than in other hours, and more than in other cities? |
# | --- | --- |
# | Design | Covered against uncovered hours, before and after, here and in ten cities; then half-days drawn by lot |
# | Estimand | Effect of planned team hours on the rate of calls in covered hours, relative to uncovered hours |
# | Data | Simulated city `covid_heavy`, seed 1 (repeated with further seeds); nobody's data; free to use |
# | Seed | 1 for the city, 100 and up for the repetitions, 5 for the lot |
# | Budget | 90 s |
#
# The team works 70 of the 168 hours of a week. The other 98 hours are the nearest thing to a city without a team: same
# streets, same officers, same pandemic. Afterwards you can use them, say what still confounds the comparison, and draw
# a lot where the city lets you, which needs none of these arguments.

# %% tags=["parameters"]
FAST = False
seed, lot_seed, start = 1, 5, "2020-07-15"
worlds, draws = (5, 40) if FAST else (40, 200)
weeks = 40

# %%
from importlib.metadata import version

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import coresponder_causal as cc

# %% [markdown]
# ## Data
#
# Two tables matter. `calls` says when each call came in. `schedule` says when the team was planned to work, and how much
# of each shift was delivered. In this world COVID halves the calls of the average city, each city in its own measure,
# *and it moves calls to other hours of the day*.

# %%
world = cc.simulate.world("covid_heavy", seed=seed)
calls, schedule = world.tables["calls"], world.tables["schedule"]
schedule.tail(3)

# %% [markdown]
# ## Design
#
# An hour of the week counts as covered when the team was planned in at least half of the weeks after the start. The same
# hours divide the other cities' calls, although no team came there. What is compared is the *plan*: a shift that illness
# took away stays covered. Otherwise quiet days with a team and busy days without one would be compared.

# %%
design = cc.design.CoverageDesign.from_tables(calls, schedule, outcome="calls", start=start)
fidelity = design.fidelity()
display(Markdown(f"{int(design.covered.sum())} of {len(design.covered)} hours count as covered."))
fidelity.tail(3)

# %% [markdown]
# The picture shows the week: which hours the team has, and how calls changed in each hour.

# %%
cc.report.hours_picture(design)

# %% [markdown]
# ### Three tempting comparisons
#
# The table holds calls and hours in four cells: covered or not, before or after. Three comparisons can be read off it at
# once. Each answers another question than the one asked.
#
# - *Covered hours, after against before*: takes all of 2020 for the team's work.
# - *After the start, covered against uncovered*: the team was sent where the calls are. It takes the day for the team.
# - *The change of covered hours less that of uncovered ones, in this city alone*: better, but if people now call at
#   other hours of the day, that is counted as the team's.

# %%
own = design.source.query("city == @design.treated")
own = own.assign(after=pd.PeriodIndex(own["month"]) > pd.Period(start, "M"))
cells = own.groupby(["covered", "after"])[["calls", "hours"]].sum()
rate = np.log(cells["calls"] / cells["hours"])
naive = {
    "covered hours, after − before": rate[True, True] - rate[True, False],
    "after, covered − uncovered": rate[True, True] - rate[False, True],
    "both, one city": rate[True, True] - rate[True, False] - rate[False, True] + rate[False, False],
}
cells

# %% [markdown]
# ## Estimate
#
# `call_coverage` takes the third comparison and holds it against the same comparison in each of the other cities: a
# *triple difference*. A shift of calls to other hours that all cities share drops out. What remains is that cities drift
# apart a little even without any team. The spread between the other cities says how much, and the interval is as wide as
# that spread asks.

# %%
result = cc.estimate.call_coverage(design)
result.tidy(scale="ratio")[["term", "estimate", "conf_low", "conf_high"]]

# %%
cc.report.sentence(result)

# %% [markdown]
# Here the truth is known: the same city was simulated with and without the programme.

# %%
truth = world.truth
compared = pd.Series(naive | {"triple difference": result.estimate[0], "truth": truth.hours_log_ratio})
(100 * np.expm1(compared)).round(0).rename("change in percent").to_frame()

# %%
text = (
    f"In the covered hours themselves the programme changed calls by {np.expm1(truth.covered_log_ratio):+.0%}, in the other "
    f"hours by {np.expm1(truth.uncovered_log_ratio):+.0%}. The design sees the difference between the two, "
    f"{np.expm1(truth.hours_log_ratio):+.0%}: what spills over to the other hours is not part of it."
)
display(Markdown(text))

# %% [markdown]
# That is the price of the design. If the team's work lasts into the night, the comparison with the night is too small.
# It is then a lower bound of the size of the effect in covered hours, provided that both move the same way.
#
# ### Not one lucky city
#
# One city proves little. We draw further cities, each with its own pandemic, and see how far each comparison errs on
# average.

# %%
def once(number):
    drawn = cc.simulate.world("covid_heavy", seed=number)
    made = cc.design.CoverageDesign.from_tables(drawn.hours, drawn.tables["schedule"], outcome="calls", start=start)
    found, true = cc.estimate.call_coverage(made), drawn.truth.hours_log_ratio
    return made, found, true


# %%
rows = []
for number in range(100, 100 + worlds):
    made, found, true = once(number)
    gap, dosed = made.gap(), made.dose_at(made.gap().index.to_numpy()) == 1
    alone = gap[made.treated][dosed].mean() - gap[made.treated][~dosed].mean()
    low, high = found.conf_int().loc["triple_difference"]
    rows.append({"one city": alone - true, "triple": found.estimate[0] - true, "holds": low <= true <= high,
                 "se": found.bse["triple_difference"]})  # fmt: skip
errors = pd.DataFrame(rows)
errors[["one city", "triple"]].agg(["mean", "std"]).round(3)

# %%
text = (
    f"Over {worlds} cities the comparison within one city errs by {errors['one city'].mean():+.2f} on average, the triple "
    f"difference by {errors['triple'].mean():+.2f} (logs). Its 95 % interval holds the truth in "
    f"{errors['holds'].mean():.0%} of them."
)
display(Markdown(text))

# %% [markdown]
# ### Outcomes of single calls
#
# For something that each call either has or has not, `did_triple` does the same with calls one by one, and can hold calls
# alike in what was known before anybody was sent. Without such fields it is a difference of plain means, which the check
# below computes again by hand.

# %%
each = cc.design.CoverageDesign.from_tables(calls, schedule, outcome="ed_transport", start=start, exposure="calls")
plain = cc.estimate.did_triple(each)
plain.tidy()[["term", "estimate", "conf_low", "conf_high"]]

# %% [markdown]
# The unit here is the share of calls. The interval is wide: transports are rare, and one city has few of them in a month.
# An interval that holds zero does not say that nothing changed.
#
# ### Better: let the lot choose
#
# All of the above rests on an argument: that hours would have moved alike. A city that must choose hours anyway can draw
# them. `switchback_schedule` draws for each week which ten of the fourteen half-days the team covers. Busy days, holidays
# and the season then fall on covered and uncovered half-days alike. This is what a plan of a quarter of a year looks like.

# %%
quarter = cc.design.switchback_schedule(weeks=13, start="2027-01-04", city="West Sacramento", seed=lot_seed)
cc.report.calendar_picture(quarter)

# %% [markdown]
# To see what it gives we let half-days have two to five calls each, as in this city, and take away a quarter where the
# team works. So the truth is known again. (In a real trial this line is a year of work.)

# %%
lot = cc.design.switchback_schedule(weeks=weeks, start="2027-01-04", city="West Sacramento", seed=lot_seed)
effect, rng = np.log(3 / 4), np.random.default_rng(lot_seed)
usual = np.tile(rng.uniform(2, 5, 14), weeks)
counts = rng.poisson(usual * np.exp(effect * lot.covered.ravel()))
trial = cc.design.SwitchbackDesign.from_tables(lot.frame[["shift_start"]].assign(calls=counts), lot, outcome="calls")
by_lot = cc.estimate.switchback_randomization(trial)
by_lot.tidy(scale="ratio")[["term", "estimate", "conf_low", "conf_high", "p_value"]]

# %% [markdown]
# No model of calls stands behind this interval. The plan is drawn again and again by its own law, and the interval holds
# the effects that such redraws do not speak against. How often does it hold the truth? Each repetition draws a new plan
# and new calls.

# %%
def again(number):
    plan = cc.design.switchback_schedule(weeks=weeks, start="2027-01-04", city="Davis", seed=number)
    drawn = np.random.default_rng(number).poisson(usual * np.exp(effect * plan.covered.ravel()))
    new = cc.design.SwitchbackDesign.from_tables(plan.frame[["shift_start"]].assign(calls=drawn), plan, outcome="calls")
    return cc.estimate.switchback_randomization(new, replications=399).conf_int().loc["itt"]


# %%
intervals = pd.DataFrame([again(number) for number in range(draws)])
held = intervals.iloc[:, 0].le(effect) & intervals.iloc[:, 1].ge(effect)
text = (
    f"It holds the truth in {held.mean():.0%} of {draws} plans. Its standard error in the one above is "
    f"{by_lot.bse['itt']:.2f}; that of the triple difference is {result.bse['triple_difference']:.2f}."
)
display(Markdown(text))

# %% [markdown]
# ## Check
#
# What could be wrong with the triple difference? One look at the months before the start, one without each city in turn,
# and one that treats each other city as if it had the team.

# %%
tried = [cc.check.pre_period, cc.check.leave_one_out, cc.check.placebo_cities]
checks = [check(result, design) for check in tried]
pd.DataFrame({"check": [one.check for one in checks], "verdict": [one.verdict for one in checks]})

# %% [markdown]
# “No contradiction found” is the best that a check can say. What none of them can see is something that began in this
# city, at this time, in these hours, such as another service that works by day.
#
# Now the checks of this notebook. First, what is subtracted, computed again from the table of hours.

# %% tags=["check"]
hours = world.hours.assign(covered=world.hours["hour_of_week"].isin(np.flatnonzero(design.covered)))
log_rate = hours.groupby(["city", "month", "covered"])[["calls", "hours"]].sum().replace({"calls": {0: 0.5}})
log_rate = np.log(log_rate["calls"] / log_rate["hours"]).unstack("covered")
by_hand = (log_rate[True] - log_rate[False]).unstack("city")[design.gap().columns]
assert np.allclose(by_hand, design.gap(), atol=1e-8), "the gap is not the log ratio of the two rates"

# %% [markdown]
# The estimate against the plain difference of means: months at full dose against months before, here less elsewhere. It
# weighs months a little differently, so it agrees within one standard error. The spread of the other cities' changes
# says how large that error has to be.

# %% tags=["check"]
dosed = design.dose_at(design.gap().index.to_numpy()) == 1
change = by_hand[dosed].mean() - by_hand[~dosed].mean()
elsewhere = change.drop(design.treated)
simple, spread = change[design.treated] - elsewhere.mean(), elsewhere.std() * np.sqrt(1 + 1 / len(elsewhere))
se = result.bse["triple_difference"]
assert abs(result.estimate[0] - simple) < se, "the estimate is far from the plain difference of means"
assert 0.6 < se / spread < 1.6, "the standard error does not fit the spread between cities"

# %% [markdown]
# The triple difference of single calls is exactly a difference of means.

# %% tags=["check"]
cut = each.calls.groupby(["city", "covered", "after"])["ed_transport"].mean().unstack("after")
moved = (cut[True] - cut[False]).unstack("covered")
triple = (moved[True] - moved[False]).drop(each.treated)
means = moved.loc[each.treated, True] - moved.loc[each.treated, False] - triple.mean()
assert abs(plain.estimate[0] - means) < 1e-8, "did_triple is not the difference of means it claims to be"

# %% [markdown]
# Against the truth, in this city and in the repetitions.

# %% tags=["check"]
low, high = result.conf_int().loc["triple_difference"]
assert low <= truth.hours_log_ratio <= high, "the interval misses the truth"
assert high < 0, "an effect of this size should be seen here"
assert abs(naive["covered hours, after − before"] - truth.hours_log_ratio) > 0.1, "before and after should mislead"
assert naive["after, covered − uncovered"] > 0, "covered hours are the busy ones"
assert errors["holds"].mean() >= 0.85, "the interval holds the truth too seldom"
assert abs(errors["triple"].mean()) < abs(errors["one city"].mean()), "one city alone should err more on average"
assert 0.5 < errors["se"].mean() / errors["triple"].std() < 2, "the standard error does not fit the errors made"

# %% [markdown]
# The lot: its rate ratio worked in a loop over half-days, and how often its interval holds.

# %% tags=["check"]
grid, on = counts.reshape(weeks, 14), lot.covered
above = sum(grid[on[:, b], b].sum() * (~on[:, b]).mean() for b in range(14))
below = sum(grid[~on[:, b], b].sum() * on[:, b].mean() for b in range(14))
assert abs(by_lot.estimate[0] - np.log(above / below)) < 1e-8, "the lot's estimate is not the ratio of rates"
assert 0.88 <= held.mean(), "the lot's interval holds the truth too seldom"
assert by_lot.bse["itt"] < result.bse["triple_difference"], "the lot should be sharper here"
low, high = by_lot.conf_int().loc["itt"]
assert low <= effect <= high and by_lot.pvalues["itt"] < 0.05, "the lot does not find the effect it was given"

# %% [markdown]
# A design without any hour to compare with is refused, with what to do.

# %% tags=["check"]
always = schedule.assign(shift_end=schedule["shift_start"] + pd.Timedelta("24h"), planned_hours=24)
try:
    cc.design.CoverageDesign.from_tables(world.hours, always.iloc[:0], outcome="calls", start=start)
except cc.core.errors.DesignError as error:
    refused = str(error)
assert "schedule" in refused, "a schedule without shifts should be refused"

# %% [markdown]
# ## Report
#
# The city among the others: each is held against the mean of the rest, and the shaded range is where a city without a
# programme would land nineteen times in twenty.

# %%
cc.report.figure(result)

# %% [markdown]
# Do **not** use covered hours where the outcome has fewer than about 60 events a month in the city; where the team works
# around the clock; or where its work outlasts the shift, as when one visit prevents calls for weeks. Then compare cities
# (notebook 07) or single calls (notebook 09). If hours can still be chosen, draw them.

# %%
for name in ("coresponder_causal", "numpy", "pandas", "scipy"):
    print(name, version(name))
