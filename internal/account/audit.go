package account

import (
	"context"
	"fmt"
	"strings"

	"skytower/internal/skytells"
	"skytower/internal/store"
)

// AuditQuery picks rows of the audit trail; "" in a field means any.
type AuditQuery struct {
	Subject string // id of what was acted on
	Actor   string // id of an operator, or "system"
	Action  string // such as key.revoke
	After   int64  // seq of the last one already seen; 0: from the newest
	Limit   int    // 0: 100; at most 1,000
}

// Audit lists administrative acts, newest first; never nil.
func (s *Service) Audit(ctx context.Context, q AuditQuery) ([]skytells.AuditEntry, error) {
	list := []skytells.AuditEntry{}
	query, args := q.sql()
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		list = list[:0]
		return tx.Each(ctx, query, func(scan func(...any) error) error {
			var e skytells.AuditEntry
			var at int64
			err := scan(&e.Seq, &at, &e.Actor, &e.Action, &e.Subject, &e.Detail)
			e.At = store.Time(at)
			list = append(list, e)
			return err
		}, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("list the audit trail: %w", err)
	}
	return list, nil
}

// sql has only conditions that are asked for, so that each finds its index.
func (q AuditQuery) sql() (string, []any) {
	var where []string
	var args []any
	add := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	if q.Subject != "" {
		add("subject = $%d", q.Subject)
	}
	if q.Actor != "" {
		add("actor = $%d", q.Actor)
	}
	if q.Action != "" {
		add("action = $%d", q.Action)
	}
	if q.After > 0 {
		add("seq < $%d", q.After)
	}
	text := `select seq, at, actor, action, subject, detail from audit`
	if len(where) > 0 {
		text += ` where ` + strings.Join(where, " and ")
	}
	args = append(args, Page{Limit: q.Limit}.limit())
	return text + fmt.Sprintf(` order by seq desc limit $%d`, len(args)), args
}

// audit writes the row of an act that the indexes need not hear of.
func (s *Service) audit(ctx context.Context, tx *store.Tx, by Operator, action, subject, detail string) error {
	_, err := tx.Exec(ctx, `insert into audit (at, actor, action, subject, detail) values ($1, $2, $3, $4, $5)`,
		s.micros(), by.ID, action, subject, detail)
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	return nil
}

// difference says for the audit what an edit changed.
type difference struct{ changes []string }

func (d *difference) add(field, from, to string) {
	if from != to {
		d.changes = append(d.changes, fmt.Sprintf("%s: %q → %q", field, from, to))
	}
}

// note tells that a field changed, not from what to what.
func (d *difference) note(field string, changed bool) {
	if changed {
		d.changes = append(d.changes, field)
	}
}

func (d *difference) String() string { return strings.Join(d.changes, ", ") }
