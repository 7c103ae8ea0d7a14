"""Speed, side by side in one run with what users would use instead: `nox -s bench`. Nothing here fails by time."""
