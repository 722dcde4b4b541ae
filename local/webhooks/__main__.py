"""Runs the receiver: ``python -m local.webhooks PORT``. AWS's environment variables locate the emulator."""

import sys

import boto3
import httpx
import uvicorn

from local.prerequisites import LOOPBACK
from local.stages import LOCAL
from local.webhooks.service import Receiver, application

SECRET_OUTPUT = "WebhookReceiverSecretArn"  # noqa: S105 - the name of an output


def stage_secret() -> str:
    """Return the secret that signs for this receiver now."""
    (stack,) = boto3.client("cloudformation").describe_stacks(StackName=LOCAL.pipeline_stack)["Stacks"]
    (arn,) = (each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == SECRET_OUTPUT)
    return str(boto3.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])


def main() -> None:
    """Serve until SIGTERM."""
    receiver = Receiver(stage_secret, httpx.AsyncClient(timeout=10, trust_env=False))
    uvicorn.run(
        application(receiver), host=LOOPBACK, port=int(sys.argv[1]), log_level="info", access_log=False,
        server_header=False, lifespan="off",
    )  # fmt: skip


if __name__ == "__main__":
    main()
