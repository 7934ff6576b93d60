from coresponder_causal.core.verdict import CheckResult, Verdict, not_applicable  # noqa
