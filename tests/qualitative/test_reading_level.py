"""Reading levels against texts whose words, sentences and syllables were counted by hand."""

import pytest

from coresponder_causal.core.errors import DataError, DesignError
from coresponder_causal.qualitative.reading_level import reading_level, syllables

# By hand: When1 you1 call1 / nine-one-one3 a1 trained1 person2 answers2 / They1 ask1 where1 you1 are1.
ENGLISH = ("When you call 911, a trained person answers. They ask where you are.", 13, 2, 17)
# A-5 por1 fa-vor2 lla-me2 al1 / La1 po-li-cí-a4 a-yu-da3 / ¿Dón-de2 es-tá2? ; two sentences of a list, one question.
SPANISH = ("Por favor llame al 988. La policía ayuda. ¿Dónde está?", 10, 3, 1 + 2 + 2 + 1 + 6 + 1 + 4 + 3 + 2 + 2)


@pytest.mark.parametrize(("language", "counted"), [("en", ENGLISH), ("es", SPANISH)])
def test_counts_are_those_made_by_hand(language, counted):
    text, words, sentences, spoken = counted
    found = reading_level([text], language=language)
    assert (found.words, found.sentences, found.syllables) == (words, sentences, spoken)
    a, b = words / sentences, spoken / words
    by_hand = 0.39 * a + 11.8 * b - 15.59 if language == "en" else 206.835 - 62.3 * b - a
    assert found.value == pytest.approx(by_hand, abs=1e-12)


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("people", 2),
        ("medicine", 3),
        ("needed", 2),
        ("asked", 1),
        ("voices", 2),
        ("times", 1),
        ("cars", 1),
        ("co-responder", 4),
        ("suicide", 3),
        ("crisis", 2),
        ("quiet", 2),
        ("the", 1),
        ("caller’s", 2),
        ("clothes", 1),
    ],
)
def test_english_syllables(word, count):
    """As the CMU pronouncing dictionary has them."""
    assert syllables(word, language="en") == int(count)


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("día", 2),
        ("ciudad", 2),
        ("averiguáis", 4),
        ("guía", 2),
        ("aéreo", 4),
        ("muy", 1),
        ("y", 1),
        ("país", 2),
        ("héroe", 3),
        ("ruido", 2),
        ("pingüino", 3),
        ("oye", 2),
        ("construí", 2),
        ("ley", 1),
        ("leyes", 2),
    ],
)
def test_spanish_syllables_follow_from_spelling(word, count):
    assert syllables(word, language="es") == int(count)


def test_list_items_end_a_sentence_and_abbreviated_numbers_do_not():
    assert reading_level(["one two", "three"], language="en").sentences == 2
    assert reading_level(["Grade 4.5 is low."], language="en").sentences == 1


def test_bands():
    assert reading_level(["Sí."], language="es").band == "very easy"
    hard = (
        "La institucionalización interdisciplinaria obligatoriamente condicionaría responsabilidades administrativas."
    )
    assert reading_level([hard], language="es").band == "very hard"


def test_nothing_to_read_is_refused():
    with pytest.raises(DataError, match="no words"):
        reading_level(["…"], language="en")
    with pytest.raises(DesignError, match="language='fr'"):
        reading_level(["a"], language="fr")
