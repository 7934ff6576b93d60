"""Causal evaluation of co-responder programmes."""
