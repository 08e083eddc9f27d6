"""The contracts that several kit packages share; each module is loaded by its first use.

invocation: the invocation or record that is being handled
json: the payload contract, written and read
redaction: texts and values without their secrets
loop: the kept event loop
connections: kept HTTP connections
backoff: waiting times between attempts
parameters: the parameters of a callable
guards: log lines that never raise
"""
