"""UploadImage: creates image records and signs uploads."""
