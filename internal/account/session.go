package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"skytower/internal/fault"
	"skytower/internal/secret"
	"skytower/internal/store"
)

const (
	sessionLives    = 30 * 24 * time.Hour // from its last use
	seenStep        = 5 * time.Minute     // how exact the last use is
	rememberFor     = time.Second         // how long a visitor is answered from memory
	maxRemembered   = 10_000
	maxSessions     = 50 // of one person; older ones end
	maxAgent        = 300
	maxSeats        = 1000
	maxAddressChars = 64
)

var errNoSession = errors.New("session is unknown or expired")

func signedOut() error {
	return &fault.Error{ID: fault.Unauthorized, Message: "You are not signed in.", Details: "Sign in.", Err: errNoSession}
}

// StartSession signs a person in on a browser. raw is the only copy of the session's
// token, made anew at each sign-in: what a browser held before is never taken over.
func (s *Service) StartSession(ctx context.Context, person string, w Where) (raw string, _ Session, err error) {
	raw = newToken()
	d, now := secret.Digest(raw), s.now()
	row := sessionRow{id: newID("ses_"), created: store.Micros(now), seen: store.Micros(now),
		expires: store.Micros(now.Add(sessionLives)), where: w.cut()}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := lockPerson(ctx, tx, person); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into person_session
			(id, digest, person, viewing, created_at, seen_at, expires_at, address, agent) values ($1, $2, $3, '', $4, $4, $5, $6, $7)`,
			row.id, d[:], person, row.created, row.expires, row.where.Address, row.where.Agent)
		if err != nil {
			return err
		}
		if err := s.endOldest(ctx, tx, person); err != nil {
			return err
		}
		return s.audit(ctx, tx, actor(person), "session.start", person, row.id)
	})
	if err != nil {
		return "", Session{}, fmt.Errorf("start session: %w", err)
	}
	return raw, row.session(), nil
}

func (w Where) cut() Where {
	return Where{Address: cut(w.Address, maxAddressChars), Agent: cut(w.Agent, maxAgent)}
}

// cut keeps valid text of at most n bytes.
func cut(text string, n int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, text)
	return strings.ToValidUTF8(text[:min(len(text), n)], "")
}

// Session is who a session belongs to and what they may do. It answers from memory for a
// second, so that the parts of a page cost one question; whatever ends a session or
// changes a role is in force everywhere after it. UNAUTHORIZED where there is none.
func (s *Service) Session(ctx context.Context, raw string, w Where) (Visitor, error) {
	if !tokenLike(raw) {
		return Visitor{}, signedOut()
	}
	d, now := secret.Digest(raw), s.now()
	if v, ok := s.sessions.get(d, now); ok {
		return v, nil
	}
	round := s.sessions.currentRound()
	var v Visitor
	var row sessionRow
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		v = Visitor{}
		if row, err = s.sessionByDigest(ctx, tx, d, &v); err != nil {
			return err
		}
		return s.readVisitor(ctx, tx, row.viewing, &v)
	})
	if err != nil {
		return Visitor{}, fmt.Errorf("read session: %w", err)
	}
	if now.Sub(store.Time(row.seen)) >= seenStep {
		// Who can't be noted as seen is signed in all the same.
		_ = s.noteSeen(ctx, row.id, w.cut())
	}
	s.sessions.put(d, v, now, round)
	return v, nil
}

func (s *Service) sessionByDigest(ctx context.Context, tx *store.Tx, d digest, v *Visitor) (sessionRow, error) {
	var row sessionRow
	var p personRow
	err := tx.QueryRow(ctx, `select s.id, s.viewing, s.seen_at, s.expires_at, p.id, p.email, p.name, p.password, p.checked_at, p.created_at
		from person_session s join person p on p.id = s.person where s.digest = $1`, d[:]).
		Scan(&row.id, &row.viewing, &row.seen, &row.expires, &p.id, &p.email, &p.name, &p.password, &p.checked, &p.created)
	if errors.Is(err, sql.ErrNoRows) || err == nil && over(row.expires, s.now()) {
		return row, signedOut()
	}
	v.Session, v.Person = row.id, p.person()
	return row, err
}

// readVisitor adds the seats and what an operator is.
func (s *Service) readVisitor(ctx context.Context, tx *store.Tx, viewing string, v *Visitor) error {
	err := tx.Each(ctx, `select a.id, a.name, m.id, m.role, a.suspended_at is not null
		from account_member m join account a on a.id = m.account
		where m.person = $1 and m.person <> '' and m.removed_at = 0 and a.closed_at = 0
		order by m.created_at, m.id limit $2`, func(scan func(...any) error) error {
		var seat Seat
		err := scan(&seat.Account, &seat.AccountName, &seat.Member, &seat.Role, &seat.Suspended)
		v.Seats = append(v.Seats, seat)
		return err
	}, v.Person.ID, maxSeats)
	if err != nil {
		return err
	}
	if v.Operator, err = operatorOf(ctx, tx, v.Person.ID); err != nil || v.Operator.ID == "" || viewing == "" {
		return err
	}
	seat := Seat{Account: viewing, Role: RoleViewer}
	err = tx.QueryRow(ctx, `select name, suspended_at is not null from account where id = $1`, viewing).Scan(&seat.AccountName, &seat.Suspended)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	v.Viewing = &seat
	return err
}

// operatorOf is the operator that a person is; one who may change things before an auditor.
// The zero one: none.
func operatorOf(ctx context.Context, tx *store.Tx, person string) (Operator, error) {
	var o Operator
	err := tx.QueryRow(ctx, `select id, role from operator where person = $1 and person <> '' and revoked_at = 0
		order by case role when 'operator' then 0 else 1 end, created_at, id limit 1`, person).Scan(&o.ID, &o.Role)
	if errors.Is(err, sql.ErrNoRows) {
		return Operator{}, nil
	}
	return o, err
}

// noteSeen also moves the session's end.
func (s *Service) noteSeen(ctx context.Context, id string, w Where) error {
	now := s.now()
	return s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `update person_session set seen_at = $2, expires_at = $3, address = $4, agent = $5 where id = $1`,
			id, store.Micros(now), store.Micros(now.Add(sessionLives)), w.Address, w.Agent)
		return err
	})
}

// Sessions lists where a person is signed in, the last used first; never nil.
func (s *Service) Sessions(ctx context.Context, person string) ([]Session, error) {
	list := []Session{}
	now := s.micros()
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		list = list[:0]
		return tx.Each(ctx, `select id, created_at, seen_at, expires_at, address, agent from person_session
			where person = $1 and expires_at > $2 order by seen_at desc, id limit $3`, func(scan func(...any) error) error {
			var row sessionRow
			err := scan(&row.id, &row.created, &row.seen, &row.expires, &row.where.Address, &row.where.Agent)
			list = append(list, row.session())
			return err
		}, person, now, maxSessions)
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return list, nil
}

// EndSession signs a browser out. Twice changes nothing; another person's session is not
// there.
func (s *Service) EndSession(ctx context.Context, person, id string) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var owner string
		err := tx.QueryRow(ctx, `select person from person_session where id = $1`, id).Scan(&owner)
		if errors.Is(err, sql.ErrNoRows) || err == nil && owner != person {
			return notFound("session", id)
		}
		if err != nil {
			return err
		}
		return s.endSessions(ctx, tx, person, []string{id})
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// EndSessions signs a person out everywhere but in the session keep, "" for all.
func (s *Service) EndSessions(ctx context.Context, person, keep string) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if err := s.endSessionsOf(ctx, tx, person, keep); err != nil {
			return err
		}
		return s.audit(ctx, tx, actor(person), "session.end_all", person, "")
	})
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

func (s *Service) endSessionsOf(ctx context.Context, tx *store.Tx, person, keep string) error {
	ids, err := column(ctx, tx, `select id from person_session where person = $1 and id <> $2`, person, keep)
	if err != nil {
		return err
	}
	return s.endSessions(ctx, tx, person, ids)
}

// endOldest keeps the sessions of one person to their bound.
func (s *Service) endOldest(ctx context.Context, tx *store.Tx, person string) error {
	ids, err := column(ctx, tx, `select id from person_session where person = $1 order by created_at, id`, person)
	if err != nil || len(ids) <= maxSessions {
		return err
	}
	return s.endSessions(ctx, tx, person, ids[:len(ids)-maxSessions])
}

// endSessions ends sessions with their hidden keys. The row goes first: who is about to
// make a key holds it.
func (s *Service) endSessions(ctx context.Context, tx *store.Tx, person string, ids []string) error {
	for _, id := range ids {
		if _, err := tx.Exec(ctx, `delete from person_session where id = $1`, id); err != nil {
			return err
		}
		if err := s.endHiddenKeys(ctx, tx, id, 0); err != nil {
			return err
		}
	}
	tx.AfterCommit(func() { s.sessions.forget(person) })
	return nil
}

// View lets an operator or auditor look at an account, read-only, in this session; "" ends
// it. Both are in the audit trail.
func (s *Service) View(ctx context.Context, v Visitor, account string) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		by, err := operatorOf(ctx, tx, v.Person.ID)
		if err != nil {
			return err
		}
		if by.ID == "" && account != "" {
			return fault.New(fault.Forbidden, "Only operators look at other accounts.")
		}
		var before string
		err = tx.QueryRow(ctx, `select viewing from person_session where id = $1 and person = $2`+tx.Dialect().ForUpdate(), v.Session, v.Person.ID).Scan(&before)
		if errors.Is(err, sql.ErrNoRows) {
			return signedOut()
		}
		if err != nil || before == account {
			return err
		}
		if account != "" {
			if _, err := accountByID(ctx, tx, account, ""); err != nil {
				return err
			}
		}
		return s.storeView(ctx, tx, v, by, before, account)
	})
	if err != nil {
		return fmt.Errorf("view account: %w", err)
	}
	return nil
}

func (s *Service) storeView(ctx context.Context, tx *store.Tx, v Visitor, by Operator, before, account string) error {
	if _, err := tx.Exec(ctx, `update person_session set viewing = $2 where id = $1`, v.Session, account); err != nil {
		return err
	}
	if err := s.endHiddenKeys(ctx, tx, v.Session, 0); err != nil {
		return err
	}
	tx.AfterCommit(func() { s.sessions.forget(v.Person.ID) })
	if by.ID == "" {
		by = actor(v.Person.ID)
	}
	if before != "" {
		if err := s.audit(ctx, tx, by, "account.view_end", before, v.Session); err != nil {
			return err
		}
	}
	if account == "" {
		return nil
	}
	return s.audit(ctx, tx, by, "account.view", account, v.Session)
}

// sessionRow is a row of the table person_session.
type sessionRow struct {
	id, viewing            string
	created, seen, expires int64
	where                  Where
}

func (r *sessionRow) session() Session {
	return Session{ID: r.id, Where: r.where, CreatedAt: store.Time(r.created), SeenAt: store.Time(r.seen), ExpiresAt: store.Time(r.expires)}
}

// column reads a column of texts.
func column(ctx context.Context, tx *store.Tx, query string, args ...any) ([]string, error) {
	var list []string
	err := tx.Each(ctx, query, func(scan func(...any) error) error {
		var text string
		err := scan(&text)
		list = append(list, text)
		return err
	}, args...)
	return list, err
}

// visitors remembers who sessions belong to, for a moment.
type visitors struct {
	mu    sync.Mutex
	round uint64 // moved on by forget, so that an older reading is not kept
	kept  map[digest]keptVisitor
}

type keptVisitor struct {
	visitor Visitor
	until   time.Time
}

func newVisitors() *visitors { return &visitors{kept: map[digest]keptVisitor{}} }

func (c *visitors) get(d digest, now time.Time) (Visitor, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.kept[d]
	if !ok || !now.Before(k.until) {
		return Visitor{}, false
	}
	return k.visitor.clone(), true
}

func (c *visitors) currentRound() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.round
}

func (c *visitors) put(d digest, v Visitor, now time.Time, round uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.round != round {
		return
	}
	if len(c.kept) >= maxRemembered {
		for k, one := range c.kept {
			if !now.Before(one.until) {
				delete(c.kept, k)
			}
		}
		if len(c.kept) >= maxRemembered {
			clear(c.kept)
		}
	}
	c.kept[d] = keptVisitor{v.clone(), now.Add(rememberFor)}
}

// forget drops a person's sessions; "" drops all.
func (c *visitors) forget(person string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.round++
	for d, k := range c.kept {
		if person == "" || k.visitor.Person.ID == person {
			delete(c.kept, d)
		}
	}
}

// clone gives the caller a copy of its own.
func (v Visitor) clone() Visitor {
	v.Seats = slices.Clone(v.Seats)
	if v.Viewing != nil {
		seat := *v.Viewing
		v.Viewing = &seat
	}
	return v
}
