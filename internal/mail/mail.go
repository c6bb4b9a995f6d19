// Package mail sends text mails through the operator's server, from a bounded queue in
// memory, with retries.
//
// It refuses to know who may be written to and why, and what a link opens. Its
// invariant: what people typed never becomes a header or a second recipient, and no
// mail leaves unencrypted unless the operator said so.
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
)

const (
	maxQueue    = 1000             // mails that wait
	sendTimeout = 30 * time.Second // of one try, all in all
	maxSubject  = 200              // characters
)

// Dial opens connections, under the policy for hosts that an operator configured.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Options say where mail goes.
type Options struct {
	// URL is smtp://USER:PASSWORD@HOST:587 or smtps://…:465. Over smtp, STARTTLS is
	// needed, unless the host is loopback or tls=off stands behind a question mark.
	URL  string
	From string // an address, with or without a name
	Dial Dial
	Log  *slog.Logger
	// TLS is for tests with certificates of their own; nil: the system's.
	TLS *tls.Config
	// Waits are the pauses before the second try and those after it; nil: a quarter of a
	// minute, two minutes, ten, an hour.
	Waits []time.Duration
}

// Message is one mail. Its text is never logged: it may hold a link that signs in.
type Message struct{ To, Subject, Text string }

// Sender sends. A nil Sender is a server without mail: On is false.
type Sender struct {
	o    Options
	smtp server

	mu      sync.Mutex
	waiting []letter
	wake    chan struct{}

	stopping, done chan struct{}
	once           sync.Once
	cutOff         context.CancelFunc
}

type letter struct {
	Message
	tries int
	due   time.Time
}

// server is a parsed URL.
type server struct {
	host, port, user, password string
	implicit, plain            bool // TLS from the first byte; TLS not needed
}

// New checks the options; it connects to nothing.
func New(o Options) (*Sender, error) {
	if _, err := mail.ParseAddress(o.From); err != nil {
		return nil, fmt.Errorf("read the address that mail is from: %w", err)
	}
	smtp, err := parse(o.URL)
	if err != nil {
		return nil, err
	}
	if o.Waits == nil {
		o.Waits = []time.Duration{15 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour}
	}
	return &Sender{o: o, smtp: smtp, wake: make(chan struct{}, 1), stopping: make(chan struct{}), done: make(chan struct{})}, nil
}

// parse never repeats the URL, which holds a password.
func parse(text string) (server, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return server{}, errors.New("the mail server's address must be smtp://HOST:587 or smtps://HOST:465")
	}
	s := server{host: u.Hostname(), port: u.Port(), user: u.User.Username(), implicit: u.Scheme == "smtps"}
	s.password, _ = u.User.Password()
	if s.port == "" {
		s.port = map[bool]string{true: "465", false: "587"}[s.implicit]
	}
	s.plain = !s.implicit && (u.Query().Get("tls") == "off" || loopback(s.host))
	return s, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// On reports whether mail can be sent.
func (s *Sender) On() bool { return s != nil }

// Start begins to send what Send queued.
func (s *Sender) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.cutOff = cancel
	go s.run(ctx)
}

// Stop tries once what was not tried yet, until ctx ends. What waits for another try is
// given up: its links can be asked for again.
func (s *Sender) Stop(ctx context.Context) {
	s.once.Do(func() { close(s.stopping) })
	select {
	case <-s.done:
	case <-ctx.Done():
		s.cutOff()
		<-s.done
	}
	s.cutOff()
}

// Send queues a mail and returns at once. It fails where the address is none, or the queue
// is full.
func (s *Sender) Send(m Message) error {
	if _, err := s.compose(m); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) >= maxQueue {
		return errors.New("too many mails wait to be sent")
	}
	s.waiting = append(s.waiting, letter{Message: m, due: time.Now()})
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return nil
}

// compose makes the mail: one recipient, and headers without line breaks.
func (s *Sender) compose(m Message) (*gomail.Msg, error) {
	to, err := mail.ParseAddress(m.To)
	if err != nil || strings.ContainsAny(m.To, "\r\n,;") {
		return nil, errors.New("the recipient is no e-mail address")
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.From(s.o.From); err != nil {
		return nil, fmt.Errorf("set who the mail is from: %w", err)
	}
	if err := msg.To(to.Address); err != nil {
		return nil, errors.New("the recipient is no e-mail address")
	}
	msg.Subject(OneLine(m.Subject, maxSubject))
	msg.SetDate()
	msg.SetMessageID()
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	return msg, nil
}

// OneLine is text without line breaks and other control characters, cut to a number of
// characters: for names that people chose.
func OneLine(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || r == '\u0085' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return strings.TrimSpace(text)
}

func (s *Sender) run(ctx context.Context) {
	defer close(s.done)
	stopping := false
	for {
		l, wait, ok := s.next(stopping)
		if ok {
			s.try(ctx, l)
			continue
		}
		if stopping {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-s.wake:
		case <-timer.C:
		case <-s.stopping:
			stopping = true
		}
		timer.Stop()
	}
}

// idle is how long a sender without work sleeps, unless it is woken.
const idle = time.Hour

// next takes what is due, or says when something will be. At the end only what was never
// tried counts.
func (s *Sender) next(stopping bool) (letter, time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait, now := idle, time.Now()
	for i, l := range s.waiting {
		if stopping && l.tries > 0 {
			continue
		}
		if !l.due.After(now) {
			s.waiting = slices.Delete(s.waiting, i, i+1)
			return l, 0, true
		}
		wait = min(wait, l.due.Sub(now))
	}
	return letter{}, wait, false
}

// try sends a mail, or puts it back for later.
func (s *Sender) try(ctx context.Context, l letter) {
	err := s.deliver(ctx, l.Message)
	if err == nil {
		return
	}
	l.tries++
	again := l.tries <= len(s.o.Waits) && !final(err)
	s.o.Log.Warn("a mail was not taken", "server", s.smtp.host, "subject", OneLine(l.Subject, maxSubject), "tries", l.tries, "again", again, "error", err)
	if !again {
		return
	}
	l.due = time.Now().Add(s.o.Waits[l.tries-1])
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) < maxQueue {
		s.waiting = append(s.waiting, l)
	}
}

// final reports whether the server said no for good (RFC 5321, 4.2.1: 5yz).
func final(err error) bool {
	var no *gomail.SendError
	return errors.As(err, &no) && no.ErrorCode() >= 500
}

func (s *Sender) deliver(ctx context.Context, m Message) error {
	msg, err := s.compose(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	var line connection
	defer line.close() // the library leaves it open where something fails
	client, err := s.client(&line)
	if err != nil {
		return fmt.Errorf("prepare the connection to the mail server: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

// connection is that of one try.
type connection struct{ conn net.Conn }

func (c *connection) close() {
	if c.conn != nil {
		_ = c.conn.Close()
	}
}

func (s *Sender) client(line *connection) (*gomail.Client, error) {
	port, err := strconv.Atoi(s.smtp.port)
	if err != nil {
		return nil, err
	}
	options := []gomail.Option{
		gomail.WithPort(port), gomail.WithTimeout(sendTimeout), gomail.WithTLSPolicy(s.policy()), gomail.WithTLSConfig(s.tls()),
		gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := s.dial(ctx, network, address)
			line.conn = conn
			return conn, err
		}), gomail.WithoutNoop(),
	}
	if s.smtp.user != "" {
		kind := gomail.SMTPAuthAutoDiscover
		if s.smtp.plain {
			kind = gomail.SMTPAuthPlainNoEnc // the operator said so
		}
		options = append(options, gomail.WithSMTPAuth(kind), gomail.WithUsername(s.smtp.user), gomail.WithPassword(s.smtp.password))
	}
	return gomail.NewClient(s.smtp.host, options...)
}

// policy: a connection with TLS from the first byte announces no STARTTLS.
func (s *Sender) policy() gomail.TLSPolicy {
	switch {
	case s.smtp.plain:
		return gomail.NoTLS
	case s.smtp.implicit:
		return gomail.TLSOpportunistic
	}
	return gomail.TLSMandatory
}

func (s *Sender) tls() *tls.Config {
	config := s.o.TLS.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	config.ServerName, config.MinVersion = s.smtp.host, tls.VersionTLS12
	return config
}

// dial opens a connection that ends with the try.
func (s *Sender) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := s.o.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(sendTimeout)); err != nil {
		_ = conn.Close()
		return nil, err
	}
	if !s.smtp.implicit {
		return conn, nil
	}
	secure := tls.Client(conn, s.tls())
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}
