// Package billing holds the rows about an account's money under /v1: balance, usage,
// charges, statements and payments, and the address that a payment processor tells its
// events to.
package billing
