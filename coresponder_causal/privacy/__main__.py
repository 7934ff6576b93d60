"""Measure the estimate of uniqueness again and write its table."""

from coresponder_causal.core.files import write_whole
from coresponder_causal.privacy.uniqueness_study import measured, study

if __name__ == "__main__":
    table = study(replications=40, seed=1)
    write_whole(measured, table.to_csv(index=False, float_format="%.6g", lineterminator="\n").encode())
