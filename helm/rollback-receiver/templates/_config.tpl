{{- /* Not empty where every rule looks at Secrets, whichever way that is said. */ -}}
{{- define "rollback-receiver.looksAtSecrets" -}}
{{- if or .Values.preflight.secrets (dig "defaults" "preflight" "secrets" false .Values.config) -}}
yes
{{- end -}}
{{- end -}}

{{- /* The receiver's config file: `config`, and what only the chart knows. YAML takes an unquoted off for false. */ -}}
{{- define "rollback-receiver.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if eq (toString $config.mode) "false" -}}
{{- $_ := set $config "mode" "off" -}}
{{- end -}}
{{- $defaults := $config.defaults | default dict -}}
{{- range $guard := list "budget" "systemic" -}}
{{- if eq (toString (get $defaults $guard)) "false" -}}
{{- $_ := set $defaults $guard "off" -}}
{{- end -}}
{{- end -}}
{{- if include "rollback-receiver.looksAtSecrets" . -}}
{{- $_ := set $defaults "preflight" (dict "secrets" true) -}}
{{- end -}}
{{- if $defaults -}}
{{- $_ := set $config "defaults" $defaults -}}
{{- end -}}
{{- $_ := set $config "listen" (printf "%s:8080" .Values.listenAddress) -}}
{{- $_ := set $config "namespace" .Release.Namespace -}}
{{- $_ := set $config "rules" (list "/etc/rollback-receiver/rules") -}}
{{- if eq .Values.scope "namespaces" -}}
{{- $_ := set $config "namespaces" .Values.namespaces -}}
{{- end -}}
{{- if .Values.webhookToken.existingSecret -}}
{{- $_ := set $config "webhook_token_file" (printf "/etc/rollback-receiver/webhook-token/%s" .Values.webhookToken.key) -}}
{{- end -}}
{{- if .Values.reviewToken.existingSecret -}}
{{- $_ := set $config "review_token_file" (printf "/etc/rollback-receiver/review-token/%s" .Values.reviewToken.key) -}}
{{- end -}}
{{- with .Values.tls.existingSecret -}}
{{- $_ := set $config "tls_cert_file" "/etc/rollback-receiver/tls/tls.crt" -}}
{{- $_ := set $config "tls_key_file" "/etc/rollback-receiver/tls/tls.key" -}}
{{- with $.Values.tls.clientCAKey -}}
{{- $_ := set $config "tls_client_ca_file" (printf "/etc/rollback-receiver/tls/%s" .) -}}
{{- end -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}
