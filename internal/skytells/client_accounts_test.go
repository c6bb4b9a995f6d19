package skytells_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"skytower/internal/skytells"
)

// The trail is read page by page, newest first, and no further than asked.
func TestAuditIsReadInPages(t *testing.T) {
	t.Parallel()
	const rows = 2300
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		asked = append(asked, q.Get("subject")+" "+q.Get("after")+" "+q.Get("limit"))
		limit, _ := strconv.Atoi(q.Get("limit"))
		seq, err := strconv.ParseInt(q.Get("after"), 10, 64)
		if err != nil {
			seq = rows + 1
		}
		page := skytells.List[skytells.AuditEntry]{Data: []skytells.AuditEntry{}}
		for seq--; seq > 0 && len(page.Data) < limit; seq-- {
			page.Data = append(page.Data, skytells.AuditEntry{Seq: seq})
		}
		_ = json.NewEncoder(w).Encode(page)
	}))
	t.Cleanup(server.Close)
	client, err := skytells.NewClient(skytells.ClientOptions{BaseURL: server.URL, Key: "op-x"})
	if err != nil {
		t.Fatal(err)
	}
	for limit, want := range map[int]int{1500: 1500, 5: 5, 9000: rows} {
		asked = nil
		got, err := client.Audit(t.Context(), skytells.AuditFilter{Subject: "key_1"}, limit)
		if err != nil || len(got) != want || got[0].Seq != rows || got[want-1].Seq != int64(rows-want+1) {
			t.Errorf("%d: %d entries, %v", limit, len(got), err)
		}
		if limit == 1500 && (len(asked) != 2 || asked[0] != "key_1  1000" || asked[1] != "key_1 1301 500") {
			t.Errorf("asked %q", asked)
		}
	}
}
