package app_test

import (
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"skytower/internal/app"
	"skytower/internal/config"
	"skytower/internal/jobs/jobstest"
	"skytower/internal/limit/limittest"
	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// keeping makes the models of priced keep their answers.
func (s *server) keeping(base string, output skytells.Amount, change func(*skytells.ModelSpec)) {
	s.t.Helper()
	percent := 10
	kept := &skytells.CacheSpec{TTL: "10m", PricePercent: &percent}
	chat := skytells.ModelSpec{Slug: chatModel, Type: "text", API: "chat", Cache: kept,
		Pricing: &skytells.PricingSpec{Unit: "million_token", Input: inputPrice, Output: output, CachedInput: "0.25"},
		Targets: []skytells.TargetSpec{{Provider: "mock", Model: upChat, Cost: &skytells.PricingSpec{Unit: "million_token", Input: "0.5", Output: "2"}}}}
	if change != nil {
		change(&chat)
	}
	_, err := s.admin().Apply(s.t.Context(), skytells.ApplyRequest{Source: "test", Resources: skytells.Resources{
		Providers: []skytells.ProviderSpec{{Name: "mock", Kind: "openai", BaseURL: base, Credential: upKey, Responses: "chat"}},
		Models: []skytells.ModelSpec{chat, {Slug: embedModel, Type: "text", API: "embeddings", Cache: kept,
			Pricing: &skytells.PricingSpec{Unit: "million_token", Input: "0.02"}, Targets: []skytells.TargetSpec{{Provider: "mock", Model: upEmbed}}}},
	}})
	if err != nil {
		s.t.Fatal(err)
	}
}

// asking is a server with an upstream whose answers are counted and kept.
type asking struct {
	*server
	up   *providertest.Upstream
	base string
}

func keepAnswers(t *testing.T, o options) *asking {
	t.Helper()
	s := start(t, o)
	a := &asking{server: s, up: keepingUpstream(t)}
	a.base = a.up.URL.JoinPath("v1").String()
	s.keeping(a.base, outputPrice, nil)
	s.grant("1")
	return a
}

func keepingUpstream(t *testing.T) *providertest.Upstream {
	up := providertest.NewUpstream(t, providertest.HTTP1)
	up.On("/v1/chat/completions", jsonScript(chatAnswer))
	up.On("/v1/embeddings", jsonScript(embedAnswer))
	return up
}

// says posts and compares what the answer says of the cache; asked is how often the
// upstream has to be asked for it.
func (a *asking) says(want string, asked int, path, body string, header ...string) reply {
	a.t.Helper()
	before := len(a.up.Requests())
	r := a.do(a.request(http.MethodPost, path, body, append([]string{"X-Api-Key", a.key}, header...)...))
	if got := r.header.Get("X-Skytells-Cache"); r.status != http.StatusOK || got != want || len(a.up.Requests())-before != asked {
		a.t.Errorf("%s: %d, cache %q, want %q; asked %d times\n%s", body, r.status, got, want, len(a.up.Requests())-before, r.body)
	}
	if age := r.header.Get("Age"); (age != "") != (want == "hit") || age != "" && !regexp.MustCompile(`^\d+$`).MatchString(age) {
		a.t.Errorf("%s: an age of %q", want, age)
	}
	return r
}

func TestKeptAnswersAreBilledAtTheirShare(t *testing.T) {
	t.Parallel()
	a := keepAnswers(t, options{flags: map[string]string{"operations-listen": "127.0.0.1:0"}})
	first := a.says("miss", 1, chatPath, chatBody)
	second := a.says("hit", 0, chatPath, chatBody)
	if first.body != second.body {
		t.Errorf("%s and then %s", first.body, second.body)
	}
	// $0.00002475, and a tenth of it: 2475 nano-dollars; embeddings 40 and 4.
	if b := a.balance(); b.Balance != "0.999972775" {
		t.Errorf("the balance is %+v", b)
	}
	a.says("miss", 1, embedPath, embedBody)
	a.says("hit", 0, embedPath, embedBody)
	if b := a.balance(); b.Balance != "0.999972731" {
		t.Errorf("the balance is %+v", b)
	}
	var charges skytells.List[skytells.ChargeLine]
	decode(t, a.call(http.MethodGet, "/v1/charges", "").body, &charges)
	if len(charges.Data) != 4 || charges.Data[2].Amount != "0.000002475" || len(charges.Data[3].Lines) != 4 {
		t.Fatalf("%+v", charges.Data)
	}
	// What a kept answer is charged is told by the whole answer's products and what was taken off.
	share := skytells.Explanation{What: "kept answer: charged at its share of the price", Quantity: "1", Unit: "request", Rate: "-0.000022275", Amount: "-0.000022275"}
	if !slices.Equal(charges.Data[2].Lines, append(charges.Data[3].Lines, share)) {
		t.Errorf("%+v", charges.Data)
	}
	usage, err := a.admin().Usage(t.Context(), skytells.UsageQuery{By: "model"})
	if err != nil || usage.Total.Cost != "0.0000135" || usage.Total.Amount != "0.000027269" {
		t.Errorf("%+v, %v", usage.Total, err)
	}
	id := second.header.Get("X-Request-Id")
	var logged skytells.LoggedRequest
	for end := time.Now().Add(patience); ; { // the log is written after the answer
		if logged, err = a.admin().Request(t.Context(), id); err == nil || time.Now().After(end) {
			break
		}
	}
	if err != nil || logged.Target != "cache" || logged.TokensIn != 11 || logged.TokensOut != 4 {
		t.Errorf("%+v, %v", logged, err)
	}
	for _, line := range []string{`skytower_cache_answers_total{result="hit"} 2`, `skytower_cache_answers_total{result="miss"} 2`} {
		if metrics := a.operations("/metrics").body; !strings.Contains(metrics, line) {
			t.Errorf("no %s in %s", line, metrics)
		}
	}
	a.clean()
}

// Fifty equal calls at one moment ask the upstream once, plain and streamed; each but the
// first pays its share.
func TestEqualCallsAtOnce(t *testing.T) {
	t.Parallel()
	a := keepAnswers(t, options{})
	const calls = 50
	for _, body := range []string{chatBody, streamBody} {
		came, gate := make(chan struct{}, calls), make(chan struct{})
		a.up.On("/v1/chat/completions", func(x *providertest.Exchange) {
			came <- struct{}{}
			x.Wait(gate)
			if body == chatBody {
				jsonScript(chatAnswer)(x)
				return
			}
			providertest.Events(piece("Hel"), piece("lo"), lastPiece, usagePiece, donePiece)(x)
		})
		replies := make(chan reply, calls)
		ask := func() { replies <- a.do(a.request(http.MethodPost, chatPath, body, "X-Api-Key", a.key)) }
		go ask()
		<-came
		for range calls - 1 {
			go ask()
		}
		close(gate)
		marks, bodies := map[string]int{}, map[string]int{}
		for range calls {
			r := <-replies
			marks[r.header.Get("X-Skytells-Cache")]++
			bodies[r.body]++
		}
		if marks["miss"] != 1 || marks["hit"] != calls-1 || len(bodies) != 1 || len(came) != 0 {
			t.Errorf("%v, %d different answers, asked %d times more", marks, len(bodies), len(came))
		}
	}
	// Plain, $0.00002475 and 49 tenths of it; streamed, $0.000027 and 49 tenths.
	if b := a.balance(); b.Balance != "0.999694675" || b.Available != b.Balance {
		t.Errorf("the balance is %+v", b)
	}
	a.clean()
}

// With an account go its kept answers, and no others.
func TestClosingErasesKeptAnswers(t *testing.T) {
	t.Parallel()
	a := keepAnswers(t, options{})
	a.says("miss", 1, chatPath, chatBody)
	stays, own := a.account(), a.key
	a.key = a.anotherKey("leaving")
	a.says("miss", 1, chatPath, chatBody)
	keys, err := a.admin().Keys(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	leaves := slices.IndexFunc(keys, func(k skytells.Key) bool { return k.Account != stays })
	if _, err := a.admin().CloseAccount(t.Context(), keys[leaves].Account); err != nil {
		t.Fatal(err)
	}
	a.key = own
	if state, err := a.admin().Cache(t.Context()); err != nil || state.Answers != 1 {
		t.Errorf("%+v, %v", state, err)
	}
	a.says("hit", 0, chatPath, chatBody)
}

func TestKeptStreams(t *testing.T) {
	t.Parallel()
	a := keepAnswers(t, options{})
	a.up.On("/v1/chat/completions", providertest.Events(piece("Hel"), piece("lo"), lastPiece, usagePiece, donePiece))
	for _, body := range []string{streamBody, strings.Replace(streamBody, "{", `{"stream_options":{"include_usage":true},`, 1)} {
		first := a.says("miss", 1, chatPath, body)
		second := a.says("hit", 0, chatPath, body)
		if first.body != second.body || !strings.HasSuffix(first.body, "data: [DONE]\n\n") || second.header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("%q and then %q", first.body, second.body)
		}
	}
	// Each 11 + 16 micro-dollars, and a tenth of that.
	if b := a.balance(); b.Balance != "0.9999406" {
		t.Errorf("the balance is %+v", b)
	}
	// The same chat, asked by other APIs: their answers are kept apart, and likewise.
	for _, path := range []string{respPath, "/v1/messages"} {
		body := strings.Replace(respBody, "{", `{"stream":true,`, 1)
		if path != respPath {
			body = strings.Replace(streamBody, "{", `{"max_tokens":100,`, 1)
		}
		first := a.says("miss", 1, path, body)
		if second := a.says("hit", 0, path, body); first.body != second.body || !strings.Contains(first.body, "Hel") {
			t.Errorf("%s: %q and then %q", path, first.body, second.body)
		}
	}
	a.says("", 1, respPath, strings.Replace(respBody, "{", `{"store":true,"stream":true,`, 1))
	// What was cut is not kept.
	a.up.On("/v1/chat/completions", func(x *providertest.Exchange) {
		providertest.Events(piece("Hel"))(x)
		x.Cut()
	})
	for range 2 {
		a.says("miss", 1, chatPath, strings.Replace(streamBody, "hi", "cut", 1))
	}
	a.clean()
}

// Neither another account, nor a key or an account that may not use the model any more, gets
// what was kept; another key of the account does.
func TestKeptAnswersAreTheAccounts(t *testing.T) {
	t.Parallel()
	a := keepAnswers(t, options{})
	own, account := a.key, a.account()
	a.says("miss", 1, chatPath, chatBody)
	a.key = a.anotherKey("others")
	a.says("miss", 1, chatPath, chatBody)
	a.says("hit", 0, chatPath, chatBody)
	another := func(models ...string) string {
		k, err := a.admin().CreateKey(t.Context(), skytells.KeyRequest{Account: account, Models: models})
		if err != nil {
			t.Fatal(err)
		}
		return k.Secret
	}
	refused := func(what string) {
		t.Helper()
		if r := a.post(chatPath, chatBody); r.status == http.StatusOK || r.header.Get("X-Skytells-Cache") != "" {
			t.Errorf("%s: %d %s", what, r.status, r.body)
		}
	}
	a.key = another()
	a.says("hit", 0, chatPath, chatBody)
	a.key = another(embedModel)
	refused("a key for other models")
	a.key = own
	a.keeping(a.base, outputPrice, func(m *skytells.ModelSpec) { m.Privacy, m.Accounts = "private", []string{account} })
	a.says("miss", 1, chatPath, chatBody) // the definition is another one
	a.says("hit", 0, chatPath, chatBody)
	a.keeping(a.base, outputPrice, func(m *skytells.ModelSpec) { m.Privacy = "private" })
	refused("a model that was taken away")
	if _, err := a.admin().SuspendAccount(t.Context(), account, "test"); err != nil {
		t.Fatal(err)
	}
	refused("a suspended account")
}

func TestWhatForgetsAnswers(t *testing.T) {
	t.Parallel()
	a := keepAnswers(t, options{})
	a.says("miss", 1, chatPath, chatBody)
	a.says("hit", 0, chatPath, chatBody, "X-Skytells-Cache", "1h")
	a.says("hit", 0, chatPath, chatBody, "X-Skytells-Cache", "on")
	a.says("", 1, chatPath, chatBody, "X-Skytells-Cache", "off")
	a.up.On("/v1/chat/completions", jsonScript(strings.Replace(chatAnswer, "Hello!", "Again!", 1)))
	a.says("miss", 1, chatPath, chatBody, "X-Skytells-Cache", "refresh")
	if r := a.says("hit", 0, chatPath, chatBody); !strings.Contains(r.body, "Again!") {
		t.Errorf("the answer before was given: %s", r.body)
	}
	r := a.do(a.request(http.MethodPost, chatPath, chatBody, "X-Api-Key", a.key, "X-Skytells-Cache", "always"))
	if r.status != http.StatusBadRequest || !strings.Contains(r.body, "X-Skytells-Cache") {
		t.Errorf("%d %s", r.status, r.body)
	}
	a.says("miss", 1, chatPath, chatBody+" ") // to the last byte
	a.says("miss", 1, chatPath+"?stream=false", chatBody, "Accept-Language", "de")

	a.keeping(a.base, "5", nil) // the price is part of it
	a.says("miss", 1, chatPath, chatBody)
	a.says("hit", 0, chatPath, chatBody)
	a.says("miss", 1, embedPath, embedBody)
	a.clear(embedModel)
	a.says("hit", 0, chatPath, chatBody)
	a.says("miss", 1, embedPath, embedBody)
	if state, err := a.admin().Cache(t.Context()); err != nil || state.Answers < 2 || state.Bytes <= 0 || state.Size != 64<<20 || state.Shared {
		t.Errorf("%+v, %v", state, err)
	}
	if state := a.clear(""); state.Answers != 0 || state.Bytes != 0 {
		t.Errorf("%+v", state)
	}
	a.says("miss", 1, chatPath, chatBody)
	a.says("miss", 1, embedPath, embedBody)
	if _, err := a.admin().ClearCache(t.Context(), "no-such-model"); err == nil {
		t.Error("an unknown model was cleared")
	}
}

func (s *server) clear(model string) skytells.CacheState {
	s.t.Helper()
	state, err := s.admin().ClearCache(s.t.Context(), model)
	if err != nil {
		s.t.Fatal(err)
	}
	return state
}

// Nothing is kept unless somebody asks for it, and nothing at all where there is no room.
func TestKeepingIsOffByDefault(t *testing.T) {
	t.Parallel()
	for _, size := range []string{"", "0"} {
		o := options{}
		if size != "" {
			o.flags = map[string]string{"cache-size": size}
		}
		a := &asking{server: start(t, o), up: keepingUpstream(t)}
		a.addProvider("mock", a.up.URL.JoinPath("v1").String(), "")
		a.says("", 1, chatPath, chatBody)
		a.says("", 1, chatPath, chatBody)
		first, then, asked := "miss", "hit", 0
		if size == "0" {
			first, then, asked = "", "", 1
		}
		a.says(first, 1, chatPath, chatBody, "X-Skytells-Cache", "on")
		a.says(then, asked, chatPath, chatBody, "X-Skytells-Cache", "on")
		a.says("", 1, chatPath, chatBody)
		a.clear("")
	}
}

// replica starts one more server on the database of s, with a Redis.
func (s *server) replica(database, redis string) *server {
	s.t.Helper()
	flags := map[string]string{"data": s.t.TempDir(), "listen": "127.0.0.1:0", "operations-listen": "off", "offer-ollama": "false"}
	cfg, err := config.Load(config.Sources{Flags: flags, Env: []string{
		"SKYTOWER_DATABASE=" + database, "SKYTOWER_MASTER_KEY=" + masterKeyText(), "SKYTOWER_REDIS=" + redis,
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	other := &server{t: s.t, out: &output{}, log: &output{}, client: &http.Client{Transport: &http.Transport{}}, key: s.key, op: s.op}
	if other.app, err = app.Build(s.t.Context(), cfg, app.Options{Stdout: other.out, Stderr: io.Discard, Version: "test"}); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(other.stop)
	if err := other.app.Start(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	other.base = "http://" + other.app.Addr().String()
	return other
}

// written waits until an answer stands in Redis: nobody waits for that otherwise.
func written(t *testing.T, url string) {
	t.Helper()
	option := rueidis.MustParseURL(url)
	option.DisableCache, option.ForceSingleClient = true, true
	client, err := rueidis.NewClient(option)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for end := time.Now().Add(patience); ; {
		keys, err := client.Do(t.Context(), client.B().Keys().Pattern("skytower:cache:*").Build()).AsStrSlice()
		if err != nil || time.Now().After(end) {
			t.Fatalf("no answer is written: %v", err)
		}
		if len(keys) > 0 {
			return
		}
	}
}

// Two servers share what they keep in Redis, and forget together.
func TestReplicasShareKeptAnswers(t *testing.T) {
	t.Parallel()
	database, redis := jobstest.Postgres(t), limittest.New(t)
	first := startPostgresAt(t, database, nil) // makes the keys
	one := &asking{server: first.replica(database, redis.URL()), up: keepingUpstream(t)}
	one.keeping(one.up.URL.JoinPath("v1").String(), outputPrice, nil)
	one.grant("1")
	two := &asking{server: first.replica(database, redis.URL()), up: one.up}
	if !two.clear("").Shared {
		t.Error("nothing is shared")
	}
	one.says("miss", 1, chatPath, chatBody)
	written(t, redis.URL())
	two.says("hit", 0, chatPath, chatBody)
	one.clear("")
	two.clear(embedModel) // answers once it has heard of everything before
	two.says("miss", 1, chatPath, chatBody)
	redis.Stop(t)
	one.says("miss", 1, chatPath, strings.Replace(chatBody, "hi", "alone", 1))
	one.says("hit", 0, chatPath, strings.Replace(chatBody, "hi", "alone", 1))
	if _, err := one.admin().ClearCache(t.Context(), ""); err == nil {
		t.Error("cleared without the Redis that holds the answers")
	}
	one.clean()
}
