"""Clients that call handlers as AWS does, and read their answers."""

from kit_testing.clients.answer import Answer, AnswerHeaders, read_answer
from kit_testing.clients.bus import RecordingBus, deliver
from kit_testing.clients.http import Client
from kit_testing.clients.jobs import BatchAnswer, JobClient, failed_ids
from kit_testing.clients.websocket import WebSocketClient

__all__ = [
    "Answer",
    "AnswerHeaders",
    "BatchAnswer",
    "Client",
    "JobClient",
    "RecordingBus",
    "WebSocketClient",
    "deliver",
    "failed_ids",
    "read_answer",
]
