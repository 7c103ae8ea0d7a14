"""The command line: `unified-video`."""
