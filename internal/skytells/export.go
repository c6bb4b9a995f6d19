package skytells

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// maxExport bounds what is taken in of an account's export, in bytes.
const maxExport = 64 << 30

// ExportAccount writes all that is kept about an account, as a zip, for an operator. It
// lasts as long as it moves.
func (c *Client) ExportAccount(ctx context.Context, account string, to io.Writer) error {
	return c.fetchInto(ctx, "/admin/v1/accounts/"+url.PathEscape(account)+"/export", to)
}

// ExportOwnAccount writes all that is kept about the key's own account, as a zip.
func (c *Client) ExportOwnAccount(ctx context.Context, to io.Writer) error {
	return c.fetchInto(ctx, "/v1/account/export", to)
}

// fetchInto writes the body of an answer. An answer that breaks off is an error.
func (c *Client) fetchInto(ctx context.Context, path string, to io.Writer) error {
	ctx, stall := watchStall(ctx, stallTimeout)
	defer stall.stop()
	r, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	reply, err := c.http.Do(r)
	if err != nil {
		return c.failed(stall.cause(err))
	}
	defer reply.Body.Close() //nolint:errcheck // what counts has been read
	if reply.StatusCode != http.StatusOK {
		return c.decode(reply, stall, nil)
	}
	n, err := io.Copy(to, io.LimitReader(moving{reply.Body, stall}, maxExport+1))
	switch {
	case err != nil:
		return fmt.Errorf("export: %w", stall.cause(err))
	case n > maxExport:
		return fmt.Errorf("export: it is larger than %d GiB", int64(maxExport>>30))
	}
	return nil
}
