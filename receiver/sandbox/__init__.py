"""An embedded cluster over real HTTP: what the receiver, and a stock kubectl, need of the Kubernetes API.

For the demo and for tests; it imports nothing of the other rooms. Where it differs from a real control plane
it is wrong: the same tests run against both.
"""
