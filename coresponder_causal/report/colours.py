"""Colours of the pictures: one accent, one colour for what is expected, and greys, from the Okabe–Ito palette."""

accent, expected, ink, grey, pale = "#0072B2", "#D55E00", "#333333", "#767676", "#9A9A9A"
