//go:build !unix

package http1

// alive is false where a connection can't be checked without waiting: there each
// request gets a connection of its own.
func (c *conn) alive() bool { return false }
