"""UploadImage: creates image records and hands out presigned uploads."""
