"""DynamoDB's typed form ({"S": …}) to plain Python and back, with whole numbers as int and others as float."""

from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

_deserializer = TypeDeserializer()
_serializer = TypeSerializer()


def from_item(item: dict[str, Any]) -> dict[str, Any]:
    """Return a typed item as a plain dict."""
    return {name: _from_decimal(_deserializer.deserialize(value)) for name, value in item.items()}


def to_item(document: dict[str, Any]) -> dict[str, Any]:
    """Return a plain dict as a typed item; attributes that are None are left out."""
    return {name: to_value(value) for name, value in document.items() if value is not None}


def to_value(value: Any) -> dict[str, Any]:
    """Return one plain value in its typed form."""
    typed: Any = _serializer.serialize(_to_decimal(value))
    return dict(typed)


def _from_decimal(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: _from_decimal(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_from_decimal(each) for each in value]
    return value


def _to_decimal(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(str(value))  # by way of str: Decimal(0.1) has more digits than DynamoDB takes
    if isinstance(value, dict):
        return {key: _to_decimal(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_decimal(each) for each in value]
    return value
