"""Words of column headers and what they mean: English, German, French, Spanish and Portuguese, abbreviations, run-together words.

A header becomes a bag of *concepts*, each with a strength from 0 to 1: ``Bestellnummer`` is ORDER and ID, ``drvAccTs`` is DRIVER, ACCEPTED
and TIME. A word is looked up as it is, else cut into known words, else taken as an abbreviation or for another form of a known word.
"""

import csv
import re
import unicodedata
from functools import cache
from pathlib import Path

_REFERENCE = Path(__file__).parent / "reference"
_AMBIGUOUS_SILENT = frozenset({"do"})  # a drop-off where it comes first, as in do_lat; Portuguese for "of" elsewhere
_SHORTEST_ABBREVIATION, _SHORTEST_PART = 2, 3
_ABBREVIATION, _OTHER_FORM = 0.8, 0.9
_VOWELS = frozenset("aeiouy")

Bag = dict[str, float]
"""Concepts of a header and how sure each is; ``?`` counts the words that mean nothing here."""


def plain(text: str) -> str:
    """Return a text in lower case without accents; German umlauts become two letters."""
    text = text.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))


def words(header: str) -> tuple[str, ...]:
    """Return the words of a header, in lower case: cut at capitals, digits and signs; known phrases become one word."""
    text = plain(re.sub(r"(?<=[a-zäöüß0-9])(?=[A-ZÄÖÜ])|(?<=[A-Z])(?=[A-Z][a-z])", " ", header))
    parts = re.findall(r"[a-z]+|\d+", text)
    joined = f" {' '.join(parts)} "
    for phrase, word in _phrases().items():
        joined = joined.replace(f" {phrase} ", f" {word} ")
    found = joined.split()
    loud = [each for each in found if each not in _words()["SILENT"] or (each in _AMBIGUOUS_SILENT and found[0] == each)]
    return tuple(loud or found)


@cache
def bag(header: str) -> Bag:
    """Return the concepts of a header."""
    found: Bag = {}
    for word in words(header):
        concepts = _concepts(word)
        if not concepts and not word.isdigit():
            found["?"] = found.get("?", 0) + 1
        for concept, strength in concepts.items():
            found[concept] = max(found.get(concept, 0), strength)
    return found


def _rows(name: str) -> list[dict[str, str]]:
    with (_REFERENCE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def _words() -> dict[str, frozenset[str]]:
    """Return concept: its words."""
    return {row["concept"]: frozenset(row["words"].split()) for row in _rows("header_words.csv")}


@cache
def _phrases() -> dict[str, str]:
    """Return words that mean something else together than one by one: one word that means it."""
    return {row["phrase"]: row["words"] for row in _rows("header_phrases.csv")}


@cache
def _lexicon() -> dict[str, tuple[str, ...]]:
    """Return word: its concepts."""
    lexicon: dict[str, list[str]] = {}
    for concept, known in _words().items():
        for word in sorted(known) if concept not in ("SILENT", "VEHICLES") else ():
            lexicon.setdefault(word, []).append(concept)
    return {word: tuple(concepts) for word, concepts in lexicon.items()}


def _concepts(word: str) -> Bag:
    known = _lexicon().get(word)
    if known:
        return dict.fromkeys(known, 1.0)
    parts = _parts(word)
    if parts:
        return {concept: 1.0 for part in parts for concept in _lexicon().get(part, ())}
    return _other_form(word) or _abbreviated(word)


@cache
def _parts(word: str) -> tuple[str, ...]:
    """Return the known words that a word is made of, the fewest that cover it; linking letters of German may stand between them."""
    best: dict[int, tuple[str, ...]] = {0: ()}
    for end in range(_SHORTEST_PART - 1, len(word) + 1):
        for start, parts in list(best.items()):
            piece = word[start:end]
            stem = next((piece[: len(piece) - len(link)] for link in ("", "s", "n", "en", "er", "e") if _is_part(piece, link)), None)
            if stem is not None and (end not in best or len(parts) + 1 < len(best[end])):
                best[end] = (*parts, stem)
    found = best.get(len(word), ())
    return found if any(len(part) > _SHORTEST_PART for part in found) else ()


def _is_part(piece: str, link: str) -> bool:
    stem = piece[: len(piece) - len(link)] if link else piece
    short = stem in ("id", "nr", "um", "at", "ts", "no")
    return piece.endswith(link) and (len(stem) >= _SHORTEST_PART or short) and stem in _lexicon()


def _other_form(word: str) -> Bag:
    """Return the concepts of known words that differ in their last letters only."""
    if len(word) < 5:
        return {}
    stem = word[: max(5, len(word) - 3)]
    return {concept: _OTHER_FORM for known, concepts in _lexicon().items() if known.startswith(stem) for concept in concepts}


def _abbreviated(word: str) -> Bag:
    """Return the concepts of the words that this one shortens: their beginning, else their consonants; nothing if too many would do."""
    if not _SHORTEST_ABBREVIATION <= len(word) <= 5:
        return {}
    for matches in (str.startswith, _is_skeleton):
        found = {
            concept for known, concepts in _lexicon().items() if len(known) > len(word) and matches(known, word) for concept in concepts
        }
        if 0 < len(found) <= 3:
            return dict.fromkeys(sorted(found), _ABBREVIATION / len(found) ** 0.25)
    return {}


def _is_skeleton(known: str, word: str) -> bool:
    """Whether the letters of a word occur in a known one in order, from the first, none of them an unneeded vowel."""
    if known[0] != word[0]:
        return False
    rest = iter(known)
    return all(letter in rest for letter in word) and sum(letter in _VOWELS for letter in word[1:]) <= 1


@cache
def _status_words() -> dict[str, frozenset[str]]:
    return {row["status"]: frozenset(row["words"].split()) for row in _rows("status_words.csv")}


def status_meant(word: str, choices: tuple[str, ...]) -> str | None:
    """Return which of the allowed statuses a word means, in any of the known languages; None if that cannot be said."""
    text = "_".join(re.findall(r"[a-z]+", plain(word)))
    if text in choices:
        return text
    return next((choice for choice in choices if text in _status_words().get(choice, frozenset())), None)


def is_vehicle(word: str) -> bool:
    """Whether a word means a kind of vehicle, or going on foot."""
    return bool(set(re.findall(r"[a-z]+", plain(word))) & _words()["VEHICLES"])
