"""The service's HTTP interface as a client uses it: three ways to upload, follow a status, fetch variants."""

import ssl
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import httpx
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from local.aws import client
from local.outputs import Outputs

POLL_SECONDS: Final = 0.25
IN_PIPELINE: Final = frozenset({"AWAITING_UPLOAD", "PROCESSING"})


class UploadRefusedError(Exception):
    """The service or S3 refused an upload; the message has status and body."""


@dataclass(frozen=True)
class Upload:
    """A picture to upload: its bytes and what is said of it."""

    filename: str
    content_type: str
    body: bytes


class PipelineClient:
    """Talks to one running instance; close it after use. ``url`` is where it sends its calls.

    It goes through the edge with signed cookies. With ``past_edge`` it calls the API itself, with the header that the
    edge would send: for what the edge's cache would hide.
    """

    def __init__(self, outputs: Outputs, *, past_edge: bool = False) -> None:
        self._outputs = outputs
        trust = ssl.create_default_context(cafile=outputs.ca_file)
        self.http = httpx.Client(verify=trust, timeout=60, trust_env=False)
        if past_edge:
            self.url = outputs.api_url
            self.http.headers.update(edge_headers(outputs))
        else:
            self.url = str(outputs.edge_url)
            self.http.cookies.update(signed_cookies(outputs))

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def upload(self, way: str, upload: Upload) -> str:
        """Upload by ``api``, ``put`` or ``post`` and return the image's id. Raises UploadRefusedError."""
        by_way = {"api": self.upload_by_api, "put": self.upload_by_put, "post": self.upload_by_post}
        return by_way[way](upload)

    def upload_by_api(self, upload: Upload) -> str:
        """Send the bytes to the API."""
        answer = self.http.post(
            f"{self.url}/v1/images",
            params={"filename": upload.filename},
            content=upload.body,
            headers={"Content-Type": upload.content_type},
        )
        return str(_accepted(answer)["id"])

    def upload_by_put(self, upload: Upload) -> str:
        """Ask for a presigned PUT and send the bytes to S3."""
        ticket = self.ask_for_upload(upload, "PUT")
        form = ticket["upload"]
        _accepted(self.http.put(form["url"], content=upload.body, headers=form["headers"]))
        return str(ticket["id"])

    def upload_by_post(self, upload: Upload) -> str:
        """Ask for a presigned POST and send the bytes to S3 as a browser's form does."""
        ticket = self.ask_for_upload(upload, "POST")
        form = ticket["upload"]
        files = {"file": (upload.filename, upload.body, upload.content_type)}
        _accepted(self.http.post(form["url"], data=form["fields"], files=files))
        return str(ticket["id"])

    def ask_for_upload(self, upload: Upload, method: str) -> dict[str, Any]:
        """Return the API's answer to an upload that is going to come by ``method``."""
        answer = self.http.post(
            f"{self.url}/v1/images",
            json={
                "filename": upload.filename,
                "content_type": upload.content_type,
                "size": len(upload.body),
                "method": method,
            },
        )
        return _accepted(answer)

    def image(self, image_id: str) -> dict[str, Any]:
        """Return the image's record as the API shows it."""
        return _accepted(self.http.get(f"{self.url}/v1/images/{image_id}"))

    def wait(self, image_id: str, *, within_seconds: float = 90.0) -> dict[str, Any]:
        """Return the image's record once it has left the pipeline. Raises TimeoutError."""
        deadline = time.monotonic() + within_seconds
        while (record := self.image(image_id))["status"] in IN_PIPELINE:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{image_id} is still {record['status']} after {within_seconds:.0f} s")
            time.sleep(POLL_SECONDS)
        return record

    def variant(self, image_id: str, *, accept: str = "*/*", **parameters: str | int) -> httpx.Response:
        """Fetch a picture as its public address serves it, whatever the answer's status is."""
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
                raise TimeoutError(f"the edge answers from its cache after {within_seconds:.0f} s")
            time.sleep(POLL_SECONDS)
        return answer

    def forget(self, image_id: str) -> None:
        """Empty the edge's cache of one picture, as another edge location is empty of it."""
        client("cloudfront", self._outputs).create_invalidation(
            DistributionId=self._outputs.edge_stack["DistributionId"],
            InvalidationBatch={
                "Paths": {"Quantity": 1, "Items": [f"/images/{image_id}*"]},
                "CallerReference": uuid.uuid4().hex,
            },
        )

    def signed_url(self, url: str) -> str:
        """Return a URL with a signature for everything that begins like it, whatever its query: all sizes at once."""
        return _with_signature(self._outputs, url, f"{url.partition('?')[0]}*")

    def delete(self, image_id: str) -> httpx.Response:
        """Take an image down."""
        return self.http.delete(f"{self.url}/v1/images/{image_id}")


def signed_cookies(outputs: Outputs) -> dict[str, str]:
    """Return cookies that open the whole edge for a day, as the application's back end would set them."""
    signed = urlsplit(_with_signature(outputs, f"{outputs.edge_url}/", f"{outputs.edge_url}/*"))
    return {f"CloudFront-{name}": value for name, value in parse_qsl(signed.query)}


def _with_signature(outputs: Outputs, url: str, resource: str) -> str:
    """Return ``url`` signed for a day for ``resource``, by botocore's own signer."""
    key = serialization.load_pem_private_key(Path(str(outputs.edge_private_key_file)).read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the local signing key is no RSA key")
    signer = CloudFrontSigner(
        str(outputs.edge_key_pair_id),
        lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA1()),  # noqa: S303 - CloudFront's own
    )
    policy = signer.build_policy(resource, datetime.now(UTC) + timedelta(days=1))
    return str(signer.generate_presigned_url(url, policy=policy))


def edge_headers(outputs: Outputs) -> dict[str, str]:
    """Return what the edge adds to its requests to the API: the origin's secret, and who is asking."""
    secrets = client("secretsmanager", outputs)
    secret = secrets.get_secret_value(SecretId=outputs.edge_stack["OriginSecretArn"])["SecretString"]
    return {"X-Origin-Verify": secret, "X-Viewer-Address": "127.0.0.1"}


def read_upload(path: Path, content_type: str) -> Upload:
    """Return a file as an upload."""
    return Upload(filename=path.name, content_type=content_type, body=path.read_bytes())


def _accepted(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise UploadRefusedError(
            f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}"
        )
    document: dict[str, Any] = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    return document
