"""The local edge's model of a distribution and its firewall, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CachePolicy:
    """Lifetimes in seconds; the cache key is the path only. A maximum lifetime of 0 disables caching."""

    min_ttl: int
    default_ttl: int
    max_ttl: int

    @property
    def keeps(self) -> bool:
        """Whether responses are cached."""
        return self.max_ttl > 0


@dataclass(frozen=True)
class OriginRequestPolicy:
    """The parts of a request that reach the origin: headers by lower-case name, and all of the query or none."""

    headers: frozenset[str] = frozenset()
    query: bool = False


@dataclass(frozen=True)
class HeaderRule:
    """A header that the response headers policy sets; without ``override`` the origin's own value is kept."""

    name: str
    value: str
    override: bool


@dataclass(frozen=True)
class Cors:
    """The CORS part of a response headers policy."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    exposed: tuple[str, ...]
    max_age: int
    override: bool
    credentials: bool


@dataclass(frozen=True)
class ResponseHeaders:
    """A response headers policy; ``removed`` are lower-case names."""

    rules: tuple[HeaderRule, ...] = ()
    removed: frozenset[str] = frozenset()
    cors: Cors | None = None


@dataclass(frozen=True)
class Behavior:
    """A cache behaviour. ``key_groups`` are logical ids, empty for public; functions are logical ids too."""

    pattern: str
    methods: frozenset[str]
    cache: CachePolicy
    target: str
    origin_request: OriginRequestPolicy = field(default_factory=OriginRequestPolicy)
    response_headers: ResponseHeaders = field(default_factory=ResponseHeaders)
    request_function: str | None = None
    response_function: str | None = None
    key_groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class ApiOrigin:
    """A REST API's stage; ``path`` is prepended to each request's path."""

    id: str
    api_id: str
    path: str


@dataclass(frozen=True)
class BucketOrigin:
    """An S3 bucket that is read with origin access control."""

    id: str
    bucket: str


@dataclass(frozen=True)
class OriginGroup:
    """Two origins: the second is requested if the first returns one of ``statuses``."""

    id: str
    primary: str
    fallback: str
    statuses: frozenset[int]


@dataclass(frozen=True)
class Distribution:
    """The distribution of the template: behaviours in order, the default last."""

    logical_id: str
    behaviors: tuple[Behavior, ...]
    origins: Mapping[str, ApiOrigin | BucketOrigin]
    groups: Mapping[str, OriginGroup]
    error_ttls: Mapping[int, int]
    functions: Mapping[str, str]
    """Code of the CloudFront Functions by logical id."""
    key_groups: frozenset[str]
    """Logical ids of the key groups that behaviours trust."""
    cache_tag_header: str | None = None
    """The header, in lower case, with the tags of an origin's response."""
