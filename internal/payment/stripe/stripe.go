// Package stripe takes payments by Stripe Checkout.
//
// It speaks Stripe's API through Stripe's own library, over a client that is handed in,
// and verifies the signature of each event. Its one invariant: without a signing secret
// no event is accepted.
package stripe
