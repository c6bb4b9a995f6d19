package app_test

import (
	"net/http"
	"strconv"
	"testing"

	"skytower/internal/provider/faultsite"
	"skytower/internal/skytells"
)

// shared is a server with one model, before the sites of these faults.
func shared(t *testing.T, flags map[string]string, faults []string, targets func(int, *skytells.TargetSpec)) (*server, []*faultsite.Site) {
	t.Helper()
	s := start(t, options{flags: flags})
	known := map[string]faultsite.Fault{}
	for _, f := range faultsite.All() {
		known[f.Name] = f
	}
	m := skytells.ModelSpec{Slug: chatModel, Type: "text", API: "chat", Free: true}
	res := skytells.Resources{}
	var sites []*faultsite.Site
	for i, fault := range faults {
		site := faultsite.New(t, known[fault], soundAnswer)
		sites = append(sites, site)
		name := "site-" + strconv.Itoa(i)
		res.Providers = append(res.Providers, faultProviders(name, site)[0])
		target := skytells.TargetSpec{Provider: name + "-chat", Model: upChat}
		targets(i, &target)
		m.Targets = append(m.Targets, target)
	}
	res.Models = append(res.Models, m)
	if _, err := s.admin().Apply(t.Context(), skytells.ApplyRequest{Source: "test", Resources: res}); err != nil {
		t.Fatal(err)
	}
	return s, sites
}

func inOrder(i int, target *skytells.TargetSpec) { target.Priority = i }

// Targets of one priority share the requests by their weights, in each round of them.
func TestSharesFollowWeights(t *testing.T) {
	t.Parallel()
	s, sites := shared(t, nil, []string{"sound", "sound"}, func(i int, target *skytells.TargetSpec) { target.Weight = 3 - 2*i })
	for n := 1; n <= 40; n++ {
		if r := s.post(chatPath, chatBody); r.status != http.StatusOK {
			t.Fatalf("%d %s", r.status, r.body)
		}
		if a, b := sites[0].Requests(""), sites[1].Requests(""); n%4 == 0 && (a != 3*n/4 || b != n/4) {
			t.Fatalf("after %d requests: %d and %d", n, a, b)
		}
	}
}

// A target that asks to be left alone rests while another one serves.
func TestABusyTargetRests(t *testing.T) {
	t.Parallel()
	s, sites := shared(t, nil, []string{"status-429-long", "sound"}, inOrder)
	for n := 1; n <= 3; n++ {
		if r := s.post(chatPath, chatBody); r.status != http.StatusOK {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
	if a, b := sites[0].Requests(""), sites[1].Requests(""); a != 1 || b != 3 {
		t.Errorf("the busy one got %d requests, the other %d", a, b)
	}
}

// A target that fails again and again is left out.
func TestABrokenTargetIsLeftOut(t *testing.T) {
	t.Parallel()
	s, sites := shared(t, map[string]string{"breaker-failures": "3", "breaker-open": "1h"}, []string{"status-500", "sound"}, inOrder)
	for range 8 {
		if r := s.post(chatPath, chatBody); r.status != http.StatusOK {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
	if a, b := sites[0].Requests(""), sites[1].Requests(""); a != 3 || b != 8 {
		t.Errorf("the broken one got %d requests, the other %d", a, b)
	}
}

// The only target that rests is not asked on behalf of everybody: callers hear when to
// come again.
func TestTheOnlyTargetIsBusy(t *testing.T) {
	t.Parallel()
	s, _ := shared(t, nil, []string{"status-429-long"}, inOrder)
	for range 3 {
		r := s.post(chatPath, chatBody)
		e := inferenceError(t, "busy", r)
		after, err := strconv.Atoi(r.header.Get("Retry-After"))
		if e.ErrorID != "INFERENCE_RATE_LIMITED" || err != nil || after < 1 || after > 60 {
			t.Errorf("%d %v %s", r.status, r.header, r.body)
		}
	}
}
