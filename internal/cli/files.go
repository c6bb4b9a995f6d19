package cli

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"skytower/internal/skytells"
)

type filesCommand struct {
	Upload filesUpload `cmd:"" help:"Upload a file; its link works as an input of predictions."`
	List   filesList   `cmd:"" help:"List uploaded files, newest first."`
	Get    filesGet    `cmd:"" help:"Show an uploaded file with a fresh link, or save it."`
	Delete filesDelete `cmd:"" help:"Remove an uploaded file for good."`
}

type filesUpload struct {
	accountKey
	Path    string `arg:"" help:"The file; - is standard input."`
	Name    string `help:"What it is called at the server; its own name by default."`
	Purpose string `help:"What it is for."`
}

// Run uploads the file, which is never held in memory.
func (u *filesUpload) Run(ctx context.Context, s *session) error {
	c, err := u.connect(s)
	if err != nil {
		return err
	}
	content, err := s.open(u.Path)
	if err != nil {
		return usagef("read %s: %w", u.Path, err)
	}
	defer content.Close() //nolint:errcheck // only read
	uploaded, err := c.UploadFile(ctx, firstOf(u.Name, uploadName(u.Path)), u.Purpose, content, sizeOf(content))
	if err != nil {
		return err
	}
	return s.showFile(uploaded)
}

func (s *session) showFile(f skytells.File) error {
	return s.show(f, func(t *table) {
		t.row("id", f.ID)
		t.row("name", f.Filename)
		t.row("type", f.MIMEType)
		t.row("bytes", strconv.FormatInt(f.Bytes, 10))
		t.row("expires", expires(f))
		t.row("link", f.URLs.Get)
	})
}

func expires(f skytells.File) string {
	if f.ExpiresAt == nil {
		return "never"
	}
	return day(time.Unix(*f.ExpiresAt, 0))
}

type filesList struct{ accountKey }

// Run lists files.
func (l *filesList) Run(ctx context.Context, s *session) error {
	c, err := l.connect(s)
	if err != nil {
		return err
	}
	files, err := c.Files(ctx)
	if err != nil {
		return err
	}
	return list(s, files, []string{"ID", "NAME", "TYPE", "BYTES", "CREATED", "EXPIRES", "PURPOSE"}, func(f skytells.File) []string {
		return []string{f.ID, f.Filename, f.MIMEType, strconv.FormatInt(f.Bytes, 10), day(time.Unix(f.CreatedAt, 0)), expires(f), f.Purpose}
	})
}

type filesGet struct {
	accountKey
	ID     string `arg:"" help:"Id of the file (file-…)."`
	Output string `short:"o" placeholder:"DIR" help:"Save it in this folder, and print the path."`
}

// Run shows or saves the file.
func (g *filesGet) Run(ctx context.Context, s *session) error {
	c, err := g.connect(s)
	if err != nil {
		return err
	}
	to, err := openFolder(g.Output)
	if err != nil {
		return err
	}
	defer to.close()
	f, err := c.File(ctx, g.ID)
	if err != nil {
		return err
	}
	if to == nil {
		return s.showFile(f)
	}
	path, err := to.saveLink(ctx, c, f.URLs.Get)
	if err != nil {
		return err
	}
	return s.show(f, func(t *table) { t.row(path) })
}

type filesDelete struct {
	accountKey
	ID    string `arg:"" help:"Id of the file (file-…)."`
	Force bool   `short:"f" help:"Don't ask."`
}

// Run deletes the file.
func (d *filesDelete) Run(ctx context.Context, s *session) error {
	c, err := d.connect(s)
	if err != nil {
		return err
	}
	if !d.Force {
		if err := s.confirm(ctx, "Delete the file "+d.ID+" for good?", "deleted", "-f"); err != nil {
			return err
		}
	}
	deleted, err := c.DeleteFile(ctx, d.ID)
	if err != nil {
		return err
	}
	return s.show(deleted, func(t *table) { t.row(fmt.Sprintf("Deleted %s.", deleted.ID)) })
}
