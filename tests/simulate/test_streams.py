"""Counter-based numbers are those of the published generator, and belong to their entity alone."""

import numpy as np
import pytest

from coresponder_causal.simulate.philox import philox
from coresponder_causal.simulate.streams import Tier, logistic, normal, uniforms

# Known answers for philox4x32 at 10 rounds, from the file kat_vectors of Random123 1.09: counter, key, words.
KNOWN_ANSWERS = [
    ([0, 0, 0, 0], (0, 0), [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, (0xFFFFFFFF, 0xFFFFFFFF), [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        (0xA4093822, 0x299F31D0),
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]
IDS = np.array([3, 2**40 + 1, 0, 77])


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS)
def test_known_answers(counter, key, words):
    column = np.array(counter, dtype=np.uint32)[:, None]
    assert philox(column, key)[:, 0].tolist() == words  # whole numbers: exact
    many = philox(np.repeat(column, 20_000, axis=1), key)  # more than are mixed at once
    np.testing.assert_array_equal(many, np.repeat(np.array([words]).T, 20_000, axis=1))


def test_an_entity_does_not_depend_on_the_others():
    drawn = uniforms(1, Tier.INTAKE, IDS, 6)
    np.testing.assert_array_equal(uniforms(1, Tier.INTAKE, IDS[::-1], 6), drawn[::-1])
    np.testing.assert_array_equal(uniforms(1, Tier.INTAKE, IDS[1:2], 6), drawn[1:2])
    np.testing.assert_array_equal(uniforms(1, Tier.INTAKE, IDS, 3), drawn[:, :3])


def test_seed_tier_and_both_halves_of_the_id_matter():
    drawn = uniforms(1, Tier.INTAKE, IDS, 4)
    for other in (
        uniforms(2, Tier.INTAKE, IDS, 4),
        uniforms(1, Tier.DISPATCH, IDS, 4),
        uniforms(1, Tier.INTAKE, IDS + 1, 4),
        uniforms(1, Tier.INTAKE, IDS + 2**32, 4),
    ):
        assert not (drawn == other).any()


def test_numbers_are_uniform_and_uncorrelated():
    drawn = uniforms(5, Tier.OUTCOMES, np.arange(100_000), 6)
    # 100,000 each: standard errors are .0009 of a mean, .0003 of a variance and .0032 of a correlation
    assert drawn.mean(axis=0) == pytest.approx(np.full(6, 0.5), abs=0.004)
    assert drawn.var(axis=0) == pytest.approx(np.full(6, 1 / 12), abs=0.0013)
    assert np.abs(np.corrcoef(drawn.T) - np.eye(6)).max() < 0.013
    assert 0 < drawn.min() < drawn.max() < 1


def test_transformed_numbers_have_their_scale():
    drawn = uniforms(6, Tier.OUTCOMES, np.arange(100_000), 1)
    assert normal(drawn).std() == pytest.approx(1, abs=0.009)  # standard error .0022
    assert logistic(drawn).std() == pytest.approx(np.pi / 3**0.5, abs=0.023)  # heavier tails: .0058
