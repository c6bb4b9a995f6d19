package app_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/provider/providertest"
)

// Every request leaves a row, and every answer a charge; this test makes one of
// each kind and reads both tables.
func TestRecordsOfRequests(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	up := s.withUpstream()
	account := s.onlyAccount()

	up.On(chatPath, jsonScript(chatAnswer))
	plain := s.post(chatPath, chatBody)

	up.On(chatPath, providertest.Events(piece("Hel"), piece("lo"), lastPiece, usagePiece, donePiece))
	res, in := s.open(t.Context(), chatPath, streamBody)
	in.all()
	stream := res.Header.Get("X-Request-Id")

	up.On(chatPath, providertest.Events(piece("12345678"), piece("9"), lastPiece, donePiece)) // reports no usage
	res, in = s.open(t.Context(), chatPath, streamBody)
	in.all()
	counted := res.Header.Get("X-Request-Id")

	left := make(chan struct{})
	up.On(chatPath, func(x *providertest.Exchange) {
		x.Head(200, "Content-Type", "text/event-stream")
		x.Say(piece("12345678"))
		x.Left()
		close(left)
	})
	ctx, leave := context.WithCancel(t.Context())
	res, in = s.open(ctx, chatPath, streamBody)
	in.next()
	leave()
	await(t, "the upstream's call ends", left)
	hungUp := res.Header.Get("X-Request-Id")

	up.On(chatPath, providertest.Events(piece("12345678"))) // cut
	res, in = s.open(t.Context(), chatPath, streamBody)
	in.all()
	cut := res.Header.Get("X-Request-Id")

	up.On(chatPath, providertest.JSON(500, `{}`))
	failed := s.post(chatPath, chatBody)
	up.On(embedPath, jsonScript(embedAnswer))
	embedded := s.post(embedPath, embedBody)
	alias := strings.Replace(chatBody, chatModel, "tower-alias", 1)
	up.On(chatPath, jsonScript(chatAnswer))
	aliased := s.post(chatPath, alias)
	models := s.call(http.MethodGet, "/v1/models", "")
	unknown := s.do(s.request(http.MethodGet, "/v1/none?secret=1", ""))

	names := map[string]string{
		plain.id(): "plain", stream: "stream", counted: "counted", hungUp: "hung up", cut: "cut", failed.id(): "failed",
		embedded.id(): "embedded", aliased.id(): "aliased", models.id(): "models", unknown.id(): "unknown",
	}
	target, embedTarget := "mock/"+upChat, "mock/"+upEmbed
	in4 := strconv.Itoa(len(streamBody) / 4)

	// request, account, model, target, tokens in, out, cached, reasoning, counted, outcome, amount, price
	charges := map[string][]string{}
	for _, row := range s.rows("select request, account, model, target, units_in, units_out, units_cached, units_reasoning, counted, outcome, amount, price_version from charge_line") {
		charges[names[row[0]]] = row[1:]
	}
	wantCharges := map[string][]string{
		"plain":    {account, chatModel, target, "11", "4", "3", "1", "0", "ok", "0", "0"},
		"aliased":  {account, chatModel, target, "11", "4", "3", "1", "0", "ok", "0", "0"},
		"stream":   {account, chatModel, target, "11", "4", "0", "0", "0", "ok", "0", "0"},
		"counted":  {account, chatModel, target, in4, "3", "0", "0", "1", "ok", "0", "0"},
		"hung up":  {account, chatModel, target, in4, "2", "0", "0", "1", "hang_up", "0", "0"},
		"cut":      {account, chatModel, target, in4, "2", "0", "0", "1", "cut", "0", "0"},
		"embedded": {account, embedModel, embedTarget, "2", "0", "0", "0", "0", "ok", "0", "0"},
	}
	for _, rows := range []map[string][]string{charges, wantCharges} {
		for name, row := range rows {
			row[7] = map[string]string{"0": "no", "false": "no", "1": "yes", "true": "yes"}[row[7]]
			rows[name] = row
		}
	}
	if diff := cmp.Diff(wantCharges, charges); diff != "" {
		t.Errorf("charges (-want +got):\n%s", diff)
	}

	log := map[string][]string{}
	sizes := map[string][]string{}
	for _, row := range s.rows("select request, method, route, status, outcome, error_id, account, model, target, tokens_in, tokens_out, streamed, client, path, bytes_in, bytes_out, first_byte, duration, api_key from request_log") {
		if names[row[0]] != "" {
			log[names[row[0]]], sizes[names[row[0]]] = row[1:14], row[14:]
		}
	}
	yes, no := log["stream"][10], log["plain"][10]
	inference := func(route, status, outcome, id, model, target, in, out, streamed string) []string {
		return []string{"POST", route, status, outcome, id, account, model, target, in, out, streamed, "127.0.0.1", route}
	}
	want := map[string][]string{
		"plain":    inference(chatPath, "200", "ok", "", chatModel, target, "11", "4", no),
		"aliased":  inference(chatPath, "200", "ok", "", chatModel, target, "11", "4", no),
		"stream":   inference(chatPath, "200", "ok", "", chatModel, target, "11", "4", yes),
		"counted":  inference(chatPath, "200", "ok", "", chatModel, target, in4, "3", yes),
		"hung up":  inference(chatPath, "200", "hang_up", log["hung up"][4], chatModel, target, in4, "2", yes),
		"cut":      inference(chatPath, "200", "cut", "INFERENCE_ERROR", chatModel, target, in4, "2", yes),
		"failed":   inference(chatPath, "500", "error", "INFERENCE_ERROR", chatModel, target, "0", "0", no),
		"embedded": inference(embedPath, "200", "ok", "", embedModel, embedTarget, "2", "0", no),
		"models":   {"GET", "/v1/models", "200", "ok", "", account, "", "", "0", "0", no, "127.0.0.1", "/v1/models"},
		"unknown":  {"GET", "unknown", "404", "error", "ENDPOINT_NOT_FOUND", "", "", "", "0", "0", no, "127.0.0.1", "/v1/none"},
	}
	if diff := cmp.Diff(want, log); diff != "" || yes == no {
		t.Errorf("request log (-want +got):\n%s", diff)
	}
	for name, size := range sizes {
		bytesOut, _ := strconv.Atoi(size[1])
		first, _ := strconv.Atoi(size[2])
		duration, _ := strconv.Atoi(size[3])
		if bytesOut <= 0 || first <= 0 || duration < first {
			t.Errorf("%s: %d bytes, first after %d µs of %d", name, bytesOut, first, duration)
		}
		if (size[4] == "") != (name == "unknown") {
			t.Errorf("%s: key %q", name, size[4])
		}
	}
	if sizes["plain"][0] != strconv.Itoa(len(chatBody)) || sizes["plain"][1] != strconv.Itoa(len(plain.body)) {
		t.Errorf("plain: %v bytes in and out, want %d and %d", sizes["plain"], len(chatBody), len(plain.body))
	}
}

func (r reply) id() string { return r.header.Get("X-Request-Id") }

// onlyAccount is the id of the account that the first start made.
func (s *server) onlyAccount() string {
	s.t.Helper()
	accounts, err := s.admin().Accounts(s.t.Context())
	if err != nil || len(accounts) != 1 {
		s.t.Fatalf("got %v, %v", accounts, err)
	}
	return accounts[0].ID
}
