"""RotateOriginSecret: replaces the value by which the API knows the edge, without an answer that fails."""
