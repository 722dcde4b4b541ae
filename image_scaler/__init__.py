"""The client and URL signing for applications, and the command image-scaler."""
