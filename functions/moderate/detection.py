"""Calls a detector over Rekognition's protocol: returns the moderation labels of a picture in S3.

A response is accepted only if Rekognition can give it to the request. Any other response shows a fault, so neither its
labels nor their absence can be trusted. That includes a response from another detector than the configured one.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from functions.shared.aws import client, translated_errors
from functions.shared.contracts import ContentType, Label, View
from functions.shared.errors import ModerationAnswerError, ModerationRefusedError
from functions.shared.options import DetectorName

REFUSALS: Final = frozenset(
    {
        "ImageTooLargeException",
        "InvalidImageFormatException",
        "InvalidParameterException",
        "InvalidS3ObjectException",
    }
)
"""Error codes for pictures that Rekognition cannot process; a retry does not help."""

MAX_LABELS_PER_VIEW: Final = 100
"""Most labels in one response: version 7 of the taxonomy has 52."""

MAX_CONTENT_TYPES_PER_VIEW: Final = 20
"""Most content types in one response; version 7 of the model has two, Animated and Illustrated."""

MAX_LABEL_NAME_CHARACTERS: Final = 256
HIGHEST_CONFIDENCE: Final = 100.0

ROUNDING: Final = 0.001
"""Percent by which a confidence may exceed its bounds: Rekognition computes in 32-bit floating point."""

DEEPEST_LEVEL: Final = 10
"""Deepest level of the taxonomy; version 7 has three."""


@dataclass(frozen=True)
class Detection:
    """The labels of one picture, its content types, and the detector and the version of the model that found them.

    With an adapter, ``model_version`` also names the adapter. Rekognition uses its own model in place of an expired
    adapter, and ``model_version`` then is that model's.
    """

    labels: tuple[Label, ...]
    model_version: str
    content_types: tuple[ContentType, ...] = ()
    detector: DetectorName = DetectorName.REKOGNITION


class Detector(Protocol):
    """What finds the labels of pictures. Answers of another ``name`` are not comparable with its own."""

    @property
    def name(self) -> DetectorName:
        """The name that its labels and verdicts keep."""

    def detect(self, bucket: str, view: View, *, minimum_confidence: float) -> Detection:
        """Return the labels of at least this confidence (percent), with the view's frame and rendering."""


def detector_of(model_version: str) -> str:
    """Return which detector has this ModerationModelVersion: ``NAME VERSION``, or Rekognition's version alone."""
    name, separator, _ = model_version.partition(" ")
    return name if separator else DetectorName.REKOGNITION


class RekognitionDetector:
    """Calls Rekognition, or the detector ``name`` that speaks its protocol. Thread-safe.

    ``rekognition`` is a botocore client, by default the process's own. ``adapter`` is the ARN of an adapter's version,
    "" for Rekognition's own model.
    """

    def __init__(
        self, rekognition: Any = None, *, name: DetectorName = DetectorName.REKOGNITION, adapter: str = ""
    ) -> None:
        self._rekognition = client("rekognition") if rekognition is None else rekognition
        self._name = name
        self._adapter = adapter
        self._options: dict[str, Any] = {"ProjectVersion": adapter} if adapter else {}

    @property
    def name(self) -> DetectorName:
        """The configured detector; a response of another one is an error."""
        return self._name

    def detect(self, bucket: str, view: View, *, minimum_confidence: float) -> Detection:
        """Return the labels of at least this confidence (percent), with the view's frame and rendering.

        Raises ModerationRefusedError, ModerationAnswerError or TransientDependencyError.
        """
        try:
            with translated_errors():
                response = self._rekognition.detect_moderation_labels(
                    Image={"S3Object": {"Bucket": bucket, "Name": view.key}},
                    MinConfidence=minimum_confidence,
                    **self._options,
                )
        except ClientError as error:
            if error.response["Error"]["Code"] in REFUSALS:
                raise ModerationRefusedError(f"{view.key}: {error}") from error
            raise
        except (ResponseParserError, AttributeError, TypeError) as error:  # raised for documents of another shape
            raise ModerationAnswerError(f"{view.key}: the response cannot be parsed: {error!r}") from error
        detection = _checked(response, view, minimum_confidence)
        if detector_of(detection.model_version) != self._name:
            raise ModerationAnswerError(f"{view.key}: the response is from another detector than {self._name}")
        adapter = response.get("ProjectVersion")
        if adapter not in {None, self._adapter}:
            raise ModerationAnswerError(f"{view.key}: the response is from another adapter than the requested one")
        return replace(detection, detector=self._name, model_version=_version(detection.model_version, adapter))


def _version(model_version: str, adapter: str | None) -> str:
    """Return the model's version, followed by the adapter's project and version."""
    return f"{model_version} {adapter.partition(':project/')[2]}" if adapter else model_version


def _checked(response: dict[str, Any], view: View, minimum_confidence: float) -> Detection:
    labels = _list_of(response.get("ModerationLabels"), "labels", MAX_LABELS_PER_VIEW, view)
    content_types = _list_of(response.get("ContentTypes", []), "content types", MAX_CONTENT_TYPES_PER_VIEW, view)
    version = response.get("ModerationModelVersion")
    if not _is_name(version):
        raise ModerationAnswerError(f"{view.key}: the response has no model version")
    faults = [fault for label in labels for fault in _faults_of_label(label, minimum_confidence)]
    faults += [fault for each in content_types for fault in _faults(each, "a content type", 0.0)]
    if faults:
        raise ModerationAnswerError(f"{view.key}: {faults[0]}")
    return Detection(
        labels=tuple(_label(label, view) for label in labels),
        model_version=str(version),
        content_types=tuple(_content_type(each, view) for each in content_types),
    )


def _list_of(found: Any, things: str, most: int, view: View) -> list[Any]:
    if not isinstance(found, list):
        raise ModerationAnswerError(f"{view.key}: the response has no list of {things}")
    if len(found) > most:
        raise ModerationAnswerError(f"{view.key}: the response has {len(found)} {things}; at most {most} are possible")
    return found


def _faults_of_label(label: Any, minimum_confidence: float) -> list[str]:
    faults = _faults(label, "a label", minimum_confidence)
    if not isinstance(label, dict):
        return faults
    if label.get("ParentName") and not _is_name(label["ParentName"]):
        faults.append("a label's parent is not a name")
    level = label.get("TaxonomyLevel", 1)
    if isinstance(level, bool) or not isinstance(level, int) or not 1 <= level <= DEEPEST_LEVEL:
        faults.append("a label's taxonomy level is invalid")
    return faults


def _faults(found: Any, thing: str, minimum_confidence: float) -> list[str]:
    """Return the faults of a name with its confidence. They contain no values: a response may contain anything."""
    if not isinstance(found, dict):
        return [f"{thing} is not an object"]
    faults = []
    if not _is_name(found.get("Name")):
        faults.append(f"{thing} has no name")
    confidence = found.get("Confidence")
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not math.isfinite(confidence):
        faults.append(f"{thing}'s confidence is not a number")
    elif not minimum_confidence - ROUNDING <= confidence <= HIGHEST_CONFIDENCE + ROUNDING:
        faults.append(f"{thing}'s confidence is not between {minimum_confidence:g} and 100")
    return faults


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= len(value) <= MAX_LABEL_NAME_CHARACTERS


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
    confidence = min(max(found["Confidence"], 0.0), HIGHEST_CONFIDENCE)
    return ContentType(name=found["Name"], confidence=confidence, frame=view.frame, rendering=view.rendering)
