"""What Lambda hands to a handler beside the event."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LambdaContext:
    """The attributes that the logger reads, and the time that is left (ms)."""

    function_name: str = "image-scaler-test"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:image-scaler-test"
    aws_request_id: str = "4dd21d3f-0c2c-4a6e-8f5c-6d0f9b1a7e10"
    remaining_ms: int = 28_000

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left of the call."""
        return self.remaining_ms
