"""The distribution, which sends the secret, and WAF's pattern set, which accepts it."""

import re
import time
import urllib.error
import urllib.request
from typing import Any, Final

from functions.rotate.settings import RotateSettings
from functions.shared.aws import client
from functions.shared.errors import FUNCTION_ERROR, ImageScalerError

FORBIDDEN: Final = 403
PATTERNS_PER_SET: Final = 10
"""WAF's limit."""
PROBE_TIMEOUT_SECONDS: Final = 10
PROBE_ATTEMPTS: Final = 150
PROBES_IN_A_ROW: Final = 15
"""So many probes in a row must pass: a change reaches WAF's hosts one after the other."""


class NotSendingError(ImageScalerError):
    """The distribution does not send the expected value; it was changed during the rotation."""

    handled = (FUNCTION_ERROR,)


class NotAcceptedError(ImageScalerError):
    """The firewall rejects a value that it should accept; the change has not reached all of WAF's hosts."""

    handled = (FUNCTION_ERROR,)


class Edge:
    """The distribution and the firewall of one deployment."""

    def __init__(self, settings: RotateSettings) -> None:
        self._settings = settings
        self._distributions = client("cloudfront")
        self._firewall = client("wafv2")

    def accept(self, values: list[str]) -> None:
        """Let WAF accept exactly these values; the change reaches WAF's hosts one after the other."""
        self._set({_pattern(value) for value in values})

    def accept_also(self, values: list[str]) -> None:
        """Let WAF accept these values in addition to the present ones, up to the size of the set."""
        wanted = {_pattern(value) for value in values}
        accepted = [each["RegexString"] for each in self._accepted()["RegularExpressionList"]]
        others = [pattern for pattern in accepted if pattern not in wanted]
        self._set(wanted | set(others[: PATTERNS_PER_SET - len(wanted)]))

    def written(self) -> list[str]:
        """Return the values that the distribution sends now and that CloudFormation wrote into it last.

        The first may be a third value if a rotation was interrupted; a deployment that does not read the secret again
        restores the second. Raises NotSendingError if there is no header.
        """
        response = self._distributions.get_distribution_config(Id=self._settings.distribution_id)
        config = response["DistributionConfig"]
        headers = self._headers(config) + self._headers(config, self._settings.deployed_header_name)
        return [header["HeaderValue"] for header in headers]

    def wait_until_accepted(self, value: str) -> None:
        """Return when the firewall accepts requests with ``value``.

        Raises NotAcceptedError if it still rejects some after all attempts.
        """
        if not self._settings.probe_url:
            return
        in_a_row = 0
        for _ in range(PROBE_ATTEMPTS):
            in_a_row = in_a_row + 1 if self._is_accepted(value) else 0
            if in_a_row == PROBES_IN_A_ROW:
                return
            time.sleep(self._settings.probe_pause_seconds)
        raise NotAcceptedError(f"the firewall still rejects the new value after {PROBE_ATTEMPTS} attempts")

    def send(self, value: str) -> None:
        """Let the distribution send ``value``; the deployment takes minutes."""
        response = self._distributions.get_distribution_config(Id=self._settings.distribution_id)
        config = response["DistributionConfig"]
        headers = self._headers(config)
        if all(header["HeaderValue"] == value for header in headers):
            return
        for header in headers:
            header["HeaderValue"] = value
        self._distributions.update_distribution(
            Id=self._settings.distribution_id, IfMatch=response["ETag"], DistributionConfig=config
        )

    def wait_until_sending(self, value: str) -> None:
        """Return when every edge location sends ``value``.

        Raises NotSendingError, or botocore's WaiterError if the deployment takes too long.
        """
        self.wait_until_deployed()
        distribution_id = self._settings.distribution_id
        config = self._distributions.get_distribution_config(Id=distribution_id)["DistributionConfig"]
        if any(header["HeaderValue"] != value for header in self._headers(config)):
            raise NotSendingError(f"distribution {distribution_id} sends another value; the rotation is tried again")

    def wait_until_deployed(self) -> None:
        """Return when every edge location has the distribution's last change.

        Raises botocore's WaiterError if that takes too long.
        """
        self._distributions.get_waiter("distribution_deployed").wait(
            Id=self._settings.distribution_id,
            WaiterConfig={
                "Delay": self._settings.deploy_poll_seconds,
                "MaxAttempts": self._settings.deploy_attempts,
            },
        )

    def _is_accepted(self, value: str) -> bool:
        request = urllib.request.Request(self._settings.probe_url, headers={self._settings.header_name: value})  # noqa: S310 - the template's URL
        try:
            with urllib.request.urlopen(request, timeout=PROBE_TIMEOUT_SECONDS):  # noqa: S310 - a new connection
                return True
        except urllib.error.HTTPError as error:
            return error.code != FORBIDDEN
        except OSError:
            return False

    def _accepted(self) -> dict[str, Any]:
        found: dict[str, Any] = self._firewall.get_regex_pattern_set(**self._pattern_set)
        return {**found["RegexPatternSet"], "LockToken": found["LockToken"]}

    def _set(self, patterns: set[str]) -> None:
        accepted = self._accepted()
        if {pattern["RegexString"] for pattern in accepted["RegularExpressionList"]} == patterns:
            return
        self._firewall.update_regex_pattern_set(
            **self._pattern_set,
            RegularExpressionList=[{"RegexString": pattern} for pattern in sorted(patterns)],
            LockToken=accepted["LockToken"],
        )

    @property
    def _pattern_set(self) -> dict[str, str]:
        return {
            "Name": self._settings.pattern_set_name,
            "Scope": "REGIONAL",
            "Id": self._settings.pattern_set_id,
        }

    def _headers(self, config: dict[str, Any], name: str | None = None) -> list[dict[str, str]]:
        """Return the custom header of every origin by name; changing them changes ``config``."""
        wanted = (name or self._settings.header_name).lower()
        headers = [
            header
            for origin in config["Origins"]["Items"]
            for header in origin.get("CustomHeaders", {}).get("Items", ())
            if header["HeaderName"].lower() == wanted
        ]
        if not headers:
            raise NotSendingError(f"no origin of {self._settings.distribution_id} has the header {wanted}")
        return headers


def _pattern(value: str) -> str:
    return f"^{re.escape(value)}$"
