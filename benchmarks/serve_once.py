"""One cold start of serve: imports the handler, processes one request and writes the picture to standard output.
The last line on standard error is the peak memory in MiB.

    PYTHONPATH=UNPACKED_ZIP_OF_SERVE python serve_once.py IMAGE_ID WIDTH
"""

import base64
import os
import sys


class Context:
    """The attributes of Lambda's context that the logger reads."""

    function_name = "serve"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:serve"
    aws_request_id = "4dd21d3f-0c2c-4a6e-8f5c-6d0f9b1a7e10"


def main() -> None:
    """Call the handler with one request, as the Lambda runtime does."""
    image_id, width = sys.argv[1:]
    answers = os.dup(1)
    os.dup2(2, 1)  # log lines go to standard error, so the first byte on standard output is the picture's
    from functions.serve.handler import lambda_handler

    event = {
        "httpMethod": "GET",
        "pathParameters": {"id": image_id},
        "queryStringParameters": {"width": width, "format": "jpeg"},
    }
    answer = lambda_handler(event, Context())
    if answer["statusCode"] != 200:
        raise SystemExit(f"serve returned {answer['statusCode']}")
    os.write(answers, base64.b64decode(answer["body"]))
    from memory import peak_mib  # from this folder, not from the zip

    os.write(2, f"\n{peak_mib()}\n".encode())
    os._exit(0)  # no teardown after the response, as on Lambda


if __name__ == "__main__":
    main()
