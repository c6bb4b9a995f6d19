package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
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

// trust makes the certificate of a file the only one that is trusted.
func (p *reference) trust(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return fmt.Errorf("%s holds no certificate", file)
	}
	p.transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	return nil
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
