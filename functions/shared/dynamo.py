"""Converts DynamoDB's typed form ({"S": …}) to plain Python and back; whole numbers become int, others float.

boto3.dynamodb.types does this too, but imports s3transfer and multiprocessing: 20 to 35 ms of a cold start.
"""

import math
from typing import Any


def from_item(item: dict[str, Any]) -> dict[str, Any]:
    """Return a typed item as a plain dict."""
    return {name: from_value(value) for name, value in item.items()}


def to_item(document: dict[str, Any]) -> dict[str, Any]:
    """Return a plain dict as a typed item, without attributes that are None."""
    return {name: to_value(value) for name, value in document.items() if value is not None}


def from_value(typed: dict[str, Any]) -> Any:
    """Return one typed value as plain Python. Raises TypeError for a type that is not used here (B, SS, NS, BS)."""
    ((kind, value),) = typed.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return _number(value)
        case "M":
            return from_item(value)
        case "L":
            return [from_value(each) for each in value]
        case "NULL":
            return None
    raise TypeError(f"attributes of type {kind} are not supported")


def to_value(value: Any) -> dict[str, Any]:
    """Return a plain value in its typed form. Raises TypeError for other types and for numbers that are not finite."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": str(value)}  # a StrEnum member becomes a plain string
        case int() | float() if math.isfinite(value):
            return {"N": repr(value)}  # the shortest digits that give the same float
        case dict():
            return {"M": {key: to_value(each) for key, each in value.items()}}
        case list() | tuple():
            return {"L": [to_value(each) for each in value]}
    raise TypeError(f"{value!r} cannot be stored in DynamoDB")


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        number = float(text)
        return int(number) if number.is_integer() else number
