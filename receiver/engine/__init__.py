"""From a payload to records, and from a record to its end: claim, patch, watch, verify, hand over.

What is decided is decided in receiver.policy; what is known is in etcd. A process that dies loses nothing.
"""
