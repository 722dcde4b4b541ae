"""Operations with AWS credentials, without the API. They need boto3: the extra `operator`."""
