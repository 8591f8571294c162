"""A real IMAP server: how it is reached, and what is said when it cannot be."""

from __future__ import annotations

import asyncio
import smtplib
from dataclasses import replace
from email.message import EmailMessage
from functools import partial

import pytest

from bot.chat.imap import ImapFolder, ImapOptions, MailboxError, Point
from tests.servers.dovecot import ACCENTED_PASSWORD, PASSWORD, Dovecot
from tests.servers.postfix import DOMAIN, Postfix
from tests.servers.process import free_port
from tests.servers.waiting import eventually

MAILBOX = "biomedical"
pytestmark = pytest.mark.postfix


@pytest.fixture
def options(dovecot: Dovecot) -> ImapOptions:
    return ImapOptions(
        host="127.0.0.1",
        port=dovecot.port,
        security="tls",
        username=MAILBOX,
        password=PASSWORD,
        ca_file=dovecot.ca_file,
    )


def test_over_tls_and_starttls_with_or_without_accents(
    options: ImapOptions, dovecot: Dovecot
) -> None:
    starttls = replace(options, security="starttls", port=dovecot.starttls_port)
    for each in (options, starttls, replace(options, password=ACCENTED_PASSWORD)):
        folder = ImapFolder.open(each)
        assert folder.waiting(Point(folder.validity, 1_000_000)) == []
        folder.close()


async def test_what_is_new_does_not_depend_on_what_people_read(
    options: ImapOptions, postfix: Postfix
) -> None:
    def write(number: int) -> None:
        mail = EmailMessage()
        mail["Subject"] = f"mail {number}"
        with smtplib.SMTP("127.0.0.1", postfix.port) as relay:
            relay.send_message(mail, f"ssi@{DOMAIN}", [f"{MAILBOX}@{DOMAIN}"])

    def unread() -> list[int]:
        folder = ImapFolder.open(options)
        uids = folder.waiting(None)
        folder.close()
        return uids

    def arrived(count: int) -> bool:
        return len(unread()) == count

    before = len(unread())
    for number in (1, 2):
        await asyncio.to_thread(write, number)
        await eventually(partial(arrived, before + number))
    folder = ImapFolder.open(options)
    first, second = folder.waiting(None)[-2:]
    assert b"Subject: mail 1" in folder.fetch(first)
    folder.mark_read(first)
    folder.mark_read(second)
    assert folder.waiting(Point(folder.validity, first)) == [second]
    assert folder.waiting(Point(folder.validity, second)) == []
    assert second not in folder.waiting(Point(folder.validity + 1, 0))
    assert folder.fetch(second + 1000) == b""
    folder.close()


def test_what_cannot_be_is_said_without_a_secret(options: ImapOptions, dovecot: Dovecot) -> None:
    faults = {
        "refused biomedical": replace(options, password="un-autre-secret"),
        "no folder Réponses": replace(options, folder="Réponses"),
        "no folder Absent": replace(options, folder='Absent "ici"'),
        "ConnectionRefusedError": replace(options, port=free_port()),
        "SSLCertVerificationError": replace(options, ca_file=None),
        "refused biomedical: check": replace(
            options, security="plain", port=dovecot.starttls_port, password="en-clair"
        ),
    }
    for said, each in faults.items():
        with pytest.raises(MailboxError, match=said) as refused:
            ImapFolder.open(each)
        assert "secret" not in str(refused.value)
        assert "en-clair" not in str(refused.value)
    assert "mot-de-passe" not in repr(options)
