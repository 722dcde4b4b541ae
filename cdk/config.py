"""All settings of a deployment: one frozen StageConfig per stage.

Other code in cdk/ never tests a stage's name, only its settings. To add a stage, add an entry to STAGES. Names include
units. A config reports all its faults together when it is created.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypedDict

from aws_cdk import RemovalPolicy
from aws_cdk.aws_logs import RetentionDays

from functions.shared.keys import NAME_PATTERN
from functions.shared.limits import (
    DEFAULT_VIEWS,
    MAX_VIEWS,
    MIN_VIEWS,
    UploadLimits,
)
from functions.shared.options import (
    ADAPTER_ARN,
    DEFAULT_CELLS,
    MAX_CELLS,
    Blur,
    BlurKind,
    Delivery,
    DetectorName,
    KeptMetadata,
    Refine,
)
from functions.shared.variant import FORMATS, LARGEST_SIDE_PX, Presets, Sizes, preset_faults
from functions.shared.webhooks import WEBHOOK_TYPES, WebhookAddress

MIN_IN_FLIGHT: Final = 2
MAX_IN_FLIGHT: Final = 1_000
"""Lambda's bounds of the maximum concurrency of a queue's mapping."""

MAX_WEBHOOKS: Final = 5
"""The webhooks of a stage share the 4 KB of a function's environment variables."""


class ConfigError(Exception):
    """A stage's settings contradict one another or do not exist; the message lists every fault."""


class WarmStart(StrEnum):
    """How `serve` and the API's functions avoid cold starts: not at all, with snapshots, or with warm instances."""

    NONE = "none"
    SNAPSTART = "snapstart"
    PROVISIONED = "provisioned"


class ViewerAccess(StrEnum):
    """signed: /images/* needs a signature of a viewers' key. public: everyone may view published images."""

    SIGNED = "signed"
    PUBLIC = "public"


class SizeOverrides(TypedDict, total=False):
    """A stage's changes to a function's size; see cdk.specification.Size."""

    memory_mb: int
    timeout_seconds: int
    reserved_concurrency: int


@dataclass(frozen=True)
class CommonVariants:
    """Variants that are generated as soon as a picture is published: each width, in px, in each format. None by
    default.

    A format is the one in the canonical path: browsers that accept AVIF or WebP get that, others ``auto``.
    """

    widths: tuple[int, ...] = ()
    formats: tuple[str, ...] = ()

    def faults(self) -> list[str]:
        """Return its faults."""
        faults = []
        if bool(self.widths) != bool(self.formats):
            faults.append("prewarm needs both widths and formats, or neither")
        if not all(1 <= width <= LARGEST_SIDE_PX for width in self.widths):
            faults.append(f"prewarm.widths must be from 1 to {LARGEST_SIDE_PX} px")
        if not set(self.formats) <= set(FORMATS):
            faults.append(f"prewarm.formats must be among {', '.join(FORMATS)}")
        return faults


@dataclass(frozen=True)
class Webhook:
    """A receiver of a stage's events (docs/webhooks.md).

    ``name`` is part of outputs and log lines. ``events`` are types such as ``image.published``, none means all;
    ``tenant`` limits them to the images of one tenant. ``allow_loopback`` is for a stage on the emulator: the receiver
    may be on this machine, over http, and its URL is a parameter of the stack.
    """

    name: str
    url: str
    events: tuple[str, ...] = ()
    tenant: str | None = None
    allow_loopback: bool = False

    def faults(self, place: str, *, on_emulator: bool) -> list[str]:
        """Return its faults; each names its place, such as ``webhooks[0].url``."""
        faults = []
        if not re.fullmatch(r"[a-z][a-z0-9]{0,19}", self.name):
            faults.append(f"{place}.name must be a lower-case letter and up to 19 lower-case letters and digits")
        if self.allow_loopback and not on_emulator:
            faults.append(f"{place}.allow_loopback is only for stages on the emulator")
        try:
            WebhookAddress.parse(self.url, loopback=self.allow_loopback and on_emulator)
        except ValueError as error:
            faults.append(f"{place}.url: {error}")
        if not set(self.events) <= set(WEBHOOK_TYPES):
            faults.append(f"{place}.events must be among {', '.join(WEBHOOK_TYPES)}")
        if self.tenant is not None and not re.fullmatch(NAME_PATTERN, self.tenant):
            faults.append(f"{place}.tenant is not a tenant's name")
        return faults


@dataclass(frozen=True)
class RemovalWaits:
    """How long the state machines `remove` and `retire` wait, in seconds.

    ``answers_end``: until every request that began before the image changed has its response. ``variants_end``: after
    that, until no other function can write a file of the image. ``trouble``: between attempts after an error.
    """

    answers_end: int
    variants_end: int
    trouble: int = 600

    def as_substitutions(self) -> dict[str, str]:
        """Return them by the names that the definitions use."""
        return {
            "AnswersEndSeconds": str(self.answers_end),
            "VariantsEndSeconds": str(self.variants_end),
            "TroubleSeconds": str(self.trouble),
        }


def _reserved(**concurrency: int) -> Mapping[str, SizeOverrides]:
    """Return the overrides that reserve concurrency for functions, by name."""
    return MappingProxyType({name: {"reserved_concurrency": each} for name, each in concurrency.items()})


@dataclass(frozen=True)
class StageConfig:
    """All settings of one stage."""

    name: str

    runs_on_emulator: bool = False
    """The functions run locally through the Lambda Runtime API, from zips for the local CPU and Python."""
    keep_data: bool = True
    """Buckets and table outlive the stack, the table refuses deletion and has point-in-time recovery."""
    enforce_tls: bool = True
    kms: bool = False
    """Buckets and table are encrypted with a key of this stack instead of S3's and DynamoDB's own."""

    functions: Mapping[str, SizeOverrides] = field(default_factory=lambda: MappingProxyType({}))
    """Functions with a different size than in their specifications, by name."""
    warm_start: WarmStart = WarmStart.NONE
    provisioned_concurrency: int = 0
    """Instances of each API function that are kept warm; for WarmStart.PROVISIONED."""
    log_level: str = "INFO"

    in_flight: int = MIN_IN_FLIGHT
    """Uploads processed at once; all others wait in a queue. At most 0.3 × the account's concurrent executions and 3 ×
    its DetectModerationLabels calls a second (docs/scale.md)."""

    limits: UploadLimits = field(default_factory=UploadLimits)
    max_moderation_views: int = DEFAULT_VIEWS
    """The most views of one image that go to Rekognition, at the price of one call each. If an animation has more
    distinct frames, those without a view are not published."""
    detector: DetectorName = DetectorName.REKOGNITION
    """What judges pictures. Only a stage on the emulator can use another detector than Rekognition (docs/local.md)."""
    rekognition_adapter: str | None = None
    """The ARN of an adapter's version: Rekognition's model, trained further on your own pictures. It is in the stage's
    region. Verdicts name it. Rekognition judges with its own model once the adapter has expired."""
    keep_metadata: tuple[str, ...] = ()
    """The metadata of an upload that published pictures keep: none, or ``copyright`` (EXIF's Artist, Copyright)."""
    blur: BlurKind = BlurKind.MOSAIC
    """How flagged pictures are blurred (docs/adr/0025)."""
    blur_cells: int = DEFAULT_CELLS
    """Cells on the shorter side of a mosaic; the longer side has up to twice as many. Fewer cells reveal less."""
    delivery: Delivery = Delivery.V2
    sizes: Sizes = Sizes.LADDER
    presets: Presets = field(default_factory=lambda: MappingProxyType({}))
    """Named parameters of image URLs, such as {"card": {"width": "640", "height": "480", "position": "auto"}}:
    ``preset=card`` stands for them. The edge function contains them; there is room for about 600 bytes."""
    removal_waits: RemovalWaits | None = None
    """None for real stages: the waits then follow from the time limits of the functions (cdk/constructs/waits.py)."""
    prewarm: CommonVariants = field(default_factory=CommonVariants)
    """Variants that are generated at ingest, so that their first request needs no compute. It has no effect in v1,
    where every cache miss goes to `serve` and the generated bucket is not read."""
    refine: Refine = Refine.COMMON
    """Which stored variants a slower encoder makes smaller after their first request. A refinement pays after about 40
    views (docs/adr/0037): use ``off`` where most variants are viewed less often. It has no effect in v1."""
    webhooks: tuple[Webhook, ...] = ()
    """Where events are delivered over HTTPS, signed; none by default, and then nothing of it is deployed."""
    viewer_access: ViewerAccess = ViewerAccess.SIGNED
    shared_max_age_seconds: int = 31_536_000
    browser_max_age_seconds: int = 3_600
    upload_expires_seconds: int = 3_600
    allowed_origins: tuple[str, ...] = ()
    """Web origins whose pages may read pictures with scripts and upload to S3 with a presigned form; none by default.
    The API also answers their preflights, for operators' own tools. A signature for /v1/* is valid for every method, so
    the application's servers request the forms, and visitors' pages never get such a signature. Cookies are accepted
    only from explicitly listed origins, not with ``*``."""
    domain_name: str | None = None
    """The edge's own host name, together with ``certificate_arn`` (ACM, us-east-1). Without it, CloudFront's name is
    used."""
    certificate_arn: str | None = None
    ipv6: bool = True
    """The edge also accepts IPv6. Turn it off before signing for a viewer's address: CloudFront compares IPv4 addresses
    only, and refuses a viewer with both kinds of addresses whenever it connects over IPv6."""

    viewer_requests_per_5_minutes: int = 3_000
    """Requests for images from one address that reach the API; cache hits at the edge do not count."""
    control_requests_per_5_minutes: int = 30_000
    """API calls from one address; an application's servers share few addresses."""
    firewall_rule_versions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Static versions of AWS's managed rule groups, by name; groups not listed use AWS's default version. AWS lets
    versions expire, and a deployment with an expired one fails: `aws wafv2 list-available-managed-rule-group-versions
    --scope REGIONAL --vendor-name AWS --name NAME` lists them."""
    edge_log_days: int = 90

    owns_api_account: bool = True
    """Whether the stage sets the role with which API Gateway writes logs. An account has one for each region, shared
    by all stages: exactly one stage of a region sets it, or none where a role exists already."""
    api_requests_per_second: int = 1_000
    api_burst: int = 2_000

    log_retention: RetentionDays = RetentionDays.THREE_MONTHS
    staging_days: int = 30
    rejected_days: int = 30
    """Originals of rejected uploads; they have the tag `image-scaler-status=REJECTED`."""
    cold_originals_days: int | None = None
    """After how many days originals move to S3 Glacier Instant Retrieval; None keeps them in S3 Standard. They stay
    readable at once, but each reading costs more (docs/costs.md), and 90 days of storage are billed at least."""
    generated_days: int = 90
    noncurrent_days: int = 30
    """Noncurrent versions of an original, left by a second upload or a removal."""

    alarm_email: str | None = None
    """Where alarms are sent. `make deploy ALARM_EMAIL=you@example.com` sets it too, and ALARM_EMAIL=none deploys a
    stage whose alarms notify only the console."""

    @property
    def data_removal_policy(self) -> RemovalPolicy:
        """Return what happens to buckets, table and keys when their stack is deleted.

        What a first deployment created before it failed is deleted with it, so that the next one can succeed.
        """
        return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if self.keep_data else RemovalPolicy.DESTROY

    @property
    def refines(self) -> Refine:
        """Return which variants are refined; none in v1, which does not read stored variants."""
        return self.refine if self.delivery is Delivery.V2 else Refine.OFF

    @property
    def blur_name(self) -> str:
        """The blur's name in the function's environment and in records: ``mosaic-4`` or ``tile``."""
        return str(Blur(self.blur, self.blur_cells))

    def __post_init__(self) -> None:
        """Raise ConfigError with every fault."""
        faults = list(self._faults())
        if faults:
            raise ConfigError(f"stage {self.name}: " + "; ".join(faults))

    def _faults_of_numbers(self) -> list[str]:
        faults = []
        if not MIN_IN_FLIGHT <= self.in_flight <= MAX_IN_FLIGHT:
            faults.append(f"in_flight must be from {MIN_IN_FLIGHT} to {MAX_IN_FLIGHT}")
        if not MIN_VIEWS <= self.max_moderation_views <= MAX_VIEWS:
            faults.append(f"max_moderation_views must be from {MIN_VIEWS} to {MAX_VIEWS}")
        if not 1 <= self.blur_cells <= MAX_CELLS:
            faults.append(f"blur_cells must be from 1 to {MAX_CELLS}")
        if self.cold_originals_days is not None and self.cold_originals_days < 1:
            faults.append("cold_originals_days must be 1 or more, or None")
        return faults

    def _faults_of_detector(self) -> list[str]:
        faults = []
        if self.detector is not DetectorName.REKOGNITION and not self.runs_on_emulator:
            faults.append(f"detector={self.detector} judges only pictures of a stage on the emulator")
        if self.rekognition_adapter is not None and not ADAPTER_ARN.fullmatch(self.rekognition_adapter):
            faults.append("rekognition_adapter must be arn:…:rekognition:…:project/NAME/version/NAME/NUMBER")
        if self.rekognition_adapter is not None and self.detector is not DetectorName.REKOGNITION:
            faults.append("rekognition_adapter needs detector=rekognition")
        return faults

    def _faults(self) -> list[str]:
        faults = self._faults_of_numbers()
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", self.name):
            faults.append("a stage's name is a lower-case letter and up to 19 lower-case letters, digits and hyphens")
        if (self.warm_start is WarmStart.PROVISIONED) != (self.provisioned_concurrency > 0):
            faults.append("provisioned_concurrency and warm_start=provisioned need each other")
        if self.runs_on_emulator and self.warm_start is WarmStart.SNAPSTART:
            faults.append("warm_start=snapstart needs a managed runtime; the emulator has none")
        if (self.domain_name is None) != (self.certificate_arn is None):
            faults.append("domain_name and certificate_arn need each other")
        if not set(self.keep_metadata) <= set(KeptMetadata):
            faults.append(f"keep_metadata may contain only {', '.join(KeptMetadata)}")
        faults += preset_faults(self.presets, sizes=self.sizes)
        if "*" in self.allowed_origins and len(self.allowed_origins) > 1:
            faults.append("allowed_origins must be either * alone or a list of origins")
        elif any("*" in origin for origin in self.allowed_origins if origin != "*"):
            faults.append("an origin in allowed_origins must not contain a *: the API compares whole origins")
        return [
            *faults,
            *self._faults_of_detector(),
            *self._faults_of_webhooks(),
            *self.limits.faults(),
            *self.prewarm.faults(),
        ]

    def _faults_of_webhooks(self) -> list[str]:
        faults = [
            fault
            for place, webhook in enumerate(self.webhooks)
            for fault in webhook.faults(f"webhooks[{place}]", on_emulator=self.runs_on_emulator)
        ]
        names = [webhook.name for webhook in self.webhooks]
        if len(set(names)) < len(names):
            faults.append("webhooks must have different names")
        if len(names) > MAX_WEBHOOKS:
            faults.append(f"webhooks may have at most {MAX_WEBHOOKS} items")
        return faults


_SHORT_WAIT: Final[SizeOverrides] = {"timeout_seconds": 30}

_LOCAL: Final = StageConfig(
    name="local",
    runs_on_emulator=True,
    keep_data=False,
    owns_api_account=False,
    prewarm=CommonVariants(widths=(640,), formats=("webp",)),
    presets=MappingProxyType({"card": {"width": "640", "height": "480", "quality": "80", "position": "auto"}}),
    # Default ports of front-end development servers: Next.js, Vite, samples/webapp and Django, and a common
    # alternative.
    allowed_origins=tuple(f"http://localhost:{port}" for port in (3000, 5173, 8000, 8080)),
    viewer_requests_per_5_minutes=100_000,  # all tests share one address
    control_requests_per_5_minutes=100_000,
    # `make up` gives the parameter of the stack the address of its receiver.
    webhooks=(Webhook("receiver", url="http://localhost:7785/webhooks", allow_loopback=True),),
    in_flight=8,
    # The emulator starts a process for each concurrent call. After the death of an admit call, its message returns a
    # little later than the call's time limit, so the limit is short.
    functions={**_reserved(optimize=8, moderate=8, blur=8, persist=8, serve=24, remove=8), "admit": _SHORT_WAIT},
    removal_waits=RemovalWaits(
        answers_end=10, variants_end=20, trouble=20
    ),  # the emulator waits a fifth of these times
    log_retention=RetentionDays.ONE_WEEK,
)

STAGES: Final[Mapping[str, StageConfig]] = MappingProxyType(
    {
        config.name: config
        for config in (
            _LOCAL,
            replace(_LOCAL, name="local-v1", delivery=Delivery.V1, webhooks=()),
            StageConfig(name="dev", in_flight=3, log_level="DEBUG", log_retention=RetentionDays.TWO_WEEKS),
            StageConfig(name="prod", in_flight=15),
        )
    }
)
"""``in_flight`` of `dev` suits a new AWS account with ten concurrent executions, of `prod` one with five detector calls
a second. No stage on AWS reserves concurrency: an account with a small quota refuses it, and the queue of uploads
leaves room for requests."""


def stage_config(name: str) -> StageConfig:
    """Return a stage's settings. Raises ConfigError for an unknown stage."""
    if name not in STAGES:
        raise ConfigError(f"unknown stage {name!r}; select one of {', '.join(STAGES)} with -c stage=…")
    return STAGES[name]
