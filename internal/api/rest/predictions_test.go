package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/api/rest"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/money"
	"skytower/internal/prediction"
	"skytower/internal/skytells"
	"skytower/internal/skytells/skytellstest"
)

// everyone lets any key in that begins with sk-, with all scopes or those it is given.
type everyone struct{ scopes account.Scopes }

func (e everyone) Authenticate(_ context.Context, key string, _ netip.Addr) (account.Principal, error) {
	if !strings.HasPrefix(key, "sk-") {
		return account.Principal{}, fault.New(fault.Unauthorized, "Invalid or missing API key")
	}
	return account.Principal{Account: "acct_1", Key: "key_1", Scopes: e.scopes}, nil
}

func (everyone) AuthenticateOperator(context.Context, string) (account.Operator, error) {
	return account.Operator{}, fault.New(fault.Unauthorized, "Invalid or missing API key")
}

// stage plays the rooms behind the routes: it keeps what it was asked, and answers with
// one prediction.
type stage struct {
	mu      sync.Mutex
	rec     prediction.Record
	asked   prediction.Create
	filter  prediction.Filter
	page    prediction.Page
	err     error
	replay  bool
	wait    func(context.Context) (prediction.Record, error)
	waited  time.Duration
	events  prediction.Stream
	after   int64
	changed bool
	removed bool
	quoted  prediction.Quoted
	credit  money.Nanos
	limits  limit.Decision
	created bool
}

func (s *stage) Create(_ context.Context, c prediction.Create) (prediction.Record, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked, s.created = c, true
	c.Admit(s.limits)
	rec := s.rec
	rec.Account, rec.Shown, rec.Spelling, rec.Source = c.Who.Account, c.Model, c.Spelling, c.Source
	return rec, s.replay, s.err
}

func (s *stage) Quote(_ context.Context, c prediction.Create) (prediction.Quoted, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = c
	return s.quoted, s.err
}

func (s *stage) Balance(_ context.Context, account string) (ledger.Balance, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return ledger.Balance{Account: account, Balance: s.credit, Available: s.credit}, nil
}

func (s *stage) one(id string) (prediction.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil && id != s.rec.ID {
		return prediction.Record{}, fault.New(fault.PredictionFailed, "none")
	}
	return s.rec, s.err
}

func (s *stage) Get(_ context.Context, _, id string) (prediction.Record, error) { return s.one(id) }

func (s *stage) Wait(ctx context.Context, _, _ string) (prediction.Record, error) {
	if at, ok := ctx.Deadline(); ok {
		s.mu.Lock()
		s.waited = time.Until(at)
		s.mu.Unlock()
	}
	return s.wait(ctx)
}

func (s *stage) Cancel(_ context.Context, _, id string) (prediction.Record, bool, error) {
	rec, err := s.one(id)
	return rec, s.changed, err
}

func (s *stage) Delete(_ context.Context, _, id string) (prediction.Record, error) { return s.one(id) }

func (s *stage) List(_ context.Context, _ string, f prediction.Filter) (prediction.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.filter = f
	return s.page, s.err
}

// Show is as small as an answer may be.
func (s *stage) Show(_ context.Context, records []prediction.Record, base string) ([]skytells.Prediction, error) {
	var out []skytells.Prediction
	for _, rec := range records {
		s.mu.Lock()
		s.removed = rec.Removed
		s.mu.Unlock()
		out = append(out, minimal(rec, base))
	}
	return out, nil
}

func minimal(rec prediction.Record, base string) skytells.Prediction {
	at := base + "/v1/predictions/" + rec.ID
	p := skytells.Prediction{
		ID: rec.ID, Status: string(rec.Status), Type: "inference", Input: json.RawMessage(`{}`), Output: json.RawMessage(`null`),
		Privacy: "private", Source: rec.Source, Model: skytells.PredictionModel{Name: rec.Shown, Type: rec.Type}, DataRemoved: rec.Removed,
		Webhook: skytells.PredictionWebhook{Events: []string{}}, URLs: skytells.PredictionURLs{Get: at, Cancel: at + "/cancel", Stream: at + "/stream", Delete: at + "/delete"},
		Metadata: skytells.PredictionMetadata{Storage: skytells.PredictionStorage{Files: []skytells.PredictionFile{}}},
	}
	if rec.Status.Terminal() {
		p.CompletedAt = &skytells.Timestamp{}
	}
	return p
}

func (s *stage) Events(_ context.Context, _, id string, after int64, _ string) (prediction.Stream, error) {
	if _, err := s.one(id); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = after
	return s.events, nil
}

// models are a model of each type that matters.
type models struct{ rest.Catalog }

func (models) Get(name string, _ catalog.Viewer) (*catalog.Model, error) {
	if name == "missing" {
		return nil, fault.New(fault.ModelNotFound, "The model 'missing' was not found.")
	}
	return &catalog.Model{Slug: strings.TrimPrefix(name, "alias-of-")}, nil
}

const id = "5f0c7d5e-8a70-4c3e-9a55-0d7a4b8d6d11"

func newStage(status prediction.Status) *stage {
	return &stage{rec: prediction.Record{ID: id, Account: "acct_1", Type: "image", Source: "api", Shown: "flux", Model: "flux", Status: status}, changed: true}
}

// routes serves the stage.
func (s *stage) routes(change func(*rest.Handlers)) http.Handler {
	return s.routesFor(account.Everything, change)
}

func (s *stage) routesFor(scopes account.Scopes, change func(*rest.Handlers)) http.Handler {
	h := &rest.Handlers{Catalog: models{}, Predictions: s, Webhooks: hooks{}, MaxBody: 1000, MaxUpload: 1000, AwaitMax: 55 * time.Second, KeepAlive: time.Minute}
	if change != nil {
		change(h)
	}
	server := &httpx.Server{Done: func(*httpx.Record) {}, Log: slog.New(slog.DiscardHandler)}
	return api.NewRouter(server, everyone{scopes}, h.Rows(), nil)
}

// send makes one request with a key; header is name, value, and so on.
func send(t *testing.T, h http.Handler, method, path, body string, header ...string) (int, []byte, http.Header) {
	t.Helper()
	req := httptest.NewRequest(method, "http://localhost:8080"+path, strings.NewReader(body))
	req.Header.Set("X-Api-Key", "sk-first")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	text, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, text, w.Result().Header
}

const good = `{"model":"flux","input":{"prompt":"a cat"}}`

func TestCreateAtEveryRoute(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, path, body, model, spelling, id string
	}{
		{"POST", "/v1/predict", good, "flux", "cancelled", ""},
		{"POST", "/v1/predictions", good, "flux", "canceled", ""},
		{"POST", "/v1/predictions", `{"version":"own/flux:0123","input":{}}`, "own/flux", "canceled", ""},
		{"POST", "/v1/predictions", `{"version":"other","model":"flux","input":{}}`, "flux", "canceled", ""},
		{"POST", "/v1/models/own/flux/predictions", `{"input":{}}`, "own/flux", "canceled", ""},
		{"POST", "/v1/models/own%2Fflux/predictions", `{"input":{}}`, "own/flux", "canceled", ""},
		{"POST", "/v1/models/flux/predictions", `{"input":{}}`, "flux", "canceled", ""},
		{"PUT", "/v1/predictions/" + strings.ToUpper(id), good, "flux", "canceled", id},
	} {
		s := newStage(prediction.Pending)
		code, body, _ := send(t, s.routes(nil), c.method, c.path, c.body)
		if code != 200 {
			t.Errorf("%s %s: %d %s", c.method, c.path, code, body)
			continue
		}
		shown := skytellstest.Prediction(t, body, skytellstest.Words(c.spelling))
		a := s.asked
		if a.Model != c.model || a.Spelling != c.spelling || a.ID != c.id || a.Source != "api" || a.APIKey != "" || a.Base != "http://localhost:8080" ||
			a.Who.Account != "acct_1" || a.RequestID == "" || shown.Model.Name != c.model {
			t.Errorf("%s %s: asked for %+v", c.method, c.path, a)
		}
	}
}

func TestCreateHandsOn(t *testing.T) {
	t.Parallel()
	s := newStage(prediction.Pending)
	s.replay = true
	code, body, header := send(t, s.routes(nil), "POST", "/v1/predictions",
		`{"model":"flux","input":{"b": 1.0},"stream":true,"gpu":"x","safety_checker":false,"webhook":"https://app.example/hook","webhook_events_filter":["completed"]}`,
		"Idempotency-Key", "once", "User-Agent", "skytower/1.0", "Authorization", "Bearer sk-second")
	a := s.asked
	if code != 200 || string(a.Input) != `{"b": 1.0}` || !a.Stream || a.IdempotencyKey != "once" || a.Source != "cli" ||
		a.Webhook.URL != "https://app.example/hook" || len(a.Webhook.Events) == 0 || a.APIKey != "sk-first" {
		t.Errorf("%d %s: asked for %+v", code, body, a)
	}
	if header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("a replay is not told: %v", header)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path, body string
		header             []string
		status             int
		errorID, sentence  string
	}{
		"no JSON":       {"POST", "/v1/predict", `{"model":`, nil, 400, "INVALID_REQUEST", "unexpected EOF"},
		"nothing":       {"POST", "/v1/predict", ``, nil, 400, "INVALID_REQUEST", "empty"},
		"an array":      {"POST", "/v1/predict", `[]`, nil, 400, "INVALID_PARAMETER", ""},
		"no model":      {"POST", "/v1/predict", `{"input":{}}`, nil, 422, "VALIDATION_ERROR", "The model field is required."},
		"no input":      {"POST", "/v1/predict", `{"model":"flux"}`, nil, 422, "VALIDATION_ERROR", "The input field is required."},
		"null input":    {"POST", "/v1/predict", `{"model":"flux","input":null}`, nil, 422, "VALIDATION_ERROR", "The input field is required."},
		"unknown model": {"POST", "/v1/predict", `{"model":"missing"}`, nil, 404, "MODEL_NOT_FOUND", "missing"},
		"await a word":  {"POST", "/v1/predict", `{"model":"flux","input":{},"await":"yes"}`, nil, 400, "INVALID_PARAMETER", "await"},
		"model a number": {"POST", "/v1/predict", `{"model":7,"input":{}}`, nil, 400, "INVALID_PARAMETER",
			"The field 'model' must be of type string, not number."},
		"too large":  {"POST", "/v1/predict", `{"model":"` + strings.Repeat("x", 1000) + `"}`, nil, 413, "INVALID_REQUEST", "1000 bytes"},
		"long key":   {"POST", "/v1/predict", good, []string{"Idempotency-Key", strings.Repeat("k", 256)}, 400, "INVALID_PARAMETER", "255"},
		"id no UUID": {"PUT", "/v1/predictions/mine", good, nil, 400, "INVALID_PARAMETER", "UUID"},
		"odd UUID":   {"PUT", "/v1/predictions/5f0c7d5e8a704c3e9a550d7a4b8d6d11", good, nil, 400, "INVALID_PARAMETER", "UUID"},
		"odd events": {"POST", "/v1/predict", `{"model":"flux","input":{},"webhook":{"url":"https://a.example/","events":["born"]}}`, nil, 400, "INVALID_PARAMETER", "born"},
		"no key":     {"POST", "/v1/predict", good, []string{"X-Api-Key", "nobody"}, 401, "UNAUTHORIZED", ""},
	} {
		s := newStage(prediction.Pending)
		code, body, _ := send(t, s.routes(nil), c.method, c.path, c.body, c.header...)
		e := skytellstest.Error(t, body)
		if code != c.status || e.Error.HTTPStatus != c.status || e.Error.ErrorID != c.errorID || !strings.Contains(e.Error.Message, c.sentence) {
			t.Errorf("%s: %d %s", name, code, body)
		}
		if c.status == 422 && (e.Response != c.sentence || e.Error.Details != c.sentence) {
			t.Errorf("%s: not the same sentence thrice: %s", name, body)
		}
		if s.asked.Model != "" {
			t.Errorf("%s: created %+v", name, s.asked)
		}
	}
}

// Contract 6.1: await and its aliases hold the call until the end, or for a time.
func TestAwait(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fields string
		prefer string
		kind   string
		want   time.Duration
	}{
		"nothing":          {"", "", "image", 0},
		"await":            {`,"await":true`, "", "image", 55 * time.Second},
		"wait":             {`,"wait":true`, "", "image", 55 * time.Second},
		"await false":      {`,"await":false`, "wait=5", "image", 0},
		"a video":          {`,"await":true`, "", "video", 0},
		"music":            {`,"await":true`, "", "music", 55 * time.Second},
		"prefer":           {"", "wait", "image", 55 * time.Second},
		"prefer seconds":   {"", "wait=7", "image", 7 * time.Second},
		"prefer many":      {"", "handling=lenient, WAIT = 7 ; x=1", "image", 7 * time.Second},
		"prefer too long":  {"", "wait=900", "image", 55 * time.Second},
		"prefer none":      {"", "wait=0", "image", 0},
		"prefer nonsense":  {"", "wait=soon", "image", 0},
		"prefer negative":  {"", "wait=-1", "image", 0},
		"prefer an answer": {"", "respond-async, wait=7", "image", 0},
		"with stream":      {`,"await":true,"stream":true`, "", "image", 55 * time.Second},
	} {
		s := newStage(prediction.Pending)
		s.rec.Type = c.kind
		s.wait = func(context.Context) (prediction.Record, error) {
			rec := s.rec
			rec.Status, rec.Shown = prediction.Succeeded, "flux"
			return rec, nil
		}
		code, body, _ := send(t, s.routes(nil), "POST", "/v1/predict", `{"model":"flux","input":{}`+c.fields+`}`, "Prefer", c.prefer)
		shown := skytellstest.Prediction(t, body, skytellstest.SDK)
		if code != 200 || (shown.Status == "succeeded") != (c.want > 0) {
			t.Errorf("%s: %d %s", name, code, body)
		}
		if s.waited > c.want || s.waited < c.want-30*time.Second && c.want > 30*time.Second || (s.waited > 0) != (c.want > 0) {
			t.Errorf("%s: waited %s, want %s", name, s.waited, c.want)
		}
	}
}

// untilOver waits as the room does: until the prediction ends, which it never does here.
func untilOver(s *stage, waiting chan<- struct{}) func(context.Context) (prediction.Record, error) {
	return func(ctx context.Context) (prediction.Record, error) {
		close(waiting)
		<-ctx.Done()
		return s.rec, nil
	}
}

func TestAwaitEndsWithPatienceOrTheServer(t *testing.T) {
	t.Parallel()
	s := newStage(prediction.Processing)
	waiting := make(chan struct{})
	s.wait = untilOver(s, waiting)
	h := s.routes(func(h *rest.Handlers) { h.AwaitMax = time.Millisecond })
	if code, body, _ := send(t, h, "POST", "/v1/predict", `{"model":"flux","input":{},"await":true}`); code != 200 || skytellstest.Prediction(t, body, skytellstest.SDK).Status != "processing" {
		t.Errorf("out of patience: %d %s", code, body)
	}
	closing, waiting := make(chan struct{}), make(chan struct{})
	s.wait = untilOver(s, waiting)
	go func() {
		<-waiting
		close(closing)
	}()
	h = s.routes(func(h *rest.Handlers) { h.AwaitMax, h.Closing = time.Hour, closing })
	if code, body, _ := send(t, h, "POST", "/v1/predict", `{"model":"flux","input":{},"await":true}`); code != 200 || skytellstest.Prediction(t, body, skytellstest.SDK).Status != "processing" {
		t.Errorf("at the stop: %d %s", code, body)
	}
}

// A caller who hangs up is let go, and nothing is cancelled.
func TestAwaitHangUp(t *testing.T) {
	t.Parallel()
	s := newStage(prediction.Processing)
	waiting := make(chan struct{})
	s.wait = untilOver(s, waiting)
	records := make(chan httpx.Record, 1)
	h := &rest.Handlers{Catalog: models{}, Predictions: s, MaxBody: 1000, AwaitMax: time.Hour}
	server := &httpx.Server{Done: func(r *httpx.Record) { records <- *r }, Log: slog.New(slog.DiscardHandler)}
	listener := httptest.NewServer(api.NewRouter(server, everyone{account.Everything}, h.Rows(), nil))
	defer listener.Close()
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-waiting
		leave()
	}()
	req, err := http.NewRequestWithContext(ctx, "POST", listener.URL+"/v1/predict", strings.NewReader(`{"model":"flux","input":{},"await":true}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", "sk-first")
	if res, err := listener.Client().Do(req); err == nil {
		_ = res.Body.Close()
		t.Error("an answer came")
	}
	if r := <-records; r.Status != httpx.StatusHangUp || r.Outcome != "hang_up" {
		t.Errorf("recorded %+v", r)
	}
}

// Contract 6.4 and 15.4.
func TestUnknownPrediction(t *testing.T) {
	t.Parallel()
	for _, as404 := range []bool{false, true} {
		s := newStage(prediction.Succeeded)
		h := s.routes(func(h *rest.Handlers) { h.UnknownAs404 = as404 })
		want := map[bool]int{false: 502, true: 404}[as404]
		for _, path := range []string{"GET ", "GET /stream", "POST /cancel", "DELETE ", "DELETE /delete", "GET /webhooks"} {
			method, tail, _ := strings.Cut(path, " ")
			code, body, header := send(t, h, method, "/v1/predictions/other"+tail, "")
			e := skytellstest.Error(t, body)
			if code != want || e.Error.ErrorID != "PREDICTION_FAILED" || e.Response != "Error fetching prediction" ||
				e.Error.Details != "No prediction with this id" || header.Get("X-Should-Retry") != "false" {
				t.Errorf("%s: %d %s %v", path, code, body, header)
			}
		}
	}
}

func TestGetCancelDelete(t *testing.T) {
	t.Parallel()
	s := newStage(prediction.Succeeded)
	h := s.routes(nil)
	for _, c := range []struct {
		method, tail string
		changed      bool
		success      string
		removed      bool
	}{
		{"GET", "", true, "", false},
		{"GET", "/stream", true, "", false},
		{"POST", "/cancel", true, `"success":true`, false},
		{"POST", "/cancel", false, `"success":false`, false},
		{"DELETE", "", true, `"success":true`, true},
		{"DELETE", "/delete", true, `"success":true`, true},
	} {
		s.changed = c.changed
		code, body, header := send(t, h, c.method, "/v1/predictions/"+id+c.tail, "", "Content-Type", "application/json")
		shown := skytellstest.Prediction(t, body, skytellstest.SDK)
		if code != 200 || header.Get("Content-Type") != "application/json" || shown.ID != id || strings.Contains(string(body), `"success"`) != (c.success != "") ||
			!strings.Contains(string(body), c.success) || s.removed != c.removed {
			t.Errorf("%s %s: %d %s", c.method, c.tail, code, body)
		}
	}
	if code, _, _ := send(t, h, "GET", "/v1/predictions/"+strings.ToUpper(id), ""); code != 200 {
		t.Errorf("in capitals: %d", code)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	day := func(text string) time.Time {
		at, _ := time.Parse(time.DateOnly, text)
		return at
	}
	for query, want := range map[string]prediction.Filter{
		"":                                {Page: 1, PerPage: 20},
		"?page=3&per_page=50":             {Page: 3, PerPage: 50},
		"?page=&per_page=":                {Page: 1, PerPage: 20},
		"?from=2026-03-04&to=2026-03-04":  {Page: 1, PerPage: 20, From: day("2026-03-04"), To: day("2026-03-04")},
		"?model=alias-of-flux":            {Page: 1, PerPage: 20, Model: "flux"},
		"?status=canceled":                {Page: 1, PerPage: 20, Status: prediction.Cancelled},
		"?status=cancelled":               {Page: 1, PerPage: 20, Status: prediction.Cancelled},
		"?status=queued":                  {Page: 1, PerPage: 20, Status: prediction.Pending},
		"?status=started&model=a&page=2":  {Page: 2, PerPage: 20, Status: prediction.Starting, Model: "a"},
		"?status=SUCCEEDED&to=2026-03-04": {Page: 1, PerPage: 20, Status: prediction.Succeeded, To: day("2026-03-04")},
	} {
		s := newStage(prediction.Succeeded)
		s.page = prediction.Page{Records: []prediction.Record{s.rec}, Total: 57}
		code, body, _ := send(t, s.routes(nil), "GET", "/v1/predictions"+query, "")
		list := skytellstest.List(t, body)
		if code != 200 || s.filter != want {
			t.Errorf("%s: %d, filter %+v", query, code, s.filter)
		}
		last := map[int]int64{20: 3, 50: 2}[want.PerPage]
		if p := list.Pagination; len(list.Data) != 1 || p.Total != 57 || p.LastPage != last || p.CurrentPage != want.Page || p.PerPage != want.PerPage {
			t.Errorf("%s: %+v", query, p)
		}
	}
	s := newStage(prediction.Succeeded)
	if _, body, _ := send(t, s.routes(nil), "GET", "/v1/predictions", ""); !strings.Contains(string(body), `"data":[],"pagination":{"current_page":1,"per_page":20,"total":0,"last_page":1}`) {
		t.Errorf("an empty history: %s", body)
	}
	for query, errorID := range map[string]string{
		"?page=0": "INVALID_PARAMETER", "?page=201": "INVALID_PARAMETER", "?page=x": "INVALID_PARAMETER", "?per_page=51": "INVALID_PARAMETER", "?per_page=0": "INVALID_PARAMETER",
		"?page=99999999999999999999": "INVALID_PARAMETER", "?from=04.03.2026": "INVALID_DATE_FORMAT", "?to=2026-02-30": "INVALID_DATE_FORMAT",
		"?from=1066-01-01": "INVALID_DATE_FORMAT", "?from=2026-03-05&to=2026-03-04": "INVALID_DATE_RANGE", "?model=missing": "MODEL_NOT_FOUND", "?status=dead": "INVALID_PARAMETER",
	} {
		code, body, _ := send(t, s.routes(nil), "GET", "/v1/predictions"+query, "")
		want := 400
		if errorID == "MODEL_NOT_FOUND" {
			want = 404
		}
		if e := skytellstest.Error(t, body); code != want || e.Error.ErrorID != errorID {
			t.Errorf("%s: %d %s", query, code, body)
		}
	}
}

// script is a stream that is played from a list; last is its end.
type script struct {
	batches [][]prediction.Event
	last    error
	closed  bool
}

func (s *script) Next(ctx context.Context) ([]prediction.Event, error) {
	if len(s.batches) == 0 {
		if s.last == nil {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return nil, s.last
	}
	batch := s.batches[0]
	s.batches = s.batches[1:]
	return batch, nil
}

func (s *script) Close() { s.closed = true }

func someEvents(last error) *script {
	return &script{last: last, batches: [][]prediction.Event{
		{{ID: 1, Name: "status", Data: []byte(`{"a":1}`)}, {Name: "status", Data: []byte(`{}`)}}, {{ID: 4, Name: "done", Data: []byte(`{}`)}},
	}}
}

const someText = "event: status\nid: 1\ndata: {\"a\":1}\n\nevent: status\ndata: {}\n\nevent: done\nid: 4\ndata: {}\n\n"

func TestStreamOfEvents(t *testing.T) {
	t.Parallel()
	s := newStage(prediction.Processing)
	h := s.routes(nil)
	for last, want := range map[string]int64{"": 0, "3": 3, "nonsense": 0} {
		play := someEvents(io.EOF)
		s.events = play
		code, body, header := send(t, h, "GET", "/v1/predictions/"+id+"/stream", "", "Accept", "application/json, text/event-stream", "Last-Event-ID", last)
		if code != 200 || header.Get("Content-Type") != "text/event-stream" || string(body) != someText || s.after != want || !play.closed {
			t.Errorf("after %q: %d %v %s, asked after %d", last, code, header, body, s.after)
		}
	}
	s.events = someEvents(io.EOF)
	if code, body, _ := send(t, h, "POST", "/v1/predictions", good, "Accept", "text/event-stream"); code != 200 || string(body) != someText {
		t.Errorf("of a create: %d %s", code, body)
	}
	code, body, header := send(t, h, "GET", "/v1/predictions/other/stream", "", "Accept", "text/event-stream")
	if e := skytellstest.Error(t, body); code != 502 || e.Error.ErrorID != "PREDICTION_FAILED" || header.Get("Content-Type") != "application/json" {
		t.Errorf("of an unknown one: %d %s", code, body)
	}
}

func TestStreamThatFails(t *testing.T) {
	t.Parallel()
	s := newStage(prediction.Processing)
	h := s.routes(nil)
	s.events = someEvents(errors.New("the database is gone"))
	_, body, _ := send(t, h, "GET", "/v1/predictions/"+id+"/stream", "", "Accept", "text/event-stream")
	tail, ok := strings.CutPrefix(string(body), someText+"event: error\ndata: ")
	if !ok || skytellstest.Error(t, []byte(strings.TrimSpace(tail))).Error.ErrorID != "INTERNAL_ERROR" || strings.Contains(tail, "database") {
		t.Errorf("in band: %s", body)
	}
	s.events = &script{last: fault.New(fault.PredictionFailed, "deleted")}
	if code, body, _ := send(t, h, "GET", "/v1/predictions/"+id+"/stream", "", "Accept", "text/event-stream"); code != 502 {
		t.Errorf("before the first event: %d %s", code, body)
	}
	closing := make(chan struct{})
	close(closing)
	play := someEvents(nil)
	s.events = play
	h = s.routes(func(h *rest.Handlers) { h.Closing = closing })
	if code, body, _ := send(t, h, "GET", "/v1/predictions/"+id+"/stream", "", "Accept", "text/event-stream"); code != 200 || string(body) != someText || !play.closed {
		t.Errorf("at the stop: %d %s", code, body)
	}
}

type hooks struct{}

func (hooks) List(context.Context, string, string) ([]skytells.WebhookDelivery, error) {
	return nil, nil
}

func (hooks) Redeliver(_ context.Context, _, p, d string) (skytells.WebhookDelivery, error) {
	if d != "whd_1" {
		return skytells.WebhookDelivery{}, fault.New(fault.EndpointNotFound, "There is no such delivery.")
	}
	return skytells.WebhookDelivery{ID: d, Prediction: p, State: "pending"}, nil
}

func TestWebhookRoutes(t *testing.T) {
	t.Parallel()
	h := newStage(prediction.Succeeded).routes(nil)
	if code, body, _ := send(t, h, "GET", "/v1/predictions/"+id+"/webhooks", ""); code != 200 || string(body) != `{"data":[]}` {
		t.Errorf("list: %d %s", code, body)
	}
	if code, body, _ := send(t, h, "POST", "/v1/predictions/"+id+"/webhooks/whd_1/redeliver", ""); code != 200 || !strings.Contains(string(body), `"prediction":"`+id) {
		t.Errorf("redeliver: %d %s", code, body)
	}
	if code, body, _ := send(t, h, "POST", "/v1/predictions/"+id+"/webhooks/x/redeliver", ""); code != 404 || skytellstest.Error(t, body).Error.ErrorID != "ENDPOINT_NOT_FOUND" {
		t.Errorf("redeliver nothing: %d %s", code, body)
	}
}

// Each route wants its scope, and no other will do.
func TestScopes(t *testing.T) {
	t.Parallel()
	all := []account.Scopes{account.PredictionsCreate, account.PredictionsRead, account.Files, account.ModelsRead, account.Inference, account.UsageRead}
	for route, scope := range map[string]account.Scopes{
		"POST /v1/predict": account.PredictionsCreate, "POST /v1/predictions": account.PredictionsCreate, "PUT /v1/predictions/" + id: account.PredictionsCreate,
		"POST /v1/predictions/" + id + "/cancel": account.PredictionsCreate, "DELETE /v1/predictions/" + id: account.PredictionsCreate,
		"GET /v1/predictions": account.PredictionsRead, "GET /v1/predictions/" + id: account.PredictionsRead, "GET /v1/predictions/" + id + "/stream": account.PredictionsRead,
		"GET /v1/predictions/" + id + "/webhooks":                  account.PredictionsRead,
		"POST /v1/predictions/" + id + "/webhooks/whd_1/redeliver": account.PredictionsCreate,
		"POST /v1/files": account.Files, "DELETE /v1/files/f": account.Files,
	} {
		method, path, _ := strings.Cut(route, " ")
		for _, held := range all {
			h := newStage(prediction.Succeeded).routesFor(held, func(h *rest.Handlers) { h.Uploads = noUploads{} })
			code, body, _ := send(t, h, method, path, good)
			if (code == 403) != (held != scope) {
				t.Errorf("%s with the scope %s: %d %s", route, held, code, body)
			}
		}
	}
}

type noUploads struct{ rest.Uploads }

func (noUploads) DeleteUpload(context.Context, string, string) error { return nil }

// Without a public address, links are given to callers on this machine alone.
func TestNoLinksForStrangersHosts(t *testing.T) {
	t.Parallel()
	h := newStage(prediction.Succeeded).routes(nil)
	for _, path := range []string{"/v1/predictions", "/v1/predictions/" + id, "/v1/files"} {
		req := httptest.NewRequest("GET", "http://evil.example"+path, nil)
		req.Header.Set("X-Api-Key", "sk-first")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if body := fmt.Sprint(w.Body); w.Code != 400 || !strings.Contains(body, "public_url") {
			t.Errorf("%s: %d %s", path, w.Code, body)
		}
	}
}
