"""A real IMAP server: how it is reached, and what is said when it cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.chat.imap import ImapFolder, ImapOptions, MailboxError, Point
from tests.servers.dovecot import ACCENTED_PASSWORD, PASSWORD, Dovecot
from tests.servers.process import free_port

pytestmark = pytest.mark.postfix


@pytest.fixture
def options(dovecot: Dovecot) -> ImapOptions:
    return ImapOptions(
        host="127.0.0.1",
        port=dovecot.port,
        security="tls",
        username="biomedical",
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
