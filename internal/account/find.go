package account

import (
	"context"
	"strings"

	"skytower/internal/skytells"
)

// FindAccounts lists accounts whose name holds the text, whose id it is, or of which
// somebody with such an email is a member; the case of letters does not count (on SQLite
// of ASCII's alone). It reads all accounts, which are few beside what they do. Never nil.
func (s *Service) FindAccounts(ctx context.Context, text string, p Page) ([]skytells.Account, error) {
	text = strings.TrimSpace(text)
	part := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
	return s.listAccounts(ctx, p, `and (id = $4 or lower(name) like lower(cast($5 as text)) escape '\'
		or id in (select account from account_member where removed_at = 0 and lower(email) like lower(cast($5 as text)) escape '\'))`, text, part)
}
