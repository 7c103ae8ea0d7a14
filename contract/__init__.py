"""The document as a product: compared with its release, linted, shown as a page, tried in other languages."""
