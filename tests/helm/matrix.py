"""Installations that differ as users' do; every one of them must be sound."""

from collections.abc import Mapping
from typing import Any

from tests.helm.charts import RULE

TOKENS = {"webhookToken": {"existingSecret": "hook"}, "reviewToken": {"existingSecret": "review"}}
KINDS = ["Deployment", "StatefulSet", "DaemonSet", "Rollout"]
CHOSEN: Mapping[str, Mapping[str, Any]] = {
    "defaults": {},
    "auto, rules and tokens": {"config": {"mode": "auto"}, "rules": {"http.yaml": RULE}, **TOKENS},
    "three namespaces": {"scope": "namespaces", "namespaces": ["shop", "blog", "pay"]},
    "Deployments alone": {"kinds": ["Deployment"], "rbac": {"create": True}},
    "everything": {
        "replicas": 3,
        "image": {"digest": f"sha256:{'0' * 64}", "pullSecrets": [{"name": "pull"}]},
        "kinds": KINDS,
        "targets": {"services": True},
        "preflight": {"secrets": True, "pods": True},
        "config": {
            "mode": "approve",
            "alertmanager_url": "http://alertmanager:9093",
            "prometheus_url": "http://prometheus:9090",
            "selectors": ['tier!="database"'],
            "protected_namespaces": ["kube-system"],
            "defaults": {"cooldown": "1h", "budget": False},
            "aftermath_for": "2d",
            "keep_records_for": "180d",
            "keep_records": 5000,
            "max_body_bytes": "1MiB",
            "trusted_user_header": "X-Forwarded-User",
            "trusted_proxies": ["10.0.0.0/8"],
            "silence_alerts": True,
        },
        "existingRulesConfigMap": "ours",
        **TOKENS,
        "tls": {"existingSecret": "certificate", "clientCAKey": "ca.crt"},
        "secrets": {"slack": "slack-url"},
        "serviceAccount": {"name": "other", "annotations": {"a": "b"}},
        "service": {"annotations": {"a": "b"}, "port": 80},
        "listenAddress": "[::]",
        "ingress": {
            "enabled": True,
            "className": "nginx",
            "host": "rollbacks.example",
            "tlsSecret": "tls",
            "annotations": {"a": "b"},
        },
        "httpRoute": {
            "enabled": True,
            "parentRefs": [{"name": "gateway"}],
            "hostnames": ["rollbacks.example"],
            "annotations": {"a": "b"},
        },
        "networkPolicy": {"enabled": True, "from": [{"podSelector": {}}], "egress": [{}]},
        "serviceMonitor": {
            "enabled": True,
            "interval": "15s",
            "tlsConfig": {},
            "labels": {"release": "prometheus"},
        },
        "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
        "grafanaDashboard": {"enabled": True},
        "podLabels": {"team": "sre"},
        "podAnnotations": {"a": "b"},
        "priorityClassName": "system-cluster-critical",
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}
        ],
    },
    "nothing that can be left out": {
        "replicas": 1,
        "crd": {"install": False},
        "rbac": {"create": False},
        "serviceAccount": {"create": False, "name": "ours"},
        "podDisruptionBudget": {"enabled": False},
        "preStopSeconds": 0,
        "podSecurityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None},
    },
}
"""By what is said of each in a test's id."""
