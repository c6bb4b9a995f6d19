{{- define "skytower.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "skytower.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "skytower.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "skytower.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "skytower.selector" -}}
app.kubernetes.io/name: {{ include "skytower.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "skytower.labels" -}}
{{ include "skytower.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "skytower.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "skytower.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "skytower.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "skytower.secret" -}}
{{- default (include "skytower.fullname" .) .Values.secrets.existingSecret -}}
{{- end -}}

{{/* The keys of the Secret, with spaces between them. */}}
{{- define "skytower.secretKeys" -}}
{{- if .Values.secrets.existingSecret -}}
{{- .Values.secrets.existingKeys | sortAlpha | join " " -}}
{{- else -}}
{{- keys .Values.secrets.values | sortAlpha | join " " -}}
{{- end -}}
{{- end -}}

{{/* skytower.yaml. */}}
{{- define "skytower.config" -}}
{{- $own := dict "listen" "0.0.0.0:8080" "operations_listen" "0.0.0.0:9464" "data" "/var/lib/skytower" -}}
{{- $given := deepCopy .Values.config -}}
{{- $_ := required "config.public_url is missing: the address that clients use, such as https://ai.example.com" $given.public_url -}}
{{- $_ := required "config.blob is missing: the storage of files that all Pods share, such as s3://skytower-files?region=eu-central-1" $given.blob -}}
{{- toYaml (merge $own $given) -}}
{{- end -}}

{{/* The seconds of a duration such as 30s, 2m or 1h. */}}
{{- define "skytower.seconds" -}}
{{- $text := toString . -}}
{{- if regexMatch "^[0-9]+s$" $text -}}{{ trimSuffix "s" $text | int }}
{{- else if regexMatch "^[0-9]+m$" $text -}}{{ mul (trimSuffix "m" $text | int) 60 }}
{{- else if regexMatch "^[0-9]+h$" $text -}}{{ mul (trimSuffix "h" $text | int) 3600 }}
{{- else -}}{{ fail (printf "%q: the chart reads drain_delay and shutdown_grace as whole seconds, minutes or hours, such as 30s" $text) }}
{{- end -}}
{{- end -}}

{{- define "skytower.terminationGrace" -}}
{{- $drain := include "skytower.seconds" (default "5s" .Values.config.drain_delay) | int -}}
{{- $grace := include "skytower.seconds" (default "30s" .Values.config.shutdown_grace) | int -}}
{{- $least := add $drain $grace 16 | int -}}
{{- if kindIs "invalid" .Values.terminationGracePeriodSeconds -}}
{{- add $drain $grace 25 -}}
{{- else if lt (int .Values.terminationGracePeriodSeconds) $least -}}
{{- fail (printf "terminationGracePeriodSeconds must be at least %d: drain_delay, shutdown_grace, and what charges may take after them" $least) -}}
{{- else -}}
{{- int .Values.terminationGracePeriodSeconds -}}
{{- end -}}
{{- end -}}

{{/* Variables: secrets come as files, but for those that AWS's library reads. */}}
{{- define "skytower.env" -}}
- name: SKYTOWER_CONFIG
  value: /etc/skytower/skytower.yaml
{{- $secret := include "skytower.secret" . }}
{{- range $key := splitList " " (include "skytower.secretKeys" .) }}
{{- if hasPrefix "aws_" $key }}
- name: {{ upper $key }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ $key }}
{{- else if eq $key "openai_api_key" }}
- name: OPENAI_API_KEY_FILE
  value: /run/secrets/skytower/openai_api_key
{{- else if eq $key "traces_headers" }}
- name: OTEL_EXPORTER_OTLP_HEADERS_FILE
  value: /run/secrets/skytower/traces_headers
{{- else }}
- name: {{ printf "SKYTOWER_%s_FILE" (upper $key) }}
  value: {{ printf "/run/secrets/skytower/%s" $key }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What the containers of a Pod have in common. */}}
{{- define "skytower.container" -}}
image: {{ include "skytower.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- toYaml .Values.containerSecurityContext | nindent 2 }}
env:
  {{- include "skytower.env" . | nindent 2 }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - {name: data, mountPath: /var/lib/skytower}
  - {name: temporary, mountPath: /tmp}
  - {name: config, mountPath: /etc/skytower, readOnly: true}
  - {name: secrets, mountPath: /run/secrets/skytower, readOnly: true}
{{- end -}}

{{- define "skytower.probe" -}}
httpGet: {path: {{ .path }}, port: operations}
{{ toYaml .timing }}
{{- end -}}

{{/* A role's StatefulSet: dict "root" $ "role" "api" "values" .Values.api. */}}
{{- define "skytower.statefulSet" -}}
{{- $root := .root -}}
{{- $role := .role -}}
{{- $values := .values -}}
{{- $secretKeys := splitList " " (include "skytower.secretKeys" $root) -}}
{{- if not (and (has "database" $secretKeys) (has "master_key" $secretKeys)) -}}
{{- fail "the secrets need at least database and master_key: give secrets.values.database and secrets.values.master_key, or secrets.existingSecret" -}}
{{- end -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ include "skytower.fullname" $root }}-{{ $role }}
  labels:
    {{- include "skytower.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ $role }}
spec:
  {{- if not .scaled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  serviceName: {{ include "skytower.fullname" $root }}-{{ $role }}-pods
  podManagementPolicy: Parallel
  updateStrategy:
    type: RollingUpdate
  # The volume of a Pod that is no more may hold charges: it stays until a person removes it.
  persistentVolumeClaimRetentionPolicy:
    whenDeleted: Retain
    whenScaled: Retain
  selector:
    matchLabels:
      {{- include "skytower.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ $role }}
  template:
    metadata:
      labels:
        {{- include "skytower.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ $role }}
        {{- with $values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        checksum/config: {{ include "skytower.config" $root | sha256sum }}
        {{- if not $root.Values.secrets.existingSecret }}
        checksum/secrets: {{ toJson $root.Values.secrets.values | sha256sum }}
        {{- end }}
        {{- with $values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "skytower.serviceAccount" $root }}
      automountServiceAccountToken: false
      # Kubernetes' own variables of Services would read as settings (SKYTOWER_PORT=…).
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ include "skytower.terminationGrace" $root }}
      securityContext:
        {{- toYaml $root.Values.podSecurityContext | nindent 8 }}
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        {{- if $values.topologySpreadConstraints }}
        {{- toYaml $values.topologySpreadConstraints | nindent 8 }}
        {{- else }}
        {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
        - maxSkew: 1
          topologyKey: {{ $key }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "skytower.selector" $root | nindent 14 }}
              app.kubernetes.io/component: {{ $role }}
        {{- end }}
        {{- end }}
      # The schema is brought to this version before a probe can lose patience. Pods take
      # turns under a lock of the database, and all but the first find nothing to do.
      initContainers:
        - name: migrate
          args: [migrate]
          {{- include "skytower.container" $root | nindent 10 }}
          resources:
            {{- toYaml $values.resources | nindent 12 }}
      containers:
        - name: skytower
          args: [serve, --role, {{ $role }}]
          {{- include "skytower.container" $root | nindent 10 }}
          ports:
            {{- if eq $role "api" }}
            - {name: http, containerPort: 8080}
            {{- end }}
            - {name: operations, containerPort: 9464}
          startupProbe:
            {{- include "skytower.probe" (dict "path" "/healthz" "timing" $root.Values.probes.startup) | nindent 12 }}
          livenessProbe:
            {{- include "skytower.probe" (dict "path" "/healthz" "timing" $root.Values.probes.liveness) | nindent 12 }}
          readinessProbe:
            {{- include "skytower.probe" (dict "path" "/readyz" "timing" $root.Values.probes.readiness) | nindent 12 }}
          resources:
            {{- toYaml $values.resources | nindent 12 }}
      volumes:
        - name: temporary
          emptyDir: {sizeLimit: {{ $root.Values.temporarySize }}}
        - name: config
          configMap: {name: {{ include "skytower.fullname" $root }}}
        - name: secrets
          secret: {secretName: {{ include "skytower.secret" $root }}, defaultMode: 0440}
        {{- if not $root.Values.persistence.enabled }}
        - name: data
          emptyDir: {sizeLimit: {{ $root.Values.persistence.size }}}
        {{- end }}
  {{- if $root.Values.persistence.enabled }}
  volumeClaimTemplates:
    - apiVersion: v1
      kind: PersistentVolumeClaim
      metadata:
        name: data
        labels:
          {{- include "skytower.selector" $root | nindent 10 }}
          app.kubernetes.io/component: {{ $role }}
      spec:
        accessModes:
          {{- toYaml $root.Values.persistence.accessModes | nindent 10 }}
        {{- with $root.Values.persistence.storageClassName }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests:
            storage: {{ $root.Values.persistence.size }}
  {{- end }}
{{- end -}}
