"""How hard a text is to read, by one stated formula for each language.

English: grade of Flesch and Kincaid, 0.39 words a sentence + 11.8 syllables a word - 15.59, in years of school.
Spanish: perspicuity of Szigriszt-Pazos, 206.835 - 62.3 syllables a word - words a sentence, read on the scale INFLESZ.

Both see the length of words and sentences alone. A text of short words can still be unclear: let readers try it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from coresponder_causal.core.choices import require_choice
from coresponder_causal.core.errors import DataError

Language: TypeAlias = Literal["en", "es"]

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+(?:[-.,:]\d+)*")
_END = re.compile(r"[.!?…]+(?=[\s”\"')»]|$)")
_SILENT = re.compile(r"(?:[^aeiouyl]|[aeiouy]l)e$|[^aeiouydt]ed$|(?:[^aeiouyscxzglh]|[aeiouy]l|th)es$")
_APART = re.compile(r"[^tcgs]i[ao](?!u)|ua(?=l|t)|uie|[aeiouy]ing")
_SAID = {"anyone": 3, "oneself": 2, "suicide": 3, "pm": 2}
_DIGITS: Mapping[Language, tuple[int, ...]] = {
    "en": (2, 1, 1, 1, 1, 1, 1, 2, 1, 1),
    "es": (2, 2, 1, 1, 2, 2, 1, 2, 2, 2),
}
_INFLESZ = ((40.0, "very hard"), (55.0, "somewhat hard"), (65.0, "normal"), (80.0, "fairly easy"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLevel:
    """What the formula of a language says of a text.

    Parameters
    ----------
    language : {"en", "es"}
    words, sentences, syllables : int
        Counts.
    value : float
        English: school grade, small is easy. Spanish: perspicuity, 0 to 100 or more, large is easy.
    """

    language: Language
    words: int
    sentences: int
    syllables: int
    value: float

    @property
    def band(self) -> str:
        """Words for the value: the grade, or the step of the scale INFLESZ."""
        if self.language == "en":
            return f"grade {self.value:.1f}"
        return next((name for below, name in _INFLESZ if self.value < below), "very easy")


def reading_level(texts: Iterable[str], *, language: Language) -> ReadingLevel:
    """Measure a text.

    Parameters
    ----------
    texts : iterable of str
        Paragraphs or list items; each ends a sentence. Leave headings and labels out: they make a text look easier.
    language : {"en", "es"}

    Returns
    -------
    ReadingLevel

    Raises
    ------
    DesignError
        Another language.
    DataError
        No words.

    Notes
    -----
    Hyphenated words are one word; figures count as they are said digit by digit, as telephone numbers are. English
    syllables are runs of vowels less those that are silent. Of the 117,493 plain words of the CMU pronouncing
    dictionary, most of them names, that is right for nine in ten; of the words of the shipped guides for all, with four
    exceptions that are listed. Spanish syllables follow from the spelling.

    References
    ----------
    Kincaid, Fishburne, Rogers & Chissom (1975), Research Branch Report 8-75, Naval Technical Training Command.
    Szigriszt Pazos (1993), Sistemas predictivos de legibilidad del mensaje escrito, Universidad Complutense de Madrid.
    Barrio-Cantalejo et al. (2008), doi:10.4321/S1137-66272008000300004 (the scale INFLESZ).

    Examples
    --------
    >>> found = reading_level(["The cat sat on the mat. It was happy."], language="en")
    >>> found.words, found.sentences, found.syllables, round(found.value, 2)
    (9, 2, 10, -0.72)
    >>> reading_level(["El gato duerme."], language="es").syllables
    5
    """
    require_choice("reading_level", "language", language, Language)
    pieces = [piece for text in texts for piece in _END.split(text) if _WORD.search(piece)]
    words = [word for piece in pieces for word in _WORD.findall(piece)]
    if not words:
        raise DataError("the text has no words", mend="give paragraphs or list items")
    count = sum(syllables(word, language=language) for word in words)
    per_sentence, per_word = len(words) / len(pieces), count / len(words)
    value = (
        0.39 * per_sentence + 11.8 * per_word - 15.59 if language == "en" else 206.835 - 62.3 * per_word - per_sentence
    )
    return ReadingLevel(language=language, words=len(words), sentences=len(pieces), syllables=count, value=value)


def syllables(word: str, *, language: Language) -> int:
    """Count the syllables of one word, at least one.

    Parameters
    ----------
    word : str
        Hyphenated words are the sum of their parts; digits count as they are said one by one.
    language : {"en", "es"}

    Examples
    --------
    >>> [syllables(word, language="en") for word in ("weapon", "called", "needed", "people", "911")]
    [2, 1, 2, 2, 3]
    >>> [syllables(word, language="es") for word in ("policía", "ciudad", "guía", "ayuda", "911")]
    [4, 2, 2, 3, 6]
    """
    if word[0].isdigit():
        return sum(_DIGITS[language][int(digit)] for digit in word if digit.isdigit())
    count = _counters[language]
    return sum(max(1, count(part)) for part in word.lower().split("-"))


def _english(word: str) -> int:
    """Count runs of vowels, less a silent e, more where two vowels are said apart."""
    spoken = re.sub(r"['’]s?", "", word)
    if spoken in _SAID:
        return _SAID[spoken]
    return len(re.findall(r"[aeiouy]+", spoken)) - bool(_SILENT.search(spoken)) + len(_APART.findall(spoken))


def _spanish(word: str) -> int:
    """Count every strong or accented vowel, and every run of weak ones that stands without such."""
    spoken = re.sub(r"y(?![aeiouáéíóú])", "i", unicodedata.normalize("NFC", word))
    return sum(len(re.findall(r"[aeoáéíóú]", run)) or 1 for run in re.findall(r"[aeiouáéíóúü]+", spoken))


_counters: Mapping[Language, Callable[[str], int]] = {"en": _english, "es": _spanish}
