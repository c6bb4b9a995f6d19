package config

import (
	"errors"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strings"
)

// Console are the settings of how people come in, and of the mail that they get.
type Console struct {
	SignUp   string // closed, invite or open
	SMTP     Secret // URL of the mail server; "": none
	MailFrom string // NAME <ADDRESS>, or an address

	OpenIDIssuer  string // without a slash at its end beyond the issuer's own; "": none
	OpenIDClient  string
	OpenIDSecret  Secret   // "": a public client
	OpenIDName    string   // on the button
	OpenIDDomains []string // of e-mails that come in by it without an invitation, in lower case
}

const (
	keySignUp        = "signup"
	keySMTP          = "smtp"
	keyMailFrom      = "mail_from"
	keyOpenIDIssuer  = "openid_issuer"
	keyOpenIDClient  = "openid_client_id"
	keyOpenIDSecret  = "openid_client_secret"
	keyOpenIDDomains = "openid_domains"
)

func consoleSettings() []Setting {
	ways := []string{"closed", "invite", "open"}
	return []Setting{
		{Key: keySignUp, Default: "invite", Kind: Choice, Choices: ways,
			Doc:   "Who may sign up in the console: nobody who is new (`closed`: invitations are then for people who sign in here already, or at the OpenID provider), whoever is invited (`invite`), or everybody, with an account of their own (`open`).",
			field: func(c *Config) value { return &choiceValue{&c.Console.SignUp, ways} }},
		{Key: keySMTP, Kind: URL, Secret: true,
			Doc:   "The server for outgoing mail: `smtp://USER:PASSWORD@HOST:587` (STARTTLS, needed unless the host is loopback or `?tls=off` stands behind it) or `smtps://USER:PASSWORD@HOST:465`. Empty: no mail; links are shown to who invites, and printed.",
			field: func(c *Config) value { return &smtpValue{&c.Console.SMTP} }},
		{Key: keyMailFrom, Kind: Text,
			Doc:   "Who mail is from: `NAME <ADDRESS>`, or an address. Needed with `smtp`.",
			field: func(c *Config) value { return &mailboxValue{&c.Console.MailFrom} }},
		{Key: keyOpenIDIssuer, Kind: URL,
			Doc:   "The issuer of an OpenID provider that people may sign in at. Its redirect address is `/openid/callback` of this server.",
			field: func(c *Config) value { return &issuerValue{&c.Console.OpenIDIssuer} }},
		{Key: keyOpenIDClient, Kind: Text,
			Doc:   "This server's client id at the OpenID provider.",
			field: func(c *Config) value { return &textValue{&c.Console.OpenIDClient} }},
		{Key: keyOpenIDSecret, Kind: Text, Secret: true,
			Doc:   "This server's client secret at the OpenID provider. Empty for a public client.",
			field: func(c *Config) value { return &secretValue{&c.Console.OpenIDSecret} }},
		{Key: "openid_name", Default: "single sign-on", Kind: Text,
			Doc:   "What the button of the OpenID provider says behind \"Sign in with\".",
			field: func(c *Config) value { return &textValue{&c.Console.OpenIDName} }},
		{Key: keyOpenIDDomains, Kind: Text,
			Doc:   "Domains of e-mails, with commas, whose people come in by the OpenID provider without an invitation, each with an account of their own. The provider must vouch for the e-mail.",
			field: func(c *Config) value { return &domainsValue{&c.Console.OpenIDDomains} }},
	}
}

// consoleRules are the checks over settings of this file.
func (l *loader) consoleRules() {
	c := &l.config.Console
	if !l.failed(keySMTP, keyMailFrom) && (c.SMTP == "") != (c.MailFrom == "") {
		l.fail(keyMailFrom, l.config.origins[keyMailFrom], "smtp and mail_from belong together: mail needs a server that takes it and an address that it is from")
	}
	if l.failed(keyOpenIDIssuer, keyOpenIDClient) {
		return
	}
	if (c.OpenIDIssuer == "") != (c.OpenIDClient == "") {
		l.fail(keyOpenIDClient, l.config.origins[keyOpenIDClient], "openid_issuer and openid_client_id belong together: the provider has to know this server")
	}
	if c.OpenIDIssuer != "" {
		return
	}
	if c.OpenIDSecret != "" {
		l.fail(keyOpenIDSecret, l.config.origins[keyOpenIDSecret], "openid_issuer is not set, so there is no provider whose secret this could be")
	}
	if len(c.OpenIDDomains) > 0 {
		l.fail(keyOpenIDDomains, l.config.origins[keyOpenIDDomains], "openid_issuer is not set, so nobody can come in by it")
	}
}

// smtpValue takes the URL of a mail server.
type smtpValue struct{ to *Secret }

func (v *smtpValue) set(text string) error {
	text = strings.TrimSpace(text)
	if text == "" {
		*v.to = ""
		return nil
	}
	u, err := url.Parse(text)
	query := url.Values{}
	if err == nil {
		query, err = url.ParseQuery(u.RawQuery)
	}
	switch {
	case err != nil:
		return errors.New("it is not a proper URL; special characters in a user or password are written as %XX")
	case u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "":
		return errors.New("it must be smtp://HOST:587 or smtps://HOST:465, with USER:PASSWORD@ before the host where the server wants them")
	case strings.Trim(u.Path, "/") != "" || u.Fragment != "":
		return errors.New("it has something behind the host; leave that out")
	}
	for name, values := range query {
		if name != "tls" || !slices.Equal(values, []string{"off"}) || u.Scheme == "smtps" {
			return errors.New("behind ? only tls=off may stand, with smtp://")
		}
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("it has spaces or other characters in it; in a user or password they are written as %XX")
	}
	*v.to = Secret(text)
	return nil
}

func (v *smtpValue) text() string { return shownSecret(*v.to) }

// mailboxValue takes an address of mail with or without a name.
type mailboxValue struct{ to *string }

func (v *mailboxValue) set(text string) error {
	text = strings.TrimSpace(text)
	if text == "" {
		*v.to = ""
		return nil
	}
	if _, err := mail.ParseAddress(text); err != nil || strings.ContainsAny(text, "\r\n") {
		return errors.New("it is not an e-mail address; examples are ai@example.com and Skytower <ai@example.com>")
	}
	*v.to = text
	return nil
}

func (v *mailboxValue) text() string { return *v.to }

// issuerValue takes the issuer of an OpenID provider, whose tokens are believed: only TLS
// shows that it is the one, except on this machine.
type issuerValue struct{ to *string }

func (v *issuerValue) set(text string) error {
	text = strings.TrimSpace(text)
	if text == "" {
		*v.to = ""
		return nil
	}
	u, err := parseHTTP(text)
	if err != nil {
		return err
	}
	if u.Scheme == "http" && !isLoopback(net.JoinHostPort(u.Hostname(), "0")) {
		return errors.New("it must be an https:// URL: over http anybody on the way could sign in as anybody")
	}
	*v.to = text // a slash at its end is part of an issuer
	return nil
}

func (v *issuerValue) text() string { return *v.to }

// domainsValue takes domain names with commas or spaces between them.
type domainsValue struct{ to *[]string }

func (v *domainsValue) set(text string) error {
	var list []string
	for _, name := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ',' || r == ' ' }) {
		name = strings.TrimPrefix(name, "@")
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || !strings.Contains(name, ".") ||
			strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") || strings.Contains(name, "..") {
			return errors.New("it must be names of domains with commas between them, such as example.com, example.org")
		}
		list = append(list, name)
	}
	*v.to = list
	return nil
}

func (v *domainsValue) text() string { return strings.Join(*v.to, ", ") }
