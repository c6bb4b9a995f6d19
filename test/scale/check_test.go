package scale

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// verdict compares what the books say with what clients, upstreams and receivers saw. It
// collects what is wrong, so that one fault does not hide another.
type verdict struct {
	*load
	// What the upstream saw, by nonce and by request.
	arrivals map[int64][]arrival
	byID     map[string]arrival

	lines  map[string]line      // by request
	prices map[int64]tokenPrice // by version
	wrong  []string
	sums   map[string]int
}

// line is a charge.
type line struct {
	Request, Account, Model, Outcome, Kind string
	Version, In, Out, Amount, Quantity     int64
	Counted                                bool
}

func (v *verdict) fault(format string, args ...any) {
	v.wrong = append(v.wrong, fmt.Sprintf(format, args...))
}

// report fails the test with all that is wrong, as far as one can read it.
func (v *verdict) report() {
	const most = 40
	v.f.t.Helper()
	for i, text := range v.wrong {
		if i == most {
			v.f.t.Errorf("and %d more", len(v.wrong)-most)
			break
		}
		v.f.t.Error(text)
	}
}

// read takes the charges from the database, and what the upstream saw.
func (v *verdict) read() {
	v.f.t.Helper()
	v.arrivals, v.byID = v.f.writer.seen()
	all := rows(v.f.database, pgx.RowToStructByPos[line], `select request, account, model, outcome, kind, price_version, units_in, units_out, amount, quantity, counted from charge_line`)
	v.lines = make(map[string]line, len(all))
	for _, one := range all {
		if _, twice := v.lines[one.Request]; twice {
			v.fault("request %s has two charges", one.Request)
		}
		v.lines[one.Request] = one
	}
}

// texts looks at every request for text.
func (v *verdict) texts() {
	for _, one := range v.diary.calls {
		if one.id == "" {
			continue
		}
		charged, found := v.lines[one.id]
		switch {
		case one.kind == "background":
			v.inBackground(one)
		case one.whole:
			v.exact(one, charged, found)
		case one.inBand:
			v.told(one, charged, found)
		case one.status == http.StatusOK:
			v.left(one, charged, found)
		case found && charged.Amount > 0:
			v.fault("%s was refused (%d %s) and charged %d nano-dollars", one.id, one.status, one.error, charged.Amount)
		}
	}
}

// exact checks the charge of an answer that came whole.
func (v *verdict) exact(one *call, charged line, found bool) {
	v.sums["whole answers"]++
	if one.reason == "stop" && one.tokens != int64(one.script.tokens) {
		v.fault("%s came whole with %d tokens of %d", one.id, one.tokens, one.script.tokens)
	}
	switch {
	case !found:
		v.fault("%s (%s of %s, by %s at %s) came whole and is not charged", one.id, one.kind, one.who.name, one.from, one.done.Format(time.TimeOnly))
	case charged.Out != one.tokens:
		v.fault("%s (%s) came whole with %d tokens and was charged for %d (%s)", one.id, one.kind, one.tokens, charged.Out, charged.Outcome)
	case !charged.Counted && charged.In != one.input():
		v.fault("%s was charged for %d tokens of input, not %d", one.id, charged.In, one.input())
	case charged.Counted && charged.Outcome != "out_of_credit":
		v.fault("%s came whole with the upstream's usage, and was counted (%s)", one.id, charged.Outcome)
	}
}

// told checks the charge of a stream that ended with an error: what was delivered. Where
// the charge could not be written, it may be there.
func (v *verdict) told(one *call, charged line, found bool) {
	v.sums["streams that ended with an error"]++
	switch {
	case found && charged.Counted && charged.Out != one.tokens:
		v.fault("%s ended with %s after %d tokens and was charged for %d", one.id, one.error, one.tokens, charged.Out)
	case found && charged.Out < one.tokens:
		v.fault("%s ended with %s after %d tokens and was charged for %d", one.id, one.error, one.tokens, charged.Out)
	case !found && one.tokens > 0 && one.error != "SERVICE_UNAVAILABLE":
		v.fault("%s ended with %s after %d tokens and is not charged", one.id, one.error, one.tokens)
	}
}

// killSlack is how long after a break its charge may need until a kill can't lose it.
const killSlack = time.Minute

// left checks the charge of an answer that the client left, or that broke on the way: at
// least what came, at most what the upstream made. Only with its process it may be lost.
func (v *verdict) left(one *call, charged line, found bool) {
	v.sums["answers that were left or broke"]++
	a, arrived := v.byID[one.id]
	killed := v.diary.happened("kill", one.from, one.sent, one.done.Add(killSlack)) > 0
	switch {
	case found && !arrived:
		v.fault("%s was charged and never reached the upstream", one.id)
	case found && (charged.Out < one.tokens || charged.Out > a.written):
		v.fault("%s gave its client %d tokens of %d, and was charged for %d", one.id, one.tokens, a.written, charged.Out)
	case !found && one.tokens > 0 && !killed:
		v.fault("%s (%s of %s, by %s at %s) gave its client %d tokens and is not charged", one.id, one.kind, one.who.name, one.from, one.sent.Format(time.TimeOnly), one.tokens)
	case !found && one.tokens > 0:
		v.sums["of these lost with a killed process"]++
	}
}

// inBackground looks at a response that was queued: it ended, and is charged so.
func (v *verdict) inBackground(one *call) {
	v.sums["responses in the background"]++
	if !strings.HasPrefix(one.id, "resp_") {
		return // the answer that held its name did not come
	}
	got, err := v.c.send(v.f.t.Context(), v.c.base, one.who.key, http.MethodGet, "/v1/responses/"+one.id, "")
	if err != nil || got.status != http.StatusOK {
		v.fault("response %s: %d %v %.200s", one.id, got.status, err, got.body)
		return
	}
	seen := call{kind: "response"}
	seen.understand(got.body)
	var state struct{ Status string }
	_ = json.Unmarshal(got.body, &state)
	v.sums["responses in the background: "+state.Status]++
	charged, found := v.lines[one.id]
	switch {
	case !slices.Contains([]string{"completed", "incomplete", "failed", "cancelled"}, state.Status):
		v.fault("response %s is still %s", one.id, state.Status)
	case state.Status == "completed" && (!found || charged.Out != int64(one.script.tokens) || seen.tokens != int64(one.script.tokens)):
		v.fault("response %s has %d tokens of %d, charged: %v %d", one.id, seen.tokens, one.script.tokens, found, charged.Out)
	}
}

// everyLine looks at every charge: somebody asked for it, once, and its amount is right.
func (v *verdict) everyLine() {
	charged := map[int64]string{}
	for _, one := range v.lines {
		if one.Kind == "prediction" {
			continue // looked at with its prediction
		}
		a, arrived := v.byID[one.Request]
		if !arrived {
			v.fault("%s was charged and never reached the upstream", one.Request)
			continue
		}
		asked := v.diary.calls[a.nonce]
		if asked == nil || asked.who.account != one.Account {
			v.fault("%s was charged to %s, who did not ask for it", one.Request, one.Account)
			continue
		}
		if other := charged[a.nonce]; other != "" {
			v.fault("request %d was charged twice, as %s and %s", a.nonce, other, one.Request)
		}
		charged[a.nonce] = one.Request
		if one.Out > a.written {
			v.fault("%s was charged for %d tokens, the upstream made %d", one.Request, one.Out, a.written)
		}
		p, known := v.prices[one.Version]
		if want := one.In*p.in + one.Out*p.out; !known || one.Amount != want || p.model != one.Model {
			v.fault("%s (%s) was charged %d nano-dollars for %d and %d tokens at price %d, not %d", one.Request, one.Model, one.Amount, one.In, one.Out, one.Version, want)
		}
		if asked.sent.Before(p.from.Add(-time.Second)) && asked.done.Before(p.from) || asked.sent.After(p.until.Add(2*time.Minute)) {
			v.fault("%s was charged at price %d, which held at another time", one.Request, one.Version)
		}
	}
	v.sums["charges for text"] = len(charged)
}

// tokenPrice is what a model's tokens cost from one time to another, in nano-dollars.
type tokenPrice struct {
	model       string
	in, out     int64
	from, until time.Time
}

func (v *verdict) priceVersions() map[int64]tokenPrice {
	v.f.t.Helper()
	all := map[int64]tokenPrice{}
	for _, slug := range []string{book, novel, index} {
		versions, err := v.operator.Prices(v.f.t.Context(), slug)
		if err != nil {
			v.f.t.Fatal(err)
		}
		slices.SortFunc(versions, func(a, b skytells.PriceVersion) int { return int(a.Version - b.Version) })
		for i, one := range versions {
			p := tokenPrice{model: slug, in: perToken(one.Pricing.Input), out: perToken(one.Pricing.Output), from: one.CreatedAt, until: time.Now().Add(time.Hour)}
			if i+1 < len(versions) {
				p.until = versions[i+1].CreatedAt
			}
			all[one.Version] = p
		}
	}
	v.sums["versions of prices"] = len(all)
	return all
}

// perToken turns whole dollars of a million tokens into nano-dollars of one.
func perToken(a skytells.Amount) int64 {
	n, err := money.Parse(string(a))
	if err != nil {
		return -1
	}
	return int64(n) / 1_000_000
}

// onceUpstream checks that work was sent again only where the upstream had said no.
func (v *verdict) onceUpstream() {
	for nonce, arrivals := range v.arrivals {
		for _, earlier := range arrivals[:len(arrivals)-1] {
			if !earlier.refused {
				v.fault("request %d came %d times to the upstream, which had not refused it", nonce, len(arrivals))
			}
		}
	}
	_, submitted := v.f.painter.done()
	for nonce, times := range submitted {
		if times > 1 {
			v.fault("picture %d was submitted %d times", nonce, times)
		}
	}
	v.sums["pictures submitted"] = len(submitted)
}

// balances compares what each customer has with what it got and owes.
func (v *verdict) balances() {
	charged := map[string]int64{}
	for _, one := range v.lines {
		charged[one.Account] += one.Amount
	}
	for _, who := range v.customers {
		has := v.f.database.number(`select coalesce(sum(balance), 0) from bucket where purse = $1`, who.account)
		if want := who.granted.Load() - charged[who.account]; has != want {
			v.fault("%s has %d nano-dollars, not %d: it got %d and was charged %d", who.name, has, want, who.granted.Load(), charged[who.account])
		}
	}
}

// limits checks what the upstream saw of the limited customers.
func (v *verdict) limits() {
	var served []*call
	arrived := map[*call]time.Time{}
	for nonce, arrivals := range v.arrivals {
		if one := v.diary.calls[nonce]; one != nil && one.who.name == limited {
			served, arrived[one] = append(served, one), arrivals[0].at
		}
	}
	most, slack := 0, 0
	for _, first := range served {
		until, n := first.sent.Add(time.Minute), 0
		for _, other := range served {
			if !other.sent.Before(first.sent) && arrived[other].Before(until) { // surely within
				n++
			}
		}
		most = max(most, n)
		replicas := len(v.f.of("api"))
		switches := v.diary.happened("switch", "redis", first.sent.Add(-time.Minute), until)
		starts := v.diary.happened("start", "api", first.sent.Add(-time.Minute), until)
		allowance := replicas*switches + starts
		if n > perMinute+allowance {
			v.fault("%d requests within a minute from %s, the limit is %d and the slack %d", n, first.sent.Format(time.TimeOnly), perMinute, allowance)
		}
		slack = max(slack, n-perMinute)
	}
	v.sums["requests of the limited, served"] = len(served)
	v.sums["the most of them within a minute"] = most
	v.sums["beyond the limit, within the slack"] = max(0, slack)
}

// places checks that the narrow ones had no more open at the same time than they may. What
// ended otherwise than by itself may have lasted for less than the upstream believes.
func (v *verdict) places() {
	var calls, pictures []span
	for nonce, arrivals := range v.arrivals {
		one, last := v.diary.calls[nonce], arrivals[len(arrivals)-1]
		if one != nil && one.who.name == narrow && one.whole {
			calls = append(calls, span{last.at, last.last})
		}
	}
	works, _ := v.f.painter.done()
	for _, job := range works {
		one := v.diary.paintings[job.nonce]
		if one != nil && one.who.name == narrow && one.status == skytells.StatusSucceeded {
			pictures = append(pictures, span{job.submitted, job.submitted.Add(job.takes())})
		}
	}
	for what, spans := range map[string][]span{"calls": calls, "predictions": pictures} {
		at, n := busiest(spans)
		v.sums["the most "+what+" of the narrow at the same time"] = n
		allowance := 0
		if what == "calls" {
			allowance = len(v.f.of("api"))*v.diary.happened("switch", "redis", at.Add(-time.Minute), at) + v.diary.happened("start", "api", at.Add(-time.Minute), at)
		}
		if n > atOnce+allowance {
			v.fault("%d %s of the narrow customer were open at %s; the limit is %d and the slack %d", n, what, at.Format(time.TimeOnly), atOnce, allowance)
		}
	}
}

// span is a time.
type span struct{ from, until time.Time }

// busiest finds when the most spans lasted.
func busiest(spans []span) (at time.Time, most int) {
	for _, one := range spans {
		n := 0
		for _, other := range spans {
			if !other.from.After(one.from) && other.until.After(one.from) {
				n++
			}
		}
		if n > most {
			at, most = one.from, n
		}
	}
	return at, most
}

// predictions checks the state, the charge and the webhooks of every prediction.
func (v *verdict) predictions() {
	for _, one := range v.diary.paintings {
		if one.id == "" {
			v.fault("prediction %d was never taken", one.nonce)
			continue
		}
		charged, found := v.lines[one.id]
		want := int64(0)
		if one.status == skytells.StatusSucceeded {
			want = int64(pictureCost) * int64(one.pictures())
		}
		if one.deleted {
			v.sums["predictions deleted"]++
			continue
		}
		v.sums["predictions "+one.status]++
		switch {
		case !skytells.Terminal(one.status):
			v.fault("prediction %s is still %q", one.id, one.status)
		case charged.Amount != want:
			v.fault("prediction %s (%s) was charged %d nano-dollars (%v), not %d", one.id, one.status, charged.Amount, found, want)
		case one.told && v.f.hooks.end(one.id) != one.status:
			v.fault("prediction %s is %s, its receiver was told %q", one.id, one.status, v.f.hooks.end(one.id))
		}
	}
	for id, one := range v.lines {
		if one.Kind == "prediction" && !slices.ContainsFunc(v.paintings(), func(p *painting) bool { return p.id == id && p.who.account == one.Account }) {
			v.fault("%s was charged as a prediction that nobody asked for", id)
		}
	}
	for _, delivery := range v.f.hooks.wrong {
		v.fault("webhook delivery %s has a wrong signature", delivery)
	}
	open := v.f.database.number(`select count(*) from webhook_delivery where state not in ('delivered', 'superseded')`)
	if open > 0 {
		v.fault("%d webhook deliveries have not been delivered", open)
	}
	v.sums["webhooks delivered"] = int(v.f.database.number(`select count(*) from webhook_delivery where state = 'delivered'`))
	v.sums["tries of webhooks"] = int(v.f.database.number(`select count(*) from webhook_attempt`))
}

func (v *verdict) paintings() (all []*painting) {
	for _, one := range v.diary.paintings {
		all = append(all, one)
	}
	return all
}

// lookAtPredictions asks for the state of every prediction, until all have ended.
func (l *load) lookAtPredictions() {
	l.f.t.Helper()
	var all sync.WaitGroup
	places := make(chan struct{}, 8)
	for _, one := range l.diary.paintings {
		if one.id == "" || one.deleted {
			continue
		}
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			deadline := time.Now().Add(patience)
			for time.Now().Before(deadline) {
				p, ok := l.prediction(l.f.t.Context(), one, http.MethodGet, "/v1/predictions/"+one.id, "")
				one.status = strings.Replace(p.Status, "canceled", skytells.StatusCancelled, 1) // as the route spells it
				if !ok || skytells.Terminal(p.Status) || !pause(l.f.t.Context(), 250*time.Millisecond) {
					return
				}
			}
		})
	}
	all.Wait()
}

// awaitWebhooks waits until nothing is left to deliver. The waits between the tries of an
// hour pass at once here: their rows are told that it is time.
func (l *load) awaitWebhooks() {
	l.f.t.Helper()
	await(l.f.t, "every webhook is delivered", func() bool {
		l.hurry(`update webhook_delivery set next_at = (extract(epoch from clock_timestamp()) * 1000000)::bigint
			where state = 'pending' and next_at > (extract(epoch from clock_timestamp()) * 1000000)::bigint`)
		l.hurry(`update river_job set scheduled_at = now() where state in ('scheduled', 'retryable') and scheduled_at > now()
			and kind = 'webhook_deliver'`)
		return l.f.database.number(`select count(*) from webhook_delivery where state in ('pending', 'sending')`) == 0
	}, func() string {
		return fmt.Sprint(rows(l.f.database, pgx.RowToMap, `select state, attempts, next_at, prediction from webhook_delivery where state in ('pending', 'sending') limit 5`),
			rows(l.f.database, pgx.RowToMap, `select kind, state, args, scheduled_at from river_job where state not in ('completed') limit 5`))
	})
}

func (l *load) hurry(statement string) {
	if _, err := l.f.database.pool.Exec(l.f.t.Context(), statement); err != nil {
		l.f.t.Fatal(err)
	}
}

// awaitResponses waits until no response in the background is under way.
func (l *load) awaitResponses() {
	l.f.t.Helper()
	await(l.f.t, "every response in the background ends", func() bool {
		return l.f.database.number(`select count(*) from response where state in ('queued', 'in_progress')`) == 0
	})
}

// uploadsCome looks whether every file that was taken comes back as it went.
func (v *verdict) uploadsCome() {
	v.sums["files uploaded"] = len(v.diary.uploads)
	for _, one := range v.diary.uploads {
		got, err := v.c.send(v.f.t.Context(), v.c.base, one.who.key, http.MethodGet, "/v1/files/"+one.id+"/content", "")
		if err != nil || got.status != http.StatusOK || string(got.body) != one.content {
			v.fault("file %s does not come back as it went: %d %v, %d of %d bytes", one.id, got.status, err, len(got.body), len(one.content))
		}
	}
}

// verifyLedger runs the command that people run.
func (v *verdict) verifyLedger(ctx context.Context) {
	cmd := exec.CommandContext(ctx, shared.program, "ledger", "verify")
	cmd.Dir = v.f.t.TempDir()
	cmd.Env = []string{"HOME=" + cmd.Dir, "SKYTOWER_URL=" + v.c.base, "SKYTOWER_OPERATOR_KEY=" + v.f.operator}
	if out, err := cmd.CombinedOutput(); err != nil {
		v.fault("skytower ledger verify: %v\n%s", err, out)
	}
}

// audit looks at what the stopped processes left, two minutes later: by then nothing may
// be reserved, and no charge may lie in a spool.
func (v *verdict) audit() {
	v.f.t.Helper()
	db := storetest.OpenWith(v.f.t, v.f.database.url(v.f.database.address), store.Options{})
	later := func() time.Time { return time.Now().Add(2 * time.Minute) }
	books := ledger.New(db, ledger.Options{Now: later, DatabaseNow: later})
	if err := books.Expire(v.f.t.Context()); err != nil {
		v.f.t.Fatal(err)
	}
	report, err := books.Verify(v.f.t.Context())
	if err != nil || !report.Clean() {
		v.fault("the ledger is not clean: %v, %v", report.Problems, err)
	}
	for what, query := range map[string]string{
		"live leases": `select count(*) from lease where state = 'live'`,
		"held credit": `select count(*) from purse where held <> 0`,
		"open holds":  `select count(*) from hold h where not exists (select 1 from hold_end e where e.hold = h.id)`,
	} {
		if n := v.f.database.number(query); n != 0 {
			v.fault("%s: %d", what, n)
		}
	}
}
