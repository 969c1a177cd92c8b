{{/* Release name, unless that says what the chart is already. */}}
{{- define "authseal.name" -}}
{{- if contains "authseal" .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-authseal{{ end -}}
{{- end }}

{{/* Labels that select a component's pods: (dict "root" $ "component" "ingestor") */}}
{{- define "authseal.selector" -}}
app.kubernetes.io/name: authseal
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "authseal.labels" -}}
{{ include "authseal.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* (dict "root" $ "service" "ingestor") */}}
{{- define "authseal.image" -}}
{{ .root.Values.image.registry }}authseal-{{ .service }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}
