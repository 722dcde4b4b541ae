"""AWS clients for the emulator, as its root user, for the local commands and the tests."""

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from local.emulator import REGION, ROOT_CREDENTIALS

if TYPE_CHECKING:
    from local.outputs import Outputs


def client(service: str, outputs: "Outputs") -> Any:
    """Return a boto3 client of ``service``."""
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=outputs.emulator_url,
        region_name=REGION,
        verify=outputs.ca_file,
        aws_access_key_id=ROOT_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ROOT_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(signature_version="s3v4" if service == "s3" else None, retries={"total_max_attempts": 2}),
    )
