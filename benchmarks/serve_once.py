"""A cold start of serve: import the handler, answer one request, write the picture; its peak memory in MiB is
the last line on standard error.

python serve_once.py IMAGE_ID WIDTH, with serve's unpacked zip as PYTHONPATH: what Lambda runs, not the checkout
"""

import base64
import os
import sys


class Context:
    """What the logger reads of Lambda's context."""

    function_name = "serve"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:serve"
    aws_request_id = "4dd21d3f-0c2c-4a6e-8f5c-6d0f9b1a7e10"


def main() -> None:
    """Answer one request as the Lambda runtime would have it answered."""
    image_id, width = sys.argv[1:]
    answers = os.dup(1)
    os.dup2(2, 1)  # log lines go elsewhere; the first byte on this pipe is the picture's
    from functions.serve.handler import lambda_handler

    event = {
        "httpMethod": "GET",
        "pathParameters": {"id": image_id},
        "queryStringParameters": {"width": width, "format": "jpeg"},
    }
    answer = lambda_handler(event, Context())
    if answer["statusCode"] != 200:
        raise SystemExit(f"serve answered {answer['statusCode']}")
    os.write(answers, base64.b64decode(answer["body"]))
    from memory import peak_mib  # this folder's: the zip has none

    os.write(2, f"\n{peak_mib()}\n".encode())
    os._exit(0)  # as in Lambda, nothing is torn down before the answer is out


if __name__ == "__main__":
    main()
