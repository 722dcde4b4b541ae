"""S3 as a browser on this machine reaches it: plain http on localhost, with the buckets' CORS rules."""
