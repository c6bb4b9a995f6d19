package scale

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"skytower/internal/money"
	"skytower/internal/skytells"
)

// The customers.
const (
	rich    = "rich"    // has credit for everything
	poor    = "poor"    // gets credit for a few calls at a time
	limited = "limited" // may make so many requests a minute
	narrow  = "narrow"  // may have so many calls and predictions at the same time
)

// What the limited ones may do.
const (
	perMinute   = 40
	atOnce      = 2
	pictureCost = 30 * money.Dollar / 1000
)

// The models. A token of novel's output costs the one or the other.
const (
	book  = "book"
	novel = "novel"
	index = "index"
	paint = "painter"
)

//nolint:gochecknoglobals // they are constants
var novelPrices = [2]skytells.Amount{"100", "150"}

// load is all callers of a fleet.
type load struct {
	f         *fleet
	c         *client
	diary     *diary
	seed      uint64
	customers map[string]*customer
	operator  *skytells.Client

	begun      time.Time
	background chan struct{} // closed when responses in the background may begin
	stopping   context.Context
	stop       context.CancelFunc
	all        sync.WaitGroup
}

func newLoad(f *fleet, seed uint64) *load {
	f.t.Helper()
	l := &load{f: f, diary: newDiary(), seed: seed, customers: map[string]*customer{}, operator: f.admin(), background: make(chan struct{})}
	l.c = &client{base: f.balancer.url(), http: &http.Client{Transport: f.transport}, diary: l.diary}
	l.stopping, l.stop = context.WithCancel(f.t.Context())
	f.t.Cleanup(func() {
		l.stop()
		l.all.Wait()
	})
	l.models()
	l.customer(rich, "10000")
	l.customer(poor, "0.02")
	l.customer(limited, "1000")
	l.customer(narrow, "1000")
	l.restrict()
	l.everywhere()
	return l
}

// must stops the test where something failed before the bad days began.
func (l *load) must(err error) {
	l.f.t.Helper()
	if err != nil {
		l.f.t.Fatalf("%v\n%s", err, l.f.tails())
	}
}

func (l *load) models() {
	l.f.t.Helper()
	provider := func(name, kind string) skytells.ProviderSpec {
		return skytells.ProviderSpec{Name: name, Kind: kind, BaseURL: l.f.doors[name] + "/v1", Credential: "token", Responses: "chat"}
	}
	both := []skytells.TargetSpec{{Provider: "writer-1", Model: "m"}, {Provider: "writer-2", Model: "m", Priority: 1}}
	_, err := l.operator.Apply(l.f.t.Context(), skytells.ApplyRequest{Source: "scale", Resources: skytells.Resources{
		Providers: []skytells.ProviderSpec{provider("writer-1", "openai"), provider("writer-2", "openai"), provider("painter", "replicate")},
		Models: []skytells.ModelSpec{
			{Slug: book, Type: "text", API: "chat", Targets: both, Pricing: &skytells.PricingSpec{Unit: "million_token", Input: "1", Output: "100"}},
			{Slug: index, Type: "text", API: "embeddings", Targets: both, Pricing: &skytells.PricingSpec{Unit: "million_token", Input: "10", Output: "0"}},
			{Slug: paint, Type: "image", API: "prediction", Targets: []skytells.TargetSpec{{Provider: "painter", Model: "acme/painter"}},
				Pricing: &skytells.PricingSpec{Unit: "image", Amount: "0.03", OnCancel: "none"}},
		},
	}})
	l.must(err)
	l.must(l.price(l.f.t.Context(), 0))
}

// price sets what novel costs. What apply manages could not be changed so.
func (l *load) price(ctx context.Context, which int) error {
	_, err := l.operator.PutModel(ctx, skytells.ModelSpec{Slug: novel, Type: "text", API: "chat",
		Targets: []skytells.TargetSpec{{Provider: "writer-1", Model: "m"}, {Provider: "writer-2", Model: "m", Priority: 1}},
		Pricing: &skytells.PricingSpec{Unit: "million_token", Input: "1", Output: novelPrices[which]}})
	return err
}

func (l *load) customer(name string, dollars skytells.Amount) {
	l.f.t.Helper()
	a, err := l.operator.CreateAccount(l.f.t.Context(), skytells.AccountRequest{Name: name})
	l.must(err)
	key, err := l.operator.CreateKey(l.f.t.Context(), skytells.KeyRequest{Account: a.ID, Name: "main"})
	l.must(err)
	one := &customer{name: name, account: a.ID, key: key.Secret}
	l.customers[name] = one
	l.must(l.grant(l.f.t.Context(), one, dollars, "start-"+name))
	secret := key.Secret
	if name == narrow { // one account signs with a secret of its own
		own, err := l.operator.MakeWebhookSecret(l.f.t.Context(), a.ID)
		l.must(err)
		secret = own.Secret
	}
	l.f.hooks.expect("/"+name, secret)
}

// grant gives credit, once for each name.
func (l *load) grant(ctx context.Context, to *customer, dollars skytells.Amount, name string) error {
	amount, err := money.Parse(string(dollars))
	if err != nil {
		return err
	}
	if _, err := l.operator.GiveCredit(ctx, to.account, skytells.CreditRequest{Amount: dollars, Reason: "scale", Reference: name}); err != nil {
		return err
	}
	to.granted.Add(int64(amount))
	return nil
}

func (l *load) restrict() {
	l.f.t.Helper()
	ctx, requests, calls, places := l.f.t.Context(), int64(perMinute), int64(atOnce), atOnce
	_, err := l.operator.PutLimit(ctx, skytells.LimitRule{Account: l.customers[limited].account, Model: "*", Route: "chat", Requests: &requests})
	l.must(err)
	_, err = l.operator.PutLimit(ctx, skytells.LimitRule{Account: l.customers[narrow].account, Model: "*", Route: "chat", Concurrency: &calls})
	l.must(err)
	_, err = l.operator.UpdateAccount(ctx, l.customers[narrow].account, skytells.AccountRequest{Concurrency: &places})
	l.must(err)
}

// everywhere waits until each replica knows the models and the limits.
func (l *load) everywhere() {
	l.f.t.Helper()
	for _, p := range l.f.of("api") {
		await(l.f.t, p.name+" knows the models and limits", func() bool {
			key := l.customers[limited].key
			for _, slug := range []string{book, novel, index, paint} {
				got, err := l.c.send(l.f.t.Context(), "http://"+p.address, key, http.MethodGet, "/v1/models/"+slug, "")
				if err != nil || got.status != http.StatusOK {
					return false
				}
			}
			got, err := l.c.send(l.f.t.Context(), "http://"+p.address, key, http.MethodGet, "/v1/limits", "")
			return err == nil && strings.Contains(string(got.body), fmt.Sprint(perMinute))
		})
	}
}

// begin lets all callers call.
func (l *load) begin() {
	l.begun = time.Now()
	n := pick(1, 2)
	for name, caller := range map[string]struct {
		callers int
		do      func(context.Context, *rand.Rand)
	}{
		"plain":       {2 * n, l.plain(rich)},
		"stream":      {3 * n, l.stream(rich, false)},
		"hang up":     {n, l.stream(rich, true)},
		"response":    {n, l.response},
		"background":  {1, l.inBackground},
		"embed":       {1, l.embed},
		"poor":        {1, l.plain(poor)},
		"poor stream": {2, l.stream(poor, false)},
		"limited":     {3, l.plain(limited)},
		"narrow":      {4, l.stream(narrow, false)},
		"predict":     {2 * n, l.predict(rich)},
		"narrow too":  {4, l.predict(narrow)},
		"files":       {1, l.files},
		"keys":        {1, l.keys},
		"prices":      {1, l.prices},
		"credit":      {1, l.credit},
	} {
		for i := range caller.callers {
			random := rand.New(rand.NewPCG(l.seed, hash(name)+uint64(i))) //nolint:gosec // to be the same again
			l.all.Go(func() {
				for pause(l.stopping, time.Duration(20+random.IntN(pick(400, 300)))*time.Millisecond) {
					caller.do(l.f.t.Context(), random)
				}
			})
		}
	}
}

func hash(text string) (h uint64) {
	for _, b := range []byte(text) {
		h = h*31 + uint64(b)
	}
	return h << 8
}

// end waits until every call that was begun has ended.
func (l *load) end() {
	l.stop()
	l.all.Wait()
}

// script draws what the next request asks for.
func (l *load) script(random *rand.Rand, most int) script {
	s := script{nonce: l.diary.nonces.Add(1), tokens: 1 + random.IntN(most), mood: fast}
	switch random.IntN(25) {
	case 0:
		s.mood = slow
	case 1:
		s.mood = refuse
	case 2:
		s.mood = busy
	case 3:
		s.mood = reset
	case 4:
		s.mood = cut
	case 5, 6, 7, 8, 9, 10:
		s.mood = drip
	}
	return s
}

func chat(s script, model string, stream bool) string {
	return fmt.Sprintf(`{"model":%q,"max_tokens":%d,"stream":%v,"messages":[{"role":"user","content":%q}]}`, model, s.tokens, stream, s.prompt())
}

func model(random *rand.Rand) string {
	if random.IntN(3) == 0 {
		return novel
	}
	return book
}

func (l *load) plain(who string) func(context.Context, *rand.Rand) {
	return func(ctx context.Context, random *rand.Rand) {
		s, m := l.script(random, 60), model(random)
		l.c.text(ctx, &call{script: s, kind: "plain", who: l.customers[who], model: m}, "/v1/chat/completions", chat(s, m, false), 0)
	}
}

// stream makes calls whose answers are streams; some callers leave in the middle. Those of
// the poor say nothing of max_tokens, so that their streams end where credit does.
func (l *load) stream(who string, leave bool) func(context.Context, *rand.Rand) {
	return func(ctx context.Context, random *rand.Rand) {
		s, m, after := l.script(random, 300), model(random), int64(0)
		if leave {
			after = 1 + random.Int64N(int64(s.tokens))
		}
		body := chat(s, m, true)
		if who == poor {
			s.tokens += 300
			body = fmt.Sprintf(`{"model":%q,"stream":true,"messages":[{"role":"user","content":%q}]}`, m, s.prompt())
		}
		l.c.text(ctx, &call{script: s, kind: "stream", who: l.customers[who], model: m}, "/v1/chat/completions", body, after)
	}
}

func (l *load) response(ctx context.Context, random *rand.Rand) {
	s, stream := l.script(random, 60), random.IntN(2) == 0
	body := fmt.Sprintf(`{"model":%q,"max_output_tokens":%d,"stream":%v,"store":true,"input":%q}`, book, s.tokens, stream, s.prompt())
	l.c.text(ctx, &call{script: s, kind: "response", who: l.customers[rich], model: book}, "/v1/responses", body, 0)
}

func (l *load) embed(ctx context.Context, random *rand.Rand) {
	s := l.script(random, 1)
	s.tokens = 0
	if s.mood == cut || s.mood == drip {
		s.mood = fast
	}
	body := fmt.Sprintf(`{"model":%q,"input":%q}`, index, s.prompt())
	l.c.text(ctx, &call{script: s, kind: "embed", who: l.customers[rich], model: index}, "/v1/embeddings", body, 0)
}

// inBackground queues a response, and does not wait for it: its end is looked at later.
func (l *load) inBackground(ctx context.Context, random *rand.Rand) {
	select {
	case <-l.background:
	default:
		return
	}
	s := l.script(random, 60)
	body := fmt.Sprintf(`{"model":%q,"max_output_tokens":%d,"background":true,"store":true,"input":%q}`, book, s.tokens, s.prompt())
	l.c.text(ctx, &call{script: s, kind: "background", who: l.customers[rich], model: book}, "/v1/responses", body, 0)
}

// predict makes a prediction, again and again until it is there: its key makes that
// harmless. Some are awaited, some cancelled, and some deleted at their end.
func (l *load) predict(who string) func(context.Context, *rand.Rand) {
	return func(ctx context.Context, random *rand.Rand) {
		one := &painting{script: script{nonce: l.diary.nonces.Add(1), tokens: 100 + random.IntN(1500), mood: fast}, who: l.customers[who]}
		switch random.IntN(12) {
		case 0:
			one.mood = fail
		case 1:
			one.mood = reset
		case 2, 3:
			one.mood = twice
		}
		one.told = random.IntN(4) > 0
		l.diary.change(func() { l.diary.paintings[one.nonce] = one })
		if !l.create(ctx, one, random.IntN(2) == 0) {
			return
		}
		if who == rich && random.IntN(8) == 0 {
			pause(ctx, time.Duration(random.IntN(800))*time.Millisecond)
			l.cancel(ctx, one)
		}
		if random.IntN(2) == 0 {
			l.followed(ctx, one, random.IntN(4) == 0)
		}
	}
}

func (l *load) create(ctx context.Context, one *painting, all bool) bool {
	events := `["completed","failed","canceled"]`
	if all {
		events = `["started","completed","failed","canceled"]`
	}
	hook := ""
	if one.told {
		hook = fmt.Sprintf(`,"webhook":{"url":"%s/%s","events":%s}`, l.f.hooksURL, one.who.name, events)
	}
	body := fmt.Sprintf(`{"model":%q,"input":{"prompt":%q}%s}`, paint, one.prompt(), hook)
	p, ok := l.prediction(ctx, one, http.MethodPost, "/v1/predictions", body, "Idempotency-Key", fmt.Sprintf("scale-%d", one.nonce))
	l.diary.change(func() { one.id = p.ID })
	return ok && p.ID != ""
}

func (l *load) cancel(ctx context.Context, one *painting) {
	l.diary.change(func() { one.canceled = true })
	l.prediction(ctx, one, http.MethodPost, "/v1/predictions/"+one.id+"/cancel", "")
}

// followed asks for a prediction until its end, and perhaps deletes it.
func (l *load) followed(ctx context.Context, one *painting, remove bool) {
	for pause(l.stopping, 300*time.Millisecond) {
		p, ok := l.prediction(ctx, one, http.MethodGet, "/v1/predictions/"+one.id, "")
		if !ok || skytells.Terminal(p.Status) {
			break
		}
	}
	if remove && l.stopping.Err() == nil && (!one.told || l.f.hooks.end(one.id) != "") {
		l.diary.change(func() { one.deleted = true })
		l.prediction(ctx, one, http.MethodDelete, "/v1/predictions/"+one.id, "")
	}
}

// prediction makes a call about a prediction until it is answered.
func (l *load) prediction(ctx context.Context, one *painting, method, path, body string, header ...string) (p skytells.Prediction, ok bool) {
	name := "prediction " + method
	if strings.HasSuffix(path, "/cancel") {
		name += " cancel"
	}
	ok = insist(ctx, l.f.t, name, func(ctx context.Context) error {
		got, err := l.c.send(ctx, l.c.base, one.who.key, method, path, body, header...)
		switch {
		case err != nil:
			l.diary.count(name + ": no answer")
			return err
		case got.unheard:
			l.diary.count(fmt.Sprintf("%s: balancer %d", name, got.status))
		case got.status == http.StatusOK || got.status == http.StatusCreated:
			l.diary.count(name + ": whole")
			return json.Unmarshal(got.body, &p)
		case got.status == http.StatusNotFound && one.deleted: // the answer of an earlier try was lost
			return nil
		case got.status == http.StatusServiceUnavailable || got.status == http.StatusTooManyRequests:
			l.diary.count(fmt.Sprintf("%s: refused %d %s", name, got.status, errorID(got.body)))
			if got.header.Get("Retry-After") == "" {
				l.diary.count(fmt.Sprintf("%d without Retry-After: %s", got.status, name))
			}
		default:
			l.diary.count(fmt.Sprintf("%s: refused %d %s", name, got.status, errorID(got.body)))
			l.diary.problem("%s of %s was answered with %d %s", name, one.who.name, got.status, errorID(got.body))
		}
		return fmt.Errorf("%d: %.300s", got.status, got.body)
	})
	return p, ok
}

// files uploads a file, and looks whether it comes back as it went.
func (l *load) files(ctx context.Context, random *rand.Rand) {
	who := l.customers[rich]
	c, err := skytells.NewClient(skytells.ClientOptions{BaseURL: l.c.base, Key: who.key, Transport: l.f.transport})
	if err != nil {
		l.f.t.Error(err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	content := string(picture(fmt.Sprintf("upload-%d", random.Int64())))
	file, err := c.UploadFile(ctx, "picture.png", "", strings.NewReader(content), int64(len(content)))
	if err != nil {
		l.administered("upload", err)
		return
	}
	l.diary.count("upload: whole")
	if random.IntN(4) == 0 {
		_, err := c.DeleteFile(ctx, file.ID)
		l.administered("upload, deleted", err)
		return // whether it went is known only from an answer
	}
	l.diary.change(func() { l.diary.uploads = append(l.diary.uploads, upload{who, file.ID, content}) })
}

// prices changes what a model costs.
func (l *load) prices(ctx context.Context, random *rand.Rand) {
	if pause(l.stopping, time.Duration(2+random.IntN(4))*time.Second) {
		l.administered("price", l.price(ctx, random.IntN(2)))
	}
}

// credit gives the poor enough for some calls, now and then.
func (l *load) credit(ctx context.Context, random *rand.Rand) {
	if !pause(l.stopping, time.Duration(1+random.IntN(4))*time.Second) {
		return
	}
	name := fmt.Sprintf("more-%d", l.diary.nonces.Add(1))
	insist(ctx, l.f.t, "a grant", func(ctx context.Context) error {
		err := l.grant(ctx, l.customers[poor], "0.05", name)
		l.administered("grant", err)
		return err
	})
}

// administered counts how a call of an operator ended.
func (l *load) administered(what string, err error) {
	how, status := outcome(err)
	l.diary.count(what + ": " + how)
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusInternalServerError:
		l.diary.problem("%s: %v", what, err)
	}
}
