"""Fan-out as code: what a template needs for a queue that gets some of a topic's events."""

import json
import re
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
        if not re.fullmatch("[A-Za-z0-9]+", queue):
            raise ValueError(f"{queue!r} is no logical name: letters and digits")
        if not re.fullmatch(r"[A-Za-z0-9]+|arn:[\w:.-]+", topic, re.ASCII):
            raise ValueError(f"{topic!r} is neither a logical name, which has letters and digits, nor an ARN")
        if topic in (queue, *(queue + end for end in ("DeadLetters", "Policy", "Subscription"))):
            raise ValueError(f"{topic!r} is the name of the topic and of the queue or one of its parts")
        if not self.types:
            raise ValueError("types names at least one type of events")
        if not (1 <= timeout <= 900 and 1 <= max_receives <= 1000):
            raise ValueError("timeout is from 1 to 900 seconds, max_receives from 1 to 1000")

    def __str__(self) -> str:
        """Return the part as YAML."""
        foreign = self.topic.startswith("arn:")
        fifo = "      FifoQueue: true\n" if self.fifo else ""
        properties = "    Properties:\n      FifoTopic: true\n" if self.fifo else ""
        topic = "" if foreign else _TOPIC.format(topic=self.topic, properties=properties)
        return (
            "Resources:\n"
            + topic
            + _REST.format(
                queue=self.queue,
                topic=self.topic if foreign else f"!Ref {self.topic}",
                fifo=fifo,
                visibility=6 * self.timeout,
                timeout=self.timeout,
                receives=self.max_receives,
                types=json.dumps(self.types),
            )
        )


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
