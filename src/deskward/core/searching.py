"""How a typed search is read: folded words, their parts of three letters, and the numbers of tickets."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

LONGEST = 200
MOST_WORDS = 8
_KEPT = 400
_PART = 3
_AROUND = "()[]{}<>,;:.#\"'“”’"
_MOST_DIGITS = 18  # what fits 64 bits


def folded(text: str) -> str:
    """Fold case and take off accents, so that “Åsa” is found by “asa”; NUL and lone surrogates are taken out."""
    if text.isascii():
        return text.replace("\0", "").casefold()
    bare = unicodedata.normalize("NFKD", text.replace("\0", "").encode(errors="ignore").decode())
    return "".join(c for c in bare if not unicodedata.combining(c)).casefold()


@lru_cache(maxsize=1024)
def searched_words(name: str, email: str = "") -> str:
    """Give what a requester is found by: a space before every word, the first one too."""
    return "".join(f" {word}" for word in folded(f"{name} {email}").split())[:_KEPT]


def typed_words(text: str) -> Sequence[str]:
    """Give the words by which a directory is asked for people; none where it is nothing that people are called."""
    words = text.split()
    usable = len(text) <= LONGEST and len(words) <= MOST_WORDS and all(word.isprintable() for word in words)
    return words if usable else ()


def parts_of(words: str) -> frozenset[str]:
    """Give every three letters in a row of `searched_words`, within one word; the space before it is a letter."""
    return frozenset(part for word in words.split() for part in _windows(f" {word}"))


def tail_of(number: str) -> int | None:
    """Give the last digits of a ticket's number as one number: 1001 of “IR-1001”, 23 of “INC0023”."""
    found = re.search(r"([0-9]+)[^0-9]*$", number)
    return int(found[1]) if found and len(found[1]) <= _MOST_DIGITS else None


@dataclass(frozen=True)
class Terms:
    """What is looked for: all of these folded words in one requester or agent, or one ticket or verification."""

    words: tuple[str, ...]

    @cached_property
    def needles(self) -> tuple[str, ...]:
        """Give what `searched_words` must hold; a word of one or two letters stands at the beginning of a word."""
        return tuple(word if len(word) >= _PART else f" {word}" for word in self.words)

    @property
    def parts(self) -> Sequence[str]:
        """Give the parts of the needles, each once; none when all words have one letter."""
        return sorted({part for needle in self.needles for part in _windows(needle)})

    @property
    def single(self) -> str:
        """Give the one word, which may be a ticket's number or a verification's id; empty when there are more."""
        return self.words[0] if len(self.words) == 1 else ""

    def name(self, name: str) -> bool:
        """Tell whether a name holds all the words."""
        words = searched_words(name)
        return all(needle in words for needle in self.needles)


def terms_of(text: str) -> Terms:
    """Read a search; empty when nothing is left of it."""
    words = (word.strip(_AROUND) for word in folded(text[:LONGEST]).split())
    return Terms(tuple(dict.fromkeys(word for word in words if word))[:MOST_WORDS])


def _windows(text: str) -> Iterator[str]:
    return (text[n : n + _PART] for n in range(len(text) - _PART + 1))
