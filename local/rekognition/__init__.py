"""A stand-in for Amazon Rekognition's DetectModerationLabels, over Rekognition's own wire protocol."""
