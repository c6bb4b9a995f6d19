package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"skytower/internal/account"
	"skytower/internal/ledger"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

const versions = "../store/testdata/versions"

// Every version in the changelog names the commit that it was made of, and has a database
// of each engine: a later server must be able to start on it.
func TestEveryVersionHasItsDatabase(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	released := regexp.MustCompile("(?m)^## \\[([0-9.]+)\\] - [0-9-]+\n\n(?:Commit `[0-9a-f]{7,40}`\\.)?").FindAllStringSubmatch(string(text), -1)
	if len(released) == 0 {
		t.Fatal("the changelog has no version")
	}
	for _, version := range released {
		if !strings.Contains(version[0], "Commit") {
			t.Errorf("version %s names no commit", version[1])
		}
		for _, engine := range []string{"sqlite", "postgres"} {
			if _, err := os.Stat(filepath.Join(versions, version[1]+"."+engine+".sql")); err != nil {
				t.Errorf("version %s has no database: %v", version[1], err)
			}
		}
	}
}

// A server starts on the database of each released version, whose sealed values it cannot
// open, with another master key, and serves what is there.
func TestReleasedDatabasesAreServed(t *testing.T) {
	t.Parallel()
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		files, err := filepath.Glob(filepath.Join(versions, "*."+d.String()+".sql"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no databases of %s: %v", d, err)
		}
		for _, file := range files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".sql"), func(t *testing.T) {
				t.Parallel()
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				servesDatabase(t, storetest.Load(t, d, string(text)))
			})
		}
	}
}

func servesDatabase(t *testing.T, url string) {
	s := start(t, options{flags: map[string]string{"database": url}, env: []string{"SKYTOWER_MASTER_KEY=" + strings.Repeat("0123456789abcdef", 4)}})
	db := storetest.OpenWith(t, url, store.Options{})
	people := account.NewService(db, account.ServiceOptions{})
	owners, err := people.Accounts(t.Context(), account.Page{})
	if err != nil || len(owners) == 0 {
		t.Fatalf("no account: %v", err)
	}
	owner := owners[slices.IndexFunc(owners, func(a skytells.Account) bool { return !a.Suspended })]
	key, err := people.CreateKey(t.Context(), account.System(), skytells.KeyRequest{Account: owner.ID})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/models", "/v1/balance", "/v1/predictions", "/v1/usage", "/v1/requests", "/v1/files"} {
		if r := s.do(s.request(http.MethodGet, path, "", "X-Api-Key", key.Secret)); r.status != http.StatusOK {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	r := s.do(s.request(http.MethodPost, "/v1/embeddings", `{"model":"skytower-embed-small","input":"a lighthouse"}`, "X-Api-Key", key.Secret))
	if r.status != http.StatusOK {
		t.Errorf("embeddings: %d %s", r.status, r.body)
	}
	report, err := ledger.New(db, ledger.Options{}).Verify(t.Context())
	if err != nil || !report.Clean() {
		t.Errorf("the ledger is not clean: %v, %v", report.Problems, err)
	}
}
