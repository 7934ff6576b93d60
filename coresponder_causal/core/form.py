"""How a value is written, without the value: what an error may show of a cell."""

import re

longest = 20


def form_of(value: object) -> str:
    """Write a value with its letters as a or A and its digits as 9.

    Parameters
    ----------
    value : object
        A cell.

    Returns
    -------
    str
        Its form in quotation marks, cut after 20 signs.

    Examples
    --------
    >>> form_of("Jul 2020"), form_of("1,000"), form_of("12 (est.)")
    ("'Aaa 9999'", "'9,999'", "'99 (aaa.)'")
    """
    written = re.sub(r"\d", "9", str(value))
    written = re.sub(r"[^\W\d_]", lambda letter: "A" if letter[0].isupper() else "a", written)
    return repr(written[:longest] + ("…" if len(written) > longest else ""))
