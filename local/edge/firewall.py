"""Evaluates the template's web ACL as WAF does: rules by priority; the first that blocks or allows applies."""

import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

from local.edge.intrinsics import logical_id
from local.edge.properties import Properties, UnmodelledError

Address = IPv4Address | IPv6Address

ADDRESSES_KEPT: Final = 10_000


@dataclass(frozen=True)
class FirewallRequest:
    """The parts of a request that rules inspect: ``path`` includes the API's stage, headers have lower-case names."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Ruling:
    """The web ACL's decision; ``rule`` is the rule that made it, or None for the default action.

    ``headers`` are those of the rule's custom response, with lower-case names.
    """

    allowed: bool
    status: int = 403
    rule: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


Patterns = Mapping[str, Sequence[str]]
"""The currently deployed regular expressions of each pattern set by its logical id."""

Matcher = Callable[[FirewallRequest, Patterns], bool]
"""A statement, as a function that returns whether a request matches it."""

Field = Callable[[FirewallRequest], str | None]
"""A part of a request that a statement inspects; None if the request does not have it."""


_COMPARISONS: Final[Mapping[str, Callable[[str, str], bool]]] = {"EXACTLY": str.__eq__, "STARTS_WITH": str.startswith}


@dataclass(frozen=True)
class _Rule:
    name: str
    allows: bool
    status: int
    matches: Matcher
    headers: tuple[tuple[str, str], ...] = ()


class Firewall:
    """The web ACL of a template. Raises UnmodelledError for a statement or action that is not modelled."""

    def __init__(
        self, name: str, properties: Mapping[str, Any], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        acl = Properties(name, properties)
        acl.label("Name", "Description", "Tags")
        acl.not_modelled("WAF metrics", "VisibilityConfig")
        acl.only("Scope", ["REGIONAL"])
        default = acl.take("DefaultAction")
        if set(default) not in ({"Block"}, {"Allow"}) or next(iter(default.values())):
            raise UnmodelledError(f"the local edge does not model the default action {default}")
        self._default_allows = "Allow" in default
        rules = sorted(acl.take("Rules"), key=lambda rule: rule["Priority"])
        self._rules = [rule for rule in (self._rule(each) for each in rules) if rule is not None]
        acl.finish()

    def rule(self, request: FirewallRequest, patterns: Patterns) -> Ruling:
        """Return the decision for a request."""
        for rule in self._rules:
            if rule.matches(request, patterns):
                return Ruling(allowed=rule.allows, status=rule.status, rule=rule.name, headers=rule.headers)
        return Ruling(allowed=self._default_allows)

    def _rule(self, values: Mapping[str, Any]) -> _Rule | None:
        part = Properties(f"the rule {values['Name']}", values)
        name = part.take("Name")
        part.take("Priority")
        part.not_modelled("WAF metrics", "VisibilityConfig")
        statement = part.take("Statement")
        if "ManagedRuleGroupStatement" in statement:
            part.not_modelled("managed rule groups", "OverrideAction")
            part.finish()
            return None
        action = part.take("Action")
        part.finish()
        if action == {"Allow": {}}:
            return _Rule(name, allows=True, status=200, matches=self._statement(statement))
        if set(action) == {"Block"} and set(action["Block"]) <= {"CustomResponse"}:
            custom = action["Block"].get("CustomResponse", {"ResponseCode": 403})
            if not {"ResponseCode"} <= set(custom) <= {"ResponseCode", "ResponseHeaders"}:
                raise UnmodelledError(f"the local edge does not model the response {custom} of {name}")
            headers = tuple((each["Name"].lower(), each["Value"]) for each in custom.get("ResponseHeaders", ()))
            status = custom["ResponseCode"]
            return _Rule(name, allows=False, status=status, matches=self._statement(statement), headers=headers)
        raise UnmodelledError(f"the local edge does not model the action {action} of {name}")

    def _statement(self, statement: Mapping[str, Any]) -> Matcher:
        ((kind, values),) = statement.items()
        part = Properties(kind, values)
        match kind:
            case "AndStatement":
                matches = _all_of([self._statement(each) for each in part.take("Statements")])
            case "OrStatement":
                matches = _any_of([self._statement(each) for each in part.take("Statements")])
            case "NotStatement":
                matches = _not(self._statement(part.take("Statement")))
            case "ByteMatchStatement":
                compare = _COMPARISONS.get(position := part.take("PositionalConstraint"))
                if compare is None:
                    raise UnmodelledError(f"the local edge does not model the constraint {position}")
                part.only("TextTransformations", [[{"Priority": 0, "Type": "NONE"}]])
                matches = _is(_field(part.take("FieldToMatch")), part.take("SearchString"), compare)
            case "RegexPatternSetReferenceStatement":
                part.only("TextTransformations", [[{"Priority": 0, "Type": "NONE"}]])
                matches = _is_in(_field(part.take("FieldToMatch")), logical_id(part.take("Arn")))
            case "RateBasedStatement":
                matches = self._rate(part)
            case _:
                raise UnmodelledError(f"the local edge does not model {kind}")
        part.finish()
        return matches

    def _rate(self, part: Properties) -> Matcher:
        part.only("AggregateKeyType", ["FORWARDED_IP"])
        window, limit = int(part.take("EvaluationWindowSec", 300)), int(part.take("Limit"))
        forwarded = part.take("ForwardedIPConfig")
        if forwarded["FallbackBehavior"] != "MATCH":
            raise UnmodelledError("the local edge models FallbackBehavior MATCH only")
        header = forwarded["HeaderName"].lower()
        counted = self._statement(part.take("ScopeDownStatement"))
        seen: OrderedDict[Address, deque[float]] = OrderedDict()

        def exceeds(request: FirewallRequest, patterns: Patterns) -> bool:
            if not counted(request, patterns):
                return False
            written = request.headers.get(header)
            if written is None:
                return False  # AWS does not apply the rule in that case; the edge always sets the header
            address = _address(written)
            if address is None:
                return True
            now = self._clock()
            times = seen.setdefault(address, deque())
            seen.move_to_end(address)
            if len(seen) > ADDRESSES_KEPT:
                seen.popitem(last=False)
            times.append(now)
            while times[0] <= now - window:
                times.popleft()
            return len(times) > limit

        return exceeds


def _all_of(statements: Sequence[Matcher]) -> Matcher:
    return lambda request, patterns: all(matches(request, patterns) for matches in statements)


def _any_of(statements: Sequence[Matcher]) -> Matcher:
    return lambda request, patterns: any(matches(request, patterns) for matches in statements)


def _not(statement: Matcher) -> Matcher:
    return lambda request, patterns: not statement(request, patterns)


def _is(field: Field, text: str, compare: Callable[[str, str], bool]) -> Matcher:
    return lambda request, _patterns: compare(field(request) or "", text)


def _is_in(field: Field, pattern_set: str) -> Matcher:
    return lambda request, patterns: any(re.search(each, field(request) or "") for each in patterns[pattern_set])


def _address(written: str) -> Address | None:
    try:
        return ip_address(written)
    except ValueError:
        return None


def _field(field: Mapping[str, Any]) -> Field:
    if set(field) == {"SingleHeader"}:
        name = field["SingleHeader"]["Name"].lower()
        return lambda request: request.headers.get(name)
    if field == {"Method": {}}:
        return lambda request: request.method
    if field == {"UriPath": {}}:
        return lambda request: request.path
    raise UnmodelledError(f"the local edge does not model the field {field}")
