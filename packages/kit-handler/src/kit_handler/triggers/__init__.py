"""Triggers: functions whose source waits for an answer.

triggers: the decorator; answers: Cognito and Lex; authorizers: API Gateway's; custom_resource: CloudFormation
outcomes: a result as JSON, an exception as the error that a source may see
"""
