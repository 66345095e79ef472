{{- /* What the receiver needs where the workloads are. The receiver's own list is receiver/cluster/rights.py. */ -}}
{{- define "rollback-receiver.workloadRules" -}}
{{- $plurals := dict "Deployment" "deployments" "StatefulSet" "statefulsets" "DaemonSet" "daemonsets" -}}
{{- $apps := list -}}
{{- range $kind := .Values.kinds -}}
{{- with get $plurals $kind -}}
{{- $apps = append $apps . -}}
{{- end -}}
{{- end -}}
{{- with $apps }}
- apiGroups: [apps]
  resources: {{ toJson . }}
  verbs: [get, list, patch]
{{- end }}
{{- if or (has "Deployment" .Values.kinds) (has "Rollout" .Values.kinds) }}
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [get, list]
{{- end }}
{{- if or (has "StatefulSet" .Values.kinds) (has "DaemonSet" .Values.kinds) }}
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [list]
{{- end }}
{{- if has "Rollout" .Values.kinds }}
- apiGroups: [argoproj.io]
  resources: [rollouts]
  verbs: [get, list, patch]
{{- else if .Values.targets.services }}
# A Service may select one, so it looks through them too where there are any, and rolls none back.
- apiGroups: [argoproj.io]
  resources: [rollouts]
  verbs: [list]
{{- end }}
- apiGroups: [""]
  resources: [pods]
  verbs: {{ concat (list "get" "list") (has "StatefulSet" .Values.kinds | ternary (list "delete") list) (.Values.preflight.pods | ternary (list "create") list) | toJson }}
- apiGroups: [""]
  resources: {{ concat (list "configmaps" "persistentvolumeclaims" "serviceaccounts" "namespaces") (empty (include "rollback-receiver.looksAtSecrets" .) | ternary list (list "secrets")) (.Values.targets.services | ternary (list "services") list) | toJson }}
  verbs: [get]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end -}}

{{- /* And in its own namespace. The ledger's name is fixed, so no other ConfigMap can be changed, its rules neither. */ -}}
{{- define "rollback-receiver.recordRules" -}}
- apiGroups: [rollback-receiver.dev]
  resources: [rollbacks]
  verbs: [get, list, create, delete]
- apiGroups: [rollback-receiver.dev]
  resources: [rollbacks/status]
  verbs: [update]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create]
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [rollback-receiver]
  # The ClusterRole lets it get any.
  verbs: {{ eq .Values.scope "cluster" | ternary (list "update") (list "get" "update") | toJson }}
{{- end -}}
