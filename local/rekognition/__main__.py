"""Runs the service: ``python -m local.rekognition PORT DETECTOR``. AWS's environment variables locate S3."""

import sys
from typing import Any

import boto3
import uvicorn
from botocore.exceptions import BotoCoreError, ClientError

from local.prerequisites import LOOPBACK
from local.rekognition.behaviour import Behaviour, Judge
from local.rekognition.detectors import LocalDetector
from local.rekognition.known import KnownPictures
from local.rekognition.service import create_app


class S3Objects:
    """Reads objects from the S3 of the environment."""

    def __init__(self) -> None:
        self._s3 = boto3.client("s3")

    def read(self, bucket: str, key: str, version: str | None) -> bytes:
        """Return an object's bytes; raises LookupError if it cannot be read."""
        at: dict[str, Any] = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
        try:
            return self._s3.get_object(**at)["Body"].read()
        except (BotoCoreError, ClientError) as error:
            raise LookupError(str(error)) from error


def judge_of(detector: LocalDetector) -> Judge:
    """Return the detector's judge, ready to use. Raises LocalError if its packages are not installed."""
    if detector is LocalDetector.STAND_IN:
        return KnownPictures.from_file()
    detector.check_packages()
    from local.rekognition.opennsfw import load_judge  # optional packages

    return load_judge()


def main() -> None:
    """Serve until SIGTERM."""
    app = create_app(Behaviour(judge=judge_of(LocalDetector(sys.argv[2]))), S3Objects())
    uvicorn.run(app, host=LOOPBACK, port=int(sys.argv[1]), log_level="info")


if __name__ == "__main__":
    main()
