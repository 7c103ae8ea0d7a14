"""Mutation testing of the modules that decide: what no test notices, no test claims."""
