"""Access to a running instance for the demo, the benchmarks and the tests: through its edge or around it.

image_scaler's client handles uploads and records; this module adds calls that only tests and tools need.
"""

import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

import httpx

from image_scaler.client import Client
from image_scaler.signing import Signer, custom_policy, image_policy, split_image_url
from local.aws import client as aws_client
from local.outputs import Outputs

POLL_SECONDS: Final = 0.25
TIMEOUT_SECONDS: Final = 60.0
VALID_FOR: Final = timedelta(days=1)


class Access:
    """One way to reach an instance; close it after use.

    ``client`` makes API calls; ``http`` sends requests to ``url`` and paths below it and accepts every status. Both go
    through the edge, ``http`` with cookies for all paths. With ``past_edge`` both call the API directly, with the
    headers that the edge sends, to bypass the edge's cache.
    """

    def __init__(self, outputs: Outputs, *, past_edge: bool = False) -> None:
        self.outputs = outputs
        self.url = outputs.api_url if past_edge else str(outputs.edge_url)
        self.http = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False)
        self._past_edge = PastEdge(outputs) if past_edge else None
        self._calls = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False, transport=self._past_edge)
        if past_edge:
            self.follow_rotation()
        else:
            self.http.cookies.update(viewer_cookies(outputs))
        key = signer(outputs)
        self.client = Client(str(outputs.edge_url), control=key, viewers=key, http=self._calls)

    def __enter__(self) -> Self:
        """Return the access."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.client.close()
        self._calls.close()
        self.http.close()

    def follow_rotation(self) -> None:
        """Send the current origin secret from now on; a rotation changes it."""
        if self._past_edge:
            self._past_edge.headers = origin_headers(self.outputs)
            self.http.headers.update(self._past_edge.headers)

    def variant(self, image_id: str, *, accept: str = "*/*", **parameters: str | int) -> httpx.Response:
        """Fetch a picture from its public URL and return the response, whatever its status."""
        return self.http.get(
            f"{self.url}/images/{image_id}",
            params={name: str(value) for name, value in parameters.items()},
            headers={"Accept": accept},
        )

    def variant_from_origin(self, url: str, *, within_seconds: float = 10.0) -> httpx.Response:
        """Fetch a picture until the edge has noticed that its cache was invalidated. Raises TimeoutError."""
        deadline = time.monotonic() + within_seconds
        while "x-local-trace" not in (answer := self.http.get(url)).headers:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the edge still responds from its cache after {within_seconds:.0f} s")
            time.sleep(POLL_SECONDS)
        return answer

    def forget(self, image_id: str) -> None:
        """Remove one picture from the edge's cache; another edge location would not have it either."""
        aws_client("cloudfront", self.outputs).create_invalidation(
            DistributionId=self.outputs.edge_stack["DistributionId"],
            InvalidationBatch={
                "Paths": {"Quantity": 1, "Items": [f"/images/{image_id}*"]},
                "CallerReference": uuid.uuid4().hex,
            },
        )


class PastEdge(httpx.BaseTransport):
    """Bypasses the edge: sends requests for the edge to the API behind it, and all others to their own host."""

    def __init__(self, outputs: Outputs) -> None:
        self._edge = httpx.URL(str(outputs.edge_url))
        self._api = httpx.URL(outputs.api_url)
        self.headers: dict[str, str] = {}
        self._transport = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        if request.url.netloc == self._edge.netloc:
            target = self._api.raw_path + request.url.raw_path
            request.url = self._api.copy_with(raw_path=target)
            request.headers.update({"Host": self._api.netloc.decode(), **self.headers})
            request.headers.pop("Cookie", None)
        return self._transport.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


def signer(outputs: Outputs) -> Signer:
    """Return the instance's signer, which is in both key groups."""
    return Signer(str(outputs.edge_key_pair_id), Path(str(outputs.edge_private_key_file)).read_bytes())


def viewer_cookies(outputs: Outputs) -> dict[str, str]:
    """Return cookies that are valid for the whole edge for a day."""
    policy = custom_policy(f"{outputs.edge_url}/*", expires_at=datetime.now(UTC) + VALID_FOR)
    return signer(outputs).sign_cookies(policy)


def signed_for_all_sizes(outputs: Outputs, url: str) -> str:
    """Return the URL of an image with a signature that covers all its sizes for a day."""
    policy = image_policy(*split_image_url(url), expires_at=datetime.now(UTC) + VALID_FOR)
    return signer(outputs).sign_url(url, policy)


def origin_headers(outputs: Outputs) -> dict[str, str]:
    """Return the headers that the edge adds to API requests: the origin's secret, and the viewer's address."""
    secrets = aws_client("secretsmanager", outputs)
    secret = secrets.get_secret_value(SecretId=outputs.edge_stack["OriginSecretArn"])["SecretString"]
    return {"X-Origin-Verify": secret, "X-Viewer-Address": "127.0.0.1"}
