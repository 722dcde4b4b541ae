"""Webhook: delivers completion events to applications over HTTPS, signed as Standard Webhooks specifies."""
