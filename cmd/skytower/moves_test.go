package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// run runs another command of the program, and reads its JSON.
func (f *fleet) run(into any, args ...string) {
	f.t.Helper()
	text, err := f.tool(args...).Output()
	if err != nil {
		f.t.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, text, f.nodes[0].out)
	}
	if err := json.Unmarshal(text, into); err != nil {
		f.t.Fatalf("%s: %v in %s", strings.Join(args, " "), err, text)
	}
}

func (f *fleet) tool(args ...string) *exec.Cmd {
	cmd := exec.Command(f.program, append(args, "--json")...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + f.t.TempDir(), "SKYTOWER_OPERATOR_KEY=" + f.operator}, f.env...)
	cmd.Stderr = f.nodes[0].out
	return cmd
}

// order makes a prediction and returns its id.
func (f *fleet) order(prompt string) string {
	f.t.Helper()
	status, answer, err := f.send(f.nodes[0], f.key, http.MethodPost, "/v1/predictions", `{"model":"painter","input":{"prompt":"`+prompt+`"}}`)
	var p skytells.Prediction
	if err != nil || status >= 300 || json.Unmarshal([]byte(answer), &p) != nil {
		f.t.Fatalf("%d %s: %v", status, answer, err)
	}
	return p.ID
}

// delivered waits for a prediction's end, and returns the content of its file.
func (f *fleet) delivered(id string) string {
	f.t.Helper()
	var p skytells.Prediction
	f.await("a prediction ended", func() bool {
		_, answer, err := f.send(f.nodes[0], f.key, http.MethodGet, "/v1/predictions/"+id, "")
		return err == nil && json.Unmarshal([]byte(answer), &p) == nil && skytells.Terminal(p.Status)
	})
	var links []string
	if err := json.Unmarshal(p.Output, &links); err != nil || p.Status != skytells.StatusSucceeded || len(links) != 1 {
		f.t.Fatalf("prediction %s: %s, %s, %v", id, p.Status, p.Output, err)
	}
	link, err := url.Parse(links[0])
	if err != nil {
		f.t.Fatal(err)
	}
	status, content, err := f.send(f.nodes[0], "", http.MethodGet, link.RequestURI(), "")
	if err != nil || status != http.StatusOK {
		f.t.Fatalf("the file of prediction %s: %d, %v", id, status, err)
	}
	return content
}

// TestMoveToPostgres moves an installation: what was charged, keys and files stay, and a
// prediction that was on its way ends on the other database.
func TestMoveToPostgres(t *testing.T) {
	t.Parallel()
	f := newFleet(t, buildProgram(t), "sqlite", 1, "--egress-allow", "127.0.0.0/8", "--retention", "0", "--prediction-concurrency", "1", "--shutdown-grace", "0s")
	f.grant(f.account, "100")
	if status, answer, err := f.send(f.nodes[0], f.key, http.MethodPost, "/v1/chat/completions", chat(10)); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s: %v", status, answer, err)
	}
	done := f.order("x")
	picture := f.delivered(done)
	underway, behind := f.order("wait"), f.order("y")
	const each = pictureNanos / int64(token)
	f.awaitBalance(f.account, 1_000_000-10-each)
	f.stop()

	target := storetest.EmptyPostgres(t)
	var r struct {
		State, Balance string
		Rows           int64
		Jobs           int
	}
	from := []string{"db", "copy", "--data", f.nodes[0].data, "--to", target}
	f.run(&r, from...)
	if r.State != "copied" || r.Rows == 0 || r.Jobs == 0 || !strings.HasPrefix(r.Balance, "99.969") {
		t.Errorf("%+v", r)
	}
	f.run(&r, from...)
	if r.State != "already" {
		t.Errorf("once more: %+v", r)
	}
	f.database = target
	f.start(f.nodes[0])
	f.awaitBalance(f.account, 1_000_000-10-each)
	if got := f.delivered(done); got != picture {
		t.Errorf("the picture is %q, was %q", got, picture)
	}
	f.up.release(nil)
	f.delivered(underway)
	f.delivered(behind)
	if status, answer, err := f.send(f.nodes[0], f.key, http.MethodPost, "/v1/chat/completions", chat(10)); err != nil || status != http.StatusOK {
		t.Errorf("%d %s: %v", status, answer, err)
	}
	f.awaitBalance(f.account, 1_000_000-20-3*each)
	f.verify()
	f.stop()
	f.audit()
}

// TestRestoreDrill backs a server up while it works, kills it, and goes on elsewhere.
func TestRestoreDrill(t *testing.T) {
	t.Parallel()
	f := newFleet(t, buildProgram(t), "sqlite", 1, "--egress-allow", "127.0.0.0/8", "--retention", "0")
	f.grant(f.account, "100")
	id := f.order("x")
	picture := f.delivered(id)
	charged, stop := f.busy()
	root := t.TempDir()
	backup, data, files := filepath.Join(root, "backup"), filepath.Join(root, "data"), filepath.Join(root, "files")
	var made struct {
		Manifest struct {
			Files   int64
			Missing int64 `json:"missing_files"`
		}
	}
	f.run(&made, "backup", "--data", f.nodes[0].data, "--blob", f.flags[len(f.flags)-1], "--to", backup)
	end(f.nodes[0].cmd)
	f.nodes[0].cmd = nil
	stop()
	if made.Manifest.Files == 0 || made.Manifest.Missing != 0 {
		t.Errorf("%+v", made)
	}
	var whole struct{ Problems []string }
	f.run(&whole, "backup", "verify", backup)
	f.run(&whole, "restore", "--data", data, "--blob", files, "--from", backup)
	f.run(&whole, "restore", "--check", "--data", data, "--blob", files)
	if len(whole.Problems) > 0 {
		t.Error(whole.Problems)
	}

	f.nodes[0].data, f.flags[len(f.flags)-1] = data, files
	f.database = "sqlite:" + filepath.Join(data, "skytower.db")
	f.start(f.nodes[0])
	f.verify()
	if got := f.delivered(id); got != picture {
		t.Errorf("the picture is %q, was %q", got, picture)
	}
	f.sawDoctor()
	f.stop()
	f.audit()
	f.onlyCharged(charged, id)
}

// busy calls the server from some sides until stop is called. charged has every request
// that was told of, and, once stop has returned, is read only.
func (f *fleet) busy() (charged map[string]bool, stop func()) {
	const callers, first = 4, 20
	charged = map[string]bool{}
	var mu sync.Mutex
	var all sync.WaitGroup
	quit, answers := make(chan struct{}), make(chan struct{}, 100_000)
	for range callers {
		all.Go(func() {
			for {
				select {
				case <-quit:
					return
				default:
				}
				status, _, id, err := f.sendNamed(f.nodes[0], f.key, http.MethodPost, "/v1/chat/completions", chat(3))
				if err != nil || status != http.StatusOK {
					return // it was killed
				}
				mu.Lock()
				charged[id] = true
				mu.Unlock()
				answers <- struct{}{}
			}
		})
	}
	for range first {
		<-answers
	}
	return charged, func() {
		close(quit)
		all.Wait()
	}
}

// onlyCharged compares the stopped server's charges with what was answered: those of the
// moment of the backup and no others, but for calls that were open at the kill.
func (f *fleet) onlyCharged(answered map[string]bool, prediction string) {
	f.t.Helper()
	const callers = 4
	db := storetest.OpenWith(f.t, f.database, store.Options{})
	var known, unknown int
	var total int64
	err := db.Read(f.t.Context(), func(tx *store.Tx) error {
		known, unknown, total = 0, 0, 0
		return tx.Each(f.t.Context(), `select request, amount from charge_line where amount > 0`, func(scan func(...any) error) error {
			var id string
			var amount int64
			err := scan(&id, &amount)
			total += amount
			switch {
			case answered[id]:
				known++
			case id != prediction:
				unknown++
			}
			return err
		})
	})
	if err != nil {
		f.t.Fatal(err)
	}
	if known < 20 || known > len(answered) || unknown > callers {
		f.t.Errorf("%d charges of %d answers are there, and %d of nobody", known, len(answered), unknown)
	}
	if balance := f.count(db, `select sum(balance) from bucket where purse = $1`, f.account); balance != 100*1_000_000_000-total {
		f.t.Errorf("the balance is %d, and %d was charged", balance, total)
	}
}

// sawDoctor wants nothing to fail but the upstreams, which are made up.
func (f *fleet) sawDoctor() {
	f.t.Helper()
	text, _ := f.tool("doctor", "--url", "http://"+f.nodes[0].address).Output() //nolint:errcheck // upstreams fail
	var checks []skytells.Check
	var list struct{ Checks []skytells.Check }
	if json.Unmarshal(text, &checks) != nil {
		if err := json.Unmarshal(text, &list); err != nil {
			f.t.Fatalf("doctor: %v in %s", err, text)
		}
		checks = list.Checks
	}
	if len(checks) == 0 {
		f.t.Errorf("doctor says nothing: %s", text)
	}
	for _, c := range checks {
		if c.State == skytells.CheckFail && !strings.HasPrefix(c.Name, "provider ") {
			f.t.Errorf("%s: %s", c.Name, c.Message)
		}
	}
}
