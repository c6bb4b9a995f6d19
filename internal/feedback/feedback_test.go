package feedback_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/feedback"
	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestOneVoteForAVoterAndAPage(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		now := time.Date(2026, 11, 26, 4, 0, 0, 0, time.UTC)
		s := feedback.New(feedback.Options{DB: db, Voters: voters(t, 7), Now: func() time.Time { return now }})
		for _, v := range []struct {
			address string
			vote    feedback.Vote
		}{
			{"192.0.2.1", feedback.Vote{Page: "/docs", Useful: false, Note: " wrong "}},
			{"192.0.2.1", feedback.Vote{Page: "/docs", Useful: true}}, // changed
			{"192.0.2.2", feedback.Vote{Page: "/docs", Useful: false, Note: "a word is missing"}},
			{"2001:db8::1", feedback.Vote{Page: "/docs/keys", Useful: true}},
			{"2001:db8::2", feedback.Vote{Page: "/docs/keys", Useful: false}}, // the same network
		} {
			if err := s.Vote(t.Context(), v.address, v.vote); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Tally(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := []feedback.Tally{
			{Page: "/docs", Useful: 1, NotUseful: 1, Last: now, Notes: []feedback.Note{{Text: "a word is missing", At: now}}},
			{Page: "/docs/keys", NotUseful: 1, Last: now},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestVotesAreBounded(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		now := time.Date(2026, 11, 26, 4, 0, 0, 0, time.UTC)
		s := feedback.New(feedback.Options{DB: db, Voters: voters(t, 7), Now: func() time.Time { return now }})
		if err := s.Vote(t.Context(), "192.0.2.1", feedback.Vote{Page: "/docs", Note: strings.Repeat("ä", feedback.MaxNote+1)}); !fault.Is(err, fault.InvalidParameter) {
			t.Errorf("a long note: %v", err)
		}
		kept := 0
		for i := range 40 {
			err := s.Vote(t.Context(), "192.0.2.1", feedback.Vote{Page: "/docs/" + strings.Repeat("x", i+1), Useful: true})
			if err == nil {
				kept++
			} else if !fault.Is(err, fault.RateLimitExceeded) {
				t.Fatal(err)
			}
		}
		if err := s.Vote(t.Context(), "192.0.2.9", feedback.Vote{Page: "/docs"}); kept != 30 || err != nil {
			t.Errorf("%d votes were kept; another voter: %v", kept, err)
		}
		now = now.Add(2 * time.Hour)
		if err := s.Vote(t.Context(), "192.0.2.1", feedback.Vote{Page: "/docs/late"}); err != nil {
			t.Errorf("later: %v", err)
		}
	})
}

// voters makes digests by the first of the keys; the others are earlier ones.
func voters(t *testing.T, fill ...byte) *secret.Signer {
	t.Helper()
	var keys []secret.MasterKey
	for _, b := range fill {
		key, err := secret.NewMasterKey(bytes.Repeat([]byte{b}, secret.Size))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	s, err := secret.NewRing(keys[0], keys[1:]...).Signer(secret.Sessions)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A voter stays one when the master key changes.
func TestVoteUnderANewMasterKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for _, keys := range [][]byte{{7}, {8, 7}} {
			s := feedback.New(feedback.Options{DB: db, Voters: voters(t, keys...)})
			if err := s.Vote(t.Context(), "192.0.2.1", feedback.Vote{Page: "/docs", Useful: len(keys) > 1}); err != nil {
				t.Fatal(err)
			}
			got, err := s.Tally(t.Context())
			if err != nil || len(got) != 1 || got[0].Useful+got[0].NotUseful != 1 || (got[0].Useful == 1) != (len(keys) > 1) {
				t.Errorf("with %d keys: %+v, %v", len(keys), got, err)
			}
		}
	})
}
