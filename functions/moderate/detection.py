"""Calls Rekognition: returns the moderation labels of a picture in S3.

A response is accepted only if Rekognition can give it to the request. Any other response shows a fault, so neither its
labels nor their absence can be trusted.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from functions.policy.policy import REKOGNITION
from functions.shared.aws import client, translated_errors
from functions.shared.contracts import ContentType, Label, View
from functions.shared.errors import ModerationAnswerError, ModerationRefusedError

REFUSALS: Final = frozenset(
    {
        "ImageTooLargeException",
        "InvalidImageFormatException",
        "InvalidParameterException",
        "InvalidS3ObjectException",
    }
)
"""Error codes for pictures that Rekognition cannot process; a retry does not help."""

MOST_LABELS: Final = 100
"""Most labels in one response: version 7 of the taxonomy has 52."""

MOST_NAME_CHARACTERS: Final = 256
HIGHEST_CONFIDENCE: Final = 100.0

ROUNDING: Final = 0.001
"""Percent by which a confidence may exceed its bounds: Rekognition computes in 32-bit floating point."""

DEEPEST_LEVEL: Final = 10
"""Deepest level of the taxonomy; version 7 has three."""


MOST_CONTENT_TYPES: Final = 10
"""Most content types in one response: Rekognition has two, Animated and Illustrated."""


@dataclass(frozen=True)
class Detection:
    """The labels and the content types of one picture, and the version of the model."""

    labels: tuple[Label, ...]
    model_version: str
    content_types: tuple[ContentType, ...] = ()


class RekognitionDetector:
    """Calls Rekognition with a botocore client, by default the process's own. Thread-safe."""

    name: Final = REKOGNITION

    def __init__(self, rekognition: Any = None) -> None:
        self._rekognition = client("rekognition") if rekognition is None else rekognition

    def detect(self, bucket: str, view: View, *, minimum_confidence: float) -> Detection:
        """Return the labels of at least this confidence (percent), with the view's frame and rendering.

        Raises ModerationRefusedError, ModerationAnswerError or TransientDependencyError.
        """
        try:
            with translated_errors():
                response = self._rekognition.detect_moderation_labels(
                    Image={"S3Object": {"Bucket": bucket, "Name": view.key}}, MinConfidence=minimum_confidence
                )
        except ClientError as error:
            if error.response["Error"]["Code"] in REFUSALS:
                raise ModerationRefusedError(f"{view.key}: {error}") from error
            raise
        except (ResponseParserError, AttributeError, TypeError) as error:  # raised for documents of another shape
            raise ModerationAnswerError(f"{view.key}: the response cannot be parsed: {error!r}") from error
        return _checked(response, view, minimum_confidence)


def _checked(response: dict[str, Any], view: View, minimum_confidence: float) -> Detection:
    found, version = response.get("ModerationLabels"), response.get("ModerationModelVersion")
    if not isinstance(found, list):
        raise ModerationAnswerError(f"{view.key}: the response has no list of labels")
    if len(found) > MOST_LABELS:
        raise ModerationAnswerError(
            f"{view.key}: the response has {len(found)} labels; at most {MOST_LABELS} are possible"
        )
    if not _is_name(version):
        raise ModerationAnswerError(f"{view.key}: the response has no model version")
    types = response.get("ContentTypes") or []
    if not isinstance(types, list) or len(types) > MOST_CONTENT_TYPES:
        raise ModerationAnswerError(f"{view.key}: the response has no valid list of content types")
    faults = [fault for label in found for fault in _faults(label, minimum_confidence)]
    faults += [fault for each in types for fault in _content_type_faults(each)]
    if faults:
        raise ModerationAnswerError(f"{view.key}: {faults[0]}")
    return Detection(
        tuple(_label(label, view) for label in found),
        model_version=str(version),
        content_types=tuple(_content_type(each, view) for each in types),
    )


def _faults(label: Any, minimum_confidence: float) -> list[str]:
    """Return the faults of a label. They contain no values, because a response may contain anything."""
    if not isinstance(label, dict):
        return ["a label is not an object"]
    faults = []
    if not _is_name(label.get("Name")):
        faults.append("a label has no name")
    if label.get("ParentName") and not _is_name(label["ParentName"]):
        faults.append("a label's parent is not a name")
    faults += _confidence_faults("label", label.get("Confidence"), minimum_confidence)
    level = label.get("TaxonomyLevel", 1)
    if isinstance(level, bool) or not isinstance(level, int) or not 1 <= level <= DEEPEST_LEVEL:
        faults.append("a label's taxonomy level is invalid")
    return faults


def _content_type_faults(content_type: Any) -> list[str]:
    if not isinstance(content_type, dict):
        return ["a content type is not an object"]
    named = [] if _is_name(content_type.get("Name")) else ["a content type has no name"]
    return named + _confidence_faults("content type", content_type.get("Confidence"), 0)


def _confidence_faults(what: str, confidence: Any, minimum: float) -> list[str]:
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not math.isfinite(confidence):
        return [f"a {what}'s confidence is not a number"]
    if not minimum - ROUNDING <= confidence <= HIGHEST_CONFIDENCE + ROUNDING:
        return [f"a {what}'s confidence is not between {minimum:g}, as requested, and 100"]
    return []


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


def _content_type(found: dict[str, Any], view: View) -> ContentType:
    return ContentType(
        name=found["Name"],
        confidence=min(found["Confidence"], HIGHEST_CONFIDENCE),
        frame=view.frame,
        rendering=view.rendering,
    )
