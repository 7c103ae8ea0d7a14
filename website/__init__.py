"""Makes the site of the documentation, and the pictures in it."""
