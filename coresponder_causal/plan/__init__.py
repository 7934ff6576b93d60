"""Plans: a study as its file states it, and the corridor it is run through."""

from coresponder_causal.plan.ahead import Redrawn, designs_of, write_calibration, write_power
from coresponder_causal.plan.embedded import embedded_study, truths
from coresponder_causal.plan.run import (
    Evaluation,
    evaluation_page,
    publish,
    quality_of,
    read_tables,
    refuse_filled,
    run,
)
from coresponder_causal.plan.study import Study, read_study
from coresponder_causal.plan.switchback import write_switchback
from coresponder_causal.plan.template import write_template

__all__ = [
    "Evaluation",
    "Redrawn",
    "Study",
    "designs_of",
    "embedded_study",
    "evaluation_page",
    "publish",
    "quality_of",
    "read_study",
    "read_tables",
    "refuse_filled",
    "run",
    "truths",
    "write_calibration",
    "write_power",
    "write_switchback",
    "write_template",
]
