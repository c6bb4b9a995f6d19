package batch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience ends a test that waits for what never comes. Nothing is timed by it.
const patience = 60 * time.Second

const endpoint = "/v1/chat/completions"

// shop is an installation: a database, a storage, and a clock that stands still.
type shop struct {
	t     *testing.T
	db    *store.DB
	files *blob.Store
	clock atomic.Int64
	calls calls
}

// calls remembers what was asked, by request, and plays the ledger: a request is charged
// once, its charge is given back once, and one that was to be given back before it was made
// is never made.
type calls struct {
	mu       sync.Mutex
	by       map[string]int
	charged  map[string]string // by request: its body
	refunded map[string]bool
	void     map[string]string // by request: its model
}

func (c *calls) charge(call Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by[call.Request]++
	if _, is := c.void[call.Request]; !is {
		c.charged[call.Request] = string(call.Body)
	}
}

func (c *calls) refund(_ context.Context, u Unanswered) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, is := c.charged[u.Request]; is {
		c.refunded[u.Request] = true
	} else {
		c.void[u.Request] = u.Model
	}
	return nil
}

// owed are the requests that stay charged.
func (c *calls) owed() map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	owed := map[string]bool{}
	for request := range c.charged {
		if !c.refunded[request] {
			owed[request] = true
		}
	}
	return owed
}

func newShop(t *testing.T, db *store.DB) *shop {
	t.Helper()
	master, err := secret.NewMasterKey(bytes.Repeat([]byte{7}, secret.Size))
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, db: db, calls: calls{by: map[string]int{}, charged: map[string]string{}, refunded: map[string]bool{}, void: map[string]string{}}}
	s.clock.Store(time.Date(2030, 5, 20, 12, 0, 0, 0, time.UTC).UnixMicro())
	s.files, err = blob.Open(t.Context(), blob.Options{DB: db, URL: "file://" + filepath.Join(t.TempDir(), "files"), Links: secret.NewRing(master), Now: s.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.files.Close() })
	return s
}

func (s *shop) now() time.Time          { return time.UnixMicro(s.clock.Load()).UTC() }
func (s *shop) advance(d time.Duration) { s.clock.Add(d.Microseconds()) }
func (s *shop) answered(_ context.Context, c Call) Reply {
	s.calls.charge(c)
	return Reply{Status: 200, Body: fmt.Appendf(nil, "{\n\"said\": %s}", c.Body)}
}

// process is one that runs lines, or with no workers one that does not.
func (s *shop) process(workers int, answer func(context.Context, Call) Reply) *Service {
	s.t.Helper()
	p := s.idle(workers, answer)
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		p.Stop(ctx)
	})
	if err := p.Start(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return p
}

// idle is a process that was not started.
func (s *shop) idle(workers int, answer func(context.Context, Call) Reply) *Service {
	return New(Options{
		DB: s.db, Files: s.files, Answer: answer, Refund: s.calls.refund, Endpoints: []string{endpoint, "/v1/embeddings"}, Workers: workers,
		MaxLines: 2000, MaxLine: 1000, Retention: 24 * time.Hour, Now: s.now,
	})
}

// upload keeps a file of the account.
func (s *shop) upload(account, purpose, content string) string {
	s.t.Helper()
	f, err := s.files.Put(s.t.Context(), blob.New{Account: account, Role: blob.Upload, Name: "in.jsonl", Purpose: purpose, Limit: 1 << 20}, strings.NewReader(content))
	if err != nil {
		s.t.Fatal(err)
	}
	err = s.db.Write(s.t.Context(), func(tx *store.Tx) error {
		return s.files.Keep(s.t.Context(), tx, []string{f.ID}, s.now().Add(2*time.Hour))
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return f.ID
}

func lineOf(custom string) string {
	return fmt.Sprintf(`{"custom_id":%q,"method":"POST","url":"%s","body":{"model":"m","n":%q}}`, custom, endpoint, custom) + "\n"
}

func linesOf(n int) string {
	var all strings.Builder
	for i := range n {
		all.WriteString(lineOf(fmt.Sprint("line-", i)))
	}
	return all.String()
}

func (s *shop) create(p *Service, account, content string) Batch {
	s.t.Helper()
	b, _, err := p.Create(s.t.Context(), Request{
		Account: account, Key: "key_" + account, Input: s.upload(account, "batch", content), Endpoint: endpoint, Window: "24h", Metadata: map[string]string{"for": "tests"},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

// until waits for a state of the batch. Nothing is timed by the pause.
func (s *shop) until(p *Service, b Batch, state State) Batch {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		now, err := p.Get(s.t.Context(), b.Account, b.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		if now.State == state {
			return now
		}
		if now.State.Ended() {
			s.t.Fatalf("the batch is %+v, want %s", now, state)
		}
		select {
		case <-deadline:
			s.t.Fatalf("the batch stays %+v, want %s", now, state)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// out is a line of a file of results.
type out struct {
	ID       string
	CustomID string `json:"custom_id"`
	Response *struct {
		StatusCode int    `json:"status_code"`
		RequestID  string `json:"request_id"`
		Body       json.RawMessage
	}
	Error *lineError
}

// read gives the lines of a file by their custom ids; each must be there once.
func (s *shop) read(account, id string) map[string]out {
	s.t.Helper()
	all := map[string]out{}
	if id == "" {
		return all
	}
	f, err := s.files.Get(s.t.Context(), account, id)
	if err != nil {
		s.t.Fatal(err)
	}
	if f.Purpose != blob.BatchFiles || f.Role != blob.Upload || !strings.HasSuffix(f.Name, ".jsonl") || f.ExpiresAt.IsZero() {
		s.t.Errorf("file %+v", f)
	}
	content, err := s.files.Content(s.t.Context(), f)
	if err != nil {
		s.t.Fatal(err)
	}
	defer content.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(content)
	if err != nil {
		s.t.Fatal(err)
	}
	for l := range strings.Lines(string(text)) {
		var o out
		if err := json.Unmarshal([]byte(l), &o); err != nil {
			s.t.Fatalf("%v in %s", err, l)
		}
		if _, twice := all[o.CustomID]; twice || !strings.HasPrefix(o.ID, "batch_req_") {
			s.t.Errorf("line %s", l)
		}
		all[o.CustomID] = o
	}
	return all
}

func (s *shop) count(query string, args ...any) (n int) {
	s.t.Helper()
	err := s.db.Read(s.t.Context(), func(tx *store.Tx) error { return tx.QueryRow(s.t.Context(), query, args...).Scan(&n) })
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// each runs a test on both engines.
func each(t *testing.T, fn func(t *testing.T, s *shop)) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) { fn(t, newShop(t, db)) })
}

func TestLifeOfABatch(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		p := s.process(4, func(ctx context.Context, c Call) Reply {
			if strings.Contains(string(c.Body), `"line-7"`) {
				return Reply{Status: 400, Body: []byte(`{"error":{"message":"No."}}`)}
			}
			if c.Account != "acct_1" || c.Key != "key_acct_1" || c.Endpoint != endpoint || c.Again {
				t.Errorf("call %+v", c)
			}
			return s.answered(ctx, c)
		})
		b := s.create(p, "acct_1", linesOf(60))
		if b.State != Validating || !b.Expires.Equal(b.Created.Add(24*time.Hour)) || b.Metadata["for"] != "tests" {
			t.Errorf("new: %+v", b)
		}
		b = s.until(p, b, Completed)
		if b.Lines != 60 || b.Completed != 59 || b.Failed != 1 || b.Started.IsZero() || b.Finalizing.IsZero() || b.Ended.IsZero() || !b.Cancelling.IsZero() {
			t.Errorf("ended: %+v", b)
		}
		good, bad := s.read("acct_1", b.Output), s.read("acct_1", b.Errors)
		if len(good) != 59 || len(bad) != 1 || bad["line-7"].Response.StatusCode != 400 || string(bad["line-7"].Response.Body) != `{"error":{"message":"No."}}` || bad["line-7"].Error != nil {
			t.Errorf("%d good, bad: %+v", len(good), bad)
		}
		for custom, o := range good {
			want := fmt.Sprintf(`{"said":{"model":"m","n":%q}}`, custom)
			if o.Error != nil || o.Response.StatusCode != 200 || string(o.Response.Body) != want || s.calls.by[o.Response.RequestID] != 1 || o.ID != "batch_"+o.Response.RequestID {
				t.Errorf("%s: %+v %s", custom, o, o.Response.Body)
			}
		}
		if err := p.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := s.count(`select count(*) from batch_line`); n != 0 {
			t.Errorf("%d lines are left", n)
		}
		s.advance(25 * time.Hour)
		if err := p.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Get(t.Context(), "acct_1", b.ID); !fault.Is(err, fault.EndpointNotFound) {
			t.Errorf("after its retention: %v", err)
		}
	})
}

func TestBadInputs(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		p := s.process(2, s.answered)
		bad := s.create(p, "a", lineOf("one")+"{\n"+lineOf("one")+"\n"+strings.Replace(lineOf("two"), "POST", "PUT", 1)+strings.Repeat("x", 2000)+"\n")
		empty := s.create(p, "a", "\n \n")
		long := s.create(p, "a", linesOf(2001))
		many := s.create(p, "a", strings.Repeat("no\n", 500))
		got := s.until(p, bad, Failed)
		var codes []string
		for _, problem := range got.Problems {
			codes = append(codes, fmt.Sprint(problem.Line, " ", problem.Code))
		}
		if all := strings.Join(codes, ", "); all != "2 invalid_json_line, 3 duplicate_custom_id, 5 invalid_method, 6 line_too_large" {
			t.Errorf("problems: %s", all)
		}
		if got.Lines != 0 || got.Output != "" || got.Ended.IsZero() {
			t.Errorf("failed: %+v", got)
		}
		if got := s.until(p, empty, Failed); len(got.Problems) != 1 || got.Problems[0].Code != "empty_batch" {
			t.Errorf("empty: %+v", got.Problems)
		}
		if got := s.until(p, long, Failed); got.Problems[len(got.Problems)-1].Code != "too_many_tasks" {
			t.Errorf("too many lines: %+v", got.Problems)
		}
		if got := s.until(p, many, Failed); len(got.Problems) != maxProblems {
			t.Errorf("%d problems are told", len(got.Problems))
		}
		if err := p.Sweep(t.Context()); err != nil || s.count(`select count(*) from batch_line`) != 0 {
			t.Errorf("lines of failed batches are left: %v", err)
		}
		if len(s.calls.by) != 0 {
			t.Errorf("%d lines of bad files were run", len(s.calls.by))
		}
	})
}

func TestRefusedBatches(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		p := s.process(0, nil)
		file, other := s.upload("a", "batch", linesOf(1)), s.upload("a", "vision", linesOf(1))
		good := Request{Account: "a", Key: "k", Input: file, Endpoint: endpoint, Window: "24h"}
		for name, change := range map[string]func(r *Request){
			"input_file_id":     func(r *Request) { r.Input = "file-none" },
			"input_file_id ":    func(r *Request) { r.Input = "" },
			"input_file_id  ":   func(r *Request) { r.Input = other },
			"input_file_id   ":  func(r *Request) { r.Account = "b" },
			"endpoint":          func(r *Request) { r.Endpoint = "/v1/images/generations" },
			"completion_window": func(r *Request) { r.Window = "30d" },
			"metadata":          func(r *Request) { r.Metadata = map[string]string{strings.Repeat("x", 65): ""} },
		} {
			r := good
			change(&r)
			_, _, err := p.Create(t.Context(), r)
			if f := fault.From(err); f == nil || f.ID != fault.InvalidParameter || f.Param != strings.TrimSpace(name) {
				t.Errorf("%s: %v", name, err)
			}
		}
		r := good
		r.Key = ""
		if _, _, err := p.Create(t.Context(), r); !fault.Is(err, fault.Forbidden) {
			t.Errorf("without a key: %v", err)
		}
		var ids []string
		for range openOfAccount {
			b, _, err := p.Create(t.Context(), good)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, b.ID)
			s.advance(time.Second)
		}
		if _, _, err := p.Create(t.Context(), good); !fault.Is(err, fault.RateLimited) {
			t.Errorf("one too many: %v", err)
		}
		first, err := p.List(t.Context(), "a", "", 60)
		if err != nil || len(first) != 60 || first[0].ID != ids[99] {
			t.Fatalf("%d batches, %v", len(first), err)
		}
		rest, err := p.List(t.Context(), "a", first[59].ID, 60)
		if err != nil || len(rest) != 40 || rest[39].ID != ids[0] {
			t.Errorf("%d batches, %v", len(rest), err)
		}
		if none, err := p.List(t.Context(), "b", "", 60); err != nil || len(none) != 0 {
			t.Errorf("another account sees %d, %v", len(none), err)
		}
		if _, err := p.List(t.Context(), "b", ids[0], 60); !fault.Is(err, fault.InvalidParameter) {
			t.Errorf("after another account's: %v", err)
		}
		if _, err := p.Cancel(t.Context(), "b", ids[0]); !fault.Is(err, fault.EndpointNotFound) {
			t.Errorf("another account cancels: %v", err)
		}
		if id, err := p.Uses(t.Context(), "a", file); err != nil || id == "" {
			t.Errorf("the file is not in use: %v", err)
		}
		// The input lasts as long as the batch may.
		if f, err := s.files.Get(t.Context(), "a", file); err != nil || f.ExpiresAt.Before(s.now().Add(24*time.Hour)) {
			t.Errorf("the input ends %s: %v", f.ExpiresAt, err)
		}
		if err := p.RemoveAccount(t.Context(), "a"); err != nil || s.count(`select count(*) from batch`) != 0 {
			t.Errorf("removed: %v", err)
		}
	})
}

// gated answers after a word.
func (s *shop) gated() (answer func(context.Context, Call) Reply, begun chan string, open chan struct{}) {
	begun, open = make(chan string, 1000), make(chan struct{})
	return func(ctx context.Context, c Call) Reply {
		begun <- c.Account
		select {
		case <-open:
			return s.answered(ctx, c)
		case <-ctx.Done():
			return Reply{Verdict: Cut}
		}
	}, begun, open
}

func (s *shop) await(what <-chan string) string {
	s.t.Helper()
	select {
	case v := <-what:
		return v
	case <-time.After(patience):
		s.t.Fatal("never happened")
		return ""
	}
}

func TestCancelMidway(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		answer, begun, open := s.gated()
		p := s.process(3, answer)
		b := s.create(p, "a", linesOf(50))
		for range 3 {
			s.await(begun)
		}
		got, err := p.Cancel(t.Context(), "a", b.ID)
		if err != nil || got.State != Cancelling || got.Cancelling.IsZero() {
			t.Fatalf("%+v, %v", got, err)
		}
		if err := p.look(t.Context()); err != nil { // what was taken and not begun is given back
			t.Fatal(err)
		}
		close(open)
		b = s.until(p, b, Cancelled)
		good, bad := s.read("a", b.Output), s.read("a", b.Errors)
		if len(good) != int(b.Completed) || len(bad) != int(b.Failed) || len(good)+len(bad) != 50 || len(good) < 3 || len(good) != len(s.calls.charged) {
			t.Errorf("%d good, %d bad, %d charged of %+v", len(good), len(bad), len(s.calls.charged), b)
		}
		for _, o := range bad {
			if o.Response != nil || o.Error == nil || o.Error.Code != "batch_cancelled" {
				t.Errorf("not run: %+v", o)
			}
		}
		if again, err := p.Cancel(t.Context(), "a", b.ID); err != nil || again.State != Cancelled {
			t.Errorf("again: %+v, %v", again, err)
		}
		done := s.create(p, "a", linesOf(1))
		s.until(p, done, Completed)
		if _, err := p.Cancel(t.Context(), "a", done.ID); !fault.Is(err, fault.InvalidRequest) {
			t.Errorf("one that is complete: %v", err)
		}
	})
}

// At the end of the window, what runs gets its answer, and the rest is told.
func TestExpiry(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		answer, begun, open := s.gated()
		p := s.process(2, answer)
		b := s.create(p, "a", linesOf(20))
		s.await(begun)
		s.await(begun)
		s.advance(25 * time.Hour)
		s.keepAlive(p)
		close(open)
		b = s.until(p, b, Expired)
		good, bad := s.read("a", b.Output), s.read("a", b.Errors)
		if len(good)+len(bad) != 20 || len(good) < 2 || b.Completed != int64(len(good)) || b.Failed != int64(len(bad)) {
			t.Errorf("%d good, %d bad of %+v", len(good), len(bad), b)
		}
		for _, o := range bad {
			if o.Response != nil || o.Error == nil || o.Error.Code != "batch_expired" {
				t.Errorf("not run: %+v", o)
			}
		}
	})
}

// keepAlive shows the life of a process by a clock that jumped.
func (s *shop) keepAlive(p *Service) {
	s.t.Helper()
	if err := p.beat(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// Limits: the lines wait as long as they must; a busy upstream is asked a bounded number of
// times.
func TestLimitsAndBusyUpstreams(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		var refused, busy atomic.Int64
		p := s.process(2, func(ctx context.Context, c Call) Reply {
			switch {
			case strings.Contains(string(c.Body), "line-3"):
				busy.Add(1)
				return Reply{Verdict: Busy, Status: 503, Body: []byte(`{"error":{"message":"Busy."}}`)}
			case refused.Add(1) <= 30:
				return Reply{Verdict: Limited, After: time.Millisecond}
			}
			return s.answered(ctx, c)
		})
		b := s.create(p, "a", linesOf(8))
		for now := b; now.State != Finalizing && !now.State.Ended(); {
			if s.count(`select count(*) from batch_line where state = 'waiting' and again_at > $1`, store.Micros(s.now())) > 0 {
				s.advance(2 * mostBusy)
				s.keepAlive(p)
				p.rouse()
			}
			var err error
			if now, err = p.Get(t.Context(), "a", b.ID); err != nil {
				t.Fatal(err)
			}
		}
		b = s.until(p, b, Completed)
		if b.Completed != 7 || b.Failed != 1 || busy.Load() != mostTaken || len(s.calls.by) != 7 {
			t.Errorf("%+v; busy %d times, %d answers", b, busy.Load(), len(s.calls.by))
		}
		if o := s.read("a", b.Errors)["line-3"]; o.Response == nil || o.Response.StatusCode != 503 {
			t.Errorf("the busy line: %+v", o)
		}
	})
}

// Two processes share a batch, and one of them is cut off hard: what it had is run by the
// other, under the same request, and each line is answered once.
func TestProcessThatDies(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		dying, begun, open := s.gated()
		dead := s.process(5, func(ctx context.Context, c Call) Reply {
			s.calls.charge(c) // it dies between the charge and the answer
			return dying(ctx, c)
		})
		defer close(open)
		b := s.create(dead, "a", linesOf(120))
		for range 5 {
			s.await(begun)
		}
		s.vanish(dead)
		var again atomic.Int64
		p := s.process(4, func(ctx context.Context, c Call) Reply {
			if c.Again {
				again.Add(1)
			}
			return s.answered(ctx, c)
		})
		if s.db.Dialect() == store.Postgres {
			s.advance(s.lease(p) + time.Second) // the silence of the first says that it is dead
		}
		b = s.until(p, b, Completed)
		good := s.read("a", b.Output)
		if len(good) != 120 || b.Completed != 120 || b.Failed != 0 || len(s.calls.charged) != 120 || again.Load() < 5 {
			t.Errorf("%d answers, %d charges, %d run again: %+v", len(good), len(s.calls.charged), again.Load(), b)
		}
	})
}

func (s *shop) lease(p *Service) time.Duration { return p.o.lease }

// vanish takes a process away from the database and lets nothing of it be written.
func (s *shop) vanish(p *Service) {
	p.leave()
	p.die()
	p.abandon()
	p.cut()
	p.lines.Wait()
}

// A process that was only stopped for a while finds that its lines are others' by now: its
// answers are not written.
func TestLateTwin(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		slow, begun, open := s.gated()
		first := s.process(1, slow)
		b := s.create(first, "a", linesOf(3))
		s.await(begun)
		first.leave() // it looks no more
		s.advance(time.Minute)
		rest := make(chan struct{})
		second := s.process(3, func(ctx context.Context, c Call) Reply {
			if !strings.Contains(string(c.Body), "line-0") {
				<-rest
			}
			r := s.answered(ctx, c)
			r.Body = []byte(`"second"`)
			return r
		})
		if err := second.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		for b.Completed < 1 {
			var err error
			if b, err = second.Get(t.Context(), "a", b.ID); err != nil {
				t.Fatal(err)
			}
		}
		close(open) // the late answer comes while the batch is in progress
		first.lines.Wait()
		close(rest)
		b = s.until(second, b, Completed)
		if b.Completed != 3 {
			t.Errorf("%d lines are counted", b.Completed)
		}
		for custom, o := range s.read("a", b.Output) {
			if string(o.Response.Body) != `"second"` {
				t.Errorf("%s: %s", custom, o.Response.Body)
			}
		}
		twice := 0
		for _, n := range s.calls.by {
			twice += n - 1
		}
		if len(s.calls.by) != 3 || twice != 1 { // under the same request
			t.Errorf("%d requests, %d of them run twice", len(s.calls.by), twice)
		}
	})
}

// A stop lets lines in flight end, gives the others back as they were, and cuts at the end
// of its time.
func TestStop(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		answer, begun, open := s.gated()
		p := s.process(2, answer)
		b := s.create(p, "a", linesOf(10))
		s.await(begun)
		s.await(begun)
		p.leave()
		close(open)
		p.Stop(t.Context())
		waiting, done := s.count(`select count(*) from batch_line where state = 'waiting' and taken = 0`), s.count(`select count(*) from batch_line where state = 'done'`)
		if waiting+done != 10 || done < 2 || waiting == 0 {
			t.Errorf("%d wait and %d are done", waiting, done)
		}
		stuck, begun, never := s.gated()
		defer close(never)
		p = s.process(2, stuck)
		s.await(begun)
		over, cancel := context.WithCancel(t.Context())
		cancel()
		p.Stop(over)
		if n := s.count(`select count(*) from batch_line where state = 'running' or taken > 1`); n != 0 {
			t.Errorf("%d lines were not given back", n)
		}
		p = s.process(2, s.answered)
		if b = s.until(p, b, Completed); b.Completed != 10 {
			t.Errorf("%+v", b)
		}
	})
}

// An account with one line does not wait for another's thousand.
func TestFairness(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		answer, begun, open := s.gated()
		step := make(chan struct{})
		p := s.process(1, func(ctx context.Context, c Call) Reply {
			r := answer(ctx, c)
			<-step
			return r
		})
		close(open)
		big := s.create(p, "big", linesOf(20))
		s.await(begun)
		small := s.create(p, "small", linesOf(2))
		s.until(p, small, InProgress)
		if err := p.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		var order []string
		for len(order) < 4 {
			step <- struct{}{}
			order = append(order, s.await(begun))
		}
		if got := strings.Join(order, " "); strings.Count(got, "small") != 2 {
			t.Errorf("order %s", got)
		}
		close(step)
		s.until(p, small, Completed)
		s.until(p, big, Completed)
	})
}

// What panics costs a line, and nothing else.
func TestPanic(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		p := s.process(2, func(ctx context.Context, c Call) Reply {
			if strings.Contains(string(c.Body), "line-1") {
				panic(errors.New("out of cheese"))
			}
			return s.answered(ctx, c)
		})
		b := s.until(p, s.create(p, "a", linesOf(3)), Completed)
		if o := s.read("a", b.Errors)["line-1"]; b.Failed != 1 || o.Error == nil || o.Error.Code != "internal_error" {
			t.Errorf("%+v, %+v", b, o)
		}
	})
}

// A closed account's batches go while they run.
func TestRemoveAccountWhileItRuns(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		answer, begun, open := s.gated()
		p := s.process(2, answer)
		s.create(p, "a", linesOf(100))
		s.await(begun)
		if err := p.RemoveAccount(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		close(open)
		p.Stop(t.Context())
		if n := s.count(`select count(*) from batch_line`) + s.count(`select count(*) from batch`); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"{\n \"a\": 1 }": `{"a":1}`, "no\njson": `"no\njson"`, "": `""`} {
		if got := string(oneLine([]byte(in))); got != want {
			t.Errorf("%q: %s", in, got)
		}
	}
}
