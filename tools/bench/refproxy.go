package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

// reference is the proxy that Skytower is measured against: Go's ReverseProxy with nothing around it but what it
// needs to do this work at all.
//
// It reads the request body before it forwards, or else it cuts off answers of an upstream that replies at once
// (net/http closes the unread body when the answer ends). FlushInterval -1 sends each piece of a stream on at once.
type reference struct {
	proxy     *httputil.ReverseProxy
	transport *http.Transport
}

func newReference(upstream *url.URL, connections int) *reference {
	transport := &http.Transport{
		MaxIdleConnsPerHost: connections, // the default of 2 would open a connection for most requests
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true,
	}
	return &reference{transport: transport, proxy: &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(upstream) },
		FlushInterval: -1,
		Transport:     transport,
	}}
}

func (p *reference) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	p.proxy.ServeHTTP(w, r)
}

// serveReference serves until the listener closes.
func serveReference(listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	err := server.Serve(listener)
	if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
