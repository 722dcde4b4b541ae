"""S3 for browsers: plain http on localhost, with the buckets' CORS rules."""
