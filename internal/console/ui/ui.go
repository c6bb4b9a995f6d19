// Package ui is the console's design system: the frame of pages, the tokens and
// components of their look, charts, and how amounts, times and states are written.
//
// It knows no account, no model and no address of a page but those of the frame. It
// refuses inline scripts and styles, so that the content security policy of every page
// can forbid them; nothing that it renders is loaded from elsewhere.
package ui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed templates/*.html assets/*
var embedded embed.FS

// Kit holds the templates that all rooms share, and the assets of all of them.
type Kit struct {
	shared *template.Template
	assets map[string]Asset // by room/name
	sealed sync.Once
	stamp  string
	rooms  []*Room
}

// Asset is a file that pages load.
type Asset struct {
	Body []byte
	Type string // of the content
}

// New returns the kit with its own assets, under "ui".
func New() (*Kit, error) {
	k := &Kit{assets: map[string]Asset{}}
	shared, err := template.New("shared").Funcs(k.functions()).ParseFS(embedded, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse the console's components: %w", err)
	}
	k.shared = shared
	return k, k.AddAssets("ui", embedded)
}

// AddAssets adds a room's folder "assets". All are added before the first page is
// rendered: their addresses carry a stamp of them all, so that modules import one
// another by relative paths and browsers keep them for good.
func (k *Kit) AddAssets(room string, files fs.FS) error {
	entries, err := fs.ReadDir(files, "assets")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list the assets of %s: %w", room, err)
	}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		body, err := fs.ReadFile(files, "assets/"+e.Name())
		if err != nil {
			return fmt.Errorf("read an asset of %s: %w", room, err)
		}
		k.assets[room+"/"+e.Name()] = Asset{Body: body, Type: contentType(e.Name())}
	}
	return nil
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json":
		return "application/json"
	case ".png":
		return "image/png"
	case ".wav":
		return "audio/wav"
	}
	return "application/octet-stream"
}

// Asset returns one by the path under /assets/, which is STAMP/ROOM/NAME; any stamp
// serves, since pages of an older version may still be open.
func (k *Kit) Asset(path string) (Asset, bool) {
	_, name, ok := strings.Cut(path, "/")
	if !ok {
		return Asset{}, false
	}
	a, ok := k.assets[name]
	return a, ok
}

// Stamp names the present assets.
func (k *Kit) Stamp() string {
	k.sealed.Do(func() {
		sum := sha256.New()
		for _, name := range sortedKeys(k.assets) {
			fmt.Fprintf(sum, "%s %d\n", name, len(k.assets[name].Body))
			sum.Write(k.assets[name].Body)
		}
		const enough = 8 // bytes: against chance, not against anybody
		k.stamp = hex.EncodeToString(sum.Sum(nil)[:enough])
	})
	return k.stamp
}

func (k *Kit) address(name string) (string, error) {
	if _, ok := k.assets[name]; !ok {
		return "", fmt.Errorf("there is no asset %s", name)
	}
	return "/assets/" + k.Stamp() + "/" + name, nil
}

// Room is one room's pages. Each is parsed when it is first shown: to parse them all is most
// of a server's start.
type Room struct {
	pages map[string]func() (*template.Template, error)
}

// Room takes in a room's folder "templates": every file is a page named after it, which
// defines "content"; files that begin with an underscore hold parts that all of the
// room's pages share. The folder "assets" is added under the room's name.
func (k *Kit) Room(name string, files fs.FS) (*Room, error) {
	if err := k.AddAssets(name, files); err != nil {
		return nil, err
	}
	found, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("list the pages of %s: %w", name, err)
	}
	var parts, pages []string
	for _, f := range found {
		if strings.HasPrefix(path.Base(f), "_") {
			parts = append(parts, f)
		} else {
			pages = append(pages, f)
		}
	}
	r := &Room{pages: map[string]func() (*template.Template, error){}}
	for _, f := range pages {
		r.pages[strings.TrimSuffix(path.Base(f), ".html")] = sync.OnceValues(func() (*template.Template, error) {
			return template.Must(k.shared.Clone()).ParseFS(files, append(slices.Clip(parts), f)...)
		})
	}
	k.rooms = append(k.rooms, r)
	return r, nil
}

// Check parses the pages of all rooms, and says which cannot be.
func (k *Kit) Check() error {
	var wrong []error
	for _, r := range k.rooms {
		for _, name := range sortedKeys(r.pages) {
			if _, err := r.pages[name](); err != nil {
				wrong = append(wrong, fmt.Errorf("parse the page %s: %w", name, err))
			}
		}
	}
	return errors.Join(wrong...)
}

// View is one page to show.
type View struct {
	Title   string
	Data    any      // .Data of the template
	Scripts []string // assets, as "room/name.js"
	Styles  []string // likewise
	Status  int      // 0: 200
	// Plain leaves out the menu: doors and errors.
	Plain bool
}

// Shell is what the frame shows around a page. Templates find it as .Shell.
type Shell struct {
	CSRF     string // the token of forms: {{template "csrf" .Shell}}
	Theme    string // light, dark, or "" as the system
	Person   string // who is signed in, "" for nobody
	Viewing  string // the account that an operator looks at, or ""
	Accounts []AccountChoice
	Menu     []Menu
	Notices  []Notice
	// CanWrite is false for those who only look: forms are left out for them.
	CanWrite bool
	Base     string // this server's public address, without a slash at its end
}

// AccountChoice is one of the person's accounts.
type AccountChoice struct {
	ID, Name string
	Current  bool
}

// Menu is a group of links.
type Menu struct {
	Title string
	Links []Link
}

// Link leads somewhere.
type Link struct {
	Label, Path string
	Current     bool
}

// Choice is an option of a select.
type Choice struct{ Value, Label string }

// Notice is said once above a page. Kind is good, warn, bad or "".
type Notice struct{ Kind, Text string }

// Render makes a page.
func (r *Room) Render(page string, s Shell, v View) ([]byte, error) {
	parsed, ok := r.pages[page]
	if !ok {
		return nil, fmt.Errorf("there is no page %q", page)
	}
	t, err := parsed()
	if err != nil {
		return nil, fmt.Errorf("parse the page %q: %w", page, err)
	}
	frame := "frame"
	if v.Plain {
		frame = "plain"
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, frame, struct {
		Shell Shell
		View  View
		Data  any
	}{s, v, v.Data}); err != nil {
		return nil, fmt.Errorf("render the page %q: %w", page, err)
	}
	return out.Bytes(), nil
}
