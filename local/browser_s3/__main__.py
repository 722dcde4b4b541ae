"""Runs S3 for browsers: ``python -m local.browser_s3 PORT``. AWS's environment variables locate the emulator."""

import os
import ssl
import sys

import boto3
import httpx
import uvicorn
from botocore.exceptions import ClientError

from local.browser_s3.service import BrowserS3, Rules
from local.prerequisites import LOOPBACK


class BucketRules:
    """Reads CORS rules from the S3 of the environment."""

    def __init__(self) -> None:
        self._s3 = boto3.client("s3")

    def of(self, bucket: str) -> Rules:
        """Return the rules of a bucket; empty if it has none or does not exist."""
        try:
            return self._s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
        except ClientError:
            return []


def main() -> None:
    """Serve until SIGTERM."""
    trust = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
    http = httpx.AsyncClient(verify=trust, timeout=60, trust_env=False)
    app = BrowserS3(os.environ["AWS_ENDPOINT_URL"], http, BucketRules())
    uvicorn.run(
        app, host=LOOPBACK, port=int(sys.argv[1]), log_level="warning", access_log=False, server_header=False,
        lifespan="off",
    )  # fmt: skip


if __name__ == "__main__":
    main()
