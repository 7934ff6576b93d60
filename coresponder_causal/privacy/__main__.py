"""Measure again what looking for identifiers is worth, at the root of a checkout: the tables and their page."""

from pathlib import Path

from coresponder_causal.core.files import write_whole
from coresponder_causal.privacy import redaction_study, uniqueness_study
from coresponder_causal.privacy.measured_page import measured_page
from coresponder_causal.privacy.presidio import presidio_spans

page = Path("docs", "identifiers.md")

if __name__ == "__main__":
    alone = uniqueness_study.study(replications=40, seed=1)
    planted = redaction_study.study(presidio_spans(), replications=10, seed=1)
    for path, table in ((uniqueness_study.measured, alone), (redaction_study.measured, planted)):
        write_whole(path, table.to_csv(index=False, float_format="%.6g", lineterminator="\n").encode())
    write_whole(page, measured_page().encode())
