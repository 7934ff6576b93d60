"""The whole course of a planned evaluation on a simulated city: study, plan, freeze, evaluation."""

from __future__ import annotations

from pathlib import Path

from coresponder_causal.plan.evaluate import Written, evaluate
from coresponder_causal.plan.freeze import freeze
from coresponder_causal.plan.operating import operating_characteristics
from coresponder_causal.plan.plan_file import write_example_plan
from coresponder_causal.plan.planned import planned, write_plan
from coresponder_causal.plan.run import Say, refuse_filled
from coresponder_causal.plan.study import read_study
from coresponder_causal.plan.template import write_template

frozen_by = "the example"


def whole_course(folder: Path, *, force: bool = False, say: Say = lambda _: None) -> Written:
    """Write a simulated city's study and plan, freeze it, and evaluate it as planned.

    Parameters
    ----------
    folder : Path
        Gets ``city`` (study, tables, plan and frozen record), ``plan`` (the document to sign) and ``evaluation``.
    force : bool
        Write into a folder that holds files.
    say : callable
        Told what is being done.

    Returns
    -------
    Written
    """
    refuse_filled(folder, force=force)
    say("Writing a simulated city's study and its plan")
    file = write_template(folder / "city", force=force)[0]
    write_example_plan(read_study(file), force=force)
    stated = planned(file)
    say("Computing the chance of each verdict")
    found = operating_characteristics(stated.plan, stated.study, stated.before, seed=stated.study.seed)
    write_plan(stated, found, folder / "plan")
    say("Sealing the plan")
    freeze(stated.plan, stated.study, stated.before, by=frozen_by)
    return evaluate(file, folder / "evaluation", force=force, say=say)
