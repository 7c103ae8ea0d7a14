"""kill -9 of a program that makes a video, at random moments, against a service that counts."""
