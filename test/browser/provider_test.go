package browser

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const (
	clientID     = "skytower"
	clientSecret = "open+sesame/of:the-test%"
)

// user is somebody at the provider.
type user struct {
	subject, email, name string
	checked              bool // the e-mail
}

// provider is an OpenID provider whose one user is signed in there already. Its pages and
// tokens are zitadel/oidc's; this is its memory.
type provider struct {
	issuer string

	mu       sync.Mutex
	user     user
	redirect string          // registered by the client
	requests map[string]*ask // by id
	codes    map[string]string
	tokens   map[string]user // by the id of the access token
	lean     bool            // the id_token has no e-mail: the userinfo has it
	twist    func(*ask)      // what it does wrong to a request before it makes the id_token
	forge    bool            // it signs with a key that it does not publish
	keys     [2]*rsa.PrivateKey
}

// ask is a request to sign in. A twisted one says what was not asked.
type ask struct {
	oidc.AuthRequest
	id, nonce string
	audience  []string
	user      user
	done      bool
}

func (a *ask) GetID() string          { return a.id }
func (a *ask) GetACR() string         { return "" }
func (a *ask) GetAMR() []string       { return []string{"pwd"} }
func (a *ask) GetAudience() []string  { return a.audience }
func (a *ask) GetAuthTime() time.Time { return time.Now() }
func (a *ask) GetClientID() string    { return a.ClientID }
func (a *ask) GetNonce() string       { return a.nonce }
func (a *ask) GetRedirectURI() string { return a.RedirectURI }
func (a *ask) GetScopes() []string    { return a.Scopes }
func (a *ask) GetState() string       { return a.State }
func (a *ask) GetSubject() string     { return a.user.subject }
func (a *ask) Done() bool             { return a.done }
func (a *ask) GetCodeChallenge() *oidc.CodeChallenge {
	return &oidc.CodeChallenge{Challenge: a.CodeChallenge, Method: a.CodeChallengeMethod}
}
func (a *ask) GetResponseType() oidc.ResponseType { return a.ResponseType }
func (a *ask) GetResponseMode() oidc.ResponseMode { return a.ResponseMode }

// newProvider serves a provider at an address until the test ends.
func newProvider(t *testing.T, address string) *provider {
	t.Helper()
	p := &provider{issuer: "http://" + address, requests: map[string]*ask{}, codes: map[string]string{}, tokens: map[string]user{}}
	for i := range p.keys {
		var err error
		if p.keys[i], err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			t.Fatal(err)
		}
	}
	server, err := op.NewProvider(&op.Config{CodeMethodS256: true}, p, op.StaticIssuer(p.issuer), op.WithAllowInsecure())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", server)
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		id := r.URL.Query().Get("id")
		if err := p.login(id); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		http.Redirect(w, r, op.AuthCallbackURL(server)(op.ContextWithIssuer(r.Context(), p.issuer), id), http.StatusFound)
	})
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	listener := &http.Server{Handler: mux, ReadHeaderTimeout: patience}
	go listener.Serve(l) //nolint:errcheck // until it is closed
	t.Cleanup(func() { _ = listener.Close() })
	return p
}

// sets changes the provider between requests.
func (p *provider) sets(change func(*provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// at makes u the user who is signed in there.
func (p *provider) at(u user) { p.sets(func(p *provider) { p.user = u }) }

func (p *provider) login(id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.requests[id]
	if !ok {
		return errors.New("no such request")
	}
	a.user, a.done = p.user, true
	return nil
}

func (p *provider) CreateAuthRequest(_ context.Context, r *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	if r.CodeChallenge == "" || r.CodeChallengeMethod != oidc.CodeChallengeMethodS256 || r.Nonce == "" || r.State == "" {
		return nil, oidc.ErrInvalidRequest().WithDescription("state, nonce and PKCE by S256 are wanted")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	a := &ask{AuthRequest: *r, id: rand.Text(), nonce: r.Nonce, audience: []string{r.ClientID}}
	p.requests[a.id] = a
	return a, nil
}

func (p *provider) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a, ok := p.requests[id]; ok {
		return a, nil
	}
	return nil, errors.New("no such request")
}

func (p *provider) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	p.mu.Lock()
	id := p.codes[code]
	p.mu.Unlock()
	return p.AuthRequestByID(ctx, id)
}

func (p *provider) SaveAuthCode(_ context.Context, id, code string) error {
	p.sets(func(p *provider) { p.codes[code] = id })
	return nil
}

func (p *provider) DeleteAuthRequest(_ context.Context, id string) error {
	p.sets(func(p *provider) { delete(p.requests, id) })
	return nil
}

func (p *provider) CreateAccessToken(_ context.Context, r op.TokenRequest) (string, time.Time, error) {
	id := rand.Text()
	if a, ok := r.(*ask); ok {
		p.sets(func(p *provider) {
			p.tokens[id] = a.user
			if p.twist != nil {
				p.twist(a)
			}
		})
	}
	return id, time.Now().Add(time.Hour), nil
}

func (p *provider) SigningKey(context.Context) (op.SigningKey, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.forge {
		return signingKey{p.keys[1]}, nil
	}
	return signingKey{p.keys[0]}, nil
}

func (p *provider) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

func (p *provider) KeySet(context.Context) ([]op.Key, error) {
	return []op.Key{publicKey{p.keys[0]}}, nil
}

// signingKey and publicKey have the same id whichever key it is: a forger copies it.
type signingKey struct{ key *rsa.PrivateKey }

func (signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k signingKey) Key() any                                  { return k.key }
func (signingKey) ID() string                                  { return "one" }

type publicKey struct{ key *rsa.PrivateKey }

func (publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k publicKey) Key() any                         { return k.key.Public() }
func (publicKey) ID() string                         { return "one" }
func (publicKey) Use() string                        { return "sig" }

// client is the site, as it is registered.
type client struct {
	redirect string
	lean     bool
}

func (c client) RedirectURIs() []string               { return []string{c.redirect} }
func (client) GetID() string                          { return clientID }
func (client) PostLogoutRedirectURIs() []string       { return nil }
func (client) ApplicationType() op.ApplicationType    { return op.ApplicationTypeWeb }
func (client) AuthMethod() oidc.AuthMethod            { return oidc.AuthMethodBasic }
func (client) ResponseTypes() []oidc.ResponseType     { return []oidc.ResponseType{oidc.ResponseTypeCode} }
func (client) GrantTypes() []oidc.GrantType           { return []oidc.GrantType{oidc.GrantTypeCode} }
func (client) LoginURL(id string) string              { return "/login?id=" + id }
func (client) AccessTokenType() op.AccessTokenType    { return op.AccessTokenTypeBearer }
func (client) IDTokenLifetime() time.Duration         { return time.Hour }
func (client) DevMode() bool                          { return true } // http
func (client) IsScopeAllowed(string) bool             { return false }
func (c client) IDTokenUserinfoClaimsAssertion() bool { return !c.lean }
func (client) ClockSkew() time.Duration               { return 0 }
func (client) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}
func (client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

func (p *provider) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != clientID {
		return nil, errors.New("no such client")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return client{p.redirect, p.lean}, nil
}

func (p *provider) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if id != clientID || secret != clientSecret {
		return errors.New("another secret")
	}
	return nil
}

func (p *provider) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

// SetUserinfoFromRequest fills the id_token.
func (p *provider) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, r op.IDTokenRequest, scopes []string) error {
	if a, ok := r.(*ask); ok {
		a.user.tell(info, scopes)
	}
	return nil
}

// SetUserinfoFromToken answers at the userinfo endpoint.
func (p *provider) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, token, _, _ string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	u, ok := p.tokens[token]
	if !ok {
		return errors.New("no such token")
	}
	u.tell(info, []string{oidc.ScopeOpenID, oidc.ScopeEmail, oidc.ScopeProfile})
	return nil
}

func (u user) tell(info *oidc.UserInfo, scopes []string) {
	for _, scope := range scopes {
		switch scope {
		case oidc.ScopeOpenID:
			info.Subject = u.subject
		case oidc.ScopeEmail:
			info.Email, info.EmailVerified = u.email, oidc.Bool(u.checked)
		case oidc.ScopeProfile:
			info.Name = u.name
		}
	}
}

var errNotHere = errors.New("this provider has no such thing")

func (p *provider) CreateAccessAndRefreshTokens(context.Context, op.TokenRequest, string) (string, string, time.Time, error) {
	return "", "", time.Time{}, errNotHere
}

func (p *provider) TokenRequestByRefreshToken(context.Context, string) (op.RefreshTokenRequest, error) {
	return nil, op.ErrInvalidRefreshToken
}

func (p *provider) TerminateSession(context.Context, string, string) error { return nil }

func (p *provider) RevokeToken(context.Context, string, string, string) *oidc.Error { return nil }

func (p *provider) GetRefreshTokenInfo(context.Context, string, string) (string, string, error) {
	return "", "", op.ErrInvalidRefreshToken
}

func (p *provider) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errNotHere
}

func (p *provider) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return map[string]any{}, nil
}

func (p *provider) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errNotHere
}

func (p *provider) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errNotHere
}

func (p *provider) Health(context.Context) error { return nil }
