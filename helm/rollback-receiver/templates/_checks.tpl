{{- /* Values that the schema takes one by one, and that make no sense together: each fault is a sentence. */ -}}
{{- define "rollback-receiver.checks" -}}
{{- $faults := list -}}
{{- $rules := or .Values.rules .Values.existingRulesConfigMap -}}
{{- if and (eq (toString .Values.config.mode) "auto") (not $rules) -}}
{{- $faults = append $faults "config.mode is auto and there is no rule: set rules or existingRulesConfigMap, or leave the mode at dry-run" -}}
{{- end -}}
{{- if and .Values.rules .Values.existingRulesConfigMap -}}
{{- $faults = append $faults "rules and existingRulesConfigMap are both set: leave one of them out" -}}
{{- end -}}
{{- if and (eq .Values.scope "namespaces") (not .Values.namespaces) -}}
{{- $faults = append $faults "scope is namespaces and none is named: list them in namespaces, or set scope to cluster" -}}
{{- end -}}
{{- if and (eq .Values.scope "cluster") .Values.namespaces -}}
{{- $faults = append $faults "namespaces are named and scope is cluster: set scope to namespaces, or name none" -}}
{{- end -}}
{{- if has .Release.Namespace .Values.namespaces -}}
{{- $faults = append $faults (printf "namespaces has the receiver's own, %s, in which nothing is ever rolled back: take it out" .Release.Namespace) -}}
{{- end -}}
{{- range $kind := list "Deployment" "StatefulSet" "DaemonSet" -}}
{{- if and $.Values.targets.services (not (has $kind $.Values.kinds)) -}}
{{- $faults = append $faults (printf "targets.services looks through all kinds, and kinds lacks %s: add it, or switch targets.services off" $kind) -}}
{{- end -}}
{{- end -}}
{{- range $name := list "ingress" "httpRoute" -}}
{{- if and (get $.Values $name).enabled (not $.Values.reviewToken.existingSecret) -}}
{{- $faults = append $faults (printf "%s.enabled shows the page to everybody who finds it: make a Secret with a token (kubectl create secret generic NAME --from-literal=token=…) and set reviewToken.existingSecret to its name" $name) -}}
{{- end -}}
{{- end -}}
{{- if and (ne .Values.service.type "ClusterIP") (not (and .Values.reviewToken.existingSecret .Values.webhookToken.existingSecret)) -}}
{{- $faults = append $faults (printf "service.type %s shows the page to everybody who finds it, and takes alerts from them: make a Secret with a token for each (kubectl create secret generic NAME --from-literal=token=…) and set reviewToken.existingSecret and webhookToken.existingSecret to their names" .Values.service.type) -}}
{{- end -}}
{{- $own := append (include "rollback-receiver.labels" . | fromYaml | keys) "checksum/config" -}}
{{- range $place, $given := dict "podLabels" .Values.podLabels "podAnnotations" .Values.podAnnotations "serviceMonitor.labels" .Values.serviceMonitor.labels "prometheusRule.labels" .Values.prometheusRule.labels "grafanaDashboard.labels" .Values.grafanaDashboard.labels -}}
{{- range $key, $_ := $given -}}
{{- if has $key $own -}}
{{- $faults = append $faults (printf "%s has %s, which the chart sets itself: take it out" $place $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) -}}
{{- $faults = append $faults "ingress.enabled needs a host name: set ingress.host" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- $faults = append $faults "httpRoute.enabled needs a Gateway: set httpRoute.parentRefs" -}}
{{- end -}}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.from) -}}
{{- $faults = append $faults "networkPolicy.enabled would let everybody in: name Alertmanager's and Prometheus' pods in networkPolicy.from" -}}
{{- end -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- $faults = append $faults "serviceAccount.create is false and none is named: set serviceAccount.name to yours" -}}
{{- end -}}
{{- if and .Values.config.trusted_user_header (not (and .Values.config.trusted_proxies .Values.reviewToken.existingSecret)) -}}
{{- $faults = append $faults "config.trusted_user_header needs config.trusted_proxies, the addresses from which it is believed, and reviewToken.existingSecret, by which forms are signed" -}}
{{- end -}}
{{- if and .Values.tls.clientCAKey (not .Values.tls.existingSecret) -}}
{{- $faults = append $faults "tls.clientCAKey is a key of tls.existingSecret: set that too" -}}
{{- end -}}
{{- if and .Values.config.silence_alerts (not .Values.config.alertmanager_url) -}}
{{- $faults = append $faults "config.silence_alerts needs config.alertmanager_url, where the silence is set" -}}
{{- end -}}
{{- if $faults -}}
{{- fail (printf "\n  - %s\n" (join "\n  - " $faults)) -}}
{{- end -}}
{{- end -}}
