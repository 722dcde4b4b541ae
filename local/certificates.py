"""A certificate authority for one instance, and the emulator's certificate that it issues.

The emulator uses TLS because the buckets refuse other connections (``aws:SecureTransport``), as on AWS. Nothing is
installed on the machine: each client is configured to trust the authority.
"""

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificates:
    """PEM files: the authority that clients trust, and the server's chain and private key."""

    authority: Path
    chain: Path
    key: Path


def issued_in(folder: Path) -> Certificates:
    """Return the paths of the files in ``folder``."""
    return Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")


def issue(folder: Path) -> Certificates:
    """Write a new authority and a certificate for localhost and 127.0.0.1 into ``folder``."""
    certificates = issued_in(folder)
    authority = trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(certificates.authority)
    certificates.chain.write_bytes(b"".join(each.bytes() for each in server.cert_chain_pems))
    certificates.key.touch(mode=0o600)
    server.private_key_pem.write_to_path(certificates.key)
    return certificates
