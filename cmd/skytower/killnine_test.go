package main

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// TestKillNine kills a server under mixed load (plain calls, streams, predictions) at
// random moments, on PostgreSQL also while the database is away. The client keeps its own
// record: every answer that it got to the end is charged exactly once, other charges
// belong to what was open at a kill, and nothing stays reserved.
func TestKillNine(t *testing.T) {
	t.Parallel()
	program := buildProgram(t)
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, program, engine, 1, "--egress-allow", "127.0.0.0/8", "--prediction-concurrency", "20", "--retention", "0")
			f.grant(f.account, "10000")
			m := &mixed{f: f, random: rand.New(rand.NewPCG(5, 2026)), done: map[string]int64{}, predictions: map[string]bool{}}
			rounds := killRounds(2, 30)
			for range rounds {
				m.round()
				f.verify()
			}
			m.finishPredictions()
			f.verify()
			f.stop()
			m.check(rounds)
			f.audit()
		})
	}
}

// mixed is the load and what its client knows.
type mixed struct {
	f      *fleet
	random *rand.Rand

	mu          sync.Mutex
	done        map[string]int64 // nano-dollars, by the id of a request that was answered to its end
	predictions map[string]bool
	open        int // requests that were open at a kill
}

// price of a token and of a picture of the fleet's models, in nano-dollars.
const (
	tokenNanos   = 100_000
	pictureNanos = 30_000_000
)

// round loads the server from many sides, kills it after a number of answers, and starts
// it again.
func (m *mixed) round() {
	m.f.t.Helper()
	const callers = 24
	var all sync.WaitGroup
	stop := make(chan struct{})
	answers := make(chan struct{}, 10_000)
	for i := range callers {
		random := rand.New(rand.NewPCG(uint64(i), m.random.Uint64()))
		all.Go(func() { m.call(random, stop, answers) })
	}
	m.killAfter(50+m.random.IntN(400), answers)
	close(stop)
	all.Wait()
	if m.f.away != nil {
		m.f.away.set(false)
	}
	m.f.start(m.f.nodes[0])
}

// killAfter waits for some answers, takes the database away in some rounds, waits for a
// few more, and kills.
func (m *mixed) killAfter(n int, answers <-chan struct{}) {
	m.f.t.Helper()
	for range n {
		m.answered(answers)
	}
	if m.f.away != nil && m.random.IntN(2) == 0 {
		m.f.away.set(true)
		for range m.random.IntN(100) {
			m.answered(answers)
		}
	}
	end(m.f.nodes[0].cmd)
}

func (m *mixed) answered(answers <-chan struct{}) {
	select {
	case <-answers:
	case <-time.After(patience):
		m.f.t.Fatalf("the answers stopped\n%s", m.f.nodes[0].out)
	}
}

// call makes calls until it is told to stop, or the server is gone.
func (m *mixed) call(random *rand.Rand, stop <-chan struct{}, answers chan<- struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		var whole bool
		switch random.IntN(3) {
		case 0:
			whole = m.chat(1+random.IntN(20), false)
		case 1:
			whole = m.chat(1+random.IntN(600), true)
		default:
			whole = m.predict()
		}
		if !whole {
			m.mu.Lock()
			m.open++
			m.mu.Unlock()
			return
		}
		select {
		case answers <- struct{}{}:
		default:
		}
	}
}

// chat makes one call and reports whether its answer came to its end, if only as a
// refusal.
func (m *mixed) chat(tokens int, stream bool) bool {
	body := chat(tokens)
	if stream {
		body = strings.Replace(body, `{`, `{"stream":true,`, 1)
	}
	status, answer, id, err := m.f.sendNamed(m.f.nodes[0], m.f.key, http.MethodPost, "/v1/chat/completions", body)
	switch {
	case err != nil:
		return false
	case status == http.StatusServiceUnavailable:
		return true
	case status != http.StatusOK:
		m.f.t.Errorf("%d: %.300s", status, answer)
		return true
	case stream && !strings.Contains(answer, `"finish_reason":"stop"`):
		// An error in band: the charge could not be written. It may be there.
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done[id] = int64(tokens) * tokenNanos
	return true
}

func (m *mixed) predict() bool {
	status, answer, err := m.f.send(m.f.nodes[0], m.f.key, http.MethodPost, "/v1/predictions", `{"model":"painter","input":{"prompt":"x"}}`)
	if err != nil {
		return false
	}
	if status != http.StatusOK && status != http.StatusCreated {
		if status != http.StatusServiceUnavailable && status != http.StatusInternalServerError {
			m.f.t.Errorf("%d: %.300s", status, answer)
		}
		return true
	}
	var p skytells.Prediction
	if err := json.Unmarshal([]byte(answer), &p); err != nil || p.ID == "" {
		m.f.t.Errorf("%v: %s", err, answer)
		return true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.predictions[p.ID] = false
	return true
}

// finishPredictions waits for the ends of all predictions, those of dead processes
// included.
func (m *mixed) finishPredictions() {
	m.f.t.Helper()
	for id := range m.predictions {
		m.f.await("a prediction ended", func() bool {
			_, answer, err := m.f.send(m.f.nodes[0], m.f.key, http.MethodGet, "/v1/predictions/"+id, "")
			var p skytells.Prediction
			if err != nil || json.Unmarshal([]byte(answer), &p) != nil || !skytells.Terminal(p.Status) {
				return false
			}
			m.predictions[id] = p.Status == skytells.StatusSucceeded
			if p.Status == skytells.StatusSucceeded && p.Metadata.Billing.CreditsUsed != 0.03 {
				m.f.t.Errorf("prediction %s shows %v as its charge", id, p.Metadata.Billing.CreditsUsed)
			}
			return true
		})
	}
}

// check compares the charges with the client's record.
func (m *mixed) check(kills int) {
	m.f.t.Helper()
	charged := m.charges()
	for id, amount := range m.done {
		if got, ok := charged[id]; !ok || got != amount {
			m.f.t.Errorf("request %s was answered and owes %d; charged: %d, %v", id, amount, got, ok)
		}
		delete(charged, id)
	}
	paid := 0
	for id, succeeded := range m.predictions {
		got := charged[id]
		if succeeded && got != pictureNanos || !succeeded && got != 0 {
			m.f.t.Errorf("prediction %s (succeeded: %v) was charged %d", id, succeeded, got)
		}
		if succeeded {
			paid++
		}
		delete(charged, id)
	}
	if len(charged) > m.open {
		m.f.t.Errorf("%d charges of nobody's, %d requests were open at the kills", len(charged), m.open)
	}
	m.f.t.Logf("%d kills: %d answers and %d predictions charged once each, %d of %d open requests charged", kills, len(m.done), paid, len(charged), m.open)
}

// charges are all charge lines with an amount, by request.
func (m *mixed) charges() map[string]int64 {
	m.f.t.Helper()
	db := storetest.OpenWith(m.f.t, m.f.database, store.Options{})
	charged := map[string]int64{}
	err := db.Read(m.f.t.Context(), func(tx *store.Tx) error {
		return tx.Each(m.f.t.Context(), `select request, amount from charge_line where amount > 0`, func(scan func(...any) error) error {
			var id string
			var amount int64
			err := scan(&id, &amount)
			charged[id] = amount
			return err
		})
	})
	if err != nil {
		m.f.t.Fatal(err)
	}
	return charged
}
