"""A viewer of the local edge, and signers as an application's back end has them."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from image_scaler.signing import Policy, Signer, custom_policy, image_policy
from local import aws
from local.outputs import Outputs
from tests.deployed import eventually


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def an_hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


class Viewer:
    """Requests only the edge, by default without cookies and signatures."""

    def __init__(self, outputs: Outputs) -> None:
        self.outputs = outputs
        self.url = str(outputs.edge_url)
        self.http = httpx.Client(timeout=60, trust_env=False)
        key = Path(str(outputs.edge_private_key_file)).read_bytes()
        self.signer = Signer(str(outputs.edge_key_pair_id), key)

    def image_url(self, image_id: str, query: str = "width=320&format=jpeg") -> str:
        return f"{self.url}/images/{image_id}" + (f"?{query}" if query else "")

    def policy(self, image_id: str) -> Policy:
        return image_policy(self.url, image_id, expires_at=in_an_hour())

    def everything(self) -> Policy:
        return custom_policy(f"{self.url}/*", expires_at=in_an_hour())

    def get(self, image_id: str, query: str = "width=320&format=jpeg", **headers: str) -> httpx.Response:
        """Fetch a variant with the image's own wildcard signature."""
        url = self.signer.sign_url(self.image_url(image_id, query), self.policy(image_id))
        return self.http.get(url, headers=headers)

    def call(self, method: str, path: str, *, signer: Signer | None = None, **options) -> httpx.Response:
        """Call the API with a signature for everything."""
        url = (signer or self.signer).sign_url(f"{self.url}{path}", self.everything())
        return self.http.request(method, url, **options)

    def send_raw(self, target: bytes, **headers: str) -> httpx.Response:
        """Send a request target exactly as it is written, which httpx would tidy up."""
        parts = urlsplit(self.url)
        connection = HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        with closing(connection):
            connection.request("GET", target.decode("ascii"), headers=headers)
            answer = connection.getresponse()
            return httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())


def runs(outputs: Outputs) -> dict[str, int]:
    """Return how often the functions behind the API have run so far, by their logs."""
    logs = aws.client("logs", outputs)
    functions = aws.client("lambda", outputs)
    counted = {}
    for name in ("manage", "serve", "upload"):
        function = functions.get_function_configuration(FunctionName=outputs.functions[name])
        group = function["LoggingConfig"]["LogGroup"]
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern="REPORT")
        counted[name] = sum(event["message"].startswith("REPORT") for page in pages for event in page["events"])
    return counted


class KeyGroup:
    """A key group of the deployed edge, changed by AWS's own calls; ``restore`` undoes every change."""

    def __init__(self, viewer: Viewer, name: str) -> None:
        self._cloudfront = aws.client("cloudfront", viewer.outputs)
        groups = self._cloudfront.list_key_groups()["KeyGroupList"]["Items"]
        (self._id,) = (
            each["KeyGroup"]["Id"]
            for each in groups
            if each["KeyGroup"]["KeyGroupConfig"]["Comment"] == f"image-scaler local: {name}"
        )
        self.before = self._items()

    def _items(self) -> list[str]:
        return self._cloudfront.get_key_group(Id=self._id)["KeyGroup"]["KeyGroupConfig"]["Items"]

    def set(self, key_pair_ids: list[str]) -> None:
        answer = self._cloudfront.get_key_group(Id=self._id)
        config = {**answer["KeyGroup"]["KeyGroupConfig"], "Items": key_pair_ids}
        self._cloudfront.update_key_group(Id=self._id, IfMatch=answer["ETag"], KeyGroupConfig=config)

    def add_key(self, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
        """Trust one more key; return its key pair id."""
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        config = {"CallerReference": uuid4().hex, "Name": f"test-{uuid4().hex}", "EncodedKey": public.decode()}
        key_pair_id = self._cloudfront.create_public_key(PublicKeyConfig=config)["PublicKey"]["Id"]
        self.set([*self._items(), key_pair_id])
        return key_pair_id

    def restore(self) -> None:
        self.set(self.before)


def pem_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


__all__ = ["KeyGroup", "Viewer", "an_hour_ago", "eventually", "in_an_hour", "pem_of", "runs"]
