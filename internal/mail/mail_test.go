package mail_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"skytower/internal/mail"
)

// post is a small mail server: it says yes, or once what refuse has for a command.
type post struct {
	address string
	got     chan string // mails as they came
	lines   chan string // commands
}

func serve(t *testing.T, refuse map[string]string) *post {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &post{address: l.Addr().String(), got: make(chan string, 10), lines: make(chan string, 1000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.talk(conn, refuse)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return p
}

func (p *post) talk(conn net.Conn, refuse map[string]string) {
	in := bufio.NewReader(conn)
	say := func(text string) { _, _ = io.WriteString(conn, text+"\r\n") }
	say("220 here")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		p.lines <- strings.TrimSpace(line)
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if answer, ok := refuse[word]; ok {
			delete(refuse, word)
			say(answer)
			continue
		}
		switch word {
		case "EHLO":
			say("250-here")
			say("250 8BITMIME")
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil || line == ".\r\n" {
					break
				}
				text.WriteString(line)
			}
			p.got <- text.String()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 yes")
		}
	}
}

func (p *post) sender(t *testing.T, url string) *mail.Sender {
	t.Helper()
	s, err := mail.New(mail.Options{URL: url, From: "Skytower <ai@example.com>", Log: slog.New(slog.DiscardHandler), Waits: []time.Duration{0, 0},
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, p.address)
		}})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	return s
}

func TestNothingTypedBecomesAHeader(t *testing.T) {
	t.Parallel()
	p := serve(t, nil)
	s := p.sender(t, "smtp://mail.example.com?tls=off")
	for _, to := range []string{"ada@example.com\r\nBcc: eve@example.com", "ada@example.com, eve@example.com", "nobody", ""} {
		if err := s.Send(mail.Message{To: to, Subject: "x", Text: "y"}); err == nil {
			t.Errorf("%q was taken", to)
		}
	}
	m := mail.Invitation("ada@example.com", "https://ai.example.com", "TOKEN", "Eve\r\nBcc: eve@example.com", "Acme\r\n\r\nhttp://evil.example", "developer")
	m.Subject += "\r\nBcc: eve@example.com"
	if err := s.Send(m); err != nil {
		t.Fatal(err)
	}
	got := <-p.got
	head, body, _ := strings.Cut(got, "\r\n\r\n")
	if strings.Contains(head, "\nBcc:") || !strings.Contains(head, "To: <ada@example.com>") || !strings.Contains(head, "Auto-Submitted: auto-generated") {
		t.Errorf("the head: %s", head)
	}
	if !strings.Contains(body, "https://ai.example.com/invite/TOKEN") || strings.Contains(body, "http://evil") || strings.Contains(body, "\nBcc:") {
		t.Errorf("the text: %s", body)
	}
	s.Stop(t.Context())
}

func TestTriesAgainUnlessTheNoIsFinal(t *testing.T) {
	t.Parallel()
	p := serve(t, map[string]string{"RCPT": "451 later"})
	s := p.sender(t, "smtp://mail.example.com?tls=off")
	if err := s.Send(mail.Reset("ada@example.com", "https://ai.example.com", "TOKEN")); err != nil {
		t.Fatal(err)
	}
	if got := <-p.got; !strings.Contains(got, "/reset/TOKEN") {
		t.Error(got)
	}
	s.Stop(t.Context())
	final := serve(t, map[string]string{"RCPT": "550 no such person"})
	s = final.sender(t, "smtp://mail.example.com?tls=off")
	if err := s.Send(mail.Check("ada@example.com", "https://ai.example.com", "TOKEN")); err != nil {
		t.Fatal(err)
	}
	s.Stop(t.Context())
	if len(final.got) != 0 {
		t.Error("a final no was tried again")
	}
}

// A server without STARTTLS gets nothing, unless the operator said so.
func TestNoMailInTheClear(t *testing.T) {
	t.Parallel()
	p := serve(t, nil)
	s := p.sender(t, "smtp://user:password@mail.example.com")
	if err := s.Send(mail.Check("ada@example.com", "https://ai.example.com", "TOKEN")); err != nil {
		t.Fatal(err)
	}
	s.Stop(t.Context())
	for len(p.lines) > 0 {
		line := <-p.lines
		if strings.HasPrefix(line, "AUTH") || strings.HasPrefix(line, "MAIL") {
			t.Errorf("it sent %q", line)
		}
	}
}
