"""The envelope of `aws_lambda_handler`, with a code, a message and a duration.

envelope: the decorator; lambda_event, lambda_response: event and answer
reports, receivers: the report of a failure, and the function that receives it
"""
