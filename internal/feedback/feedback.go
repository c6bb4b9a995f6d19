// Package feedback keeps what readers say of the manual's pages: helpful or not, and
// a note.
//
// It refuses to know who they are: a voter is a digest of an address and of a secret,
// made here and never told. Its invariant: one vote for a voter and a page, so that a
// second one changes the first.
package feedback

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"skytower/internal/fault"
	"skytower/internal/secret"
	"skytower/internal/store"
)

// Bounds of a vote, and of one voter.
const (
	MaxNote  = 1000 // characters
	maxVotes = 30   // of one voter in an hour
	maxNotes = 10   // shown of a page
	maxPages = 1000 // in a tally
)

// Vote is what a reader says of a page.
type Vote struct {
	Page   string // its path
	Useful bool
	Note   string
}

// Note is what a reader wrote.
type Note struct {
	Text   string
	Useful bool
	At     time.Time
}

// Tally is what all readers said of a page.
type Tally struct {
	Page              string
	Useful, NotUseful int64
	Last              time.Time
	Notes             []Note // the newest, newest first
}

// Options are what the room works with.
type Options struct {
	DB     *store.DB
	Voters *secret.Signer   // makes digests of voters
	Now    func() time.Time // nil: time.Now
}

// Service keeps votes.
type Service struct{ o Options }

// New returns the room.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{o: o}
}

// Vote keeps a vote, in place of the voter's earlier one about the page. Address is the
// caller's; callers check that the page exists.
func (s *Service) Vote(ctx context.Context, address string, v Vote) error {
	v.Note = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(v.Note, ""), "\x00", ""))
	if utf8.RuneCountInString(v.Note) > MaxNote {
		return fault.Invalid("note", "'note' may have at most %d characters.", MaxNote)
	}
	voter, earlier := s.voter(address)
	now := s.o.Now()
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		var recent int
		since := store.Micros(now.Add(-time.Hour))
		if err := tx.QueryRow(ctx, `select count(*) from page_vote where at > $1 and voter = $2 and page <> $3`, since, voter, v.Page).Scan(&recent); err != nil {
			return err
		}
		if recent >= maxVotes {
			return &fault.Error{ID: fault.RateLimitExceeded, RetryAfter: time.Hour, Message: "Many answers came from your address.", Details: "Try again in an hour."}
		}
		for _, one := range earlier { // their vote from before the master key changed
			if _, err := tx.Exec(ctx, `delete from page_vote where page = $1 and voter = $2`, v.Page, one); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `insert into page_vote (page, voter, useful, note, at) values ($1, $2, $3, $4, $5)
			on conflict (page, voter) do update set useful = excluded.useful, note = excluded.note, at = excluded.at`,
			v.Page, voter, v.Useful, v.Note, store.Micros(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep a vote: %w", err)
	}
	return nil
}

// voter is the digest of an address; of IPv6, of the network of 64 bits, all of which
// one reader may have. Earlier are the same by master keys before the current one.
func (s *Service) voter(address string) (digest string, earlier []string) {
	const network = 64
	if a, err := netip.ParseAddr(address); err == nil {
		a = a.Unmap().WithZone("")
		address = a.String()
		if p, err := a.Prefix(network); err == nil && a.Is6() {
			address = p.String()
		}
	}
	const kept = 16 // bytes
	message := []byte("page vote\x00" + address)
	for _, one := range s.o.Voters.Earlier(message) {
		earlier = append(earlier, hex.EncodeToString(one[:kept]))
	}
	return hex.EncodeToString(s.o.Voters.Sign(message)[:kept]), earlier
}

// Tally adds the votes up by page, those with most complaints first.
func (s *Service) Tally(ctx context.Context) ([]Tally, error) {
	var out []Tally
	err := s.o.DB.Read(ctx, func(tx *store.Tx) error {
		out = nil
		at := map[string]int{}
		err := tx.Each(ctx, `select page, sum(case when useful then 1 else 0 end), sum(case when useful then 0 else 1 end) as bad, max(at)
			from page_vote group by page order by bad desc, page limit $1`, func(scan func(...any) error) error {
			var t Tally
			var last int64
			err := scan(&t.Page, &t.Useful, &t.NotUseful, &last)
			t.Last = store.Time(last)
			at[t.Page] = len(out)
			out = append(out, t)
			return err
		}, maxPages)
		if err != nil {
			return err
		}
		return notes(ctx, tx, func(page string, n Note) {
			if i, ok := at[page]; ok {
				out[i].Notes = append(out[i].Notes, n)
			}
		})
	})
	if err != nil {
		return nil, fmt.Errorf("add up votes: %w", err)
	}
	return out, nil
}

// notes gives the newest notes of every page.
func notes(ctx context.Context, tx *store.Tx, add func(page string, n Note)) error {
	return tx.Each(ctx, `select page, useful, note, at from (
			select page, useful, note, at, row_number() over (partition by page order by at desc, voter) as place from page_vote where note <> ''
		) as numbered where place <= $1 order by page, place`, func(scan func(...any) error) error {
		var page string
		var n Note
		var at int64
		if err := scan(&page, &n.Useful, &n.Text, &at); err != nil {
			return err
		}
		n.At = store.Time(at)
		add(page, n)
		return nil
	}, maxNotes)
}
