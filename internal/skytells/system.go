package skytells

import (
	"context"
	"net/http"
	"time"
)

// System is what an operator sees of the server that answers, and of those beside it.
type System struct {
	Version   string    `json:"version"`
	Go        string    `json:"go" doc:"The Go release that it was built with."`
	Platform  string    `json:"platform" doc:"Such as linux/amd64."`
	Replica   string    `json:"replica" doc:"Id of the process that answers."`
	Role      string    `json:"role" enum:"all,api,worker"`
	StartedAt time.Time `json:"started_at"`
	Listen    string    `json:"listen"`
	PublicURL string    `json:"public_url,omitempty" doc:"Empty where it is taken from the request."`

	Database SystemDatabase `json:"database"`
	Redis    SystemRedis    `json:"redis"`
	Storage  SystemStorage  `json:"storage"`
	Replicas []Replica      `json:"replicas" doc:"Processes that showed life in the last minute, this one first."`
	Queues   []SystemQueue  `json:"queues"`
	Spool    SystemSpool    `json:"spool"`

	MasterKey SystemMasterKey `json:"master_key"`

	RequestsLost int64           `json:"requests_lost" doc:"Entries of the request log that this process dropped since its start, since the database did not keep up."`
	Warnings     []string        `json:"warnings" doc:"About the configuration."`
	ConfigHash   string          `json:"config_hash" doc:"Of the process file; the same on all nodes."`
	Config       []SystemSetting `json:"config"`
}

// SystemDatabase is the database. Its address is among the settings, without a password.
type SystemDatabase struct {
	Engine    string  `json:"engine" enum:"sqlite,postgres"`
	Version   string  `json:"version" doc:"Of the engine."`
	Bytes     int64   `json:"bytes"`
	FreeBytes int64   `json:"free_bytes,omitempty" doc:"Left on the disk of the data folder; 0: not known."`
	Schema    int64   `json:"schema" doc:"Number of the newest migration that it has."`
	Newest    int64   `json:"newest" doc:"Number of the newest migration that this server knows."`
	PingMS    float64 `json:"ping_ms"`
}

// SystemMasterKey is what master keys seal in the database. A key's id says nothing of
// the key.
type SystemMasterKey struct {
	Current string         `json:"current" doc:"Id of the key that seals."`
	Others  []string       `json:"others" doc:"Ids of the other keys that this server can open values with."`
	Left    int64          `json:"left" doc:"Values that another key than the current one sealed; they are sealed anew."`
	Lost    int64          `json:"lost" doc:"Those of them that this server has no key for."`
	Sealed  []SystemSealed `json:"sealed"`
}

// SystemSealed counts the values of one kind that one master key sealed.
type SystemSealed struct {
	Name   string `json:"name" doc:"What they are."`
	Key    string `json:"key" doc:"Id of the master key; empty where the text is none that was sealed."`
	Values int64  `json:"values"`
	Opens  bool   `json:"opens" doc:"This server has the key."`
}

// SystemRedis is the Redis that limits are shared in.
type SystemRedis struct {
	State   string  `json:"state" enum:"off,ok,away" doc:"off: none is set; away: each process counts its part by itself."`
	Version string  `json:"version,omitempty"`
	PingMS  float64 `json:"ping_ms,omitempty"`
}

// SystemStorage is where files are kept.
type SystemStorage struct {
	Kind  string `json:"kind" enum:"folder,s3"`
	Place string `json:"place" doc:"The folder, or the bucket's name."`
}

// Replica is a process that shares the database.
type Replica struct {
	ID         string    `json:"id"`
	Host       string    `json:"host"`
	Role       string    `json:"role"`
	Version    string    `json:"version"`
	Config     string    `json:"config_hash"`
	MasterKeys []string  `json:"master_keys" doc:"Ids of the master keys that it has, the one that seals first."`
	StartedAt  time.Time `json:"started_at"`
	SeenAt     time.Time `json:"seen_at"`
	Leads      bool      `json:"leads" doc:"It does the work that one process does for all."`
	This       bool      `json:"this" doc:"It is the one that answers."`
}

// SystemQueue is a queue of jobs.
type SystemQueue struct {
	Name    string     `json:"name"`
	Waiting int64      `json:"waiting" doc:"Ready to run."`
	Running int64      `json:"running"`
	Later   int64      `json:"later" doc:"To run at a later time, tries that failed included."`
	Failed  int64      `json:"failed" doc:"Given up in the last week."`
	Oldest  *time.Time `json:"oldest,omitempty" doc:"Since when the oldest one that is ready waits."`
	Workers int        `json:"workers" doc:"How many run at once in the process that answers."`
}

// SystemSpool is what of the charges waits on this process's disk for the database.
type SystemSpool struct {
	Batches int64 `json:"batches"`
	Bytes   int64 `json:"bytes"`
	Queued  int64 `json:"queued" doc:"Charges in memory that wait for the next commit."`
}

// SystemSetting is one setting of the process file.
type SystemSetting struct {
	Key     string `json:"key"`
	Value   string `json:"value" doc:"[set] where it is a secret."`
	Origin  string `json:"origin" doc:"default, a line of the file, a variable or a flag."`
	Default bool   `json:"default" doc:"Nobody set it."`
	Secret  bool   `json:"secret"`
	Doc     string `json:"doc" doc:"What it is, in one line."`
}

// System reads what the server says of itself.
func (c *Client) System(ctx context.Context) (System, error) {
	return call[System](ctx, c, http.MethodGet, "/admin/v1/system", nil)
}
