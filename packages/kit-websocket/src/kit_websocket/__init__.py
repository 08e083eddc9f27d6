"""WebSocket APIs on API Gateway and Lambda: routing, connections in DynamoDB, sending."""
