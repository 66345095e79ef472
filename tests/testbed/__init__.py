"""A real Kubernetes control plane and a real Alertmanager on loopback, for tests and measurements.

Nothing here knows the receiver: the testbed is what the receiver is judged against. Every process listens on
127.0.0.1, every file lies below one folder, and what a test process started ends with it.
"""
