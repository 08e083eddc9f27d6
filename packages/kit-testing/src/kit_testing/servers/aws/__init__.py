"""AWS on this machine."""

from kit_testing.servers.aws.bridges import Bridge, Call, Next, Reply
from kit_testing.servers.aws.endpoint import Aws

__all__ = ["Aws", "Bridge", "Call", "Next", "Reply"]
