"""Images as persist publishes them, and serve beside refine."""

from tests.unit.serve.conftest import after_storing, aws, library, serve, serve_with

__all__ = ["after_storing", "aws", "library", "serve", "serve_with"]
