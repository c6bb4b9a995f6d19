package skytells

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
)

// maxDownload bounds one downloaded file.
const maxDownload = 16 << 30

// UploadFile uploads content, which is streamed. A size below 0 is unknown. It lasts as
// long as it moves.
func (c *Client) UploadFile(ctx context.Context, name, purpose string, content io.Reader, size int64) (File, error) {
	ctx, stall := watchStall(ctx, stallTimeout)
	defer stall.stop()
	form, kind, length, err := uploadForm(name, purpose, content, size)
	if err != nil {
		return File{}, err
	}
	r, err := c.request(ctx, http.MethodPost, "/v1/files", nil)
	if err != nil {
		return File{}, err
	}
	r.Body, r.ContentLength = io.NopCloser(moving{form, stall}), length
	r.Header.Set("Content-Type", kind)
	reply, err := c.http.Do(r)
	if err != nil {
		return File{}, c.failed(stall.cause(err))
	}
	defer reply.Body.Close() //nolint:errcheck // what counts has been read
	var file File
	err = c.decode(reply, stall, &file)
	return file, err
}

// uploadForm is the form around a file whose content is only read when it is sent.
func uploadForm(name, purpose string, content io.Reader, size int64) (form io.Reader, kind string, length int64, err error) {
	var around bytes.Buffer
	w := multipart.NewWriter(&around)
	if purpose != "" {
		if err := w.WriteField("purpose", purpose); err != nil {
			return nil, "", 0, fmt.Errorf("make the form: %w", err)
		}
	}
	if _, err := w.CreateFormFile("file", name); err != nil {
		return nil, "", 0, fmt.Errorf("make the form: %w", err)
	}
	head := around.Len()
	if err := w.Close(); err != nil {
		return nil, "", 0, fmt.Errorf("make the form: %w", err)
	}
	length = -1
	if size >= 0 {
		length = int64(around.Len()) + size
		content = io.LimitReader(content, size) // a file that grows must not overrun what was announced
	}
	text := around.Bytes()
	return io.MultiReader(bytes.NewReader(text[:head]), content, bytes.NewReader(text[head:])), w.FormDataContentType(), length, nil
}

// Files lists the account's uploaded files, newest first.
func (c *Client) Files(ctx context.Context) ([]File, error) {
	files, query := []File{}, url.Values{"limit": {strconv.Itoa(pageSize)}}
	for range maxPages {
		page, err := call[FileList](ctx, c, http.MethodGet, "/v1/files?"+query.Encode(), nil)
		if err != nil {
			return nil, err
		}
		files = append(files, page.Data...)
		if !page.HasMore || len(page.Data) == 0 {
			break
		}
		query.Set("after", page.Data[len(page.Data)-1].ID)
	}
	return files, nil
}

// File reads what is known of an uploaded file, with a fresh link to its content.
func (c *Client) File(ctx context.Context, id string) (File, error) {
	return call[File](ctx, c, http.MethodGet, "/v1/files/"+url.PathEscape(id), nil)
}

// DeleteFile removes an uploaded file for good.
func (c *Client) DeleteFile(ctx context.Context, id string) (FileDeleted, error) {
	return call[FileDeleted](ctx, c, http.MethodDelete, "/v1/files/"+url.PathEscape(id), nil)
}

// Download writes what is behind a link of an output or a file. The links need no key,
// and none is sent, wherever they lead; so redirects are followed.
func (c *Client) Download(ctx context.Context, link string, to io.Writer) error {
	ctx, stall := watchStall(ctx, stallTimeout)
	defer stall.stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return fmt.Errorf("download: %w", err)
	}
	if c.agent != "" {
		r.Header.Set("User-Agent", c.agent)
	}
	keyless := http.Client{Transport: c.http.Transport}
	reply, err := keyless.Do(r)
	if err != nil {
		return c.failedAt(r.URL.Scheme+"://"+r.URL.Host, stall.cause(err))
	}
	defer reply.Body.Close() //nolint:errcheck // nothing was written
	if reply.StatusCode != http.StatusOK {
		return c.decode(reply, stall, nil)
	}
	n, err := io.Copy(to, io.LimitReader(moving{reply.Body, stall}, maxDownload+1))
	switch {
	case err != nil:
		return fmt.Errorf("download: %w", stall.cause(err))
	case n > maxDownload:
		return fmt.Errorf("download: the file is larger than %d GiB", int64(maxDownload>>30))
	}
	return nil
}
