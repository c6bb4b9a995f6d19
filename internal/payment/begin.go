package payment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/money"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// idPrefix begins the ids of checkouts.
const idPrefix = "chk_"

// Begin makes a checkout of the account, and gives the address where it is paid. Base is
// this server's own address, to which the payer returns where the request names no other
// (https only).
//
// The row comes first and its id names the session at the processor, so that no payment
// can be without the row that says whose it is.
//
// Errors: INVALID_PARAMETER, RATE_LIMIT_EXCEEDED where too many wait for their payers, and
// the processor's own.
func (s *Service) Begin(ctx context.Context, account, base string, r skytells.CheckoutRequest) (skytells.Checkout, error) {
	order, err := s.order(account, base, r)
	if err != nil {
		return skytells.Checkout{}, err
	}
	row := checkout{
		id: order.ID, account: account, processor: s.o.Processor.Name(), amount: order.Amount,
		state: stateOpen, created: s.o.Now(),
	}
	if err := s.o.DB.Write(ctx, func(tx *store.Tx) error { return s.open(ctx, tx, row) }); err != nil {
		return skytells.Checkout{}, fmt.Errorf("begin checkout: %w", err)
	}
	session, err := s.atProcessor(ctx, order)
	// The caller may have left meanwhile; what the processor did is noted all the same.
	note, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	if err != nil {
		// Nobody has been sent to pay, whatever the processor made of it.
		return skytells.Checkout{}, errors.Join(err, s.o.DB.Write(note, func(tx *store.Tx) error {
			return abandon(note, tx, row.id, s.o.Now())
		}))
	}
	if err := s.o.DB.Write(note, func(tx *store.Tx) error { return noteSession(note, tx, row.id, session.ID) }); err != nil {
		return skytells.Checkout{}, fmt.Errorf("note session of checkout %s: %w", row.id, err)
	}
	out := row.show()
	out.URL = session.URL
	return out, nil
}

func (s *Service) atProcessor(ctx context.Context, o Order) (Session, error) {
	ctx, cancel := context.WithTimeout(ctx, beginTimeout)
	defer cancel()
	session, err := s.o.Processor.Begin(ctx, o)
	if err == nil && (session.ID == "" || len(session.ID) > maxID || session.URL == "") {
		err = fault.Wrap(errors.New("a session without id or address"), fault.ServiceUnavailable, "The payment processor gave no usable answer.")
	}
	return session, err
}

// open writes the row of a checkout, if not too many wait. Callers at the same moment do
// not see each other on PostgreSQL, so that a few more may get through: the bound is
// against floods.
func (s *Service) open(ctx context.Context, tx *store.Tx, row checkout) error {
	waiting, err := countOpen(ctx, tx, row.account, row.created.Add(-sessionLife))
	if err != nil {
		return err
	}
	if waiting >= s.o.MaxOpen {
		return &fault.Error{ID: fault.RateLimitExceeded, RetryAfter: time.Hour,
			Message: fmt.Sprintf("%d checkouts of this account wait to be paid, and no more can be begun.", waiting),
			Details: "Pay one of them, or wait until they expire a day after they were begun."}
	}
	return insertCheckout(ctx, tx, row)
}

// order checks a request.
func (s *Service) order(account, base string, r skytells.CheckoutRequest) (Order, error) {
	amount, err := s.amount(r.Amount)
	if err != nil {
		return Order{}, err
	}
	o := Order{ID: httpx.NewID(idPrefix, s.o.Now()), Account: account, Amount: amount}
	if o.SuccessURL, err = returnAddress("success_url", r.SuccessURL, base); err != nil {
		return Order{}, err
	}
	o.CancelURL, err = returnAddress("cancel_url", r.CancelURL, base)
	return o, err
}

func (s *Service) amount(text skytells.Amount) (money.Nanos, error) {
	amount, err := money.Parse(string(text))
	switch {
	case text == "":
		return 0, fault.Invalid("amount", "'amount' is missing: the dollars to pay.")
	case err != nil || amount%cent != 0:
		return 0, fault.Invalid("amount", "'amount' must be dollars with at most two decimals, such as 25 or 9.50.")
	case amount < s.o.Least || amount > s.o.Most:
		return 0, fault.Invalid("amount", "'amount' must be from %s to %s dollars.", s.o.Least, s.o.Most)
	}
	return amount, nil
}

// maxURL bounds a return address, in bytes.
const maxURL = 2048

// returnAddress checks where a payer is sent back to: https, or this server's own start
// (which is plain http only on a machine for trying things out). Errors do not repeat the
// address.
func returnAddress(field, address, base string) (string, error) {
	home, err := url.Parse(base)
	if err != nil || home.Host == "" {
		return "", fmt.Errorf("the server's own address is unusable for %s", field)
	}
	u, err := url.Parse(cmp.Or(address, strings.TrimRight(base, "/")+"/"))
	switch {
	case len(address) > maxURL:
		return "", fault.Invalid(field, "'%s' has more than %d bytes.", field, maxURL)
	case err != nil || u.Opaque != "" || u.Hostname() == "" || u.User != nil,
		u.Scheme != "https" && (u.Scheme != home.Scheme || u.Host != home.Host):
		return "", fault.Invalid(field, "'%s' must be an absolute address that begins with https://, without a user name.", field)
	}
	return u.String(), nil
}
