"""Private keys in file form."""

from cryptography.hazmat.primitives import serialization


def to_pem(key) -> bytes:
    """Return a private key as PEM, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
