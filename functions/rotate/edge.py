"""What sends the secret (the distribution) and what accepts it (WAF's pattern set)."""

import re
import time
from typing import Any

from functions.rotate.settings import RotateSettings
from functions.shared.aws import client


class NotSendingError(Exception):
    """The distribution does not send the value that it should; somebody changed it meanwhile."""


class Edge:
    """The distribution and the firewall of one deployment."""

    def __init__(self, settings: RotateSettings) -> None:
        self._settings = settings
        self._distributions = client("cloudfront")
        self._firewall = client("wafv2")

    def accept(self, values: list[str]) -> None:
        """Let WAF accept exactly these values, and return when it does so everywhere."""
        wanted = sorted({f"^{re.escape(value)}$" for value in values})
        found = self._firewall.get_regex_pattern_set(**self._pattern_set)
        patterns = found["RegexPatternSet"]["RegularExpressionList"]
        if sorted(pattern["RegexString"] for pattern in patterns) == wanted:
            return
        self._firewall.update_regex_pattern_set(
            **self._pattern_set,
            RegularExpressionList=[{"RegexString": pattern} for pattern in wanted],
            LockToken=found["LockToken"],
        )
        time.sleep(self._settings.firewall_settle_seconds)  # WAF does not tell when a change has arrived

    def sent(self) -> list[str]:
        """Return what the distribution sends now, which an earlier rotation that ended half-way may have put there.

        Raises NotSendingError when it sends nothing.
        """
        answer = self._distributions.get_distribution_config(Id=self._settings.distribution_id)
        return [header["HeaderValue"] for header in self._headers(answer["DistributionConfig"])]

    def send(self, value: str) -> None:
        """Tell the distribution to send ``value``; it takes minutes to be deployed."""
        answer = self._distributions.get_distribution_config(Id=self._settings.distribution_id)
        config = answer["DistributionConfig"]
        headers = self._headers(config)
        if all(header["HeaderValue"] == value for header in headers):
            return
        for header in headers:
            header["HeaderValue"] = value
        self._distributions.update_distribution(
            Id=self._settings.distribution_id, IfMatch=answer["ETag"], DistributionConfig=config
        )

    def wait_until_sending(self, value: str) -> None:
        """Return when every edge location sends ``value``.

        Raises NotSendingError, or botocore's WaiterError when deploying takes too long.
        """
        distribution_id = self._settings.distribution_id
        self._distributions.get_waiter("distribution_deployed").wait(
            Id=distribution_id,
            WaiterConfig={
                "Delay": self._settings.deploy_poll_seconds,
                "MaxAttempts": self._settings.deploy_attempts,
            },
        )
        config = self._distributions.get_distribution_config(Id=distribution_id)["DistributionConfig"]
        if any(header["HeaderValue"] != value for header in self._headers(config)):
            raise NotSendingError(f"distribution {distribution_id} sends another value; the rotation is tried again")

    @property
    def _pattern_set(self) -> dict[str, str]:
        return {
            "Name": self._settings.pattern_set_name,
            "Scope": "REGIONAL",
            "Id": self._settings.pattern_set_id,
        }

    def _headers(self, config: dict[str, Any]) -> list[dict[str, str]]:
        """Return every origin's custom header that carries the secret; changing them changes ``config``."""
        headers = [
            header
            for origin in config["Origins"]["Items"]
            for header in origin.get("CustomHeaders", {}).get("Items", ())
            if header["HeaderName"].lower() == self._settings.header_name.lower()
        ]
        if not headers:
            raise NotSendingError(f"no origin of {self._settings.distribution_id} has the header")
        return headers
