"""A consortium of many cities: what is written city by city is the world, whoever writes it."""

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config

from coresponder_causal.core.errors import DesignError
from coresponder_causal.simulate import consortium, write_consortium

STUDY = {"seed": 3, "cities": 12, "monthly_calls": 6.0}


def read(folder):
    return pd.concat([pd.read_parquet(path) for path in sorted(folder.iterdir())], ignore_index=True)


def test_the_files_are_the_calls_of_the_world(tmp_path):
    study = consortium(**STUDY)
    pd.testing.assert_frame_equal(read(write_consortium(study, tmp_path)), study.tables["calls"])
    truth = pd.read_parquet(tmp_path / "city_effects.parquet")
    np.testing.assert_array_equal(truth["log_ratio"], study.truth.city_effects["log_ratio"])


def test_two_hundred_cities_of_which_half_start_programmes_on_four_dates():
    study = consortium(seed=1)
    late = study.tables["programmes"].query("city != 'West Sacramento'")
    assert study.tables["cities"]["city"].nunique() == 200
    assert len(late) == 100
    assert late["start_earliest"].nunique() == 4
    last = study.truth.city_effects.groupby("city")["log_ratio"].last()
    assert np.isclose(last[late["city"].iloc[0]], np.log(0.70))


@pytest.mark.parametrize("backend", ["threading", pytest.param("dask", marks=pytest.mark.engines)])
def test_other_workers_write_the_same_files(backend, tmp_path):
    study = consortium(**STUDY)
    alone = read(write_consortium(study, tmp_path / "alone"))
    if backend == "dask":
        distributed = pytest.importorskip("distributed", reason="needs the extra cluster")
        with (
            distributed.Client(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None),
            parallel_config(backend="dask"),
        ):
            made = write_consortium(study, tmp_path / "many")
    else:
        with parallel_config(backend=backend, n_jobs=2):
            made = write_consortium(study, tmp_path / "many")
    pd.testing.assert_frame_equal(read(made), alone)


def test_a_folder_with_files_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(DesignError, match="holds files"):
        write_consortium(consortium(**STUDY), tmp_path)
