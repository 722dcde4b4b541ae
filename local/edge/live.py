"""State that changes while the edge runs, read from the emulator: origin headers, trusted keys, patterns,
invalidations.

Rotations and purges use AWS's own API calls, and the edge sees their results here. A snapshot is at most a second old
when a request uses it; real edge locations receive changes more slowly.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local.aws import client
from local.edge.deployment import DeployedEdge
from local.edge.signatures import PublicKey, load_public_key
from local.outputs import Outputs

FRESH_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Snapshot:
    """The state at one time: headers by origin, keys by key group and key pair id, patterns by pattern set."""

    origin_headers: Mapping[str, Mapping[str, str]]
    keys: Mapping[str, Mapping[str, PublicKey]]
    patterns: Mapping[str, Sequence[str]]


class LiveEdge:
    """Reads snapshots. ``invalidate`` is called with each path that was invalidated since the last one."""

    def __init__(self, deployed: DeployedEdge, outputs: Outputs, *, invalidate: Callable[[str], object]) -> None:
        self._invalidate = invalidate
        self._deployed = deployed
        self._cloudfront = client("cloudfront", outputs)
        self._firewall = client("wafv2", outputs)
        self._seen: set[str] = set()
        self._public_keys: dict[str, PublicKey] = {}
        self._taken_at = float("-inf")
        self._lock = asyncio.Lock()
        self._snapshot: Snapshot | None = None

    async def current(self) -> Snapshot:
        """Return the current snapshot."""
        if self._snapshot is not None and self._is_fresh():
            return self._snapshot
        async with self._lock:
            if self._snapshot is not None and self._is_fresh():
                return self._snapshot
            began = time.monotonic()
            snapshot, invalidated = await asyncio.to_thread(self._read)
            for path in invalidated:
                self._invalidate(path)
            self._snapshot, self._taken_at = snapshot, began
            return snapshot

    def _is_fresh(self) -> bool:
        return time.monotonic() - self._taken_at < FRESH_SECONDS

    def _read(self) -> tuple[Snapshot, list[str]]:
        """Read headers between two equal reads of the patterns.

        During a rotation the firewall accepts both values before the distribution sends the new one, and drops the old
        one afterwards. If the patterns change during a read, header and patterns could be from different times.
        """
        before: dict[str, list[str]] | None = None
        patterns, config = self._accepted(), {}
        while patterns != before:
            before, config, patterns = patterns, self._config(), self._accepted()
        snapshot = Snapshot(
            origin_headers={origin["Id"]: _headers(origin) for origin in config["Origins"]["Items"]},
            keys={name: self._keys(group_id) for name, group_id in self._deployed.key_groups.items()},
            patterns=patterns,
        )
        return snapshot, self._new_invalidations()

    def _config(self) -> dict[str, Any]:
        answer = self._cloudfront.get_distribution_config(Id=self._deployed.distribution_id)
        config: dict[str, Any] = answer["DistributionConfig"]
        return config

    def _accepted(self) -> dict[str, list[str]]:
        return {name: self._patterns(*where) for name, where in self._deployed.pattern_sets.items()}

    def _patterns(self, set_id: str, set_name: str) -> list[str]:
        found = self._firewall.get_regex_pattern_set(Name=set_name, Scope="REGIONAL", Id=set_id)
        return [each["RegexString"] for each in found["RegexPatternSet"]["RegularExpressionList"]]

    def _keys(self, group_id: str) -> dict[str, PublicKey]:
        ids = self._cloudfront.get_key_group(Id=group_id)["KeyGroup"]["KeyGroupConfig"]["Items"]
        for key_id in ids:
            if key_id not in self._public_keys:
                config = self._cloudfront.get_public_key(Id=key_id)["PublicKey"]["PublicKeyConfig"]
                self._public_keys[key_id] = load_public_key(config["EncodedKey"])
        return {key_id: self._public_keys[key_id] for key_id in ids}

    def _new_invalidations(self) -> list[str]:
        distribution_id = self._deployed.distribution_id
        listed = self._cloudfront.list_invalidations(DistributionId=distribution_id)["InvalidationList"]
        paths: list[str] = []
        for summary in listed.get("Items", []):
            if summary["Id"] not in self._seen:
                self._seen.add(summary["Id"])
                found = self._cloudfront.get_invalidation(DistributionId=distribution_id, Id=summary["Id"])
                paths += found["Invalidation"]["InvalidationBatch"]["Paths"]["Items"]
        return paths


def _headers(origin: Mapping[str, Any]) -> dict[str, str]:
    items = origin.get("CustomHeaders", {}).get("Items", [])
    return {each["HeaderName"]: each["HeaderValue"] for each in items}
