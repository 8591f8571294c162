"""Who speaks, and for which lots of which facilities. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.lots import NO_LOT, Lots


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who answers: a registered person, or a contact who answers a mail.

    Args:
        contact: mailbox of a contact who is nobody registered; then ``person_id`` is None.
        duties: the lots they answer for, by facility id, what they stand in for and the
            members of a GHT included.
        orphans: the lots that nobody answers for, by facility id: anybody there may.
        forwarded: facilities where they answer for what was forwarded to them.
        only: references of the alerts they may answer; None for all.
        link: whoever pressed the link of a mail to that mailbox: the rights are those of its
            person, and nothing proves who it was.
    """

    name: str
    email: str
    person_id: uuid.UUID | None = None
    contact: str = ""
    duties: Mapping[int, Lots] = field(default_factory=dict)
    orphans: Mapping[int, Lots] = field(default_factory=dict)
    forwarded: frozenset[int] = frozenset()
    only: frozenset[str] | None = None
    link: bool = False

    @property
    def facilities(self) -> frozenset[int]:
        """Where they may answer anything."""
        return frozenset(self.duties) | self.forwarded

    @property
    def actor(self) -> str:
        """How the audit names them."""
        if self.link:
            return f"link:{self.email}"
        return str(self.person_id) if self.person_id else f"contact:{self.contact}"

    @property
    def author(self) -> tuple[uuid.UUID | None, str]:
        """Whose answer it is: a person's, or else a mailbox's."""
        return (None, self.email) if self.link else (self.person_id, self.contact)

    def may_answer(self, facility_id: int, reference: str) -> bool:
        """Whether an alert is theirs to answer, if only for some lots."""
        return facility_id in self.facilities and (self.only is None or reference in self.only)

    def lots_of(self, facility_id: int, there: Lots, forwarded: Lots) -> tuple[Lots, Lots]:
        """Of the lots of an alert, those they answer for, and those they may if they say so.

        The second are no less than the first. Who answers for none of them answers for
        those that nobody does.

        Args:
            there: the lots of the alert.
            forwarded: those of them that were forwarded to the prestataire.
        """
        own = self.duties.get(facility_id, NO_LOT)
        own = there & (own | forwarded if facility_id in self.forwarded else own)
        may = own | there & self.orphans.get(facility_id, NO_LOT)
        return own or may, may
