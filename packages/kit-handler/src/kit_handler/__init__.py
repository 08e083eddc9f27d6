"""HTTP routes, jobs and the response envelope for AWS Lambda functions, without a dependency."""
