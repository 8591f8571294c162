"""S/MIME: a mail that proves who wrote it. The signature is detached: a client that knows
nothing of it still shows the text."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7Options,
    PKCS7SignatureBuilder,
)

from bot.channels.mail.mime import Mail

CRLF = b"\r\n"
LINE = 76  # characters of base64 a line, RFC 2045


@dataclass(frozen=True, slots=True)
class MailSigner:
    """A certificate, its chain and its private key."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def load(cls, certificate: Path, key: Path) -> MailSigner:
        """Read PEM files: the certificate, then those that vouch for it; its key, RSA or EC.

        Raises:
            ValueError: a file cannot be read, or the key is not the certificate's; the
                message names the file.
        """
        try:
            first, *others = x509.load_pem_x509_certificates(certificate.read_bytes())
        except (OSError, ValueError) as error:
            raise ValueError(f"{certificate}: no certificate could be read") from error
        try:
            private = load_pem_private_key(key.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise ValueError(f"{key}: no unencrypted private key could be read") from error
        if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise ValueError(f"{key}: an RSA or EC key is needed to sign mails")
        if private.public_key() != first.public_key():
            raise ValueError(f"{key}: is not the key of {certificate}")
        return cls(first, tuple(others), private)

    def sign(self, mail: Mail) -> bytes:
        """The mail as ``multipart/signed``, ready for DATA; its other headers are kept.

        The content must already be as relays leave it: 7-bit, CRLF.

        Source: RFC 8551 (S/MIME 4.0), RFC 1847 (multipart/signed).
        """
        signed = mail.content
        builder = PKCS7SignatureBuilder().set_data(signed)
        builder = builder.add_signer(self.certificate, self.key, hashes.SHA256())
        for other in self.chain:
            builder = builder.add_certificate(other)
        options = [PKCS7Options.DetachedSignature, PKCS7Options.Binary]
        signature = builder.sign(Encoding.DER, options)
        boundary = b"signed-" + hashlib.sha256(signed).hexdigest()[:32].encode()
        return CRLF.join(
            [
                mail.headers
                + b'Content-Type: multipart/signed; protocol="application/pkcs7-signature";',
                b' micalg="sha-256"; boundary="' + boundary + b'"',
                b"",
                b"--" + boundary,
                signed,
                b"--" + boundary,
                b'Content-Type: application/pkcs7-signature; name="smime.p7s"',
                b"Content-Transfer-Encoding: base64",
                b'Content-Disposition: attachment; filename="smime.p7s"',
                b"",
                *_lines(signature),
                b"--" + boundary + b"--",
                b"",
            ]
        )


def _lines(raw: bytes) -> list[bytes]:
    encoded = base64.b64encode(raw)
    return [encoded[start : start + LINE] for start in range(0, len(encoded), LINE)]
