package catalog_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// slugs are the models of the three lists, which must agree.
func slugs(t testing.TB, c *catalog.Catalog, v catalog.Viewer) []string {
	t.Helper()
	names := []string{}
	for _, m := range c.List(v) {
		names = append(names, m.Slug)
	}
	var cards []skytells.Model
	var open skytells.OpenAIModelList
	if err := json.Unmarshal(c.ListJSON(v), &cards); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(c.OpenAIListJSON(v), &open); err != nil {
		t.Fatal(err)
	}
	byCards, byOpenAI := []string{}, []string{}
	for _, m := range cards {
		byCards = append(byCards, m.Namespace)
	}
	for _, m := range open.Data {
		byOpenAI = append(byOpenAI, m.ID)
	}
	if !slices.Equal(names, byCards) || !slices.Equal(names, byOpenAI) {
		t.Errorf("%+v: lists differ: %v, %v, %v", v, names, byCards, byOpenAI)
	}
	return names
}

func TestViewersSeeWhatIsTheirs(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		private, fast, closed := model("private", "chat", "secret-name"), model("fast", "chat"), model("closed", "chat")
		private.Privacy, private.Accounts = "private", []string{"acct_a", "acct_b"}
		fast.Edge = true
		closed.Free, closed.Privacy, closed.Accounts = false, "private", []string{"acct_c"}
		offered := model("offered", "chat")
		offered.Accounts = []string{"acct_c"} // kept for when it is private
		c := catalogWith(t, db, model("first", "chat"), private, fast, closed, offered)
		all := []string{"deepbrain-router", "fast", "first", "offered", "skytower-docs", "skytower-embed-small"}
		for name, tc := range map[string]struct {
			v    catalog.Viewer
			want []string
		}{
			"nobody":                 {catalog.Viewer{}, all},
			"an account":             {catalog.Viewer{Account: "acct_x"}, all},
			"one whose model waits":  {catalog.Viewer{Account: "acct_c"}, all},
			"a granted one":          {catalog.Viewer{Account: "acct_a"}, []string{"deepbrain-router", "fast", "first", "offered", "private", "skytower-docs", "skytower-embed-small"}},
			"its key for one":        {catalog.Viewer{Account: "acct_a", Only: []string{"PRIVATE"}}, []string{"private"}},
			"another's key for it":   {catalog.Viewer{Account: "acct_x", Only: []string{"private"}}, []string{}},
			"the edge":               {catalog.Viewer{Account: "acct_a", Edge: true}, []string{"fast"}},
			"only the router":        {catalog.Viewer{Only: []string{"deepbrain-router"}}, []string{"deepbrain-router"}},
			"router and one gone":    {catalog.Viewer{Only: []string{"deepbrain-router", "gone"}}, []string{}},
			"router and its model":   {catalog.Viewer{Only: []string{"deepbrain-router", "first"}}, []string{"deepbrain-router", "first"}},
			"router and another":     {catalog.Viewer{Only: []string{"deepbrain-router", "fast"}}, []string{"fast"}},
			"no restriction at all":  {catalog.Viewer{Only: []string{}}, all},
			"edge and a single slug": {catalog.Viewer{Only: []string{"first"}, Edge: true}, []string{}},
		} {
			for range 2 { // made, and kept
				if diff := cmp.Diff(tc.want, slugs(t, c, tc.v)); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
			for _, slug := range []string{"private", "secret-name", "vendor/private", "fast", "first", "offered", "deepbrain-router", "closed"} {
				canonical := slug
				if slug == "secret-name" || slug == "vendor/private" {
					canonical = "private"
				}
				_, got := c.Get(slug, tc.v)
				_, resolved := c.Resolve(slug, tc.v, catalog.Chat)
				if !slices.Contains(tc.want, canonical) {
					wantFault(t, got, fault.ModelNotFound, 404, slug)
					wantFault(t, resolved, fault.ModelNotFound, 404, slug)
				} else if got != nil || resolved != nil {
					t.Errorf("%s: %s: %v, %v", name, slug, got, resolved)
				}
			}
		}
		// A key for the router and the embeddings behind it does not reach the chat model.
		only := catalog.Viewer{Only: []string{"deepbrain-router", "skytower-embed-small"}}
		if _, err := c.Resolve(catalog.Router, only, catalog.Embeddings); err != nil {
			t.Error(err)
		}
		_, err := c.Resolve(catalog.Router, only, catalog.Chat)
		wantFault(t, err, fault.ModelNotFound, 404, catalog.Router)
		if _, err := c.BySlug("private"); err != nil { // work that was let in goes on
			t.Error(err)
		}
		// Taken away, and gone at once.
		private.Accounts = []string{"acct_b"}
		if _, err := c.PutModel(t.Context(), private, actor); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all, slugs(t, c, catalog.Viewer{Account: "acct_a"})); diff != "" {
			t.Error(diff)
		}
		_, err = c.Resolve("private", catalog.Viewer{Account: "acct_a"}, catalog.Chat)
		wantFault(t, err, fault.ModelNotFound, 404, "private")
	})
}

func TestManyViewersAreBounded(t *testing.T) {
	t.Parallel()
	c := catalogWith(t, storetest.Open(t, storetest.SQLite(t)), model("first", "chat"))
	for i := range 300 {
		v := catalog.Viewer{Only: []string{"first", fmt.Sprintf("unknown-%d", i)}}
		if got := slugs(t, c, v); !slices.Equal(got, []string{"first"}) {
			t.Fatalf("%d sees %v", i, got)
		}
	}
}
