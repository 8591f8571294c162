"""Who is told of which lots: destinations, the contacts of a lot, stand-ins, the one on call."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.domain.absence import STAND_IN_CEILING, Absence, present
from bot.domain.delivery import Address
from bot.domain.escalation import local_day, reachable
from bot.domain.facility import AssetCategory, Contact, Facility
from bot.domain.lots import CORRESPONDENTS, Lots, duties
from bot.domain.routing import Rhythm, Subscription, Terms, by_lot, contact_terms, language_of
from bot.store import Session, absences, people, subscriptions

ON_CALL = "astreinte"  # the role of a contact

Told = tuple[Subscription, Lots]


class Recipients:
    """Answers for one moment; keep it for one transaction."""

    def __init__(self, session: Session, *, now: datetime) -> None:
        self._session = session
        self._now = now
        self._away = absences.around(session, now=now)
        self._stand_ins: dict[int, list[tuple[Absence, Lots]]] = {}
        for absence in self._away:
            if absence.substitute_email:
                self._note_stand_in(session, absence)

    def contacts(self, facility: Facility) -> tuple[Contact, ...]:
        """The contacts of a facility, with those who stand in today."""
        if not self._away:
            return facility.contacts
        return present(facility.contacts, self._away, local_day(self._now, facility))

    def told(
        self,
        facility: Facility,
        subscribed: Sequence[Subscription],
        lots: Collection[AssetCategory],
        *,
        on_call: bool = False,
    ) -> list[Told]:
        """Who is told of what interrupts, and of which of these lots; each address once.

        Beside the destinations: the biomedical and the network contact, of their lots; who
        stands in for somebody who has a role there; with ``on_call``, the contact on call.
        """
        found = by_lot(subscribed, lots)
        language = language_of(subscribed)
        known = {each.to for each, _ in found}
        extra: list[tuple[Contact, Lots]] = []
        contacts = self.contacts(facility)
        for lot in lots:
            role = CORRESPONDENTS.get(lot, "")
            extra += [(contact, frozenset({lot})) for contact in reachable(role, contacts)]
        extra += self._standing_in(facility)
        if on_call:
            extra += [(each, frozenset(lots)) for each in reachable(ON_CALL, contacts)]
        return [*found, *self._added(facility, extra, frozenset(lots), known, language)]

    def standing_in(
        self, facility: Facility, subscribed: Sequence[Subscription]
    ) -> list[Subscription]:
        """Who stands in at a facility today and is not told there by a destination."""
        known = {each.to for each in subscribed}
        every = frozenset(AssetCategory)
        extra = self._standing_in(facility)
        found = self._added(facility, extra, every, known, language_of(subscribed))
        return [each for each, _ in found]

    def _added(
        self,
        facility: Facility,
        extra: Sequence[tuple[Contact, Lots]],
        lots: Lots,
        known: Collection[Address],
        language: str,
    ) -> list[Told]:
        """Mailboxes to be told beside the destinations, each once, with all of its lots."""
        new = {Address.mailbox(contact.email): contact for contact, some in extra if some & lots}
        new = {to: contact for to, contact in new.items() if to not in known}
        terms = subscriptions.terms(self._session, list(new)) if new else {}
        return [
            (
                self._destination(
                    facility, to, contact_terms(contact.ceiling, terms.get(to)), language
                ),
                frozenset[AssetCategory]().union(
                    *(some & lots for other, some in extra if other.email == contact.email)
                ),
            )
            for to, contact in new.items()
        ]

    def _standing_in(self, facility: Facility) -> list[tuple[Contact, Lots]]:
        today = local_day(self._now, facility)
        return [
            (Contact(a.substitute_name, "", a.substitute_email, ceiling=STAND_IN_CEILING), lots)
            for a, lots in self._stand_ins.get(facility.id, ())
            if a.covers(today)
        ]

    def _note_stand_in(self, session: Session, absence: Absence) -> None:
        """Where somebody away has a role, whoever stands in is told of their lots."""
        away = people.by_email(session, absence.email)
        for facility_id in away.facilities() if away else ():
            held = [g.role for g in away.grants if g.facility_id == facility_id] if away else []
            self._stand_ins.setdefault(facility_id, []).append((absence, duties(held)))

    def _destination(
        self, facility: Facility, to: Address, terms: Terms, language: str
    ) -> Subscription:
        """A contact as a destination: told of what interrupts, of nothing else."""
        return Subscription(
            id=0,
            facility_id=facility.id,
            to=to,
            ceiling=terms.ceiling,
            rhythm=Rhythm.MONTHLY,
            language=language,
            digested_at=self._now,
            pap=terms.pap,
        )
