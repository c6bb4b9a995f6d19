package account

import (
	"context"
	"fmt"
	"strings"

	"skytower/internal/skytells"
	"skytower/internal/store"
)

// FindAccounts lists accounts whose name holds the text, whose id it is, or of which
// somebody with such an email is a member; the case of letters does not count (on SQLite
// of ASCII's alone). It reads all accounts, which are few beside what they do. Never nil.
func (s *Service) FindAccounts(ctx context.Context, text string, p Page) ([]skytells.Account, error) {
	list := []skytells.Account{}
	text = strings.TrimSpace(text)
	part := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
	query := selectAccount + ` where (created_at, id) > ($1, $2) and (id = $4 or lower(name) like lower(cast($5 as text)) escape '\'
		or id in (select account from account_member where removed_at = 0 and lower(email) like lower(cast($5 as text)) escape '\'))
		order by created_at, id limit $3`
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		after, err := createdAt(ctx, tx, "account", p.After)
		if err != nil {
			return err
		}
		list = list[:0]
		return tx.Each(ctx, query, func(scan func(...any) error) error {
			var a accountRow
			err := a.scan(scan)
			list = append(list, a.wire())
			return err
		}, after, p.After, p.limit(), text, part)
	})
	if err != nil {
		return nil, fmt.Errorf("find accounts: %w", err)
	}
	return list, nil
}
