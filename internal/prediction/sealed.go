package prediction

import "skytower/internal/secret"

// SealedColumn describes the column with the sealed API keys that sign webhooks. Only
// predictions that have not ended have one, and two indexes find those.
func SealedColumn() secret.Column {
	return secret.Column{
		Name: "keys of webhooks of predictions", Use: secret.WebhookKeys,
		Table: "prediction", ID: "id", Value: "webhook_key", Where: []string{"handed", "status = 'pending' and not handed"},
		Context: sealContext,
	}
}
