"""Does an asset carry the numbers that stand in a product's name?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.domain.matching.assets import Asset
from bot.domain.matching.placement import (
    COARSE,
    IN,
    MISSING,
    UNSAID,
    Inside,
    Placement,
    is_feature_release,
    is_year,
    says_feature_release,
)
from bot.domain.matching.standing import is_model_number
from feeds.names import Name, is_model
from feeds.ordering import Cover, cover
from feeds.versions import Version, read_version

_ANY = re.compile(r"\d{2,}x{1,3}")
_LEADING = re.compile(r"\d{4,5}(?=[a-z])")


def carries_numbers(
    name: Name, asset: Asset, *, alone: bool = False, bounded: bool = False
) -> Placement:
    """Whether the numbers inside the product's name (Windows *10*) are the asset's.

    ``alone``: nothing else bounds the versions ("Red Hat Enterprise Linux Server *7* x86_64").
    ``bounded``: ranges of versions are given besides.
    """
    result = IN
    if name.asides and _lists(name, asset):
        return IN
    for text in name.numbers:
        small = text.isdigit() and int(text) < 10
        if small and not (alone and asset.main) and not _single_digits(asset):
            continue  # "pgAdmin 4": staff seldom type it
        wanted = read_version(text, name.family)
        if wanted is None or _abbreviated(text, name, asset):
            continue
        if not asset.shown:
            return MISSING
        if _ANY.fullmatch(text) and any(_is_of(text, each.text) for each in asset.shown):
            continue
        said = asset.shown
        if name.family == "windows":  # 10.0.22621 is Windows 11's: only what is said counts
            said = tuple(version for version in said if len(version.release) < 3)
            if is_feature_release(wanted) and not says_feature_release(asset.shown):
                result = COARSE
                continue
        covers = {cover(version, wanted) for version in said}
        if not covers.isdisjoint({Cover.EXACT, Cover.INSIDE}) or _same_model(
            text, wanted, name, asset
        ):
            continue
        if Cover.COARSE in covers:
            result = COARSE
        elif not covers or _is_unsaid(wanted, said, asset) or (bounded and _is_host(text, asset)):
            result = UNSAID
        else:
            return Placement(Inside.OUT, "other-release")
    return result


def _is_of(text: str, number: str) -> bool:
    """Whether 334 is a 33x, 14020 a 14xxx."""
    stem = text.rstrip("x")
    return number.startswith(stem) and number[: len(text)].isdigit() and len(number) >= len(text)


def _abbreviated(text: str, name: Name, asset: Asset) -> bool:
    """Whether the asset goes by the short name, which ends with the number: *NMC3*."""
    return any(word.endswith(text) and word in asset.known for word in name.asides)


def _lists(name: Name, asset: Asset) -> bool:
    """Whether the model is one that the bulletin lists: "SMA 100 (incluant SMA 200, 210)"."""
    listed = {word for word in name.asides if word[0].isdigit()}
    return not listed.isdisjoint({version.text for version in asset.shown} | asset.known)


def _is_unsaid(wanted: Version, said: tuple[Version, ...], asset: Asset) -> bool:
    """Whether a number of the name is of a kind that the asset does not say: a year, a model."""
    if is_year(wanted):
        return not any(map(is_year, said))
    if is_model_number(wanted):  # a CPU 416F-3, and "CPU" alone
        return all(len(version.release) > 1 for version in said)
    if len(wanted.release) != 1 or wanted.release[0] < 1000 or any(map(is_model, asset.words)):
        return False
    return all(not version.release or version.release[0] < 100 for version in said)


def _is_host(text: str, asset: Asset) -> bool:
    """Whether the number is of what carries the product ("QTS 4.5.3: Q'center"), not said here."""
    return "." in text and asset.main is not None and asset.shown == (asset.main,)


def _single_digits(asset: Asset) -> bool:
    return any(
        len(v.release) == 1 and v.release[0] < 10 for v in asset.shown if v is not asset.main
    )


def _same_model(text: str, wanted: Version, name: Name, asset: Asset) -> bool:
    """Nexus 9300 belongs to the Nexus 9000 series, MGate 5109-T is an MGate 5109."""
    if text.isdigit() and len(text) > 2:
        variants = (word[len(text) :] for word in asset.known if word.startswith(text))
        if any(rest.isalpha() and len(rest) < 3 for rest in variants):
            return True
        ranges = (word.removesuffix(text) for word in asset.known if word.endswith(text))
        if any(rest.isalpha() for rest in ranges):
            return True  # "Simatic-CN-4100" is a CN 4100
    if name.family == "windows" or len(wanted.release) != 1 or wanted.levels:
        return False
    number = wanted.release[0]
    width = 1000 if number % 1000 == 0 else 100  # Nexus 9000, IP Phone 8800
    return (
        number >= 3000
        and number % width == 0
        and any(number <= each < number + width for each in _model_numbers(asset))
    )


def _model_numbers(asset: Asset) -> Iterator[int]:
    """Numbers of four or five digits that an asset says: 3172, 9336 of "9336C-FX2"."""
    for version in asset.shown:
        if len(version.release) == 1:
            yield version.release[0]
    for word in asset.name.words:
        if match := _LEADING.match(word):
            yield int(match[0][:4])
