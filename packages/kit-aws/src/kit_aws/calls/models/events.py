"""Amazon EventBridge. Written by scripts/aws_models.py: change it there."""

from kit_aws.calls.model import Operation, Service

SERVICE = Service(
    name="events",
    protocol="json",
    api_version="2015-10-07",
    endpoint="events",
    signing_name="events",
    variable="EVENTBRIDGE",
    content_type="application/x-amz-json-1.1",
    target="AWSEvents",
    is_query_compatible=False,
    retryable=(),
    operations={
        "PutEvents": Operation(
            "PutEvents", "POST", "/", "PutEventsRequest", "PutEventsResponse", "", ("InternalException",)
        ),
    },
    errors={"InternalException": "InternalException"},
    shapes={
        "ErrorCode": ("string",),
        "ErrorMessage": ("string",),
        "EventId": ("string",),
        "EventResource": ("string",),
        "EventResourceList": ("list", "EventResource", 0),
        "EventTime": ("timestamp",),
        "Integer": ("integer",),
        "InternalException": ("structure", {}, ()),
        "NonPartnerEventBusNameOrArn": ("string", 1),
        "PutEventsRequest": ("structure", {"Entries": "PutEventsRequestEntryList"}, ("Entries",)),
        "PutEventsRequestEntry": (
            "structure",
            {
                "Time": "EventTime",
                "Source": "String",
                "Resources": "EventResourceList",
                "DetailType": "String",
                "Detail": "String",
                "EventBusName": "NonPartnerEventBusNameOrArn",
                "TraceHeader": "TraceHeader",
            },
            (),
        ),
        "PutEventsRequestEntryList": ("list", "PutEventsRequestEntry", 1),
        "PutEventsResponse": ("structure", {"FailedEntryCount": "Integer", "Entries": "PutEventsResultEntryList"}, ()),
        "PutEventsResultEntry": (
            "structure",
            {"EventId": "EventId", "ErrorCode": "ErrorCode", "ErrorMessage": "ErrorMessage"},
            (),
        ),
        "PutEventsResultEntryList": ("list", "PutEventsResultEntry", 0),
        "String": ("string",),
        "TraceHeader": ("string", 1),
    },
)
