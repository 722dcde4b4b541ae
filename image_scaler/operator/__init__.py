"""What an operator does behind the API, with AWS credentials. It needs boto3: the extra `operator`."""
