// Package openid signs people in at an OpenID provider (OpenID Connect Core 1.0, the
// authorization code flow with PKCE, RFC 7636).
//
// It refuses to know people and sessions: it says who the provider says somebody is. Its
// invariant: nobody is identified by a token that was not made by the issuer, for this
// client, for this very sign-in.
package openid

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	discoverTimeout = 10 * time.Second
	exchangeTimeout = 20 * time.Second
	againAfter      = 2 * time.Second // a provider that is away is not asked by everybody
)

// Options say which provider, and who asks.
type Options struct {
	Issuer, Client string
	Secret         string       // "": a public client
	HTTP           *http.Client // opens connections under the policy for configured hosts
}

// Provider is an OpenID provider. It is asked for its addresses at the first sign-in, and
// again if it was away: a server starts without it.
type Provider struct {
	o Options

	mu    sync.Mutex
	found *oidc.Provider
	again time.Time // no question before
	err   error     // of the last one
}

// Person is what the provider says of somebody.
type Person struct {
	Issuer, Subject string
	Email, Name     string // "" where it does not say
	Checked         bool   // it vouches for the e-mail
}

// New asks nothing of the provider.
func New(o Options) *Provider { return &Provider{o: o} }

// Begin is where to send a browser that wants to sign in. The browser keeps state, nonce and
// verifier; redirect is where it comes back to.
func (p *Provider) Begin(ctx context.Context, redirect, state, nonce, verifier string) (string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return p.config(found, redirect).AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), nil
}

// Identify changes the code that a browser brought back into who it is. State was compared
// by the caller, who knows the browser.
func (p *Provider) Identify(ctx context.Context, redirect, code, nonce, verifier string) (Person, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return Person{}, err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, p.o.HTTP), exchangeTimeout)
	defer cancel()
	token, err := p.config(found, redirect).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return Person{}, fmt.Errorf("exchange the code: %w", withoutBody(err))
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return Person{}, errors.New("the provider's answer has no id_token")
	}
	id, err := found.VerifierContext(ctx, &oidc.Config{ClientID: p.o.Client}).Verify(ctx, raw)
	if err != nil {
		return Person{}, fmt.Errorf("verify the id_token: %w", err)
	}
	if err := p.ours(id, nonce); err != nil {
		return Person{}, err
	}
	return p.person(ctx, found, token, id)
}

// ours checks what the library leaves to its callers: the nonce, and who a token for several
// audiences was given to (OpenID Connect Core, 3.1.3.7).
func (p *Provider) ours(id *oidc.IDToken, nonce string) error {
	if nonce == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 {
		return errors.New("the id_token is of another sign-in: its nonce is not ours")
	}
	var c struct {
		Party string `json:"azp"`
	}
	if err := id.Claims(&c); err != nil {
		return fmt.Errorf("read the id_token: %w", err)
	}
	if c.Party != p.o.Client && (c.Party != "" || len(id.Audience) > 1) {
		return errors.New("the id_token was given to another client")
	}
	if !slices.Contains(id.Audience, p.o.Client) || id.Subject == "" {
		return errors.New("the id_token names nobody, or another client")
	}
	return nil
}

// claims are those that we read. Some providers write email_verified as a string.
type claims struct {
	Subject  string          `json:"sub"`
	Email    string          `json:"email"`
	Verified json.RawMessage `json:"email_verified"`
	Name     string          `json:"name"`
}

func (c claims) checked() bool {
	word := string(c.Verified)
	return word == "true" || word == `"true"`
}

// person reads the id_token, and asks the provider's userinfo where the e-mail is not in it.
func (p *Provider) person(ctx context.Context, found *oidc.Provider, token *oauth2.Token, id *oidc.IDToken) (Person, error) {
	var c claims
	if err := id.Claims(&c); err != nil {
		return Person{}, fmt.Errorf("read the id_token: %w", err)
	}
	if c.Email == "" && found.UserInfoEndpoint() != "" {
		info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return Person{}, fmt.Errorf("ask for the userinfo: %w", err)
		}
		var more claims
		if err := info.Claims(&more); err != nil {
			return Person{}, fmt.Errorf("read the userinfo: %w", err)
		}
		if more.Subject != id.Subject { // OpenID Connect Core, 5.3.2
			return Person{}, errors.New("the userinfo is of somebody else")
		}
		c.Email, c.Verified = more.Email, more.Verified
		if c.Name == "" {
			c.Name = more.Name
		}
	}
	return Person{Issuer: id.Issuer, Subject: id.Subject, Email: c.Email, Name: c.Name, Checked: c.checked()}, nil
}

// discover reads the provider's addresses once, and tries again where that failed.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if p.err != nil && time.Now().Before(p.again) {
		return nil, p.err
	}
	// Not the caller's: whoever hangs up spoils it for nobody.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discoverTimeout)
	defer cancel()
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.o.HTTP), p.o.Issuer)
	if err != nil {
		p.err, p.again = fmt.Errorf("ask the OpenID provider for its addresses: %w", err), time.Now().Add(againAfter)
		return nil, p.err
	}
	p.found, p.err = found, nil
	return found, nil
}

func (p *Provider) config(found *oidc.Provider, redirect string) *oauth2.Config {
	return &oauth2.Config{ClientID: p.o.Client, ClientSecret: p.o.Secret, Endpoint: found.Endpoint(), RedirectURL: redirect,
		Scopes: []string{oidc.ScopeOpenID, "email", "profile"}}
}

// withoutBody keeps the provider's answer, which may hold anything, out of the log.
func withoutBody(err error) error {
	var no *oauth2.RetrieveError
	if errors.As(err, &no) {
		return fmt.Errorf("the provider refuses it: %d %.60q", no.Response.StatusCode, no.ErrorCode)
	}
	return err
}
