"""What a cluster does by itself: rollouts, pods that start, namespaces and dependents that go.

The controllers write through the store as the real ones write through the API: an object that has changed
since it was read is refused, and looked at again.
"""
