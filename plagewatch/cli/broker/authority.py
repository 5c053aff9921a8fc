"""A private certificate authority for one broker: elliptic curve P-256, dated, each certificate for one use only."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY = timedelta(days=20 * 365)
SERVER = timedelta(days=825)  # what the strictest clients accept
CLIENT = timedelta(days=5 * 365)
RENEW_BEFORE = timedelta(days=60)
CLOCKS_DIFFER = timedelta(hours=1)  # a logger whose clock is late believes a new certificate all the same


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def read(cls, certificate: bytes, key: bytes) -> "Pair":
        """From PEM. Raises ValueError where they are no such thing."""
        loaded = serialization.load_pem_private_key(key, password=None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise ValueError("the key is of no elliptic curve")
        return cls(x509.load_pem_x509_certificate(certificate), loaded)

    def certificate_pem(self) -> bytes:
        """The certificate, for everybody."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        """The private key, for one."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def ends_soon(self, now: datetime) -> bool:
        """Whether it is time for the next one."""
        return self.certificate.not_valid_after_utc - now < RENEW_BEFORE


def new_key() -> ec.EllipticCurvePrivateKey:
    """A private key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def authority(name: str, now: datetime) -> Pair:
    """An authority that signs certificates and lists of revoked ones, and no other authorities."""
    key = new_key()
    usage = _usage(digital_signature=False, signs=True)
    made = _begun(_named(name), key, now, now + AUTHORITY).issuer_name(_named(name))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made = made.add_extension(usage, critical=True)
    return Pair(made.sign(key, hashes.SHA256()), key)


def server(by: Pair, hosts: Sequence[str], now: datetime, key: ec.EllipticCurvePrivateKey | None = None) -> Pair:
    """A certificate of the broker for names and addresses. Raises ValueError for what is neither."""
    alternative = x509.SubjectAlternativeName([_host(host) for host in hosts])
    return _signed(by, _named(hosts[0]), key or new_key(), (now, SERVER), [alternative])


def client(by: Pair, name: str, now: datetime, key: ec.EllipticCurvePrivateKey | None = None) -> Pair:
    """A certificate by which the broker knows a logger or collector."""
    return _signed(by, _named(name), key or new_key(), (now, CLIENT), [])


def revoked(by: Pair, serials: Sequence[int], now: datetime) -> bytes:
    """The list of certificates that count no longer, PEM. It must not get too old: then nobody is let in."""
    made = x509.CertificateRevocationListBuilder().issuer_name(by.certificate.subject)
    made = made.last_update(now - CLOCKS_DIFFER).next_update(by.certificate.not_valid_after_utc)
    for serial in serials:
        one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - CLOCKS_DIFFER).build()
        made = made.add_revoked_certificate(one)
    made = made.add_extension(_authority_key(by), critical=False)
    # The number must rise from one list to the next.
    made = made.add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
    return made.sign(by.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def hosts_of(certificate: x509.Certificate) -> list[str]:
    """The names and addresses a certificate is for."""
    told = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in told]


def _signed(
    by: Pair,
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    valid: tuple[datetime, timedelta],
    names: Sequence[x509.SubjectAlternativeName],
) -> Pair:
    now, long = valid
    end = min(now + long, by.certificate.not_valid_after_utc)
    use = ExtendedKeyUsageOID.SERVER_AUTH if names else ExtendedKeyUsageOID.CLIENT_AUTH
    made = _begun(subject, key, now, end).issuer_name(by.certificate.subject)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    made = made.add_extension(_usage(digital_signature=True, signs=False), critical=True)
    made = made.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    made = made.add_extension(_authority_key(by), critical=False)
    for name in names:
        made = made.add_extension(name, critical=False)
    return Pair(made.sign(by.key, hashes.SHA256()), key)


def _begun(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - CLOCKS_DIFFER).not_valid_after(end)
    return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _usage(*, digital_signature: bool, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _authority_key(by: Pair) -> x509.AuthorityKeyIdentifier:
    own = by.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
