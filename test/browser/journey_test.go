package browser

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// signUp goes through the set-up link of the first start, and is signed in.
func (s *site) signUp(t *testing.T) *tab {
	t.Helper()
	b := s.open(t)
	b.visit(s.setup())
	b.fill("#f-name", "Ada", "#f-email", "ada@example.com", "#f-password", "a long enough phrase")
	b.submit("main form button.primary")
	b.says("Welcome, Ada")
	return b
}

// From the first start to the first streamed chat: the link, a key, an answer.
func TestFirstRun(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.signUp(t)
	b.inspect("the welcome")
	b.submit(`form[action="/welcome/key"] button`)
	key := strings.TrimSpace(b.text("#key"))
	if !strings.HasPrefix(key, "sk-") {
		t.Fatalf("no key is shown: %q", b.text("main"))
	}
	s.api(http.MethodGet, "/v1/balance", key, nil, nil)
	b.visit("/playground?model=skytower-docs")
	b.chat("How do I add a model?")
	b.until("the answer ends", `/I quote Skytower/.test(document.querySelector("#panes")?.innerText ?? "") && /provider/.test(document.querySelector("#panes").innerText)`)
	b.inspect("the first chat")
	// The link is used up.
	other := s.open(t)
	other.expect("Failed to load resource") // what refuses is no page that went well
	other.visit(s.setup())
	other.fill("#f-name", "Eve", "#f-email", "eve@example.com", "#f-password", "another long phrase")
	other.submit("main form button.primary")
	if strings.Contains(other.text("main"), "Welcome") {
		t.Error("the set-up link works twice")
	}
}

// chat types a message and sends it with the keyboard.
func (b *tab) chat(words string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible("#prompt", chromedp.ByQuery), chromedp.SendKeys("#prompt", words, chromedp.ByQuery),
		chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(2)))
}

// A key is made, works, is revoked, and is refused.
func TestKeys(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.signUp(t)
	b.accept()
	b.visit("/keys/new")
	b.fill("#f-name", "my laptop")
	b.submit("main form button.primary")
	key := strings.TrimSpace(b.text("#new-key"))
	s.api(http.MethodGet, "/v1/models", key, nil, nil)
	b.inspect("the new key")
	b.visit("/keys")
	b.says("my laptop")
	if strings.Contains(b.text("body"), key) {
		t.Error("the key is shown a second time")
	}
	b.submit(`main table th a[href*="/keys/"]:not([href$="/new"])`)
	b.do(chromedp.WaitVisible(`form[action$="/rotate"], details.box`, chromedp.ByQuery), chromedp.Click(`//summary[text()="Revoke it"]`, chromedp.BySearch))
	b.submit(`form[action$="/revoke"] button.danger`)
	b.says("revoked")
	b.expect("401") // of the question below
	b.until("the key is refused", `fetch("/v1/models", {headers: {"x-api-key": "`+key+`"}}).then((r) => r.status === 401)`)
}

// A prediction is run by the form of its schema, and its picture is seen.
func TestPrediction(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.signUp(t)
	b.visit("/playground/predictions?model=skytower-upscale-2x")
	b.do(chromedp.WaitReady(`input[type="file"]`, chromedp.ByQuery), chromedp.SetUploadFiles(`input[type="file"]`, []string{picture(t)}, chromedp.ByQuery))
	b.until("the file is uploaded", `/is uploaded/.test(document.querySelector("#input")?.innerText ?? document.body.innerText)`)
	b.do(chromedp.Click("#start", chromedp.ByQuery))
	b.until("the picture is there", `[...document.querySelectorAll("#output img")].some((i) => i.complete && i.naturalWidth > 0)`)
	b.inspect("the prediction")
	b.visit("/predictions")
	b.says("succeeded")
	b.submit("main table a")
	b.until("the picture is on its page", `[...document.querySelectorAll("main img")].some((i) => i.complete && i.naturalWidth > 0)`)
	b.inspect("the prediction's page")
}

// Credit is bought, and is there afterwards.
func TestTopUp(t *testing.T) {
	t.Parallel()
	c := newCashier(t)
	s := start(t, "SKYTOWER_STRIPE_KEY=sk_test_1", "SKYTOWER_STRIPE_WEBHOOK_SECRET="+cashierSecret, "SKYTOWER_STRIPE_URL="+c.url)
	c.deliver = s.url + "/payments/stripe"
	b := s.signUp(t)
	b.expect(c.url) // the one other host, where one pays
	b.visit("/billing")
	b.fill("#f-amount", "25")
	b.submit(`form[action="/billing/topup"] button`)
	b.do(chromedp.WaitVisible("#pay", chromedp.ByQuery))
	b.submit("#pay")
	b.until("the payment is told of", `location.pathname.startsWith("/billing")`)
	b.visit("/billing")
	b.says("$25.00")
	b.inspect("the billing page")
}

// An operator adds a provider and opens a model of it, which then answers.
func TestProviderAndModel(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.signUp(t)
	b.visit("/operator/providers")
	b.addProvider(upstream(t))
	b.importModel("parrot")
	b.visit("/playground?model=parrot")
	b.chat("polly")
	b.until("the model answers", `/You said: polly/.test(document.querySelector("#panes")?.innerText ?? "")`)
	b.inspect("a chat with the new model")
}

// A route is tried in the explorer with the signed-in person's own short-lived key.
func TestTryIt(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.signUp(t)
	b.visit("/docs/api/listModels")
	b.tryIt()
	b.until("the answer is shown", `/skytower-docs/.test(document.querySelector("#try-answer")?.innerText ?? "") && /200/.test(document.querySelector("#try-state").innerText)`)
	b.inspect("the explorer after a try")
	// A stream is shown as it comes, as text and raw.
	b.visit("/docs/api/createChatCompletion")
	b.do(chromedp.WaitVisible("#try-stream", chromedp.ByQuery))
	b.eval(`(() => {
		document.querySelector("#try-body").value = JSON.stringify({model: "skytower-docs", messages: [{role: "user", content: "How do I add a model?"}]});
		document.querySelector("#try-body").dispatchEvent(new Event("input", {bubbles: true}));
		document.querySelector("#try-stream").click();
	})()`, nil)
	b.tryIt()
	b.until("the text is put together", `/I quote Skytower/.test(document.querySelector("#try-shown")?.innerText ?? "")`)
	b.until("the events are shown", `/data: \[DONE\]/.test(document.querySelector("#try-raw")?.textContent ?? "")`)
}

// ids are what differs between pages of one kind.
var ids = regexp.MustCompile(`/(?:acct|key|mem|pred|req|ses|opr|chk|whd|resp|file)_[0-9A-Za-z]+|/[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d{2}`)

// kindOf is the path without ids and query, so that one page of each kind is looked at.
func kindOf(path string) string {
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "#")
	path = ids.ReplaceAllString(path, "/ID")
	for _, many := range []string{"/docs/api/", "/docs/schemas/", "/docs/", "/models/", "/operator/models/"} {
		if strings.HasPrefix(path, many) && path != "/docs/search" {
			return many + "ID"
		}
	}
	return path
}

// addProvider fills in the form of an OpenAI-compatible provider named birds.
func (b *tab) addProvider(address string) {
	b.t.Helper()
	b.visit("/operator/providers?new=openai")
	b.fill("#f-name", "birds", "#f-base_url", address)
	b.submit("main form button.primary")
	b.says("birds")
	b.inspect("the new provider")
}

// importModel takes a model of the provider and opens it for nothing.
func (b *tab) importModel(slug string) {
	b.t.Helper()
	b.visit("/operator/import?provider=birds")
	b.do(chromedp.Click(`input[name="model"][value="`+slug+`"]`, chromedp.ByQuery), chromedp.Click(`input[name="how"][value="free"]`, chromedp.ByQuery))
	b.submit(`form[action="/operator/import"] button.primary`)
	b.says("What was done")
	b.inspect("what was imported")
}

// tryIt sends the example of the route's form.
func (b *tab) tryIt() {
	b.t.Helper()
	b.do(chromedp.WaitVisible("#try-send", chromedp.ByQuery), chromedp.Click("#try-send", chromedp.ByQuery))
}

// picture is a small PNG file.
func picture(t *testing.T) string {
	t.Helper()
	path := t.TempDir() + "/square.png"
	if err := os.WriteFile(path, squarePNG(t), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func squarePNG(t *testing.T) []byte {
	t.Helper()
	const side = 8
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	for i := range side {
		m.Set(i, i, color.RGBA{R: 200, G: 60, B: 40, A: 255})
	}
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
