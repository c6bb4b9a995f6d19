package cli

import (
	"context"

	"skytower/internal/skytells"
)

const maxAuditEntries = 100_000

type auditCommand struct {
	Subject string `placeholder:"ID" help:"Only acts on this account, key, member, …"`
	Actor   string `placeholder:"ID" help:"Only acts of this operator (opr_…), or of 'system'."`
	Action  string `placeholder:"ACTION" help:"Only acts of this kind, such as key.revoke."`
	Limit   int    `default:"50" help:"The newest so many; at most 100000."`
}

// Run lists administrative acts, newest first.
func (a *auditCommand) Run(ctx context.Context, s *session) error {
	if a.Limit < 1 || a.Limit > maxAuditEntries {
		return usagef("--limit must be from 1 to %d", maxAuditEntries)
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	entries, err := c.Audit(ctx, skytells.AuditFilter{Subject: a.Subject, Actor: a.Actor, Action: a.Action}, a.Limit)
	if err != nil {
		return err
	}
	return list(s, entries, []string{"WHEN", "ACTOR", "ACTION", "SUBJECT", "DETAIL"}, func(e skytells.AuditEntry) []string {
		return []string{day(e.At), e.Actor, e.Action, e.Subject, e.Detail}
	})
}
