"""Invalid responses: the service behind the functions' endpoint may be broken, or not Rekognition.

Each function takes a valid response and the requested confidence, and returns an invalid response.
"""

from collections.abc import Callable
from typing import Any, Final

Answer = dict[str, Any]


def _with_label(**changed: Any) -> Callable[[Answer, float], Answer]:
    label = {"Name": "Violence", "ParentName": "", "TaxonomyLevel": 1, "Confidence": 99.0}
    return lambda answer, _: answer | {"ModerationLabels": [label | changed]}


def _below(answer: Answer, min_confidence: float) -> Answer:
    return _with_label(Confidence=min_confidence - 1)(answer, min_confidence)


def _with_content_type(**changed: Any) -> Callable[[Answer, float], Answer]:
    return lambda answer, _: answer | {"ContentTypes": [{"Name": "Animated", "Confidence": 99.0} | changed]}


def _many(answer: Answer, _: float) -> Answer:
    label = {"Name": "Gambling", "ParentName": "", "TaxonomyLevel": 1, "Confidence": 99.0}
    return answer | {"ModerationLabels": [label] * 20_000}


def _without(member: str) -> Callable[[Answer, float], Answer]:
    return lambda answer, _: {name: value for name, value in answer.items() if name != member}


SPOILED: Final[dict[str, Callable[[Answer, float], Answer]]] = {
    "below the requested confidence": _below,
    "from 0 to 1": _with_label(Confidence=0.99),
    "above 100": _with_label(Confidence=100.5),
    "negative": _with_label(Confidence=-1.0),
    "not a number": _with_label(Confidence=float("nan")),
    "infinite": _with_label(Confidence=float("inf")),
    "a text": _with_label(Confidence="high"),
    "no confidence": _with_label(Confidence=None),
    "true": _with_label(Confidence=True),
    "an empty name": _with_label(Name=""),
    "a name of blanks": _with_label(Name="  "),
    "a long name": _with_label(Name="Violence" * 100),
    "a number for a name": _with_label(Name=7),
    "a number for a parent": _with_label(ParentName=7),
    "a text for a level": _with_label(TaxonomyLevel="one"),
    "level 99": _with_label(TaxonomyLevel=99),
    "20,000 labels": _many,
    "no list of labels": _without("ModerationLabels"),
    "an object for a list": lambda answer, _: answer | {"ModerationLabels": {"Name": "Violence"}},
    "a text for a label": lambda answer, _: answer | {"ModerationLabels": ["Violence"]},
    "no version of the model": _without("ModerationModelVersion"),
    "an empty version": lambda answer, _: answer | {"ModerationModelVersion": ""},
    "an object for a list of content types": lambda answer, _: answer | {"ContentTypes": {"Name": "Animated"}},
    "a text for a content type": lambda answer, _: answer | {"ContentTypes": ["Animated"]},
    "a content type without a name": _with_content_type(Name=""),
    "a content type without a confidence": _with_content_type(Confidence=None),
    "a content type above 100": _with_content_type(Confidence=100.5),
    "a negative content type": _with_content_type(Confidence=-1.0),
    "a content type that is not a number": _with_content_type(Confidence=float("nan")),
    "1,000 content types": lambda answer, _: (
        answer | {"ContentTypes": [{"Name": "Animated", "Confidence": 99}] * 1_000}
    ),
    "nothing": lambda _answer, _: {},
}
"""The invalid responses by name, as the control endpoint accepts them."""
