// Package infer holds the rows of the inference routes: chat completions, responses,
// embeddings (contract sections 7 and 8) and Anthropic's messages.
//
// A handler reads the body once, has it parsed, makes one call into package
// inference, and is the sink of its answer. It never decodes a body.
package infer

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/archive"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/inference"
)

// Service is what serves a call.
type Service interface {
	Do(context.Context, account.Principal, *inference.Request, inference.Sink) (inference.Result, error)
	CountMessage(context.Context, account.Principal, *inference.Request) (inference.Counted, error)
}

// Handlers holds what the routes need.
type Handlers struct {
	Service   Service
	Parser    *inference.Parser
	MaxBody   int64         // bytes of a request body
	KeepAlive time.Duration // silence after which a stream gets a comment
	// Surface is where these routes are served: limit.Standard, also if empty, or limit.Edge.
	Surface string
	// MaxStream is how long a stream may take as a whole; 0: no bound.
	MaxStream time.Duration
	// Stored and Follower serve stored responses; where Stored is nil, there are none.
	Stored   Stored
	Follower Follower
	// OpenStreams counts the streams that are open; it may be nil.
	OpenStreams Gauge
	// Bodies takes down the bodies of requests, for accounts that asked for it; nil: nobody's.
	Bodies Keeper
}

// Keeper takes down the bodies of a request.
type Keeper interface {
	Begin(request, account string, keep time.Duration, body []byte) *archive.Exchange
}

// Gauge goes up and down.
type Gauge interface {
	Inc()
	Dec()
}

// Rows are the routes of the surface.
func (h *Handlers) Rows() []api.Route {
	rows := []api.Route{h.chatRow(), h.responsesRow(), h.messagesRow(), h.countRow(), h.embeddingsRow()}
	if h.Stored != nil {
		rows = append(rows, h.storedRows()...)
	}
	return rows
}

// serve makes the handler of one API.
func (h *Handlers) serve(kind inference.API) func(*httpx.Call, account.Principal) error {
	return func(c *httpx.Call, who account.Principal) error {
		body, err := c.Body(h.MaxBody)
		if err != nil {
			return err
		}
		kept := h.keep(c, who, body)
		defer kept.End()
		req, err := h.Parser.Parse(kind, body, streamQuery(c.Request.URL))
		if err != nil {
			refused(kept, c, kind, err)
			return err
		}
		if req.Cache, err = cacheWish(c.Request.Header); err != nil {
			refused(kept, c, kind, err)
			return err
		}
		req.ID, req.Header, req.MaxStream = c.Record.ID, forwarded(c.Request.Header, kind), h.MaxStream
		if kind == inference.Messages {
			api.NameRequest(c.Header(), c.Record.ID)
		}
		if h.Surface != "" {
			req.Surface = h.Surface
		}
		return h.do(c, who, req, kept)
	}
}

// keep begins to take down the bodies, where the account asked for it; nil: it did not.
func (h *Handlers) keep(c *httpx.Call, who account.Principal, body []byte) *archive.Exchange {
	if who.KeepBodies <= 0 || h.Bodies == nil {
		return nil
	}
	return h.Bodies.Begin(c.Record.ID, who.Account, who.KeepBodies, body)
}

// refused takes down an answer that is an error.
func refused(kept *archive.Exchange, c *httpx.Call, kind inference.API, err error) {
	if kept == nil {
		return
	}
	var told any
	if f := fault.From(err); kind == inference.Messages {
		told = api.NewMessagesEnvelope(f, c.Record.ID)
	} else {
		told = api.InferenceEnvelope(f, c.Record.ID)
	}
	if body, err := json.Marshal(told); err == nil {
		kept.Answer(body)
	}
}

func (h *Handlers) do(c *httpx.Call, who account.Principal, req *inference.Request, kept *archive.Exchange) error {
	s := &sink{call: c, stream: req.Stream, keepAlive: h.KeepAlive, kept: kept}
	defer s.close()
	if req.Stream && !req.DryRun && h.OpenStreams != nil {
		h.OpenStreams.Inc()
		defer h.OpenStreams.Dec()
	}
	result, err := h.Service.Do(c.Request.Context(), who, req, s)
	record(&c.Record, result)
	if err == nil {
		return nil
	}
	// No comment may open the stream between the question and the answer to it.
	s.close()
	if s.begun() {
		s.failInBand(err, req.API)
	} else {
		s.withdraw()
		refused(kept, c, req.API, err)
	}
	return err
}

// streamQuery reads `?stream=true` (contract 7.1).
func streamQuery(u *url.URL) bool {
	return u.RawQuery != "" && u.Query().Get("stream") == "true"
}

// passed are the caller's headers that go upstream. Everything else stays here:
// keys, cookies, forwarding chains.
func passed() [2]string { return [...]string{"Openai-Beta", "Accept-Language"} }

// passedMessages are those of Anthropic's API.
func passedMessages() [3]string {
	return [...]string{"Anthropic-Version", "Anthropic-Beta", "Accept-Language"}
}

func forwarded(h http.Header, kind inference.API) http.Header {
	if kind == inference.Messages {
		names := passedMessages()
		return chosen(h, names[:])
	}
	names := passed()
	return chosen(h, names[:])
}

func chosen(h http.Header, names []string) http.Header {
	var out http.Header
	for _, name := range names {
		if v := h[name]; v != nil {
			if out == nil {
				out = http.Header{}
			}
			out[name] = v
		}
	}
	return out
}

// cacheWish reads what the caller wants of the answer cache.
func cacheWish(h http.Header) (inference.CacheWish, error) {
	v := h[inference.CacheHeader]
	if v == nil {
		return inference.CacheWish{}, nil
	}
	return inference.ParseCacheWish(v[0])
}

func record(r *httpx.Record, result inference.Result) {
	r.Model, r.Target = result.Model, result.Target
	r.TokensIn, r.TokensOut = result.Usage.Input, result.Usage.Output
	r.Charged, r.Outcome = int64(result.Charged), string(result.Outcome)
}

// errors of every inference route, for the document.
func routeErrors(more ...fault.ID) []fault.ID {
	return append([]fault.ID{
		fault.Unauthorized, fault.AccountSuspended, fault.PaymentRequired, fault.InsufficientCredits, fault.Forbidden, fault.ModelNotFound, fault.InvalidRequest,
		fault.InvalidParameter, fault.ModelNotSupported, fault.RateLimited, fault.InferenceRateLimited,
		fault.InternalError, fault.InferenceError, fault.ServiceUnavailable, fault.InferenceTimeout,
	}, more...)
}
