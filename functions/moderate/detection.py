"""Rekognition as ModerateImage sees it: a picture in S3 in, its moderation labels out.

An answer is taken only if it is one that Rekognition can give to what it was asked. Anything else says that something
is wrong on the way, so that neither a label nor the lack of one means anything.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from functions.shared.aws import client, translated_errors
from functions.shared.contracts import Label, View
from functions.shared.errors import ModerationAnswerError, ModerationRefusedError

REFUSALS: Final = frozenset(
    {
        "ImageTooLargeException",
        "InvalidImageFormatException",
        "InvalidParameterException",
        "InvalidS3ObjectException",
    }
)
"""Codes with which Rekognition says that it cannot judge this picture, however often it is asked."""

MOST_LABELS: Final = 100
"""Labels in one answer: version 7 of the taxonomy has 52 in all."""

MOST_NAME_CHARACTERS: Final = 256
HIGHEST_CONFIDENCE: Final = 100.0

ROUNDING: Final = 0.001
"""Percent by which a confidence may miss its bounds: Rekognition computes in 32-bit floating point."""

DEEPEST_LEVEL: Final = 10
"""Of the taxonomy; version 7 has three."""


@dataclass(frozen=True)
class Detection:
    """What Rekognition found in one picture, and the version of the model that looked."""

    labels: tuple[Label, ...]
    model_version: str


class RekognitionDetector:
    """Asks Rekognition. ``rekognition`` is a botocore client; the process's own by default. Threads may share one."""

    def __init__(self, rekognition: Any = None) -> None:
        self._rekognition = client("rekognition") if rekognition is None else rekognition

    def detect(self, bucket: str, view: View, *, minimum_confidence: float) -> Detection:
        """Return the labels of at least this confidence (percent), marked with the view's frame and rendering.

        Raises ModerationRefusedError, ModerationAnswerError or TransientDependencyError.
        """
        try:
            with translated_errors():
                answer = self._rekognition.detect_moderation_labels(
                    Image={"S3Object": {"Bucket": bucket, "Name": view.key}}, MinConfidence=minimum_confidence
                )
        except ClientError as error:
            if error.response["Error"]["Code"] in REFUSALS:
                raise ModerationRefusedError(f"{view.key}: {error}") from error
            raise
        except (ResponseParserError, AttributeError, TypeError) as error:  # botocore's, on documents of another shape
            raise ModerationAnswerError(f"{view.key}: the answer cannot be read: {error!r}") from error
        return _checked(answer, view, minimum_confidence)


def _checked(answer: dict[str, Any], view: View, minimum_confidence: float) -> Detection:
    found, version = answer.get("ModerationLabels"), answer.get("ModerationModelVersion")
    if not isinstance(found, list):
        raise ModerationAnswerError(f"{view.key}: the answer has no list of labels")
    if len(found) > MOST_LABELS:
        raise ModerationAnswerError(f"{view.key}: the answer has {len(found)} labels; at most {MOST_LABELS} can be")
    if not _is_name(version):
        raise ModerationAnswerError(f"{view.key}: the answer names no version of the model")
    faults = [fault for label in found for fault in _faults(label, minimum_confidence)]
    if faults:
        raise ModerationAnswerError(f"{view.key}: {faults[0]}")
    return Detection(tuple(_label(label, view) for label in found), model_version=str(version))


def _faults(label: Any, minimum_confidence: float) -> list[str]:
    """Return what a label cannot be like. The texts show no value: an answer may hold anything."""
    if not isinstance(label, dict):
        return ["a label is no object"]
    faults = []
    if not _is_name(label.get("Name")):
        faults.append("a label has no name")
    if label.get("ParentName") and not _is_name(label["ParentName"]):
        faults.append("a label's parent is no name")
    confidence = label.get("Confidence")
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not math.isfinite(confidence):
        faults.append("a label's confidence is no number")
    elif not minimum_confidence - ROUNDING <= confidence <= HIGHEST_CONFIDENCE + ROUNDING:
        faults.append(f"a label's confidence is not from {minimum_confidence:g}, as asked for, to 100")
    level = label.get("TaxonomyLevel", 1)
    if isinstance(level, bool) or not isinstance(level, int) or not 1 <= level <= DEEPEST_LEVEL:
        faults.append("a label's level in the taxonomy is none")
    return faults


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= len(value) <= MOST_NAME_CHARACTERS


def _label(found: dict[str, Any], view: View) -> Label:
    return Label(
        name=found["Name"],
        parent=found.get("ParentName") or "",
        confidence=min(found["Confidence"], HIGHEST_CONFIDENCE),
        taxonomy_level=found.get("TaxonomyLevel", 1),
        frame=view.frame,
        rendering=view.rendering,
    )
