"""Names that are near without being the same: a word is missing, or there is one more.

Staff shorten names and add to them, so that a different word alone proves nothing. A near name
is told *other* for a reason, and is a question without one:

1. another vendor is said, or nothing but common words is shared;
2. each side has a word that the other lacks, and what they share is a whole range's name:
   *SIMATIC Safety* and *SIMATIC Logon*;
3. each side says a model, not the same;
4. the inventory's words are a product that is known, and not this one: *MySQL Workbench* is no
   longer name of *MySQL*, *MySQL* no shorter name of *MySQL Cluster*.
"""

from __future__ import annotations

import re

from bot.domain.matching.assets import Asset
from bot.domain.matching.kinship import OTHER, Kinship, Relation
from feeds.names import Name, is_model
from feeds.products import Catalogue

_MARK = re.compile(r"([a-z]{1,4})\d{1,2}$")
LONG = 3  # words of a name that is seldom that of a range: "Identity Services Engine"
FEW = 8  # products of one vendor that share a word: more are a range


def near(
    catalogue: Catalogue,
    name: Name,
    asset: Asset,
    missing: frozenset[str],
    extra: frozenset[str],
    spelt: frozenset[str],
) -> Relation:
    """Say whether an asset whose name differs from the bulletin's may be its product.

    ``missing`` are words of the bulletin that the inventory does not say, ``extra`` those of
    the inventory that the bulletin does not say and that may tell products apart; ``spelt``
    are written otherwise by one of them.
    """
    own = name.words - name.vendor_words or name.words
    missing &= own
    shared = own - missing
    if not _alike(catalogue, name, asset, missing, extra):
        return OTHER
    apart = missing - catalogue.optional and extra - catalogue.optional - catalogue.levels
    if apart and not _is_rare(catalogue, name, asset, shared):
        return OTHER
    said = asset.name.words - name.words
    if _other_models(missing, said):
        return OTHER
    if _stems(missing) & _stems(said):
        return OTHER  # "MR2" and "MR3"
    if _same_model(name, asset):
        return Relation(Kinship.UNSURE, "name-shorter" if missing else "name-longer")
    if _is_another(catalogue, name, asset, missing, extra, spelt):
        return OTHER
    return Relation(Kinship.UNSURE, "name-shorter" if missing else "name-longer")


def shares(catalogue: Catalogue, name: Name, asset: Asset, missing: frozenset[str]) -> bool:
    """Whether both may be of one vendor, and share what makes a name; else none is near.

    One word that is not common is enough; of common words, all but one, and two at least, or
    all of them. A bulletin may state its vendor wrongly: a name said in full, with two words
    that are not common, is no other's. What runs on a platform is named after it.
    """
    own = name.words - name.vendor_words or name.words
    if name.family == "windows" or own <= catalogue.platforms:
        return False
    shared, common = own - missing, catalogue.common
    if _vendors_differ(name, asset):
        rare = shared - catalogue.generic - catalogue.optional
        return len(rare) > 1 and all(w in common or not w.isalpha() for w in missing & own)
    if shared - common:
        return True
    if name.vendor != asset.name.vendor or not name.vendor:
        return False
    if len(shared) < 2:
        return missing.isdisjoint(own)
    left_out = 3 if shared >= asset.name.words else 2  # "Enterprise Manager" of "… Grid Control"
    return len(missing & own) < left_out


def _alike(
    catalogue: Catalogue,
    name: Name,
    asset: Asset,
    missing: frozenset[str],
    extra: frozenset[str],
) -> bool:
    """Whether what the inventory says besides leaves them alike: nothing, for two vendors, and
    only levels ("Office *Plus*") when a common word is all that they share."""
    if not shares(catalogue, name, asset, missing):
        return False
    if _vendors_differ(name, asset):
        return not extra
    shared = (name.words - name.vendor_words or name.words) - missing
    return len(shared) > 1 or not shared <= catalogue.common or extra <= catalogue.levels


def _vendors_differ(name: Name, asset: Asset) -> bool:
    mine, theirs = asset.name.vendor, name.vendor
    return mine != theirs != "" != mine and not asset.name.vendor_words <= name.words


def _other_models(missing: frozenset[str], said: frozenset[str]) -> bool:
    """Whether both say models, none of which is the other said less precisely (RS416, RS416v2)."""
    theirs = [word for word in missing if is_model(word)]
    mine = [word for word in said if is_model(word)]
    return bool(mine and theirs) and not any(
        len(each) > 3 and word.startswith(each) and word[len(each)] == "v"
        for word in theirs
        for each in mine
        if len(word) > len(each)
    )


def _stems(words: frozenset[str]) -> set[str]:
    """What short marks number: *mr* of "MR2"."""
    return {match[1] for word in words if (match := _MARK.match(word))}


def _same_model(name: Name, asset: Asset) -> bool:
    """Whether both say one long number: the *15454* SDH, the ONS *15454* SDH."""
    return any(text in asset.known for text in name.numbers)


def _is_rare(catalogue: Catalogue, name: Name, asset: Asset, shared: frozenset[str]) -> bool:
    """Whether what both say names few products, of one vendor that both say."""
    if not name.vendor or name.vendor != asset.name.vendor:
        return False
    telling = (shared & asset.name.words) - catalogue.common - asset.name.vendor_words
    return any(catalogue.family_size(name.vendor, word) <= FEW for word in telling)


def _is_another(
    catalogue: Catalogue,
    name: Name,
    asset: Asset,
    missing: frozenset[str],
    extra: frozenset[str],
    spelt: frozenset[str],
) -> bool:
    """Whether another product of the vendor explains better what the inventory says.

    It has more of the words said than the bulletin's name; or as many, and no word too much,
    when the bulletin's name lacks the word that says what it is. That a short name is known
    does not make it another product: people have said so (``products.toml``), or the longer one
    names a part of it ("Nessus *Agent*").
    """
    sold = name.vendor_words | asset.name.vendor_words
    own = name.words - sold
    mine = (name.words - name.vendor_words or name.words) - missing - sold
    if spelt:  # "JD Edwards" for "JDEdwards": compared as the inventory says it
        said = spelt & asset.name.words
        own, mine = (own - spelt) | said, (mine - spelt) | said
    own = own - catalogue.umbrellas or own
    slight = catalogue.optional | catalogue.levels | catalogue.umbrellas | (name.asides - own)
    lacks_head = name.head in missing and name.head.isalpha()  # a model says not what it is
    for known in catalogue.products_of(name.vendor or asset.name.vendor, asset.name.words):
        if known ^ own <= slight:
            continue
        if known >= own and not _tells_apart(catalogue, known, own):
            continue
        if len(known) > len(mine):
            return True
        short = len(known) < LONG and catalogue.is_product(known)
        told = extra or name.head in catalogue.parts or short
        if not extra and catalogue.is_typed_for_family(known):
            continue
        if len(known) == len(mine) and lacks_head and told:
            return True
    return False


def _tells_apart(catalogue: Catalogue, known: frozenset[str], own: frozenset[str]) -> bool:
    """Whether a longer name that is known makes another product of the shorter one.

    It does of one word, or when people have said so in ``products.toml``: *MySQL Workbench*,
    *Aria Operations for Logs*. More words are often the same in full, and so are models.
    """
    if all(map(is_model, known - own)):
        return False
    return len(own) < 2 or catalogue.is_product(known)
