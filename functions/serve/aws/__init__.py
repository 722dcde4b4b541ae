"""A small client of S3 and DynamoDB, so that a cold start of serve does not load botocore (docs/adr/0016)."""
