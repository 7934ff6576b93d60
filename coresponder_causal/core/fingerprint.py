"""A short digest of data and options that changes when, and only when, they do."""

import hashlib

import numpy as np
import pandas as pd

at_once = 2**18  # rows hashed together: their hashes do not depend on other rows, and are held beside the data


def fingerprint(*parts: object) -> str:
    """SHA-256 (hex) of frames, arrays, numbers, text, and tuples or mappings of these, in the order given.

    Examples
    --------
    >>> fingerprint("a", 1.0) == fingerprint("a", 1.0) != fingerprint("a", 2.0)
    True
    """
    digest = hashlib.sha256()
    for part in parts:
        _update(digest, part)
    return digest.hexdigest()


def _update(digest: "hashlib._Hash", part: object) -> None:
    digest.update(type(part).__name__.encode())
    if isinstance(part, pd.DataFrame):
        _update(digest, tuple(str(column) for column in part.columns))
        _update_rows(digest, part)
    elif isinstance(part, (pd.Series, pd.Index)):
        _update_rows(digest, part)
    elif isinstance(part, np.ndarray) and part.dtype == object:
        _update(digest, (part.shape, part.ravel().tolist()))
    elif isinstance(part, np.ndarray):
        digest.update(f"{part.dtype}{part.shape}".encode())
        digest.update(np.ascontiguousarray(part).tobytes())
    elif isinstance(part, dict):
        digest.update(f"{len(part)}:".encode())
        for key in sorted(part):
            _update(digest, key)
            _update(digest, part[key])
    elif isinstance(part, (tuple, list)):
        digest.update(f"{len(part)}:".encode())
        for item in part:
            _update(digest, item)
    else:
        text = repr(part).encode()
        digest.update(f"{len(text)}:".encode() + text)


def _update_rows(digest: "hashlib._Hash", part: pd.DataFrame | pd.Series | pd.Index) -> None:
    for at in range(0, len(part), at_once):
        digest.update(pd.util.hash_pandas_object(part[at : at + at_once], index=False).to_numpy().tobytes())
