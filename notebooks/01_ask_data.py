# %% [markdown]
# # What can my data answer?
#
# | Question | Which questions can these tables answer today, after which field more, and how small a change can be seen? |
# | --- | --- |
# | Design | Tables of one city, from a bare log of calls to what a programme usually has; nothing is compared |
# | Estimand | The smallest change that a design finds four times in five |
# | Data | Simulated city `west_sac_like`, seed 5; nobody's data; free to use with the package |
# | Seed | 5 for the city, 50 for the repetitions |
# | Budget | 60 s |
#
# Most cities have more than they think and less than they need. Before anybody collects for a year, ask what is already
# there. Afterwards you can say for your own folder: this we can answer now, this after one more field, this not, and a
# change smaller than so much we would not see.

# %% tags=["parameters"]
FAST = False
seed, repetition_seed = 5, 50
fields_tried, repetitions = (1, 2000) if FAST else (5, 20000)

# %%
from importlib.metadata import version

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import coresponder_causal as cc

pd.set_option("display.max_colwidth", None)

# %% [markdown]
# ## Data
#
# We begin with the least that a dispatch centre can export: when a call came in and which type it was given.

# %%
world = cc.simulate.world("west_sac_like", seed=seed)
calls = world.tables["calls"].query("city == 'West Sacramento'").reset_index(drop=True)
least = ["call_id", "city", "received_at", "initial_type", "final_type"]
calls[least].head(3)

# %% [markdown]
# ## Design
#
# `readiness` looks at names of tables and fields, at whether their content keeps the rules, and at counts. It compares no
# outcome, so it may be run before any plan is frozen. Each question has one of four answers: *now*; *mend first* (the
# field is there but holds what it must not); *after one field*; *not yet*.

# %%
bare = cc.plan.readiness({"calls": calls[least]})
bare.questions[["question", "answer", "lacks"]]

# %% [markdown]
# Nothing can be answered yet, but three questions lack one field each. Which one is worth asking for? The list below puts
# first what opens most for the least work: *auto* is already in some system; *one tap* costs an officer a second; *form*
# costs minutes; *linked* needs another agency.

# %%
bare.next_fields[["field", "burden", "unlocks", "metrics", "questions"]].head(6)

# %% [markdown]
# Is the list right? Take its fields one by one, add each to the export, and ask again. A field keeps its promise if the
# metrics that it names can now be computed.

# %%
names = bare.next_fields["field"].str.removeprefix("calls.")
tried = bare.next_fields[names.isin(calls.columns)].head(fields_tried)
kept = []
for field, promised in zip(tried["field"], tried["metrics"], strict=True):
    more = cc.plan.readiness({"calls": calls[[*least, field.removeprefix("calls.")]]}).metrics
    now = set(more.loc[more["answer"].eq("now"), "metric"])
    kept.append({"field": field, "promised": promised, "kept": set(promised.split("; ")) <= now})
pd.DataFrame(kept)

# %% [markdown]
# ### What a programme usually has
#
# Now the whole table of calls, the team's shifts, monthly counts of other cities, the register of programmes, and what
# followed after calls.

# %%
usual = {"calls": calls} | {name: world.tables[name] for name in ("schedule", "city_panel", "programmes")}
followed = world.tables["outcomes"]
usual["outcomes"] = followed[followed["call_id"].isin(calls["call_id"])]
ready = cc.plan.readiness(usual)
ready.questions[["question", "answer", "lacks"]]

# %%
counted = ready.questions["answer"].value_counts()
text = (
    f"Of {len(ready.questions)} questions {counted['now']} can be answered now, against "
    f"{(bare.questions['answer'] == 'now').sum()} with the bare log. {counted.get('after one field', 0)} more need a single field."
)
display(Markdown(text))

# %% [markdown]
# ### A field that is there is not yet a field that can be used
#
# Say that somebody typed into the yes-or-no field for arrests what came to mind. The column is there; a count of it would
# run. Readiness does not call it ready, and names what to mend.

# %%
typed = calls.assign(arrest=calls["arrest"].map({True: "cited", False: "none"}))
spoiled = cc.plan.readiness(usual | {"calls": typed})
spoiled.quality[["table", "field", "rule", "count", "mend"]]

# %%
of_calls = spoiled.questions[spoiled.questions["by"].eq("design calls")]
of_calls[["question", "answer"]]

# %% [markdown]
# ## Estimate
#
# ### How small a change could be seen?
#
# “We can answer it” means that there is a design. It does not mean that the answer will be sharp. For each design the table
# gives the change that it would find four times in five, from the number of events and months alone, and what that
# number rests on.

# %%
ready.designs[["title", "answer", "change", "unit", "assumes"]].round(1)

# %% [markdown]
# The city's own past looks sharpest. But look at what it assumes: that the course would have gone on. In 2020 it did not.
# The comparison of cities needs a larger change because it counts that cities drift apart even when nothing happens, and
# no number of calls takes that away.

# %%
change = ready.designs.set_index("design")["change"]
true_change = 100 * np.expm1(world.truth.city_log_ratio)
text = (
    f"Here the truth is known: over all hours calls changed by {true_change:+.0f} %. The comparison of cities finds a fall of "
    f"{change['cities']:.0f} % four times in five: a change of the true size would be found about that often, not always."
)
display(Markdown(text))

# %% [markdown]
# ### More months, or more calls?
#
# Cut the calls to their last years, or to a third of them as in a smaller town. Covered hours get sharper with both. The
# comparison of single calls hardly minds the early years, when the team came to few.

# %%
third = calls[calls["call_id"].str[-1].isin(list("036"))]
lately = calls[calls["received_at"] >= "2019"]
city_alone = {name: usual[name] for name in ("schedule", "programmes")}
smaller = {"six years": calls, "last four years": lately, "a third of the calls": third}
sizes = {
    name: cc.plan.readiness(city_alone | {"calls": some}).designs.set_index("design")["change"]
    for name, some in smaller.items()
}
pd.DataFrame(sizes).loc[["hours", "calls"]].round(1)

# %% [markdown]
# ### Is “four times in five” true?
#
# For arrests on attended calls it can be tried directly. Draw attended and other calls with the share of arrests that this
# city has, lower the attended ones by just the change that the table names, and count how often the difference is found.

# %%
on_duty = calls[calls["team_on_duty"]]
numbers = on_duty["attended"].value_counts()
share = on_duty.loc[~on_duty["attended"], "arrest"].mean()
lot, fall = np.random.default_rng(repetition_seed), change["calls"] / 100
came = lot.binomial(numbers[True], share - fall, repetitions) / numbers[True]
others = lot.binomial(numbers[False], share, repetitions) / numbers[False]
error = np.sqrt(share * (1 - share) * (1 / numbers[True] + 1 / numbers[False]))
found_often = (np.abs(came - others) / error > 1.96).mean()
display(Markdown(f"A fall of {100 * fall:.1f} percentage points was found in {found_often:.0%} of {repetitions:,} draws."))

# %% [markdown]
# And a fall half as large? It would mostly be missed. That is the number to tell a council before the year begins, not
# after it.

# %%
came_half = lot.binomial(numbers[True], share - fall / 2, repetitions) / numbers[True]
found_half = (np.abs(came_half - others) / error > 1.96).mean()
display(Markdown(f"Half of it was found in {found_half:.0%}."))

# %% [markdown]
# ## Check
#
# What the bare log can do, by the definitions: no question, and one design, the city's own past.

# %% tags=["check"]
assert not bare.questions["answer"].eq("now").any(), "a bare log cannot answer any of the questions"
assert set(bare.designs.query("answer == 'now'")["design"]) == {"series"}, "a bare log gives the city's own past alone"
assert len(kept) == fields_tried and all(one["kept"] for one in kept), "a field did not open what it promised"
assert counted["now"] >= 6, "the usual tables should answer at least half a dozen questions"

# %% [markdown]
# Answers come from content: a question that two other cities would open is closed with one; the spoiled field closes what
# needs it and nothing else.

# %% tags=["check"]
alone = usual["city_panel"].query("city in ['West Sacramento', 'Davis']")
few = cc.plan.readiness({"calls": calls, "city_panel": alone}).questions.set_index("by")["answer"]
assert ready.questions.set_index("by").loc["design cities", "answer"] == "now", "eleven cities should be enough"
assert few["design cities"] == "not yet", "two cities should not be enough"
assert of_calls["answer"].tolist() == ["mend first"], "a spoiled field was called ready"
unharmed = spoiled.questions.set_index("by")["answer"].drop("design calls")
assert unharmed.equals(ready.questions.set_index("by")["answer"].drop("design calls")), "a spoiled field closed other questions"

# %% [markdown]
# The smallest change on attended calls by hand, and tried by lot. Fewer calls must mean a larger change; by the square
# root of their number.

# %% tags=["check"]
by_hand = 100 * (1.959963984540054 + 0.8416212335729143) * error
assert abs(change["calls"] - by_hand) < 1e-8, "the smallest change is not that of two shares"
assert 0.75 < found_often < 0.88, "the change named is not found four times in five"
assert found_half < 0.4, "half the change should mostly be missed"
ratio = sizes["a third of the calls"]["calls"] / change["calls"]
assert 1.4 < ratio < 2.1, "a third of the calls should need a change about √3 as large"
assert sizes["last four years"]["hours"] > sizes["six years"]["hours"], "fewer months should need a larger change"

# %% [markdown]
# A city that is not in the tables is refused.

# %% tags=["check"]
try:
    cc.plan.readiness(usual, city="Atlantis")
except cc.core.errors.DataError as error_of_city:
    refused = str(error_of_city)
assert "Atlantis" in refused, "a city that is not there was accepted"

# %% [markdown]
# ## Report
#
# The page for whoever decides what to collect: questions first, then the fields, then designs.

# %%
page = cc.plan.readiness_page(ready)
first = page.sections[0].blocks[0]
first

# %%
page.sections[1].blocks[0]

# %% [markdown]
# Do not read “now” as “reliable”: notebook 03 asks whether the content can be trusted, and each design has a notebook that
# says when not to use it. On the command line the same is `coresponder-causal readiness our_tables`.

# %%
for name in ("coresponder_causal", "numpy", "pandas"):
    print(name, version(name))
