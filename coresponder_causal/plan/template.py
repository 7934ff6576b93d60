"""A documented study with example tables, to be replaced by a city's own."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coresponder_causal.core.folders import write_together
from coresponder_causal.data import dictionary_page
from coresponder_causal.plan.run import refuse_filled
from coresponder_causal.simulate import world

study_text = """\
# A study: which tables, which city, which outcome, which designs.
# The tables beside this file are simulated examples. Replace them by your own; every field is explained in
# DATA_DICTIONARY.md. Then run:  coresponder-causal evaluate STUDY.toml

[study]
title = "Our co-responder programme"
sensitive = true          # true: no rows and values of the data on the page
simulated = true          # true: the tables are made up, and the page says so. Delete this line with them.
seed = 1

[tables]
# A file beside this one (csv, tsv, parquet, xlsx) ...
calls = "calls.csv"                    # one row per call; hours and triple need comparison cities' too
city_panel = "city_panel.csv"          # one row per city and month, comparison cities included
schedule = "schedule.csv"              # planned and delivered shifts of the team
control_series = "control_series.csv"  # counts the programme cannot touch
cities = "cities.csv"                  # who might be compared, for [donors]
programmes = "programmes.csv"          # comparison cities' own programmes: these cities are left out; an earlier one of
                                       # your own city, as in this example, makes the start a change of dose: a doubt
breaks = "breaks.csv"                  # changes of recording: each gets a step in the city's own series
# ... or a file whose columns are named otherwise; environment variables are filled in:
# calls = { path = "${OUR_DATA}/cad.csv", columns = { received_at = "CallTime", call_id = "Incident" } }

[treated]
city = "West Sacramento"
start = "2020-07-15"                   # a date inside a month gives it the share of its days
# start_between = ["2020-07-15", "2021-06-30"]   # instead of start, where only an interval is known
# dose = "delivered_hours"             # instead of on and off: hours of the schedule, or a column of city_panel

[outcomes]
primary = "calls"                      # calls, or the count of a yes-or-no field: arrest, hold, ed_transport, force
controls = ["burglary", "traffic_collision"]   # names of control_series

[release]
# audience = "public"                  # or "partner", with agreement = "its name"; without it the page stays inside
# ledger = "releases.jsonl"            # what left before is taken into account, and each release is added

[designs]
# hours: covered against uncovered hours of the week; cities: against comparison cities; series: the city's own course;
# calls: attended against like calls; instrument: calls by what moved the team's presence. Also:
#   triple         an outcome of every call, by hours and across cities: calls of three comparison cities or more
#   boundary       calls around the hour at which the team comes on
#   repeat         time to the next call of the person, beside custody, hospital, moves (outcomes = ["repeat"])
#   recurrent      all later calls of the person (outcomes = ["repeat"])
#   bounds         what a difference can be, whatever the outcomes are that nobody knows
#   observed       the difference if those were like the known; with how wrong that would have to be
#   double_sample  some of the lost calls, drawn by lot, were found again
#   linkage        the outcome is a link to records, which a review by hand corrects
#   narrative      a machine coded every narrative and people a drawn sample
#   strata         counts by strata that the county returned (coresponder-causal strata)
#   switchback     half-days drawn by lot
#   aipw           attended against like calls, by models of who is attended and of what follows
#   dml, forest    the same, one effect for all calls; a causal forest, by = "priority": for whom it does more
#   few_treated    one change a city among the changes of the others
#   gap            the city against a weighted mean of others over time
#   poisson        counted against expected events of a regression with city and period effects
#   event_study    the effect by time since the start
#   synthetic      the city against a weighted mean of others that took the same course before; predictors = [...]
#   synthetic_augmented, synthetic_did   the same, its misfit corrected; with weights on the time before as well
#   first_periods  the first months, among all shifts of that gap
#   counts, rare   the city's own course by a regression of counts; a few events before and after, compared exactly
#   arima          the city's own course with ARIMA errors
#   structural     a forecast from the time before the start, along the comparison cities
#   two_way        the regression of the literature
#   adopters       cities that started at different times (table programmes)
#   imputation     the same, against what they would have had by the months no programme had reached
#   interaction    the same, by a regression with an effect for every start and month
#   stacked        the same, from one comparison for each start
#   switching      cities whose programmes also paused or ended (end_date in programmes)
#   few_adopters   the same for a few cities among others without a programme
#   synthetic_adopters   the same by weights on those others and on the time before
# An empty list makes a study of data quality alone.
run = ["hours", "cities", "series", "calls", "instrument"]

# A design's own options; write [[calls]] several times for several estimates. Those of the others have defaults.
[[calls]]
outcomes = ["arrest"]                  # fields of calls, or of a table outcomes
covariates = ["initial_type", "priority", "caller_type", "prior_contacts", "patrol_load", "hour"]
adjust = "weight_propensity"           # or weight_balance; or match_nearest, with caliper = 0.2
scheme = "overlap"                     # the calls that might as well have gone the other way
# which = "first"                      # only calls before which the person has none in washout_days = 180; or "all"
# eligible = { initial_type = ["mental_health_crisis"] }   # calls compared, by fields known before dispatch

[[instrument]]
outcomes = ["arrest"]                  # fields of calls
instrument = "team_free"               # on duty and free, or taken; coverage_post: planned shifts, before and after;
                                       # call_taker: how readily call takers bring the team (field call_taker)
covariates = ["initial_type", "priority", "caller_type", "prior_contacts", "patrol_load"]

# [donors]                             # comparison cities chosen before outcomes are counted; needs the table cities
# neighbours = ["Davis"]               # set apart: the effect on them is estimated by itself
# distance = "km"                      # column of cities; nearer ones than within = 20 are neighbours too
# population = [0.5, 5]                # least and most, times the treated city's
# definitions = "cad"                  # column of cities that must be as in the treated city
# adopters = "leave out"               # cities with a programme after the start; or "until then"
# specifications = true                # the comparison of cities under every other choice too

# [graph]                              # what moves what; without it the graph "call" (coresponder-causal graph call)
# file = "our_graph.yaml"              # a graph of your own; or name = "call", one of those shipped, and its changes:
# nodes = [{ id = "weather", words = "weather", time = "received", fields = ["degrees"] }]   # fields: your columns
# add = [{ from = "weather", to = "severity", why = "Heat makes crises worse." }]
# remove = [["call_taker", "attended"]]   # arrows that are not there in your city

# [bias]                               # how far each design may be wrong, as log ratios: without it nothing is pooled
# elicited_from = "who was asked, and how"
# [bias.cities]                        # one for each design that runs
# mean = 0.0
# sd = 0.1
# source = "what they rest it on"

# Outcomes that are known of some calls. Each has the keys of [[calls]] besides; a blank outcome is not known.
# [[bounds]]                           # and [[observed]]
# outcomes = ["linked_30d"]
# observed = "follow_up_done"          # column: whether the outcome was found out; what stands elsewhere is not read
# method = "lee"                       # of bounds; by default the worst case
# [[double_sample]]
# drawn = "drawn"                      # column: which of the calls lost at first were drawn to be found again
# chance = "draw_chance"               # column: with which chance
# [[linkage]]
# reviewed = "truly_linked"            # column: what a review by hand found, of a drawn sample; blank elsewhere
# chance = "review_chance"             # column: chance of being reviewed, where not all had the same
# rates = "all"                        # errors of the linkage: of each arm ("arm"), or of all, up to apart = 0.05 apart
# [[narrative]]
# outcomes = ["calmed_by_machine"]     # what the machine coded of every call
# reviewed = "first_reader"            # column: what a person coded, of a drawn sample; blank elsewhere
# reviewed_again = "second_reader"     # column: what a second person coded of these, or of some of them
# chance = "reading_chance"            # column: chance of being read by people
# [strata]
# outcomes = ["connected"]
# returned = "county_return.json"      # as the county's program wrote it
# scores = "kept.csv"                  # what the police kept of the list

# [funnel]                             # a record followed from the call on: did events change, or their recording?
#                                      # needs the calls of at least three comparison cities too
# record = "report_filed"              # what the responders write
# stages = ["dispatched_at", "report_filed", "arrest"]   # fields of calls, in order
# witness = ["ed_transport"]           # events that others record too; [] where there are none
# against = "other_hours"              # or "cities": all hours, the whole bundle

# [groups]                             # beside the groups of a plan: does it help some more than others?
# fields = ["unhoused", "perceived_race", "hour"]        # fields of calls, named before outcomes are seen
# cuts = { hour = [6, 22] }            # where numbers are cut: a group begins at each; hours go round
# explore = ["hour", "prior_contacts"] # covariates looked through for what nobody named; told only if tests pass
# better = "less"                      # for that: whether less or more of the outcome is a benefit

# [fairness]                           # are people treated alike, whoever they seem to be?
# groups = { perceived_race = "white", unhoused = "no" } # how people are perceived, and whom others are held against
# outcomes = ["arrest", "force"]       # what follows a contact; its gap is told with bounds over who is met
# allowable = ["hour"]                 # known before dispatch: groups may differ in it without that being counted
# worse = ["disturbance", "trespass"]  # labels that a call about somebody in need should not have
# shares = [0, 0.1, 0.2, 0.3]          # of contacts that bias may have brought, for the bounds
# clusters = "person and week"         # or "person", "week": within what calls are not independent

# [qualitative]                        # what people say beside what was estimated
# coded = "interviews.qdpx"            # the coded interviews: REFI-QDA (.qdpx) or Taguette (.sqlite3)
# register = "interviews.csv"          # who was heard, with consent; or the table interviews
# signed = "quotes_signed.csv"         # quotes that a person read and signed for; none is shown without it
# coder = "ann"                        # whose segments count, where several coded
# known = "names.txt"                  # names to take out of texts, one a line
# read = { ann = "all", bo = ["I01"] } # which interviews each coder read, for their agreement
# codes_from_interviews = true         # codes were made while reading: say when no new ones came
# planned = { officer = 12 }           # interviews planned; by default the quotas of the interview guides
# words = { texts = "interviews", by = "stakeholder", target = "officer", reference = "family" }
# topics = { texts = "narratives" }    # look for words that come together
# lists = { names = ["stigma"], by = "attended", hand = { stigma = "stigma_by_hand" } }
# [[qualitative.theme]]                # one for each theme
# code = "Fear and force"              # as the codebook calls it
# outcome = "force"                    # the result it is held beside
# says = "helps"                       # what those who bring it up say of the programme: helps, harms or mixed
# better = "less"                      # whether less or more of the outcome is a help

# [[officers]]                         # what officers do on calls without the team, once they worked beside it
# outcome = "arrest"                   # needs calls, units, rides, officers; docs/workforce.md explains every key
# [[waves]]                            # what officers or staff say, wave by wave; needs officer_waves and officers
# scores = ["stigma_score"]
# exposure = "any"                     # 1 from the first call beside the team on
# [vignettes]                          # described cases whose features were drawn by lot
# cases = "cases.csv"
# outcomes = ["force"]
# factors = ["appearance", "call"]

# [first_calls]                        # what the first call tells: the type written, and what callers say
# met_by = ["priority", "hour"]        # what decided, beside the type, where somebody went; known before dispatch
# by = ["caller_type"]                 # fields by which the agreement is told apart
# training = "2022-07-01"              # first day after call takers were trained
# told = ["told_self_harm"]            # answers; default: all fields told_* that the calls have
# thresholds = [0.2, 0.5]              # risks from which on the team would be sent

# [cost]                               # what the programme costs for what it averts. All numbers below are EXAMPLES:
# perspective = "city"                 # replace each by one with a source of your own. Or "county", "society"
# horizon_years = 1
# discount = 0.03
# price_year = 2021
# index = { 2019 = 100.0, 2021 = 106.0 }   # a price index, needed where prices are of other years
# index_source = "EXAMPLE: name the index"
# reasons = { perspective = "EXAMPLE: who decides", horizon_years = "...", discount = "..." }   # why these
# officer_hours = { arrest = 3.0 }     # officer-hours that one event takes
# posts = { posts = 5, hours = 1700, filled = 0.2, filled_low = 0.0, filled_high = 0.5 }   # officer posts given up,
#                                      # productive hours of one a year, share of the time in which they would have been
#                                      # filled, and a 95 % range of that share
# [[cost.price]]                       # one for each thing paid for
# what = "clinician"
# unit = "hour"
# amount = 65.0
# year = 2019
# source = "EXAMPLE: your payroll"
# payer = "city"                       # or "county", "other"
# enters = "spent"                     # "freed" (posts' funding), "averted" (what is an outcome), "officer_hour"
# quantity = 3640                      # units a year; once = true for what falls due at the beginning alone
# std_error = 5.0                      # or low and high, a 95 % range

# [switchback]
# assignment = "switchback/schedule.csv"   # as coresponder-causal switchback wrote it, delivered hours filled in
"""


def write_template(folder: Path, *, force: bool = False) -> list[Path]:
    """Write a documented study and its example tables into a folder.

    Parameters
    ----------
    folder : Path
        A folder that holds files is refused without ``force``; other files in it stay.
    force : bool
        Whether files there may be replaced.

    Returns
    -------
    list of Path
        The files written.
    """
    refuse_filled(folder, force=force)
    texts = {"STUDY.toml": study_text, "DATA_DICTIONARY.md": dictionary_page.readme()}
    texts |= {f"{name}.csv": table.to_csv(index=False) for name, table in _examples().items()}
    return write_together(folder, {name: text.encode() for name, text in texts.items()})


def _examples() -> dict[str, pd.DataFrame]:
    """Return the treated city's calls, monthly counts of every city, shifts and registers of a simulated world."""
    tables = world("west_sac_like", seed=1).tables
    names = ("city_panel", "schedule", "cities", "programmes", "breaks")
    calls = tables["calls"]
    series = tables["control_series"].pivot_table(index=["city", "month", "series"], values="count", aggfunc="sum")
    examples: dict[str, pd.DataFrame] = {"calls": calls[calls["city"] == "West Sacramento"]}
    examples["control_series"] = series.reset_index()
    return examples | {name: tables[name] for name in names}
