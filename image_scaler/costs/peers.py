"""Prices the same traffic on two peers, at the same prices.

- Amazon's Dynamic Image Transformation (DIT), Lambda architecture: CloudFront, API Gateway, one function with sharp.
- imgproxy on Fargate, behind CloudFront and a load balancer.

Neither stores variants, so every view that misses the edge's cache is computed from the original. Neither has an
upload: the application writes originals to a bucket.
"""

import math
from dataclasses import dataclass
from typing import Final

from image_scaler.costs import model, prices, usage
from image_scaler.costs.model import Traffic
from image_scaler.costs.prices import HOURS_A_MONTH, VIEWER_AREAS
from image_scaler.costs.usage import GB, MB, VCPU_MB

SHARP_CORE_SECONDS: Final = 0.092
LIBVIPS_CORE_SECONDS: Final = 0.098
"""800 px WebP from originals of 8 to 24 megapixels on one core (docs/performance.md). imgproxy uses libvips."""

DIT_MEMORY_MB: Final = 1_024
"""``memorySize`` of the image handler: source/constructs/lib/back-end/back-end-construct.ts of
aws-solutions/dynamic-image-transformation-for-amazon-cloudfront at 4163dd9; architecture x86_64."""
DIT_WAITING_SECONDS: Final = 0.10
"""ASSUMED: to read a 3 MB original from S3."""

TASKS: Final = 2
TASK_VCPU: Final = 1
TASK_GB: Final = 2
"""Two tasks, one in each of two zones, as in the smallest size of DIT's own Fargate architecture
(source/constructs/lib/v8/stacks/image-processing-stack.ts at 294b5ed). imgproxy's author advises two CPUs per instance
(imgproxy/imgproxy#1211), which would cost twice as much."""
TASK_LOAD: Final = 0.5
"""ASSUMED: mean load at which another task starts, because traffic has peaks."""
ADDRESSES: Final = 4
"""Public addresses of two tasks and of the load balancer in two zones. Tasks without one need a NAT gateway, which
costs more."""


@dataclass(frozen=True)
class PeerCost:
    """Dollars of a month by group. ``moderation`` is Rekognition's cost if every computed picture is moderated, as in
    DIT; None if the peer has no moderation."""

    name: str
    storage: float
    requests: float
    compute: float
    edge: float
    fixed: float
    moderation: float | None

    @property
    def total(self) -> float:
        """The sum without moderation."""
        return self.storage + self.requests + self.compute + self.edge + self.fixed


def compare(traffic: Traffic, *, later: bool = False) -> tuple[PeerCost, ...]:
    """Return the cost of a first or a later month here and on both peers."""
    return _ours(traffic, later=later), _dit(traffic, later=later), _imgproxy(traffic, later=later)


def _ours(traffic: Traffic, *, later: bool) -> PeerCost:
    made = model.estimate(traffic)

    def dollars(*groups: str) -> float:
        items = [each for each in (*made.items, *made.fixed) if each.group in groups]
        return sum(each.later_dollars if later else each.first_dollars for each in items)

    return PeerCost(
        "image-scaler",
        storage=dollars("storage"),
        requests=dollars("requests", "operations"),
        compute=dollars("compute"),
        edge=dollars("edge"),
        fixed=dollars("fixed"),
        moderation=dollars("moderation"),
    )


def _computed(traffic: Traffic) -> float:
    """Return how many views a peer computes in a month: all that miss the edge's cache."""
    return max(traffic.views * (1 - traffic.hit_rate), traffic.requested_variants)


def _originals(traffic: Traffic) -> float:
    return prices.S3_GB_MONTH.of(traffic.uploads * traffic.megabytes * MB / GB)


def _edge(traffic: Traffic, functions: int) -> float:
    area = VIEWER_AREAS[traffic.viewers]
    egress = area.egress(traffic.views * traffic.kilobytes * 1_000 / GB)
    return egress + area.request.of(traffic.views) + prices.EDGE_FUNCTION.of(functions * traffic.views)


def _written(traffic: Traffic, *, later: bool) -> float:
    return 0.0 if later else prices.S3_WRITE.of(traffic.uploads)


def _dit(traffic: Traffic, *, later: bool) -> PeerCost:
    computed = _computed(traffic)
    seconds = SHARP_CORE_SECONDS / min(1.0, DIT_MEMORY_MB / VCPU_MB) + DIT_WAITING_SECONDS
    gigabyte_seconds = computed * seconds * DIT_MEMORY_MB / 1_024
    logs = prices.LOG_GB.of(computed * usage.LOG_BYTES_PER_REQUEST / GB)
    return PeerCost(
        "DIT on Lambda",
        storage=_originals(traffic),
        requests=_written(traffic, later=later) + prices.S3_READ.of(computed) + prices.API_REQUEST.of(computed) + logs,
        compute=prices.LAMBDA_X86_GB_SECOND.of(gigabyte_seconds) + prices.LAMBDA_REQUEST.of(computed),
        edge=_edge(traffic, functions=1),
        fixed=prices.SECRET.of(1),  # with signed URLs
        moderation=prices.DETECTOR_CALL.of(computed),
    )


def _imgproxy(traffic: Traffic, *, later: bool) -> PeerCost:
    computed = _computed(traffic)
    seconds = computed * LIBVIPS_CORE_SECONDS * usage.ARM_SLOWNESS
    tasks = max(TASKS, math.ceil(seconds / (HOURS_A_MONTH * 3_600 * TASK_VCPU * TASK_LOAD)))
    task_hours = tasks * HOURS_A_MONTH
    balanced_gb = computed * traffic.kilobytes * 1_000 / GB
    return PeerCost(
        "imgproxy on Fargate",
        storage=_originals(traffic),
        requests=_written(traffic, later=later) + prices.S3_READ.of(computed),
        compute=prices.FARGATE_ARM_VCPU_HOUR.of(task_hours * TASK_VCPU)
        + prices.FARGATE_ARM_GB_HOUR.of(task_hours * TASK_GB),
        edge=_edge(traffic, functions=0),
        fixed=prices.BALANCER_HOUR.of(HOURS_A_MONTH)
        + prices.BALANCER_UNIT_HOUR.of(balanced_gb)  # a unit is 1 GB an hour
        + prices.ADDRESS_HOUR.of(ADDRESSES * HOURS_A_MONTH),
        moderation=None,
    )
