package blob

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestLinks(t *testing.T) {
	t.Parallel()
	b := newBox(t, storetest.Open(t, storetest.SQLite(t)), folderURL(t))
	ends, lasts := b.put(New{Name: "größe 1.png"}, png), b.put(New{}, "lasts")
	b.keep(b.now().Add(time.Hour), ends)
	b.keep(time.Time{}, lasts)
	files := map[string]File{}
	for _, f := range []File{ends, lasts} {
		got, err := b.Get(t.Context(), "acct_one", f.ID)
		if err != nil {
			t.Fatal(err)
		}
		files[f.ID] = got
	}
	ends, lasts = files[ends.ID], files[lasts.ID]
	good := func(address string) string {
		f, ok := b.ByLink(t.Context(), address)
		if !ok {
			return ""
		}
		return f.ID
	}
	for _, base := range []string{"https://api.example.com", "https://files.example.com/", "http://localhost:8080/below/a/path", ""} {
		for _, f := range []File{ends, lasts} {
			link := b.Link(base, f)
			if good(link) != f.ID {
				t.Errorf("%s leads to %q, want %s", link, good(link), f.ID)
			}
			u, err := url.Parse(link)
			if err != nil || !strings.HasPrefix(link, strings.TrimRight(base, "/")+"/files/"+f.ID+"/") || !strings.HasSuffix(u.Path, "/"+f.Name) {
				t.Errorf("link %s, error %v", link, err)
			}
		}
	}

	link := b.Link("https://api.example.com", ends)
	expires := link[strings.Index(link, "expires="):strings.Index(link, "&")]
	other := b.Link("", lasts)
	for name, bad := range map[string]string{
		"no signature":         strings.Split(link, "&")[0],
		"cut signature":        link[:len(link)-1],
		"longer life":          strings.Replace(link, expires, "expires=9999999999", 1),
		"no end":               strings.Replace(link, expires, "expires=0", 1),
		"another form":         strings.Replace(link, "expires=", "expires=0x", 1),
		"another's signature":  strings.Split(link, "&")[0] + "&" + strings.Split(other, "&")[1],
		"another's id":         strings.Replace(link, ends.ID, lasts.ID, 1),
		"another name":         strings.Replace(link, ".png", ".html", 1),
		"another path":         strings.Replace(link, "/files/", "/filed/", 1),
		"another scheme":       strings.Replace(link, "https:", "ftp:", 1),
		"an address elsewhere": "https://example.com/files/file-1/a.png",
		"no address":           "\x7f/files/",
		"text":                 "see /files/ for more",
		"nothing":              "",
	} {
		if good(bad) != "" {
			t.Errorf("%s: %s is a good link", name, bad)
		}
	}
	alien := newBox(t, b.db, folderURL(t))
	for _, c := range []struct {
		what string
		ring *secret.Ring
		good bool
	}{
		{"another key", secret.NewRing(masterKey(t, 8)), false},
		{"the key before", secret.NewRing(masterKey(t, 8), masterKey(t, 7)), true},
	} {
		var err error
		if alien.links, err = c.ring.Signer(secret.Links); err != nil {
			t.Fatal(err)
		}
		if _, ok := alien.ByLink(t.Context(), link); ok != c.good {
			t.Errorf("a link that %s signed is good: %t, want %t", c.what, ok, c.good)
		}
	}

	b.pass(time.Hour)
	if good(link) != "" || good(b.Link("", lasts)) != lasts.ID {
		t.Error("a link does not end with its file")
	}
	b.keep(time.Time{}, ends)
	if good(link) != "" || good(b.Link("", File{ID: ends.ID, Name: ends.Name})) != ends.ID {
		t.Error("a link whose time is over is good again with its file, or a new one is not")
	}
	b.write(func(ctx context.Context, tx *store.Tx) error { return b.Drop(ctx, tx, "acct_one", lasts.ID) })
	if good(b.Link("", lasts)) != "" {
		t.Error("the link of a dropped file is good")
	}
}
