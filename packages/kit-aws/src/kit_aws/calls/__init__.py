"""Calls to AWS without boto3: `call` has the public function, each other file one step of it."""
