// Package archive keeps the bodies of requests and answers for the accounts that asked
// for it: sealed, in the storage of files, for as long as the account chose.
//
// It refuses to know what a body means, and who may read one: edges ask for an account's
// own. Its one invariant: no body is kept for an account that has not asked, and none
// outlives the retention.
package archive
