"""Tests, intervals and detectable effects: the only room of the package with p-values.

Survival functions are used throughout: ``1 - cdf`` loses every digit of a small p-value.
"""

from coresponder_causal.core.inference.chi_square import (
    WaldTest,
    break_date_limit,
    chi_square_p_value,
    chi_square_power,
    chi_square_quantile,
    chi_square_sum_probability,
    homogeneity_p_value,
    normal_tail,
    shrunk_by_passing,
    sup_f_p_value,
    trimmed_chi_square_mean,
    truncated_normal_quantile,
    wald_noncentrality,
    wald_test,
    yes_count_tail,
)
from coresponder_causal.core.inference.families import Block, as_student, deviate, holm, sharpened_q, step_down
from coresponder_causal.core.inference.partitions import Medians, over_partitions
from coresponder_causal.core.inference.ranks import (
    RankTest,
    randomization_interval,
    randomization_p_value,
    rank_critical,
    rank_test,
    rearrangement_size,
    simulated_p_value,
)
from coresponder_causal.core.inference.rates import (
    beta_bounds,
    exact_poisson,
    quantile_ranks,
    split_interval,
    split_p_value,
    wilson,
)
from coresponder_causal.core.inference.ratios import RatioSet, ratio_set
from coresponder_causal.core.inference.sets import set_interval, set_p_value
from coresponder_causal.core.inference.share_gaps import share_gap, share_gap_p_value
from coresponder_causal.core.inference.spending import Looks, spending_looks
from coresponder_causal.core.inference.student import (
    critical,
    critical_with_bias,
    interval,
    minimum_detectable_effect,
    mixture_half_width,
    p_value,
    power,
    rejection_rate_limit,
    share_interval,
)
from coresponder_causal.core.inference.variance_ratios import (
    agreement_interval,
    feldt_interval,
    reliability_persons,
    reliability_power,
)
from coresponder_causal.core.inference.wild import Tails, wild_interval, wild_p_value

__all__ = [
    "Block",
    "Looks",
    "Medians",
    "RankTest",
    "RatioSet",
    "Tails",
    "WaldTest",
    "agreement_interval",
    "as_student",
    "beta_bounds",
    "break_date_limit",
    "chi_square_p_value",
    "chi_square_power",
    "chi_square_quantile",
    "chi_square_sum_probability",
    "critical",
    "critical_with_bias",
    "deviate",
    "exact_poisson",
    "feldt_interval",
    "holm",
    "homogeneity_p_value",
    "interval",
    "minimum_detectable_effect",
    "mixture_half_width",
    "normal_tail",
    "over_partitions",
    "p_value",
    "power",
    "quantile_ranks",
    "randomization_interval",
    "randomization_p_value",
    "rank_critical",
    "rank_test",
    "ratio_set",
    "rearrangement_size",
    "rejection_rate_limit",
    "reliability_persons",
    "reliability_power",
    "set_interval",
    "set_p_value",
    "share_gap",
    "share_gap_p_value",
    "share_interval",
    "sharpened_q",
    "shrunk_by_passing",
    "simulated_p_value",
    "spending_looks",
    "split_interval",
    "split_p_value",
    "step_down",
    "sup_f_p_value",
    "trimmed_chi_square_mean",
    "truncated_normal_quantile",
    "wald_noncentrality",
    "wald_test",
    "wild_interval",
    "wild_p_value",
    "wilson",
    "yes_count_tail",
]
