// Package browser tries the built program in a real browser, with a real OpenID provider
// and a real mail server, as people meet it.
package browser
