"""The SAM template of a WebSocket API with its tables, printed by `python -m kit_websocket template`."""

from collections.abc import Sequence

_HEAD = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31

Globals:
  Function:
    Runtime: python3.12
    CodeUri: src/
    Timeout: 30
    MemorySize: 512
    Environment:
      Variables:
        DYNAMODB_TABLE: !Ref Connections
        KIT_WEBSOCKET_ROOMS_TABLE: !Ref Rooms
        KIT_WEBSOCKET_ENDPOINT: !Sub https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/live
        # AWS::Serverless::WebSocketApi makes no route responses: results are sent to the client instead.
        KIT_WEBSOCKET_REPLY: send

Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: live
      RouteSelectionExpression: $request.body.action
      Routes:
"""

_ROUTE = """\
        {route}:
          FunctionArn: !GetAtt Function.Arn
"""

_POLICIES = """\
        - Statement:
            - Effect: Allow
              Action:
                - dynamodb:BatchGetItem
                - dynamodb:BatchWriteItem
                - dynamodb:DeleteItem
                - dynamodb:GetItem
                - dynamodb:PutItem
                - dynamodb:Query
                - dynamodb:UpdateItem
                - dynamodb:Scan  # for broadcasts to everyone alone
              Resource:
                - !GetAtt Connections.Arn
                - !Sub ${Connections.Arn}/index/*
                - !GetAtt Rooms.Arn
            - Effect: Allow
              Action: execute-api:ManageConnections
              Resource: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/live/*
"""

_BODY = """\

  Function:
    Type: AWS::Serverless::Function
    Properties:
      Handler: {module}.handler
      Policies:
{policies}
  # Connections whose $disconnect never came: def expired(event, context): return connections.sync.expire(event)
  Expired:
    Type: AWS::Serverless::Function
    Properties:
      Handler: {module}.expired
      Policies:
{policies}      Events:
        Rows:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Connections.StreamArn
            StartingPosition: TRIM_HORIZON
            FunctionResponseTypes: [ReportBatchItemFailures]
            FilterCriteria:
              Filters:
                - Pattern: '{{"eventName": ["REMOVE"], "userIdentity": {{"principalId": ["dynamodb.amazonaws.com"]}}}}'

  Connections:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - {{AttributeName: connection_id, AttributeType: S}}
        - {{AttributeName: user_id, AttributeType: S}}
        - {{AttributeName: endpoint_id, AttributeType: S}}
        - {{AttributeName: area, AttributeType: S}}
      KeySchema:
        - {{AttributeName: connection_id, KeyType: HASH}}
      GlobalSecondaryIndexes:
        - IndexName: user_id-index
          KeySchema: [{{AttributeName: user_id, KeyType: HASH}}]
          Projection: {{ProjectionType: ALL}}
        - IndexName: endpoint_id-index
          KeySchema: [{{AttributeName: endpoint_id, KeyType: HASH}}]
          Projection: {{ProjectionType: ALL}}
        - IndexName: area-index
          KeySchema: [{{AttributeName: area, KeyType: HASH}}]
          Projection: {{ProjectionType: ALL}}
      TimeToLiveSpecification: {{AttributeName: _ttl, Enabled: true}}
      StreamSpecification: {{StreamViewType: OLD_IMAGE}}

  Rooms:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - {{AttributeName: room, AttributeType: S}}
        - {{AttributeName: connection_id, AttributeType: S}}
      KeySchema:
        - {{AttributeName: room, KeyType: HASH}}
        - {{AttributeName: connection_id, KeyType: RANGE}}
      TimeToLiveSpecification: {{AttributeName: _ttl, Enabled: true}}

Outputs:
  Url:
    Value: !Sub wss://${{Api}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/live
"""

LIFECYCLE = ("$connect", "$disconnect", "$default")


def template(routes: Sequence[str] = (), *, module: str = "app") -> str:
    """Return the template.

    routes: route keys besides `$connect`, `$disconnect` and `$default`. None is needed: a message to `$default` is
        routed by its field. ValueError for one that is not letters and digits, which SAM does not take
    module: of the functions `handler` and `expired`
    """
    for route in routes:
        if not (route.isascii() and route.isalnum()):
            raise ValueError(f"AWS::Serverless::WebSocketApi takes route keys of letters and digits, not {route!r}")
    named = dict.fromkeys((*LIFECYCLE, *routes))
    return (
        _HEAD + "".join(_ROUTE.format(route=route) for route in named) + _BODY.format(module=module, policies=_POLICIES)
    )
