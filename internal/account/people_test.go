package account

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

const goodPassword = "correct horse battery"

// people is a service whose clock the test moves.
func people(t testing.TB, db *store.DB) (*Service, *clock) {
	t.Helper()
	c := &clock{at: time.Now()}
	return NewService(db, ServiceOptions{Now: c.now, Concurrency: 10}), c
}

func here() Where { return Where{Address: "203.0.113.7", Agent: "Browser"} }

// signUp makes a person with an account, and the seat of its owner.
func signUp(t testing.TB, s *Service, email string) (Person, Seat, string) {
	t.Helper()
	p, err := s.SignUp(t.Context(), PersonRequest{Name: "Ada", Email: email, Password: goodPassword}, Where{})
	wantFault(t, err, "")
	raw, v := signedIn(t, s, p)
	if len(v.Seats) != 1 || v.Seats[0].Role != RoleOwner || v.Operator.ID != "" {
		t.Fatalf("visitor is %+v", v)
	}
	return p, v.Seats[0], raw
}

func signedIn(t testing.TB, s *Service, p Person) (string, Visitor) {
	t.Helper()
	raw, _, err := s.StartSession(t.Context(), p.ID, here())
	wantFault(t, err, "")
	v, err := s.Session(t.Context(), raw, here())
	wantFault(t, err, "")
	return raw, v
}

// joined makes a member of the seat's account whom a new person is.
func joined(t testing.TB, s *Service, owner Seat, email string, role MemberRole) (Person, Seat, Visitor) {
	t.Helper()
	m, err := s.AddSeatMember(t.Context(), owner, skytells.MemberRequest{Email: email, Role: string(role)})
	wantFault(t, err, "")
	token, _, err := s.InviteSeatMember(t.Context(), owner, m.ID)
	wantFault(t, err, "")
	p, err := s.Accept(t.Context(), token, PersonRequest{Name: "Bob", Password: goodPassword}, "", here())
	wantFault(t, err, "")
	_, v := signedIn(t, s, p)
	seat, ok := v.Seat(owner.Account)
	if !ok || seat.Role != role || seat.Member != m.ID {
		t.Fatalf("visitor is %+v", v)
	}
	return p, seat, v
}

// setUp makes the first operator.
func setUp(t testing.TB, s *Service) (Person, Visitor) {
	t.Helper()
	token, needed, err := s.SetupLink(t.Context())
	wantFault(t, err, "")
	if !needed {
		t.Fatal("no set-up needed")
	}
	p, err := s.SetUp(t.Context(), token, PersonRequest{Name: "Op", Email: "op@example.com", Password: goodPassword}, here())
	wantFault(t, err, "")
	_, v := signedIn(t, s, p)
	return p, v
}

func TestSetUp(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, clock := people(t, db)
		first, _, err := s.Bootstrap(t.Context(), nil) // as versions before left it
		wantFault(t, err, "")
		old, _, err := s.SetupLink(t.Context())
		wantFault(t, err, "")
		late, _, err := s.SetupLink(t.Context())
		wantFault(t, err, "")
		r := PersonRequest{Name: "Op", Email: "OP@example.com", Password: goodPassword}
		_, err = s.SetUp(t.Context(), old, r, here()) // replaced
		wantFault(t, err, fault.InvalidParameter)
		clock.add(setupLives)
		_, err = s.SetUp(t.Context(), late, r, here()) // expired
		wantFault(t, err, fault.InvalidParameter)
		p, v := setUp(t, s)
		if v.Operator.Role != RoleOperator || len(v.Seats) != 1 || v.Seats[0].Account != first.Account.ID || v.Seats[0].Role != RoleOwner {
			t.Errorf("visitor is %+v", v)
		}
		if _, needed, err := s.SetupLink(t.Context()); err != nil || needed {
			t.Errorf("set-up needed again: %v", err)
		}
		list, err := s.Operators(t.Context())
		if err != nil || len(list) != 1 || list[0].Person != p.ID || list[0].Email != "op@example.com" {
			t.Errorf("operators are %+v, %v", list, err)
		}
		if _, err := s.SignIn(t.Context(), " Op@Example.COM ", goodPassword, here()); err != nil {
			t.Errorf("sign in with the e-mail in another case: %v", err)
		}
		wantFault(t, s.DeletePerson(t.Context(), p.ID), fault.InvalidParameter) // last owner
	})
}

// TestSessionIsNew: no fixation. Each sign-in has a token of its own, and the database
// holds none of them.
func TestSessionIsNew(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, clock := people(t, db)
		p, _, one := signUp(t, s, "ada@example.com")
		two, v := signedIn(t, s, p)
		if one == two {
			t.Error("the same token twice")
		}
		_, err := s.Session(t.Context(), newToken(), here()) // of the visitor's own making
		wantFault(t, err, fault.Unauthorized)
		wantFault(t, s.EndSession(t.Context(), "per_other", v.Session), fault.InvalidParameter)
		wantFault(t, s.EndSession(t.Context(), p.ID, v.Session), "")
		_, err = s.Session(t.Context(), two, here()) // at once in this process
		wantFault(t, err, fault.Unauthorized)
		for range 3 { // sliding
			clock.add(sessionLives - time.Hour)
			_, err = s.Session(t.Context(), one, here())
			wantFault(t, err, "")
		}
		other, _ := people(t, db) // another replica
		other.now = clock.now
		_, err = other.Session(t.Context(), one, here())
		wantFault(t, err, "")
		wantFault(t, s.EndSessions(t.Context(), p.ID, ""), "")
		clock.add(2 * time.Second)
		_, err = other.Session(t.Context(), one, here())
		wantFault(t, err, fault.Unauthorized)
		three, _ := signedIn(t, s, p)
		clock.add(sessionLives)
		_, err = s.Session(t.Context(), three, here())
		wantFault(t, err, fault.Unauthorized)
		wantFault(t, s.Sweep(t.Context()), "")
		var left int
		countInto(t, db, &left, `select count(*) from person_session`)
		if left != 0 {
			t.Errorf("%d sessions left", left)
		}
	})
}

func countInto(t testing.TB, db *store.DB, n *int, query string) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *store.Tx) error { return tx.QueryRow(t.Context(), query).Scan(n) })
	wantFault(t, err, "")
}

func TestSignInIsThrottled(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, clock := people(t, db)
		signUp(t, s, "ada@example.com")
		for _, email := range []string{"ada@example.com", "nobody@example.com"} {
			for range triesOfEmail {
				_, err := s.SignIn(t.Context(), email, "wrong password", Where{})
				wantFault(t, err, fault.Unauthorized)
			}
			_, err := s.SignIn(t.Context(), strings.ToUpper(email), goodPassword, Where{})
			wantFault(t, err, fault.RateLimitExceeded)
			if wait := fault.From(err).RetryAfter; wait <= 0 || wait > firstWait {
				t.Errorf("wait is %s", wait)
			}
		}
		clock.add(firstWait)
		_, err := s.SignIn(t.Context(), "ada@example.com", goodPassword, Where{})
		wantFault(t, err, "")
	})
}

func TestLinksWorkOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, clock := people(t, db)
		p, _, raw := signUp(t, s, "ada@example.com")
		reset, who, err := s.AskReset(t.Context(), "ADA@example.com", here())
		if err != nil || who.ID != p.ID {
			t.Fatalf("reset for %+v, %v", who, err)
		}
		none, who, err := s.AskReset(t.Context(), "nobody@example.com", here())
		if err != nil || none != "" || who.ID != "" {
			t.Fatalf("reset for %+v, %v", who, err)
		}
		check, err := s.AskCheck(t.Context(), p.ID)
		wantFault(t, err, "")
		_, err = s.Reset(t.Context(), check, goodPassword, Where{}) // another kind
		wantFault(t, err, fault.InvalidParameter)
		_, err = s.Check(t.Context(), reset)
		wantFault(t, err, fault.InvalidParameter)
		_, err = s.Accept(t.Context(), reset, PersonRequest{Password: goodPassword}, "", Where{})
		wantFault(t, err, fault.InvalidParameter)
		if p, err = s.Check(t.Context(), check); err != nil || !p.Checked {
			t.Errorf("checked: %+v, %v", p, err)
		}
		_, err = s.Check(t.Context(), check) // used
		wantFault(t, err, fault.InvalidParameter)
		_, err = s.Reset(t.Context(), reset, "another good one", Where{})
		wantFault(t, err, "")
		_, err = s.Reset(t.Context(), reset, goodPassword, Where{}) // used
		wantFault(t, err, fault.InvalidParameter)
		_, err = s.Session(t.Context(), raw, here()) // ended by the reset
		wantFault(t, err, fault.Unauthorized)
		late, _, err := s.AskReset(t.Context(), "ada@example.com", here())
		wantFault(t, err, "")
		moved, err := s.AskCheck(t.Context(), p.ID)
		wantFault(t, err, "")
		_, err = s.ChangePerson(t.Context(), p.ID, PersonRequest{Email: "eve@example.com", Password: "wrong password"})
		wantFault(t, err, fault.InvalidParameter)
		p, err = s.ChangePerson(t.Context(), p.ID, PersonRequest{Email: "lovelace@example.com", Password: "another good one"})
		if err != nil || p.Checked {
			t.Errorf("changed: %+v, %v", p, err)
		}
		_, err = s.Check(t.Context(), moved) // went to the old e-mail
		wantFault(t, err, fault.InvalidParameter)
		_, err = s.Reset(t.Context(), late, goodPassword, Where{})
		wantFault(t, err, fault.InvalidParameter)
		late, _, err = s.AskReset(t.Context(), "lovelace@example.com", here())
		wantFault(t, err, "")
		clock.add(resetLives)
		_, err = s.Reset(t.Context(), late, goodPassword, Where{}) // expired
		wantFault(t, err, fault.InvalidParameter)
	})
}

func TestParallelAccept(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, _ := people(t, db)
		_, owner, _ := signUp(t, s, "ada@example.com")
		m, err := s.AddSeatMember(t.Context(), owner, skytells.MemberRequest{Email: "bob@example.com", Role: "developer"})
		wantFault(t, err, "")
		token, _, err := s.InviteSeatMember(t.Context(), owner, m.ID)
		wantFault(t, err, "")
		rivals := make([]Person, 4)
		for i := range rivals {
			rivals[i], _, _ = signUp(t, s, string(rune('a'+i))+"@example.com")
		}
		errs := make([]error, len(rivals))
		var group sync.WaitGroup
		for i, rival := range rivals {
			group.Go(func() { _, errs[i] = s.Accept(t.Context(), token, PersonRequest{}, rival.ID, Where{}) })
		}
		group.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				wantFault(t, err, fault.InvalidParameter)
			}
		}
		if won != 1 {
			t.Errorf("%d took the seat: %v", won, errs)
		}
	})
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, clock := people(t, db)
		op, v := setUp(t, s)
		m, err := s.CreateMember(t.Context(), v.Operator, v.Seats[0].Account, skytells.MemberRequest{Name: "Ada", Email: "ada@example.com", Role: "viewer"})
		wantFault(t, err, "")
		old, _, err := s.Invite(t.Context(), v.Operator, m.ID)
		wantFault(t, err, "")
		token, _, err := s.Invite(t.Context(), v.Operator, m.ID)
		wantFault(t, err, "")
		_, err = s.Invitation(t.Context(), old)
		wantFault(t, err, fault.InvalidParameter)
		i, err := s.Invitation(t.Context(), token)
		if err != nil || i.AccountName != v.Seats[0].AccountName || i.Role != RoleViewer || i.Known || i.By == "" {
			t.Errorf("invitation is %+v, %v", i, err)
		}
		p, err := s.Accept(t.Context(), token, PersonRequest{Name: "Ada", Email: "eve@example.com", Password: goodPassword}, "", here())
		if err != nil || p.Email != "ada@example.com" || !p.Checked {
			t.Errorf("accepted by %+v, %v", p, err)
		}
		_, _, err = s.Invite(t.Context(), v.Operator, m.ID)
		wantFault(t, err, fault.InvalidParameter)
		auditor, err := s.InviteOperator(t.Context(), v.Operator, "ada@example.com", "Ada", RoleAuditor)
		wantFault(t, err, "")
		_, err = s.Accept(t.Context(), auditor, PersonRequest{Password: goodPassword}, "", here()) // has to sign in
		wantFault(t, err, fault.InvalidParameter)
		_, err = s.Accept(t.Context(), auditor, PersonRequest{}, p.ID, here())
		wantFault(t, err, "")
		_, seen := signedIn(t, s, p)
		if seen.Operator.Role != RoleAuditor {
			t.Errorf("visitor is %+v", seen)
		}
		wantFault(t, s.RevokeOperator(t.Context(), v.Operator, seen.Operator.ID), "")
		if _, seen = signedIn(t, s, p); seen.Operator.ID != "" {
			t.Errorf("still %+v", seen.Operator)
		}
		wantFault(t, s.RevokeOperator(t.Context(), v.Operator, v.Operator.ID), fault.InvalidParameter)
		late, err := s.InviteOperator(t.Context(), v.Operator, "late@example.com", "", RoleOperator)
		wantFault(t, err, "")
		clock.add(inviteLives)
		_, err = s.Accept(t.Context(), late, PersonRequest{Password: goodPassword}, "", here())
		wantFault(t, err, fault.InvalidParameter)
		_ = op
	})
}

func TestSignInWith(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, _ := people(t, db)
		p, owner, _ := signUp(t, s, "ada@example.com")
		ada := Identity{Issuer: "https://id.example.com", Subject: "1", Email: "Ada@example.com", Name: "Ada", Checked: true}
		_, err := s.SignInWith(t.Context(), ada, true) // who signed up has not proved the e-mail
		wantFault(t, err, fault.Forbidden)
		token, err := s.AskCheck(t.Context(), p.ID)
		wantFault(t, err, "")
		_, err = s.Check(t.Context(), token)
		wantFault(t, err, "")
		unsure := ada
		unsure.Checked = false
		_, err = s.SignInWith(t.Context(), unsure, true)
		wantFault(t, err, fault.Forbidden)
		for range 2 {
			got, err := s.SignInWith(t.Context(), ada, false)
			if err != nil || got.ID != p.ID {
				t.Errorf("%+v, %v", got, err)
			}
			ada.Email = "elsewhere@example.com" // the subject counts
		}
		bob := Identity{Issuer: ada.Issuer, Subject: "2", Email: "bob@example.com", Checked: true}
		_, err = s.SignInWith(t.Context(), bob, false)
		wantFault(t, err, fault.Forbidden)
		m, err := s.AddSeatMember(t.Context(), owner, skytells.MemberRequest{Email: "bob@example.com", Role: "billing"})
		wantFault(t, err, "")
		_, err = s.SignInWith(t.Context(), bob, false) // a member for the record is no invitation
		wantFault(t, err, fault.Forbidden)
		_, _, err = s.InviteSeatMember(t.Context(), owner, m.ID)
		wantFault(t, err, "")
		b, err := s.SignInWith(t.Context(), bob, false)
		wantFault(t, err, "")
		if _, v := signedIn(t, s, b); len(v.Seats) != 1 || v.Seats[0].Role != RoleBilling || !b.Checked || b.Password {
			t.Errorf("%+v, %+v", b, v)
		}
		c, err := s.SignInWith(t.Context(), Identity{Issuer: ada.Issuer, Subject: "3", Email: "c@example.com"}, true)
		if err != nil || c.Checked {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

// TestMembersStayInTheirRole: no escalation by what a member may do.
func TestMembersStayInTheirRole(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, _ := people(t, db)
		ctx := t.Context()
		_, owner, _ := signUp(t, s, "ada@example.com")
		_, dev, _ := joined(t, s, owner, "dev@example.com", RoleDeveloper)
		_, viewer, _ := joined(t, s, owner, "viewer@example.com", RoleViewer)
		_, stranger, _ := signUp(t, s, "eve@example.com")
		ownersKey, err := s.CreateSeatKey(ctx, owner, skytells.KeyRequest{Name: "owner's"})
		wantFault(t, err, "")
		devsKey, err := s.CreateSeatKey(ctx, dev, skytells.KeyRequest{Name: "dev's"})
		if err != nil || devsKey.Member != dev.Member {
			t.Fatalf("%+v, %v", devsKey, err)
		}
		_, err = s.CreateSeatKey(ctx, dev, skytells.KeyRequest{Scopes: []string{"billing:write"}})
		wantFault(t, err, fault.InvalidParameter)
		_, err = s.CreateSeatKey(ctx, dev, skytells.KeyRequest{Member: owner.Member})
		wantFault(t, err, fault.Forbidden)
		_, err = s.CreateSeatKey(ctx, dev, skytells.KeyRequest{Account: stranger.Account})
		wantFault(t, err, fault.InvalidParameter)
		_, err = s.CreateSeatKey(ctx, viewer, skytells.KeyRequest{})
		wantFault(t, err, fault.Forbidden)
		forged := dev
		forged.Role = RoleOwner // what the seat says is not believed
		_, err = s.AddSeatMember(ctx, forged, skytells.MemberRequest{Name: "Eve", Role: "owner"})
		wantFault(t, err, fault.Forbidden)
		_, err = s.UpdateSeatMember(ctx, forged, dev.Member, skytells.MemberRequest{Role: "owner"})
		wantFault(t, err, fault.Forbidden)
		_, err = s.ChangeSeatSettings(ctx, forged, skytells.AccountRequest{Name: "Mine"})
		wantFault(t, err, fault.Forbidden)
		wantFault(t, s.CloseSeatAccount(ctx, forged), fault.Forbidden)
		_, err = s.RemoveSeatMember(ctx, dev, viewer.Member)
		wantFault(t, err, fault.Forbidden)
		for _, seat := range []Seat{dev, stranger} { // another's key is not there
			_, err = s.RevokeSeatKey(ctx, seat, ownersKey.ID)
			wantGone(t, err)
			_, err = s.RotateSeatKey(ctx, seat, ownersKey.ID, skytells.RotateRequest{})
			wantGone(t, err)
			_, err = s.UpdateSeatKey(ctx, seat, ownersKey.ID, skytells.KeyChange{})
			wantGone(t, err)
		}
		_, err = s.RemoveSeatMember(ctx, stranger, dev.Member)
		wantGone(t, err)
		_, err = s.UpdateSeatMember(ctx, stranger, dev.Member, skytells.MemberRequest{Role: "viewer"})
		wantGone(t, err)
		_, err = s.SeatKeys(ctx, Seat{Account: owner.Account, Member: stranger.Member, Role: RoleOwner}, Page{})
		wantGone(t, err)
		for seat, want := range map[Seat]int{owner: 2, dev: 1, viewer: 0} {
			if list, err := s.SeatKeys(ctx, seat, Page{}); err != nil || len(list) != want {
				t.Errorf("%s sees %d keys, %v", seat.Role, len(list), err)
			}
		}
		_, err = s.RevokeSeatKey(ctx, owner, devsKey.ID)
		wantFault(t, err, "")
		too, some := 11, 4
		_, err = s.ChangeSeatSettings(ctx, owner, skytells.AccountRequest{Concurrency: &too})
		wantFault(t, err, fault.InvalidParameter)
		a, err := s.ChangeSeatSettings(ctx, owner, skytells.AccountRequest{Name: "Ours", Concurrency: &some})
		if err != nil || a.Concurrency != some || a.Name != "Ours" {
			t.Errorf("%+v, %v", a, err)
		}
		tier := "enterprise"
		_, err = s.ChangeSeatSettings(ctx, owner, skytells.AccountRequest{Tier: &tier})
		wantFault(t, err, fault.Forbidden)
		_, err = s.RemoveSeatMember(ctx, viewer, viewer.Member) // leaves
		wantFault(t, err, "")
		_, err = s.Principal(ctx, viewer)
		wantFault(t, err, fault.Forbidden)
	})
}

func wantGone(t testing.TB, err error) {
	t.Helper()
	wantFault(t, err, fault.InvalidParameter)
	if fault.From(err).HTTPStatus() != 404 {
		t.Fatalf("%v is no 404", err)
	}
}

func TestHiddenKey(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		p := start(t, url)
		s, ctx := p.service, t.Context()
		_, owner, _ := signUp(t, s, "ada@example.com")
		person, dev, v := joined(t, s, owner, "dev@example.com", RoleDeveloper)
		raw, expires, err := s.HiddenKey(ctx, dev, v.Session)
		if err != nil || time.Until(expires) > hiddenLives {
			t.Fatalf("until %s, %v", expires, err)
		}
		got, err := p.principal(t, raw, "")
		if err != nil || got.Scopes != RoleDeveloper.Scopes() || got.Account != owner.Account {
			t.Errorf("principal %+v, %v", got, err)
		}
		forged := dev
		forged.Role, forged.Member = RoleOwner, owner.Member
		_, _, err = s.HiddenKey(ctx, forged, v.Session) // another's seat
		wantGone(t, err)
		_, _, err = s.HiddenKey(ctx, Seat{Account: owner.Account}, v.Session) // no operator
		wantGone(t, err)
		list, err := s.Keys(ctx, owner.Account, Page{})
		if err != nil || len(list) != 0 {
			t.Errorf("listed: %+v, %v", list, err)
		}
		_, err = s.RotateKey(ctx, System(), got.Key, skytells.RotateRequest{}) // would outlive it
		wantGone(t, err)
		_, err = s.UpdateSeatMember(ctx, owner, dev.Member, skytells.MemberRequest{Role: "viewer"})
		wantFault(t, err, "")
		p.sync(t)
		if got, err = p.principal(t, raw, ""); err != nil || got.Scopes != PredictionsRead|ModelsRead|UsageRead {
			t.Errorf("principal %+v, %v", got, err)
		}
		wantFault(t, s.EndSession(ctx, person.ID, v.Session), "")
		p.sync(t)
		p.wantKey(t, raw, fault.Unauthorized)
		_, _, err = s.HiddenKey(ctx, dev, v.Session)
		wantFault(t, err, fault.Unauthorized)
		_, v = signedIn(t, s, person)
		var all []string
		for range maxHiddenKeys + 1 {
			raw, _, err := s.HiddenKey(ctx, dev, v.Session)
			wantFault(t, err, "")
			all = append(all, raw)
		}
		p.sync(t)
		p.wantKey(t, all[0], fault.Unauthorized)
		p.wantKey(t, all[1], "")
		_, err = s.RemoveSeatMember(ctx, owner, dev.Member)
		wantFault(t, err, "")
		p.sync(t)
		p.wantKey(t, all[1], fault.Unauthorized)
	})
}

func TestView(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		p := start(t, url)
		s, ctx := p.service, t.Context()
		op, v := setUp(t, s)
		_, other, raw := signUp(t, s, "ada@example.com")
		theirs, err := s.Session(ctx, raw, here())
		wantFault(t, err, "")
		wantFault(t, s.View(ctx, theirs, v.Seats[0].Account), fault.Forbidden)
		own, v := signedIn(t, s, op)
		wantFault(t, s.View(ctx, v, other.Account), "")
		v, err = s.Session(ctx, own, here())
		seat, ok := v.Seat("")
		if err != nil || !ok || seat.Account != other.Account || seat.Role != RoleViewer || seat.Member != "" {
			t.Fatalf("%+v, %v", v, err)
		}
		_, err = s.CreateSeatKey(ctx, seat, skytells.KeyRequest{})
		wantFault(t, err, fault.Forbidden)
		principal, err := s.Principal(ctx, seat)
		if err != nil || principal.Scopes != RoleViewer.Scopes() {
			t.Errorf("%+v, %v", principal, err)
		}
		key, _, err := s.HiddenKey(ctx, seat, v.Session)
		wantFault(t, err, "")
		p.wantKey(t, key, "")
		wantFault(t, s.View(ctx, v, ""), "")
		p.sync(t)
		p.wantKey(t, key, fault.Unauthorized)
		entries, err := s.Audit(ctx, AuditQuery{Subject: other.Account, Actor: v.Operator.ID})
		if err != nil || len(entries) != 2 || entries[1].Action != "account.view" || entries[0].Action != "account.view_end" {
			t.Errorf("%+v, %v", entries, err)
		}
	})
}

func TestCloseAccount(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		p := start(t, url)
		s, ctx := p.service, t.Context()
		var cleared []string
		_, owner, raw := signUp(t, s, "ada@example.com")
		_, dev, _ := joined(t, s, owner, "dev@example.com", RoleDeveloper)
		fail := true
		s.onClose = func(_ context.Context, account string) error {
			if fail {
				return fault.New(fault.ServiceUnavailable, "away")
			}
			cleared = append(cleared, account)
			return nil
		}
		key, err := s.CreateSeatKey(ctx, dev, skytells.KeyRequest{})
		wantFault(t, err, "")
		wantFault(t, s.CloseSeatAccount(ctx, owner), fault.ServiceUnavailable)
		p.sync(t)
		p.wantKey(t, key.Secret, fault.Unauthorized)
		_, err = s.Session(ctx, raw, here())
		wantFault(t, err, fault.Unauthorized)
		_, err = s.CreateKey(ctx, System(), skytells.KeyRequest{Account: owner.Account})
		wantFault(t, err, fault.InvalidParameter)
		_, err = s.Resume(ctx, System(), owner.Account)
		wantFault(t, err, fault.InvalidParameter)
		fail = false
		wantFault(t, s.Sweep(ctx), "") // goes on
		wantFault(t, s.Sweep(ctx), "")
		if len(cleared) != 1 || cleared[0] != owner.Account {
			t.Errorf("cleared %v", cleared)
		}
		var left int
		countInto(t, p.db, &left, `select (select count(*) from person) + (select count(*) from account_member where name <> '' or email <> '')
			+ (select count(*) from account where name <> '') + (select count(*) from person_link where email <> '')`)
		if left != 0 {
			t.Errorf("%d rows say who it was", left)
		}
		a, err := s.Account(ctx, owner.Account)
		if err != nil || a.ClosedAt == nil || !a.Suspended {
			t.Errorf("%+v, %v", a, err)
		}
	})
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	for password, ok := range map[string]bool{
		"1234567": false, "12345678": false, "password1!": false, "Passw0rd123": false, "aaaaaaaaaa": false, "qwertyuiop": false, "ada@example.com": false,
		"ADA@Example.com": false, strings.Repeat("ab", 501): false, goodPassword: true, "  spaces  ": true, "пароль-длинный": true, strings.Repeat("ab", 500): true,
	} {
		if err := checkPassword(password, "ada@example.com"); (err == nil) != ok {
			t.Errorf("%.20q: %v", password, err)
		}
	}
	h := newHasher()
	stored, err := h.hash(t.Context(), goodPassword)
	wantFault(t, err, "")
	for password, want := range map[string]bool{goodPassword: true, goodPassword + " ": false, "": false} {
		if got, err := h.matches(t.Context(), password, stored); got != want || err != nil {
			t.Errorf("%q: %v, %v", password, got, err)
		}
	}
	for _, odd := range []string{"$argon2id$", "plain", strings.Replace(stored, "argon2id", "argon2i", 1)} {
		if got, err := h.matches(t.Context(), goodPassword, odd); got || err == nil {
			t.Errorf("%q: %v, %v", odd, got, err)
		}
	}
}
