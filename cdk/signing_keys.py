"""The public keys that a stage trusts, read from the directory that `image-scaler keys` writes.

    keys/<stage>/viewers/*.pem   may view images
    keys/<stage>/control/*.pem   may call the API

A group has one or two keys; file names sort by age. A key's identity is its fingerprint, so renaming a file does not
change the key in CloudFront.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from cdk.config import ConfigError

KEYS_PER_GROUP: Final = 2

_PEM = re.compile(r"\s*-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+?)-----END PUBLIC KEY-----\s*")


@dataclass(frozen=True)
class TrustedKey:
    """One public key: its PEM text and the first 16 hexadecimal digits of the SHA-256 of its DER form."""

    pem: str
    fingerprint: str

    @classmethod
    def from_pem(cls, pem: str, source: str) -> Self:
        """Read a PEM public key. Raises ConfigError that names ``source``."""
        match = _PEM.fullmatch(pem)
        if not match:
            raise ConfigError(f"{source} is not one PEM public key (-----BEGIN PUBLIC KEY-----)")
        der = base64.b64decode(re.sub(r"\s", "", match[1]))
        return cls(pem=pem.strip() + "\n", fingerprint=hashlib.sha256(der).hexdigest()[:16])


@dataclass(frozen=True)
class SigningKeys:
    """The trusted keys of both groups, the oldest first."""

    viewers: tuple[TrustedKey, ...]
    control: tuple[TrustedKey, ...]

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Read both groups. Raises ConfigError if one has no key, too many keys, or other files."""
        return cls(viewers=_group(directory / "viewers"), control=_group(directory / "control"))

    def check_not_shared(self, directory: Path) -> None:
        """Raise ConfigError when another stage, in a directory beside the keys' own one, has one of the keys."""
        fingerprints = {key.fingerprint for key in (*self.viewers, *self.control)}
        for path in sorted(directory.parent.glob("*/*/*.pem")):
            stage, group = path.relative_to(directory.parent).parts[:2]
            if stage == directory.name or group not in {"viewers", "control"}:
                continue
            if TrustedKey.from_pem(path.read_text(), str(path)).fingerprint in fingerprints:
                raise ConfigError(
                    f"{path} is also a key of {directory}: a signature for one stage would be valid for the other. "
                    f"Create keys of its own with `image-scaler keys create --stage {directory.name}`."
                )

    def check_apart(self) -> None:
        """Raise ConfigError if a key is in both groups: a viewer's signature could then delete images."""
        shared = {key.fingerprint for key in self.viewers} & {key.fingerprint for key in self.control}
        if shared:
            raise ConfigError(
                f"the key {', '.join(sorted(shared))} is in both viewers and control: with it, every viewer could "
                "delete images. Remove it from one group; `image-scaler keys rotate` creates another."
            )


def _group(directory: Path) -> tuple[TrustedKey, ...]:
    files = sorted(directory.glob("*.pem"))
    if not files:
        raise ConfigError(
            f"{directory} has no public key. If the stage is already deployed, get its keys from version control: new "
            "keys invalidate all signed URLs. For a new stage, create them once with "
            f"`image-scaler keys create --directory {directory.parent}` (in the checkout, image-scaler is "
            "`.venv/bin/image-scaler`); then commit the folders viewers and control, and move the "
            "private keys to your secret store."
        )
    if len(files) > KEYS_PER_GROUP:
        raise ConfigError(
            f"{directory} has {len(files)} public keys; it must have 1 or {KEYS_PER_GROUP}. "
            "`image-scaler keys retire` removes the oldest."
        )
    return tuple(TrustedKey.from_pem(path.read_text(), str(path)) for path in files)
