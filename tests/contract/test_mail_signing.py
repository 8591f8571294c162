"""Signed mails, checked by OpenSSL after a real relay has handled them."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest

from bot.channels.mail.channel import EmailChannel, EmailOptions, EmailSecurity
from bot.channels.mail.signing import MailSigner
from bot.domain.message import Attachment, Message
from tests.servers.certificates import MailIdentity, make_mail_identity
from tests.servers.postfix import DOMAIN, Postfix

SENDER = "tocsin@sante.example"
MESSAGE = Message(
    subject="[Tocsin] À TRAITER – équipements d’échographie",
    text="À faire : mettre à jour.\n.point\nFrom ici\n" + "é" * 400 + "  \nfin",
    html="<p>À faire : <b>mettre à jour</b></p>",
    attachments=(Attachment("consigne.txt", "text/plain", "Ne répondez pas.\n"),),
)
OPTIONS = EmailOptions("127.0.0.1", SENDER, security=EmailSecurity.PLAIN)


def verified(mail: bytes, identity: MailIdentity) -> subprocess.CompletedProcess[bytes]:
    """What OpenSSL says of a mail."""
    command = ["openssl", "cms", "-verify", "-purpose", "smimesign", "-CAfile"]
    return subprocess.run(
        [*command, str(identity.ca_file)], input=mail, capture_output=True, check=False
    )


@pytest.mark.postfix
@pytest.mark.parametrize("algorithm", ["ec", "rsa"])
async def test_openssl_accepts_a_mail_that_a_relay_delivered_and_refuses_it_altered(
    postfix: Postfix, tmp_path: Path, algorithm: str
) -> None:
    identity = make_mail_identity(tmp_path, SENDER, algorithm=algorithm)
    mailbox = "rssi" if algorithm == "ec" else "biomedical"
    channel = EmailChannel(
        replace(OPTIONS, port=postfix.port, certificate=identity.certificate, key=identity.key)
    )
    receipt = await channel.send(f"{mailbox}@{DOMAIN}", MESSAGE, key="s" * 64)
    await channel.close()
    [raw] = await asyncio.to_thread(postfix.delivered_bytes, mailbox, 1)
    said = await asyncio.to_thread(verified, raw, identity)
    assert said.returncode == 0, said.stderr.decode()
    altered = await asyncio.to_thread(verified, raw.replace(b"jour", b"nuit"), identity)
    assert altered.returncode != 0
    mail = message_from_bytes(raw, policy=SMTP)
    assert mail["Message-ID"] == receipt
    assert mail["Subject"] == MESSAGE.subject
    assert mail.get_content_type() == "multipart/signed"
    signed = message_from_bytes(said.stdout, policy=SMTP)
    plain = signed.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().splitlines() == MESSAGE.text.splitlines()
    assert [part.get_filename() for part in signed.iter_attachments()] == ["consigne.txt"]


def test_a_key_that_is_not_the_certificates_is_named(tmp_path: Path) -> None:
    (tmp_path / "autre").mkdir()
    one = make_mail_identity(tmp_path, SENDER)
    other = make_mail_identity(tmp_path / "autre", SENDER)
    with pytest.raises(ValueError, match=r"mail\.key: is not the key of"):
        MailSigner.load(one.certificate, other.key)
    with pytest.raises(ValueError, match=r"absent\.pem: no certificate"):
        MailSigner.load(tmp_path / "absent.pem", one.key)
    with pytest.raises(ValueError, match=r"mail\.pem: no unencrypted private key"):
        MailSigner.load(one.certificate, one.certificate)
    with pytest.raises(ValueError, match="both"):
        EmailChannel(replace(OPTIONS, certificate=one.certificate))
    assert "PRIVATE" not in repr(MailSigner.load(one.certificate, one.key))
