package scale

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	"skytower/internal/skytells"
)

// hooks is a receiver of webhooks. It refuses some deliveries once.
type hooks struct {
	mu      sync.Mutex
	secrets map[string]string // of an account, by the path that its webhooks come to
	told    map[string][]told // what was taken, by prediction
	refused map[string]bool   // by delivery
	wrong   []string          // deliveries that were not signed right
}

// told is a delivery that was taken.
type told struct {
	delivery, event, status string
}

func newHooks() *hooks {
	return &hooks{secrets: map[string]string{}, told: map[string][]told{}, refused: map[string]bool{}}
}

func (h *hooks) expect(path, secret string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.secrets[path] = secret
}

func (h *hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // it never came whole
	}
	delivery := r.Header.Get("X-Skytells-Delivery")
	var p skytells.Prediction
	h.mu.Lock()
	defer h.mu.Unlock()
	mac := hmac.New(sha256.New, []byte(h.secrets[r.URL.Path]))
	mac.Write(body)
	if json.Unmarshal(body, &p) != nil || hex.EncodeToString(mac.Sum(nil)) != r.Header.Get("X-Skytells-Signature") {
		h.wrong = append(h.wrong, delivery)
	}
	// One in five is refused once: by its name, so that the same ones are in each run.
	if sum := sha256.Sum256([]byte(delivery)); sum[0]%5 == 0 && !h.refused[delivery] {
		h.refused[delivery] = true
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h.told[p.ID] = append(h.told[p.ID], told{delivery, r.Header.Get("X-Skytells-Event"), p.Status})
}

// end is the status that a prediction's last word had; "" where it was not told.
func (h *hooks) end(id string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range h.told[id] {
		if skytells.Terminal(one.status) {
			return strings.Replace(one.status, "canceled", skytells.StatusCancelled, 1)
		}
	}
	return ""
}
