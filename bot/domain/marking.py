"""Marking gates the destination: how far a message may travel, and what goes instead.

A bulletin's marking is its publisher's. A message that names a facility's equipment says
where that facility is weak: it is raised to a floor (AMBER unless configured), whatever the
bulletin. A destination (room, channel, mailbox) has a ceiling.

Source: FIRST, "Traffic Light Protocol (TLP)", version 2.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.message import ChannelName
from feeds.advisory import Pap, Tlp

MACHINES_FLOOR = Tlp.AMBER  # naming equipment: the organisation and those who must act
COUNTS_FLOOR = Tlp.GREEN  # counts of one facility are for its community, not for the public
ENCRYPTED_FROM = Tlp.AMBER  # where a channel can encrypt, from there on it must
SUBJECT_CEILING = Tlp.GREEN  # a mail's subject travels in clear: above, it carries no content

USUAL_PAP = {
    ChannelName.MATRIX: Pap.AMBER,
    ChannelName.EMAIL: Pap.AMBER,
    ChannelName.SLACK: Pap.GREEN,  # a third party's servers, abroad
    ChannelName.CONSOLE: Pap.RED,  # the screen of who hosts Tocsin
}
"""The highest PAP that a destination receives unless its subscription says otherwise.

RED may not be used on a network, or on dedicated equipment only: no connected channel
receives it by itself. AMBER asks that no observer learns what is known: MISP allows the
services of third parties, we are stricter and keep it off their servers.

Source: MISP taxonomy "PAP", version 3; ANSSI, "Politique de partage et d'utilisation des
informations à caractère opérationnel", version 1 (16/11/2022).
"""


class Form(StrEnum):
    """What a destination gets of a message."""

    FULL = "full"
    REDUCED = "reduced"  # the bulletin's name and counts; where to read the rest
    NOTICE = "notice"  # "un message protégé vous attend", nothing else


@dataclass(frozen=True, slots=True)
class Passage:
    """The form that may go, and the marking that this form bears."""

    form: Form
    marking: Tlp


def message_marking(bulletin: Tlp, *, names_machines: bool, floor: Tlp = MACHINES_FLOOR) -> Tlp:
    """The marking of the whole message: the bulletin's, raised to ``floor`` by machine names."""
    return max(bulletin, floor) if names_machines else bulletin


def passage(
    bulletin: Tlp,
    ceiling: Tlp,
    *,
    names_machines: bool,
    floor: Tlp = MACHINES_FLOOR,
    pap: Pap = Pap.CLEAR,
    pap_ceiling: Pap = Pap.RED,
) -> Passage:
    """Return what may go to a destination of that ceiling: always something, never above it.

    The surprising case: a public bulletin does not reach a CLEAR destination even as counts,
    because the counts are the facility's, not the publisher's. A bulletin whose PAP is above
    the destination's gives the notice, whatever its TLP: its very name is content.
    """
    if pap > pap_ceiling:
        return Passage(Form.NOTICE, Tlp.CLEAR)
    whole = message_marking(bulletin, names_machines=names_machines, floor=floor)
    if whole <= ceiling:
        return Passage(Form.FULL, whole)
    counts = max(bulletin, COUNTS_FLOOR)
    if counts <= ceiling:
        return Passage(Form.REDUCED, counts)
    return Passage(Form.NOTICE, Tlp.CLEAR)


def subject_may_speak(marking: Tlp) -> bool:
    """Whether the subject of a mail of that marking may say what the mail is about."""
    return marking <= SUBJECT_CEILING
