"""The list prices that cost estimates use: US dollars, us-east-1, on demand, without free tiers, as of 2026-11-28.

Sources: https://aws.amazon.com/s3/pricing/, https://aws.amazon.com/lambda/pricing/ (arm64, first tier) and
https://aws.amazon.com/cloudfront/pricing/ (North America and Europe, first tier). A change of price is a change of this
file alone.
"""

from typing import Final

S3_STANDARD_GB_MONTH: Final = 0.023
S3_GLACIER_INSTANT_GB_MONTH: Final = 0.004
S3_WRITE: Final = 0.005 / 1_000
"""One PUT, COPY, POST or LIST request. A DELETE is free."""

S3_READ: Final = 0.0004 / 1_000
"""One GET request."""

S3_GLACIER_INSTANT_TRANSITION: Final = 0.02 / 1_000
"""One object moved by a lifecycle rule."""

S3_GLACIER_INSTANT_READ_GB: Final = 0.03
S3_GLACIER_INSTANT_READ: Final = 0.01 / 1_000
"""One GET request, in addition to the bytes."""

LAMBDA_GB_SECOND: Final = 0.0000133334
CLOUDFRONT_GB: Final = 0.085
