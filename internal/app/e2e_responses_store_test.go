package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/skytells"
)

// bothModels runs a test for each model, on a server with both.
func bothModels(t *testing.T, test func(s *stage, model string)) {
	t.Helper()
	s := onStage(t, options{})
	for _, model := range []string{nativeModel, translatedModel} {
		t.Run(model, func(t *testing.T) {
			inner := *s.server
			inner.t = t
			test(&stage{server: &inner, up: s.up, left: s.left}, model)
		})
	}
	s.clean()
}

// response asks, and gives the object.
func (s *server) response(body string) doc {
	s.t.Helper()
	r := s.post(respPath, body)
	var d doc
	decode(s.t, r.body, &d)
	if r.status != http.StatusOK {
		s.t.Fatalf("%d %s to %s", r.status, r.body, body)
	}
	return d
}

// stored is the object as GET gives it.
func (s *server) stored(id any) doc {
	s.t.Helper()
	r := s.call(http.MethodGet, respPath+"/"+text(id), "")
	var d doc
	decode(s.t, r.body, &d)
	if r.status != http.StatusOK {
		s.t.Fatalf("%d %s", r.status, r.body)
	}
	return d
}

// replay streams a response of the background; it ends with the response.
func (s *server) replay(id any, query string) []typedEvent {
	s.t.Helper()
	r := s.call(http.MethodGet, respPath+"/"+text(id)+"?stream=true"+query, "")
	if r.status != http.StatusOK || r.header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatalf("no stream: %d %v %s", r.status, r.header, r.body)
	}
	return readEvents(s.t, r.body)
}

func TestStoredResponses(t *testing.T) {
	t.Parallel()
	bothModels(t, func(s *stage, model string) {
		whole := s.response(ask(model, "lookup", `"store":true`))
		if diff := cmp.Diff(whole, s.stored(whole["id"])); diff != "" {
			s.t.Errorf("plain (-told +stored):\n%s", diff)
		}
		streamed := follow(s.t, model, s.typedEvents(ask(model, "lookup", `"store":true`, `"stream":true`))).last
		if diff := cmp.Diff(streamed, s.stored(streamed["id"])); diff != "" {
			s.t.Errorf("streamed (-told +stored):\n%s", diff)
		}
		if whole["store"] != true || streamed["store"] != true {
			s.t.Errorf("store is %v and %v", whole["store"], streamed["store"])
		}
		unstored := s.response(ask(model, "hello"))
		if r := s.call(http.MethodGet, respPath+"/"+text(unstored["id"]), ""); r.status != http.StatusNotFound || !strings.Contains(r.body, "response_not_found") {
			s.t.Errorf("one that is not stored: %d %s", r.status, r.body)
		}
	})
}

// Every way to an answer, and to what it is continued with.
func TestConversations(t *testing.T) {
	t.Parallel()
	bothModels(t, func(s *stage, model string) {
		first := s.response(ask(model, "I am Ada", `"store":true`))
		for _, more := range []string{`"store":true`, `"store":false`, `"stream":true`} {
			body := ask(model, "who am I?", more, `"previous_response_id":"`+text(first["id"])+`"`)
			if strings.Contains(more, "stream") {
				if w := follow(s.t, model, s.typedEvents(body)); !slices.Equal(outlineOf(w.last), []string{"message You are Ada."}) || w.last["previous_response_id"] != first["id"] {
					s.t.Errorf("streamed: %s", mustJSON(w.last))
				}
				continue
			}
			if got := s.response(body); !slices.Equal(outlineOf(got), []string{"message You are Ada."}) || got["previous_response_id"] != first["id"] {
				s.t.Errorf("%s: %s", more, mustJSON(got))
			}
		}
		for _, streamed := range []string{"", `"stream":true`} {
			var said doc
			if streamed != "" {
				said = follow(s.t, model, s.typedEvents(ask(model, "think", streamed))).last
			} else {
				said = s.response(ask(model, "think"))
			}
			items := []any{doc{"role": "user", "content": "I am Ada"}}
			for _, item := range said["output"].([]any) {
				items = append(items, doc{"type": "item_reference", "id": item.(doc)["id"]})
			}
			items = append(items, doc{"role": "user", "content": "who am I?"})
			if got := s.response(mustJSON(doc{"model": model, "input": items})); !slices.Equal(outlineOf(got), []string{"message You are Ada."}) {
				s.t.Errorf("references: %s", mustJSON(got))
			}
		}
	})
}

// What one account stored is nothing to another.
func TestResponsesOfAnotherAccount(t *testing.T) {
	t.Parallel()
	bothModels(t, func(s *stage, model string) {
		first := s.response(ask(model, "lookup", `"store":true`))
		id, item := text(first["id"]), text(first["output"].([]any)[0].(doc)["id"])
		other := *s.server
		other.key = s.anotherKey(model)
		for _, route := range []string{"GET ", "DELETE ", "GET /input_items", "POST /cancel", "GET ?stream=true"} {
			method, rest, _ := strings.Cut(route, " ")
			if r := other.call(method, respPath+"/"+id+rest, ""); r.status != http.StatusNotFound || !strings.Contains(r.body, "response_not_found") {
				s.t.Errorf("%s: %d %s", route, r.status, r.body)
			}
		}
		for param, body := range map[string]string{
			"previous_response_id": ask(model, "x", `"previous_response_id":"`+id+`"`),
			"input[0]":             mustJSON(doc{"model": model, "input": []any{doc{"type": "item_reference", "id": item}, doc{"role": "user", "content": "x"}}}),
		} {
			r := other.post(respPath, body)
			var e skytells.InferenceEnvelope
			decode(s.t, r.body, &e)
			if r.status != http.StatusBadRequest || e.Error.Param == nil || !strings.HasPrefix(*e.Error.Param, param) {
				s.t.Errorf("%s: %d %s", param, r.status, r.body)
			}
		}
		if got := s.stored(id); got["id"] != id {
			s.t.Errorf("its own account gets %s", mustJSON(got))
		}
	})
}

// anotherKey is a key of a new account with credit.
func (s *server) anotherKey(name string) string {
	s.t.Helper()
	admin := s.admin()
	account, err := admin.CreateAccount(s.t.Context(), skytells.AccountRequest{Name: name})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := admin.GiveCredit(s.t.Context(), account.ID, skytells.CreditRequest{Amount: "1", Reason: "test"}); err != nil {
		s.t.Fatal(err)
	}
	k, err := admin.CreateKey(s.t.Context(), skytells.KeyRequest{Account: account.ID})
	if err != nil {
		s.t.Fatal(err)
	}
	return k.Secret
}

// A background response tells the same events as any other, whenever one listens.
func TestBackgroundEventByEvent(t *testing.T) {
	t.Parallel()
	bothModels(t, func(s *stage, model string) {
		sc := scenes()["think"]
		live := s.typedEvents(ask(model, "think", `"background":true`, `"store":true`, `"stream":true`))
		w := follow(s.t, model, live)
		if diff := cmp.Diff(slices.Insert(sc.want(), 1, "queued"), names(live)); diff != "" {
			s.t.Errorf("names (-want +got):\n%s", diff)
		}
		if w.last["background"] != true {
			s.t.Errorf("began with %s, ended with %s", mustJSON(w.response), mustJSON(w.last))
		}
		if diff := cmp.Diff(live, s.replay(w.last["id"], ""), cmp.AllowUnexported(typedEvent{})); diff != "" {
			s.t.Errorf("replayed (-live +replay):\n%s", diff)
		}
		for _, after := range []int{0, 5, len(live) - 2} {
			got := s.replay(w.last["id"], fmt.Sprint("&starting_after=", after))
			if diff := cmp.Diff(live[after+1:], got, cmp.AllowUnexported(typedEvent{})); diff != "" {
				s.t.Errorf("after %d (-live +replay):\n%s", after, diff)
			}
		}
		if diff := cmp.Diff(w.last, s.stored(w.last["id"])); diff != "" {
			s.t.Errorf("stored (-told +stored):\n%s", diff)
		}
	})
}

// One that nobody listens to runs all the same.
func TestBackgroundAlone(t *testing.T) {
	t.Parallel()
	bothModels(t, func(s *stage, model string) {
		first := s.response(ask(model, "story", `"background":true`, `"store":true`))
		if first["status"] != "queued" || first["background"] != true || first["model"] != model || len(first["output"].([]any)) != 0 || first["usage"] != nil {
			s.t.Errorf("began as %s", mustJSON(first))
		}
		w := follow(s.t, model, s.replay(first["id"], ""))
		if got := s.stored(first["id"]); !slices.Equal(outlineOf(got), scenes()["story"].outline()) || !cmp.Equal(got, w.last) {
			s.t.Errorf("ended as %s", mustJSON(got))
		}
		next := s.response(ask(model, "hello", `"previous_response_id":"`+text(first["id"])+`"`))
		if next["status"] != "completed" {
			s.t.Errorf("continued: %s", mustJSON(next))
		}
	})
}

func TestBackgroundCancelled(t *testing.T) {
	t.Parallel()
	bothModels(t, func(s *stage, model string) {
		_, in := s.open(s.t.Context(), respPath, ask(model, "hang", `"background":true`, `"store":true`, `"stream":true`))
		var id string
		for {
			line, ok := in.next()
			if !ok {
				s.t.Fatal("the stream ended before it was cancelled")
			}
			var e doc
			decode(s.t, line, &e)
			if r, _ := e["response"].(doc); r != nil {
				id = text(r["id"])
			}
			if e["type"] == "response.output_text.delta" {
				break
			}
		}
		r := s.call(http.MethodPost, respPath+"/"+id+"/cancel", "")
		if r.status != http.StatusOK || !strings.Contains(r.body, `"`+id+`"`) || !strings.Contains(r.body, `"status":"cancelled"`) {
			s.t.Errorf("%d %s", r.status, r.body)
		}
		await(s.t, "the upstream's call ends", s.left)
		for _, line := range in.all() {
			var e doc
			decode(s.t, line, &e)
			if _, known := eventFields()[text(e["type"])]; !known {
				s.t.Errorf("clients know no %s", line)
			}
		}
		if got := s.stored(id); got["status"] != "cancelled" {
			s.t.Errorf("it is %s", mustJSON(got))
		}
		// What was generated until then is paid.
		if r := s.call(http.MethodGet, "/v1/charges", ""); !strings.Contains(r.body, `{"request":"`+id+`"`) || !strings.Contains(r.body, `"outcome":"hang_up"`) || strings.Contains(r.body, `"outcome":"ok"`) {
			s.t.Errorf("charged %s", r.body)
		}
	})
}

func TestBackgroundFails(t *testing.T) {
	t.Parallel()
	bothModels(t, func(s *stage, model string) {
		w := follow(s.t, model, s.typedEvents(ask(model, "fail", `"background":true`, `"store":true`, `"stream":true`)))
		got := s.stored(w.last["id"])
		failure, _ := got["error"].(doc)
		if got["status"] != "failed" || text(failure["code"]) == "" || text(failure["message"]) == "" || strings.Contains(mustJSON(got), "inner/") {
			s.t.Errorf("ended as %s", mustJSON(got))
		}
	})
}
