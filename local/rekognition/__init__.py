"""A local service with Amazon Rekognition's DetectModerationLabels, over Rekognition's own wire protocol.

What judges the pictures can be chosen: the stand-in, or a real model (detectors.py).
"""
