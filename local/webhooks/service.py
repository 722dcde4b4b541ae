"""The receiver's HTTP service.

    POST   /webhooks      a message; 204 if a signature is valid, otherwise 401
    GET    /events        the verified messages, oldest first; ``?image_id=`` selects those of one image
    PUT    /forwarding    {"url": …}: sends each verified message to another address of this machine as it came;
                          returns {"secret": …}, with which that address verifies it

It listens on this machine only.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

logger = logging.getLogger(__name__)

KEPT_EVENTS: Final = 5_000
FORWARDED_HEADERS: Final = ("content-type", "webhook-id", "webhook-timestamp", "webhook-signature")
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1"})


class Receiver:
    """Verifies and keeps messages. ``read_secret`` returns the secret of the stage; it is read when it is needed."""

    def __init__(self, read_secret: Callable[[], str], http: httpx.AsyncClient) -> None:
        self._read_secret = read_secret
        self._http = http
        self._secret = ""
        self._events: dict[str, dict[str, Any]] = {}
        self._order: deque[str] = deque()
        self._forward_to: set[str] = set()
        self._forwarding: set[asyncio.Task[None]] = set()

    async def receive(self, request: Request) -> Response:
        """Take one message. A message that arrives again is counted and not kept twice."""
        body = await request.body()
        document = await asyncio.to_thread(self._verified, body, dict(request.headers))
        if document is None:
            return JSONResponse({"detail": "no valid signature"}, status_code=401)
        self._keep(request.headers["webhook-id"], document)
        for url in self._forward_to:
            task = asyncio.create_task(self._forward(url, request.headers, body))
            self._forwarding.add(task)
            task.add_done_callback(self._forwarding.discard)
        return Response(status_code=204)

    async def events(self, request: Request) -> Response:
        """Return the messages."""
        wanted = request.query_params.get("image_id")
        events = [event for event in self._events.values() if wanted in {None, event["data"].get("image_id")}]
        return JSONResponse({"events": events})

    async def forward(self, request: Request) -> Response:
        """Forward messages to one more address."""
        url = str((await request.json())["url"])
        if urlsplit(url).hostname not in LOOPBACK_NAMES:
            return JSONResponse({"detail": "url must be on this machine"}, status_code=400)
        self._secret = await asyncio.to_thread(self._read_secret)
        self._forward_to.add(url)
        return JSONResponse({"secret": self._secret})

    def _verified(self, body: bytes, headers: Mapping[str, str]) -> dict[str, Any] | None:
        """Return the document of a message; None if no signature is valid, also not with the secret read again."""
        for refresh in (not self._secret, True):
            if refresh:
                self._secret = self._read_secret()
            try:
                document: dict[str, Any] = Webhook(self._secret).verify(body, dict(headers))
            except WebhookVerificationError as error:
                logger.warning("a message does not verify: %s", error)
            else:
                return document
        return None

    def _keep(self, message_id: str, document: dict[str, Any]) -> None:
        if message_id in self._events:
            self._events[message_id]["times"] += 1
            return
        self._events[message_id] = {"id": message_id, **document, "times": 1}
        self._order.append(message_id)
        if len(self._order) > KEPT_EVENTS:
            del self._events[self._order.popleft()]

    async def _forward(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        kept = {name: headers[name] for name in FORWARDED_HEADERS if name in headers}
        try:
            answer = await self._http.post(url, content=body, headers=kept)
        except httpx.TransportError:
            self._forward_to.discard(url)  # the application has ended
        else:
            logger.info("%s responded %s to %s", url, answer.status_code, json.dumps(kept.get("webhook-id")))


def application(receiver: Receiver) -> Starlette:
    """Return the ASGI application of a receiver."""
    return Starlette(
        routes=[
            Route("/webhooks", receiver.receive, methods=["POST"]),
            Route("/events", receiver.events),
            Route("/forwarding", receiver.forward, methods=["PUT"]),
        ]
    )
