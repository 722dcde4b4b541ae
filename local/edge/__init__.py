"""CloudFront and WAF on one machine: a server that reads the synthesized template and refuses what it does not know."""
