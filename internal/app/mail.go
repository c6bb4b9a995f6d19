package app

import (
	"context"
	"fmt"
	"io"

	"skytower/internal/egress"
	"skytower/internal/mail"
)

// makeMail makes what sends mail, where a server for it is set.
func (a *App) makeMail(context.Context) (err error) {
	c := a.cfg.Console
	if c.SMTP == "" {
		return nil
	}
	policy := egress.Operator(egress.Rules{DialTimeout: a.cfg.DialTimeout, Log: a.log})
	if a.mail, err = mail.New(mail.Options{URL: c.SMTP.Reveal(), From: c.MailFrom, Dial: policy.DialContext, Log: a.log}); err != nil {
		return fmt.Errorf("set up mail: %w", err)
	}
	return nil
}

func (a *App) startMail() {
	if a.mail.On() {
		a.mail.Start()
	}
}

func (a *App) stopMail(ctx context.Context) {
	if a.mail.On() {
		a.mail.Stop(ctx)
	}
}

// print writes what is for the operator's eyes and must not be kept: never to the log.
func (a *App) print(text string) { _, _ = io.WriteString(a.opts.Stdout, text) }
