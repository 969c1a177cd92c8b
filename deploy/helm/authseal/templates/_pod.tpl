{{/* What every pod has: (dict "root" $ "serviceAccount" name) */}}
{{- define "authseal.pod" -}}
serviceAccountName: {{ .serviceAccount }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "authseal.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Settings of the ConfigMap, which change the pod when they change: the pod template's annotations. */}}
{{- define "authseal.checksum" -}}
checksum/config: {{ include (print $.Template.BasePath "/config.yaml") . | sha256sum }}
{{- end }}

{{- define "authseal.probes" -}}
ports:
  - name: http
    containerPort: 8080
livenessProbe:
  httpGet: { path: /livez, port: http }
readinessProbe:
  httpGet: { path: /readyz, port: http }
{{- end }}

{{- define "authseal.kafkaLogin" -}}
{{- with .Values.kafka.sasl }}
{{- if .secret }}
- name: AUTHSEAL_KAFKA_SASL_MECHANISM
  value: {{ .mechanism }}
- name: AUTHSEAL_KAFKA_SASL_USERNAME
  valueFrom: { secretKeyRef: { name: {{ .secret }}, key: username } }
- name: AUTHSEAL_KAFKA_SASL_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ .secret }}, key: password } }
{{- end }}
{{- end }}
{{- end }}

{{/* The credentials of one region, as variables. */}}
{{- define "authseal.regionLogin" -}}
{{- if .credentialsSecret }}
{{- $prefix := printf "AUTHSEAL_REGION_%s" (.name | upper | replace "-" "_") }}
- name: {{ $prefix }}_ACCESS_KEY_ID
  valueFrom: { secretKeyRef: { name: {{ .credentialsSecret }}, key: access-key-id } }
- name: {{ $prefix }}_SECRET_ACCESS_KEY
  valueFrom: { secretKeyRef: { name: {{ .credentialsSecret }}, key: secret-access-key } }
{{- end }}
{{- end }}
