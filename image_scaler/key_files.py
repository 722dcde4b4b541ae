"""The key pairs of a stage on disk: public keys for the deployment, private keys for the application.

    keys/prod/viewers/20261124T101500Z-3f2a9c1b4d5e6f70.pem    public, commit it
    keys/prod/control/20261124T101500Z-a1b2c3d4e5f60718.pem
    keys/prod/private/viewers-3f2a9c1b4d5e6f70.pem             private, mode 0600, do not commit it

A group has one or two keys. Rotation adds a new key. When every signer uses it and the last URL of the old key has
expired, the old key is retired. Names sort by age; the second part is the fingerprint.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

KEYS_PER_GROUP: Final = 2
_PRIVATE: Final = "private"


class KeyFilesError(Exception):
    """A stage's keys do not allow an operation; the message says what to do."""


class Group(StrEnum):
    """The key groups: `viewers` may view images, `control` may call the API."""

    VIEWERS = "viewers"
    CONTROL = "control"


class KeyType(StrEnum):
    """rsa: 2048 bits, supported by every signing tool. ecdsa: P-256, shorter URLs and faster signing."""

    RSA = "rsa"
    ECDSA = "ecdsa"


@dataclass(frozen=True)
class KeyPair:
    """The files of a pair: its public file in each group, and its private file."""

    fingerprint: str
    public_files: tuple[Path, ...]
    private_file: Path


class KeyDirectory:
    """The keys of one stage in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def public_files(self, group: Group) -> list[Path]:
        """Return the group's public keys, the oldest first."""
        return sorted((self._directory / group).glob("*.pem"))

    def add(self, groups: list[Group], *, key_type: KeyType = KeyType.RSA) -> KeyPair:
        """Create one pair and add its public key to each of ``groups``.

        Raises KeyFilesError if a group is full: retire its oldest key first.
        """
        for group in groups:
            if len(self.public_files(group)) >= KEYS_PER_GROUP:
                raise KeyFilesError(
                    f"{self._directory / group} already has {KEYS_PER_GROUP} keys, the maximum. "
                    "Retire the oldest first (image-scaler keys retire)."
                )
        key = _generate(key_type)
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        fingerprint = fingerprint_of(public)
        private_file = self._write_private(key, f"{'-'.join(groups)}-{fingerprint}.pem")
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        public_files = []
        for group in groups:
            public_file = self._directory / group / f"{stamp}-{fingerprint}.pem"
            public_file.parent.mkdir(parents=True, exist_ok=True)
            public_file.write_bytes(public)
            public_files.append(public_file)
        return KeyPair(fingerprint, tuple(public_files), private_file)

    def retire_oldest(self, group: Group) -> Path:
        """Remove the group's older public key and return its path; the next deployment no longer trusts it.

        Raises KeyFilesError if there is only one: a group without a key would lock everyone out.
        """
        files = self.public_files(group)
        if len(files) < KEYS_PER_GROUP:
            raise KeyFilesError(
                f"{self._directory / group} has {len(files)} key(s); a key can be retired only if there are two."
            )
        files[0].unlink()
        return files[0]

    def _write_private(self, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, name: str) -> Path:
        path = self._directory / _PRIVATE / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        (path.parent / ".gitignore").write_text("*\n")
        path.touch(mode=0o600)
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return path


def fingerprint_of(public_pem: bytes) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a public key (DER, SubjectPublicKeyInfo)."""
    der = serialization.load_pem_public_key(public_pem).public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(der).hexdigest()[:16]


def _generate(key_type: KeyType) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    if key_type is KeyType.ECDSA:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
