package app_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// secretPrompt is looked for in all that a server leaves.
const secretPrompt = "the lighthouse keeper's unpublished diary"

// traces names the files of the server's folder, and the log, that hold a text.
func (s *server) traces(text string) (found []string) {
	s.t.Helper()
	if strings.Contains(s.log.String(), text) {
		found = append(found, "the log")
	}
	err := filepath.WalkDir(s.data, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && bytes.Contains(content, []byte(text)) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// contents is the number of files of content in the storage.
func (s *server) contents() (n int) {
	s.t.Helper()
	err := filepath.WalkDir(filepath.Join(s.data, "files"), func(_ string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && strings.HasPrefix(entry.Name(), "file-") {
			n++
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	return n
}

// ask makes one call of each kind that holds the text, and returns the ids of its requests:
// plain, streamed, refused, embeddings.
func (s *server) ask(up *providertest.Upstream) (ids []string) {
	s.t.Helper()
	send := func(path, body string, status int) {
		r := s.post(path, body)
		if r.status != status {
			s.t.Fatalf("%s: %d %s", path, r.status, r.body)
		}
		ids = append(ids, r.header.Get("X-Request-Id"))
	}
	up.On(chatPath, jsonScript(strings.Replace(chatAnswer, "Hello!", secretPrompt+", answered", 1)))
	send(chatPath, strings.Replace(chatBody, `"hi"`, `"`+secretPrompt+`"`, 1), 200)
	up.On(chatPath, providertest.Events(piece(secretPrompt+" piece"), lastPiece, usagePiece, donePiece))
	send(chatPath, strings.Replace(streamBody, `"hi"`, `"`+secretPrompt+`"`, 1), 200)
	send(chatPath, `{"model":"nobody","messages":[{"role":"user","content":"`+secretPrompt+`"}]}`, 404)
	up.On(embedPath, jsonScript(embedAnswer))
	send(embedPath, strings.Replace(embedBody, `"hi"`, `"`+secretPrompt+`"`, 1), 200)
	return ids
}

// keptBodies waits until that many requests' bodies are kept.
func (s *server) keptBodies(c *skytells.Client, n int64) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for {
		k, err := c.MyKeptBodies(ctx)
		if err != nil {
			s.t.Fatal(err)
		}
		if k.Requests == n {
			return
		}
	}
}

func (s *server) ownClient() *skytells.Client {
	s.t.Helper()
	c, err := skytells.NewClient(skytells.ClientOptions{BaseURL: s.base, Key: s.key})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.CloseIdle)
	return c
}

// TestBodiesAreNotKept shows that nothing of what an account sends and gets is anywhere,
// unless it asked for that: not in the database, its log, the spool, the files, the log.
func TestBodiesAreNotKept(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	ids := s.ask(s.withUpstream())
	for _, id := range ids {
		if r := s.call(http.MethodGet, "/v1/requests/"+id+"/bodies", ""); r.status != 404 {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
	if found := s.traces(secretPrompt); len(found) > 0 {
		t.Errorf("while it runs: %s", found)
	}
	s.stop()
	if found := s.traces(secretPrompt); len(found) > 0 {
		t.Errorf("after the end: %s", found)
	}
}

// TestBodiesAreKept follows bodies from the account's wish to their end.
func TestBodiesAreKept(t *testing.T) {
	t.Parallel()
	operatorOn(t, map[string]string{"egress-allow": "127.0.0.0/8"}, func(t *testing.T, s *server) {
		up, admin := s.withUpstream(), s.admin()
		own, account := s.ownClient(), s.account()
		if k, err := own.KeepMyBodies(t.Context(), "7d"); err != nil || k.Keep != "7d" || k.Longest != "30d" {
			t.Fatalf("%+v, %v", k, err)
		}
		if _, err := own.KeepMyBodies(t.Context(), "31d"); err == nil {
			t.Error("longer than the server allows")
		}
		if err := s.app.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		ids := s.ask(up)
		s.keptBodies(own, 4)
		for i, want := range []struct{ request, answer string }{
			{secretPrompt, secretPrompt + ", answered"}, {`"stream":true`, "data: {"}, {"nobody", "MODEL_NOT_FOUND"}, {embedModel, `"embedding"`},
		} {
			b, err := own.MyBodies(t.Context(), ids[i])
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.RequestBody, want.request) || !strings.Contains(b.AnswerBody, want.answer) || b.Account != "" || b.Streamed != (i == 1) {
				t.Errorf("%+v", b)
			}
			if i == 1 && !strings.HasSuffix(b.AnswerBody, "data: [DONE]\n\n") {
				t.Errorf("the stream's end: %q", b.AnswerBody)
			}
		}
		if found := s.traces(secretPrompt); len(found) > 0 {
			t.Errorf("not sealed: %s", found)
		}
		s.othersSeeNoBodies(ids[0])
		if b, err := admin.Bodies(t.Context(), ids[0]); err != nil || b.Account != account {
			t.Errorf("%+v, %v", b, err)
		}
		for _, want := range []skytells.AuditFilter{{Subject: account, Action: "bodies.read"}, {Subject: account, Action: "account.update"}} {
			if entries, err := admin.Audit(t.Context(), want, 10); err != nil || len(entries) != 1 || !strings.Contains(entries[0].Detail+"keep_bodies", ids[0]) && !strings.Contains(entries[0].Detail, "keep_bodies") {
				t.Errorf("%s: %+v, %v", want.Action, entries, err)
			}
		}
		var zip bytes.Buffer
		if err := own.ExportOwnAccount(t.Context(), &zip); err != nil {
			t.Fatal(err)
		}
		if text := unzip(t, zip.Bytes())["bodies.jsonl"]; strings.Count(text, secretPrompt) < 4 || strings.Count(text, "\n") != 4 {
			t.Errorf("exported: %s", text)
		}
		s.bodiesGo(own, admin, account, ids, up)
	})
}

// othersSeeNoBodies tries another account's key.
func (s *server) othersSeeNoBodies(id string) {
	s.t.Helper()
	other, err := s.admin().CreateAccount(s.t.Context(), skytells.AccountRequest{Name: "Other"})
	if err != nil {
		s.t.Fatal(err)
	}
	key, err := s.admin().CreateKey(s.t.Context(), skytells.KeyRequest{Account: other.ID})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		if r := s.do(s.request(method, "/v1/requests/"+id+"/bodies", "", "X-Api-Key", key.Secret)); r.status != 404 {
			s.t.Errorf("another account's %s: %d %s", method, r.status, r.body)
		}
	}
}

// bodiesGo deletes one, lets the others grow old, ends the wish, and closes the account.
func (s *server) bodiesGo(own, admin *skytells.Client, account string, ids []string, up *providertest.Upstream) {
	t := s.t
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := own.DeleteMyBodies(t.Context(), ids[0])
	must(err)
	if r := s.call(http.MethodGet, "/v1/requests/"+ids[0]+"/bodies", ""); r.status != 404 {
		t.Errorf("deleted: %d", r.status)
	}
	must(s.app.SweepBodies(t.Context()))
	if n := s.contents(); n != 3 {
		t.Errorf("%d files after one was deleted, want 3", n)
	}
	must(s.app.AgeBodies(t.Context(), 7*24*time.Hour))
	if r := s.call(http.MethodGet, "/v1/requests/"+ids[1]+"/bodies", ""); r.status != 404 {
		t.Errorf("past its time: %d", r.status)
	}
	must(s.app.SweepBodies(t.Context()))
	if n := s.contents(); n != 0 {
		t.Errorf("%d files past their time", n)
	}
	s.ask(up)
	s.keptBodies(own, 4)
	off := ""
	_, err = admin.UpdateAccount(t.Context(), account, skytells.AccountRequest{KeepBodies: &off})
	must(err)
	must(s.app.Sync(t.Context()))
	s.ask(up)
	s.keptBodies(own, 4)
	_, err = admin.DeleteBodies(t.Context(), account)
	must(err)
	s.keptBodies(own, 0)
	_, err = own.KeepMyBodies(t.Context(), "24h")
	must(err)
	must(s.app.Sync(t.Context()))
	s.ask(up)
	s.keptBodies(own, 4)
	must(s.app.RemoveAccount(t.Context(), account))
	s.keptBodies(own, 0)
	must(s.app.SweepBodies(t.Context()))
	if n := s.contents(); n != 0 {
		t.Errorf("%d files of a closed account", n)
	}
}

// TestBodiesPages goes through the console's pages about kept bodies.
func TestBodiesPages(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up, v := s.withUpstream(), s.owner()
	if r := v.get("/settings"); !strings.Contains(r.body, `name="keep_bodies"`) {
		t.Fatalf("settings: %s", plainText(r.body))
	}
	if r := v.post("/settings", "name", "default", "keep_bodies", "100d"); !strings.Contains(plainText(r.body), "from 1h to 30d") {
		t.Errorf("too long: %s", plainText(r.body))
	}
	v.post("/settings", "name", "default", "keep_bodies", "24h")
	if err := s.app.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	ids := s.ask(up)
	s.keptBodies(s.ownClient(), 4)
	if r := v.get("/settings"); !strings.Contains(plainText(r.body), "The bodies of 4 requests") {
		t.Errorf("settings: %s", plainText(r.body))
	}
	for { // until the request is in the log
		if r := v.get("/requests/" + ids[0]); r.status == 200 {
			if !strings.Contains(r.body, "/requests/"+ids[0]+"/bodies") {
				t.Errorf("request: %s", plainText(r.body))
			}
			break
		}
	}
	if r := v.get("/requests/" + ids[0] + "/bodies"); !strings.Contains(plainText(r.body), secretPrompt+", answered") {
		t.Errorf("bodies: %s", plainText(r.body))
	}
	v.post("/requests/" + ids[0] + "/bodies/delete")
	s.keptBodies(s.ownClient(), 3)
	v.post("/settings/bodies/delete")
	s.keptBodies(s.ownClient(), 0)
}

// TestNoBodiesWhereNoneMayBe refuses the wish where the server keeps none.
func TestNoBodiesWhereNoneMayBe(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"body-retention": "0"}})
	if _, err := s.ownClient().KeepMyBodies(t.Context(), "24h"); err == nil || !strings.Contains(err.Error(), "body_retention") {
		t.Errorf("got %v", err)
	}
	if r := s.owner().get("/settings"); strings.Contains(r.body, `name="keep_bodies"`) {
		t.Error("the page offers it")
	}
}
