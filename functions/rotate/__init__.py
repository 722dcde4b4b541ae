"""RotateOriginSecret: replaces the secret between CloudFront and the API without failing a request."""
