"""Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror & Shaw (2011), for many counters at once."""

import numpy as np
from numpy.typing import NDArray

WORDS = 4
"""32-bit words of a counter, and of what is drawn for it."""

_ROUNDS = 10
_MULTIPLIERS = np.array([[0xD2511F53], [0xCD9E8D57]], dtype=np.uint64)
_WEYL = np.array([[0x9E3779B9], [0xBB67AE85]], dtype=np.uint64)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_CHUNK = 8192  # counters whose words stay in the processor's cache

Words = NDArray[np.uint32]
LongWords = NDArray[np.uint64]


def philox(counter: Words, key: tuple[int, int]) -> Words:
    """Turn counters into random words; a counter's words depend on nothing but it and the key.

    Parameters
    ----------
    counter : ndarray of uint32, shape (4, n)
        Counters.
    key : tuple of two int
        32-bit words of the key.

    Returns
    -------
    ndarray of uint32, shape (4, n)
        Random words.

    References
    ----------
    Salmon, Moraes, Dror & Shaw (2011). Parallel random numbers: as easy as 1, 2, 3. doi:10.1145/2063384.2063405

    Examples
    --------
    >>> [f"{word:08x}" for word in philox(np.zeros((4, 1), dtype=np.uint32), (0, 0))[:, 0].tolist()]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    first_key = np.array(key, dtype=np.uint64)[:, None]
    keys = [(first_key + np.uint64(turn) * _WEYL) & _LOW for turn in range(_ROUNDS)]
    drawn = np.empty_like(counter)
    for first in range(0, counter.shape[1], _CHUNK):
        part = slice(first, first + _CHUNK)
        drawn[0::2, part], drawn[1::2, part] = _mix(counter[:, part].astype(np.uint64), keys)
    return drawn


def _mix(words: LongWords, keys: list[LongWords]) -> tuple[LongWords, LongWords]:
    """Ten rounds: both even words are multiplied, and the halves of the products change places."""
    even, odd = words[[0, 2]], words[[1, 3]]
    low = np.empty_like(even)
    for key in keys:
        even *= _MULTIPLIERS
        np.bitwise_and(even, _LOW, out=low)
        even >>= _HALF
        odd ^= even[::-1]
        odd ^= key
        even, odd, low = odd, low[::-1], even
    return even, odd
