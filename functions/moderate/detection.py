"""Rekognition as ModerateImage sees it: a picture in S3 in, its moderation labels out."""

from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from functions.shared.aws import client, translated_errors
from functions.shared.contracts import Label
from functions.shared.errors import ModerationRefusedError

REFUSALS: Final = frozenset(
    {
        "ImageTooLargeException",
        "InvalidImageFormatException",
        "InvalidParameterException",
        "InvalidS3ObjectException",
    }
)
"""Codes with which Rekognition says that it cannot judge this picture, however often it is asked."""


@dataclass(frozen=True)
class Detection:
    """What Rekognition found in one picture, and the version of the model that looked."""

    labels: tuple[Label, ...]
    model_version: str


class RekognitionDetector:
    """Asks Rekognition. ``rekognition`` is a botocore client; the process's own by default."""

    def __init__(self, rekognition: Any = None) -> None:
        self._rekognition = client("rekognition") if rekognition is None else rekognition

    def detect(self, bucket: str, key: str, *, minimum_confidence: float, frame: int) -> Detection:
        """Return the labels of at least this confidence (percent), marked as found in frame ``frame``.

        Raises ModerationRefusedError or TransientDependencyError.
        """
        try:
            with translated_errors():
                answer = self._rekognition.detect_moderation_labels(
                    Image={"S3Object": {"Bucket": bucket, "Name": key}}, MinConfidence=minimum_confidence
                )
        except ClientError as error:
            if error.response["Error"]["Code"] in REFUSALS:
                raise ModerationRefusedError(f"{key}: {error}") from error
            raise
        labels = tuple(_label(found, frame) for found in answer["ModerationLabels"])
        return Detection(labels, model_version=answer["ModerationModelVersion"])


def _label(found: dict[str, Any], frame: int) -> Label:
    return Label(
        name=found["Name"],
        parent=found.get("ParentName", ""),
        confidence=found["Confidence"],
        taxonomy_level=found.get("TaxonomyLevel", 1),
        frame=frame,
    )
