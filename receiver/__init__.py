"""rollback-receiver: an Alertmanager webhook receiver that rolls Kubernetes workloads back.

The rooms, each importing only from those to its right: cli, app, web, engine, cluster and alertmanager,
metrics and settings and logs, policy.
"""

__version__ = "0.1.0"
