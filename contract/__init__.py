"""The document as a product: compared with its last release, linted, printed as a page, and tried in other languages."""
