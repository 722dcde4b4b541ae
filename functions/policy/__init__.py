"""The moderation policy and Rekognition's taxonomy of labels."""
