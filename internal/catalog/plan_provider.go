package catalog

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"skytower/internal/secret"
	"skytower/internal/skytells"
)

// credentialSet is what a literal credential shows as. Sent back, it means: keep
// the one that is there.
const credentialSet = "set"

const (
	maxBaseURL    = 2048
	maxCredential = 64 << 10
)

// planProvider checks one provider, brings it to its normal form in place, and
// puts it into the next state.
func (p *plan) planProvider(path string, spec *skytells.ProviderSpec) {
	problems := len(p.problems)
	p.normalizeProvider(path, spec)
	before, exists := p.old.providers[spec.Name]
	r := providerRecord{spec: *spec, stored: true, created: p.now}
	if exists {
		r.created = before.created
		p.managed(path+".name", "provider", spec.Name, before.spec.Managed)
	}
	p.planCredential(path+".credential", &r, before)
	spec.Credential = r.spec.Credential
	if spec.Name != "" && spec.Name != LocalProvider {
		// Also where there are problems: a target of it is then not one more.
		p.next.providers[spec.Name] = r
	}
	if len(p.problems) == problems {
		p.record("provider", spec.Name, exists, diffProvider(before, r))
	}
}

func (p *plan) normalizeProvider(path string, spec *skytells.ProviderSpec) {
	spec.Managed = p.source
	spec.Credential = strings.TrimSpace(spec.Credential)
	if text := validProviderName(spec.Name); text != "" {
		p.problem(path+".name", "%s", text)
	} else if spec.Name == LocalProvider {
		p.problem(path+".name", "'local' is built in and can't be changed")
	}
	p.providerKind(path+".kind", spec.Kind)
	p.oneOf(path+".fetch_inputs", &spec.FetchInputs, "", "proxy", "pass", "deny")
	p.oneOf(path+".responses", &spec.Responses, "auto", "auto", "native", "chat")
	p.baseURL(path+".base_url", spec)
}

// providerKind checks the adapter's name. Commands are declared where only who runs the
// server can write: whoever may call the admin API must not start programs with it.
func (p *plan) providerKind(path, kind string) {
	kinds := []string{"openai", "anthropic", "cog", "replicate", "skytells"}
	switch {
	case kind == "":
		p.problem(path, "is missing: %s", strings.Join(kinds, ", "))
	case kind == CommandProvider && !p.commands:
		p.problem(path, "commands are declared in the server's process file (commands:), and nowhere else")
	case kind == LlamaProvider && !p.commands:
		p.problem(path, "engines are declared in the server's process file (engines:), and nowhere else")
	case kind == LocalProvider:
		p.problem(path, "'local' is built in and can't be added")
	case kind != CommandProvider && kind != LlamaProvider:
		p.oneOf(path, &kind, "", kinds...)
	}
}

func (p *plan) baseURL(path string, spec *skytells.ProviderSpec) {
	if (spec.Kind == CommandProvider || spec.Kind == LlamaProvider) && spec.BaseURL == "" {
		return
	}
	address, text := normalBaseURL(cmp.Or(spec.BaseURL, defaultBaseURL(spec.Kind)))
	if spec.BaseURL == "" && text != "" && spec.Kind == "cog" {
		text = "is missing: the address of the container, such as http://127.0.0.1:5000"
	}
	if text != "" {
		p.problem(path, "%s", text)
	}
	spec.BaseURL = address
}

// defaultBaseURL is where the hosted services are.
func defaultBaseURL(kind string) string {
	switch kind {
	case "anthropic":
		return "https://api.anthropic.com/v1"
	case "replicate":
		return "https://api.replicate.com/v1"
	case "skytells":
		return "https://api.skytells.ai/v1"
	}
	return ""
}

// oneOf checks a word and writes out its default. The default may be "" where a
// field need not be given.
func (p *plan) oneOf(path string, value *string, byDefault string, words ...string) {
	if *value == "" {
		*value = byDefault
		return
	}
	if !slices.Contains(words, *value) {
		p.problem(path, "'%s' is not one of %s%s", quotable(*value), strings.Join(words, ", "), didYouMean(*value, words))
	}
}

// normalBaseURL checks an upstream's address and takes the slashes off its end.
// What it says is wrong never quotes the address, which may hold a password.
func normalBaseURL(raw string) (normal, wrong string) {
	raw = strings.TrimRight(strings.TrimSpace(raw), "/")
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return "", "is missing: the address that ends before /chat/completions, usually with /v1"
	case err != nil || len(raw) > maxBaseURL:
		return "", "is not an address such as http://127.0.0.1:8000/v1"
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return "", "must begin with http:// or https:// and a host"
	case u.User != nil:
		return "", "must not hold a user or password: give a credential instead"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", "must not have a query or a fragment"
	case strings.HasSuffix(u.Path, "/chat/completions"):
		return "", "must end before /chat/completions"
	}
	return raw, ""
}

// planCredential keeps a reference as it is, seals a literal, and keeps what was
// there for the word "set". A literal that is sealed already stays sealed as it
// is, so that applying a file twice changes nothing.
func (p *plan) planCredential(path string, r *providerRecord, before providerRecord) {
	text := r.spec.Credential
	switch {
	case text == "":
	case text == credentialSet:
		p.keepCredential(path, r, before)
	case len(text) > maxCredential || strings.ContainsFunc(text, unicode.IsControl):
		r.spec.Credential = ""
		p.problem(path, "must be one line of at most 64 KiB")
	case secret.IsReference(text):
	default:
		r.spec.Credential = ""
		if p.sealer == nil {
			p.problem(path, "must be a reference (env:NAME, file:PATH)")
			return
		}
		r.sealed = before.sealed
		if !p.sameLiteral(before, text) {
			r.sealed = p.sealer.Seal([]byte(text), sealContext(r.spec.Name))
		}
	}
}

func (p *plan) keepCredential(path string, r *providerRecord, before providerRecord) {
	r.spec.Credential, r.sealed = "", before.sealed
	switch {
	case before.sealed == "":
		p.problem(path, "'set' keeps a secret that is there, and there is none: give env:NAME, file:PATH or the secret")
	case origin(before.spec.BaseURL) != origin(r.spec.BaseURL):
		// Else who may edit a provider could have its secret sent anywhere.
		p.problem(path, "give it again: base_url names another host, and a secret is not sent elsewhere unasked")
	}
}

func (p *plan) sameLiteral(before providerRecord, text string) bool {
	if before.sealed == "" {
		return false
	}
	plain, err := p.sealer.Open(before.sealed, sealContext(before.spec.Name))
	return err == nil && secret.Equal(string(plain), text)
}

// origin is scheme and host with port, in lower case; "" where there is none.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}
