"""`aws cloudfront sign`, as a person runs it: the command line of PyPI's `awscli`, with no account and no settings."""

import os
import subprocess
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def aws_cloudfront_sign(url: str, *, key_pair_id: str, key_file: Path, **options: str) -> str:
    """Return what the command prints; ``options`` are its own, with underscores (``date_less_than="2030-01-02"``)."""
    command = [str(Path(sys.executable).with_name("aws")), "cloudfront", "sign", "--url", url]
    command += ["--key-pair-id", key_pair_id, "--private-key", f"file://{key_file}"]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", value]
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(key_file.parent), **nowhere}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip()


def write_key(key: rsa.RSAPrivateKey, path: Path) -> Path:
    """Write a private key in the one form that the command reads (PKCS #1) and return its path."""
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    return path
