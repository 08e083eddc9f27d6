"""Jobs: a function of one record becomes a Lambda handler of batches.

jobs: the decorator; annotations: records and events by annotation; runs: one invocation
concurrency: records at the same time, in threads or tasks
batches: the sources and how each names a failure; failures: dead letters and delays
"""
