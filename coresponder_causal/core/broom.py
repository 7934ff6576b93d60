"""Names that R's broom has for the columns of `Result.tidy` and `Result.glance`."""

from __future__ import annotations

from typing import Literal

Names = Literal["broom"]
columns = {
    "std_error": "std.error",
    "p_value": "p.value",
    "conf_low": "conf.low",
    "conf_high": "conf.high",
    "band_low": "band.low",
    "band_high": "band.high",
    "set_low": "set.low",
    "set_high": "set.high",
    "n_obs": "nobs",
}
