"""Runs a whole AWS SAM backend on one machine, without Docker or an AWS account."""
