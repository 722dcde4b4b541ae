"""A local CloudFront and WAF: a server that reads the synthesized template and refuses unknown properties."""
