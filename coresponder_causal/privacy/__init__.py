"""Disclosure: what may leave, and how two agencies learn a number together without showing each other a row."""
