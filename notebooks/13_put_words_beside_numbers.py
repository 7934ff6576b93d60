# %% [markdown]
# # Do people say what the numbers say?
#
# | Question | What do officers, clinicians and those they met say, do two readers hear the same, and does it fit? |
# | --- | --- |
# | Design | Interviews coded by two readers who work apart; each theme held beside a result, by a rule stated before |
# | Estimand | Of how many heard a theme is; beside it the effect on attended calls (ATT) of each theme's outcome |
# | Data | Simulated city `west_sac_like`, seed 13, larger; interviews written here, nobody's words; free to use |
# | Seed | 13 |
# | Budget | 30 s |
#
# Numbers say how much changed; people say how it felt, why, and what nobody counted. Laying both side by side is easy
# to do badly: one picks the quote that fits. Afterwards you can count codes with what they are counted of, say how far
# two readers agree, when new interviews stopped to bring news, and where words and numbers disagree.

# %% tags=["parameters"]
FAST = False
seed, monthly_calls = 13, 1200.0
replications = 200 if FAST else 1000

# %%
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import coresponder_causal as cc
from coresponder_causal.qualitative import Code, Coded, Segment, Source

# %% [markdown]
# ## Data
#
# The register says who was asked, how they were found, and whether they consented. Look at it before any quote: who was
# *not* heard cannot speak in what follows.

# %%
config = {"selection": 0.0, "monthly_calls": monthly_calls, "missing": 0.0, "false_links": 0.0, "missed_links": 0.0}
world = cc.simulate.world(config=cc.simulate.WorldConfig(**config), seed=seed)
register = world.tables["interviews"]
people = cc.qualitative.interview_register(register, planned=cc.qualitative.quotas())
people.query("sampled_by != 'all' and asked > 0")[["stakeholder", "sampled_by", "planned", "done", "withdrawn"]]

# %% [markdown]
# The simulated city knows which themes each person raised. It has no transcripts, so we write them: four ways to voice
# each of five themes. In your study this cell is months of work, and `cc.qualitative.read_qdpx` reads it from NVivo,
# ATLAS.ti, MAXQDA or others.

# %%
voices = {
    "trust": ["she let me finish", "they asked what I wanted", "nobody raised their voice", "she told me the truth"],
    "hand_over": ["she rang on Thursday", "he drove me to intake", "a peer came by", "they held my place"],
    "paperwork": ["the card takes an hour", "we log it twice", "the form has no box", "I write it from memory"],
    "no_place_to_send": ["no bed anywhere", "the list is months", "the clinic was shut", "we drove for hours"],
    "fear_of_police": ["I saw four cars", "he had his hand on it", "I hid the phone", "they cuffed me first"],
}

# %% [markdown]
# The codebook: five themes, and below each the ways in which it was voiced.

# %%
named = {
    "trust": "Listened to",
    "hand_over": "Somebody stayed with it",
    "paperwork": "Paper and cards",
    "no_place_to_send": "No place to go",
    "fear_of_police": "Fear and force",
}
codes = [Code(name=name) for name in named.values()]
codes += [Code(name=said, parent=named[theme]) for theme in voices for said in voices[theme]]

# %%
rng = np.random.default_rng(seed)
raised = world.themes["interviews"]
sources, spoken = [], []
for row in raised.to_dict("records"):
    said = [str(rng.choice(voices[theme])) for theme in voices if row[theme] for _ in range(2)]
    said = list(dict.fromkeys(said))
    text = "It is hard to say. " + "".join(f"Maria Lopez was there and {one}. " for one in said)
    sources.append(Source(name=row["interview"], text=text, attributes=(("stakeholder", row["stakeholder"]),)))
    spoken += [(row["interview"], text.index(f"Maria Lopez was there and {one}"), one) for one in said]
print(sources[3].text)

# %% [markdown]
# ## Design
#
# **Two readers, apart.** Ann overlooks one passage in ten. Bo overlooks one in five and now and then gives a passage to
# another theme. Neither sees the other's work; codes agreed upon in talk would agree by themselves.

# %%
work = {}
for coder, misses, slips in (("ann", 0.1, 0.0), ("bo", 0.2, 0.1)):
    mine = []
    for source, start, said in spoken:
        draw = rng.random()
        code = str(rng.choice(voices["trust"])) if draw > 1 - slips else said
        if draw > misses and (source, start, code) not in mine:
            mine.append((source, start, code))
    ends = {(source, start): start + len(f"Maria Lopez was there and {said}") for source, start, said in spoken}
    parts = tuple(Segment(source=s, start=b, end=ends[s, b], code=c, coder=coder) for s, b, c in mine)
    work[coder] = Coded(codes=tuple(codes), sources=tuple(sources), segments=parts)
both = cc.qualitative.consented(cc.qualitative.merged(work), register)

# %% [markdown]
# `consented` left out the interviews that were withdrawn, and would refuse a transcript that stands in no register.
#
# **Write the rule down before you see a result.** For each theme: which outcome it is held beside, whether people who
# raise it say the programme helps or harms, and whether less or more of the outcome is good.

# %%
Theme = cc.qualitative.Theme
themes = [
    Theme(code="Listened to", outcome="arrest", says="helps"),
    Theme(code="Somebody stayed with it", outcome="linked_30d", says="helps", better="more"),
    Theme(code="No place to go", outcome="linked_30d", says="harms", better="more"),
    Theme(code="Fear and force", outcome="force", says="harms"),
    Theme(code="Paper and cards", outcome="report_filed", says="mixed"),
]

# %% [markdown]
# ## Estimate
#
# ### Of how many heard
#
# A code is counted once a person, over those heard in the group. The share speaks of those who were heard, not of all.

# %%
counts = cc.qualitative.code_counts(both, by="stakeholder", coder="ann", roll_up=True)
main = counts[counts["code"].isin(named.values())]
main.pivot(index="code", columns="stakeholder", values="cases_with")

# %% [markdown]
# Three chiefs are three persons: a table like this stays inside. Where it leaves, small groups are masked.
#
# ### When did new interviews stop to bring news?

# %%
saturation = cc.qualitative.saturation(both, coder="ann", base=6, run=3, shuffles=replications, seed=seed)
cc.report.saturation_picture(saturation)

# %% [markdown]
# The band shows other orders of the same interviews: the day on which saturation was "reached" depends on who happened
# to be asked first. And it speaks of *these* codes. Codes fixed before the first interview saturate by themselves:

# %%
above = {code.name: code.parent for code in codes if code.parent}
mine = [s for s in both.segments if s.coder == "ann"]
whole = [Segment(source=s.source, start=s.start, end=s.end, code=above[s.code]) for s in mine]
fixed = Coded(codes=tuple(codes[: len(named)]), sources=both.sources, segments=tuple(whole))
fixed = cc.qualitative.saturation(fixed, base=6, run=3, shuffles=replications, seed=seed)
text = f"Codes found while reading: saturated at interview {saturation.at}. Five themes fixed before: at {fixed.at}, "
display(Markdown(text + "the earliest that this rule can say. It tells nothing of what people still had to say."))

# %% [markdown]
# ### The results to hold them beside

# %%
calls = world.treated_calls.merge(world.treated_outcomes, on="call_id", how="left")
usable = calls[calls["linked_30d"].notna()]
known = ["initial_type", "hour", "priority", "caller_type", "patrol_load", "prior_contacts"]
results = {}
for outcome in ("arrest", "linked_30d", "force", "report_filed"):
    design = cc.design.CallDesign.from_tables(
        usable, outcome=outcome, treatment="attended", covariates=known, person="person"
    )
    results[f"R{len(results) + 1}"] = cc.estimate.call_difference(cc.design.weight_propensity(design, scheme="att"))
effects = pd.concat([r.tidy().assign(id=key, outcome=r.estimand.outcome) for key, r in results.items()])
effects[["id", "outcome", "estimate", "conf_low", "conf_high"]].round(3)

# %% [markdown]
# ### Side by side

# %%
display_of_both = cc.qualitative.joint_display(both, themes, results, coder="ann")
display_of_both.frame[["theme", "says", "cases_with", "cases", "outcome", "result", "found", "verdict"]]

# %%
cc.report.joint_picture(display_of_both, results)

# %% [markdown]
# Read the rows apart. *Convergent* is no proof: both sides can err for one reason. *Discordant* is the most useful
# row: more people were linked to care, and those who work there say that there is no place to go. Both can be true: the
# team finds a door for some, and the doors are few. That is a question for the next interview, not an error to remove.
# *Silent* means that one side does not speak; a rare event such as force says nothing at this size.
#
# ## Check
#
# ### Do the two readers hear the same?

# %%
texts = [source.name for source in both.sources]
every_code = cc.qualitative.agreement(
    both, read={"ann": texts, "bo": texts}, roll_up=True, replications=replications, seed=seed
)
agreed = every_code.set_index("code").loc[list(named.values())]
agreed[["by_all", "by_some", "by_none", "percent", "kappa", "kappa_low", "kappa_high", "ac1", "alpha"]].round(2)

# %%
weak = agreed["kappa"].idxmin()
text = f"The readers agree least on “{weak}”: {agreed.loc[weak, 'by_some']:.0f} texts have it by one of them alone. "
display(Markdown(text + "Read those texts together, sharpen the definition, and code them anew."))

# %% [markdown]
# ### Quotes: nobody's words leave before a person has read them
#
# `quotes` takes names out by rule. Rules miss some, so each quote is *not signed off* until a person has read the words
# and the group together. The word is good for these very letters.

# %%
found = cc.qualitative.quotes(both, code="Fear and force", interviews=register, known=["Maria Lopez"])
found = found[found["said_by"] == "person_served"].drop_duplicates(["quote", "said_by"]).head(4)
found[["quote", "said_by", "people", "status"]]

# %%
signed = cc.qualitative.sign_quotes(found, by="A. Reader, records", on="2026-03-02", missed=0)
again = cc.qualitative.quotes(both, code="Fear and force", interviews=register, known=["Maria Lopez"], signed=signed)
shown = again[again["signed_by"].notna()].drop_duplicates(["quote", "said_by"])
cc.report.quote_table(shown)

# %% [markdown]
# A page for the public with unsigned quotes is refused, whoever asks for it. So try:

# %%
public = cc.privacy.Policy(audience="public")
refused = {}
for name, quotes in (("unsigned", found), ("signed", shown)):
    with tempfile.TemporaryDirectory() as folder:
        try:
            cc.report.write_all({Path(folder, "quotes.html"): cc.report.quote_table(quotes)}, policy=public)
        except Exception as error:
            refused[name] = type(error).__name__
refused

# %% [markdown]
# Now the assertions. Counts and both coefficients of agreement are worked out a second time by hand; withdrawn
# interviews appear nowhere; each result covers the truth that was put in; turning what people say turns the verdict.

# %% tags=["check"]
withdrawn = set(register.loc[register["withdrawn"], "interview"])
assert withdrawn and not withdrawn & set(texts), "a withdrawn interview is still in the material"
assert len(every_code) == len(named) + sum(map(len, voices.values())), "agreement is not told for every code"
heard = {c: {s.source for s in both.segments if s.coder == c and s.code in voices["fear_of_police"]} for c in work}
row = agreed.loc["Fear and force"]
n, a, b = len(texts), len(heard["ann"]), len(heard["bo"])
same = (len(heard["ann"] & heard["bo"]) + n - len(heard["ann"] | heard["bo"])) / n
chance = (a * b + (n - a) * (n - b)) / n**2
assert abs(row["kappa"] - (same - chance) / (1 - chance)) < 1e-8, "kappa is not the one by hand"
share = (a + b) / (2 * n)
assert abs(row["ac1"] - (same - 2 * share * (1 - share)) / (1 - 2 * share * (1 - share))) < 1e-8, "AC1 is another"
by_hand = main[main["code"] == "Fear and force"]["cases_with"].sum()
assert by_hand == a, "the persons with a theme are not those counted by hand"
assert agreed["kappa"].idxmin() == "Listened to", "the theme that Bo mixes up should agree least"

# %% tags=["check"]
order = [source.name for source in both.sources]
of = {name: {s.code for s in both.segments if s.source == name and s.coder == "ann"} for name in order}
so_far = [len(set().union(*(of[name] for name in order[: k + 1]))) for k in range(len(order))]
assert fixed.at == 6 < saturation.at, "a fixed codebook should saturate at its base"
assert saturation.course["codes"].tolist() == so_far, "codes heard so far are not those counted by hand"
truth = world.truth.effects.query("estimand == 'att' and group == 'all'").set_index("outcome")
covered = effects.set_index("outcome").join(truth[["recorded"]])
held = (covered["conf_low"] < covered["recorded"]) & (covered["recorded"] < covered["conf_high"])
assert held.all(), f"intervals miss the truth: {list(held[~held].index)}"
verdict = display_of_both.frame.set_index("theme")["verdict"]
assert verdict["Listened to"] == "convergent", "fewer arrests and people who felt heard should agree"
turned = [Theme(code="Listened to", outcome="arrest", says="harms")]
other = cc.qualitative.joint_display(both, turned, results, coder="ann").frame["verdict"].item()
assert other == "discordant", "turning what people say should turn the verdict"

# %% tags=["check"]
assert list(refused) == ["unsigned"], "unsigned quotes should be refused and signed ones pass"
assert not found["quote"].str.contains("Lopez").any(), "a name was left in a quote"
assert found["quote"].str.contains("PERSON").all(), "the name in each passage should have been replaced"
changed = Coded(codes=both.codes, sources=both.sources, segments=both.segments[1:])
fewer = cc.qualitative.quotes(changed, code="No place to go", interviews=register, signed=signed)
assert fewer["signed_by"].isna().all(), "a signature must not pass on to other words"
three = cc.qualitative.joint_display(both, themes, results, coder="ann", least=n + 1).frame
assert three["verdict"].eq("silent").all(), "themes that too few raised should be silent"

# %% [markdown]
# ## Report

# %%
cc.report.joint_table(display_of_both, results)

# %% [markdown]
# **When not to use this.** Do not add voices up to evidence of an effect: people were not drawn by lot, and a table
# with more quotes is not a stronger one. Do not let a machine code the interviews and count what it found; it errs more
# where people speak in their own way. And do not hold a theme beside a result that you chose after reading both.

# %%
names = ("coresponder_causal", "numpy", "pandas")
print("\n".join(f"{name} {version(name)}" for name in names))
