"""Provisioning: from a template to resources that exist, and to what has to run for them."""

from kit_local.provision.builder import Resource
from kit_local.provision.provision import TYPES, provision

__all__ = ["TYPES", "Resource", "provision"]
