"""The sandbox's certificates: an authority for the cluster, one for the aggregation layer, and what they sign."""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=365)  # a sandbox is thrown away long before; `sandbox-down --delete-data` makes new ones
SKEW = timedelta(minutes=5)  # the clock may be set back a little between two starts


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key as PEM files; the key is for the owner only."""

    certificate: Path
    key: Path

    @classmethod
    def at(cls, folder: Path, name: str) -> "Pair":
        return cls(folder / f"{name}.crt", folder / f"{name}.key")

    @property
    def exists(self) -> bool:
        return self.certificate.exists() and self.key.exists()


def authority(folder: Path, name: str) -> Pair:
    """The authority `name`, made once."""
    pair = Pair.at(folder, name)
    if not pair.exists:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name, ())
        signs = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        builder = _builder(subject, subject, key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        _write(pair, builder.add_extension(signs, critical=True).sign(key, hashes.SHA256()), key)
    return pair


def issue(ca: Pair, pair: Pair, name: str, groups: Sequence[str] = (), hosts: Sequence[str] = ()) -> Pair:
    """A certificate for the user `name` in `groups`, made once; as a server it is valid for `hosts`."""
    if pair.exists:
        return pair
    key = ec.generate_private_key(ec.SECP256R1())
    signer = x509.load_pem_x509_certificate(ca.certificate.read_bytes())
    signing = serialization.load_pem_private_key(ca.key.read_bytes(), password=None)
    if not isinstance(signing, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{ca.key} holds no elliptic curve key")
    uses = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])]
    builder = _builder(_name(name, groups), signer.subject, key).add_extension(
        x509.ExtendedKeyUsage(uses), critical=False
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(map(_host, hosts))), critical=False)
    _write(pair, builder.sign(signing, hashes.SHA256()), key)
    return pair


def signing_key(folder: Path, name: str) -> Path:
    """A private key without certificate (service-account tokens), made once."""
    path = folder / f"{name}.key"
    if not path.exists():
        _write_key(path, ec.generate_private_key(ec.SECP256R1()))
    return path


def _name(name: str, groups: Sequence[str]) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + LIFETIME)
    )


def _write(pair: Pair, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    _write_key(pair.key, key)
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = key.private_bytes(
        # The form whose public half the API server reads from the same file, to check what it signed.
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
