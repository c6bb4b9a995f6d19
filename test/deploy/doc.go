// Package deploy reads the files of deploy/ as the tools do that people give them to: Helm's
// own library renders the chart, Kubernetes' types decode it, BuildKit's parser and linter
// read the Dockerfile, Compose's library the Compose files, Prometheus' parser the alerts
// and the dashboard; nginx, Caddy and systemd are asked themselves, and both proxies are run
// in front of small servers.
//
// It knows nothing of the inside of Skytower: of that it asks the built program. Its one
// invariant: no file of deploy/ names a setting, a variable, a flag or a port that the
// program doesn't have.
package deploy
