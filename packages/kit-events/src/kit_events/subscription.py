"""Fan-out as code: what a template needs for a queue that gets some of a topic's events."""

import json
from collections.abc import Iterable


class Subscription:
    """Write the part of a SAM or CloudFormation template for one subscriber: `print(Subscription(…))`.

    It has the topic, the queue, its dead-letter queue, the policy that lets the topic send to both, and the filter by
    `types`. `queue` and `topic` are the logical names of resources; a topic that is not this template's is given by its
    ARN. The queue's visibility timeout is six times the function's `timeout` in seconds ("Configuring an Amazon SQS
    queue to use with Lambda"), and a message is tried `max_receives` times.
    """

    def __init__(
        self,
        queue: str,
        types: Iterable[str],
        *,
        topic: str = "Events",
        fifo: bool = False,
        timeout: int = 30,
        max_receives: int = 5,
    ) -> None:
        self.queue = queue
        self.types = [types] if isinstance(types, str) else list(types)
        self.topic = topic
        self.fifo = fifo
        self.timeout = timeout
        self.max_receives = max_receives
        for name in (queue, topic):
            if not name.isalnum() and not (name is topic and name.startswith("arn:")):
                raise ValueError(f"{name!r} is no logical name: letters and digits")
        if not self.types:
            raise ValueError("types names at least one type of events")

    def __str__(self) -> str:
        """Return the part as YAML."""
        foreign = self.topic.startswith("arn:")
        topic = "" if foreign else _TOPIC.format(topic=self.topic, properties=_fifo(self.fifo, top=True))
        return (
            "Resources:\n"
            + topic
            + _REST.format(
                queue=self.queue,
                topic=self.topic if foreign else f"!Ref {self.topic}",
                fifo=_fifo(self.fifo),
                visibility=6 * self.timeout,
                timeout=self.timeout,
                receives=self.max_receives,
                types=json.dumps(self.types),
            )
        )


def _fifo(fifo: bool, *, top: bool = False) -> str:
    if not fifo:
        return ""
    return "    Properties:\n      FifoTopic: true\n" if top else "      FifoQueue: true\n"


_TOPIC = """\
  {topic}:
    Type: AWS::SNS::Topic
{properties}
"""
_REST = """\
  {queue}:
    Type: AWS::SQS::Queue
    Properties:
{fifo}      VisibilityTimeout: {visibility}  # six times the function's timeout
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt {queue}DeadLetters.Arn
        maxReceiveCount: {receives}

  {queue}DeadLetters:
    Type: AWS::SQS::Queue
    Properties:
{fifo}      MessageRetentionPeriod: 1209600  # 14 days, the most

  {queue}Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref {queue}, !Ref {queue}DeadLetters]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: sns.amazonaws.com
            Action: sqs:SendMessage
            Resource: [!GetAtt {queue}.Arn, !GetAtt {queue}DeadLetters.Arn]
            Condition:
              ArnEquals:
                aws:SourceArn: {topic}

  {queue}Subscription:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: {topic}
      Protocol: sqs
      Endpoint: !GetAtt {queue}.Arn
      FilterPolicy:
        event_type: {types}
      RedrivePolicy:  # for what SNS can't hand over to the queue
        deadLetterTargetArn: !GetAtt {queue}DeadLetters.Arn

# Of the function that reads the queue:
#   Timeout: {timeout}
#   Events:
#     {queue}:
#       Type: SQS
#       Properties:
#         Queue: !GetAtt {queue}.Arn
#         FunctionResponseTypes: [ReportBatchItemFailures]
"""
