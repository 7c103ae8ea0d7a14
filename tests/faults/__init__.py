"""A service that misbehaves on purpose, behind a real socket, and the table of what comes of it."""
