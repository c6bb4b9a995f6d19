package browser

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// letter is a mail as the postbox got it.
type letter struct {
	to      []string // of the envelope
	header  mail.Header
	subject string
	text    string
	secure  bool   // over TLS
	user    string // who signed in to send it, "" for nobody
}

// postbox is a mail server that keeps what it gets.
type postbox struct {
	t *testing.T

	mu      sync.Mutex
	waiting []letter
	all     []letter
	more    chan struct{}
}

// mailUser may send where a postbox asks who sends.
const mailUser, mailPassword = "ai", "a p@ssword:/"

// newPostbox serves mail at an address until the test ends. With a certificate it offers
// STARTTLS, or is TLS from the first byte, and asks for a user.
func newPostbox(t *testing.T, address string, certificate *tls.Certificate, implicit bool) *postbox {
	t.Helper()
	p := &postbox{t: t, more: make(chan struct{})}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &delivery{box: p, conn: c, closed: certificate != nil}, nil
	}))
	server.Domain, server.ErrorLog = "mail.example.com", log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if certificate != nil {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12}
	}
	if implicit {
		l = tls.NewListener(l, server.TLSConfig)
	}
	go server.Serve(l) //nolint:errcheck // until it is closed
	t.Cleanup(func() { _ = server.Close() })
	return p
}

// delivery is a connection.
type delivery struct {
	box    *postbox
	conn   *smtp.Conn
	closed bool // to who does not sign in
	letter letter
	user   string
}

func (d *delivery) AuthMechanisms() []string { return []string{sasl.Plain} }

func (d *delivery) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != mailUser || password != mailPassword {
			return smtp.ErrAuthFailed
		}
		d.user = user
		return nil
	}), nil
}

func (d *delivery) Mail(string, *smtp.MailOptions) error {
	if d.closed && d.user == "" {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.letter.to = append(d.letter.to, to)
	return nil
}

func (d *delivery) Reset()        { d.letter = letter{} }
func (d *delivery) Logout() error { return nil }

func (d *delivery) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	l := letter{to: d.letter.to, header: m.Header, user: d.user}
	_, l.secure = d.conn.TLSConnectionState()
	if l.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return err
	}
	body := m.Body
	switch strings.ToLower(m.Header.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(m.Body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, m.Body)
	}
	text, err := io.ReadAll(body)
	l.text = strings.ReplaceAll(string(text), "\r\n", "\n")
	d.box.put(l)
	return err
}

func (p *postbox) put(l letter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting, p.all = append(p.waiting, l), append(p.all, l)
	close(p.more)
	p.more = make(chan struct{})
}

// take waits for a mail to somebody whose subject begins so, and takes it out.
func (p *postbox) take(to, subject string) letter {
	p.t.Helper()
	for late := time.After(patience); ; {
		p.mu.Lock()
		for i, l := range p.waiting {
			if l.to[0] == to && strings.HasPrefix(l.subject, subject) {
				p.waiting = append(p.waiting[:i:i], p.waiting[i+1:]...)
				p.mu.Unlock()
				return l
			}
		}
		more := p.more
		p.mu.Unlock()
		select {
		case <-more:
		case <-late:
			p.t.Fatalf("no mail %q to %s; there are %+v", subject, to, p.got())
		}
	}
}

// got is all mail so far.
func (p *postbox) got() []letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]letter(nil), p.all...)
}

var linkInMail = regexp.MustCompile(`(?m)^http://\S+/(?:invite|reset|check)/\S+$`)

// link is the one that the mail asks to open.
func (l letter) link(t *testing.T) string {
	t.Helper()
	links := linkInMail.FindAllString(l.text, -1)
	if len(links) != 1 {
		t.Fatalf("links %q in %s", links, l.text)
	}
	return links[0]
}

// elsewhere is how this machine is called from outside: no loopback.
func elsewhere(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if network, ok := a.(*net.IPNet); ok && network.IP.IsGlobalUnicast() && network.IP.To4() != nil {
			return network.IP.String()
		}
	}
	name, err := os.Hostname() // a machine without a network
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// certificate is one for this machine that trust, a file for SSL_CERT_FILE, vouches for.
func certificate(t *testing.T, here string) (_ *tls.Certificate, trust string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.example.com"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost", here}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(here); ip != nil {
		template.IPAddresses = append(template.IPAddresses, ip)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	trust = filepath.Join(t.TempDir(), "trust.pem")
	if err := os.WriteFile(trust, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, trust
}
