{{- define "quarry.config" -}}
{{ toPrettyJson .Values.config }}
{{- end }}
{{- define "quarry.configName" -}}
{{ .Release.Name }}-config-{{ include "quarry.config" . | sha256sum | trunc 10 }}
{{- end }}
{{- define "quarry.labels" -}}
app.kubernetes.io/name: {{ .Release.Name }}
{{- end }}
