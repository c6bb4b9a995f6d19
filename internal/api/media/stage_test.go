package media_test

import (
	"bytes"
	"context"
	"encoding/json"
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
	"skytower/internal/api/media"
	"skytower/internal/blob"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/prediction"
	"skytower/internal/provider"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store/storetest"
)

const (
	pngHead = "\x89PNG\r\n\x1a\n"
	wavHead = "RIFF\x24\x00\x00\x00WAVEfmt "
)

// anyone lets any key in that begins with sk-.
type anyone struct{}

func (anyone) Authenticate(_ context.Context, key string, _ netip.Addr) (account.Principal, error) {
	if !strings.HasPrefix(key, "sk-") {
		return account.Principal{}, fault.New(fault.Unauthorized, "Invalid or missing API key")
	}
	return account.Principal{Account: "acct_1", Key: "key_1", Scopes: account.PredictionsCreate}, nil
}

func (anyone) AuthenticateOperator(context.Context, string) (account.Operator, error) {
	return account.Operator{}, fault.New(fault.Unauthorized, "Invalid or missing API key")
}

// stage plays the rooms behind the routes. Predictions are as they are made to be at once.
type stage struct {
	models *catalog.Catalog

	mu        sync.Mutex
	files     map[string]stored // by id
	asked     []prediction.Create
	dropped   []string
	cancelled []string
	made      []prediction.Record
	outputs   map[string][]string                // of a prediction: ids of files
	become    func(i int) prediction.Record      // what prediction number i is in the end
	news      func(id string) []prediction.Event // before its end
	waiting   chan struct{}                      // gets a value when somebody waits for what does not end
	refuse    error                              // of every create but the first
	earlier   map[string]prediction.Record       // by key of idempotency
	hold      chan struct{}                      // until it is closed, nothing has ended; nil: all has
	ear       *scriptedEar                       // of who listens; nil: he hears nothing
	counts    map[string]*provider.Counts        // by prediction: what its upstream counted
	counted   *provider.Counts                   // likewise, of every one
}

type stored struct {
	blob.File
	content string
}

func newStage(t *testing.T, models ...skytells.ModelSpec) *stage {
	t.Helper()
	key, err := secret.NewMasterKey(bytes.Repeat([]byte{7}, secret.Size))
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := secret.NewRing(key).Sealer(secret.ProviderCredentials)
	if err != nil {
		t.Fatal(err)
	}
	known, err := catalog.New(catalog.Options{DB: storetest.Open(t, storetest.SQLite(t)), Sealer: sealer})
	if err != nil {
		t.Fatal(err)
	}
	for i := range models {
		models[i].API, models[i].Free, models[i].Targets = "prediction", true, []skytells.TargetSpec{{Provider: "up", Model: "x"}}
	}
	resources := skytells.Resources{Providers: []skytells.ProviderSpec{{Name: "up", Kind: "openai", BaseURL: "http://127.0.0.1:1/v1"}}, Models: models}
	if _, err := known.Apply(t.Context(), skytells.ApplyRequest{Source: "test", Resources: resources}, "opr_1"); err != nil {
		t.Fatal(err)
	}
	if err := known.Refresh(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return &stage{
		models: known, files: map[string]stored{}, outputs: map[string][]string{}, waiting: make(chan struct{}, 100), earlier: map[string]prediction.Record{},
		become: func(int) prediction.Record { return prediction.Record{Status: prediction.Succeeded, Output: "null"} },
	}
}

func (s *stage) Resolve(name string, v catalog.Viewer, api string) (catalog.Resolved, error) {
	return s.models.Resolve(name, v, api)
}

func (s *stage) Create(_ context.Context, c prediction.Create) (prediction.Record, bool, error) {
	model, err := s.models.Resolve(c.Model, catalog.Viewer{}, catalog.Prediction)
	if err != nil {
		return prediction.Record{}, false, err
	}
	if _, err := model.Model.CheckInput(c.Input); err != nil {
		return prediction.Record{}, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := len(s.asked)
	if i > 0 && s.refuse != nil {
		return prediction.Record{}, false, s.refuse
	}
	s.asked = append(s.asked, c)
	if rec, ok := s.earlier[c.IdempotencyKey]; ok {
		return rec, true, nil
	}
	c.Admit(limit.Decision{})
	rec := s.become(i)
	rec.Account, rec.Shown, rec.Model, rec.Created = c.Who.Account, c.Model, model.Model.Slug, time.Unix(1785000000, 0)
	numbered := fmt.Sprintf("00000000-0000-7000-8000-%012d", i+1)
	if rec.ID = c.ID; rec.ID == "" {
		rec.ID = numbered
	} else if len(s.outputs[rec.ID]) == 0 {
		s.outputs[rec.ID] = s.outputs[numbered]
	}
	s.made = append(s.made, rec)
	if c.IdempotencyKey != "" {
		s.earlier[c.IdempotencyKey] = rec
	}
	return rec, false, nil
}

func (s *stage) Quote(_ context.Context, c prediction.Create) (prediction.Quoted, error) {
	model, err := s.models.Resolve(c.Model, catalog.Viewer{}, catalog.Prediction)
	return prediction.Quoted{Model: model.Model}, err
}

func (s *stage) Balance(context.Context, string) (ledger.Balance, error) {
	return ledger.Balance{}, nil
}

func (s *stage) find(id string) (prediction.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rec := range s.made {
		if rec.ID == id {
			return rec, nil
		}
	}
	return prediction.Record{}, fault.New(fault.PredictionFailed, "none")
}

func (s *stage) Wait(ctx context.Context, _, id string) (prediction.Record, error) {
	rec, err := s.find(id)
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			rec.Status = prediction.Processing
			return rec, err
		}
	}
	if err == nil && !rec.Status.Terminal() {
		s.waiting <- struct{}{}
		<-ctx.Done()
	}
	return rec, err
}

func (s *stage) Listen(string) prediction.Ear {
	if s.ear == nil {
		return &scriptedEar{}
	}
	return s.ear
}

// scriptedEar hears what a test says.
type scriptedEar struct {
	news   chan struct{}
	pieces chan string
	kind   string
}

func newEar(kind string) *scriptedEar {
	return &scriptedEar{news: make(chan struct{}, 100), pieces: make(chan string, 100), kind: kind}
}

func (e *scriptedEar) says(piece string) {
	e.pieces <- piece
	e.news <- struct{}{}
}

func (e *scriptedEar) News() <-chan struct{}  { return e.news }
func (e *scriptedEar) Take() ([]byte, string) { return []byte(<-e.pieces), e.kind }
func (*scriptedEar) Close()                   {}

func (s *stage) Counted(_ context.Context, rec prediction.Record) (*provider.Counts, error) {
	if s.counted != nil {
		return s.counted, nil
	}
	return s.counts[rec.ID], nil
}

func (s *stage) Cancel(_ context.Context, _, id string) (prediction.Record, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancelled = append(s.cancelled, id)
	return prediction.Record{}, true, nil
}

func (s *stage) Show(_ context.Context, records []prediction.Record, base string) ([]skytells.Prediction, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []skytells.Prediction
	for _, rec := range records {
		out = append(out, s.show(rec.ID, base))
	}
	return out, nil
}

func (s *stage) show(id, base string) (p skytells.Prediction) {
	for _, file := range s.outputs[id] {
		f := s.files[file]
		p.Metadata.Storage.Files = append(p.Metadata.Storage.Files, skytells.PredictionFile{Name: f.Name, Type: f.Type, Size: f.Size, URL: base + "/files/" + f.ID})
	}
	return p
}

func (s *stage) Events(_ context.Context, _, id string, _ int64, _ string) (prediction.Stream, error) {
	told := &script{}
	if s.news != nil {
		told.events = s.news(id)
	}
	return told, nil
}

// script is a stream of events that were all there at once.
type script struct{ events []prediction.Event }

func (s *script) Next(context.Context) ([]prediction.Event, error) {
	if len(s.events) == 0 {
		return nil, io.EOF
	}
	out := s.events
	s.events = nil
	return out, nil
}

func (*script) Close() {}

func (s *stage) PutInput(_ context.Context, n blob.New, content io.Reader) (blob.File, error) {
	all, err := io.ReadAll(io.LimitReader(content, n.Limit+1))
	if err != nil {
		return blob.File{}, err
	}
	if int64(len(all)) > n.Limit {
		return blob.File{}, blob.ErrTooLarge
	}
	return s.store(n.Prediction, n.Name, n.Type, string(all)), nil
}

func (s *stage) store(id, name, kind, content string) blob.File {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := blob.File{ID: fmt.Sprintf("file-%d", len(s.files)+1), Prediction: id, Name: name, Type: blob.TypeOf([]byte(content), kind), Size: int64(len(content))}
	s.files[f.ID] = stored{f, content}
	return f
}

// puts makes a file an output of prediction number i.
func (s *stage) puts(i int, content string) {
	id := fmt.Sprintf("00000000-0000-7000-8000-%012d", i+1)
	f := s.store(id, "out", "", content)
	s.outputs[id] = append(s.outputs[id], f.ID)
}

func (s *stage) DropInput(_ context.Context, _ string, files []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped = append(s.dropped, files...)
}

type content struct{ *strings.Reader }

func (content) Close() error { return nil }

func (s *stage) Content(_ context.Context, f blob.File) (io.ReadSeekCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return content{strings.NewReader(s.files[f.ID].content)}, nil
}

func (s *stage) ByLink(_ context.Context, address string) (blob.File, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[address[strings.LastIndexByte(address, '/')+1:]]
	return f.File, ok
}

// routes serves the stage.
func (s *stage) routes() http.Handler { return s.changed(func(*media.Handlers) {}) }

func (s *stage) changed(change func(*media.Handlers)) http.Handler {
	h := &media.Handlers{Catalog: s, Predictions: s, Files: s, Balances: s, MaxBody: 1 << 20, MaxUpload: 1 << 20, MaxWait: time.Minute, KeepAlive: time.Minute}
	change(h)
	server := &httpx.Server{Done: func(*httpx.Record) {}, Log: slog.New(slog.DiscardHandler)}
	return api.NewRouter(server, anyone{}, h.Rows(), nil)
}

type reply struct {
	status int
	body   string
	header http.Header
}

// send makes one request with a key; header is name, value, and so on.
func send(t *testing.T, h http.Handler, route string, body io.Reader, header ...string) reply {
	t.Helper()
	req := httptest.NewRequest(http.MethodPost, "http://localhost:8080/v1/"+route, body)
	req.Header.Set("Authorization", "Bearer sk-first")
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return reply{w.Code, w.Body.String(), w.Header()}
}

// refused reads an error's envelope.
func refused(t *testing.T, r reply) skytells.InferenceError {
	t.Helper()
	var e skytells.InferenceEnvelope
	if err := json.Unmarshal([]byte(r.body), &e); err != nil || e.Error.ErrorID == "" {
		t.Fatalf("%d %s: no error", r.status, r.body)
	}
	return e.Error
}
