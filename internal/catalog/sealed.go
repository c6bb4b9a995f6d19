package catalog

import (
	"context"
	"fmt"

	"skytower/internal/secret"
	"skytower/internal/store"
)

// SealedColumn describes the column with the sealed credentials of providers.
func SealedColumn() secret.Column {
	return secret.Column{
		Name: "credentials of providers", Use: secret.ProviderCredentials,
		Table: "catalog_provider", ID: "name", Value: "credential_sealed", Where: []string{"true"}, // a small table
		Context: sealContext,
	}
}

// CheckSealed tries to open the sealed credentials of providers. It returns how many
// there are, and for each that does not open the provider's name and why not. Without a
// sealer none opens.
func CheckSealed(ctx context.Context, db *store.DB, sealer *secret.Sealer) (n int, problems []string, err error) {
	err = db.Read(ctx, func(tx *store.Tx) error {
		n, problems = 0, nil
		return tx.Each(ctx, `select name, credential_sealed from catalog_provider where credential_sealed <> '' order by name`,
			func(scan func(...any) error) error {
				var name, sealed string
				if err := scan(&name, &sealed); err != nil {
					return err
				}
				n++
				if sealer == nil {
					problems = append(problems, name)
				} else if _, err := sealer.Open(sealed, sealContext(name)); err != nil {
					problems = append(problems, fmt.Sprintf("%s (%s)", name, err))
				}
				return nil
			})
	})
	if err != nil {
		return 0, nil, fmt.Errorf("read the sealed credentials: %w", err)
	}
	return n, problems, nil
}
