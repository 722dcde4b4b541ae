"""The client for an application's back end: uploads, records, and signed addresses of pictures.

    from image_scaler.client import Client

    with Client.from_profile() as client:
        upload = client.upload("cat.jpg", owner="alice")
        image = client.wait(upload.id)
        if image.is_served:
            print(client.pictures.srcset(image.id, image.size))

docs/client.md shows the rest.
"""

from image_scaler.client.calls import Retries
from image_scaler.client.errors import (
    AccessDeniedError,
    ClientError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    Problem,
    RateLimitedError,
    ResponseError,
    ServiceError,
    UnexpectedAnswerError,
    UnreachableError,
    UploadRefusedError,
    WaitTimeoutError,
)
from image_scaler.client.pictures import Pictures, SignedCookies, Variant
from image_scaler.client.policies import Policies, PolicyInForce, PolicyVersion
from image_scaler.client.rejudgements import Rejudgements
from image_scaler.client.results import (
    HistoryLine,
    Image,
    Label,
    Original,
    Page,
    Rejudgement,
    Removal,
    Rendition,
    Status,
    Ticket,
    Upload,
    Verdict,
)
from image_scaler.client.service import Client, Selection
from image_scaler.client.uploads import Method

__all__ = [
    "AccessDeniedError",
    "Client",
    "ClientError",
    "ConflictError",
    "HistoryLine",
    "Image",
    "InvalidRequestError",
    "Label",
    "Method",
    "NotFoundError",
    "Original",
    "Page",
    "Pictures",
    "Policies",
    "PolicyInForce",
    "PolicyVersion",
    "Problem",
    "RateLimitedError",
    "Rejudgement",
    "Rejudgements",
    "Removal",
    "Rendition",
    "ResponseError",
    "Retries",
    "Selection",
    "ServiceError",
    "SignedCookies",
    "Status",
    "Ticket",
    "UnexpectedAnswerError",
    "UnreachableError",
    "Upload",
    "UploadRefusedError",
    "Variant",
    "Verdict",
    "WaitTimeoutError",
]
