"""A throw-away certificate authority and one certificate under it, made anew for every run."""

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID = timedelta(days=30)
_LOOPBACK = ("127.0.0.1", "::1")


def make_certificate(folder: Path, names: tuple[str, ...], now: float) -> tuple[Path, Path]:
    """Writes `ca.pem` for the clients and `server.pem` (certificate and key) and gives both paths.

    The key of the authority is never written: it vouches for names of the real Azure (`names`, beside localhost), and
    when this returns nobody can sign with it any more. `now` is in seconds since 1970.
    """
    begin = datetime.fromtimestamp(now, UTC) - timedelta(hours=1)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _named("azbackup sandbox, throw-away authority")
    loopback = [x509.IPAddress(ipaddress.ip_address(address)) for address in _LOOPBACK]
    signature_only = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    leaf_usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    root = (
        _builder(authority, authority, authority_key, begin)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(signature_only, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    leaf = (
        _builder(_named("localhost"), authority, key, begin)
        .add_extension(
            x509.SubjectAlternativeName([*(x509.DNSName(name) for name in ("localhost", *names)), *loopback]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(leaf_usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(authority_id, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return (
        _written(folder / "ca.pem", root.public_bytes(pem)),
        _written(folder / "server.pem", leaf.public_bytes(pem) + secret),
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begin: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + _VALID)
    )


def _written(path: Path, content: bytes) -> Path:
    """Only the owner may read it, from its first byte on."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return path
