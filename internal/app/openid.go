package app

import (
	"context"
	"net/http"
	"time"

	"skytower/internal/account"
	"skytower/internal/console/door"
	"skytower/internal/egress"
	"skytower/internal/openid"
)

// openID is the provider as the door wants it.
type openID struct{ *openid.Provider }

// provider is the configured OpenID provider; nil: none.
func (a *App) provider() door.Provider {
	c := a.cfg.Console
	if c.OpenIDIssuer == "" {
		return nil
	}
	policy := egress.Operator(egress.Rules{DialTimeout: a.cfg.DialTimeout, Log: a.log})
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DialContext: policy.DialContext, Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute}}
	return openID{openid.New(openid.Options{Issuer: c.OpenIDIssuer, Client: c.OpenIDClient, Secret: c.OpenIDSecret.Reveal(), HTTP: client})}
}

func (p openID) Identity(ctx context.Context, redirect, code, nonce, verifier string) (account.Identity, error) {
	who, err := p.Identify(ctx, redirect, code, nonce, verifier)
	return account.Identity{Issuer: who.Issuer, Subject: who.Subject, Email: who.Email, Name: who.Name, Checked: who.Checked}, err
}
