package desk

import (
	"time"

	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

// What an account's and operators' pages say alike of API keys.

// KeyState is the word for what a key is: active, replaced, expired or revoked.
func KeyState(k skytells.Key, now time.Time) string {
	switch {
	case k.RevokedAt != nil:
		return "revoked"
	case k.ExpiresAt != nil && !k.ExpiresAt.After(now):
		return "expired"
	case k.RotatedTo != "":
		return "replaced"
	}
	return "active"
}

// Scopes are the scopes in plain words, in the order of forms.
func Scopes() []ui.Choice {
	return []ui.Choice{
		{Value: "inference", Label: "Chat, responses and embeddings"}, {Value: "predictions:create", Label: "Make, cancel and delete predictions"},
		{Value: "predictions:read", Label: "Read predictions and their results"}, {Value: "files", Label: "Upload, read and delete files"},
		{Value: "models:read", Label: "See the models and their prices"}, {Value: "usage:read", Label: "Read usage, charges, limits and the request log"},
		{Value: "billing:read", Label: "Read the balance and statements"}, {Value: "billing:write", Label: "Begin payments"},
	}
}
