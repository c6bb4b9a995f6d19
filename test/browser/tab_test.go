package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// tab is one page of a browser that shares nothing with others' tabs. It notes what no
// page may do: errors in the console, requests to other hosts.
type tab struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // chromedp's handle
	site *site

	mu       sync.Mutex
	problems []string
	expected []string // parts of problems that a test provokes
}

// open returns a fresh tab with cookies of its own.
func (s *site) open(t *testing.T) *tab {
	t.Helper()
	ctx, late := context.WithTimeout(launch(t), 4*patience)
	t.Cleanup(late)
	b := &tab{t: t, ctx: ctx, site: s}
	chromedp.ListenTarget(ctx, b.note)
	b.do(network.Enable(), log.Enable(), runtime.Enable())
	b.size(1280, false)
	t.Cleanup(func() { b.clean("at the end") })
	return b
}

func (b *tab) note(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			b.problem("console: %v", args(e.Args))
		}
	case *runtime.EventExceptionThrown:
		b.problem("exception: %s", e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError {
			b.problem("log: %s %s", e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Host != "" && "http://"+u.Host != b.site.url && (u.Scheme == "http" || u.Scheme == "https") {
			b.problem("a request to another host: %s", e.Request.URL)
		}
	}
}

func args(list []*runtime.RemoteObject) string {
	var words []string
	for _, a := range list {
		words = append(words, string(a.Value)+a.Description)
	}
	return strings.Join(words, " ")
}

func (b *tab) problem(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, part := range b.expected {
		if strings.Contains(text, part) {
			return
		}
	}
	b.problems = append(b.problems, text)
}

// expect names a part of a problem that the test provokes itself.
func (b *tab) expect(part string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = append(b.expected, part)
}

// clean fails where the page did what no page may.
func (b *tab) clean(where string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.problems {
		b.t.Errorf("%s: %s", where, p)
	}
	b.problems = nil
}

func (b *tab) do(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.snap("failed")
		b.t.Fatalf("%v\nat %s:\n%s", err, b.path(), b.text("body"))
	}
}

// snap keeps a picture of the page for people, where SKYTOWER_PICTURES names a folder.
func (b *tab) snap(name string) {
	folder := os.Getenv("SKYTOWER_PICTURES")
	if folder == "" {
		return
	}
	var picture []byte
	if chromedp.Run(b.ctx, chromedp.FullScreenshot(&picture, 90)) == nil {
		_ = os.WriteFile(folder+"/"+strings.ReplaceAll(b.t.Name(), "/", "-")+"-"+name+".jpg", picture, 0o600)
	}
}

// size makes the window so wide, in a light or a dark theme.
func (b *tab) size(width int64, dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.do(emulation.SetDeviceMetricsOverride(width, 900, 1, width < 600),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
}

// visit opens a path of the site, or a whole address of it.
func (b *tab) visit(path string) {
	b.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.site.url + path
	}
	b.do(chromedp.Navigate(path), chromedp.WaitReady("body"))
}

func (b *tab) path() string {
	var where string
	_ = chromedp.Run(b.ctx, chromedp.Location(&where))
	return strings.TrimPrefix(where, b.site.url)
}

func (b *tab) text(selector string) string {
	var text string
	script, _ := json.Marshal(selector)
	_ = chromedp.Run(b.ctx, chromedp.Evaluate(`document.querySelector(`+string(script)+`)?.innerText ?? ""`, &text))
	return text
}

// fill types into fields, given as selector and text in turn.
func (b *tab) fill(pairs ...string) {
	b.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		selector, _ := json.Marshal(pairs[i])
		b.do(chromedp.WaitVisible(pairs[i], chromedp.ByQuery), chromedp.Evaluate(`document.querySelector(`+string(selector)+`).value = ""`, nil),
			chromedp.SendKeys(pairs[i], pairs[i+1], chromedp.ByQuery))
	}
}

// submit presses a button and waits for the page that follows.
func (b *tab) submit(selector string) {
	b.t.Helper()
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Click(selector, chromedp.ByQuery)); err != nil {
		b.snap("failed")
		b.t.Fatalf("press %s at %s: %v\n%s", selector, b.path(), err, b.text("body"))
	}
	b.do(chromedp.WaitReady("body"))
}

// eval runs a script in the page, and waits for what it promises.
func (b *tab) eval(script string, out any) {
	b.t.Helper()
	b.do(chromedp.Evaluate(script, out, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
}

// until waits for a condition in the page.
func (b *tab) until(what, condition string) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, chromedp.Poll(condition, nil, chromedp.WithPollingTimeout(patience))); err != nil {
		b.snap("failed")
		b.t.Fatalf("never happened at %s: %s (%v)\n%s", b.path(), what, err, b.text("body"))
	}
}

// says waits for words on the page.
func (b *tab) says(words string) {
	b.t.Helper()
	text, _ := json.Marshal(words)
	b.until("the page says "+words, `document.body && document.body.innerText.includes(`+string(text)+`)`)
}

// accept answers the browser's questions with yes.
func (b *tab) accept() {
	chromedp.ListenTarget(b.ctx, func(event any) {
		if _, ok := event.(*page.EventJavascriptDialogOpening); ok {
			go chromedp.Run(b.ctx, page.HandleJavaScriptDialog(true)) //nolint:errcheck // the test sees that nothing went on
		}
	})
}

// inspect looks for what no page may have.
func (b *tab) inspect(where string) {
	b.t.Helper()
	b.narrow(where)
	b.access(where)
	b.clean(where)
}

// narrow fails where a page scrolls sideways.
func (b *tab) narrow(where string) {
	b.t.Helper()
	var wide string
	b.eval(`(() => {
		if (document.documentElement.scrollWidth <= innerWidth) return "";
		const out = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 4);
		return "it scrolls sideways: " + out.map((e) => e.tagName + "." + e.className).join(", ");
	})()`, &wide)
	if wide != "" {
		b.t.Errorf("%s: %s", where, wide)
		b.snap("wide")
	}
}

// access fails where axe finds a violation of WCAG A or AA, or of good practice.
func (b *tab) access(where string) {
	b.t.Helper()
	var there bool
	if b.eval(`typeof axe === "object"`, &there); !there {
		b.eval(shared.axe+`; true`, &there)
	}
	var found []string
	b.eval(`axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}).then((r) => r.violations.map((v) =>
		v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " " + (n.any[0]?.message ?? "")).join(" | ")))`, &found)
	for _, v := range found {
		b.t.Errorf("%s: %s", where, v)
	}
}
