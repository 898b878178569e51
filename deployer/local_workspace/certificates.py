"""A certificate authority for one server, made at the first start; its key is thrown away after its one signature."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

from deployer.local_workspace.home import Home, write_private

if TYPE_CHECKING:
    from cryptography import x509

_DAYS_VALID = 800
_DAYS_RENEWED_BEFORE = 60


def ensure_certificates(home: Home) -> None:
    """See to it that `ca.pem` and `server.pem` are there and will be valid for another two months."""
    if home.ca.exists() and home.server_certificate.exists() and not _old(home):
        return
    authority, server = _make()
    write_private(home.server_certificate, server)
    write_private(home.ca, authority)


def _old(home: Home) -> bool:
    age = time.time() - home.ca.stat().st_mtime
    return age > (_DAYS_VALID - _DAYS_RENEWED_BEFORE) * 86_400


def _make() -> tuple[str, str]:
    """The authority's certificate, and the server's certificate with its key, both PEM, for loopback names only."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = named("deployer local workspace CA")
    now = datetime.now(UTC)
    blank = (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_DAYS_VALID))
    )
    authority_id = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    authority = (
        blank.subject_name(issuer)
        .public_key(authority_key.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_ca_usage(), critical=True)
        .add_extension(authority_id, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    addresses = [x509.IPAddress(ip_address("127.0.0.1")), x509.IPAddress(ip_address("::1")), x509.DNSName("localhost")]
    server = (
        blank.subject_name(named("localhost"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_id), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return authority.public_bytes(pem).decode(), (server.public_bytes(pem) + plain).decode()


def _ca_usage() -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
