"""The errors that functions raise. An expected outcome (a rejected upload) is data, never one of these.

ImageScalerError
├── TransientDependencyError   an AWS service failed or was out of reach: the workflow retries it for minutes
│   └── ThrottledError         an AWS service refused a call because of its rate: the workflow retries it for a day
├── ContractError              a state handed over a document that breaks its contract: a bug or a version skew
├── SettingsError              the environment of a function is wrong; raised at import, so the cold start fails
├── PolicyError                the moderation policy file breaks its rules; raised at import, so the cold start fails
├── ObjectMissingError         an S3 object that should be there is not
├── ObjectChangedError         an S3 object is no longer the one that the event named (If-Match failed)
├── RecordMissingError         no record with this id
├── RecordConflictError        the record is no longer in the state that a write expected
├── RevisionLimitError         the image was processed as often as it may be; the workflow itself ends with it
├── ModerationRefusedError     Rekognition refuses a view itself: no verdict can be had, the image is held
└── ModerationAnswerError      Rekognition's answer breaks its own rules: it is no verdict, the image is held

The workflow names these classes in Retry and Catch: a rename here is a change of the state machine.
"""


class ImageScalerError(Exception):
    """Base of every error of this project; never raised itself."""


class TransientDependencyError(ImageScalerError):
    """An AWS service timed out or failed on its side; the same call may succeed later."""


class ThrottledError(TransientDependencyError):
    """An AWS service refused the call because too many came; nothing is wrong with the call or the service.

    The workflow matches names, not subclasses: Retry has an entry for each of the two.
    """


class ContractError(ImageScalerError):
    """A document between states lacks a field or holds the wrong type; retrying cannot help."""


class SettingsError(ImageScalerError):
    """One or more environment variables are missing or out of range; the message lists all of them."""


class PolicyError(ImageScalerError):
    """The moderation policy file breaks its rules; the message lists all faults."""


class ObjectMissingError(ImageScalerError):
    """An S3 object does not exist (404, or 403 where the caller may not list the bucket)."""


class ObjectChangedError(ImageScalerError):
    """An S3 object's ETag is not the expected one: it was overwritten after the event."""


class RecordMissingError(ImageScalerError):
    """No image record has this id."""


class RecordConflictError(ImageScalerError):
    """A conditional write found the record in another state; nothing was written."""


class RevisionLimitError(ImageScalerError):
    """The image was processed 100 times, which is the limit: its history would grow without end."""


class ModerationRefusedError(ImageScalerError):
    """Rekognition answered that it cannot judge this picture at all."""


class ModerationAnswerError(ImageScalerError):
    """Rekognition's answer is out of range, incomplete or absurd; nothing can be concluded from it."""
