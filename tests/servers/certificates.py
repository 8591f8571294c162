"""A private authority and a server certificate for 127.0.0.1, made anew for each run."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LoopbackTls:
    """``ca_file`` is what a client trusts; ``server`` is what a server listens with, also
    written in ``chain``: certificate and key."""

    ca_file: Path
    chain: Path
    server: ssl.SSLContext


@dataclass(frozen=True, slots=True)
class MailIdentity:
    """What signs mails, and the authority that a reader trusts."""

    certificate: Path
    key: Path
    ca_file: Path


def make_mail_identity(folder: Path, address: str, *, algorithm: str = "ec") -> MailIdentity:
    """Write an authority, and a certificate it signed for a mail address."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = (
        rsa.generate_private_key(65537, 2048)
        if algorithm == "rsa"
        else ec.generate_private_key(ec.SECP256R1())
    )
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Autorité de messagerie d'essai")])
    ca = _certificate(issuer, issuer, ca_key, ca_key.public_key(), authority=True)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tocsin")])
    builder = _builder(name, issuer, key.public_key(), authority=False)
    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    mailbox = x509.SubjectAlternativeName([x509.RFC822Name(address)])
    certificate = (
        builder.add_extension(usages, critical=False)
        .add_extension(mailbox, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    made = MailIdentity(folder / "mail.pem", folder / "mail.key", folder / "mail-ca.pem")
    made.ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(_pem(key))
    return made


def make_loopback_tls(folder: Path) -> LoopbackTls:
    """Write an authority and a certificate it signed for localhost and 127.0.0.1."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Autorité interne d'essai")])
    ca = _certificate(ca_name, ca_name, ca_key, ca_key.public_key(), authority=True)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = _certificate(name, ca_name, ca_key, key.public_key(), authority=False)
    ca_file, chain = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + _pem(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return LoopbackTls(ca_file, chain, context)


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    public_key: ec.EllipticCurvePublicKey,
    *,
    authority: bool,
) -> x509.Certificate:
    builder = _builder(subject, issuer, public_key, authority=authority)
    if not authority:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    *,
    authority: bool,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - VALID)
        .not_valid_after(now + VALID)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
