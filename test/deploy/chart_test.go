package deploy

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

const (
	chartFolder = files + "/helm/skytower"
	masterKey   = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
)

// installations are values that people give, each with what is not the default.
func installations() map[string]string {
	const least = `
config: {public_url: "https://ai.example.com", blob: "s3://files?region=eu-central-1"}
`
	const secrets = `
secrets: {values: {database: "postgres://u:p4ssw0rd@db/skytower", master_key: "` + masterKey + `"}}
`
	return map[string]string{
		"least": least + secrets,
		"fleet": `
config:
  public_url: https://ai.example.com
  blob: s3://files?region=eu-central-1
  trusted_proxies: [10.0.0.0/8]
  drain_delay: 10s
  shutdown_grace: 2m
  tiers: "on"
  workers_remote: 200
secrets:
  values:
    database: postgres://u:p4ssw0rd@db/skytower
    master_key: "` + masterKey + `"
    master_key_old: "` + strings.Replace(masterKey, "00", "ff", 1) + `"
    redis: redis://:p4ssw0rd@valkey:6379/0
    smtp: smtps://u:p4ssw0rd@mail.example.com:465
    openai_api_key: sk-p4ssw0rd
    traces_headers: authorization=p4ssw0rd
    aws_access_key_id: AKIAp4ssw0rd
    aws_secret_access_key: p4ssw0rd
extraEnv: [{name: SKYTOWER_MAIL_FROM, value: tower@example.com}, {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: "http://collector:4318"}]
image: {digest: "sha256:` + strings.Repeat("ab", 32) + `"}
imagePullSecrets: [{name: registry}]
api:
  autoscaling: {enabled: true, minReplicas: 3, maxReplicas: 12, targetCPUUtilizationPercentage: 60}
  nodeSelector: {kubernetes.io/arch: amd64}
  tolerations: [{key: ai, operator: Exists}]
  priorityClassName: high
  podAnnotations: {example.com/a: b}
worker: {replicas: 5}
persistence: {size: 5Gi, storageClassName: fast}
serviceMonitor: {enabled: true, labels: {release: prometheus}}
networkPolicy:
  apiFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress}}}]
  operationsFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
`,
		"ingress": least + secrets + `
ingress:
  enabled: true
  className: nginx
  annotations: {nginx.ingress.kubernetes.io/proxy-buffering: "off"}
  hosts: [ai.example.com]
  tls: [{secretName: tls, hosts: [ai.example.com]}]
`,
		"existing": least + `
secrets: {existingSecret: mine, existingKeys: [database, master_key, redis, aws_access_key_id, aws_secret_access_key]}
serviceAccount: {create: false, name: theirs}
persistence: {enabled: false}
networkPolicy: {enabled: false}
terminationGracePeriodSeconds: 120
fullnameOverride: tower
`,
	}
}

// objects are a chart's manifests, decoded by Kubernetes' own types.
type objects struct {
	sets      []appsv1.StatefulSet
	services  []corev1.Service
	configs   []corev1.ConfigMap
	secrets   []corev1.Secret
	accounts  []corev1.ServiceAccount
	budgets   []policyv1.PodDisruptionBudget
	policies  []networkingv1.NetworkPolicy
	ingresses []networkingv1.Ingress
	scalers   []autoscalingv2.HorizontalPodAutoscaler
	pods      []corev1.Pod
	monitors  []map[string]any
	notes     string
}

// render renders the chart with Helm's own engine, as an installation with the values.
func render(t *testing.T, values string) (objects, error) {
	t.Helper()
	chart, err := loader.LoadDir(chartFolder)
	if err != nil {
		t.Fatal(err)
	}
	given, err := common.ReadValues([]byte(values))
	if err != nil {
		t.Fatal(err)
	}
	release := common.ReleaseOptions{Name: "prod", Namespace: "ai", Revision: 1, IsInstall: true}
	all, err := util.ToRenderValues(chart, given, release, common.DefaultCapabilities)
	if err != nil {
		return objects{}, err
	}
	texts, err := engine.Render(chart, all)
	if err != nil {
		return objects{}, err
	}
	var o objects
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if strings.HasSuffix(name, "NOTES.txt") {
			o.notes = texts[name]
			continue
		}
		for document := range strings.SplitSeq(texts[name], "\n---\n") {
			if err := o.add(document); err != nil {
				t.Errorf("%s: %v\n%s", name, err, document)
			}
		}
	}
	return o, nil
}

// add decodes one manifest. Unknown and repeated fields are errors.
func (o *objects) add(document string) error {
	var kind struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := yaml.Unmarshal([]byte(document), &kind); err != nil || kind.Kind == "" {
		return err
	}
	switch kind.APIVersion + " " + kind.Kind {
	case "apps/v1 StatefulSet":
		return decode(document, &o.sets)
	case "v1 Service":
		return decode(document, &o.services)
	case "v1 ConfigMap":
		return decode(document, &o.configs)
	case "v1 Secret":
		return decode(document, &o.secrets)
	case "v1 ServiceAccount":
		return decode(document, &o.accounts)
	case "policy/v1 PodDisruptionBudget":
		return decode(document, &o.budgets)
	case "networking.k8s.io/v1 NetworkPolicy":
		return decode(document, &o.policies)
	case "networking.k8s.io/v1 Ingress":
		return decode(document, &o.ingresses)
	case "autoscaling/v2 HorizontalPodAutoscaler":
		return decode(document, &o.scalers)
	case "v1 Pod":
		return decode(document, &o.pods)
	case "monitoring.coreos.com/v1 ServiceMonitor":
		return decode(document, &o.monitors)
	}
	return fmt.Errorf("a %s %s is not known here", kind.APIVersion, kind.Kind)
}

func decode[T any](document string, to *[]T) error {
	var one T
	err := yaml.UnmarshalStrict([]byte(document), &one)
	*to = append(*to, one)
	return err
}

func TestChartPassesHelmsLint(t *testing.T) {
	t.Parallel()
	for name, text := range installations() {
		values, err := common.ReadValues([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range lint.RunAll(chartFolder, values, "ai").Messages {
			if m.Severity > support.InfoSev {
				t.Errorf("%s: %s", name, m)
			}
		}
	}
}

func TestChart(t *testing.T) {
	t.Parallel()
	for name, values := range installations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, err := render(t, values)
			if err != nil {
				t.Fatal(err)
			}
			if len(o.sets) != 2 || len(o.budgets) != 2 || len(o.configs) != 1 || len(o.pods) != 1 || len(o.services) != 3 {
				t.Fatalf("the chart has %d StatefulSets, %d budgets, %d ConfigMaps, %d Pods, %d Services", len(o.sets), len(o.budgets), len(o.configs), len(o.pods), len(o.services))
			}
			for _, set := range o.sets {
				o.checkSet(t, set)
				o.checkSettings(t, set)
			}
			checkPod(t, "the test", o.pods[0].Spec)
			o.checkSelectors(t)
			o.checkSecrets(t)
		})
	}
}

// checkSet is what the Pods of a role keep to.
func (o *objects) checkSet(t *testing.T, set appsv1.StatefulSet) {
	t.Helper()
	pod := set.Spec.Template.Spec
	checkPod(t, set.Name, pod)
	if len(pod.Containers) != 1 || len(pod.InitContainers) != 1 || !slices.Equal(pod.InitContainers[0].Args, []string{"migrate"}) {
		t.Fatalf("%s: %d containers, %d before them", set.Name, len(pod.Containers), len(pod.InitContainers))
	}
	c := pod.Containers[0]
	for kind, want := range map[string]string{"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"} {
		probe := map[string]*corev1.Probe{"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe}[kind]
		if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != want || probe.HTTPGet.Port.StrVal != "operations" {
			t.Errorf("%s: the %s probe is %+v", set.Name, kind, probe)
		}
	}
	if string(set.Spec.PodManagementPolicy) != "Parallel" || set.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled != appsv1.RetainPersistentVolumeClaimRetentionPolicyType {
		t.Errorf("%s: %s, %+v", set.Name, set.Spec.PodManagementPolicy, set.Spec.PersistentVolumeClaimRetentionPolicy)
	}
	if !slices.ContainsFunc(o.services, func(s corev1.Service) bool { return s.Name == set.Spec.ServiceName && s.Spec.ClusterIP == "None" }) {
		t.Errorf("%s: its Service %s is not there", set.Name, set.Spec.ServiceName)
	}
	if scaled := len(o.scalers) > 0 && o.scalers[0].Spec.ScaleTargetRef.Name == set.Name; scaled != (set.Spec.Replicas == nil) {
		t.Errorf("%s: scaled %v, replicas %v", set.Name, scaled, set.Spec.Replicas)
	}
	account := slices.ContainsFunc(o.accounts, func(a corev1.ServiceAccount) bool {
		return a.Name == pod.ServiceAccountName && a.AutomountServiceAccountToken != nil && !*a.AutomountServiceAccountToken
	})
	if !account && pod.ServiceAccountName != "theirs" {
		t.Errorf("%s: the account %s is not there, or hands out a token", set.Name, pod.ServiceAccountName)
	}
	checkMounts(t, set)
}

// checkPod is Kubernetes' restricted standard, and what else every Pod keeps to.
func checkPod(t *testing.T, name string, pod corev1.PodSpec) {
	t.Helper()
	if s := pod.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.RunAsUser == nil || *s.RunAsUser == 0 ||
		s.SeccompProfile == nil || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("%s: the security context of the Pod is %+v", name, s)
	}
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken || pod.EnableServiceLinks == nil || *pod.EnableServiceLinks {
		t.Errorf("%s: gets a token, or variables of Services", name)
	}
	if pod.TerminationGracePeriodSeconds == nil {
		t.Errorf("%s: no time to end is given", name)
	}
	for _, c := range append(slices.Clone(pod.InitContainers), pod.Containers...) {
		s := c.SecurityContext
		if s == nil || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem ||
			s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.Capabilities == nil || !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) || len(s.Capabilities.Add) > 0 {
			t.Errorf("%s: the security context of %s is %+v", name, c.Name, s)
		}
		if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
			t.Errorf("%s: %s has no requests or no limit of memory", name, c.Name)
		}
		if floating(c.Image) {
			t.Errorf("%s: the image %s of %s has no version", name, c.Image, c.Name)
		}
	}
}

// checkMounts: every mount has its volume, and charges that wait have one that stays.
func checkMounts(t *testing.T, set appsv1.StatefulSet) {
	t.Helper()
	volumes := map[string]string{}
	for _, v := range set.Spec.Template.Spec.Volumes {
		volumes[v.Name] = "of the Pod"
	}
	for _, claim := range set.Spec.VolumeClaimTemplates {
		if volumes[claim.Name] != "" {
			t.Errorf("%s: two volumes are called %s", set.Name, claim.Name)
		}
		volumes[claim.Name] = "claimed"
	}
	for _, m := range set.Spec.Template.Spec.Containers[0].VolumeMounts {
		if volumes[m.Name] == "" {
			t.Errorf("%s: no volume is called %s", set.Name, m.Name)
		}
	}
	if kept := volumes["data"] == "claimed"; kept != (set.Name != "tower-api" && set.Name != "tower-worker") {
		t.Errorf("%s: the volume of the data folder is %s", set.Name, volumes["data"])
	}
}

// checkSettings asks the program whether it would start so.
func (o *objects) checkSettings(t *testing.T, set appsv1.StatefulSet) {
	t.Helper()
	folder := t.TempDir()
	config := filepath.Join(folder, "skytower.yaml")
	if err := os.WriteFile(config, []byte(o.configs[0].Data["skytower.yaml"]), 0o600); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{
		"database": "postgres://u:p4ssw0rd@db/skytower", "master_key": masterKey, "redis": "redis://:p4ssw0rd@valkey:6379/0",
		"aws_access_key_id": "AKIAp4ssw0rd", "aws_secret_access_key": "p4ssw0rd",
	}
	for _, s := range o.secrets {
		maps.Copy(values, s.StringData)
	}
	for key, value := range values {
		if err := os.WriteFile(filepath.Join(folder, key), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := set.Spec.Template.Spec.Containers[0]
	var env []string
	for _, e := range c.Env {
		value := strings.ReplaceAll(strings.ReplaceAll(e.Value, "/run/secrets/skytower", folder), "/etc/skytower/skytower.yaml", config)
		if e.ValueFrom != nil {
			value = values[e.ValueFrom.SecretKeyRef.Key]
		}
		if value == "" {
			t.Errorf("%s: the variable %s is empty", set.Name, e.Name)
		}
		env = append(env, e.Name+"="+value)
	}
	if c.Args[0] != "serve" {
		t.Fatalf("%s is started with %q", set.Name, c.Args)
	}
	all := settings(t, env, c.Args[1:]...)
	if grace := *set.Spec.Template.Spec.TerminationGracePeriodSeconds; float64(grace) <= shutdown(t, all).Seconds() {
		t.Errorf("%s: it has %d s to end, and may need %v", set.Name, grace, shutdown(t, all))
	}
	if role := setting(t, all, "role"); !strings.HasSuffix(set.Name, "-"+role) {
		t.Errorf("%s has the role %s", set.Name, role)
	}
	for _, p := range c.Ports {
		key := map[string]string{"http": "listen", "operations": "operations_listen"}[p.Name]
		if listens := setting(t, all, key); !strings.HasSuffix(listens, fmt.Sprintf(":%d", p.ContainerPort)) {
			t.Errorf("%s: port %s is %d, and the program listens on %s", set.Name, p.Name, p.ContainerPort, listens)
		}
	}
}

// checkSelectors: what selects Pods selects those of one role, and all of them.
func (o *objects) checkSelectors(t *testing.T) {
	t.Helper()
	selected := map[string]map[string]string{}
	for _, b := range o.budgets {
		selected["budget "+b.Name] = b.Spec.Selector.MatchLabels
	}
	for _, p := range o.policies {
		selected["policy "+p.Name] = p.Spec.PodSelector.MatchLabels
	}
	for _, s := range o.services {
		selected["service "+s.Name] = s.Spec.Selector
	}
	for _, set := range o.sets {
		selected["set "+set.Name] = set.Spec.Selector.MatchLabels
		for _, spread := range set.Spec.Template.Spec.TopologySpreadConstraints {
			selected["spread of "+set.Name+" over "+spread.TopologyKey] = spread.LabelSelector.MatchLabels
		}
	}
	for who, labels := range selected {
		var roles []string
		for _, set := range o.sets {
			if matches(labels, set.Spec.Template.Labels) {
				roles = append(roles, set.Spec.Template.Labels["app.kubernetes.io/component"])
			}
		}
		if matches(labels, o.pods[0].Labels) || len(roles) != 1 || strings.Contains(who, "worker") != (roles[0] == "worker") {
			t.Errorf("the %s selects the Pods of %q", who, roles)
		}
	}
}

func matches(selector, labels map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return len(selector) > 0
}

// checkSecrets: no secret is anywhere but in the Secret.
func (o *objects) checkSecrets(t *testing.T) {
	t.Helper()
	rest := *o
	rest.secrets = nil
	text, err := yaml.Marshal(map[string]any{
		"sets": rest.sets, "services": rest.services, "configs": rest.configs, "accounts": rest.accounts, "budgets": rest.budgets, "policies": rest.policies,
		"ingresses": rest.ingresses, "scalers": rest.scalers, "pods": rest.pods, "monitors": rest.monitors, "notes": rest.notes,
	})
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`.*(p4ssw0rd|` + masterKey + `).*`).FindString(string(text)); found != "" {
		t.Errorf("a secret stands in the open: %s", found)
	}
}

// A changed setting or secret must start the Pods anew, and nothing else.
func TestChartRestartsForChanges(t *testing.T) {
	t.Parallel()
	base := installations()["least"]
	annotations := func(values string) map[string]string {
		o, err := render(t, values)
		if err != nil {
			t.Fatal(err)
		}
		return o.sets[0].Spec.Template.Annotations
	}
	before := annotations(base)
	if again := annotations(base + "\nservice: {port: 8080}\n"); !maps.Equal(before, again) {
		t.Errorf("another port of the Service changes the Pods: %v, %v", before, again)
	}
	for key, values := range map[string]string{
		"checksum/config":  strings.Replace(base, "public_url:", "max_body: 64MiB, public_url:", 1),
		"checksum/secrets": strings.Replace(base, "p4ssw0rd", "p4ssw1rd", 1),
	} {
		if after := annotations(values); after[key] == before[key] || before[key] == "" {
			t.Errorf("%s does not follow a change", key)
		}
	}
}

func TestChartRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	base := installations()["least"]
	for values, want := range map[string]string{
		strings.Replace(base, `public_url: "https://ai.example.com", `, "", 1):        "config.public_url is missing",
		strings.Replace(base, "s3://", "", 1):                                         "blob",
		regexp.MustCompile(`blob: "[^"]*"`).ReplaceAllString(base, `blob: ""`):        "config.blob is missing",
		regexp.MustCompile(`(?m)^secrets.*`).ReplaceAllString(base, ""):               "at least database and master_key",
		regexp.MustCompile(`, master_key: "[^"]*"`).ReplaceAllString(base, ""):        "at least database and master_key",
		base + "\nterminationGracePeriodSeconds: 30\n":                                "at least 51",
		strings.Replace(base, "public_url:", "shutdown_grace: 1m30s, public_url:", 1): "shutdown_grace",
		strings.Replace(base, "public_url:", "database: postgres://, public_url:", 1): "database",
		strings.Replace(base, "database:", "databse: x, database:", 1):                "databse",
		base + "\nimage: {tag: latest}\n":                                             "tag",
		base + "\nreplicas: 3\n":                                                      "replicas",
	} {
		if _, err := render(t, values); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n→ %v, without %q", values, err, want)
		}
	}
}

// Addresses of machines' own services hand out the credentials of the cloud.
func TestChartKeepsPodsFromTheCloudsCredentials(t *testing.T) {
	t.Parallel()
	o, err := render(t, installations()["fleet"])
	if err != nil {
		t.Fatal(err)
	}
	if len(o.policies) != 2 || len(o.scalers) != 1 || len(o.monitors) != 1 {
		t.Fatalf("%d policies, %d scalers, %d monitors", len(o.policies), len(o.scalers), len(o.monitors))
	}
	for _, p := range o.policies {
		for _, rule := range p.Spec.Egress {
			for _, to := range rule.To {
				if to.IPBlock != nil && to.IPBlock.CIDR == "0.0.0.0/0" && !slices.Contains(to.IPBlock.Except, "169.254.0.0/16") {
					t.Errorf("%s lets Pods to %+v", p.Name, to.IPBlock)
				}
			}
		}
		for _, rule := range p.Spec.Ingress {
			if len(rule.From) == 0 || len(rule.Ports) != 1 {
				t.Errorf("%s: everybody may call %+v", p.Name, rule.Ports)
			}
		}
	}
}
