package archive

import "skytower/internal/secret"

// SealedColumn is where the keys of contents lie.
func SealedColumn() secret.Column {
	return secret.Column{
		Name: "keys of kept bodies of requests", Use: secret.RequestBodies, Table: "body", ID: "request", Value: "sealed_key",
		Where: []string{"request > ''"}, Context: keyContext,
	}
}
