{{/* The ingestor as a service, or one run of it when there are args: (dict "root" $ "args" (list "init")) */}}
{{- define "authseal.ingestorPod" -}}
{{- include "authseal.pod" (dict "root" .root "serviceAccount" (printf "%s-ingestor" (include "authseal.name" .root))) }}
containers:
  - name: ingestor
    image: {{ include "authseal.image" (dict "root" .root "service" "ingestor") }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    {{- if .args }}
    args: {{ toJson .args }}
    {{- else }}
    {{- include "authseal.probes" .root | nindent 4 }}
    {{- end }}
    envFrom:
      - configMapRef:
          name: {{ include "authseal.name" .root }}
    env:
      - name: AUTHSEAL_SIGNING_KEY
        value: /etc/authseal/signing-key/signing-key.pem
      {{- include "authseal.kafkaLogin" .root | nindent 6 }}
    securityContext:
      {{- include "authseal.containerSecurity" .root | nindent 6 }}
    resources:
      {{- toYaml .root.Values.ingestor.resources | nindent 6 }}
    volumeMounts:
      - name: keys
        mountPath: /etc/authseal/keys
        readOnly: true
      - name: signing-key
        mountPath: /etc/authseal/signing-key
        readOnly: true
volumes:
  - name: keys
    configMap:
      name: {{ .root.Values.keys.configMap }}
  - name: signing-key
    secret:
      secretName: {{ .root.Values.keys.signingKeySecret }}
      defaultMode: 0440
{{- end }}
