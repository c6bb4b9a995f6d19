package inference_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/inference"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/provider"
)

func TestPlainAnswer(t *testing.T) {
	t.Parallel()
	u := &upstream{answer: provider.Answer{Body: []byte(`{"id":1}`), Usage: provider.Usage{Reported: true, Input: 7, Output: 3, Cached: 2, Reasoning: 1}}}
	d := newDesk(u)
	result, err := d.call(t.Context(), t, inference.Chat, `{"model":"m","max_tokens":50,"messages":[]}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"resolve chat", "take", "reserve", "admit", "try a", "commit", "answer", "settle"}
	if diff := cmp.Diff(want, d.journal); diff != "" {
		t.Errorf("order of steps: %s", diff)
	}
	charge := ledger.Charge{
		Request: "req_1", Account: "acct", Key: "key", Model: "slug", Target: "a/up-a", Input: 7, Output: 3, Cached: 2, Reasoning: 1,
		Outcome: "ok", At: time.Unix(1_700_000_000, 0),
	}
	if diff := cmp.Diff([]ledger.Charge{charge}, d.charges); diff != "" {
		t.Error(diff)
	}
	if result.Model != "slug" || result.Target != "a/up-a" || result.Tries != 1 || result.Counted || result.Outcome != inference.Complete {
		t.Errorf("got %+v", result)
	}
	if d.answer != `{"id":1}` || d.admits[0].Model != "slug" {
		t.Errorf("answered %s, admitted %+v", d.answer, d.admits)
	}
	if c := u.calls[0]; c.Model != "up-a" || c.Show != "m" || c.RequestID != "req_1" || c.MaxTokens != 0 {
		t.Errorf("called with %+v", c)
	}
	if diff := cmp.Diff([]limit.Request{{ID: "req_1", Account: "acct", Key: "key", Surface: "standard", Route: "chat", Model: "slug", TokensIn: 15, TokensOut: 50, Slot: true}}, d.drawn); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]limit.Use{{TokensIn: 7, TokensOut: 3}}, d.settled); diff != "" {
		t.Error(diff)
	}
}

// The design: "durable before the client gets the end of the answer".
func TestStreamIsChargedBeforeItsEnd(t *testing.T) {
	t.Parallel()
	u := &upstream{events: []provider.Event{chunk("Hel"), chunk("lo"), stop("stop"), usage(5, 2)}}
	d := newDesk(u)
	if _, err := d.call(t.Context(), t, inference.Chat, streamedChat); err != nil {
		t.Fatal(err)
	}
	commit, done := slices.Index(d.journal, "commit"), slices.Index(d.journal, "event [DONE]")
	if commit < 0 || done < commit || d.times("event") != 4 {
		t.Errorf("steps: %v", d.journal)
	}
	// The last event leaves with the response's end, in one write with it.
	if slices.Contains(d.journal[done:], "flush") || u.closed != 1 {
		t.Errorf("flushed once more or not closed: %v, closed %d", d.journal, u.closed)
	}
	if c := d.charges[0]; c.Input != 5 || c.Output != 2 || c.Counted {
		t.Errorf("got %+v", c)
	}
}

func TestUsageChunkOnlyForThoseWhoAsked(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		streamedChat: 2,
		`{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[]}`:  3,
		`{"model":"m","stream":true,"stream_options":{"include_usage":false},"messages":[]}`: 2,
	} {
		d := newDesk(&upstream{events: []provider.Event{chunk("x"), usage(5, 2)}})
		if _, err := d.call(t.Context(), t, inference.Chat, body); err != nil {
			t.Fatal(err)
		}
		if len(d.events) != want {
			t.Errorf("%s: got %q", body, d.events)
		}
	}
}

// cut and the others are failures of an upstream.
func failure(class provider.Class, status int) *provider.Error {
	return &provider.Error{Class: class, Status: status, Message: "the upstream's words", Err: errors.New("http://10.1.2.3/secret")}
}

// Every admitted request is settled once, and either charged or released, once.
func TestEveryExitPassesFinishOnce(t *testing.T) {
	t.Parallel()
	broken := failure(provider.Broken, 0)
	for name, c := range map[string]struct {
		up       *upstream
		sinkErr  error
		commit   error
		streamed bool
		charged  bool
		outcome  inference.Outcome
		fails    bool
	}{
		"plain":                       {up: &upstream{answer: provider.Answer{Body: []byte("{}"), Bytes: 4}}, charged: true, outcome: inference.Complete},
		"plain, nothing generated":    {up: &upstream{answer: provider.Answer{Body: []byte("{}")}}, charged: true, outcome: inference.Complete},
		"plain, upstream fails":       {up: &upstream{err: broken}, outcome: inference.Refused, fails: true},
		"plain, caller is gone":       {up: &upstream{answer: provider.Answer{Body: []byte("{}")}}, sinkErr: io.ErrClosedPipe, charged: true, outcome: inference.Complete, fails: true},
		"plain, no room in ledger":    {up: &upstream{answer: provider.Answer{Body: []byte("{}")}}, commit: io.ErrShortWrite, charged: true, outcome: inference.Refused, fails: true},
		"stream":                      {up: &upstream{events: []provider.Event{chunk("x")}}, streamed: true, charged: true, outcome: inference.Complete},
		"stream, empty":               {up: &upstream{}, streamed: true, charged: true, outcome: inference.Complete},
		"stream, refused":             {up: &upstream{err: broken}, streamed: true, outcome: inference.Refused, fails: true},
		"stream, fails at once":       {up: &upstream{end: broken}, streamed: true, outcome: inference.Refused, fails: true},
		"stream, cut at once":         {up: &upstream{end: failure(provider.Cut, 0)}, streamed: true, outcome: inference.Cut, fails: true},
		"stream, cut after output":    {up: &upstream{events: []provider.Event{chunk("x")}, end: failure(provider.Cut, 0)}, streamed: true, charged: true, outcome: inference.Cut, fails: true},
		"stream, caller is gone":      {up: &upstream{events: []provider.Event{chunk("x")}}, sinkErr: io.ErrClosedPipe, streamed: true, outcome: inference.HungUp, fails: true},
		"stream, no room in ledger":   {up: &upstream{events: []provider.Event{chunk("x")}}, commit: io.ErrShortWrite, streamed: true, charged: true, outcome: inference.Refused, fails: true},
		"stream, cut, usage was said": {up: &upstream{events: []provider.Event{usage(3, 9)}, end: failure(provider.Cut, 0)}, streamed: true, charged: true, outcome: inference.Cut, fails: true},
	} {
		d := newDesk(c.up)
		d.sinkErr, d.commit = c.sinkErr, c.commit
		body := plainChat
		if c.streamed {
			body = streamedChat
		}
		result, err := d.call(t.Context(), t, inference.Chat, body)
		if (err != nil) != c.fails || result.Outcome != c.outcome {
			t.Errorf("%s: got %v, outcome %s", name, err, result.Outcome)
		}
		wantCommits := 0
		if c.charged {
			wantCommits = 1
		}
		if d.times("commit") != wantCommits || d.times("release") != 1-wantCommits || d.times("settle") != 1 {
			t.Errorf("%s: steps %v", name, d.journal)
		}
		if c.up.closed > 1 || c.streamed && c.up.err == nil && c.up.closed != 1 {
			t.Errorf("%s: the stream was closed %d times", name, c.up.closed)
		}
	}
}

func TestNoEndWithoutADurableCharge(t *testing.T) {
	t.Parallel()
	d := newDesk(&upstream{answer: provider.Answer{Body: []byte("{}")}, events: []provider.Event{chunk("x")}})
	d.commit = errors.New("the disk is full")
	for _, body := range []string{plainChat, streamedChat} {
		_, err := d.call(t.Context(), t, inference.Chat, body)
		if !fault.Is(err, fault.ServiceUnavailable) || strings.Contains(fault.From(err).Message, "disk") {
			t.Errorf("got %v", err)
		}
	}
	if d.answer != "" || slices.Contains(d.events, "[DONE]") || len(d.events) != 1 {
		t.Errorf("the caller got %q and %q", d.answer, d.events)
	}
}

// The caller's leaving must not keep the charge from being written.
func TestHangUpIsChargedForWhatWasDelivered(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	u := &upstream{events: []provider.Event{chunk("0123456789"), chunk("x")}}
	u.before = func(n int) {
		if n == 1 {
			leave()
			u.events, u.end = u.events[:1], failure(provider.Broken, 0) // however it surfaces
		}
	}
	d := newDesk(u)
	result, err := d.call(ctx, t, inference.Chat, streamedChat)
	if err == nil || result.Outcome != inference.HungUp || !result.Counted {
		t.Errorf("got %+v, %v", result, err)
	}
	if len(d.charges) != 1 || d.charges[0].Outcome != "hang_up" || !d.charges[0].Counted || d.charges[0].Output != 3 || d.charges[0].Input != int64(len(streamedChat)/4) {
		t.Errorf("charged %+v", d.charges)
	}
	if d.times("settle") != 1 || slices.Contains(d.events, "[DONE]") {
		t.Errorf("steps %v", d.journal)
	}
}

func TestHangUpBeforeOutputIsFree(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	u := &upstream{wait: true}
	d := newDesk(u)
	d.targets = append(d.targets, catalog.Target{Provider: "b"})
	leave()
	result, err := d.call(ctx, t, inference.Chat, plainChat)
	if err == nil || result.Outcome != inference.HungUp || d.times("release") != 1 || d.times("commit") != 0 || d.times("try") != 1 {
		t.Errorf("got %+v, %v, steps %v", result, err, d.journal)
	}
}

// What no upstream reported is our count, and says so.
func TestCountWhereNoUsageWasReported(t *testing.T) {
	t.Parallel()
	d := newDesk(&upstream{answer: provider.Answer{Body: []byte("{}"), Bytes: 9}})
	result, err := d.call(t.Context(), t, inference.Chat, plainChat)
	if err != nil || !result.Counted || result.Usage.Output != 3 || result.Usage.Input != int64(len(plainChat)/4) || !d.charges[0].Counted {
		t.Errorf("got %+v, %v", result, err)
	}
	d = newDesk(&upstream{answer: provider.Answer{Body: []byte("{}"), Bytes: 9, Usage: provider.Usage{Reported: true}}})
	result, err = d.call(t.Context(), t, inference.Chat, plainChat)
	if err != nil || result.Counted || result.Usage.Output != 0 {
		t.Errorf("a reported zero was not believed: %+v, %v", result, err)
	}
}

func TestFailover(t *testing.T) {
	t.Parallel()
	const next, stay = true, false
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"connection refused":         {failure(provider.Unreachable, 0), next},
		"429":                        {failure(provider.Busy, 429), next},
		"408":                        {failure(provider.Timeout, 408), next},
		"500":                        {failure(provider.Broken, 500), next},
		"503":                        {failure(provider.Broken, 503), next},
		"wrong credentials":          {failure(provider.Denied, 401), next},
		"it can't do this":           {failure(provider.Unsupported, 0), next},
		"silence":                    {failure(provider.Timeout, 0), stay}, // paid work may be under way
		"garbage":                    {failure(provider.Broken, 200), stay},
		"connection lost":            {failure(provider.Broken, 0), stay},
		"the request is bad":         {failure(provider.Rejected, 400), stay},
		"an address is forbidden":    {failure(provider.Forbidden, 0), stay},
		"not an upstream's failure":  {errors.New("encode"), stay},
		"a fault about the request":  {fault.Invalid("n", "no"), stay},
		"the stream was cut at once": {failure(provider.Cut, 0), stay},
	} {
		for _, streamed := range []bool{false, true} {
			first, second := &upstream{err: c.err}, &upstream{answer: provider.Answer{Body: []byte("{}")}}
			d := newDesk(first)
			d.adapters["b"] = second
			d.targets = append(d.targets, catalog.Target{Provider: "b", Model: "up-b", FetchInputs: catalog.FetchPass})
			body := plainChat
			if streamed {
				body = streamedChat
			}
			result, err := d.call(t.Context(), t, inference.Chat, body)
			if (len(second.calls) == 1) != c.want || (err == nil) != c.want {
				t.Errorf("%s, streamed %v: second target called %d times, %v", name, streamed, len(second.calls), err)
			}
			if c.want && (result.Target != "b/up-b" || result.Tries != 2) {
				t.Errorf("%s: got %+v", name, result)
			}
			if d.times("take") != 1 || d.times("reserve") != 1 || d.times("admit") != 1 {
				t.Errorf("%s: steps %v", name, d.journal)
			}
		}
	}
}

// After the first event nothing may be tried again, whatever the failure.
func TestNoFailoverAfterTheFirstEvent(t *testing.T) {
	t.Parallel()
	for _, class := range []provider.Class{provider.Unreachable, provider.Busy, provider.Broken, provider.Timeout} {
		d := newDesk(&upstream{events: []provider.Event{chunk("x")}, end: failure(class, 503)})
		second := &upstream{}
		d.adapters["b"] = second
		d.targets = append(d.targets, catalog.Target{Provider: "b"})
		if _, err := d.call(t.Context(), t, inference.Chat, streamedChat); err == nil || len(second.calls) != 0 {
			t.Errorf("%s: %v, second called %d times", class, err, len(second.calls))
		}
	}
}

func TestTargetsThatCannotBeCalled(t *testing.T) {
	t.Parallel()
	d := newDesk(struct{}{}) // an adapter without any capability
	if _, err := d.call(t.Context(), t, inference.Chat, plainChat); !fault.Is(err, fault.ModelNotSupported) {
		t.Errorf("no capability: %v", err)
	}
	d = newDesk(nil)
	d.targets = nil
	if _, err := d.call(t.Context(), t, inference.Chat, streamedChat); !fault.Is(err, fault.ServiceUnavailable) {
		t.Errorf("no target: %v", err)
	}
	d = newDesk(nil)
	delete(d.adapters, "a")
	if _, err := d.call(t.Context(), t, inference.Embeddings, `{"model":"m","input":"x"}`); !fault.Is(err, fault.ServiceUnavailable) {
		t.Errorf("no provider: %v", err)
	}
}

func TestRefusedBeforeAdmission(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*desk)
		model   string
		id      fault.ID
		steps   []string
	}{
		"unknown model":              {func(*desk) {}, "other", fault.ModelNotFound, nil},
		"unknown model, wrong field": {func(*desk) {}, `other","n":"0`, fault.ModelNotFound, nil},
		"wrong field":                {func(*desk) {}, `m","n":"0`, fault.InvalidParameter, []string{"resolve chat"}},
		"limit used up": {func(d *desk) {
			d.decision = limit.Decision{Dimension: "requests", RetryAfter: 90 * time.Second}
		}, "m", fault.RateLimited, []string{"resolve chat", "take"}},
		"limits are away": {func(d *desk) { d.limitErr = io.ErrUnexpectedEOF }, "m", fault.InternalError, []string{"resolve chat", "take"}},
		"no credit": {func(d *desk) { d.reserve = fault.New(fault.InsufficientCredits, "poor") }, "m",
			fault.InsufficientCredits, []string{"resolve chat", "take", "reserve", "settle"}},
	} {
		d := newDesk(&upstream{})
		c.prepare(d)
		result, err := d.call(t.Context(), t, inference.Chat, strings.Replace(plainChat, `"m"`, `"`+c.model+`"`, 1))
		if got := fault.From(err); got == nil || got.ID != c.id || result.Outcome != inference.Refused {
			t.Errorf("%s: got %v, %+v", name, err, result)
		}
		if diff := cmp.Diff(c.steps, d.journal); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if c.id == fault.RateLimited {
			if f := fault.From(err); f.RetryAfter != 90*time.Second || !strings.Contains(f.Message, "requests") {
				t.Errorf("got %+v", f)
			}
		}
		// What was taken in tokens is given back: none was used. The request stays counted.
		if c.id == fault.InsufficientCredits && d.settled[0] != (limit.Use{}) {
			t.Errorf("settled with %+v", d.settled)
		}
	}
}

// Contract 9.4, last paragraphs: what is kept of an upstream's failure, and what is
// hidden.
func TestUpstreamFailuresAsCallersSeeThem(t *testing.T) {
	t.Parallel()
	rejected := func(status int, code, param string) *provider.Error {
		return &provider.Error{Class: provider.Rejected, Status: status, Message: "the upstream's words", Code: code, Param: param}
	}
	busy := failure(provider.Busy, 429)
	busy.RetryAfter = 7 * time.Second
	for name, c := range map[string]struct {
		err     error
		id      fault.ID
		status  int
		code    string
		param   string
		retry   time.Duration
		noRetry bool
		keeps   bool
	}{
		"400":                  {err: rejected(400, "", ""), id: "INVALID_REQUEST", status: 400, code: "invalid_request", keeps: true},
		"413":                  {err: rejected(413, "", ""), id: "INVALID_REQUEST", status: 413, code: "invalid_request", keeps: true},
		"422 about a field":    {err: rejected(422, "x", "top_p"), id: "INVALID_PARAMETER", status: 422, code: "invalid_parameter", param: "top_p", keeps: true},
		"too long":             {err: rejected(400, "context_length_exceeded", ""), id: "INVALID_PARAMETER", status: 400, code: "context_length_exceeded", param: "messages", keeps: true},
		"429":                  {err: busy, id: "INFERENCE_RATE_LIMITED", status: 429, code: "inference_rate_limited", retry: 7 * time.Second},
		"429 without a time":   {err: failure(provider.Busy, 429), id: "INFERENCE_RATE_LIMITED", status: 429, code: "inference_rate_limited", retry: 5 * time.Second},
		"timeout":              {err: failure(provider.Timeout, 0), id: "INFERENCE_TIMEOUT", status: 504, code: "inference_timeout"},
		"refused":              {err: failure(provider.Unreachable, 0), id: "SERVICE_UNAVAILABLE", status: 503, code: "service_unavailable"},
		"forbidden address":    {err: failure(provider.Forbidden, 0), id: "SERVICE_UNAVAILABLE", status: 503, code: "service_unavailable"},
		"401":                  {err: failure(provider.Denied, 401), id: "INFERENCE_ERROR", status: 500, code: "service_error", noRetry: true},
		"404":                  {err: failure(provider.Denied, 404), id: "INFERENCE_ERROR", status: 500, code: "service_error", noRetry: true},
		"500":                  {err: failure(provider.Broken, 500), id: "INFERENCE_ERROR", status: 500, code: "service_error"},
		"cut":                  {err: failure(provider.Cut, 0), id: "INFERENCE_ERROR", status: 500, code: "service_error"},
		"unsupported":          {err: failure(provider.Unsupported, 0), id: "MODEL_NOT_SUPPORTED", status: 422, code: "model_not_supported"},
		"not of the upstream":  {err: errors.New("the upstream's words"), id: "INTERNAL_ERROR", status: 500, code: "internal_error"},
		"rejected, no message": {err: &provider.Error{Class: provider.Rejected, Status: 400}, id: "INVALID_REQUEST", status: 400, code: "invalid_request"},
	} {
		_, err := newDesk(&upstream{err: c.err}).call(t.Context(), t, inference.Chat, plainChat)
		f := fault.From(err)
		if f.ID != c.id || f.HTTPStatus() != c.status || f.InferenceCode() != c.code || f.Param != c.param || f.RetryAfter != c.retry || f.NoRetry != c.noRetry {
			t.Errorf("%s: got %+v", name, f)
		}
		if shown := f.Message + f.Details + f.Brief; strings.Contains(shown, "upstream's words") != c.keeps || strings.Contains(shown, "10.1.2.3") || strings.Contains(shown, "up-a") || f.Message == "" {
			t.Errorf("%s: the caller reads %q", name, shown)
		}
		if !errors.Is(err, c.err) {
			t.Errorf("%s: the cause is lost to the log", name)
		}
	}
}

// Text that came together with the end does not wait for the charge.
func TestTextLeavesBeforeTheCharge(t *testing.T) {
	t.Parallel()
	d := newDesk(&upstream{events: []provider.Event{chunk("a"), chunk("b"), stop("stop")}, ready: true})
	if _, err := d.call(t.Context(), t, inference.Chat, streamedChat); err != nil {
		t.Fatal(err)
	}
	steps := slices.DeleteFunc(d.journal, func(s string) bool { return !strings.HasPrefix(s, "event") && s != "flush" && s != "commit" })
	for i, s := range steps {
		steps[i], _, _ = strings.Cut(s, " ")
	}
	if diff := cmp.Diff([]string{"event", "flush", "event", "event", "flush", "commit", "event"}, steps); diff != "" {
		t.Error(diff)
	}
}
