"""Every error that functions raise. An expected outcome, such as a rejected upload, is data, not an error.

ImageScalerError
├── TransientDependencyError      an AWS service failed or was unreachable; state machines retry it for minutes
│   └── ThrottledError            an AWS service refused a call because of its rate; retried for a day
├── ContractError                 a state or a record contains a document that breaks its contract
├── InvalidJsonError              a text is not JSON that the API accepts
├── SettingsError                 environment variables are missing or invalid; the cold start fails
├── PolicyError                   a moderation policy is invalid
├── PolicyMissingError            no version of the policy has this digest
├── PolicyUncheckedError          a version of a policy has not been checked, so it cannot be activated
├── PolicyNotPassedError          examples of a policy fail, so it cannot be activated
├── PolicyMilderError             a policy is milder than the floor, so it cannot be activated
├── PolicyChangedError            another version of the policy was activated at the same time
├── FloorNameError                the name `floor` belongs to the tenant `default`
├── PolicyFloorsDifferError       two policies consider labels from different confidences, so they are not compared
├── RejudgementMissingError       no rejudgement has this id
├── RejudgementOutdatedError      a manifest cannot be applied (any more)
├── UndeterminedError             the detector was not asked for labels that a policy considers
├── ObjectMissingError            an S3 object does not exist
├── ObjectChangedError            an S3 object has another ETag than expected
├── RecordMissingError            no image has this id
├── RecordConflictError           the record is not in the state that a write requires
├── RevisionLimitError            the image was processed too often; the state machine itself raises it
├── ModerationRefusedError        Rekognition cannot process a view; the image is held
├── ModerationAnswerError         Rekognition's response is invalid; the image is held
├── NotServedError                the image is not served, so it cannot be changed
├── NotJudgedError                the image's status does not accept the decision
├── RevisionsUsedUpError          the image was changed too often
├── LegalHoldError                the image must be kept, so it cannot be removed
├── LegalHoldChangedError         the legal hold was set again while it was released; it stays set
├── NotUploadedError              the image has no upload that could be kept
├── RemovalNotStartedError        the image is marked as removed, but the state machine `remove` did not start
├── IdempotencyKeyReusedError     the Idempotency-Key belongs to another request
├── IdempotencyKeyInUseError      the first request with the Idempotency-Key is in progress
├── ResponseError                 functions.shared.problem: ends a request with a response
│   └── ProblemError              functions.shared.problem: the response is a problem document
├── VariantError                  functions.shared.variant: a query parameter is invalid
├── NotCanonicalError             functions.shared.variant: a path is not a canonical spelling
├── RefusedPictureError           functions.imaging.refusal: the upload cannot become a picture
├── EndOfFileError                functions.imaging.containers.common: the file ends inside its header
├── SandboxError                  functions.imaging.sandbox: decoding failed because of a bug
├── VariantTooLargeError          functions.variants.errors: the variant exceeds a limit
├── ImageChangedError             functions.variants.errors: the image changed while a variant was generated
├── CallRefusedError              functions.serve.aws.http_api: AWS refused a call that is wrong or not permitted
├── NotSendingError               functions.rotate.edge: the distribution does not send the expected secret
├── NotAcceptedError              functions.rotate.edge: the firewall does not accept a secret that it should
├── UnknownStepError              functions.rotate.steps: Secrets Manager requested a step that does not exist
└── DeliveryError                 functions.webhook.connection: a webhook's receiver cannot be called

``handled`` says what happens with an error that is raised. The state machines name classes of this module in Retry and
Catch: renaming one changes the state machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final


@dataclass(frozen=True)
class Handling:
    """What happens with an error; ``http_status`` is set if it ends a request."""

    by: str
    http_status: int | None = None


STATE_MACHINE: Final = Handling("state machine")
"""A Retry or Catch of a state machine matches the class: the image is held or failed, or the call is repeated."""

STARTUP: Final = Handling("startup")
"""The cold start fails. The deployment is wrong; CloudWatch has the message."""

CALLER: Final = Handling("caller")
"""The function that raises the error catches it."""

FUNCTION_ERROR: Final = Handling("function error")
"""The invocation fails: an alarm on the function's errors goes off, and AWS repeats asynchronous invocations."""


def http(status: int) -> Handling:
    """Return the handling of an error that ends a request with this HTTP status."""
    return Handling("response", http_status=status)


class ImageScalerError(Exception):
    """Base of every error of this project; never raised itself."""

    handled: ClassVar[tuple[Handling, ...]] = ()


class TransientDependencyError(ImageScalerError):
    """An AWS service timed out or failed, or the machine was too slow; the same call may succeed later."""

    handled = (STATE_MACHINE, http(503))


class ThrottledError(TransientDependencyError):
    """An AWS service refused the call because of its rate; neither the call nor the service is at fault.

    A state machine matches names, not subclasses: Retry has an entry for each of the two.
    """

    handled = (STATE_MACHINE, http(503))


class ContractError(ImageScalerError):
    """A document lacks a field or has a field of the wrong type; a retry cannot help."""

    handled = (STATE_MACHINE, FUNCTION_ERROR)


class InvalidJsonError(ImageScalerError):
    """A text is not JSON that the API accepts; ``member`` is the name of a repeated member, None for other faults."""

    handled = (CALLER,)

    def __init__(self, fault: str, *, member: str | None = None) -> None:
        self.fault = fault
        self.member = member
        super().__init__(f"{member} {fault}" if member else fault)


class SettingsError(ImageScalerError):
    """Environment variables are missing or out of range; the message lists all of them."""

    handled = (STARTUP,)


class PolicyError(ImageScalerError):
    """A moderation policy is invalid; ``faults`` are its places and what is wrong there, the message lists all."""

    handled = (STATE_MACHINE, http(400))

    def __init__(self, *faults: tuple[str, str]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{place} {fault}" for place, fault in faults))


class PolicyMissingError(ImageScalerError):
    """No version of the policy has this digest, or no policy has this name."""

    handled = (STATE_MACHINE, http(404))


class PolicyUncheckedError(ImageScalerError):
    """A version of a policy has not been checked; nothing was activated."""

    handled = (http(409),)


class PolicyNotPassedError(ImageScalerError):
    """Examples of a policy fail; it is not activated. ``failures`` has a sentence for each of them."""

    handled = (http(422),)

    def __init__(self, failures: Sequence[str]) -> None:
        self.failures = tuple(failures)
        super().__init__("; ".join(failures))


class PolicyMilderError(ImageScalerError):
    """A policy is milder than the floor; it is not activated. ``places`` has a sentence for each place."""

    handled = (http(409),)

    def __init__(self, places: Sequence[str]) -> None:
        self.places = tuple(places)
        super().__init__("; ".join(places))


class PolicyChangedError(ImageScalerError):
    """Another version of the policy was activated at the same time; nothing was changed."""

    handled = (http(409),)


class FloorNameError(ImageScalerError):
    """Another tenant than `default` uses the name of the floor."""

    handled = (http(400),)


class PolicyFloorsDifferError(ImageScalerError):
    """Two policies consider labels from different confidences (percent), so they are not compared."""

    handled = (http(400),)

    def __init__(self, candidate: float, against: float) -> None:
        self.candidate, self.against = candidate, against
        super().__init__(f"{candidate:g} and {against:g}")


class RejudgementMissingError(ImageScalerError):
    """No rejudgement has this id, or its manifest and report have expired."""

    handled = (http(404),)


class RejudgementOutdatedError(ImageScalerError):
    """A manifest cannot be applied, or not any more; the message says why. Nothing was started."""

    handled = (http(409),)


class UndeterminedError(ImageScalerError):
    """The detector was asked for fewer labels than a policy considers, so there is no decision."""

    handled = (CALLER,)


class ObjectMissingError(ImageScalerError):
    """An S3 object does not exist (404, or 403 if the caller may not list the bucket)."""

    handled = (STATE_MACHINE, CALLER)


class ObjectChangedError(ImageScalerError):
    """An S3 object's ETag is not the expected one: the object was overwritten."""

    handled = (STATE_MACHINE, CALLER)


class RecordMissingError(ImageScalerError):
    """No image record has this id."""

    handled = (http(404), http(410), CALLER)


class RecordConflictError(ImageScalerError):
    """A conditional write found the record in another state; nothing was written."""

    handled = (STATE_MACHINE, CALLER)


class RevisionLimitError(ImageScalerError):
    """The image was processed 100 times, which is the limit: its history would grow without end."""

    handled = (STATE_MACHINE,)


class ModerationRefusedError(ImageScalerError):
    """Rekognition responded that it cannot process this picture."""

    handled = (STATE_MACHINE,)


class ModerationAnswerError(ImageScalerError):
    """Rekognition's response is out of range, incomplete or implausible, so it is not a verdict."""

    handled = (STATE_MACHINE,)


class NotServedError(ImageScalerError):
    """An image cannot be changed because it is not served; ``status`` is its status."""

    handled = (http(409), http(410))

    def __init__(self, status: str) -> None:
        self.status = status
        super().__init__(f"the image is {status}")


class NotJudgedError(ImageScalerError):
    """A decision cannot be made on an image because there is no verdict to change; ``status`` is its status."""

    handled = (http(409), http(410))

    def __init__(self, status: str) -> None:
        self.status = status
        super().__init__(f"the image is {status}")


class RevisionsUsedUpError(ImageScalerError):
    """An image has so many revisions that it can no longer be changed."""

    handled = (http(409),)


class LegalHoldError(ImageScalerError):
    """The image is under a legal hold; nothing was changed."""

    handled = (http(409),)


class LegalHoldChangedError(ImageScalerError):
    """Another call has set the legal hold while this one released it; the hold stays set."""

    handled = (http(409),)


class NotUploadedError(ImageScalerError):
    """The image awaits its upload, so there is no original that a legal hold could keep."""

    handled = (http(409),)


class RemovalNotStartedError(ImageScalerError):
    """The image is marked as removed, but the execution that deletes its files could not be started."""

    handled = (http(503),)


class IdempotencyKeyReusedError(ImageScalerError):
    """The Idempotency-Key was used before with another request."""

    handled = (http(422),)


class IdempotencyKeyInUseError(ImageScalerError):
    """The first request with this Idempotency-Key is in progress."""

    handled = (http(409),)
