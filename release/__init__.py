"""The checklist of a release, done by the machine: nothing is published from here."""
