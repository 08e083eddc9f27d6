"""The contracts that several kit packages share; each module is loaded by its first use.

invocation: the invocation or record that is being handled
json: the payload contract, written and read
redaction: texts and values without their secrets
loop: the kept event loop
connections: kept HTTP connections
backoff: waiting times between attempts
parameters: the parameters of a callable
guards: log lines that never raise
loading: what Lambda's init phase loads ahead, and SnapStart renews; `kit_core.preload` says more by hand
"""

__all__ = ["preload"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit_core.loading import preload
else:

    def __getattr__(name):
        if name == "preload":
            from kit_core.loading import preload

            return preload
        raise AttributeError(f"module 'kit_core' has no attribute {name!r}")
