"""Makes `generated/` from `openapi/unified_video.yaml`, and refuses a document that the overlay could not follow."""
