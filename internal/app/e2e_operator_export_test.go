package app_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"skytower/internal/skytells"
)

// unzip reads the whole of a zip.
func unzip(t *testing.T, text []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(content)
	}
	return files
}

// An account can be taken along as a whole, and then removed as a whole, but for its books.
func TestExportAndRemoveAnAccount(t *testing.T) {
	t.Parallel()
	operatorOn(t, nil, func(t *testing.T, s *server) {
		painter, admin := s.withPainter(), s.admin()
		s.pricePainter("0.25")
		up := s.withUpstream()
		up.On(respPath, jsonScript(`{"id":"resp_up","object":"response","status":"completed","model":"`+upChat+`","output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hello!","annotations":[]}]}],"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}`))
		id := s.donePrediction(painter)
		if r := s.post(respPath, `{"model":"`+chatModel+`","input":"what I asked","store":true}`); r.status != 200 {
			t.Fatalf("%d %s", r.status, r.body)
		}
		owner, err := skytells.NewClient(skytells.ClientOptions{BaseURL: s.base, Key: s.key})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(owner.CloseIdle)
		if _, err := owner.UploadFile(t.Context(), "notes.txt", "", strings.NewReader("my notes"), 8); err != nil {
			t.Fatal(err)
		}
		up.On(chatPath, jsonScript(chatAnswer))
		batch := s.batchUntil(s.newBatch(chatPath, batchLine("mine", chatPath, chatBody)).ID, skytells.Batch.Ended)
		accounts, err := admin.Accounts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var own, operators bytes.Buffer
		if err := owner.ExportOwnAccount(t.Context(), &own); err != nil {
			t.Fatal(err)
		}
		if err := admin.ExportAccount(t.Context(), accounts[0].ID, &operators); err != nil {
			t.Fatal(err)
		}
		for _, z := range [][]byte{own.Bytes(), operators.Bytes()} {
			files := unzip(t, z)
			for name, want := range map[string]string{
				"README.txt": "charges.csv", "account.json": accounts[0].ID, "members.json": "[", "keys.json": "masked", "predictions.jsonl": id,
				"charges.csv": "0.25", "credits.csv": "grant", "responses.jsonl": "what I asked", "files.jsonl": "notes.txt", "batches.jsonl": batch.ID,
			} {
				if !strings.Contains(files[name], want) {
					t.Errorf("%s: %q", name, files[name])
				}
			}
			statements := 0
			for name, text := range files {
				if strings.Contains(text, s.key) || strings.Contains(text, "container/painter") {
					t.Errorf("%s shows a key or a target", name)
				}
				if strings.HasPrefix(name, "statements/") {
					statements++
				}
			}
			if statements != 1 {
				t.Errorf("%d statements", statements)
			}
		}
		if err := admin.ExportAccount(t.Context(), "acct_none", io.Discard); err == nil {
			t.Error("an account that is not there was exported")
		}
		s.removal(accounts[0].ID, id, painter)
	})
}

func (s *server) removal(account, done string, painter *container) {
	s.t.Helper()
	hanging := s.makes("hang", "")
	<-painter.inputs
	for range 2 { // it may be repeated
		if err := s.app.RemoveAccount(s.t.Context(), account); err != nil {
			s.t.Fatal(err)
		}
	}
	for _, id := range []string{done, hanging} {
		if _, err := s.admin().AnyPrediction(s.t.Context(), id, false); err == nil {
			s.t.Errorf("prediction %s is still there", id)
		}
	}
	var z bytes.Buffer
	if err := s.admin().ExportAccount(s.t.Context(), account, &z); err != nil {
		s.t.Fatal(err)
	}
	files := unzip(s.t, z.Bytes())
	if files["predictions.jsonl"]+files["responses.jsonl"]+files["files.jsonl"]+files["batches.jsonl"] != "" || !strings.Contains(files["charges.csv"], "0.25") {
		s.t.Errorf("left: %v", files)
	}
	if v, err := s.admin().VerifyLedger(s.t.Context()); err != nil || !v.Clean {
		s.t.Errorf("%+v, %v", v, err)
	}
}

// A key that lacks a scope takes nothing along.
func TestExportNeedsAllScopes(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	key, err := s.admin().CreateKey(t.Context(), skytells.KeyRequest{Scopes: []string{"inference", "usage:read"}})
	if err != nil {
		t.Fatal(err)
	}
	if r := s.do(s.request(http.MethodGet, "/v1/account/export", "", "X-Api-Key", key.Secret)); r.status != 403 {
		t.Errorf("%d %s", r.status, r.body)
	}
}
