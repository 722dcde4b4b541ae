"""The client of one stage."""

import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self, TypedDict, TypeVar, Unpack
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import httpx

from image_scaler.client.calls import Calls, Retries, checked_id, new_http, query_of
from image_scaler.client.errors import ClientError
from image_scaler.client.pictures import Pictures
from image_scaler.client.policies import Policies
from image_scaler.client.polling import poll
from image_scaler.client.rejudgements import Rejudgements
from image_scaler.client.results import (
    HistoryLine,
    HistoryPage,
    Image,
    OwnerRemoval,
    Page,
    Resumption,
    Ticket,
    Upload,
)
from image_scaler.client.uploads import (
    LARGEST_DIRECT_BYTES,
    Method,
    Progress,
    Source,
    content_type_of,
    name_of,
    opened,
    send_to_storage,
)
from image_scaler.profiles import Profile, load_profile
from image_scaler.signing import RESERVED_PARAMETERS, Signer, control_url, split_image_url

WAIT_SECONDS: Final = 120.0
REMOVAL_SECONDS: Final = 1800.0
"""A removal deletes a last time when every write in progress has ended, about eleven minutes later."""
PAGE_SIZE: Final = 100
BROWSER_ACCEPT: Final = "image/avif,image/webp,*/*"

Paged = TypeVar("Paged", Page, HistoryPage, OwnerRemoval, Resumption)


class Selection(TypedDict, total=False):
    """The tenant of a list, and at most one other parameter that selects its images. openapi.yaml (listImages)
    describes each."""

    tenant: str | None
    owner: str | None
    status: str | None
    verdict: str | None
    label: str | None
    sha256: str | None


class Client:
    """Uploads, reads, lists, removes and resumes images of one stage. Close it after use, or use it in a ``with``.

    It has a key of the group `control`, which can remove every image, so use it only on servers. It is thread-safe.
    """

    def __init__(
        self,
        edge: str,
        *,
        control: Signer,
        viewers: Signer | None = None,
        http: httpx.Client | None = None,
        retries: Retries | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        """Create a client of ``edge`` (``https://images.example.com``).

        ``control`` signs calls, ``viewers`` image URLs (None if they are public). ``http`` replaces the client's own
        HTTP client, and ``close`` does not close it. ``sleep`` waits for seconds.
        """
        self._edge = edge.removesuffix("/")
        self._sleep = sleep or time.sleep
        self._closes = http is None
        self._http = new_http() if http is None else http
        self._calls = Calls(self._http, signer=control, retries=retries or Retries(), sleep=self._sleep)
        self.pictures = Pictures(self._edge, viewers)
        self.policies = Policies(self._edge, self._calls)
        self.rejudgements = Rejudgements(self._edge, self._calls, sleep=self._sleep)

    @classmethod
    def from_profile(cls, profile: Profile | str | None = None, **options: Any) -> Self:
        """Create a client of a profile, given as an object or by name; by default of the default profile. See
        docs/cli.md.

        Raises ProfileError.
        """
        found = profile if isinstance(profile, Profile) else load_profile(profile)
        viewers = found.viewers.signer() if found.viewers else None
        return cls(found.edge, control=found.control_key().signer(), viewers=viewers, **options)

    def close(self) -> None:
        """Close the connections."""
        if self._closes:
            self._http.close()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Close the connections."""
        self.close()

    # --- uploads

    def upload(
        self,
        source: Source,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        tenant: str | None = None,
        owner: str | None = None,
        policy: str | None = None,
        method: Method | None = None,
        idempotency_key: str | None = None,
        progress: Progress | None = None,
    ) -> Upload:
        """Upload an image and return its id; the pipeline then processes it (``wait``).

        By default, name and type come from the file; the type depends on the extension. Without ``method``, files of up
        to 4.5 MB go to the API and larger ones to S3 with a presigned PUT. ``policy`` as in ``create_upload``. A retry
        does not create a second image; ``idempotency_key`` extends this to repeated calls within 24 hours with the same
        content. Raises ClientError.
        """
        with opened(source, progress) as body:
            name = filename or name_of(source) or "image"
            media_type = content_type or content_type_of(name)
            way = method or (Method.API if body.size <= LARGEST_DIRECT_BYTES else Method.PUT)
            key = idempotency_key or uuid.uuid4().hex
            if way is not Method.API:
                ticket = self.create_upload(
                    filename=name, content_type=media_type, size=body.size, method=way, tenant=tenant, owner=owner,
                    policy=policy, idempotency_key=key,
                )  # fmt: skip
                send_to_storage(self._calls, ticket, body, filename=name)
                return Upload(ticket.id, ticket.status)
            query = query_of({"filename": name, "tenant": tenant, "owner": owner, "policy": policy})
            headers = {"Content-Type": media_type, "Content-Length": str(body.size), "Idempotency-Key": key}
            document = self._calls.api("POST", f"{self._address()}{query}", headers=headers, content=body.chunks)
            return Upload(str(document["id"]), str(document["status"]))

    def create_upload(
        self,
        *,
        filename: str,
        content_type: str,
        size: int,
        method: Method = Method.POST,
        tenant: str | None = None,
        owner: str | None = None,
        policy: str | None = None,
        idempotency_key: str | None = None,
    ) -> Ticket:
        """Create a record and return the presigned request for uploading ``size`` bytes.

        A browser sends it (``Ticket.upload``), or ``send`` does. ``policy`` is the name of the tenant's policy that
        judges the image. Raises ClientError.
        """
        asked = {
            "filename": filename, "content_type": content_type, "size": size, "method": Method(method).value,
            "tenant": tenant, "owner": owner, "policy": policy,
        }  # fmt: skip
        key = idempotency_key or uuid.uuid4().hex
        return Ticket.from_document(self._calls.send_json("POST", self._address(), asked, Idempotency_Key=key))

    def send(self, ticket: Ticket, source: Source, *, progress: Progress | None = None) -> None:
        """Send the file of a ticket to S3. Raises UploadRefusedError or UnreachableError."""
        with opened(source, progress) as body:
            send_to_storage(self._calls, ticket, body, filename=name_of(source) or "image")

    # --- records

    def get(self, image_id: str) -> Image:
        """Return an image's record. Raises NotFoundError, also for an invalid id, or another ClientError."""
        return Image.from_document(self._calls.api("GET", self._address(image_id)))

    def list(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        page_size: int = PAGE_SIZE,
        cursor: str | None = None,
        **selection: Unpack[Selection],
    ) -> Iterator[Image]:
        """Yield a tenant's images, newest first, a page at a time; by default the API's default tenant's.

        ``since`` and ``until`` (with a time zone) limit the time of their creation. Raises ClientError.
        """

        def read(at: str | None) -> Page:
            return self.page(since=since, until=until, limit=page_size, cursor=at, **selection)

        for page in _pages(read, start=cursor):
            yield from page.items

    def page(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
        **selection: Unpack[Selection],
    ) -> Page:
        """Return one page of what ``list`` yields, of up to ``limit`` (1 to 100) images. Raises ClientError."""
        asked: dict[str, Any] = {**selection, "from": _iso(since), "to": _iso(until), "limit": limit, "cursor": cursor}
        return Page.from_document(self._calls.api("GET", f"{self._address()}{query_of(asked)}"))

    def history(self, image_id: str) -> Iterator[HistoryLine]:
        """Yield the events of an image in the order of the API. Raises ClientError.

        A record has the newest events; older ones are read in pages.
        """

        def read(cursor: str | None) -> HistoryPage:
            address = f"{self._address(image_id)}/history{query_of({'limit': PAGE_SIZE, 'cursor': cursor})}"
            return HistoryPage.from_document(self._calls.api("GET", address))

        image = self.get(image_id)
        yield from image.history
        if image.history_cursor is not None:
            for page in _pages(read, start=image.history_cursor):
                yield from page.items

    def set_focal_point(self, image_id: str, x: float, y: float) -> Image:
        """Set what crops with position=auto keep, from 0 to 1 of the width and of the height; return the record.

        The service rounds the point to sixteenths. It stays set when the image is processed again. The call may be
        repeated. Raises NotFoundError, ConflictError (the image is not published) or another ClientError.
        """
        point = {"focal_point": {"x": x, "y": y}}
        return Image.from_document(self._calls.send_json("PATCH", self._address(image_id), point))

    def decide(
        self, image_id: str, decision: str, *, reason: str, note: str | None = None, tenant: str | None = None
    ) -> dict[str, Any]:
        """Override the verdict of an image with allow, blur or block, or decide its review; see openapi.yaml.

        The result's ``outcome`` is queued if the image is processed again before it has the decision (``wait``). The
        decision stands until the next one. The call may be repeated. Raises NotFoundError (also for an image of another
        tenant), ConflictError (the status does not accept the decision) or another ClientError.
        """
        asked = {"decision": decision, "reason": reason, "note": note}
        address = f"{self._address(image_id)}/verdict{query_of({'tenant': tenant})}"
        return self._calls.send_json("POST", address, asked)

    def explain(self, url: str, *, accept: str = BROWSER_ACCEPT) -> dict[str, Any]:
        """Explain which picture an image URL, signed or not, returns, and why; see openapi.yaml (explainVariant).

        ``accept`` is the viewer's Accept header. Raises SigningError if it is not the URL of an image,
        InvalidRequestError for invalid parameters, NotFoundError or another ClientError.
        """
        _, image_id = split_image_url(url)
        parts = urlsplit(url)
        canonical = unquote(parts.path.removeprefix(f"/images/{image_id}").removeprefix("/"))
        pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in RESERVED_PARAMETERS]
        if canonical:
            pairs = [("canonical", canonical)]
        query = f"?{urlencode(pairs, quote_via=quote)}" if pairs else ""
        return self._calls.api("GET", f"{self._address(image_id)}/explanation{query}", headers={"Accept": accept})

    def delete(self, image_id: str) -> None:
        """Remove an image. It is no longer served; its files are being deleted (``wait_until_gone``).

        The call may be repeated. Raises NotFoundError, ConflictError (a legal hold) or another ClientError.
        """
        self._calls.api("DELETE", self._address(image_id))

    def delete_owner(
        self, owner: str, *, tenant: str | None = None, on_held: Callable[[str], None] | None = None
    ) -> Iterator[str]:
        """Remove all images of an owner, some per call, and yield their ids, newest image first.

        ``on_held`` is called with the id of each image under a legal hold, which stays. After an error, start again:
        images that are removed stay so, and their ids are yielded again while their files are being deleted. Raises
        ClientError.
        """

        def remove(cursor: str | None) -> OwnerRemoval:
            address = f"{self._edge}/v1/owners/{quote(owner, safe='')}/images"
            query = query_of({"tenant": tenant, "cursor": cursor})
            return OwnerRemoval.from_document(self._calls.api("DELETE", f"{address}{query}"))

        for page in _pages(remove):
            if on_held:
                for image_id in page.held:
                    on_held(image_id)
            yield from page.removed

    def set_legal_hold(self, image_id: str, *, enabled: bool, reason: str) -> Image:
        """Set or release a legal hold on an image and every version of its original; return the record.

        While the hold is set, the image cannot be removed. The history shows the reason. The call may be repeated.
        Raises NotFoundError, ConflictError (no upload yet, or set by another call at the same time) or another
        ClientError.
        """
        address = f"{self._address(image_id)}/legal-hold"
        return Image.from_document(self._calls.send_json("PUT", address, {"enabled": enabled, "reason": reason}))

    def resume(
        self,
        status: str,
        *,
        since: datetime | None = None,
        tenant: str | None = None,
        on_skipped: Callable[[str], None] | None = None,
    ) -> Iterator[str]:
        """Resume a tenant's images that are HELD or FAILED, a page at a time, and yield their ids, newest image first.

        ``since`` (with a time zone) selects images whose records were updated then or later. The pipeline processes
        them when their turn comes (``wait``). ``on_skipped`` is called with the id of each image that cannot be
        resumed, because its record does not identify the upload. The call may be repeated. Raises ClientError.
        """

        def resume(cursor: str | None) -> Resumption:
            asked = {"status": status, "since": _iso(since), "tenant": tenant, "cursor": cursor}
            return Resumption.from_document(self._calls.send_json("POST", f"{self._edge}/v1/resumptions", asked))

        for page in _pages(resume):
            if on_skipped:
                for image_id in page.skipped:
                    on_skipped(image_id)
            yield from page.resumed

    # --- waiting

    def wait(
        self, image_id: str, *, within_seconds: float = WAIT_SECONDS, on_change: Callable[[Image], None] | None = None
    ) -> Image:
        """Wait until the image is processed and return its record, whatever the outcome.

        ``on_change`` is called with the record after each change of its status. Raises WaitTimeoutError, NotFoundError
        or another ClientError.
        """
        return self._poll_image(image_id, lambda image: not image.in_progress, within_seconds, on_change)

    def wait_until_gone(
        self,
        image_id: str,
        *,
        within_seconds: float = REMOVAL_SECONDS,
        on_change: Callable[[Image], None] | None = None,
    ) -> Image:
        """Wait until the files of a removed image are deleted and return its record. Raises the errors of ``wait``."""
        return self._poll_image(image_id, lambda image: image.is_gone, within_seconds, on_change)

    def _poll_image(
        self,
        image_id: str,
        is_done: Callable[[Image], bool],
        within_seconds: float,
        on_change: Callable[[Image], None] | None,
    ) -> Image:
        return poll(
            image_id,
            self.get,
            sleep=self._sleep,
            is_done=is_done,
            changing=lambda image: (image.status, image.removal),
            within_seconds=within_seconds,
            on_change=on_change,
        )

    def _address(self, image_id: str | None = None) -> str:
        address = control_url(self._edge)
        if image_id is None:
            return address
        return f"{address}/{checked_id(image_id, 'an image')}"


def _pages(read: Callable[[str | None], Paged], *, start: str | None = None) -> Iterator[Paged]:
    """Read and yield pages from a cursor (default: the first page) to the last, which has no cursor."""
    cursor = start
    while True:
        page = read(cursor)
        yield page
        if page.cursor is None:
            return
        cursor = page.cursor


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


__all__ = ["Client", "ClientError"]
