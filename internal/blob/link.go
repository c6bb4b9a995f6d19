package blob

import (
	"context"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// LinkPath is the beginning of the path of links, below their base.
const LinkPath = "/files/"

// Link is the signed address of a file, below base. It ends with the file, or, where
// the file is kept, does not end.
func (s *Store) Link(base string, f File) string {
	var expires int64 // 0: never
	if !f.ExpiresAt.IsZero() {
		expires = f.ExpiresAt.Unix()
	}
	return strings.TrimRight(base, "/") + LinkPath + f.ID + "/" + url.PathEscape(f.Name) +
		"?expires=" + strconv.FormatInt(expires, 10) + "&signature=" + s.sign(f.ID, expires)
}

func (s *Store) sign(id string, expires int64) string {
	return base64.RawURLEncoding.EncodeToString(s.links.Sign(signed(id, expires)))
}

func (s *Store) verify(id string, expires int64, signature string) bool {
	sent, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	return err == nil && s.links.Verify(signed(id, expires), sent)
}

// signed is what the signature of a link covers.
func signed(id string, expires int64) []byte {
	return []byte("file\n" + id + "\n" + strconv.FormatInt(expires, 10))
}

// ByLink returns the file that one of our own links names. ok is false where address is
// not a link of ours, or is no longer good. The signature decides and not the host: links
// have the base under which a caller knows this server, and there may be several.
func (s *Store) ByLink(ctx context.Context, address string) (f File, ok bool) {
	id, name, ok := s.checkLink(address)
	if !ok {
		return File{}, false
	}
	f, err := s.find(ctx, id)
	if err != nil || f.Name != name {
		return File{}, false
	}
	return f, true
}

// checkLink takes a link apart and checks its signature and its end.
func (s *Store) checkLink(address string) (id, name string, ok bool) {
	if !strings.Contains(address, LinkPath) {
		return "", "", false // most addresses: not worth parsing
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return "", "", false
	}
	steps := strings.Split(u.Path, "/")
	if len(steps) < 4 || steps[len(steps)-3] != strings.Trim(LinkPath, "/") {
		return "", "", false
	}
	id, name = steps[len(steps)-2], steps[len(steps)-1]
	query := u.Query()
	expires, err := strconv.ParseInt(query.Get("expires"), 10, 64)
	if err != nil || !s.verify(id, expires, query.Get("signature")) {
		return "", "", false
	}
	return id, name, expires == 0 || s.now().Before(time.Unix(expires, 0))
}
