"""AWS's Signature Version 4 in headers, as botocore signs requests (a test compares the two)."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Credentials:
    """Keys that sign a request; temporary keys have a ``token``."""

    access_key: str
    secret_key: str
    token: str | None = None


def signed(
    headers: Mapping[str, str],
    *,
    method: str,
    path: str,
    body: bytes,
    service: str,
    region: str,
    credentials: Credentials,
    now: datetime,
) -> dict[str, str]:
    """Return the headers with a signature of all of them, the path and the body.

    ``headers`` are in lower case and include ``host``. ``path`` is percent-encoded, without a query. ``now`` is in UTC.
    """
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    complete = {**headers, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    if credentials.token:
        complete["x-amz-security-token"] = credentials.token
    names = sorted(complete)
    lines = [f"{name}:{' '.join(complete[name].split())}" for name in names]
    request = "\n".join([method, path, "", *lines, "", ";".join(names), digest])
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return {**complete, "authorization": authorization}
