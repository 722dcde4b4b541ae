"""A receiver of the local stage's webhooks: verifies each message, shows the latest ones, and forwards them."""
