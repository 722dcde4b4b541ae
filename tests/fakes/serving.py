"""Serves an ASGI application on a free port, and a boto3 client of the local Rekognition."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import uvicorn
from botocore.config import Config


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve while the block runs; yields the URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def rekognition_at(address: str) -> Any:
    """Return a client that calls once and never repeats a call."""
    return boto3.client(
        "rekognition", endpoint_url=address, region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test", config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip
