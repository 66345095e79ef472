{{- define "rollback-receiver.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | replace "." "-" | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | replace "." "-" | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "rollback-receiver.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "rollback-receiver.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "rollback-receiver.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "rollback-receiver.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "rollback-receiver.fullname" .) -}}
{{- end -}}

{{- define "rollback-receiver.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "rollback-receiver.rulesConfigMap" -}}
{{- .Values.existingRulesConfigMap | default (printf "%s-rules" (include "rollback-receiver.fullname" .)) -}}
{{- end -}}

{{- /* What pods are and may do, the test's too: the standard `restricted` admits them. */ -}}
{{- define "rollback-receiver.containerSecurityContext" -}}
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
readOnlyRootFilesystem: true
{{- end -}}

{{- define "rollback-receiver.podSettings" -}}
serviceAccountName: {{ include "rollback-receiver.serviceAccountName" . }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext: {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
volumes: {{- include "rollback-receiver.volumes" . | nindent 2 }}
{{- end -}}

{{- define "rollback-receiver.volumes" -}}
- name: config
  configMap: {name: {{ include "rollback-receiver.fullname" . }}-config}
- name: rules
  configMap: {name: {{ include "rollback-receiver.rulesConfigMap" . }}}
{{- with .Values.webhookToken.existingSecret }}
- name: webhook-token
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- with .Values.reviewToken.existingSecret }}
- name: review-token
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- with .Values.tls.existingSecret }}
- name: tls
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- range $name, $secret := .Values.secrets }}
- name: secret-{{ $name }}
  secret: {secretName: {{ $secret }}, defaultMode: 0440}
{{- end }}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
- name: shm
  emptyDir: {medium: Memory, sizeLimit: 16Mi}
{{- end -}}

{{- /* Folders are mounted whole, never a subPath: that one would not see a change. */ -}}
{{- define "rollback-receiver.volumeMounts" -}}
- {name: config, mountPath: /etc/rollback-receiver/config, readOnly: true}
- {name: rules, mountPath: /etc/rollback-receiver/rules, readOnly: true}
{{- if .Values.webhookToken.existingSecret }}
- {name: webhook-token, mountPath: /etc/rollback-receiver/webhook-token, readOnly: true}
{{- end }}
{{- if .Values.reviewToken.existingSecret }}
- {name: review-token, mountPath: /etc/rollback-receiver/review-token, readOnly: true}
{{- end }}
{{- if .Values.tls.existingSecret }}
- {name: tls, mountPath: /etc/rollback-receiver/tls, readOnly: true}
{{- end }}
{{- range $name, $_ := .Values.secrets }}
- {name: secret-{{ $name }}, mountPath: /etc/rollback-receiver/secrets/{{ $name }}, readOnly: true}
{{- end }}
- {name: tmp, mountPath: /tmp}
- {name: shm, mountPath: /dev/shm}
{{- end -}}
